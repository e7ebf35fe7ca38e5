"""Who said what: a pasted or forwarded chat log cut into turns."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from nlp.late import late
from nlp.lexicon import surnames
from nlp.plain import Plain, plain


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Turn:
    """One message. `at` is the naive wall clock of its stamp, None when that cannot be told.

    `start`/`end`: offsets of its text in the original, `head` where its name and stamp begin. `mark` is what stood
    behind the name: 微信, a company, a department.
    """

    speaker: str
    text: str
    at: datetime | None
    start: int
    end: int
    mark: str = ""
    head: int = 0


@dataclass(slots=True, unsafe_hash=True)  # see Found
class _Header:
    """A line that begins a message: where it starts, where the text behind it starts, who and when."""

    line: int
    start: int
    body: int
    name: str
    mark: str
    stamp: str
    at_name: int


_DATE = r"(?:(?:19|20)?\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./]\d{1,2}[./]20\d\d|(?:19|20)\d\d年\d{1,2}月\d{1,2}日)"
_WEEKDAY = r"(?:周|星期|礼拜)[一二三四五六日天]"
_MONTH_DAY = r"(?:\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}日)"
_NEAR_DAY = r"(?:今天|昨天|前天|(?:上?(?:周|星期|礼拜))[一二三四五六日天])"
_CLOCK = r"(?:(?:上午|下午|晚上|凌晨|中午|早上|傍晚)\s?)?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_FULL = rf"{_DATE}(?:\s?\(?{_WEEKDAY}\)?)?,?(?:\s*(?=[上下晚凌中早傍])|\s+|T){_CLOCK}"
_SHORT = rf"{_MONTH_DAY}(?:\s?{_WEEKDAY})?(?:\s*(?=[上下晚凌中早傍])|\s+){_CLOCK}"
_NEAR = rf"(?:{_NEAR_DAY}\s*)?{_CLOCK}(?: {_WEEKDAY})?"
_ANY = rf"(?:{_FULL}|{_SHORT}|{_NEAR})"
_NAME = r"(?P<name>[^\s:,。;!?\[\]<>|=][^\n:,。;!?\[\]<>|=]{0,29}?)"
# What may stand between a name and its stamp: blanks, a bar or a dot, a department in square brackets.
_GAP = r"(?:\s*[|·•,]\s*|\s+-\s+|\s*\[[^\[\]\d:]{1,20}\]\s*|\s+)"
_FROM = r"(?:\s*来自\s?[^\n:]{1,16})?"
_PLAIN_NAME = r"(?P<name>[^\s:,。;!?\[\]<>|=()/\d][^\s:,。;!?\[\]<>|=/]{0,15})"

# The styles, most telling first; the first group of a tie wins. `inline` styles have the text on the header's line.
_STYLES: tuple[tuple[str, re.Pattern[str], bool], ...] = tuple(
    (name, late(pattern), inline)
    for name, pattern, inline in (
        ("bracket inline", rf"\[(?P<stamp>{_ANY})\]\s*{_NAME}\s?: ?(?P<body>.*)$", True),
        ("paren inline", rf"\((?P<stamp>{_ANY})\)\s*{_NAME}\s?: ?(?P<body>.*)$", True),
        ("angle inline", rf"\[?(?P<stamp>{_ANY})\]?\s*<(?P<name>[^<>\n]{{1,30}})>:? ?(?P<body>.*)$", True),
        ("bracket", rf"\[(?P<stamp>{_ANY})\]\s*{_NAME}:?\s*$", False),
        ("name bracket", rf"{_NAME}\s*,?\s*\[(?P<stamp>{_ANY})\]:?\s*$", False),
        ("bracketed name", rf"\[(?P<name>[^\[\]\n:]{{1,30}})\]\s*(?P<stamp>{_ANY}):?\s*$", False),
        ("stamp inline", rf"(?P<stamp>{_ANY})\s+{_PLAIN_NAME}\s?: ?(?P<body>.*)$", True),
        ("full inline", rf"{_NAME}{_GAP}(?P<stamp>{_FULL}|{_SHORT}):(?!\d) ?(?P<body>.*)$", True),
        ("clock inline", rf"{_NAME}{_GAP}(?P<stamp>{_NEAR}):(?!\d) ?(?P<body>.*)$", True),
        ("name paren inline", rf"{_NAME}\s*\((?P<stamp>{_ANY})\)\s?: ?(?P<body>\S.*)$", True),
        ("full", rf"(?:From: ?)?{_NAME}{_GAP}(?P<stamp>{_FULL}){_FROM}:?\s*$", False),
        ("paren", rf"{_NAME}\s*\((?P<stamp>{_ANY})\):?\s*$", False),
        (
            "stamp first",
            rf"(?P<stamp>{_FULL}){_GAP}{_NAME}(?:\(\d{{4,12}}\)|<[^<>\s]{{3,40}}>)?:?\s*$",
            False,
        ),
        ("short", rf"(?:From: ?)?{_NAME}{_GAP}(?P<stamp>{_SHORT}){_FROM}:?\s*$", False),
        ("near", rf"(?:From: ?)?{_NAME}{_GAP}(?P<stamp>{_NEAR}){_FROM}:?\s*$", False),
        ("near first", rf"(?P<stamp>{_SHORT}|{_NEAR}){_GAP}{_PLAIN_NAME}:?\s*$", False),
        ("colon", rf"{_PLAIN_NAME}:\s*$", False),
        ("colon inline", rf"{_PLAIN_NAME}: ?(?P<body>\S.*)$", True),
    )
)
_COLON_STYLES = tuple(style for style in _STYLES if style[0].startswith("colon"))
_STAMPED_ALONE = frozenset(
    ("bracket inline", "angle inline", "full inline", "full", "paren", "stamp first")
)  # one such line is enough
_STAMP_LINE = re.compile(rf"\s*\[?(?P<stamp>{_ANY})\]?\s*$")
_NAME_LINE = late(rf"\s*{_NAME}\s*$")
# A record of one message a block, as archives and ticket systems print it.
_RECORD = late(
    rf"(?m)^ *(?:发送人|发送者|发言人|发件人|昵称): *(?P<name>[^\n:]{{1,30}}?) *\n"
    rf" *(?:时间|发送时间|日期): *(?P<stamp>{_ANY}) *\n *(?:内容|消息|消息内容|正文): *"
)
_CLOCK_HINT = re.compile(r"\d:\d\d")
_DAY_LINE = re.compile(
    rf"\s*-*\s*(?P<day>{_DATE}|{_MONTH_DAY})\s*(?:(?:周|星期)[一二三四五六日天])?\s*-*\s*$"
)
_AT = re.compile(r"\s*@(?P<mark>[^@\s]{1,20})\s*$")
_SAID = re.compile(r"(?<=[^\s])\s?(?:说|发表于)$")
_PAREN = re.compile(r"\s*\((?P<mark>[^()]{1,20})\)\s*$")
# Keys of forms and the like, that look like a speaker before a colon.
_KEY = late(
    r"姓名|电话|手机|邮箱|公司|地址|职位|职务|价格|单价|数量|预算|需求|交期|备注|时间|"
    r"日期|地点|产品|型号|规格|城市|地区|名称|联系|编号|单号|微信|QQ|主题|标题|内容|来源|"
    r"要求|说明|注意|^(?:附?注|附|如|即|答|问)$|例如|比如|如下|问题|合计|总计|尺寸|材质|重量|功率|品牌|"
    r"费用|账号|密码|链接|网址|开户|税号|抄送|发件|收件|回复|转发|表单|进度|状态|结论|会议|截止|"
    r"^(?:https?|tel|mob|mobile|e-?mail|fax|add|addr|address|name|phone|company|title|date|time|re|fw|ps|tips|note|from|to|cc|sent|subject|[A-Z])$",
    re.I,
)
# With a stamp behind it a name may hold such a word (微信用户), but not end in it, nor tell what a timetable tells.
_KEY_AT_END = re.compile(rf"(?:{_KEY.pattern})$|会议|截止|进度|时间|日期|交期", re.I)
_NO_NAME = re.compile(rf"\d{{1,2}}:\d{{2}}|{_DATE}|(?:^|\s){_MONTH_DAY}$|{_NEAR_DAY}$|^[\W\d_]+$")


def split(text: str | Plain, now: datetime | None = None) -> tuple[Turn, ...]:
    """The messages of a chat log, () when the text is none.

    Every line is held against all header styles; the style that wins in the whole paste cuts it, lines in any other
    style are text. `now` dates the stamps without a year, and those with an hour only; without it they stay None.
    """
    words = plain(text) if isinstance(text, str) else text
    if "\n" not in words.text or ":" not in words.text:
        return ()
    lines = list(_lines(words.text))
    headers = _best(lines) or (_records(words.text) if "内容" in words.text or "消息" in words.text else [])
    return tuple(_turns(words, lines, headers, now)) if headers else ()


def headers(turns: tuple[Turn, ...]) -> list[tuple[int, int]]:
    """The stretches of the original between the turns' texts: names and stamps, not to be read as content."""
    spans, done = [], turns[0].head if turns else 0  # what stands before the first header is kept
    for turn in turns:
        spans.append((done, turn.start))
        done = turn.end
    return [(start, end) for start, end in spans if end > start]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _best(lines: list[tuple[int, str]]) -> list[_Header]:
    """The headers in the style that has most of them."""
    stamped = [(n, start, line) for n, (start, line) in enumerate(lines) if ":" in line and len(line) < 2_000]
    if not stamped:
        return []
    clocked = [one for one in stamped if _CLOCK_HINT.search(one[2])]
    maybe = {n: _may_be(line) for n, _, line in stamped}
    best: list[_Header] = []
    for style, pattern, inline in _STYLES if clocked else _COLON_STYLES:
        if style.startswith("colon") and best:
            continue  # a stamp tells more than a colon
        bit = _BITS[style]
        found = [
            header
            for n, start, line in (stamped if style.startswith("colon") else clocked)
            if maybe[n] & bit and (header := _header(pattern, inline, n, start, line)) is not None
        ]
        if len(found) > len(best) and _enough(style, found, lines):
            best = found
    on_two_lines = _on_two_lines(lines, [n for n, _, _ in clocked]) if len(clocked) > 1 else []
    return on_two_lines if len(on_two_lines) > len(best) else best


