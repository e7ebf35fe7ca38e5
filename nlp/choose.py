"""Of everything found in a text: which name, phone, company … is the customer's."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from nlp import commitments, cores, intent, money, name_shape, wants
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import platforms
from nlp.next_step import doing, moment, request
from nlp.reading import Reading
from nlp.times import When


def our_turns(reading: Reading, own_names: frozenset[str]) -> list[tuple[int, int]]:
    """Where our own people speak: what they say of themselves is not the customer's."""
    return [(turn.head, turn.end) for turn in reading.turns if turn.speaker in own_names]


def _theirs(found: Sequence[Found], ours: list[tuple[int, int]]) -> list[Found]:
    return [hit for hit in found if not any(start <= hit.start < end for start, end in ours)]


def best(found: Sequence[Found], ours: list[tuple[int, int]]) -> Found | None:
    """The surest hit, the first of equals; what the customer said before what we said."""
    return max(_theirs(found, ours) or found, key=lambda hit: hit.confidence, default=None)


def company(reading: Reading, ours: list[tuple[int, int]]) -> Found | None:
    """The surest company; a well-known name that is only mentioned (抖音私信, 顺丰说到了) is nobody's employer."""
    held = [
        hit for hit in reading.companies if hit.rule != "mentioned" and not _where_from(reading.text, hit)
    ]
    strange = [
        hit for hit in held if hit.rule != "speaker" or _theirs([hit], ours)
    ]  # our own reps carry ours
    return best(strange, ours)


# 小红书上看到的, 快手客户, 【58同城】 tell where a lead comes from; an employer is it only where the text says so.
_EMPLOYS = late(
    r"公司|集团|总部|那边|的[一-龥]{0,4}[总工]|的?(?:采购|经理|总监|员工|项目部)|(?:的)?[\s,，。、)）]|$"
)
_IN_IT = late(r"(?:我是|我们是|来自|就职于?|任职于?|公司|单位|客户)[:：是叫]?\s?$")


def _where_from(text: str, hit: Found) -> bool:
    if hit.value not in platforms():
        return False
    employed = _IN_IT.search(text, max(0, hit.start - 6), hit.start) is not None
    return not (employed and _EMPLOYS.match(text, hit.end)) and _EMPLOYS_SURELY.match(text, hit.end) is None


_EMPLOYS_SURELY = late(r"公司|集团|总部|那边|的[一-龥]{0,4}[总工]|的?(?:采购|经理|总监|员工|项目部)")


def phone(reading: Reading, ours: list[tuple[int, int]]) -> Found | None:
    """A mobile before a fixed line. Our own number in our own words is nobody's."""
    found = _theirs(reading.phones, ours) or [
        hit for hit in reading.phones if not _own_number(reading.text, hit)
    ]
    mobiles = [hit for hit in found if hit.rule == "mobile"]
    return next(iter(mobiles or found), None)


def _own_number(text: str, hit: Found) -> bool:
    return (
        re.search(
            r"我(?:的|这边的?)?(?:手机|电话|号码|微信)[^,，。\n]{0,6}$",
            text[max(0, hit.start - 14) : hit.start],
        )
        is not None
    )


def name(reading: Reading, own_names: frozenset[str], ours: list[tuple[int, int]]) -> Found | None:
    """What the customer calls himself, else the speaker who is not ours, else the surest name."""
    found = [hit for hit in reading.names if hit.value not in own_names]
    said = [
        hit
        for hit in _theirs(found, ours)
        if hit.rule in ("label", "of", "company") or _introduced(reading.text, hit)
    ]
    found = [hit for hit in found if not _greeted(reading.text, hit)] or found
    found = [hit for hit in found if not _only_told_of_us(reading.text, hit)] or found
    said = [hit for hit in said if not _greeted(reading.text, hit)]
    talker = speaker(reading, own_names)
    if talker is not None:
        surname = name_shape.surname_of(talker.value)
        same = [hit for hit in said if not surname or name_shape.surname_of(hit.value) == surname]
        return next(iter(same), talker)
    kept = set(name_shape.joined([hit.value for hit in found]))
    pool = said or [hit for hit in found if hit.value in kept]
    surest = max(pool, key=lambda hit: hit.confidence, default=None)
    if surest is not None and surest.value.isascii():  # 曹颖 Cathy Cao
        beside = [hit for hit in found if 0 < surest.start - hit.end <= 2 and name_shape.is_name(hit.value)]
        return next(iter(beside), surest)
    return surest


