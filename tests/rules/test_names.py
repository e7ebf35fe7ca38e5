"""Who is meant when a rep types half a name, its initials or something near it."""

import json
import os
import subprocess
import sys
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rules import names
from rules.names import best_commands, called, initials, match, sure
from rules.readings import beside
from rules.syllables import sound

TEAM = [
    (1, "王磊"),
    (2, "李倩"),
    (3, "赵宇"),
    (4, "张敏"),
    (5, "单雄信"),
    (6, "吕静"),
    (7, "王丽华"),
    (8, "欧阳娜娜"),
]
FIRMS = [
    (311, "宁波恒达汽配有限公司"),
    (207, "苏州工业园区恒达机械（集团）有限公司"),
    (88, "ABC Hydraulics 上海"),
    (12, "重庆长安液压件厂"),
    (13, "恒达"),
]
COMMANDS = [
    "/今日",
    "/打卡",
    "/跟进",
    "/客户",
    "/查重",
    "/稍后",
    "/转给",
    "/我的",
    "/撤销",
    "/资料",
    "/超时",
    "/帮助",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("王磊", [1]),
        ("@王磊", [1]),
        ("王", [1, 7]),
        ("丽华", [7]),
        ("wl", [1, 7]),
        ("WL", [1, 7]),
        ("ｗｌｈ", [7]),
        ("lq", [2]),
        ("liqian", [2]),
        ("li qian", [2]),
        ("zhaoy", [3]),
        ("zhmin", [4]),
        ("张m", [4]),
        ("王lei", [1]),
        ("shanxx", [5]),
        ("sxx", [5]),
        ("lvjing", [6]),
        ("lyujing", [6]),
        ("lujing", [6]),
        ("nana", [8]),
        ("oynn", [8]),
        ("王雷", [1]),  # the same sound
        ("张民", [4]),
        ("欧阳挪娜", [8]),  # one wrong character
        ("wanglie", [1]),  # two letters swapped
        ("zhangmn", [4]),  # one letter missing
        ("孙浩", []),
        ("x", [5]),
        ("", []),
        ("  -- ", []),
    ],
)
def test_a_colleague_is_found(typed: str, meant: list[int]) -> None:
    assert match(typed, TEAM) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("恒达", [13, 311, 207]),
        ("宁波恒达", [311]),
        ("恒大汽配", [311]),
        ("宁波横达汽配", [311]),
        ("宁波恒达气配", [311]),
        ("abc hydraulics", [88]),
        ("hydraulics上海", [88]),
        ("cqca", [12]),
        ("changan", [12]),
        ("nbhd", [311]),
        ("园区恒达机械集团", [207]),
        ("宁波恒达配件厂", []),
    ],
)
def test_a_customer_is_found(typed: str, meant: list[int]) -> None:
    assert match(typed, FIRMS) == meant


def test_better_fits_come_first_and_the_list_is_short() -> None:
    known = [(1, "小王磊店"), (2, "王磊磊"), (3, "王磊"), (4, "王磊和伙伴")]
    assert match("王磊", known) == [3, 2, 4, 1]
    assert match("王磊", known, limit=2) == [3, 2]
    assert match("王", [(n, f"王{n}") for n in range(20)], limit=5) == [0, 1, 2, 3, 4]


def test_a_person_known_by_two_names_is_listed_once() -> None:
    assert match("lei", [(1, "王磊"), (1, "Lei Wang"), (2, "王雷")]) == [1, 2]


def test_when_there_is_no_doubt() -> None:
    known = [(1, "王磊"), (2, "王磊磊"), (3, "李倩")]
    assert sure("王磊", known) == 1
    assert sure("lq", known) == 3
    assert sure("王", known) is None
    assert sure("李欠", known) is None  # a guess is shown, never taken
    assert sure("", known) is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("王磊", "wl"),
        ("单雄信", "sxx"),
        ("ABC公司", "abcgs"),
        ("重庆长安", "cqca"),
        ("曾国藩", "zgf"),
        ("", ""),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("/打咔", "/打卡"),
        ("/大卡 1024", "/打卡"),
        ("/jinri", "/今日"),
        ("/jr", "/今日"),
        ("跟近 L-1024", "/跟进"),
        ("我的数据", "/我的"),
        ("怎么查重", "/查重"),
        ("/帮住", "/帮助"),
        ("/chexiao", "/撤销"),
    ],
)
def test_unknown_text_gets_three_likely_commands(typed: str, first: str) -> None:
    likely = best_commands(typed, COMMANDS)
    assert likely[0] == first
    assert len(likely) == len(set(likely)) == 3


