"""What a line of correction says: which fields of a draft it replaces, and which it empties."""

import re
from collections.abc import Mapping
from datetime import datetime

from nlp import name_shape, wants
from nlp.labels import WORDS, fields
from nlp.late import late
from nlp.next_step import read_next
from nlp.reading import scan
from rules.errors import Refused
from rules.text import parse_id

FIELDS = {
    "name": "姓名", "company": "公司", "title": "职务", "phone": "手机", "email": "邮箱", "wechat": "微信",
    "city": "城市", "need": "需求", "kind": "类型", "budget": "预算", "next_at": "时间", "credit_code": "信用代码",
    "rivals": "竞品", "price": "价格", "deciders": "决策人",
}  # fmt: skip
_OF = {word: field for field, words in WORDS.items() for word in words}
_LABEL = "|".join(sorted((word for word in _OF if not word.isascii()), key=len, reverse=True))
_WRONG = r"(?:不对|错了|错啦|写错了?|搞错了?|弄错了?|有误|不是这个)"
# 没有电话, 城市去掉
_EMPTIES = late(
    rf"(?:^|(?<=[\s,，。;；、]))(?:(?:没有?|无|不要|删掉?|去掉|清空|删除)(?:写|留|填)?(?P<a>{_LABEL})"
    rf"|(?P<b>{_LABEL})[ :：]*(?:没有|无|不要了?|删掉|去掉|清空|删除|不用写))了?(?=$|[\s,，。;；、])"
)
_ONLY_WRONG = late(rf"(?P<label>{_LABEL})(?:也|都)?{_WRONG}")
# 电话错了，是138…; 把公司改成…; 客户公司应该是…
_BECOMES = late(
    rf"(?:^|(?<=[\s,，。;；、]))把?(?:客户的?|他的?|她的?)?(?P<label>{_LABEL})(?:{_WRONG}[\s,，、]*(?:应该|应当|其实)?(?:是|为|叫|改成|改为)?"
    r"|(?:应该|应当|其实)(?:是|为|叫)|(?:改|换)(?:成|为|到)?|叫)[\s:：]*(?=\S)"
)
_NOT_THIS = late(
    r"(?:^|[\s,，。;；])不是(?P<old>[^,，。;；\s]{1,30}?)[\s,，]*(?:而?是|应该是|叫)(?P<new>[^,，。;；]{1,40})"
)
_INSTEAD = late(
    r"^把?(?P<old>[^,，。;；\s]{1,30}?)(?:改成|改为|换成|应该是|应该叫)(?P<new>[^,，。;；]{1,40})$"
)
_HOW_MANY = late(r"^(?:数量|要|改成|一共|总共)(?:是|改成|改为|要)?[\s:：]*")
_CALLED = late(r"^(?:他|她|客户|对方|应该|其实)*(?:姓名)?(?:是|叫|叫做)?(?=[一-龥])")
_PLEASE = late(r"[\s.。!！~吧哈呢了]+$")
_ENOUGH = late(r"(?:算了|(?:先)?不(?:用)?改了?|取消|没事了?|对的?|没错|是对的|就这样|不变)[吧了哈。.!！]*")
# L-1024 电话改成…, C-0311 的公司是…, L-1024：不是王总，是黄总
_ADDRESSED = late(
    rf"(?P<id>#?\s*[LClc]\s*[-‐-―_−－]?\s*\d{{1,9}})(?:\s*的\s*|[\s:：,，]+)(?P<line>(?:把|改|不是|没有|(?:{_LABEL}))[^\n]+)"
)
_FOR_WORDS = "可以这样写：电话 13900001111 公司 宁波某某有限公司 姓名 陈立"
LINE = 200  # characters of a correction; what is longer is a chat
NAMED = ("name", "company", "title", "city", "phone", "wechat", "email", "need", "kind", "rivals", "deciders")


def lets_it_be(line: str) -> bool:
    """算了, 不改了, 对的: the draft is to stay as it is."""
    return _ENOUGH.fullmatch(line.strip()) is not None