_BITS = {style: 1 << n for n, (style, _, _) in enumerate(_STYLES)}


def _bits(*styles: str) -> int:
    return sum(map(_BITS.__getitem__, styles))


_IN_BRACKETS = _bits("bracket inline", "bracket", "bracketed name")
_IN_ROUND = _bits("paren inline")
_STAMP_FIRST = _bits("stamp inline", "stamp first", "near first")
_STAMP_LAST = _bits("full", "short", "near")
_WITH_BODY = _bits("full inline", "clock inline")
_BODY_BEHIND = re.compile(r":(?!\d)")


def _may_be(line: str) -> int:
    """The styles whose characters the line holds, as the bits of a number. The patterns take much longer to say no."""
    bare = line.strip()
    first, last = bare[:1], bare[-1:]
    styles = _BITS["colon inline"]
    if first == "[":
        styles |= _IN_BRACKETS
    elif first == "(":
        styles |= _IN_ROUND
    elif first.isdecimal() or first in _STAMP_BEGINS:
        styles |= _STAMP_FIRST
    if "<" in line:
        styles |= _BITS["angle inline"]
    if "[" in line:
        styles |= _BITS["name bracket"]
    if "(" in line:
        styles |= _bits("name paren inline", "paren")
    if last == ":":
        styles |= _BITS["colon"]
    if last.isdecimal() or last in _STAMP_ENDS or "来自" in line:
        styles |= _STAMP_LAST
    if _BODY_BEHIND.search(line) is not None:
        styles |= _WITH_BODY
    return styles


