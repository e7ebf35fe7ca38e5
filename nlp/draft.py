"""A draft of a lead from a pasted or forwarded text, its correction in one line, and the same as JSON."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from nlp import (
    bargains,
    chat,
    choose,
    contact,
    corrected,
    deciders,
    emails,
    employer,
    intent,
    keywords,
    money,
    phones,
    rivals,
    strangers,
    wants,
)
from nlp.evidence import Found
from nlp.keywords import Hit
from nlp.next_step import moment
from nlp.reading import LONGEST, Reading, scan
from nlp.times import When
from nlp.vocabulary import Vocabulary
from rules import credit_code
from rules.errors import Refused

UNSURE = 0.7  # below this a person is asked


@dataclass(frozen=True, slots=True)
class Draft:
    """What a text says about a lead; "" where it says nothing.

    `rivals` are the competitors that the customer named, `deciders` who decides, several with 、 between; `price` is 敏感
    or 不敏感. `next_at` is naive wall clock of the business zone, `budget` yuan. `evidence` holds the hit behind each field,
    `questions` Chinese sentences about what a person should look at.
    """

    name: str = ""
    company: str = ""
    title: str = ""
    phone: str = ""
    email: str = ""
    wechat: str = ""
    city: str = ""
    credit_code: str = ""
    need: str = ""
    keywords: tuple[str, ...] = ()
    kind: str = ""
    next_text: str = ""
    next_at: datetime | None = None
    budget: float | None = None
    rivals: str = ""
    price: str = ""
    deciders: str = ""
    commitments: tuple[str, ...] = ()
    intent: str = ""
    noise: bool = False
    evidence: tuple[Found, ...] = ()
    turns: tuple[chat.Turn, ...] = ()
    questions: tuple[str, ...] = ()


def read(
    text: str,
    now: datetime,
    *,
    known_companies: Sequence[str] = (),
    own_names: frozenset[str] = frozenset(),
    vocabulary: Vocabulary | None = None,
) -> Draft:
    """The draft of a lead (B05). `now`: naive wall clock; `own_names`: our people, never taken as the customer;
    `vocabulary`: the installation's words (the built-in ones alone without it)."""
    reading = scan(text, now, tuple(known_companies), vocabulary)
    ours = choose.our_turns(reading, own_names)
    weighed = rivals.find(reading, ours, vocabulary.rivals if vocabulary is not None else ())
    reading = rivals.without(reading, weighed)
    minds, decide = bargains.find(reading, ours), deciders.find(reading, ours)
    phone = choose.phone(reading, ours)
    name = contact.name(reading, own_names, ours, phone)
    company = employer.company(reading, ours)
    email, wechat = choose.best(reading.emails, ours), choose.best(reading.wechats, ours)
    title, city = contact.title(reading, name), choose.best(reading.cities, ours) or employer.home(company)
    need = choose.need(reading, ours) or _own_need(reading)
    budget = choose.budget(reading)
    when = choose.next_time(reading, now)
    if title is not None and any(
        one.start <= title.start and title.end <= one.end and one.value == title.value for one in decide
    ):
        title = None  # 得生产总监定: said of somebody else
    chosen = (name, company, title, phone, email, wechat, city, need, budget)
    return Draft(
        name=_value(name),
        company=_value(company),
        title=_value(title),
        phone=_value(phone),
        email=_value(email),
        wechat=_value(wechat),
        city=_value(city),
        credit_code=credit_code.find(text[:LONGEST]),
        need=_value(need),
        keywords=tuple(found.value for found in reading.keywords),
        kind=keywords.kind(_theirs(reading, ours)),
        next_text=choose.clause(reading, when) if when is not None else "",
        next_at=moment(when, now) if when is not None else None,
        budget=money.yuan(budget) if budget is not None else None,
        rivals="、".join(found.value for found in weighed),
        price=_value(minds),
        deciders="、".join(found.value for found in decide),
        commitments=tuple(found.value for found in reading.commitments),
        intent=intent.of(reading.hits),
        noise=reading.noise,
        evidence=(*_evidence(chosen, reading, when), *weighed, *((minds,) if minds else ()), *decide),
        turns=reading.turns,
        questions=tuple(_questions(reading, name, company, phone, when, ours)),
    )


def has_lead(text: str) -> bool:
    """Is there a phone number, an e-mail address or a chat log in it? Then a plain message becomes a draft."""
    text = text[:LONGEST]
    return bool(phones.find(text) or emails.find(text) or chat.split(text))


