"""Of everything found in a text: which phone, need, budget and time is the customer's."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from nlp import affirmed, commitments, intent, money, wants
from nlp.evidence import Found
from nlp.headers import OURS
from nlp.late import late
from nlp.next_step import doing, moment, request
from nlp.reading import Reading
from nlp.times import When


def our_turns(reading: Reading, own_names: frozenset[str]) -> list[tuple[int, int]]:
    """Where our own people speak: what they say of themselves is not the customer's."""
    return [
        (turn.head, turn.end) for turn in reading.turns if turn.speaker in own_names or turn.speaker in OURS
    ]


def theirs(found: Sequence[Found], ours: list[tuple[int, int]]) -> list[Found]:
    """The hits that are not in what our people said."""
    return [hit for hit in found if not any(start <= hit.start < end for start, end in ours)]


def best(found: Sequence[Found], ours: list[tuple[int, int]]) -> Found | None:
    """The surest hit, the first of equals; what the customer said before what we said."""
    return max(theirs(found, ours) or found, key=lambda hit: hit.confidence, default=None)


def not_ours(reading: Reading, ours: list[tuple[int, int]]) -> list[Found]:
    """The numbers that are not our own: not in what our people said, else none of which they say that it is theirs."""
    found = theirs(reading.phones, ours) or [
        hit for hit in reading.phones if not _own_number(reading.text, hit)
    ]
    quoted = _OLDER_MAIL.search(reading.text) if len(found) > 1 else None
    return [hit for hit in found if quoted is None or hit.start < quoted.start()] or found


_OLDER_MAIL = late(r"-{2,}\s?(?:原始邮件|Original Message)", re.I)


def phone(reading: Reading, ours: list[tuple[int, int]]) -> Found | None:
    """A mobile before a fixed line. Our own number in our own words is nobody's."""
    found = not_ours(reading, ours)
    mobiles = [hit for hit in found if hit.rule == "mobile"]
    if len(mobiles) > 1:
        mobiles = [hit for hit in mobiles if not _of_somebody_else(reading.text, hit)] or mobiles
    return next(iter(mobiles or found), None)


# 财务蔡会计管，你问她 136…
_ASK_THEM = late(r"(?:问|找|联系|打给|对接)(?:一下|下)?(?:她|他)(?:吧|要|就行)?[\s,，:：]{0,2}$")


def _of_somebody_else(text: str, hit: Found) -> bool:
    return _ASK_THEM.search(text, max(0, hit.start - 10), hit.start) is not None


# 我电话139…, 我的是139…; 打到我手机上了 135… is another's.
_MINE = late(r"我(?:的|这边的?)?(?:(?:手机|电话|号码|微信)(?!上|里)[^,，。\n]{0,6}|是[:：]?\s?)$")


def _own_number(text: str, hit: Found) -> bool:
    return _MINE.search(text, max(0, hit.start - 14), hit.start) is not None


_CLAUSE_EDGE = late(r"[\n,，。;；!！?？“”「」『』]")


def need(reading: Reading, ours: list[tuple[int, int]]) -> Found | None:
    """The thing asked for; else the clause of the first keyword that speaks for the intent."""
    thing = wants.find(reading.rest, [*ours, *((found.start, found.end) for found in reading.names)])
    if thing is not None and thing.confidence >= _ENOUGH:
        return thing
    meant = affirmed.thing(reading, ours) if ours else None
    if meant is not None:
        return meant
    said = theirs([found for found in reading.keywords if found.rule == "lexicon"], ours)
    telling = intent.keywords_of(reading.hits)
    clauses = (_told(reading, found) for found in said if found.value in telling)
    return next((clause for clause in clauses if clause is not None), thing)


_NO_THING = late(
    r"是$|^(?:我们|我司|咱们?)(?:这边|公司|厂里?)?(?:用的)?是|(?:报价|价格?|费用|单价)(?:也|还|有点|实在|真的?|都)*(?:太|偏|挺|很)?[高贵]"
)


