"""How a nurture mail reads: Jinja2 with everything escaped, a text twin, and the rep's word when it was opened. (B29)"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from cards.actions_checkins import StartCheckin
from cards.actions_leads import ShowLead
from cards.card import Button, Card, Style
from rules.text import clip, lead_id

BUILT_IN = """<!doctype html>
<html lang="zh-CN"><body style="font-family:sans-serif;line-height:1.6;max-width:600px;margin:auto;padding:16px">
<p>{{ name }}，您好：</p>
<p>{{ opening }}</p>
{% if pages %}<p>您看过的：</p>
<ul>{% for page in pages %}<li><a href="{{ page.url }}">{{ page.title }}</a></li>{% endfor %}</ul>{% endif %}
{% if offer %}<p><strong>{{ offer }}</strong>{% if link %} <a href="{{ link }}">查看详情</a>{% endif %}</p>{% endif %}
<p>{{ sender }}<br>{{ firm }}</p>
<p style="color:#888;font-size:12px">您收到这封邮件，是因为您咨询过我们并同意接收邮件。<a href="{{ unsubscribe }}">退订</a></p>
<img src="{{ pixel }}" width="1" height="1" alt="">
</body></html>
"""
TWIN = """{{ name }}，您好：

{{ opening }}
{% for page in pages %}
· {{ page.title }}  {{ page.url }}{% endfor %}
{% if offer %}
{{ offer }}{% if link %}  {{ link }}{% endif %}
{% endif %}
{{ sender }}
{{ firm }}

您收到这封邮件，是因为您咨询过我们并同意接收邮件。退订：{{ unsubscribe }}
"""


@dataclass(frozen=True)
class Viewed:
    """A page that the customer looked at, with the link that counts the click."""

    title: str
    url: str


@dataclass(frozen=True)
class Letter:
    """What a letter says. Links are ready to use."""

    name: str
    opening: str
    sender: str
    firm: str
    unsubscribe: str
    pixel: str
    pages: tuple[Viewed, ...] = ()
    offer: str = ""
    link: str = ""


_HTML = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
_TEXT = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)


def render(view: Letter, template: str = "") -> tuple[str, str]:
    """(html, text). `template`: the firm's own, else the built-in one. Raises jinja2.TemplateError for a bad one: a
    variable that does not exist is never sent as its name."""
    values: dict[str, Any] = {name: getattr(view, name) for name in view.__dataclass_fields__}
    return _HTML.from_string(template or BUILT_IN).render(values), _TEXT.from_string(TWIN).render(values)


def check(template: str) -> None:
    """Raises jinja2.TemplateError when the firm's own template cannot be used, or has no way to unsubscribe."""
    sample = Letter(
        "张三", "您好", "王磊", "公司", "https://example.com/unsubscribe", "https://example.com/pixel"
    )
    html, _ = render(sample, template)
    if sample.unsubscribe not in html:
        raise jinja2.TemplateError("模板里没有退订链接：写 {{ unsubscribe }}")


def came_back(lead: int, label: str, what: str, detail: Sequence[str] = ()) -> Card:
    """「客户打开了邮件」, 「客户点了邮件里的链接」, 「邮件被退回」."""
    return Card(
        kind="mail.back",
        title=clip(f"{lead_id(lead)} {what}", 26),
        subject=lead_id(lead),
        lines=(label, *detail),
        buttons=(
            Button("现在跟进", StartCheckin(lead).pack(), Style.PRIMARY),
            Button("看详情", ShowLead(lead).pack()),
        ),
    )
