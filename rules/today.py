"""What a member has to do today, in the order to do it (product R10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rules.leads import Lead, Status


class What(StrEnum):
    """Kinds of things to do, in their order; the value is what a list calls them."""

    CHECKIN = "打卡没做完"
    TOUCH = "首触"
    OVERDUE = "过期"
    DUE = "到期"
    TASK = "任务"


ORDER = tuple(What)


@dataclass(frozen=True)
class Todo:
    """An open task."""

    id: int
    lead: int
    subject: str


@dataclass(frozen=True)
class Item:
    """One thing to do. `at`: until when, or when it was promised (UTC); `late`: that is over; `task` for tasks."""

    what: What
    lead: int
    text: str = ""
    at: datetime | None = None
    late: bool = False
    task: int = 0


def plan(
    leads: Sequence[Lead],
    marks: Mapping[int, Sequence[datetime | None]],
    tasks: Sequence[Todo],
    checkin: int,
    now: datetime,
    day_end: datetime,
) -> list[Item]:
    """Today's list: the unfinished check-in (its lead, 0: none), first touches by their mark, next steps that are
    overdue or due before `day_end`, tasks. A lead stands in it once, tasks apart.

    `marks`: the first-touch marks of a lead (target, last); the next one that is not over counts.
    """
    found: dict[int, Item] = {}
    if checkin:
        found[checkin] = Item(What.CHECKIN, checkin)
    for lead in leads:
        if not lead.open or lead.id in found:
            continue
        if lead.next_at is not None and lead.next_at < day_end:
            late = lead.next_at < now
            found[lead.id] = Item(
                What.OVERDUE if late else What.DUE, lead.id, lead.next_text, lead.next_at, late
            )
        elif lead.first_touch_at is None and lead.status is Status.NEW:
            ahead = [at for at in marks.get(lead.id, ()) if at is not None]
            at = next((one for one in ahead if one >= now), ahead[-1] if ahead else None)
            found[lead.id] = Item(What.TOUCH, lead.id, "", at, at is not None and at < now)
    items = [*found.values(), *(Item(What.TASK, one.lead, one.subject, task=one.id) for one in tasks)]
    latest = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(items, key=lambda one: (ORDER.index(one.what), one.at or latest, one.lead, one.task))


def place(items: Sequence[Item], at: int, last: int) -> int:
    """Where 下一件 goes on: `at` was its place when the card before was made, about lead `last`. A thing that was
    done meanwhile has left the list, so its place is the next one's."""
    if not 0 < at <= len(items):
        return at if at == 0 else len(items)
    return at if items[at - 1].lead == last else at - 1