def _told(reading: Reading, hit: Found) -> Found | None:
    """The clause of a keyword without who, when and how to reach them; None when it names no thing."""
    start, end = _around(reading.text, hit.start, hit.end)
    for other in (*reading.phones, *reading.emails, *reading.names, *reading.companies):
        start = other.end if start <= other.start < other.end <= hit.start else start
        end = other.start if hit.end <= other.start < end else end
    for when in reading.whens:
        start = when.upto if start <= when.at < when.upto <= hit.start else start
        end = when.at if hit.end <= when.at < end else end
    for turn in reading.turns:
        start = max(start, turn.start) if turn.start <= hit.start < turn.end else start
    command = _COMMAND.match(reading.text, start, end)
    start = command.end() if command else start
    words = reading.text[start:end]
    start += len(words) - len(words.lstrip())
    words = words.strip()
    lead = _BEFORE_NEED.match(words)
    if lead is not None and lead.end() < len(words):
        start += lead.end()
        words = words[lead.end() :]
    words = _IN_STOCK.sub("", words[:40])
    cut = _apart(words, hit.start - start)
    start, words = start + cut.start, words[cut]
    if _NO_THING.search(words):
        return None  # 我们这边是电子合同, 上次那个报价太高了: told of themselves or of the price
    if _OPEN_END.search(words):
        return None  # 见到采购部的, 让发一份资料到: cut out of the middle
    if _ONLY_INTENT.fullmatch(words.rstrip()):
        return None  # 就下单 says what happens, not what is wanted
    return Found("need", words.rstrip(), words, start, start + len(words), 0.6, "clause") if words else None


def _apart(words: str, place: int) -> slice:
    """滨江区 金色海岸 128平 全屋定制 预算15w: of a long row of pieces the one at `place`, with the two before a short one."""
    pieces = [match.span() for match in _PIECE.finditer(words)]
    at = next((n for n, (_, end) in enumerate(pieces) if place < end), -1)
    if len(words) <= _SHORT or len(pieces) < 3 or at < 0:
        return slice(0, len(words))
    first = at if pieces[at][1] - pieces[at][0] > 3 else max(0, at - 2)
    return slice(pieces[first][0], pieces[at][1])


