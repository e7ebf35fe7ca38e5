"""What strangers may say through our mails: nothing that leads anywhere."""

import pytest

from rules.nurture import harmless


@pytest.mark.parametrize(
    "words", ["陈工", "Dr. Müller", "陈立（采购）", "液压阀块 DN50 报价说明", "A.B. Smith"]
)
def test_names_and_titles_are_said(words: str):
    assert harmless(words)


@pytest.mark.parametrize(
    "words",
    ["点 http://evil.example", "www.evil.com 有礼", "evil.com", "加微信 wx88886666", "请回拨 400-820-8820", "a@b.cn",
     "货款请汇 6222 0000 1111", "ｅｖｉｌ．ｃｏｍ", "evil。com", "//evil", "1３９１２３４５６７８"],
)  # fmt: skip
def test_what_leads_somewhere_is_not(words: str):
    assert not harmless(words)
