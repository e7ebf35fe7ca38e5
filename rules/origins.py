"""Where a lead came from, and how that is said in one line (B01, B29)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.text import clip

MOST_PAGES, TITLE, URL = 20, 80, 200
"""How many pages of a visit are kept, and how many characters of a title and an address."""


@dataclass(frozen=True)
class Page:
    """A page that the visitor looked at. `at`: ISO time as the browser said it, or ""."""

    title: str
    url: str
    at: str = ""


@dataclass(frozen=True)
class Origin:
    """By which door a lead came in. `kind`: api, form, hook, call, wecom, wechat, mail, import; `name`: which of them; `ref`: its
    receipt number or foreign id; `consent`: version and text that were agreed to, "" keys left out."""

    kind: str
    name: str = ""
    ref: str = ""
    visitor: str = ""
    consent: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


def pages_from(raw: object) -> tuple[Page, ...]:
    """What a browser says that it saw ([{"t", "u", "at"}, …]) → pages, the last twenty; whatever is odd is left out.

    Only the address up to "?" is kept: what stands behind may name a person.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return ()
    found = []
    for one in raw:
        if not isinstance(one, Mapping):
            continue
        title, url, at = (_word(one.get(key)) for key in ("t", "u", "at"))
        url = re.split(r"[?#]", url)[0]
        if re.match(r"https?://", url):
            found.append(Page(clip(title, TITLE), url[:URL], at[:25]))
    return tuple(found[-MOST_PAGES:])


def of_sites(pages: Sequence[Page], sites: Sequence[str]) -> tuple[Page, ...]:
    """Those on sites of the firm ("https://www.example.com"). Whoever fills in a form can say that they saw any address; one
    that is handed on to somebody must be ours."""
    homes = [site.rstrip("/") for site in sites if site]
    return tuple(
        one for one in pages if any(one.url == home or one.url.startswith(f"{home}/") for home in homes)
    )


def _word(value: object) -> str:
    return (
        re.sub(r"\s+", " ", "".join(c for c in value if c.isprintable() or c == " ")).strip()
        if isinstance(value, str)
        else ""
    )


def visitor_from(raw: object) -> str:
    """The random id of a browser, "" when it is not one."""
    return raw if isinstance(raw, str) and re.fullmatch(r"[A-Za-z0-9-]{8,40}", raw) else ""


def pages_line(pages: Sequence[Page], shown: int = 3) -> str:
    """ "看过 5 页：液压阀块、报价说明、关于我们" – the last different ones, newest first; "" for none."""
    names = list(dict.fromkeys(_name(page) for page in reversed(pages)))
    if not names:
        return ""
    more = " 等" if len(names) > shown else ""
    return f"看过 {len(pages)} 页：" + "、".join(clip(name, 16) for name in names[:shown]) + more


def _name(page: Page) -> str:
    """The title without the site's name behind a bar; without a title the last part of the address."""
    title = re.split(r"\s*[|｜_–—]\s*|\s+-\s+", page.title)[0].strip()
    return title or page.url.rstrip("/").rpartition("/")[2] or page.url