_PIECE = re.compile(r"[^ \u3000]+")
_SHORT = 16
_IN_STOCK = late(r"(?<=.{2})(?:还|都)?(?:有没有|有)(?:现货|货)?(?:吗|么|嘛|没有?)?[?？]?$")
_OPEN_END = late(r"(?:的|到|给|把|在|和)$")
_BEFORE_NEED = re.compile(
    r"(?:(?<![一-龥])(?:你们(?:家|那)?的?|那个|这个|我?想问(?:一下|下|问)?)|前|之前|以前|请于|请|麻烦|老板|你好|您好|能不能|能否|(?<!\d)\d{1,2}[、.)）](?!\d)|[\s:：])+"
)
_ONLY_INTENT = late(
    r"(?:就|再|先|要|可以|能|会|我们?|准备|直接)*(?:下单|订货|签合同|签|付款|打款)(?:了|吧|哈|的)*"
    r"|(?:货到|款到|先款后|月结)(?:付款|发货|货)?|(?:我们?|他们?|她|客户|[这那]边)*(?:总)?预算(?!员|软件|系统).*|.{0,20}(?:收到|写错|弄错|发错|报账)了?"
    # how one met, who one is
    r"|(?:我们?|他们?|她)?(?:在|从|是).{1,16}(?:加的|认识的?|见过?的?|看到的?)(?:微信)?"
    r"|(?:我们?|他们?|她)是(?!要|想|需|打算|准备).*"
    r"|.{0,12}再不.{1,10}就.*|.{0,16}(?:在邮箱|扫描件|有效期|退回来?|寄回来?).*"
    # what is told or to be done with papers, what is too dear, where one meets
    r"|.*(?:没问题|没毛病|测试通过|合格了?|挺?满意|不错|挺好的?|不考虑了?)|.*能不能.*(?:价|便宜|优惠)|(?:在|里面?|过来?|去).*"
    r"|.*(?:把|将).{1,10}(?:发|寄|给|传|拿|签).*|(?:我们?|他们?)?(?:是)?[做搞](?:批发|采购|定制)的?"
    r"|(?:主?经营|主营|业务范围)[:：是].*|\W*(?:采购|销售)部?\W*|.*(?:看重|在意).*|.{0,6}没有?预算.*|什么价.?"
    r"|.*说了(?:才|不)?算.*|.*(?:拍板|做不了主).*|.*报价(?:便宜|贵|高|低).*|客?户?带.*|.*来看厂.*|.*嫌.*|最后(?:是|由|还是).*|.*在?比价.*|.*能.{0,6}便宜.*|.*分期.*|[【\[].*|(?:可以|能)?(?:先)?试用吗?|.*采购权.*|.*(?:交期|货期)\d.*|.*包邮.*|.*(?:尾款|货款|欠款).*|要?盖章.*|你?(?:看看|算算).*|.*不需要.*|.*用不上.*|.*比.{1,8}(?:高|贵|低|便宜).*"
    r"|那?(?:个|份)?(?:合同|发票|供应商|收据)(?:[你您我他]们?)?|[0-9一二三四五六七八九十两]+天"
)
_ENOUGH = 0.45  # a weaker thing (样品, 方案) gives way to the clause it stands in
_COMMAND = re.compile(r"\s*同步[至到]\s?CRM\s*", re.I)


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a stretch of the text; at most 200 characters to either side."""
    floor = max(0, start - 200)
    before = max((match.end() for match in _CLAUSE_EDGE.finditer(text, floor, start)), default=floor)
    after = _CLAUSE_EDGE.search(text, end, end + 200)
    return before, after.start() if after else min(len(text), end + 200)


def budget(reading: Reading) -> Found | None:
    """The sum that was called a budget; the higher end of a range."""
    called = [
        hit
        for hit in reading.money
        if hit.rule == "budget" and _EACH.search(reading.text, max(0, hit.start - 8), hit.start) is None
    ]
    return max(called, key=money.yuan, default=None)


_EACH = late(r"(?:人均|每人|每[台套个件间]|单[台套价])(?:的)?(?:预算)?[:：]?\s?$")


def next_time(reading: Reading, now: datetime) -> When | None:
    """The time to come back at: of the latest promise, else the last named in a log, the first in a plain text."""
    ahead = [
        when
        for when in reading.whens
        if when.grain in ("minute", "daypart", "day", "week")
        and when.first
        and (moment(when, now) > now or _still_on(when, now))
        and not commitments.is_past(reading.text[when.upto : when.upto + 8])
        and not _no_appointment(reading.text, when, now)
    ]
    begins = {hit.start for hit in reading.commitments}
    promised = [when for when in ahead if when.at in begins]
    asked = [] if reading.turns else [when for when in ahead if _asked_of_us(reading.text, when)]
    pool = promised or asked or ahead
    if not pool:
        return None
    return pool[-1] if reading.turns else pool[0]


# 请于本周五前报价, 今天下班前回他: of several days the one by which we are asked for something.
_PLEASE = late(r"(?:请|麻烦|让你|你们?)(?:务必|于|在|尽量)?$")
_DO = late(
    r"(?:之?前)?(?:把)?(?:给|回|报价|报个价|报一下|出(?:个)?(?:方案|报价|图)|发(?:我|给|报价|方案)|寄|答复|回复|回电|来(?:演示|看|量|现场)|你来|送(?:样|到))"
)


def _asked_of_us(text: str, when: When) -> bool:
    return _PLEASE.search(text, max(0, when.at - 6), when.at) is not None or (
        _DO.match(text, when.upto) is not None
    )


# 今天展会收的名片, 今天开会说; 当天放款 is said of any day.
_TOLD = late(
    r"(?:早上|上午|中午|下午)?[^,，。;；!！?？\n]{0,8}?(?:(?:收|见|碰|遇|加|拿|聊|谈|认识|拜访|来)(?:到|过|了|的)|开会[说讲定]|说(?!好|定)[,，了的])"
)


# 年后再说, 月底交房, 合同 12-31 到期: no day to come back on.
_ITS_DAY = late(
    r"(?:以?后|之后)?\s?(?:吧|再说|再看|交房|到期|(?:在[一-龥]{1,6})?开机(?!会)|开业|开园|毕业|发工资)"
)


def _no_appointment(text: str, when: When, now: datetime) -> bool:
    """A stamp of today at the head of a record, what happened today, and a day of anybody's."""
    if when.text.startswith(("当天", "当日")):
        return True
    if _ITS_DAY.match(text, when.upto) is not None:
        return True
    today = when.first is not None and when.first.date() == now.date() and when.grain == "day"
    return today and (when.text[:4].isdigit() or _TOLD.match(text, when.upto) is not None)


