"""Eighty sales chats as they reach a rep's phone, each with the lead a careful colleague would write down.

chats.jsonl holds text, name, company, phone, a word the need must hold, and the day of the next step; "" is nothing.
The expectations of both sets were written before the rules had seen the texts; "later" came when the rules had been
fitted to "first". "Now" is Monday 2026-11-23, 10:00.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from nlp.draft import read

NOW = datetime.fromisoformat("2026-11-23T10:00")
OURS = frozenset({"刘洋"})


@dataclass(frozen=True)
class Chat:
    """One pasted text and its lead."""

    set: str
    text: str
    name: str
    company: str
    phone: str
    need: str
    due: str


ALL = tuple(
    Chat(**json.loads(line))
    for line in (Path(__file__).parent / "chats.jsonl").read_text("utf-8").splitlines()
)


def wrong(chat: Chat) -> dict[str, tuple[str, str]]:
    """Field → what is expected and what was read, for each field that is not as expected."""
    found = read(chat.text, NOW, own_names=OURS)
    due = found.next_at.date().isoformat() if found.next_at is not None else ""
    pairs = {
        "name": (chat.name, found.name),
        "company": (chat.company, found.company),
        "phone": (chat.phone, found.phone),
        "due": (chat.due, due),
    }
    misses = {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}
    if (chat.need and chat.need not in found.need) or (found.need and not chat.need) or len(found.need) > 40:
        misses["need"] = (chat.need, found.need)
    return misses


# Read wrongly today; strict, so that a text that comes right is noticed here.
MISSED: dict[str, str] = {}


def marked(chat: Chat) -> object:
    reason = next((why for start, why in MISSED.items() if chat.text.startswith(start)), "")
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(chat, id=chat.text[:16].replace("\n", " "), marks=marks)


def test_there_are_eighty() -> None:
    assert len({chat.text for chat in ALL}) == 80


@pytest.mark.parametrize("chat", [marked(chat) for chat in ALL])
def test_a_chat_becomes_the_lead_a_colleague_would_write(chat: Chat) -> None:
    assert wrong(chat) == {}


@pytest.mark.parametrize("chat", [pytest.param(chat, id=chat.text[:16].replace("\n", " ")) for chat in ALL])
def test_a_need_is_short_and_holds_no_number_to_call(chat: Chat) -> None:
    found = read(chat.text, NOW, own_names=OURS)
    assert len(found.need) <= 30
    assert not found.phone or found.phone not in found.need
    assert not found.need.startswith(("你好", "您好", "请问", "老板"))


@pytest.mark.parametrize(
    ("text", "step", "at"),
    [
        ("想要液压阀块报价，月300件，下周三前能给报价吗", "给报价", "2026-12-02T18:00"),
        ("要三台泵，请本周五前回复。", "回复", "2026-11-27T18:00"),
        ("能演示一下吗？周三下午三点可以", "演示一下", "2026-11-25T15:00"),
        ("让我们周三上午10点去现场看看", "去现场看看", "2026-11-25T10:00"),
        ("他要一台激光切割机六千瓦的下周二过来看机器然后他的电话是13971234567", "过来看机器", "2026-12-01T09:00"),
        ("麻烦明天下午给我打个电话吧", "打个电话", "2026-11-24T14:00"),
        ("好的，我明天上午把报价单发给您", "我把报价单发给您", "2026-11-24T09:00"),
        ("李四 13800138000 下一步 寄样 11月28日", "寄样", "2026-11-28T09:00"),
        ("周四下午给您", "周四下午给您", "2026-11-26T14:00"),
        ("可以的话我们这周五就签合同", "我们签合同", "2026-11-27T09:00"),
    ],
)  # fmt: skip
def test_a_question_is_a_step_to_take(text: str, step: str, at: str) -> None:
    found = read(text, NOW)
    assert (found.next_text, found.next_at) == (step, datetime.fromisoformat(at))


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("苏州恒力精密 陈立 13862001234，想要液压阀块报价，月300件，下周三前能给报价吗", "液压阀块报价，月300件"),
        ("我是无锡华泰机械的赵强，想先要两件阀块样品", "两件阀块样品"),
        ("想了解一下你们的注塑机机械手，大概要5台", "注塑机机械手，大概要5台"),
        ("请于11月27日前报价", "报价"),
    ],
)  # fmt: skip
def test_the_need_is_the_thing_with_its_quantity(text: str, need: str) -> None:
    assert read(text, NOW).need == need


@pytest.mark.parametrize(
    "text",
    [
        "李姐 13800138000 退回来三箱",
        "王总 13800138000 上次那批退回来三箱，少了两箱",
        "陆老板 13800138000 活动价还有没有",
        "齐工 13800138000 说样品测试没问题",
        "周总 13800138000 说样品不错，价格再谈谈",
        "东莞凯升五金 莫总 13538501234，说暂时不需要数控车床，今年都没预算",
        "何建国 13567581122，你周三上午把合同发我",
    ],
)
def test_what_is_only_told_is_no_need(text: str) -> None:
    assert read(text, NOW, own_names=OURS).need == ""


def test_a_step_names_neither_who_says_it_nor_its_faces() -> None:
    found = read("冯雪：我们下周四之前给您答复[抱拳][抱拳]", NOW, own_names=OURS)
    assert (found.next_text, found.commitments) == ("我们给您答复", ("下周四之前给您答复",))
