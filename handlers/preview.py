"""What would have happened to the leads of the last days under other weights: /预演 and `main.py preview-assignment`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bot.config import Config
from bot.config_assignment import Assignment
from bot.router import Router
from bot.turn import Turn
from cards import assignment as cards
from handlers.assigning import ask_of
from rules import assignment
from rules.assignment import AWAY, Past, Standing
from rules.errors import Refused
from rules.team import Member, Role
from store import assignment as turns
from store import customers, leads, team
from store.assignment import Made
from store.db import Tx

router = Router("preview")
MOST = 5000
"""Leads of one rehearsal: the newest so many."""
HOW = "这样写：/预演，或 /预演 elsewhere=0.3 daily_cap=10（[assignment] 里的项）"
KEYS = ("daily_cap", "elsewhere", "other_trade", "floor_share", "win_sample", "win_prior")


@dataclass(frozen=True)
class Rehearsed:
    """What came of it: (member, got then, would get), how many leads, moved to somebody else, without anybody then
    and now."""

    rows: tuple[tuple[str, int, int], ...]
    leads: int
    moved: int
    nobody: tuple[int, int]


async def rehearse(
    tx: Tx, config: Config, members: Sequence[Member], since: datetime, zone: ZoneInfo
) -> Rehearsed:
    """Replays the first decision about each lead since then, by this configuration and these members."""
    past = await _past(tx, since, zone)
    has = {id: Standing(won=one.won, decided=one.decided) for id, one in (await turns.owed(tx)).items()}
    made = assignment.rehearse(past, members, has, config.assignment.weights(), config.groups())
    people = dict.fromkeys([*(one.id for one in members), *(one.got for one in past if one.got)])
    then = {id: sum(one.got == id for one in past) for id in people}
    would = {id: sum(who == id for _, who in made) for id in people}
    rows = [(id, then[id], would[id]) for id in people if then[id] or would[id]]
    return Rehearsed(
        rows=tuple(sorted(rows, key=lambda row: (-row[2], row[0]))), leads=len(past),
        moved=sum(one.got != who for one, who in made),
        nobody=(sum(not one.got for one in past), sum(not who for _, who in made)),
    )  # fmt: skip


async def _past(tx: Tx, since: datetime, zone: ZoneInfo) -> list[Past]:
    first: dict[int, Made] = {}
    after = 0
    while page := await turns.since(tx, since, after=after):
        for made in page:
            first.setdefault(made.lead, made)
        after = page[-1].id
    found = []
    for made in list(first.values())[-MOST:]:
        lead = await leads.get(tx, made.lead)
        ask = ask_of(lead, await customers.get(tx, lead.customer))
        away = frozenset(
            one.member for one in made.candidates if one.out == AWAY or one.out.startswith("休假")
        )
        found.append(Past(lead.id, f"{made.at.astimezone(zone):%Y-%m-%d}", ask, made.chosen, away))
    return found


@router.command(
    "预演",
    usage="/预演 [设置=值 …]",
    about="换一套分派设置，近 30 天的线索会怎么分",
    may=(Role.DIRECTOR, Role.ADMIN),
)
async def preview(turn: Turn, words: str) -> None:
    """/预演 elsewhere=0.3 daily_cap=10: nothing is changed."""
    changes = _changes(words)
    try:
        section = Assignment.model_validate(turn.config.assignment.model_dump() | changes)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(f"{first['loc'][0]} 不能是 {changes[str(first['loc'][0])]}。{HOW}") from None
    config = turn.config.model_copy(update={"assignment": section})
    members = await team.everyone(turn.tx)
    found = await rehearse(turn.tx, config, members, turn.now - timedelta(days=30), turn.zone)
    changed = "、".join(f"{key}={value}" for key, value in changes.items())
    await turn.answer(said(found, team.names(members), 30, changed))


def _changes(words: str) -> dict[str, str]:
    found = {}
    for part in words.replace("＝", "=").split():
        key, equals, value = part.partition("=")
        key = key.removeprefix("assignment.")
        if not equals or key not in KEYS:
            raise Refused(f"不认识「{part}」。可以改：{'、'.join(KEYS)}。{HOW}")
        found[key] = value
    return found


def said(found: Rehearsed, names: dict[str, str], days: int, changed: str = "") -> str:
    """The rehearsal in words."""
    rows = [(names.get(id, id), then, would) for id, then, would in found.rows]
    return cards.preview(rows, found.leads, found.moved, found.nobody, days, changed)