NOT_UNDERSTOOD = (
    "没看懂要改什么。可以这样回复：电话 13900001111 公司 宁波某某有限公司 姓名 陈立；"
    "也可以写：不是王总，是黄总；没有电话；预算 30万；不改了就回「算了」。"
)


def correct(draft: Draft, line: str, now: datetime, otherwise: str = NOT_UNDERSTOOD) -> Draft:
    """The draft with the fields of one line replaced: "电话 139… 公司 …", "不是王总，是黄总", "没有电话", "数量5台".

    A line without any label is read for a phone, a mail, a company, a person, a town, a quantity or a time. Raises Refused when
    nothing is understood (`otherwise` says how to write it), or when a phone, a mail or a time is named and is none.
    """
    held = {field: str(getattr(draft, field) or "") for field in corrected.FIELDS}
    given = corrected.given(line, held, now)
    if not given:
        raise Refused(otherwise)
    return put(draft, given, now)


def put(draft: Draft, given: Mapping[str, str], now: datetime) -> Draft:
    """The draft with these fields replaced by what a person wrote in each, "" to empty it. Raises Refused."""
    for field, value in given.items():
        draft = _corrected(draft, field, value, now) if value else _emptied(draft, field)
    return draft


def as_dict(text: str, now: str | datetime, vocabulary: Vocabulary | None = None) -> dict[str, Any]:
    """Everything found in a text as plain JSON values. In `times`, `start` repeats `due` when only a deadline is known."""
    clock = datetime.fromisoformat(now) if isinstance(now, str) else now
    reading = scan(text, clock if clock.tzinfo is None else clock.replace(tzinfo=None), (), vocabulary)
    names = _values(reading.names) if reading.names else []
    if reading.turns:
        name = contact.speaker(reading, frozenset())
        talkers = [name.value] if name is not None else []
        talkers += contact.speakers(reading)
        names += [talker for talker in dict.fromkeys(talkers) if talker not in names]
    return {
        "names": names,
        "companies": _values(reading.companies) if reading.companies else [],
        "titles": _values(reading.titles) if reading.titles else [],
        "cities": _values(reading.cities) if reading.cities else [],
        "phones": _values(reading.phones) if reading.phones else [],
        "emails": _values(reading.emails) if reading.emails else [],
        "wechats": _values(reading.wechats) if reading.wechats else [],
        "money": list(dict.fromkeys(map(money.yuan, reading.money))) if reading.money else [],
        "noise": reading.noise,
        "intent": intent.of(reading.hits) if reading.hits else "",
        "keywords": _values(reading.keywords) if reading.keywords else [],
        "times": [_time(when) for when in reading.whens],
        "commitments": _values(reading.commitments) if reading.commitments else [],
        "turns": [{"speaker": turn.speaker, "text": turn.text} for turn in reading.turns],
        "evidence": [_hit(found) for found in _all(reading)],
    }


def _theirs(reading: Reading, ours: list[tuple[int, int]]) -> tuple[Hit, ...]:
    """The needs that the customer named; those that we named, where the customer named none."""
    said = tuple(
        hit
        for hit in reading.hits
        if not any(start <= reading.rest.place(hit.start, hit.end)[0] < end for start, end in ours)
    )
    return said or reading.hits


def _own_need(reading: Reading) -> Found | None:
    """A word that the installation itself calls a need is what is wanted, where nothing else says."""
    hit = next((hit for hit in reading.hits if hit.need.own and not hit.denied), None)
    return reading.rest.found("need", hit.start, hit.end, 0.75, "own word") if hit is not None else None


# Putting it into words


_START = attrgetter("start")


def _value(found: Found | None) -> str:
    return found.value if found is not None else ""


def _values(found: Sequence[Found]) -> list[str]:
    return list(dict.fromkeys([hit.value for hit in found])) if len(found) > 1 else [found[0].value]


def _all(reading: Reading) -> list[Found]:
    hits = [
        *reading.names, *reading.companies, *reading.titles, *reading.cities, *reading.phones, *reading.emails,
        *reading.wechats, *reading.money, *reading.keywords, *reading.commitments,
    ]  # fmt: skip
    if len(hits) > 1:
        hits.sort(key=_START)
    return hits