_STAMP_BEGINS = frozenset("今昨前上周星礼下晚凌中早傍")
_STAMP_ENDS = frozenset(":mM.一二三四五六日天")
# Words of forms, as they most often stand before a colon by themselves; each of them is in `_KEY`.
_COMMON_KEYS = frozenset(
    (
        "姓名",
        "电话",
        "手机",
        "邮箱",
        "公司",
        "地址",
        "职位",
        "职务",
        "需求",
        "预算",
        "备注",
        "时间",
        "微信",
        "城市",
        "产品",
        "数量",
    )
)


def _on_two_lines(lines: list[tuple[int, str]], clocked: list[int]) -> list[_Header]:
    """Name and stamp on lines of their own, either of them first, the text below; two such pairs at least."""
    stamps = [
        (n, match)
        for n in clocked
        if len(lines[n][1]) < 40 and (match := _STAMP_LINE.match(lines[n][1])) is not None
    ]
    if len(stamps) < 2:
        return []
    first = next(n for n, (_, line) in enumerate(lines) if line.strip())
    above = stamps[0][0] > first  # else the name stands below its stamp
    found: list[_Header] = []
    for n, match in stamps:
        at = n - 1 if above else n + 1
        last = max(at, n)
        named = _NAME_LINE.match(lines[at][1]) if 0 <= at < len(lines) else None
        if named is None or last + 1 >= len(lines) or (found and min(at, n) < found[-1].line + 3):
            return []  # nothing said between two stamps: an agenda
        name, mark = _clean(named["name"])
        if not name or _NO_NAME.search(name) or _KEY_AT_END.search(name):
            return []
        start, at_name = lines[min(at, n)][0], lines[at][0] + named.start("name")
        found.append(_Header(min(at, n), start, lines[last + 1][0], name, mark, match["stamp"], at_name))
    return found


