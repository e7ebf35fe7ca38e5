"""WeCom friends at a handover: who can be handed on to a colleague, and how far that has come. (C.4 7; WeCom pages 94096,
94100)"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """Where the handing-on of one friend stands."""

    KEPT = "kept"  # cannot be handed on, and was not tried
    WAITING = "waiting"  # the handover can still be taken back
    ASKED = "asked"  # on its way to the platform
    RUNNING = "running"  # the platform took it; the customer may refuse
    DONE = "done"
    REFUSED = "refused"  # by the customer
    FULL = "full"  # who takes over has no room for more
    FAILED = "failed"  # the platform did not take it
    UNKNOWN = "unknown"  # no word of it in all the time
    WITHDRAWN = "withdrawn"  # the handover was taken back before


OPEN = frozenset({Step.WAITING, Step.ASKED, Step.RUNNING})
LOST = frozenset({Step.KEPT, Step.REFUSED, Step.FULL, Step.FAILED, Step.UNKNOWN})
"""Who is not a friend of the new owner after it all."""


@dataclass(frozen=True)
class FriendRules:
    """What the platform allows: while the former owner is in service, each friend `most` times within `window`; of
    somebody who left, for `gone_for`."""

    most: int = 2
    window: timedelta = timedelta(days=90)
    gone_for: timedelta = timedelta(days=365)


def hindrance(
    rules: FriendRules, earlier: Sequence[datetime], left: bool, left_at: datetime | None, now: datetime
) -> str:
    """Why this friend cannot be handed on now, in Chinese; "" when nothing is against it. `earlier`: when they were
    handed on before by somebody in service; `left_at`: when the former owner left, where that is known."""
    if left:
        over = left_at is not None and now - left_at > rules.gone_for
        return f"离职超过 {rules.gone_for.days} 天" if over else ""
    lately = sum(now - at < rules.window for at in earlier)
    return f"{rules.window.days} 天内已转过 {lately} 次" if lately >= rules.most else ""


def chunks(ids: Iterable[str], size: int) -> list[list[str]]:
    """At most `size` in one call, in their order."""
    every = list(ids)
    return [every[at : at + size] for at in range(0, len(every), size)]


def tally(steps: Mapping[str, Step]) -> dict[Step, int]:
    """How many friends stand at which step; none of those that were withdrawn."""
    found = dict.fromkeys(Step, 0)
    for step in steps.values():
        found[step] += 1
    del found[Step.WITHDRAWN]
    return found
