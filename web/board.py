"""/board: what is open, overdue and undelivered, by team and owner; and the pictures beside it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from cards.sla import clock
from rules import access, hours, sla
from rules.board import SORTS, STATES, Mark, Sort, State, marks, median
from rules.leads import CLOSED, TITLES, Status
from rules.team import Member
from rules.text import lead_id, mask_contacts_in, when
from store import board, climbs, team
from store.board import Ask, Count
from store.db import Tx
from web.errors import answer
from web.site import Signed, Site, tidy

DAYS = 30
"""How far back the picture of response times looks."""
FARTHEST = 10_000
"""No page number beyond this is looked up."""
POOL = "公海"


@dataclass(frozen=True)
class Choice:
    """What the reader chose: the query of the page."""

    state: State = State.OPEN
    team: str = ""
    owner: str = ""
    status: str = ""
    words: str = ""
    sort: Sort = Sort.LATE
    page: int = 0

    def url(self, **changes: object) -> str:
        """The board with some of it changed; what is usual is left out."""
        one = replace(self, **changes) if changes else self  # type: ignore[arg-type]
        usual = Choice()
        found = {"q" if name == "words" else name: str(value) for name, value in vars(one).items()
                 if value != getattr(usual, name)}  # fmt: skip
        return "/board" + (f"?{urlencode(found)}" if found else "")


@dataclass(frozen=True)
class Tile:
    """A number that leads to its list."""

    name: str
    count: int
    url: str
    tone: str
    chosen: bool


@dataclass(frozen=True)
class Owner:
    """One line of the overview: a person and the state of their leads."""

    name: str
    team: str
    count: Count
    url: str
    away: bool
    gone: bool


@dataclass(frozen=True)
class Shown:
    """One lead of the list, ready to read."""

    id: str
    label: str
    person: str
    owner: str
    status: str
    need: str
    silent: str
    rule: str
    worst: int
    next: str
    late_next: bool
    undelivered: str
    came: str


def chosen(request: web.Request) -> Choice:
    """The query as a choice; what cannot be is left at its usual value."""
    query = request.query
    state, sort, status = query.get("state", ""), query.get("sort", ""), query.get("status", "")
    page = query.get("page", "")
    return Choice(
        state=State(state) if state in set(State) else State.OPEN,
        team=tidy(query.get("team", ""), 64),
        owner=tidy(query.get("owner", ""), 64),
        status=status if status in set(Status) else "",
        words=tidy(query.get("q", ""), 40),
        sort=Sort(sort) if sort in set(Sort) else Sort.LATE,
        page=min(int(page), FARTHEST) if page.isascii() and page.isdigit() and len(page) < 9 else 0,
    )


class Board:
    """The route, over the pages of a running engine."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._config, self._calendar = site.engine.config, site.engine.calendar

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            self._site.page("GET", "/board", self.show),
            self._site.page("GET", "/board/charts.json", self.charts),
        ]

    async def show(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """The numbers, the people, one page of leads."""
        choice, now = chosen(request), self._site.engine.clock.now()
        found = self._marks(now)
        until = self._tomorrow(now)
        async with self._site.engine.db.read(slow=True) as tx:
            people = {one.id: one for one in await team.roster(tx)}
            sight = access.owners_in_sight(signed.member, list(people.values()), self._site.teams)
            owners = narrowed(sight, choice, people)
            counts = await board.counts(tx, owners, found, until)
            lost = await board.undelivered(tx, owners)
            ask = Ask(owners, choice.state, choice.status, choice.words, choice.sort, until, choice.page,
                      self._config.web.page, signed.member.id)  # fmt: skip
            rows, total = await board.rows(tx, ask, found, lost)
            shown = await self._rows(tx, rows, people, lost, now, signed.member.id)
        wide = access.sight(signed.member, self._site.teams) in (access.Sight.TEAM, access.Sight.ALL)
        staff = [one for one in people.values() if (sight is None or one.id in sight) and not one.gone]
        return self._site.show(
            "board.html", signed, choice=choice, tiles=_tiles(choice, counts, lost),
            owners=_owners(counts, people, choice) if wide and not choice.owner else [], rows=shown, total=total,
            pages=max(1, -(-total // ask.size)), wide=wide, filtered=choice != Choice(state=choice.state),
            people=sorted((one.id, one.name) for one in staff), states=STATES, sorts=SORTS,
            teams=sorted({one.team for one in staff if one.team}),
            statuses={status.value: TITLES[status] for status in Status if status not in CLOSED},
            now=when(now, now, self._calendar.zone), nothing=_nothing(choice),
            charts=f"/board/charts.json?{urlencode({'team': choice.team, 'owner': choice.owner})}",
        )  # fmt: skip

    def _marks(self, now: datetime) -> tuple[Mark, ...]:
        return marks(self._calendar, [section.rule() for section in self._config.sla], now)

    def _tomorrow(self, now: datetime) -> datetime:
        return hours.midnight(now.astimezone(self._calendar.zone) + timedelta(days=1))

    async def _rows(
        self, tx: Tx, rows: Sequence[board.Row], people: dict[str, Member], lost: dict[int, str], now: datetime, reader: str,
    ) -> list[Shown]:  # fmt: skip
        """The rows with how long they are silent: by the same rule as /超时. Numbers in words are the owner's alone."""
        late = [row.lead.id for row in rows if row.since is not None]
        known = await climbs.happened(tx, late)
        shown = [self._row(row, people, known.get(row.lead.id, ()), lost, now) for row in rows]
        return [
            one if row.lead.owner == reader else _masked(one) for one, row in zip(shown, rows, strict=True)
        ]

    def _row(
        self, row: board.Row, people: dict[str, Member], known: Sequence[sla.Happened], lost: dict[int, str],
        now: datetime,
    ) -> Shown:  # fmt: skip
        lead, zone = row.lead, self._calendar.zone
        found = [
            sla.overdue(self._calendar, section.rule(), lead, known, now) for section in self._config.sla
        ]
        worst = max((one for one in found if one), key=lambda one: (one.escalated, one.silent), default=None)
        owner = people.get(lead.owner)
        promised = " ".join(part for part in (when(lead.next_at, now, zone) if lead.next_at else "", lead.next_text)
                            if part)  # fmt: skip
        return Shown(
            id=lead_id(lead.id), label=row.label, person=row.person if row.person != row.label else "",
            owner=owner.name if owner else (lead.owner or POOL), status=TITLES[lead.status], need=lead.need,
            silent=clock(worst.silent) if worst else "", rule=worst.ladder.name if worst else "", worst=row.worst,
            next=promised, late_next=bool(lead.next_at and lead.next_at < now and lead.open),
            undelivered=lost.get(lead.id, ""), came=when(lead.created_at, now, zone),
        )  # fmt: skip

    # ── pictures ────────────────────────────────────────────────────────────────────────────────────────
    async def charts(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """The numbers behind the pictures: how the ladder stands by owner, and how fast first touches are by hour."""
        choice, now = chosen(request), self._site.engine.clock.now()
        async with self._site.engine.db.read(slow=True) as tx:
            people = {one.id: one for one in await team.roster(tx)}
            sight = access.owners_in_sight(signed.member, list(people.values()), self._site.teams)
            owners = narrowed(sight, choice, people)
            counts = await board.counts(tx, owners, self._marks(now), self._tomorrow(now))
            touched = await board.touches(tx, owners, now - timedelta(days=DAYS))
        by_hour = await asyncio.to_thread(self._by_hour, touched)
        lines = sorted(
            (one for one in counts if one.owner), key=lambda one: (-one.worst, -one.late, -one.open)
        )[:12]
        return answer(
            {
                "ladder": [
                    {"name": people[one.owner].name if one.owner in people else one.owner, "fine": one.open - one.late,
                     "first": one.late - one.worst, "last": one.worst}
                    for one in lines
                ],
                "hours": [{"hour": hour, "minutes": minutes, "n": n} for hour, minutes, n in by_hour],
                "target": self._target(), "days": DAYS,
            },
            headers={"Cache-Control": "no-store"},
        )  # fmt: skip

    def _by_hour(self, touched: Sequence[tuple[datetime, datetime]]) -> list[tuple[int, int, int]]:
        """(hour of the day that leads came in, median working minutes until the first touch, how many)."""
        found: dict[int, list[float]] = {}
        for came, first in touched:
            minutes = hours.worked(self._calendar, came, first).total_seconds() / 60
            found.setdefault(came.astimezone(self._calendar.zone).hour, []).append(minutes)
        return [(hour, round(median(found[hour]) or 0), len(found[hour])) for hour in sorted(found)]

    def _target(self) -> int:
        """Minutes that the first ladder allows for the first touch, 0 without one."""
        ladders = (section.rule() for section in self._config.sla)
        first = next((one for one in ladders if one.unless == sla.TOUCHED), None)
        return int(first.rungs[0].after.total_seconds() // 60) if first else 0


def _masked(one: Shown) -> Shown:
    return replace(
        one, label=mask_contacts_in(one.label), person=mask_contacts_in(one.person), need=mask_contacts_in(one.need),
        next=mask_contacts_in(one.next),
    )  # fmt: skip


def narrowed(
    sight: frozenset[str] | None, choice: Choice, people: dict[str, Member]
) -> frozenset[str] | None:
    """The owners that a list is about: what the reader chose of what they may see."""
    wanted: set[str] | None = None
    if choice.owner:
        wanted = {"" if choice.owner == "-" else choice.owner}
    elif choice.team:
        wanted = {one.id for one in people.values() if one.team == choice.team}
    if wanted is None:
        return sight
    return frozenset(wanted if sight is None else wanted & sight)


def _tiles(choice: Choice, counts: Sequence[Count], lost: dict[int, str]) -> list[Tile]:
    late = sum(one.late for one in counts)
    numbers = (
        (State.OPEN, sum(one.open for one in counts), "calm"),
        (State.OVERDUE, late, "alarm" if late else "calm"),
        (State.UNDELIVERED, len(lost), "warn" if lost else "calm"),
        (State.NEW, sum(one.new for one in counts), "calm"),
        (State.TODAY, sum(one.today for one in counts), "calm"),
        (State.POOL, sum(one.open for one in counts if not one.owner), "calm"),
    )
    return [
        Tile(STATES[state], count, choice.url(state=state, page=0), tone, choice.state is state)
        for state, count, tone in numbers
    ]


def _owners(counts: Sequence[Count], people: dict[str, Member], choice: Choice) -> list[Owner]:
    """The people with open leads, those behind first."""
    found = []
    for one in sorted(counts, key=lambda one: (-one.worst, -one.late, -one.open, one.owner)):
        if person := people.get(one.owner):
            url = choice.url(owner=one.owner, page=0)
            found.append(Owner(person.name, person.team, one, url, not person.available, person.gone))
    return found


def _nothing(choice: Choice) -> str:
    """What an empty list says."""
    if choice != Choice(state=choice.state, sort=choice.sort):
        return "没有符合条件的线索。换个条件，或清除筛选。"
    match choice.state:
        case State.OVERDUE:
            return "没有超时的线索，都在期限内。"
        case State.UNDELIVERED:
            return "消息都送到了。"
        case State.NEW:
            return "没有等首触的线索。"
        case State.TODAY:
            return "今天没有约好要做的事。"
        case State.POOL:
            return "公海里没有线索。"
        case State.CLOSED:
            return "还没有关闭的线索。"
        case State.OPEN:
            return "还没有在跟的线索。把客户的聊天发给机器人，或接上官网表单，线索就会出现在这里。"
