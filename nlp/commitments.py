"""What was promised: a clause with a time ahead of it and something to be done."""

import re
from collections.abc import Sequence
from datetime import datetime

from nlp.evidence import Found
from nlp.late import late
from nlp.plain import Plain
from nlp.times import When

LONGEST = 40  # characters from the time to the end of the clause

_DO = late(
    r"发|寄|给|送|提供|回复|答复|回电|回[您你]|回访|报价|安排|提交|交付|交货|出(?:货|"
    r"方案|图|报告|样|具|结果)|完成|准备|确认|打款|付款|汇款|转账|签|到货|"
    r"发货|派|带.{1,8}(?:去|来|到)|去(?:现场|工地|厂里|你|您)|勘[察查]|量尺|验货|跑一趟|上门|拜访|过去|联系|打电话|演示|测试|调试|安装|做好|改好|"
    r"搞定|反馈|通知|整理|更新|付|补|改|修好|开(?:票|会|机|工)|送样|打样|备货"
)
# Who asks promises nothing.
_ASK = late(
    r"吗|\?|能不能|能否|可不可以|可以.{0,6}(?:吗|么)|方便的话|有空|麻烦|请(?!示)|是否|"
    r"要不要|行不行|希望|最好|如果|要是|催|怎么|为什么|什么时候|多久|有没有|是不是"
)
_OTHERS = late(r"(?:你|您|你们|贵司|贵公司|对方)(?:们)?(?:能|要|得|就|先|尽快|在)?$")
_NOT_DONE = late(r"没(?:有)?|不(?:用|要|会|能|发|给|行|了)|别")
_PAST = late(r"^[一-龥]{1,4}?[了过](?!没|吗|吧|去|来)|^已")
_CLAUSE_END = late(r"[,。;!?\n]")
_SUBJECT = re.compile(r"[,。;!?\n]")


def find(words: Plain, whens: Sequence[When], now: datetime) -> tuple[Found, ...]:
    """Promises in the text, from the time to the end of the clause ("周二前发测试报告"), in the words used."""
    if not whens:
        return ()
    found: list[Found] = []
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for when in whens:
        if when.first is None or when.first < today:
            continue
        start, upto = words.here(when.at, when.upto)
        end_match = _CLAUSE_END.search(words.text, upto, upto + LONGEST + 1)
        end = end_match.start() if end_match else min(len(words.text), upto + LONGEST + 1)
        asked = end_match is not None and end_match[0] == "?"
        begin = max(
            (match.end() for match in _SUBJECT.finditer(words.text, max(0, start - 30), start)),
            default=max(0, start - 30),
        )
        before, after = words.text[begin:start], words.text[upto:end]
        if asked or len(after) > LONGEST or not _promises(before, after):
            continue
        last = end - (len(after) - len(after.rstrip(" ▪.~")))
        if last > upto:
            found.append(words.found("commitments", start, last, 0.8, "promise"))
    return tuple(found)


def _promises(before: str, after: str) -> bool:
    if _ASK.search(before) or _ASK.search(after) or _OTHERS.search(before):
        return False
    return not is_past(after) and _DO.search(after) is not None and not _NOT_DONE.search(after)


def is_past(after: str) -> bool:
    """今天拜访了…: what follows the time says that it is done."""
    return _PAST.match(after) is not None