def _records(text: str) -> list[_Header]:
    """发送人: …, 时间: …, 内容: … in blocks, two at least."""
    found = []
    for match in _RECORD.finditer(text):
        name, mark = _clean(match["name"])
        line = text.count("\n", 0, match.start())
        found.append(
            _Header(line, match.start(), match.end(), name, mark, match["stamp"], match.start("name"))
        )
    return found if len(found) > 1 else []


def _header(pattern: re.Pattern[str], inline: bool, number: int, start: int, line: str) -> _Header | None:
    lead = len(line) - len(line.lstrip())
    match = pattern.match(line, lead)
    if match is None:
        return None
    groups = match.groupdict()
    name, mark = _clean(groups["name"])
    key = _KEY if "stamp" not in groups else _KEY_AT_END
    lettered = name in _LETTERS and "stamp" not in groups
    if not name or name in _COMMON_KEYS or _NO_NAME.search(name):
        return None
    if key.search(name) and not lettered and not _aliased(name):
        return None
    body = start + (match.start("body") if inline else len(line) + 1)
    return _Header(
        number, start + lead, body, name, mark, groups.get("stamp") or "", start + match.start("name")
    )


def _clean(name: str) -> tuple[str, str]:
    """张三@微信 and 李四(市场部) without what stands behind, and that."""
    for pattern in (_AT, _PAREN):
        match = pattern.search(name)
        if match is not None and match.start() > 0:
            return name[: match.start()].strip(), match["mark"]
    return _SAID.sub("", name.strip().rstrip("-").strip()), ""


def _aliased(name: str) -> bool:
    """联系人王总 is no speaker, but 问 and 如 may be in a nickname that ends like a person."""
    return len(name) <= 4 and name[0] in surnames().single and name[-1] in "总工姐哥董"


# A: 报个价 / B: 哪款: speakers without names, when nobody has one.
_LETTERS = frozenset("AB")


