"""What the bot learns from a corrected draft, and when it may use it: never on one rep's word alone. (B05)"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

SHORTEST, LONGEST = 2, 30  # characters of a word that can be learned


class Kind(StrEnum):
    """What a word is."""

    COMPANY = "company"  # `meant` is the full name of the company that `said` stands for
    NAME = "name"
    NOT_NAME = "not_name"
    TITLE = "title"
    NEED = "need"  # `meant` is the keyword on the card
    RIVAL = "rival"  # `meant` is the name of the competitor that `said` stands for


LABELS = {
    Kind.COMPANY: "公司简称",
    Kind.NAME: "姓名",
    Kind.NOT_NAME: "不是姓名",
    Kind.TITLE: "职务",
    Kind.NEED: "需求词",
    Kind.RIVAL: "竞品",
}


class Stage(StrEnum):
    """How far a word has come: heard from a rep, taken by an admin, or withdrawn."""

    HEARD = "heard"
    TAKEN = "taken"
    OFF = "off"


@dataclass(frozen=True)
class Word:
    """A word as customers write it, and what it stands for (itself, where it stands for nothing else)."""

    kind: Kind
    said: str
    meant: str


@dataclass(frozen=True)
class Heard:
    """One person's word. `id` is its number in /词库."""

    id: int
    word: Word
    member: str
    stage: Stage = Stage.HEARD


@dataclass(frozen=True)
class Entry:
    """All that was heard of one word: its number, by whom, and whether it is in use now."""

    id: int
    word: Word
    members: tuple[str, ...]
    stage: Stage
    used: bool


def lessons(field: str, before: str, after: str, text: str, core: str = "") -> tuple[Word, ...]:
    """What a correction of `field` from `before` to `after` teaches about the text it was read from; () when nothing.

    A value that does not stand in the text was known from elsewhere and teaches nothing, but for a company: there the
    word that was read, or the beginning of the company's `core` that the text holds, becomes an alias of the full name.
    """
    before, after = before.strip(), after.strip()
    if not after or before == after:
        return ()
    said = after in text
    found: list[Word] = []
    match field:
        case "company" if before and before in text and not said and _related(before, after):
            found.append(Word(Kind.COMPANY, before, after))
        case "company" if not said and not before and (short := _beginning(core, text)):
            found.append(Word(Kind.COMPANY, short, after))
        case "company" if said:
            found.append(Word(Kind.COMPANY, after, after))
        case "name" if said:
            found.append(Word(Kind.NAME, after, after))
            if before and before in text and before not in after and after not in before:
                found.append(Word(Kind.NOT_NAME, before, before))
        case "title" if said:
            found.append(Word(Kind.TITLE, after, after))
        case "rivals":
            found += [
                Word(Kind.RIVAL, one, one) for one in after.split("、") if one in text and one not in before
            ]
        case "need" if said and len(after) <= 12:
            found.append(Word(Kind.NEED, after, after))
    return tuple(word for word in found if learnable(word))


def learnable(word: Word) -> bool:
    """May this be learned at all? Only words: a number, an address or half a sentence would be found everywhere."""
    return (
        SHORTEST <= len(word.said) <= LONGEST
        and SHORTEST <= len(word.meant) <= 2 * LONGEST
        and re.search(r"\d{3}|[@\n，。；！？,;!?]", word.said + word.meant) is None
        and re.search(r"[一-龥A-Za-z]{2}", word.said) is not None
    )


def _beginning(core: str, text: str) -> str:
    """The longest beginning of a company's core name that stands in the text (鼎捷 of 鼎捷激光装备); "" for none."""
    return next((core[:end] for end in range(len(core), SHORTEST - 1, -1) if core[:end] in text), "")


def _related(short: str, full: str) -> bool:
    """Do the letters of an alias come in the same order in the full name (恒力 in 宁波恒力液压有限公司)?"""
    rest = iter(full)
    return all(char in rest for char in short)


def entries(heard: Sequence[Heard], agree: int) -> tuple[Entry, ...]:
    """What was heard, word by word, in the order it was first heard.

    A word is in use when an admin took it, or when `agree` members said it and no other meaning of it has as many.
    Withdrawn, it stays out whoever repeats it, until an admin takes it again.
    """
    groups: dict[Word, list[Heard]] = {}
    for one in heard:
        groups.setdefault(one.word, []).append(one)
    votes = {word: len({one.member for one in said}) for word, said in groups.items()}
    meant: dict[tuple[Kind, str], list[Word]] = {}
    for word, said in groups.items():
        if _stage(said) is not Stage.OFF:
            meant.setdefault((word.kind, word.said), []).append(word)
    found = []
    for word, said in groups.items():
        stage = _stage(said)
        rivals = [other for other in meant.get((word.kind, word.said), ()) if other != word]
        won = votes[word] >= agree and all(votes[other] < votes[word] for other in rivals)
        taken_elsewhere = any(_stage(groups[other]) is Stage.TAKEN for other in rivals)
        used = stage is Stage.TAKEN or (stage is Stage.HEARD and won and not taken_elsewhere)
        members = tuple(dict.fromkeys(one.member for one in said))
        found.append(Entry(min(one.id for one in said), word, members, stage, used))
    return tuple(found)


def _stage(said: Iterable[Heard]) -> Stage:
    stages = {one.stage for one in said}
    return next((stage for stage in (Stage.OFF, Stage.TAKEN) if stage in stages), Stage.HEARD)