def _evidence(chosen: tuple[Found | None, ...], reading: Reading, when: When | None) -> tuple[Found, ...]:
    """The hit behind each field, under the field's own name, then the other hits of the text."""
    names = ("name", "company", "title", "phone", "email", "wechat", "city", "need", "budget")
    behind = [
        Found(field, hit.value, hit.text, hit.start, hit.end, hit.confidence, hit.rule)
        for field, hit in zip(names, chosen, strict=True)
        if hit is not None
    ]
    if when is not None:
        value = moment_text(when)
        behind.append(
            Found(
                "next_at", value, when.text, when.at, when.upto, 0.6 if when.approximate else 0.9, when.grain
            )
        )
    return (*behind, *reading.commitments)


def moment_text(when: When) -> str:
    """The time as ISO, to the minute."""
    return when.first.isoformat(timespec="minutes") if when.first is not None else ""


def _questions(
    reading: Reading,
    name: Found | None,
    company: Found | None,
    phone: Found | None,
    when: When | None,
    ours: list[tuple[int, int]],
) -> Iterable[str]:
    if stranger := strangers.question(reading.text):
        yield stranger
    if name is not None and name.confidence < UNSURE:
        yield f"姓名「{name.value}」对吗？"
    if company is not None and company.confidence < UNSURE:
        yield f"公司「{company.value}」对吗？"
    theirs = choose.not_ours(reading, ours)
    mobiles = {hit.value for hit in theirs if hit.rule == "mobile"}
    if len(mobiles) > 1 and phone is not None:
        yield f"识别到 {len(mobiles)} 个手机号，先取 {phones.mask(phone.value)}，对吗？"
    if phone is not None and any(start <= phone.start < end for start, end in ours):
        yield "这个电话是我方发的消息里的，是客户的吗？"
    if when is not None and when.approximate and when.first is not None:
        yield f"「{when.text}」先记为 {when.first.month}月{when.first.day}日，对吗？"


def _time(when: When) -> dict[str, Any]:
    first = when.first
    return {
        "text": when.text,
        "start": first.isoformat() if first is not None else None,
        "end": when.end.isoformat() if when.end is not None else None,
        "due": when.due.isoformat() if when.due is not None else None,
        "grain": when.grain,
    }


def _hit(found: Found) -> dict[str, Any]:
    return {
        "field": found.field,
        "value": found.value,
        "text": found.text,
        "start": found.start,
        "end": found.end,
        "confidence": found.confidence,
        "rule": found.rule,
    }


# Corrections


def _emptied(draft: Draft, field: str) -> Draft:
    """One field without a value."""
    nothing: dict[str, Any] = {field: None if field in ("budget", "next_at") else ""}
    if field == "next_at":
        nothing["next_text"] = ""
    return replace(draft, **nothing, evidence=tuple(hit for hit in draft.evidence if hit.field != field))


def _corrected(draft: Draft, field: str, value: str, now: datetime) -> Draft:
    """One field replaced, with the person's word as the evidence. The fields of `labels.WORDS` are those of a draft."""
    changed: dict[str, Any] = {}
    match field:
        case "phone":
            value = _one(phones.find(value), "没认出电话，请写 11 位手机号，或带区号的座机。")
        case "email":
            value = _one(emails.find(value), "邮箱看起来不对，请检查后再发一次。")
        case "credit_code":
            value = credit_code.read(value)
            if not value:
                raise Refused("统一社会信用代码是 18 位，最后一位是校验码，请核对后再发一次。")
        case "next_at":
            step = corrected.step(value, now)
            changed = {"next_at": step[0], "next_text": step[1]}
        case "need":
            changed = {"need": value, "keywords": _keywords(draft, value)}
        case "price":
            value = bargains.word(value)
        case "rivals" | "deciders":
            value = "、".join(one for one in re.split(r"[\s,，、;；和跟]+", value) if one)
        case "budget":
            sums = money.find(f"预算{value}")
            if not sums:
                raise Refused("没看懂预算，可以写：预算 20万。")
            changed = {"budget": money.yuan(sums[-1])}
    kept = tuple(hit for hit in draft.evidence if hit.field != field)
    said = Found(field, value, value, -1, -1, 1.0, "corrected")
    return replace(draft, **(changed or {field: value}), evidence=(*kept, said))


def _keywords(draft: Draft, need: str) -> tuple[str, ...]:
    """The keywords of the text and those of a new need; the quantities of the old one are gone."""
    kept = (word for word in draft.keywords if not wants.AMOUNT.fullmatch(word))
    return tuple(dict.fromkeys((*kept, *(found.value for found in keywords.find(need)))))


def _one(found: Sequence[Found], otherwise: str) -> str:
    if not found:
        raise Refused(otherwise)
    return found[0].value
