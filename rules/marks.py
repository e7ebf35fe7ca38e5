"""What customers let us know beside what they want: competitors, whether the price decides, who decides. (B60)"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum


class Sort(StrEnum):
    """What a mark says."""

    RIVAL = "rival"
    PRICE = "price"
    DECIDER = "decider"


TITLES = {Sort.RIVAL: "提过竞品", Sort.PRICE: "价格", Sort.DECIDER: "决策人"}


@dataclass(frozen=True)
class Mark:
    """One thing that a chat said, when it was taken down, and the words it rests on ("" for a colleague's own word). `gone`:
    a colleague says that it is not so any more."""

    sort: Sort
    value: str
    at: datetime
    words: str = ""
    gone: bool = False


def standing(marks: Iterable[Mark]) -> dict[Sort, tuple[Mark, ...]]:
    """What holds now, newest first: every competitor once, of the price and who decides what was taken down last."""
    newest = sorted(marks, key=lambda one: one.at, reverse=True)
    found: dict[Sort, tuple[Mark, ...]] = {}
    for sort in Sort:
        of_sort = {one.value: one for one in reversed(newest) if one.sort is sort}
        ordered = sorted(of_sort.values(), key=lambda one: one.at, reverse=True)
        if sort is not Sort.RIVAL:
            ordered = [one for one in ordered if one.at == ordered[0].at]
        ordered = [one for one in ordered if not one.gone]
        if ordered:
            found[sort] = tuple(ordered)
    return found


def put_right(marks: Iterable[Mark], sort: Sort, text: str, now: datetime) -> list[Mark]:
    """What to write down so that of this sort `text` holds ("科瑞、海天", "" for nothing): what is new, and what is gone."""
    held = [one.value for one in standing(marks).get(sort, ())]
    meant = list(dict.fromkeys(value for value in text.split("、") if value))
    if sort is not Sort.RIVAL and meant:  # the last word on it is the whole of it
        return [Mark(sort, value, now) for value in meant] if meant != held else []
    new = [Mark(sort, value, now) for value in meant if value not in held]
    return new + [Mark(sort, value, now, gone=True) for value in held if value not in meant]


def values(marks: Iterable[Mark]) -> dict[Sort, str]:
    """The same as words alone: "科瑞、海天"."""
    return {sort: "、".join(one.value for one in held) for sort, held in standing(marks).items()}


def told(marks: Iterable[Mark], now: datetime, zone: tzinfo) -> str:
    """ "提过竞品 科瑞（11-12）、海天（10-30） · 价格 敏感（11-12） · 决策人 刘总（11-12）", "" for nothing."""
    return " · ".join(
        f"{TITLES[sort]} " + "、".join(f"{one.value}（{_day(one.at, now, zone)}）" for one in held)
        for sort, held in standing(marks).items()
    )


def _day(at: datetime, now: datetime, zone: tzinfo) -> str:
    here, today = at.astimezone(zone), now.astimezone(zone)
    return f"{here:%m-%d}" if here.year == today.year else f"{here:%Y-%m-%d}"
