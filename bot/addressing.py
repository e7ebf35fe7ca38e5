"""Where a row of the outbox goes: the platform where the card is, else the one where the person was last and can be reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import Clock
from bot.config import Config
from bot.platform import Platform, Way
from store import callers, screens
from store.callers import Whereabouts
from store.db import Database, Tx
from store.outbox import Queued
from store.screens import Shown

MAIL = "mail"
NEVER_WROTE = "还没有给机器人发过消息，机器人不能先开口"
LONG = 300_000
"""A platform that takes nothing for more milliseconds than this is not waited for where there is another."""
TRIED = "refused:"
"""How a row notes the platforms that refused its person: "refused:wecom,dingtalk why"."""


@dataclass(frozen=True)
class Target:
    """Where a row goes: the platform, the person's id there, and why other platforms were left out."""

    platform: Platform
    user: str
    reply_url: str = ""
    reached: bool = False  # it is known that the person can be reached there


@dataclass(frozen=True)
class Picked:
    """What one row needs to be sent, read in one go."""

    target: Target | None
    why_not: str
    screen: Shown | None = None


@dataclass(frozen=True)
class Place:
    """What was known, at one moment, of where a row goes: its card, its person."""

    screen: Shown | None
    whereabouts: Whereabouts | None


async def places(tx: Tx, rows: Sequence[Queued]) -> list[Place]:
    """What is known of where these rows go, in their order."""
    cards = await screens.shown(tx, [row.card for row in rows if row.card])
    people = await callers.whereabouts(tx, [row.member for row in rows if row.member[:1] != "@"])
    return [Place(cards.get(row.card or 0), people.get(row.member)) for row in rows]


class Addressing:
    """Chooses the platform for each row, from what is known of its person now."""

    def __init__(
        self, db: Database, clock: Clock, config: Config, platforms: Mapping[str, Platform],
        rests_until: Callable[[str], int],
    ) -> None:  # fmt: skip
        """`rests_until`: the ms of the clock before which a platform takes nothing."""
        self._db, self._clock, self._config, self._platforms = db, clock, config, platforms
        self._rests_until = rests_until

    async def pick(self, row: Queued, place: Place | None = None) -> Picked:
        """Which platform: where the card is; else where the person was last and can be reached. `place`: what was read
        a moment ago, else it is read now."""
        if row.member.startswith("@"):
            name, _, user = row.member[1:].partition(":")
            platform = self._platforms.get(name)
            return Picked(Target(platform, user) if platform else None, "平台未启用")
        if place is None:
            async with self._db.read(glance=True) as tx:
                place = (await places(tx, [row]))[0]
        screen, there = place.screen, place.whereabouts
        if there is None or there.member.gone:
            return Picked(None, "成员已离开")
        member, reaches = there.member, there.reaches
        way = Way(row.way)
        names = [name for name in self._platforms if member.on(name)]
        if way in {Way.TODO, Way.TODO_DONE}:
            names = [name for name in names if self._platforms[name].limits.todo]
            if not names:
                return Picked(None, "skip")
        if way is Way.UPDATE:
            if screen is None or not screen.platform:
                return Picked(None, "skip")  # the card itself never went out
            if screen.platform == MAIL:
                return Picked(None, "skip")  # nothing in a mail can change
            names = [name for name in names if name == screen.platform]
        if not names:
            return Picked(None, "没有可用的平台账号")
        if way is not Way.UPDATE:
            names = [name for name in names if self._may_speak(name, reaches.get(name))]
            if not names:
                by_mail = self._by_mail(row.member) if way in {Way.TEXT, Way.CARD} else None
                return Picked(by_mail, NEVER_WROTE, screen)
        refused = frozenset(name for name, (state, *_rest) in reaches.items() if state == "refused")
        # a refusal may have been cured in the meantime, so refused platforms come last, not never
        long = self._clock.ms() + LONG
        down = frozenset(
            name for name in names if self._platforms[name].limits.down or self._rests_until(name) > long
        )
        names.sort(key=lambda name: (name in down, name in refused, name != member.platform))
        name = names[0]
        if row.error.startswith(TRIED):  # in this very row
            tried = set(row.error.removeprefix(TRIED).partition(" ")[0].split(","))
            names = [one for one in names if one not in tried]
            if not names:
                return Picked(None, row.error.partition(" ")[2])
            name = names[0]
        url, until = reaches[name][2:] if name in reaches else ("", None)
        live = bool(url and until and until > self._clock.now())
        return Picked(
            Target(self._platforms[name], member.on(name), url if live else "", reaches.get(name, ("",))[0] == "ok"),
            "", screen,
        )  # fmt: skip

    def _by_mail(self, member: str) -> Target | None:
        """Who never wrote to the only bot they have is written to by mail, where that is set up."""
        address = next((one.email for one in self._config.member if one.id == member), "")
        mail = self._platforms.get(MAIL)
        return Target(mail, address, reached=True) if mail and address else None

    def _may_speak(self, name: str, reach: tuple[str, str, str, datetime | None] | None) -> bool:
        """Whether the platform lets the bot write to this person: some only after the person has written to it, or
        within seconds of their arrival."""
        if self._platforms[name].limits.speaks_first:
            return True
        state, _, _, until = reach or ("", "", "", None)
        return state == "ok" or bool(until and until > self._clock.now())