_GREETING = late(r"[:：,，]?\s*\n|[啊呀]|[,，!！ ]?(?:您好|你好|早上好|上午好|下午好|晚上好)")


def _greeted(text: str, hit: Found) -> bool:
    """刘经理： on a line of its own, 王总您好 at the front: the one who is written to."""
    before = text[: hit.start] if hit.start <= 8 else "-"
    opening = re.fullmatch(
        r"\s*(?:(?:尊敬的|亲爱的|那个|喂|你好|您好|哎|hi|hello|dear)[,，\s]*)?", before, re.I
    )
    return opening is not None and hit.rule == "alias" and _GREETING.match(text, hit.end) is not None


def _only_told_of_us(text: str, hit: Found) -> bool:
    """李姐介绍的: who sent the customer is not the customer."""
    return _BY_WHOM.match(text, hit.end) is not None


_BY_WHOM = late(r"(?:那边|这边)?(?:给我?|帮我?)?(?:介绍|推荐|引荐|转介绍|推)(?:来|过来|给我|我)?(?:的|[,，])")


def _introduced(text: str, hit: Found) -> bool:
    return re.search(r"(?:我是|我叫|本人|免贵姓?)$", text[max(0, hit.start - 4) : hit.start]) is not None


def speaker(reading: Reading, own_names: frozenset[str]) -> Found | None:
    """The customer of a chat log: marked @微信, or the first to speak who is not ours."""
    others = [turn for turn in reading.turns if turn.speaker not in own_names]
    turn = next((turn for turn in others if turn.mark == "微信"), next(iter(others), None))
    called = _called(turn.speaker) if turn is not None else ""
    if turn is None or not called:
        return None
    line = reading.text.rfind(turn.speaker, 0, turn.start)
    start = max(line, 0) + turn.speaker.index(called)
    return Found("names", called, called, start, start + len(called), 0.8 if own_names else 0.6, "speaker")


_ROLE = late(
    r"(?:客户|顾客|买家|卖家|用户|访客|商家|客服|销售|我方?|对方|甲方|乙方|家长|患者)(?:\s*\d*$|[-_\s·:：](?=.))"
)
_ORNAMENT = late("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d]+")


def _called(speaker: str) -> str:
    """The name of a speaker without 买家- in front of it and pictures around it; "" when only a part is played."""
    role = _ROLE.match(speaker)
    rest = speaker[role.end() :] if role is not None else speaker
    pieces = [piece.strip() for piece in _ORNAMENT.split(rest)]
    return max(pieces, key=len, default="")


def title(reading: Reading, name: Found | None) -> Found | None:
    """The title nearest to the name."""
    held = [
        hit for hit in reading.titles if hit.rule != "mentioned"
    ]  # 让司机送货: the driver's, nobody's here
    if name is None or not held:
        return next(iter(held), None)
    return min(held, key=lambda hit: min(abs(hit.start - name.end), abs(name.start - hit.end)))


def home(company: Found | None) -> Found | None:
    """The city a company's name gives, when the text names no other."""
    place = cores.where(company.value) if company is not None else ""
    if company is None or len(place) < 2:
        return None
    city = next((place[n:] for n in range(len(place) - 1) if place[n:] in cores.cities()), "")
    return replace(company, field="cities", value=city, confidence=0.6, rule="company") if city else None


_CLAUSE_EDGE = late(r"[\n,，。;；!！?？]")


def need(reading: Reading, ours: list[tuple[int, int]]) -> Found | None:
    """The thing asked for; else the clause of the first keyword that speaks for the intent."""
    thing = wants.find(reading.rest, [*ours, *((found.start, found.end) for found in reading.names)])
    if thing is not None and thing.confidence >= _ENOUGH:
        return thing
    said = _theirs([found for found in reading.keywords if found.rule == "lexicon"], ours)
    telling = intent.keywords_of(reading.hits)
    hit = next((found for found in said if found.value in telling), None)
    if hit is None:
        return thing
    start, end = _around(reading.text, hit.start, hit.end)
    for other in (*reading.phones, *reading.emails, *reading.names, *reading.companies):
        start = other.end if start <= other.start < other.end <= hit.start else start
        end = other.start if hit.end <= other.start < end else end
    for when in reading.whens:
        start = when.upto if start <= when.at < when.upto <= hit.start else start
        end = when.at if hit.end <= when.at < end else end
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
    if _OPEN_END.search(words):
        return thing  # 见到采购部的, 让发一份资料到: cut out of the middle
    if _ONLY_INTENT.fullmatch(words.rstrip()):
        return thing  # 就下单 says what happens, not what is wanted
    return Found("need", words.rstrip(), words, start, start + len(words), 0.6, "clause") if words else None


