"""Who gets a lead, and why: region, trade, today's load; whoever is not there or full is left out (B11, B13)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rules.team import Member, Role

REGION, TAG = 2.0, 1.0
"""What a fitting sales region and a fitting trade tag weigh; the day's load decides among equals."""


@dataclass(frozen=True)
class Ask:
    """What a lead brings along for the choice: its places (city, province) and words (trade, kind, need)."""

    places: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A rep and what speaks for them. `out`: why they cannot have it ("" when they can)."""

    member: Member
    score: float
    today: int
    fits: tuple[str, ...] = ()
    out: str = ""

    @property
    def why(self) -> str:
        """The R1 line, as it will be true after the choice: "浙江 / 汽配 / 今日第 3 条"."""
        return " / ".join((*self.fits, f"今日第 {self.today + 1} 条"))

    @property
    def line(self) -> str:
        """The M2 line: "李倩：浙江/汽配，今日 2 条，在岗" or "孙浩：今日 5 条（到上限）"."""
        if self.out == FULL:
            return f"{self.member.name}：今日 {self.today} 条（{FULL}）"
        fits = "/".join(self.fits) + "，" if self.fits else ""
        return f"{self.member.name}：{fits}今日 {self.today} 条，{self.out or '在岗'}"


FULL, AWAY, NOT_IN_GROUP, HAS_IT = "到上限", "不在岗", "不在线索分配组", "已是负责人"
BUSY = "还有未完成的打卡"
"""Goes behind everybody who is free, but before nobody at all."""


def candidates(
    members: Sequence[Member],
    ask: Ask,
    today: Mapping[str, int],
    *,
    cap: int,
    open_leads: Mapping[str, int] | None = None,
    leave_out: str = "",
    busy: Collection[str] = (),
) -> list[Candidate]:
    """All reps, the best first and those who cannot have it last, each with reasons.

    `today` counts what each got today, `cap` is the most a day, `leave_out` the member who has the lead now, `busy`
    those with an open check-in: between those who are free and those who cannot (A.3).
    Among equal fits the one with fewer leads today, then with fewer open leads, goes first, so that nobody
    collects everything (A.2 #8).
    """
    load = open_leads or {}

    def weighed(member: Member) -> Candidate:
        count = today.get(member.id, 0)
        return _weigh(member, ask, count, _out(member, count, cap, leave_out, busy))

    found = [weighed(member) for member in members if _sells(member)]
    return sorted(found, key=lambda c: (_last(c), -c.score, c.today, load.get(c.member.id, 0), c.member.id))


def _last(candidate: Candidate) -> int:
    return {"": 0, BUSY: 1}.get(candidate.out, 2)


def pick(found: Sequence[Candidate]) -> Candidate | None:
    """The best who is free; when nobody is, the best who only has a check-in to finish; or None."""
    for out in ("", BUSY):
        best = next((candidate for candidate in found if candidate.out == out), None)
        if best is not None:
            return best
    return None


def _sells(member: Member) -> bool:
    return member.has(Role.REP) and not member.gone


def _weigh(member: Member, ask: Ask, today: int, out: str) -> Candidate:
    regions = tuple(r for r in member.regions if any(_within(place, r) for place in ask.places))
    tags = tuple(tag for tag in member.tags if any(tag in word for word in ask.words))
    return Candidate(
        member=member,
        score=REGION * bool(regions) + TAG * bool(tags),
        today=today,
        fits=regions[:1] + tags[:1],
        out=out,
    )


def _within(place: str, region: str) -> bool:
    """ "浙江省" and "浙江" are one place."""
    return bool(place) and (place.startswith(region) or region.startswith(place))


def _out(member: Member, today: int, cap: int, leave_out: str, busy: Collection[str]) -> str:
    if member.id == leave_out:
        return HAS_IT
    if not member.assignable:
        return NOT_IN_GROUP
    if not member.available:
        return AWAY
    if today >= cap:
        return FULL
    return BUSY if member.id in busy else ""