def _enough(style: str, found: list[_Header], lines: list[tuple[int, str]]) -> bool:
    """Are these headers a log, or a form and a timetable that look like one?"""
    if style in _STAMPED_ALONE:
        return True
    if style.startswith("colon"):
        names = Counter(header.name for header in found)
        if not _LETTERS.isdisjoint(names) and (len(found) < 4 or not _LETTERS.issuperset(names)):
            return False
        if len(found) < 2 or len(names) > max(2, len(found) // 2 + 1):
            return False
        if style == "colon":
            return _followed(found, lines)
        return max(names.values()) >= 2 and _covers(found, lines)
    if style == "near first":  # a timetable is written so too, but line upon line
        return len(found) >= 2 and _followed(found, lines) and _apart(found)
    if len(found) >= 2:
        return True
    return bool(found[0].mark)  # 张三@微信 1-5 10:23:45 by itself


def _followed(found: list[_Header], lines: list[tuple[int, str]]) -> bool:
    """A name and a colon alone on a line are a header when text follows, and the first line is one."""
    first = next((n for n, (_, line) in enumerate(lines) if line.strip() and not _DAY_LINE.match(line)), 0)
    return found[0].line <= first + 1 and all(
        h.line + 1 < len(lines) and lines[h.line + 1][1].strip() for h in found
    )


def _apart(found: list[_Header]) -> bool:
    return all(later.line > header.line + 1 for header, later in pairwise(found))


def _covers(found: list[_Header], lines: list[tuple[int, str]]) -> bool:
    written = sum(1 for _, line in lines if line.strip())
    return len(found) * 2 >= written


def _turns(
    words: Plain, lines: list[tuple[int, str]], headers: list[_Header], now: datetime | None
) -> Iterator[Turn]:
    numbers = {header.line for header in headers}
    days = {
        n: match["day"]
        for n, (_, line) in enumerate(lines)
        if n not in numbers and (match := _DAY_LINE.match(line)) is not None
    }
    dividers = sorted(days)
    dated = _dates(headers, days, dividers, now)
    for n, header in enumerate(headers):
        following = headers[n + 1] if n + 1 < len(headers) else None
        last = following.line if following is not None else len(lines)
        inside = dividers[bisect_left(dividers, header.line) : bisect_left(dividers, last)]
        last = next((line for line in inside if _ends_there(line, last, lines)), last)
        end = lines[last][0] if last < len(lines) else len(words.text)
        start, end = _without_notices(words.text, *_trim(words.text, header.body, end))
        first, upto = (
            words.place(start, end)
            if end > start
            else (words.place(start - 1, start)[1] if start else 0,) * 2
        )
        speaker = words.words(header.at_name, header.at_name + len(header.name))
        head = words.place(header.start, header.start + 1)[0]
        yield Turn(speaker, words.source[first:upto], dated[n], first, upto, header.mark, head)


def _ends_there(line: int, last: int, lines: list[tuple[int, str]]) -> bool:
    """A date by itself between two messages is a divider, not the end of the first one's text."""
    return all(not text.strip() for _, text in lines[line + 1 : last]) and (
        "-" * 3 in lines[line][1] or line + 1 == last
    )


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    end = max(start, min(end, len(text)))
    start = min(start, end)
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), max(
        start + len(part) - len(part.lstrip()), start + len(part.rstrip())
    )


# What the program itself writes between messages.
_NOTICE = late(
    r"[^\n:]{0,30}?(?:撤回了?(?:一条)?消息|拍了拍.{0,24}|(?:加入|退出|移出)了?(?:本?群聊?|群组|会话|本?群).{0,8}|修改群名为.{1,30}|"
    r"(?:开启|关闭|发起|结束)了(?:群聊|会议|语音通话|视频通话|朋友验证)|以下(?:为|是)新消息|以上是打招呼的?内容|"
    r"(?:已|通过了?)(?:你|对方|您)?的?(?:添加|朋友验证|好友)(?:请求|了.{1,12})?.{0,20}|领取了.{1,16}的?红包)[。.]?\s*$"
)


