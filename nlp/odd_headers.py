"""Headers that no style of `headers` tells: on two lines, in records, beside a name that holds signs."""

import re
from collections import Counter
from collections.abc import Iterator

from nlp.late import late
from nlp.speakers import AGENDA, KEY_AT_END, Header, Lines, clean, is_no_name
from nlp.stamps import ANY, DATE, FULL, NEAR_DAY

_STAMP_LINE = late(rf"\s*\[?(?P<stamp>{ANY})\]?\s*$")
_NAME_LINE = late(r"\s*(?P<name>[^\s:,。;!?][^\n:,。;!?]{0,29}?)\s*$")


def on_two_lines(lines: Lines, clocked: list[int]) -> list[Header]:
    """Name and stamp on lines of their own, either of them first, the text below; two such pairs at least."""
    stamps = [
        (n, match)
        for n in clocked
        if len(lines[n][1]) < 40 and (match := _STAMP_LINE.match(lines[n][1])) is not None
    ]
    if len(stamps) < 2:
        return []
    written = [
        n for n, (_, line) in enumerate(lines) if line.strip()
    ]  # blank lines may stand anywhere between
    places = {n: place for place, n in enumerate(written)}
    above = stamps[0][0] > written[0]  # else the name stands below its stamp
    found: list[Header] = []
    done = 0
    for n, match in stamps:
        place = places[n] - 1 if above else places[n] + 1
        top, last = min(place, places[n]), max(place, places[n])
        named = _NAME_LINE.match(lines[written[place]][1]) if 0 <= place < len(written) else None
        if named is None or last + 1 >= len(written) or (found and top < done):
            return []  # nothing said between two stamps: an agenda
        name, mark = clean(named["name"])
        if not name or is_no_name(name) or KEY_AT_END.search(name):
            return []
        start, at_name = lines[written[top]][0], lines[written[place]][0] + named.start("name")
        body = lines[written[last] + 1][0]
        found.append(Header(written[top], start, body, name, mark, match["stamp"], at_name))
        done = top + 3
    return found


# A line that ends in a stamp, whatever its name holds: 【售后】小何, 张三:采购, 1.
_ANYBODY = late(rf"\s*(?P<name>\S[^\n]{{0,39}}?)(?P<gap>\s*\(|\s+)(?P<stamp>{ANY})\)?:?\s*$")
_LONGEST = 90
_UNLIKE_A_NAME = late(r"[:。;!?]$|^(?:[^:\n]{0,6}(?:时间|日期|地点)|Date|Time|Sent) ?:", re.I)
_STAMPED_TWICE = late(rf"\d:\d\d|{DATE}")


def alike(clocked: list[tuple[int, int, str]], lines: Lines) -> list[Header]:
    """Headers told by their stamps, which are all written alike, and by the text below each; two at least."""
    groups: dict[str, list[Header]] = {}
    for number, start, line in clocked:
        match = _ANYBODY.match(line) if len(line) <= _LONGEST else None
        if match is None:
            continue
        name, mark = clean(match["name"])
        if not name or _STAMPED_TWICE.search(name):
            continue
        shape = match["gap"].strip() + re.sub(r"\d+", "0", re.sub(_NEARLY, "", match["stamp"]))
        body = start + len(line) + 1
        at = start + match.start("name")
        groups.setdefault(shape, []).append(Header(number, at, body, name, mark, match["stamp"], at))
    found = max(groups.values(), key=len, default=[])
    names = Counter(header.name for header in found)
    found = [one for one in found if _called(one.name, again=names[one.name] > 1)]
    dated = len(found) > 1 and re.fullmatch(FULL, found[0].stamp) is not None
    known = dated or any(names[header.name] > 1 for header in found)
    return found if len(found) > 1 and known and _said(found, lines) else []


# Which day it was is written differently from message to message: 昨天, 星期三, nothing.
_NEARLY = rf"{NEAR_DAY}\s*|上午|下午|晚上|凌晨|中午|早上|傍晚|[AaPp]\.?[Mm]\.?"


def _called(name: str, *, again: bool) -> bool:
    """May somebody be called so? Who speaks `again` may be called like a key: 售后QQ."""
    if _UNLIKE_A_NAME.search(name):
        return False
    return again or not (KEY_AT_END.search(name) or AGENDA.search(name))


def _said(found: list[Header], lines: Lines) -> bool:
    """There is text below each of them."""
    ends = (*(header.line for header in found[1:]), len(lines))
    return all(
        any(text.strip() for _, text in lines[header.line + 1 : end])
        for header, end in zip(found, ends, strict=True)
    )


# A record of one message a block, as archives and ticket systems print it; the stamp above the sender or below.
_SENDER = r" *(?:发送人|发送者|发言人|发信人|发件人|昵称|用户|姓名|From): *(?P<name>[^\n:]{1,30}?) *\n"
_SENT = rf" *(?:时间|发送时间|发言时间|日期|Time|Date): *(?P<stamp>{ANY}) *\n"
_SAYS = r" *(?:内容|消息|消息内容|聊天内容|正文|Message|Text): *"
_RECORDS = tuple(
    late(f"(?m)^{first}{second}{_SAYS}") for first, second in ((_SENDER, _SENT), (_SENT, _SENDER))
)


def records(text: str) -> list[Header]:
    """发送人: …, 时间: …, 内容: … in blocks, two at least."""
    if not any(word in text for word in _SAYING):
        return []
    found = max((list(_record(pattern, text)) for pattern in _RECORDS), key=len)
    return found if len(found) > 1 else []


_SAYING = ("内容", "消息", "正文", "Message", "Text")


def _record(pattern: re.Pattern[str], text: str) -> Iterator[Header]:
    for match in pattern.finditer(text):
        name, mark = clean(match["name"])
        line = text.count("\n", 0, match.start())
        yield Header(line, match.start(), match.end(), name, mark, match["stamp"], match.start("name"))