def test_what_a_command_is_for_counts_too() -> None:
    about = {"/今日": "今天要做的事", "/资料": "找案例、报价模板和文件", "/撤销": "收回刚才的操作"}
    assert best_commands("今天有什么事要做", COMMANDS, about)[0] == "/今日"
    assert best_commands("报价模板在哪", COMMANDS, about)[0] == "/资料"
    assert best_commands("", COMMANDS) == COMMANDS[:3]


def test_what_somebody_says_is_not_kept() -> None:
    """A text that was compared once never comes again; each held 5 KB."""

    def kept() -> list[int]:
        return [cache.cache_info().currsize for cache in (names._plain, names._sounds, names._sounded)]

    best_commands("好的", COMMANDS)
    before = kept()
    for number in range(100):
        best_commands(f"今天第{number}位客户说他们那边还要再想一想", COMMANDS)
    assert kept() == before
    assert best_commands("/", COMMANDS) == COMMANDS[:3]
    assert best_commands("…", ["/帮助"]) == ["/帮助"]


@settings(deadline=None)
@given(some.text(max_size=30), some.lists(some.text(max_size=12), max_size=6))
def test_nothing_that_can_be_typed_breaks_it(typed: str, names: list[str]) -> None:
    known = list(enumerate(names))
    found = match(typed, known)
    assert set(found) <= set(range(len(names)))
    assert len(best_commands(typed, names)) == min(3, len(set(names)))
    for key, name in known:
        assert initials(name) == initials(f" {name} ")
        if any(char.isalnum() for char in name):
            assert key in match(name, known, limit=len(names))


def test_ten_thousand_customers_are_searched_at_typing_speed() -> None:
    many = [(n, f"宁波第{n}汽配{'甲乙丙丁戊'[n % 5]}有限公司") for n in range(10_000)]
    match("nb", many)  # the first search learns how the names sound
    began = perf_counter()
    assert match("宁波第777汽配", many)[0] == 777
    assert match("第778汽陪丁", many) == [778]
    assert match("nbd779", many)[0] == 779
    assert perf_counter() - began < 3


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("今日", "今日"),
        ("jr", "今日"),
        ("JinRi", "今日"),
        ("cc", "查重"),
        ("cx", "撤销"),
        ("zp", "转派"),
        ("j", None),
        ("jrr", None),
        ("", None),
    ],
)
def test_a_command_is_called_by_name_initials_or_pinyin(word: str, meant: str | None) -> None:
    assert called(word, ["今日", "查重", "撤销", "转派", "转给"]) == meant


def test_letters_that_fit_two_commands_call_none() -> None:
    assert called("gh", ["公海", "更换"]) is None


def test_what_is_like_nothing_gets_the_everyday_commands() -> None:
    names = ["转给", "客户", "查重", "打卡", "今日", "撤销"]
    assert best_commands("谢谢", names) == ["今日", "打卡", "客户"]
    assert best_commands("价格多少", names) == ["今日", "打卡", "客户"]
    assert best_commands("撤回", names, {"撤销": "撤销刚才的操作"})[0] == "撤销"


WHOLE = """
import json
from pypinyin import lazy_pinyin
from pypinyin.phrases_dict import phrases_dict
print(json.dumps({word: lazy_pinyin(word) for word in phrases_dict if len(word) == 2}))
"""


def test_two_characters_sound_as_the_whole_dictionary_of_phrases_has_them() -> None:
    with_phrases = {key: value for key, value in os.environ.items() if not key.startswith("PYPINYIN")}
    told = subprocess.run(
        [sys.executable, "-c", WHOLE], env=with_phrases, capture_output=True, text=True, check=True
    ).stdout
    known: dict[str, list[str]] = json.loads(told)
    assert len(known) > 20_000
    alone = {word: [sound(char) or char for char in word] for word in known}
    assert sum(alone[word] != sounds for word, sounds in known.items()) > 1_000
    assert {word for word, sounds in known.items() if beside(list(word), alone[word]) != sounds} == set()
    assert beside(list("重庆长安"), alone["重庆"] + alone["长安"]) == ["chong", "qing", "chang", "an"]
    assert [name for name, _ in FIRMS if name in match("cqca", FIRMS)] == [12]
