"""One pass over a text: every kind of hit, each seen after what is surer than it has been taken out."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from nlp import (
    affiliations,
    chat,
    commitments,
    companies,
    emails,
    keywords,
    model,
    money,
    noise,
    people,
    phones,
    places,
    times,
    titles,
    told,
    wechats,
)
from nlp.chat import Turn
from nlp.evidence import Found, Taken
from nlp.keywords import Hit
from nlp.late import late
from nlp.name_patterns import COMPANY_BLANK, TITLE_BLANK
from nlp.plain import Plain, plain
from nlp.times import When
from nlp.vocabulary import Vocabulary, built_in

LONGEST = 60_000  # characters; what follows in a longer paste is not read

_COMMAND = late(r"^\s*(?:同步(?:至|到)\s?crm|存草稿|新线索)\s?[:,]?", re.I)
_COMMANDS = frozenset("同存新")
_LINK = late(r"(?i:https?://|www\.)[^\s一-龥]{3,500}")


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Reading:
    """All that was found in one text, by kind, in the order of the text."""

    text: str
    turns: tuple[Turn, ...]
    noise: bool
    phones: tuple[Found, ...]
    emails: tuple[Found, ...]
    wechats: tuple[Found, ...]
    whens: tuple[When, ...]
    money: tuple[Found, ...]
    companies: tuple[Found, ...]
    titles: tuple[Found, ...]
    names: tuple[Found, ...]
    cities: tuple[Found, ...]
    keywords: tuple[Found, ...]
    hits: tuple[Hit, ...]
    rest: Plain  # without contacts, times, sums, companies and titles: what is asked for is looked for in it
    commitments: tuple[Found, ...]


def scan(
    text: str, now: datetime, known: tuple[str, ...] = (), vocabulary: Vocabulary | None = None
) -> Reading:
    """Read a text once. `now`: naive wall clock of the business zone; in a chat log each message's own stamp is its clock."""
    vocabulary = vocabulary or built_in()
    text = text[:LONGEST]
    whole = plain(text)
    turns = chat.split(whole, now)
    words = _body(whole, turns)
    mails = emails.find(words)
    rest = words.without_found(mails) if mails else words
    numbers = phones.find(rest)
    ids = wechats.find(rest, numbers)
    if numbers or ids:
        rest = rest.without_found((*numbers, *(found for found in ids if found.rule == "spelt")))
    whens = _times(rest, turns, now)
    promised = commitments.find(rest, whens, now)
    if whens:
        rest = rest.without([rest.here(when.at, when.upto) for when in whens])
    sums = money.find(rest)
    towns = places.regions(rest.text)
    firms = companies.with_brands(rest, known, vocabulary.companies, towns)
    unnamed = rest.without_found(sums) if sums else rest
    if firms:
        unnamed = unnamed.without_found(firms, COMPANY_BLANK)
        firms = tuple([firm for firm in firms if firm.rule != "goods"])
    if turns:
        firms = tuple(sorted((*affiliations.find(text, turns), *firms), key=attrgetter("start")))
    aliases = people.aliases(unnamed)
    jobs = titles.find(unnamed, vocabulary.titles)
    if jobs and aliases:
        called = Taken(len(text))
        for alias in aliases:
            called.take(alias.start, alias.end)
        jobs = tuple(job for job in jobs if called.is_free(job.start, job.end))
    spoken = tuple(told.of_office(unnamed, jobs)) if jobs else ()
    if spoken:
        firms = tuple(sorted((*firms, *spoken), key=attrgetter("start")))
        unnamed = unnamed.without_found(spoken, COMPANY_BLANK)
    untitled = unnamed.without_found(jobs, TITLE_BLANK) if jobs else unnamed
    hits = keywords.hits(
        untitled.text, vocabulary
    )  # 采购经理 wants to buy nothing, 驰远物流 asks for no freight
    contact = bool(numbers or mails or firms) or "手机" in text or "电话" in text
    names = people.find(
        untitled,
        contact=contact,
        names=vocabulary.names,
        not_names=vocabulary.not_names,
        called=aliases if untitled is unnamed else None,
    )
    if firms and model.used() is not None:
        firms, names = _parted(firms, names)
    return Reading(
        text=text,
        turns=turns,
        noise=not (turns or numbers or mails or ids or sums or (firms and "群" not in text))
        and noise.is_noise(whole),
        phones=numbers,
        emails=mails,
        wechats=ids,
        whens=whens,
        money=sums,
        companies=firms,
        titles=jobs,
        names=names,
        cities=places.find(_with_institutions(rest, unnamed, firms)) if towns else (),
        keywords=keywords.find(untitled, vocabulary, hits),
        hits=hits,
        rest=untitled,
        commitments=promised,
    )


def _parted(
    firms: tuple[Found, ...], names: tuple[Found, ...]
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """What the model calls a person is no firm where the firm was only named in passing, and no person else."""
    told = {(name.start, name.end) for name in names if name.rule == "model"}
    kept = tuple(firm for firm in firms if firm.rule != "passing" or (firm.start, firm.end) not in told)
    sure = {(firm.start, firm.end) for firm in kept}
    return kept, tuple(name for name in names if (name.start, name.end) not in sure)


def _with_institutions(rest: Plain, unnamed: Plain, firms: tuple[Found, ...]) -> Plain:
    """A hospital or an office stands where its name says; a firm called after a town may be anywhere."""
    if not any(firm.rule == "institution" for firm in firms):
        return unnamed
    return rest.without_found([firm for firm in firms if firm.rule != "institution"], COMPANY_BLANK)


def _body(words: Plain, turns: tuple[Turn, ...]) -> Plain:
    """The text without headers, commands to the bot and links."""
    if turns:
        words = words.without([words.here(*span) for span in chat.headers(turns)], "\n")
    begins = words.text.lstrip()[:1] in _COMMANDS
    command = _COMMAND.match(words.text) if begins else None
    if command is not None:
        words = words.without([command.span()], "\n")
    if "://" in words.text or "www." in words.text:
        words = words.without([match.span() for match in _LINK.finditer(words.text)])
    return words


def _times(words: Plain, turns: tuple[Turn, ...], now: datetime) -> tuple[When, ...]:
    """The times of each message seen from its own stamp."""
    if not turns or not any(turn.at is not None and turn.at.date() != now.date() for turn in turns):
        return times.find(words, now)
    found: list[When] = []
    for turn in turns:
        if not turn.text:
            continue  # it stands behind all that is left, so nowhere
        start, end = words.here(turn.start, turn.end)
        part = Plain(words.text[start:end], turn.text, _shifted(words, start, end, turn.start))
        found += [
            replace(when, at=when.at + turn.start, upto=when.upto + turn.start)
            for when in times.find(part, turn.at or now)
        ]
    return tuple(found)


def _shifted(words: Plain, start: int, end: int, by: int) -> tuple[int, ...] | None:
    return tuple(place - by for place in words.at[start:end]) if words.at is not None else None
