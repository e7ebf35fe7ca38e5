"""Who gets a lead, and why: some are left out, the rest have shares, the turn decides fairly (B09, B11, B13)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rules.fairness import WHOLE, parts
from rules.team import Member, Role


@dataclass(frozen=True)
class Ask:
    """What a lead brings along for the choice: its places (city, province) and words (trade, kind, need)."""

    places: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """A group for leads of some kind (B09). `needs`: words of 需求类型, `regions`: places; empty: any.

    `overflow`: when nobody in it can, everybody else may.
    """

    name: str
    members: tuple[str, ...]
    needs: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    overflow: bool = True


@dataclass(frozen=True)
class Weights:
    """How candidates are weighed (A.2 #8).

    `elsewhere` and `other_trade` are the factors of who does not fit while somebody else does; `prior` the win rate
    before anything is known, worth `sample` deals; `floor` the least share of somebody with fewer deals than that.
    `cap` and `open_cap`: the most leads a day, the most open ones (0: no limit).
    """

    elsewhere: float = 0.0
    other_trade: float = 0.5
    prior: float = 0.2
    sample: int = 10
    floor: float = 0.1
    cap: int = 20
    open_cap: int = 0


@dataclass(frozen=True)
class Standing:
    """What a member has so far: leads today, open ones, deals won of decided ones, the credit of the fair turn (in
    millionths of a lead), an open check-in, why they are away ("" when they are not), out of their own shift."""

    today: int = 0
    open: int = 0
    won: int = 0
    decided: int = 0
    credit: int = 0
    busy: bool = False
    away: str = ""
    off_shift: bool = False
    declined: bool = False


@dataclass(frozen=True)
class Candidate:
    """A rep and what speaks for them. `out`: why they cannot have it ("" when they can).

    `weight` = `region` × `trade` × `rate`; `share` is their part of this lead in millionths, 0 for who is not in the
    running; `credit` what they were owed before it.
    """

    member: Member
    today: int
    out: str = ""
    fits: tuple[str, ...] = ()
    region: float = 1.0
    trade: float = 1.0
    rate: float = 0.0
    weight: float = 0.0
    share: int = 0
    credit: int = 0
    won: int = 0
    decided: int = 0

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
OPEN_FULL, DECLINED = "在跟线索到上限", "已退回过"
BUSY, OFF_SHIFT = "还有未完成的打卡", "不在班次里"
"""Go behind everybody who is free, but before nobody at all (who is on shift before who is not)."""
ORDER = {"": 0, BUSY: 1, OFF_SHIFT: 2}
NOBODY = Standing()


@dataclass(frozen=True)
class Decision:
    """Everybody who was looked at, the best first; who gets it (None: nobody), by which group, and whether the group
    had nobody so that all others were asked."""

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    group: str = ""
    widened: bool = False

    @property
    def why(self) -> str:
        """The R1 line of the chosen one."""
        if self.chosen is None:
            return ""
        return " / ".join(part for part in (self.group, self.chosen.why) if part)

    def settled(self) -> dict[str, int]:
        """How the credits of the members in the running change: plus their share, minus the lead for who got it."""
        if self.chosen is None:
            return {}
        got = self.chosen.member.id
        return {
            one.member.id: one.share - WHOLE * (one.member.id == got)
            for one in self.candidates
            if one.share or one.member.id == got
        }


def group_of(groups: Sequence[Group], ask: Ask) -> Group | None:
    """The group that the lead names itself (a form's), else the first, in the order of the configuration, that takes
    leads like this one."""
    named = next((one for one in groups if one.name in ask.words), None)
    return named or next((one for one in groups if _takes(one, ask)), None)


def kind_of(groups: Sequence[Group], words: Sequence[str]) -> str:
    """The 需求类型 that a lead's words name, by the needs of the groups; "" when they name none (B09)."""
    return next((need for one in groups for need in one.needs if any(need in word for word in words)), "")


def _takes(group: Group, ask: Ask) -> bool:
    needs = not group.needs or any(need in word for need in group.needs for word in ask.words)
    here = not group.regions or any(_within(place, one) for one in group.regions for place in ask.places)
    return needs and here


def decide(
    members: Sequence[Member],
    ask: Ask,
    standings: Mapping[str, Standing],
    weights: Weights,
    groups: Sequence[Group] = (),
) -> Decision:
    """Who gets the lead. The same arguments give the same answer: nothing is drawn by lot.

    First everybody who cannot is left out, then the rest are weighed, then the fair turn decides (vacated turns of
    absent people never fall to one stand-in: B.3 #29).
    """
    group = group_of(groups, ask)
    found = candidates(members, ask, standings, weights, group=group)
    chosen = pick(found)
    if chosen is None and group is not None and group.overflow:
        found = candidates(members, ask, standings, weights)
        return Decision(tuple(found), pick(found), group.name, widened=True)
    return Decision(tuple(found), chosen, group.name if group else "")


def candidates(
    members: Sequence[Member],
    ask: Ask,
    standings: Mapping[str, Standing],
    weights: Weights,
    *,
    group: Group | None = None,
    leave_out: str = "",
) -> list[Candidate]:
    """All reps, the best first and those who cannot have it last, each with reasons and their share.

    `leave_out` is the member who has the lead now. Only the first of these who have anybody are in the running: who
    is free, who has a check-in to finish (A.3), who is out of their shift.
    """
    reps = [one for one in members if one.has(Role.REP) and not one.gone]
    level = {one.id: _out(one, standings.get(one.id, NOBODY), weights, group, leave_out) for one in reps}
    best = min((ORDER[out] for out in level.values() if out in ORDER), default=None)
    running = [one for one in reps if best is not None and ORDER.get(level[one.id]) == best]
    weighed = _weigh(running or reps, ask, standings, weights)
    rest = _weigh([one for one in reps if one.id not in weighed], ask, standings, weights)
    shares = _shares([weighed[one.id] for one in running], weights) if running else {}
    found = [
        replace(one, out=level[one.member.id], share=shares.get(one.member.id, 0))
        for one in (*weighed.values(), *rest.values())
    ]
    return sorted(found, key=lambda c: (_last(c), -c.weight, -c.credit, c.today, c.member.id))


def nobody_free(
    members: Sequence[Member], standings: Mapping[str, Standing], weights: Weights
) -> tuple[str, ...]:
    """Why no rep can have any lead now, whatever it asks for: their reasons, each once; empty when somebody can."""
    reps = [one for one in members if one.has(Role.REP) and not one.gone]
    outs = [_out(one, standings.get(one.id, NOBODY), weights, None, "") for one in reps]
    return () if any(out in ORDER for out in outs) else tuple(dict.fromkeys(outs)) or ("没有销售",)


def pick(found: Sequence[Candidate]) -> Candidate | None:
    """Whose turn it is: who is owed most, this lead counted; among equals who had less today, then by id."""
    running = [one for one in found if one.share]
    return min(running, key=lambda c: (-(c.credit + c.share), c.today, c.member.id), default=None)


def _last(candidate: Candidate) -> int:
    return ORDER.get(candidate.out, len(ORDER))


# ── who cannot ─────────────────────────────────────────────────────────────────────────────────────────
def _out(member: Member, has: Standing, weights: Weights, group: Group | None, leave_out: str) -> str:
    if member.id == leave_out:
        return HAS_IT
    if has.declined:
        return DECLINED
    if not member.assignable:
        return NOT_IN_GROUP
    if group is not None and member.id not in group.members:
        return f"不在「{group.name}」组"
    if has.away or not member.available:
        return has.away or AWAY
    if has.today >= weights.cap:
        return FULL
    if weights.open_cap and has.open >= weights.open_cap:
        return OPEN_FULL
    if has.off_shift:
        return OFF_SHIFT
    return BUSY if has.busy else ""


# ── the rest are weighed ───────────────────────────────────────────────────────────────────────────────
def _weigh(
    among: Sequence[Member], ask: Ask, standings: Mapping[str, Standing], weights: Weights
) -> dict[str, Candidate]:
    """Region × trade × win rate for each; a factor counts only while somebody among them fits."""
    regions = {
        one.id: [r for r in one.regions if any(_within(place, r) for place in ask.places)] for one in among
    }
    trades = {one.id: [tag for tag in one.tags if any(tag in word for word in ask.words)] for one in among}
    rates = win_rates(standings, weights)
    usual = _usual(standings.values(), weights)
    found = {}
    for one in among:
        has = standings.get(one.id, NOBODY)
        region = 1.0 if regions[one.id] or not any(regions.values()) else weights.elsewhere
        trade = 1.0 if trades[one.id] or not any(trades.values()) else weights.other_trade
        rate = rates.get(one.id, usual)
        found[one.id] = Candidate(
            member=one, today=has.today, fits=(*regions[one.id][:1], *trades[one.id][:1]), region=region,
            trade=trade, rate=round(rate, 4), weight=round(region * trade * rate, 6), credit=has.credit,
            won=has.won, decided=has.decided,
        )  # fmt: skip
    return found


def win_rates(standings: Mapping[str, Standing], weights: Weights) -> dict[str, float]:
    """Smoothed win rates (A.2 #8): a beta prior of the team's own rate worth `sample` deals; with fewer deals than
    that the team's rate itself."""
    usual = _usual(standings.values(), weights)

    def rate(has: Standing) -> float:
        if has.decided < weights.sample:
            return usual
        return (has.won + weights.sample * usual) / (has.decided + weights.sample)

    return {id: max(0.01, rate(has)) for id, has in standings.items()}


def _usual(standings: Iterable[Standing], weights: Weights) -> float:
    """The team's rate, smoothed by the prior."""
    everybody = list(standings)
    won, decided = sum(one.won for one in everybody), sum(one.decided for one in everybody)
    sample = max(1, weights.sample)
    return max(0.01, (won + sample * weights.prior) / (decided + sample))


def _shares(running: Sequence[Candidate], weights: Weights) -> dict[str, int]:
    """Each one's part of the lead in millionths. New people who fit best get at least the floor (never more than an
    equal part), the others give way."""
    total = sum(one.weight for one in running)
    if not total:  # nobody fits and who does not is worth nothing: then all the same
        return parts({one.member.id: 1.0 for one in running})
    natural = {one.member.id: one.weight / total for one in running}
    fit = max(one.region * one.trade for one in running)
    floor = min(weights.floor, 1 / len(running))
    new = {
        one.member.id
        for one in running
        if one.decided < weights.sample and one.region * one.trade == fit and natural[one.member.id] < floor
    }
    rest = sum(part for id, part in natural.items() if id not in new)
    left = 1 - floor * len(new)
    if not new or not rest:
        return parts(natural)
    return parts({id: floor if id in new else part / rest * left for id, part in natural.items()})


def _within(place: str, region: str) -> bool:
    """ "浙江省" and "浙江" are one place."""
    return bool(place) and (place.startswith(region) or region.startswith(place))


# ── what would have happened ───────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Past:
    """A lead of the past for a rehearsal: its day, what it asked, who got it then, who was away then."""

    lead: int
    day: str
    ask: Ask
    got: str
    away: frozenset[str] = field(default_factory=frozenset)


def rehearse(
    past: Sequence[Past],
    members: Sequence[Member],
    standings: Mapping[str, Standing],
    weights: Weights,
    groups: Sequence[Group] = (),
) -> list[tuple[Past, str]]:
    """Each lead with who would have got it ("" for nobody), in order, by these weights. The turn begins anew; the
    deals are those of today; the day's cap and who was away are followed, open leads are not."""
    credit: dict[str, int] = {}
    today: dict[tuple[str, str], int] = {}
    found = []
    for one in past:
        now = {
            member.id: Standing(
                today=today.get((one.day, member.id), 0), credit=credit.get(member.id, 0),
                won=standings.get(member.id, NOBODY).won, decided=standings.get(member.id, NOBODY).decided,
                away=AWAY if member.id in one.away else "",
            )
            for member in members
        }  # fmt: skip
        made = decide(members, one.ask, now, weights, groups)
        for id, change in made.settled().items():
            credit[id] = credit.get(id, 0) + change
        id = made.chosen.member.id if made.chosen else ""
        if id:
            today[one.day, id] = today.get((one.day, id), 0) + 1
        found.append((one, id))
    return found
