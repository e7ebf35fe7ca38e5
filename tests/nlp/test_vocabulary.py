"""The installation's own words: an admin's file, its mistakes in one line, and what was learned."""

from datetime import datetime
from pathlib import Path

import pytest

from nlp.draft import read
from nlp.vocabulary import BadWords, built_in, parse, spoils, watch, with_words
from rules.words import Kind, Word

NOW = datetime.fromisoformat("2026-11-23T10:00")
FILE = """
[[need]]
keyword = "激光清洗"
words = ["激光除锈", "激光清洗"]
deny = ["不做激光"]
kind = "设备采购"
intent = "采购"

[[need]]
keyword = "样品"
words = ["打个板"]

[[company]]
name = "宁波鼎捷激光装备有限公司"
aliases = ["鼎捷", "鼎捷激光"]

[people]
names = ["老猫"]
not_names = ["高斯计"]
titles = ["跟单"]

[deny]
words = ["免了"]
"""


def test_a_file_adds_to_what_is_built_in() -> None:
    words = parse(FILE)
    draft = read("鼎捷那边的老猫来电，要激光除锈，先打个板", NOW, vocabulary=words)
    assert (draft.company, draft.name, draft.kind) == ("宁波鼎捷激光装备有限公司", "老猫", "设备采购")
    assert {"激光清洗", "样品"} <= set(draft.keywords)
    assert read("要激光除锈", NOW).keywords == ()
    assert len(words.needs) == len(built_in().needs) + 1
    assert "激光清洗" not in read("我们不做激光", NOW, vocabulary=words).keywords
    assert "激光清洗" not in read("免了激光除锈吧", NOW, vocabulary=words).keywords


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[need]\n", "不是合法的 TOML：第 1 行「[[need]」：小节名的方括号没有配对"),
        (
            "[[need]]\nkeyword = “激光清洗”\n",
            '第 2 行「keyword = “激光清洗”」：引号外面有中文标点 “ ，要换成英文的 "',
        ),
        (
            "[[company]]\nname='甲公司'\naliases=['恒力'，'恒']\n[people]\n",
            "第 3 行「aliases=['恒力'，'恒']」：引号外面有中文标点 ， ",
        ),
        (
            "[[need]]\nkeyword='甲类'\nwords=['激光'\nkind='设备'\n",
            "方括号 [ ] 没有配对，或者词与词之间少了逗号",
        ),
        ("[[need]]\nkeyword='甲类'\nkind=设备采购\n", "第 3 行「kind=设备采购」：内容要放在英文引号里"),
        ("[people]\nnames=['老猫']\n[people]\nnames=['阿狗']\n", "同一节写了两次，请合成一节"),
        ("激光清洗\n", "第 1 行「激光清洗」："),
        ("[[needs]]\nkeyword='a'\n", "needs：没有这一项"),
        ("[[need]]\nkeyword='甲类'\nword=['xx']\n", "need.1.word：没有这一项"),
        ("[[need]]\nwords=['激光']\n", "need.1.keyword"),
        ("[[need]]\nkeyword='甲类'\nwords=[]\n", "need.1.words：至少要有一个词"),
        ("[[need]]\nkeyword='甲类'\nwords=['光']\n", "'光' 太短"),
        ("[[need]]\nkeyword='甲类'\nwords='激光'\n", "need.1.words：写的是 '激光'"),
        ("[[need]]\nkeyword='甲类'\nwords=['激光']\nweight=-1\n", "need.1.weight：写的是 -1"),
        (
            "[[need]]\nkeyword='甲类'\nwords=['激光']\n[[need]]\nkeyword='乙类'\nwords=['激光']\n",
            "同时写给了 甲类 和 乙类",
        ),
        (
            "[[company]]\nname='甲公司'\naliases=['恒力']\n[[company]]\nname='乙公司'\naliases=['恒力']\n",
            "「恒力」同时是",
        ),
        ("[people]\nnick=['x']\n", "people.nick：没有这一项"),
        ("need = 3\n", "要写成 [[need]]"),
        ("people = 3\n", "要写成 [people] 一节"),
    ],
)
def test_a_mistake_is_told_in_one_line(text: str, says: str) -> None:
    with pytest.raises(BadWords) as told:
        parse(text, "words.toml")
    assert says in str(told.value)
    assert str(told.value).startswith("words.toml：")
    assert "\n" not in str(told.value)


def test_a_file_is_read_again_when_it_changes_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    assert watch(path).vocabulary == built_in()
    path.write_text(FILE, "utf-8")
    good = watch(path)
    assert watch(path) is good
    path.write_text(FILE + "\n[[need]]\n", "utf-8")
    broken = watch(path)
    assert "need.3.keyword" in broken.problem
    assert broken.vocabulary == good.vocabulary
    path.write_bytes(b"\xff\xfe")
    assert "UTF-8" in watch(path).problem
    path.unlink()
    assert watch(path).vocabulary == built_in()


def test_learned_words_are_used_but_never_against_the_file_or_common_words() -> None:
    base = parse("[[company]]\nname='宁波恒力液压有限公司'\naliases=['恒力']\n[people]\nnot_names=['老猫']\n")
    words = with_words(
        base,
        [
            Word(Kind.COMPANY, "恒力", "苏州恒力纺织有限公司"),
            Word(Kind.COMPANY, "报价", "骗子公司"),
            Word(Kind.NAME, "老猫", "老猫"),
            Word(Kind.NEED, "激光除锈", "激光清洗"),
        ],
    )
    assert dict(words.companies)["恒力"] == "宁波恒力液压有限公司"
    assert "报价" not in dict(words.companies)
    assert not words.names
    assert read("要激光除锈", NOW, vocabulary=words).keywords == ("激光清洗",)
    assert spoils(Word(Kind.NAME, "宁波", "宁波"))
    assert not spoils(Word(Kind.NAME, "爨亮", "爨亮"))