def _without_notices(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without such lines at its end."""
    while end > start:
        last = text.rfind("\n", start, end) + 1
        if last <= start or _NOTICE.match(text, last, end) is None:
            break
        start, end = _trim(text, start, last)
    return start, end


def _dates(
    headers: list[_Header], days: dict[int, str], dividers: list[int], now: datetime | None
) -> list[datetime | None]:
    """When each was sent: its own stamp, the divider above it, or the day of `now`."""
    found: list[datetime | None] = []
    for header in headers:
        above = bisect_left(dividers, header.line)
        day = _day(days[dividers[above - 1]], now) if above else None
        found.append(_at(header.stamp, day, now))
    return found


_WEEKDAY_LAST = late(rf"^({_CLOCK}) ({_WEEKDAY})$")  # 14:02 周三
_WEEKDAY_ENDS = tuple("一二三四五六日天")
_CLOCK_LAST = re.compile(_CLOCK + r"$")
_HOUR = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_LATE = re.compile(r"下午|晚上|傍晚|[Pp]\.?[Mm]")
_EARLY = re.compile(r"上午|凌晨|早上|[Aa]\.?[Mm]")


def _at(stamp: str, day: date | None, now: datetime | None) -> datetime | None:
    if stamp.endswith(_WEEKDAY_ENDS):
        stamp = _WEEKDAY_LAST.sub(r"\2 \1", stamp)
    clock_match = _CLOCK_LAST.search(stamp)
    if clock_match is None:
        return None
    moment = _clock(clock_match[0])
    words = stamp[: clock_match.start()].strip(" ,T")
    own = _day(words, now) if words else None
    if words and own is None:
        return None
    if own is None:
        own = day if day is not None else now.date() if now is not None else None
    if own is None or moment is None:
        return None
    at = datetime.combine(own, moment)
    return at - timedelta(days=1) if now is not None and not words and day is None and at > now else at


def _clock(words: str) -> time | None:
    match = _HOUR.search(words)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    late, early = _LATE.search(words) is not None, _EARLY.search(words) is not None
    hour = hour + 12 if late and hour < 12 else 0 if early and hour == 12 else hour
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


_NEAR_DAYS: dict[str, Callable[[date], date]] = {
    "今天": lambda today: today,
    "昨天": lambda today: today - timedelta(days=1),
    "前天": lambda today: today - timedelta(days=2),
}


def _dated(first: int, month: int, last: int, now: datetime | None) -> date:
    """2026-11-20, 26-11-20, 20.11.2026; 20.11.26 is the day that lies nearer. Raises ValueError."""
    if first >= 100:
        return date(first, month, last)
    if last >= 100:
        return date(last, month, first)
    backwards = date(2000 + last, month, first) if last and first <= 31 else None
    if last > 31 or (now is not None and backwards is not None and abs((backwards - now.date()).days) < 60):
        return backwards or date(2000 + first, month, last)
    return date(2000 + first, month, last)


def _day(words: str, now: datetime | None) -> date | None:
    """The day of a stamp: written out, or the latest one it can mean."""
    numbers = [int(number) for number in re.findall(r"\d+", words)]
    try:
        if len(numbers) >= 3:
            return _dated(numbers[0], numbers[1], numbers[2], now)
        if now is None:
            return None
        if len(numbers) == 2:
            found = date(now.year, numbers[0], numbers[1])
            return found if found <= now.date() else found.replace(year=now.year - 1)
    except ValueError:
        return None
    near = re.match(_NEAR_DAY, words)
    if near is None or now is None:
        return None
    if near[0] in _NEAR_DAYS:
        return _NEAR_DAYS[near[0]](now.date())
    weekday = "一二三四五六日".index(near[0][-1].replace("天", "日"))
    back = (now.weekday() - weekday) % 7 or 7
    return now.date() - timedelta(days=back)