def addressed(text: str) -> tuple[str, str] | None:
    """ "L-1024 电话改成 139…" → ("L-1024", "电话改成 139…"): a line of correction for what is saved already; else None."""
    found = _ADDRESSED.fullmatch(text.strip()) if len(text) <= LINE else None
    return (found["id"], found["line"]) if found and parse_id(found["id"]) else None


def given(line: str, held: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Field → its new value in the writer's words, "" where it is to be emptied; {} when nothing is understood.

    `held`: what the draft says now. Raises Refused with how to say it, when the field is clear and the value is not.
    """
    line = line.strip()
    found = {_OF[match["a"] or match["b"]]: "" for match in _EMPTIES.finditer(line)}
    rest = _EMPTIES.sub(" ", line).strip(" ,，。;；、")
    bare = _ONLY_WRONG.fullmatch(rest)
    if bare is not None:
        label = bare["label"]
        raise Refused(f"{label}应该是什么？请这样写：{label} 正确的内容；没有就写：没有{label}")
    this = _NOT_THIS.search(rest) or _INSTEAD.match(rest)
    if this is not None and this["old"] not in _OF:
        found |= _exchanged(this["old"], _PLEASE.sub("", this["new"]), held)
        rest = f"{rest[: this.start()]} {rest[this.end() :]}".strip(" ,，。;；、")
    rest = _BECOMES.sub(lambda match: f"{match['label']} ", rest)
    return {**found, **(fields(rest) or _bare(rest, held, now))} if rest else found


def _exchanged(old: str, new: str, held: Mapping[str, str]) -> dict[str, str]:
    """不是王总，是黄总: the field that says the one says the other. Raises Refused when none does."""
    for field in NAMED:
        value = held.get(field, "")
        if value and (old == value or (len(old) >= 2 and old in value)):
            return {field: value.replace(old, new) if field == "need" else new}
    if name_shape.surname_of(old) and name_shape.surname_of(old) == name_shape.surname_of(
        held.get("name", "")
    ):
        return {"name": new}
    raise Refused(f"这里没有写着「{old}」的一项。{_FOR_WORDS}")


def _bare(line: str, held: Mapping[str, str], now: datetime) -> dict[str, str]:
    """A bare number, address, company, person, town, quantity or time says by itself what it is."""
    reading = scan(line, now)
    found = {
        "phone": next((hit.value for hit in reading.phones), ""),
        "email": next((hit.value for hit in reading.emails), ""),
        "company": next((hit.value for hit in reading.companies), ""),
        "next_at": line if reading.whens else "",
        "name": next((hit.value for hit in reading.names), ""),
    }
    told = {field: value for field, value in found.items() if value}
    if told and set(told) != {"name"}:
        return told
    called = _PLEASE.sub("", _CALLED.sub("", line))
    if name_shape.is_name(called, sure=True):
        return {"name": called}
    if told:
        return told if len(line) <= len(told["name"]) + 6 else {}
    if len(line) <= 6 and reading.cities:
        return {"city": reading.cities[0].value}
    return _wanted(line, held)


def _wanted(line: str, held: Mapping[str, str]) -> dict[str, str]:
    """要三台, 数量5台: how many of what the draft knows; else what is wanted."""
    amount = wants.AMOUNT.fullmatch(_PLEASE.sub("", _HOW_MANY.sub("", line)))
    if amount is not None:
        return {"need": counted(held.get("need", ""), amount[0])}
    return {"need": line} if re.match(r"(?:想?要|需要|想买)[^\s]{2,}", line) else {}


def counted(need: str, amount: str) -> str:
    """The need with another quantity."""
    if not wants.AMOUNT.search(need):
        return f"{need}，{amount}" if need else amount
    return wants.AMOUNT.sub(amount, need, count=1)


def step(value: str, now: datetime) -> tuple[datetime, str]:
    """When a person says the next step is, and what it is. Raises Refused."""
    said = read_next(value, now)
    if said.at is None:
        raise Refused("没看懂时间，可以写：明天上午10点、下周三、3天后。")
    return said.at, said.action or value
