"""When the machine has gone quiet: what each look means, and which of them is worth an alarm (B78-B86; product C.5, M11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Share:
    """Leads that came in during a stretch of time, and how many of them were given to somebody."""

    created: int
    assigned: int

    @property
    def rate(self) -> float:
        return self.assigned / self.created if self.created else 1.0


@dataclass(frozen=True)
class Limits:
    """What is suspicious: so many leads at least say something; below `drop` of the usual share is an alarm."""

    least: int = 5
    drop: float = 0.5
    sample: int = 20


def assigned(now: Share, usual: Share, limits: Limits) -> tuple[str, float]:
    """(state, usual share) of the assigned share against its own baseline (B78). Without a baseline of `sample` leads
    everything is expected to be assigned; below twice the allowed drop it is worth a look."""
    base = usual.rate if usual.created >= limits.sample else 1.0
    if now.created < limits.least or base == 0:
        return OK, base
    if now.rate < base * limits.drop:
        return FAIL, base
    return (WARN if now.rate < base * (1 + limits.drop) / 2 else OK), base


@dataclass(frozen=True)
class Load:
    """How the database's connections were used lately: `size` of them, the most in use at once, how often somebody
    waited for one (seconds: the longest), how often a row or the file was locked (and the longest)."""

    size: int
    peak: int = 0
    waits: int = 0
    longest: float = 0.0
    locks: int = 0
    lock_longest: float = 0.0


def pool_state(load: Load) -> str:
    """B84: somebody waited for a connection a second or more: too few; all in use: nearly."""
    if load.waits and load.longest >= 5:
        return FAIL
    if load.waits:
        return WARN
    return OK


def lock_state(load: Load, waiting: int, longest: float) -> str:
    """B82: `waiting` statements stand at a lock now, the longest for so many seconds."""
    if longest >= 5 or load.lock_longest >= 5:
        return FAIL
    return WARN if waiting or load.locks else OK


def disk_state(free: int, total: int, least: int) -> str:
    """Bytes free on the data's disk against the least that is wanted; a twentieth of the disk is a warning."""
    if free < least:
        return FAIL
    return WARN if free < 2 * least or free * 50 < total else OK


def not_boolean(found: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    """Columns that should hold yes or no → the distinct other values found in them, as text (B79)."""
    odd: dict[str, list[str]] = {}
    for column, values in found.items():
        wrong = sorted({str(one) or "空" for one in values if one not in (0, 1, True, False)})
        if wrong:
            odd[column] = wrong
    return odd


def ahead(seconds: Sequence[float], zone_hours: float) -> tuple[int, bool]:
    """Leads whose time lies in the future, by how many seconds each → (how many, whether that looks like local time
    written as UTC: they are about the zone's offset ahead) (B81)."""
    late = [one for one in seconds if one > 300]
    offset = zone_hours * 3600
    alike = bool(late) and all(0 < one <= offset + 300 for one in late)
    return len(late), alike and offset > 0


def worth_alarm(
    before: Mapping[str, int], failing: Sequence[str], *, times: int = 2
) -> tuple[dict[str, int], list[str]]:
    """Counts consecutive looks at which each check failed. Returns the counts and the names to alarm of now: a check
    that fails `times` in a row, so that one lost packet wakes nobody."""
    counts = {name: before.get(name, 0) + 1 for name in failing}
    return counts, [name for name, count in counts.items() if count >= times]


def recovered(backlog: int, left: int) -> int:
    """Per cent of a backlog that is worked off (B86)."""
    return 100 if not backlog else max(0, min(100, round(100 * (backlog - left) / backlog)))
