"""Whom a text is about: of its persons the one at the customer, and the title that is theirs."""

import re

from nlp import affiliations, name_shape
from nlp.choose import theirs
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import surname_letters
from nlp.reading import Reading
from rules.syllables import sound


def name(
    reading: Reading, own_names: frozenset[str], ours: list[tuple[int, int]], phone: Found | None = None
) -> Found | None:
    """What the customer calls himself, else the speaker who is not ours, else whose `phone` it is, else the surest name."""
    found = [hit for hit in reading.names if hit.value not in own_names]
    said = [
        hit
        for hit in theirs(found, ours)
        if hit.rule in ("label", "of", "company") or _introduced(reading.text, hit)
    ]
    found = [hit for hit in found if not _greeted(reading.text, hit)] or found
    found = [hit for hit in found if not _only_told_of_us(reading.text, hit)]
    said = [hit for hit in said if not _greeted(reading.text, hit)]
    talker = speaker(reading, own_names)
    if talker is not None:
        surname = name_shape.surname_of(talker.value)
        beside = [
            hit for hit in found if phone is not None and _holds(reading.text, hit, phone)
        ]  # 杜姐 … 杜丽萍 139…
        same = [
            hit
            for hit in (*said, *(beside if surname else ()))
            if not surname or name_shape.surname_of(hit.value) == surname
        ]
        return next(iter(same), talker)
    kept = set(name_shape.joined([hit.value for hit in found]))
    pool = said or [hit for hit in found if hit.value in kept]
    beside = [hit for hit in pool if phone is not None and not said and _holds(reading.text, hit, phone)]
    surest = max(beside or pool, key=lambda hit: hit.confidence, default=None)
    if surest is None:
        return _only_surname(reading.text)
    if surest.value.isascii():  # 曹颖 Cathy Cao
        twins = (hit for hit in found if _same_person(surest, hit) or _sounds_so(surest.value, hit.value))
        return next(twins, surest)
    return surest


_SURNAME = late(rf"(?:我|免贵|本人|鄙人)姓(?P<surname>[{surname_letters()}])(?=$|[\s,，。;；!！、的])")


def _only_surname(text: str) -> Found | None:
    """我姓秦，公司在廊坊: so the card has something to ask about, though it is nobody's whole name."""
    match = _SURNAME.search(text) if "姓" in text else None
    if match is None:
        return None
    return Found("names", match["surname"], match["surname"], *match.span("surname"), 0.6, "surname")


def _same_person(foreign: Found, hit: Found) -> bool:
    """曹颖 Cathy Cao, Kevin Zhang（张凯）: the Chinese name beside the other."""
    near = 0 < foreign.start - hit.end <= 2 or 0 < hit.start - foreign.end <= 2
    return near and name_shape.is_name(hit.value)


def _sounds_so(foreign: str, name: str) -> bool:
    """Zhou Ran in a header, 周冉 under the letter."""
    said = [sound(char) for char in name]
    words = "".join(re.findall(r"[a-z]+", foreign.lower()))
    return len(said) > 1 and words in ("".join(said), "".join([*said[1:], said[0]]))


_TO_PHONE = late(
    r"[\s:：,，。(（]*(?:[一-龥]{0,6}[)）])?[\s:：,，]*(?:的?(?:联系)?(?:电话|手机号?|号码|tel|mobile)(?:是|为)?)?[\s:：]*",
    re.I,
)


def _holds(text: str, hit: Found, phone: Found) -> bool:
    """王建民 18629001234: nothing else stands between the name and the number."""
    return (
        hit.end <= phone.start <= hit.end + 20 and _TO_PHONE.fullmatch(text, hit.end, phone.start) is not None
    )


_GREETING = late(
    r"[:：,，]?\s*\n|[啊呀]|[,，!！ ]?(?:您好|你好|早上好|上午好|下午好|晚上好)"
    r"|[,，!！ ]+(?:我|你|您|咱|这边|有个|刚|朋友|在吗|在不在|想问|帮|麻烦)"
)


def _greeted(text: str, hit: Found) -> bool:
    """刘经理： on a line of its own, 王总您好 at the front: the one who is written to."""
    before = text[: hit.start] if hit.start <= 8 else "-"
    opening = re.fullmatch(
        r"\s*(?:(?:尊敬的|亲爱的|那个|喂|你好|您好|哎|hi|hello|dear)[,，\s]*)?", before, re.I
    )
    return (
        opening is not None and hit.rule in ("alias", "little") and _GREETING.match(text, hit.end) is not None
    )


def _only_told_of_us(text: str, hit: Found) -> bool:
    """李姐介绍的: who sent the customer is not the customer."""
    return _BY_WHOM.match(text, hit.end) is not None