def _still_on(when: When, now: datetime) -> bool:
    """明天上午, said yesterday, is not over at ten."""
    first = when.first
    return when.grain == "daypart" and first is not None and timedelta() <= now - first < _PART_OF_DAY


_PART_OF_DAY = timedelta(hours=3)
_LONG = 24  # characters of a clause; a longer one is dictated, and only what follows the time is kept
_GAP = late(r"(?<=[一-龥?？\d])[ 　]+(?=[一-龥\d])")
_NEXT_SENTENCE = late(r"然后|另外|还有|[他她我]的?(?:电话|手机|微信)|电话是?(?=\d)|(?<=[吗吧呢])")
_NEXT_LABEL = re.compile(
    r"^(?:\d{1,2}[、.．)）]\s*)?(?:下一步|下次跟进|下次联系|下次|后续|跟进|备注)?[:：\s]*"
)
_LET = late(r"^(?:说|他说|她说)?让(?:你们?|我们?|咱们?)?(?=[一-龥]{2})")
_NO_ACTION = late(r"(?:都?可以|都?行|好的?|有空|有时间|方便|ok|没问题)*[了的吧啊]*", re.I)


def clause(reading: Reading, when: When) -> str:
    """What is to be done then, in the words used: without the time, and a question turned into the thing asked for."""
    text = reading.text
    start, end = _between_contacts(reading, when, *_step_around(text, when))
    words = text[start:end]
    here = replace(when, at=when.at - start, upto=when.upto - start)
    action = _LET.sub("", _NEXT_LABEL.sub("", doing(words, here))).removeprefix("的话")
    if _NO_ACTION.fullmatch(action):
        action = _asked_before(text, start) if action else ""  # 能演示一下吗？周三下午可以
    return (action if len(action) >= 2 and action not in _TO_WHOM else words.strip())[:60]


def _between_contacts(reading: Reading, when: When, start: int, end: int) -> tuple[int, int]:
    """The clause without who says it, and without a number, an address or a budget before or behind it."""
    for turn in reading.turns:
        if turn.start <= when.at < turn.end:
            start = max(start, turn.start)
    for hit in reading.names:  # 冯雪：我们下周四之前给您答复
        if start <= hit.start and hit.end < when.at and reading.text[hit.end] in ":：":
            start = hit.end + 1
    sums = [hit for hit in reading.money if hit.rule == "budget"]
    for hit in (*reading.phones, *reading.emails, *sums):
        start = hit.end if start <= hit.start < hit.end <= when.at else start
        end = hit.start if when.upto <= hit.start < end else end
    return start, end


_TO_WHOM = ("给您", "给你", "发您", "发你", "给我")


def _asked_before(text: str, start: int) -> str:
    """What the clause before `start` asks for."""
    before = text[max(0, start - 200) : start].rstrip(" \n,，。;；!！?？")
    first, last = _around(before, len(before), len(before))
    return request(before[first:last].strip())


def _step_around(text: str, when: When) -> tuple[int, int]:
    """The clause around a time, no wider than the words that belong to it."""
    start, end = _around(text, when.at, when.upto)
    lefts = [match.end() for match in _GAP.finditer(text, start, when.at + 1)]
    right = _GAP.search(text, when.upto, end)
    last = right.start() if right else end
    for first in reversed(lefts):
        if (last - first) - (when.upto - when.at) >= 2:
            start, end = first, last
            break
    if end - start > _LONG:
        stop = _NEXT_SENTENCE.search(text, when.upto, end)
        start, end = when.at, stop.start() if stop else end
    return start, end
