"""Leave: who is away, who stands in. A delegate sees and acts, and owns nothing (product R14; C.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.errors import Refused

ASKED, ON, ENDED = "asked", "on", "ended"
HOPS = 3
"""A stand-in who is away too passes on to theirs, so often at most."""


@dataclass(frozen=True)
class Leave:
    """Away from `start` until `until` (UTC, not included); `delegate` "" means nobody stands in."""

    id: int
    member: str
    start: datetime
    until: datetime
    delegate: str = ""
    state: str = ASKED
    by: str = ""

    def covers(self, now: datetime) -> bool:
        """Whether the member is away now."""
        return self.state == ON and self.start <= now < self.until


def check(first: date, last: date, today: date, longest: timedelta, member: str, delegate: str) -> None:
    """Raises Refused for a leave that cannot be meant."""
    if last < first:
        raise Refused("结束的日子在开始之前，请重新写")
    if last < today:
        raise Refused("这段日子已经过去了")
    if last - first + timedelta(days=1) > longest:
        raise Refused(f"一次最多休 {longest.days} 天")
    if member == delegate:
        raise Refused("代班的人不能是本人")


def stand_in(member: str, away: Mapping[str, Leave]) -> str:
    """Who hears what would be said to `member` now: the stand-in, theirs when they are away too; the member
    themselves when in the end nobody is there."""
    who = member
    for _ in range(HOPS):
        leave = away.get(who)
        if leave is None:
            return who
        if not leave.delegate or leave.delegate == member:
            return member
        who = leave.delegate
    return member if who in away else who
