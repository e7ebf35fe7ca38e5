"""Loads everything that takes time, once, before the first message."""

from datetime import datetime

from nlp import charsets, draft, intent, lexicon, people, segment, titles

CHAT = """张三 11-20 14:02
您好，我是宁波恒达汽配有限公司的采购经理陈立，电话13900001234，微信同号，邮箱 a@b.cn
李四 11-20 14:05
陈总好！上海那边的王主任说，想要液压阀块报价，月300件，预算48万，不要样品，周三下午三点打给他：阿里木江，0755-26881234
"""
"""Something of everything that is read out of a chat."""
SMALL_TALK = ("好的，谢谢老师，我看看", "连续运转温升不超标")
"""Nothing to store, and a sentence without a lead in it."""
_NOW = datetime.fromisoformat("2026-01-05T10:00")


def warm() -> None:
    """Read the dictionary, build the automata and the patterns (0.2 s). It belongs into a thread: on the event loop nobody
    would be answered meanwhile. After this nothing here reads a file.
    """
    segment.warm()
    lexicon.needs()
    lexicon.not_persons()
    lexicon.english_names()
    titles.roles()
    intent.find("报价")
    people.find("张三")
    draft.read(CHAT, _NOW)
    charsets.forget()


def ready() -> None:
    """`warm`, and what messages without a lead need as well (0.1 s): for a bot, where nobody should wait for it later."""
    warm()
    for text in SMALL_TALK:
        draft.read(text, _NOW)
    charsets.forget()
