"""What a browser says of the pages seen is tidied, whatever it is, and told in one line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.origins import MOST_PAGES, TITLE, URL, Page, of_sites, pages_from, pages_line, visitor_from

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["t", "u", "at", "x"]), inner),
)


@given(json_like)
def test_any_answer_of_a_browser_gives_pages_within_bounds(raw: Any) -> None:
    pages = pages_from(raw)
    assert len(pages) <= MOST_PAGES
    assert all(
        len(page.title) <= TITLE and len(page.url) <= URL and page.url.startswith("http") for page in pages
    )
    assert "\n" not in pages_line(pages)


def test_the_last_pages_are_kept_without_what_stands_behind_the_question_mark() -> None:
    raw = [{"t": f"第 {n} 页", "u": f"https://a.cn/{n}?who=13812345678#x"} for n in range(30)]
    pages = pages_from(raw)
    assert len(pages) == MOST_PAGES
    assert pages[-1] == Page("第 29 页", "https://a.cn/29")


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ((), ""),
        ((Page("液压阀块 | 某某液压", "https://a.cn/v"),), "看过 1 页：液压阀块"),
        ((Page("", "https://a.cn/about/"),), "看过 1 页：about"),
        ((Page("甲", "https://a.cn/1"), Page("乙", "https://a.cn/2"), Page("甲", "https://a.cn/1")), "看过 3 页：甲、乙"),
        (tuple(Page(name, f"https://a.cn/{name}") for name in "甲乙丙丁"), "看过 4 页：丁、丙、乙 等"),
    ],
)  # fmt: skip
def test_pages_in_one_line(pages: tuple[Page, ...], said: str) -> None:
    assert pages_line(pages) == said


@pytest.mark.parametrize(("raw", "kept"), [("5f3a" * 8, "5f3a" * 8), ("a b", ""), (12, ""), ("x" * 41, "")])
def test_a_visitor_is_a_random_id_or_nobody(raw: object, kept: str) -> None:
    assert visitor_from(raw) == kept


def test_only_pages_of_our_own_sites_are_handed_on() -> None:
    urls = (
        "https://www.a.cn/valve", "https://www.a.cn", "https://www.a.cn.evil.example/", "https://www.a.cn@evil.example/",
        "https://evil.example/https://www.a.cn/", "http://www.a.cn/valve", "https://crm.a.cn/forms/quote",
    )  # fmt: skip
    seen = [Page("x", url) for url in urls]
    kept = [one.url for one in of_sites(seen, ["https://www.a.cn", "https://crm.a.cn/", ""])]
    assert kept == [urls[0], urls[1], urls[6]]