_IN_STOCK = late(r"(?<=.{2})(?:还|都)?(?:有没有|有)(?:现货|货)?(?:吗|么|嘛|没有?)?[?？]?$")
_OPEN_END = late(r"(?:的|到|给|把|在|和)$")
_BEFORE_NEED = re.compile(
    r"(?:(?<![一-龥])(?:你们(?:家|那)?的?|那个|这个)|前|之前|以前|请于|请|麻烦|老板|你好|您好|能不能|能否|[\s:：])+"
)
_ONLY_INTENT = late(
    r"(?:就|再|先|要|可以|能|会|我们?|准备|直接)*(?:下单|订货|签合同|签|付款|打款)(?:了|吧|哈|的)*"
    r"|(?:货到|款到|先款后|月结)(?:付款|发货|货)?|(?:我们?|他们?|她|客户|[这那]边)*(?:总)?预算(?!员|软件|系统).*|.{0,20}(?:收到|写错|弄错|发错|报账)了?"
    # how one met, who one is
    r"|(?:我们?|他们?|她)?(?:在|从|是).{1,16}(?:加的|认识的?|见过?的?|看到的?)(?:微信)?"
    r"|(?:我们?|他们?|她)是(?!要|想|需|打算|准备).*"
    r"|.{0,12}再不.{1,10}就.*|.{0,16}(?:在邮箱|扫描件|有效期|退回来?|寄回来?).*"
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
    called = [hit for hit in reading.money if hit.rule == "budget"]
    return max(called, key=money.yuan, default=None)


def next_time(reading: Reading, now: datetime) -> When | None:
    """The time to come back at: of the latest promise, else the last named in a log, the first in a plain text."""
    ahead = [
        when
        for when in reading.whens
        if when.grain in ("minute", "daypart", "day", "week")
        and when.first
        and (moment(when, now) > now or _still_on(when, now))
        and not commitments.is_past(reading.text[when.upto : when.upto + 8])
    ]
    begins = {hit.start for hit in reading.commitments}
    promised = [when for when in ahead if when.at in begins]
    pool = promised or ahead
    if not pool:
        return None
    return pool[-1] if reading.turns else pool[0]


def _still_on(when: When, now: datetime) -> bool:
    """明天上午, said yesterday, is not over at ten."""
    first = when.first
    return when.grain == "daypart" and first is not None and timedelta() <= now - first < _PART_OF_DAY


_PART_OF_DAY = timedelta(hours=3)
_LONG = 24  # characters of a clause; a longer one is dictated, and only what follows the time is kept
_GAP = late(r"(?<=[一-龥?？\d])[ 　]+(?=[一-龥\d])")
_NEXT_SENTENCE = late(r"然后|另外|还有|[他她我]的?(?:电话|手机|微信)|电话是?(?=\d)|(?<=[吗吧呢])")
_NEXT_LABEL = re.compile(r"^(?:下一步|下次跟进|下次联系|下次|后续|跟进|备注)[:：\s]*")
_NO_ACTION = late(r"(?:都?可以|都?行|好的?|有空|有时间|方便|ok|没问题)*[了的吧啊]*", re.I)


def clause(text: str, when: When) -> str:
    """What is to be done then, in the words used: without the time, and a question turned into the thing asked for."""
    start, end = _step_around(text, when)
    words = text[start:end]
    here = replace(when, at=when.at - start, upto=when.upto - start)
    action = _NEXT_LABEL.sub("", doing(words, here)).removeprefix("的话")
    if _NO_ACTION.fullmatch(action):
        action = _asked_before(text, start) if action else ""  # 能演示一下吗？周三下午可以
    return (action if len(action) >= 2 and action not in _TO_WHOM else words.strip())[:60]


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