_BY_WHOM = late(
    r"(?:那边|这边)?(?:[(（][^()（）\n]{1,20}[)）])?(?:给我?|帮我?)?(?:介绍|推荐|引荐|转介绍|推)(?:来|过来|给我|我)?(?:的|[,，])"
)


def _introduced(text: str, hit: Found) -> bool:
    return _SAYS_WHO.search(text, max(0, hit.start - 14), hit.start) is not None


_SAYS_WHO = late(r"(?:我是|我叫|本人|免贵姓?|找我[,，][^,，。;；\n]{0,8}[ ,，])$")


def speaker(reading: Reading, own_names: frozenset[str]) -> Found | None:
    """The customer of a chat log: marked @微信, or the first to speak who is not ours."""
    others = [turn for turn in reading.turns if turn.speaker not in own_names]
    others = [turn for turn in others if _SERVICE.search(turn.speaker) is None]
    turn = next((turn for turn in others if turn.mark == "微信"), next(iter(others), None))
    called = _called(turn.speaker) if turn is not None else ""
    if turn is None or not called:
        return None
    line = reading.text.rfind(turn.speaker, 0, turn.start)
    start = max(line, 0) + turn.speaker.index(called)
    return Found("names", called, called, start, start + len(called), 0.8 if own_names else 0.6, "speaker")


def speakers(reading: Reading) -> list[str]:
    """All who speak in a log and are called as persons are: a full name, or 王总."""
    called = dict.fromkeys(map(_called, dict.fromkeys(turn.speaker for turn in reading.turns)))
    return [name for name in called if name_shape.is_name(name, sure=True) or _ALIAS.fullmatch(name)]


_ALIAS = late(rf"[{surname_letters()}](?:总|工|经理|老师|主任|姐|哥|董|师傅|厂长|会计|女士|先生)")
_ROLE = late(
    r"(?:客户|顾客|买家|卖家|用户|访客|商家|客服|销售|我方?|对方|甲方|乙方|家长|患者)(?:\s*\d*$|[-_\s·:：](?=.))"
)
# Who speaks for a firm and has no name: 展会客服, 小助手.
_SERVICE = late(r"(?:客服|助手|机器人|官方|旗舰店|专卖店|公众号|服务号|热线)\s*\d*$")
_ORNAMENT = late("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d]+")


def _called(speaker: str) -> str:
    """The name of a speaker without 买家- in front of it and pictures around it; "" when only a part is played."""
    role = _ROLE.match(speaker)
    rest = speaker[role.end() :] if role is not None else speaker
    pieces = [piece.strip() for piece in _ORNAMENT.split(rest)]
    longest = max(pieces, key=len, default="")
    longest = longest.strip('「」『』“”"')
    parts = [part for part in _PARTS.split(longest) if part != longest]
    person = (
        next(filter(_is_parent, parts), "")
        or next(filter(name_shape.is_name, parts), "")
        or next(filter(affiliations.is_addressed, parts), "")
    )
    person = affiliations.without_post(person)
    return person or ("" if affiliations.is_house(longest) else longest)


def _is_parent(part: str) -> bool:
    return part.endswith(("妈妈", "爸爸")) and len(part) > 2


_PARTS = late(r"[-_—·/|｜ (（)）]+")  # 采购部-田华


def title(reading: Reading, name: Found | None) -> Found | None:
    """The title nearest to the name that is not nearer to somebody else's."""
    held = [hit for hit in reading.titles if hit.rule != "mentioned" and not _of_another(reading.text, hit)]
    if name is None or not held:
        return next(iter(held), None)
    nearest = min(held, key=lambda hit: _apart(hit, name))
    others = [
        hit for hit in reading.names if not (_one_person(hit.value, name.value) or _same_person(hit, name))
    ]
    if any(_apart(nearest, other) < _BESIDE for other in others) and _apart(nearest, name) > _BESIDE:
        return None
    return nearest


_BESIDE = 3  # characters between a title and its name


def _apart(one: Found, other: Found) -> int:
    return max(other.start - one.end, one.start - other.end, 0)


def _one_person(one: str, other: str) -> bool:
    return one == other or name_shape.surname_of(one) == name_shape.surname_of(other) != ""


# 应聘销售工程师, 他合伙人同意就定: a place that is sought, another person's.
_SOUGHT = late(
    r"(?:应聘|求职|投递了?|面试|招聘?|岗位[:：]?)[^,，。;；\n]{0,8}$|(?:他|她|他们|她们|我们?|咱们?|你们?)的?$"
)


def _of_another(text: str, hit: Found) -> bool:
    return hit.rule != "label" and _SOUGHT.search(text, max(0, hit.start - 12), hit.start) is not None
