"""Outbox: choose the platform, throttle, send, retry or give up, record. Nothing here decides about business."""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.addressing import LONG, TRIED, Addressing, Place, Target
from bot.bells import Bells
from bot.breaker import Breaker, back_off
from bot.clock import Clock
from bot.config import Config
from bot.events import Form, encode
from bot.incoming import incoming
from bot.lanes import LEASE_MS, Later
from bot.ledger import Ledger
from bot.line import Line
from bot.parcels import Parcels
from bot.platform import Platform, SendFailed, Sent, Shared, Way, Wide
from bot.quota import Quota
from bot.shares import Shares
from bot.suspects import REASON, Room, Suspect
from cards.card import from_json
from store import callers, inbox, lanes, outbox, screens, team
from store.callers import Whereabouts
from store.db import SENT, Database, Tx, passing
from store.failpoints import At, reach
from store.lanes import Fenced, Lease
from store.outbox import Outrow, Queued
from store.queues import DEAD
from store.screens import Shown
from store.sent import Accepted

log = structlog.get_logger("outbox")

FOLD_AT = 5
"""How many throttled messages to one person become one digest."""
ANSWERED = frozenset({Way.ASK, Way.FRIENDS})
"""Ways whose outcome goes back into the inbox."""
FOLD_EARLY = 3
"""The same while the day's messages are nearly used up; what answers one step is fewer."""
SAID = frozenset({Way.TEXT, Way.CARD})
"""Ways that all go to the same platform: the one where the person was last."""
COUNTED = frozenset({Way.TEXT, Way.CARD, Way.FILE})
"""Ways that a platform counts against its cap of the day."""
SPARED = "今天发得多，合并着发，留给别人"
LOOK_AGAIN = 5.0
"""Seconds until somebody who had their part is looked at again, at most."""
DIGEST = "digest"
ANY = ""
"""Where a send that is not begun yet would go: all that comes after it waits, or a card would say at last what it said first."""
ALONE_FOR = 1.0
"""Seconds for which a send that may have ended the process keeps others out: by then it waits for its platform."""
KNOWN_MS = 1000
"""Milliseconds for which what was read of where people can be written to is taken for true, as long as sends go well."""

SURE_MS = 3000
"""Milliseconds after which a lane is asked for once more before anything of it leaves: a process that stood still (a machine
that swaps, a virtual one that is moved) was given up by the others after ten seconds, and they have gone on."""


@dataclass(frozen=True)
class _Rest:
    """A platform must not be tried before `at_ms`."""

    platform: str
    at_ms: int


@dataclass(frozen=True)
class _Turn:
    """A row whose turn it is: what comes after it in its lane, which platforms rest until when, and where it goes, when that
    is known already."""

    lease: Lease
    row: Queued
    later: Sequence[Queued]
    resting: Mapping[str, int]
    place: Place | None


@dataclass(frozen=True)
class Waiting:
    """What waits in a lane, and where its person was known to be at `at_ms` (None: nobody)."""

    rows: list[Queued]
    person: Whereabouts | None
    at_ms: int


class Sender:
    """Sends the rows of a lane (one recipient), in order."""

    def __init__(
        self, db: Database, clock: Clock, bells: Bells, me: str, config: Config,
        platforms: Sequence[Platform], shared: Shared, quota: Quota, room: Room | None = None,
    ) -> None:  # fmt: skip
        self._room = room or Room(db, clock)
        self._db, self._clock, self._bells, self._me = db, clock, bells, me
        self._config, self._shared, self._quota = config, shared, quota
        self._platforms: Mapping[str, Platform] = {platform.name: platform for platform in platforms}
        self._breaker = Breaker(clock, shared, config.messages.retry_share)
        self._addressing = Addressing(db, clock, config, self._platforms, self._breaker.until)
        self._parcels = Parcels(db, clock, config)
        self._line = Line(clock, shared)
        self._ledger = Ledger(db, clock, me)
        self._shares = Shares(db, clock, quota, config.app.zone)
        self._let: set[str] = set()  # lanes of people who had their part, and may get one message more now
        self._paid: set[int] = set()  # rows that have their person's token already
        self._sure: dict[str, int] = {}  # lane → when it was ours for certain

    async def look(self, tx: Tx, keys: Sequence[str]) -> dict[str, Waiting]:
        """What waits in these lanes, and where it goes."""
        found, ms = await outbox.open_sends_of(tx, keys, 20 * len(keys)), self._clock.ms()
        people = await callers.whereabouts(tx, _people(rows[0] for rows in found.values()))
        return {key: Waiting(rows, people.get(rows[0].member), ms) for key, rows in found.items()}

    async def lane(self, lease: Lease, found: Waiting | None) -> Later | None:
        """Works a claimed lane until it is empty or must rest. `found`: what waits in it, as far as that is known."""
        self._sure[lease.key] = lease.at_ms
        try:
            return await self._work(lease, found)
        finally:
            self._sure.pop(lease.key, None)

    async def _work(self, lease: Lease, found: Waiting | None) -> Later | None:
        """A platform that must rest does not hold up what goes to the person on another one."""
        known, suspect = found, lease.suspect  # the one whose turn it was, or is now
        while True:
            if found is None:
                known = found = await self._look_again(lease.key, known)
            rows, found = found.rows, None
            if not rows:
                return Later(self._clock.ms() + 100)
            resting: dict[str, int] = {}  # platform → when it may be tried again
            # what is said to the person must wait, and then so must all that is said after it
            said_later = False
            for row in rows:
                says = row.way in SAID and not row.error.startswith(TRIED)
                if said_later and says:
                    continue
                later = [r for r in rows if r.id > row.id]
                place = self._place(row, known, first=row is rows[0])
                rest = await self._row(_Turn(lease, row, later, resting, place), suspect=suspect)
                suspect = suspect and isinstance(rest, _Rest)
                if isinstance(rest, _Rest) and rest.platform == ANY:
                    return Later(rest.at_ms)
                if isinstance(rest, _Rest):
                    known = None  # who could not be written to now is looked up again
                    resting[rest.platform] = max(rest.at_ms, resting.get(rest.platform, 0))
                    said_later = said_later or says
                elif rest == 0:
                    return None
                elif rest < 0:
                    known = None
                    break  # several rows were closed at once: look again
            else:
                if resting:
                    return Later(min(resting.values()))

    async def _look_again(self, key: str, known: Waiting | None) -> Waiting:
        """What waits in a lane by now. Its person is not looked up once more when they are known well enough."""
        async with self._db.read(glance=True) as tx:
            rows, ms = await outbox.open_sends(tx, key, 50), self._clock.ms()
            if known is not None and ms < known.at_ms + KNOWN_MS:
                return Waiting(rows, known.person, known.at_ms)
            people = await callers.whereabouts(tx, _people(rows[:1]))
        return Waiting(rows, next(iter(people.values()), None), ms)

    def _place(self, row: Queued, known: Waiting | None, *, first: bool) -> Place | None:
        """Where a row goes, when that is known and the person has not moved on since. What changes a card on its screen
        meanwhile (a send, a press) is in no row but the first."""
        person = known.person if known else None
        if known is None or person is None:
            return None
        member = person.member
        if (member.id, member.platform, member.on(member.platform)) != (row.member, row.there, row.user):
            return None
        still = (first or row.way in SAID) and self._clock.ms() < known.at_ms + KNOWN_MS
        return Place(row.screen, person) if still else None

    async def _row(self, turn: _Turn, *, suspect: bool) -> "_Rest | int":
        """One row: how many remain, -1 to look again, or which platform must rest."""
        lease, row = turn.lease, turn.row
        if not suspect and not row.starts:
            async with self._room.among():
                return await self._tried(turn)
        one = Suspect("outbox", row.id, row.starts, row.next_at)
        if self._room.spent(one):
            log.error("send given up", send=row.id, way=row.way, reason="the process ended")
            return await self._close(lease, row, ledger="unknown", error=REASON, state=DEAD)
        if at := self._room.rests(one):
            return _Rest(ANY, at)
        async with self._room.alone(one):
            trying = asyncio.create_task(self._tried(turn))
            try:
                await asyncio.wait({trying}, timeout=ALONE_FOR)
            except asyncio.CancelledError:
                trying.cancel()
                raise
        return await trying

    async def _tried(self, turn: _Turn) -> "_Rest | int":
        lease, row, place = turn.lease, turn.row, turn.place
        target: Target | None = None
        try:
            way = Way(row.way)
            if way is Way.UPDATE and any(r.way == Way.UPDATE and r.card == row.card for r in turn.later):
                return await self._close(lease, row, ledger="folded", error="后面还有更新")
            picked = await self._addressing.pick(row, place)
            if picked.target is None and place is not None and picked.why_not != "skip":
                # they may have written just now
                picked = await self._addressing.pick(row)
            if picked.target is None:
                if picked.why_not == "skip":
                    return await self._close(lease, row, ledger="skipped")
                return await self._close(lease, row, ledger="refused", error=picked.why_not, state=DEAD)
            target = picked.target
            reach(At.OUTBOX_PICKED)
            at = turn.resting.get(target.platform.name, 0)
            if row.platform == target.platform.name:
                at = max(at, row.next_at)
            if at > self._clock.ms():
                return _Rest(target.platform.name, at)
            return await self._try(turn, way, target, picked.screen)
        except (Fenced, SendFailed):
            raise
        except Exception as error:
            if passing(error):
                raise
            # a bug of ours in this one row: it must not hold up the person's other messages for ever
            log.exception("send broke", send=row.id, way=row.way, attempt=row.attempts + 1)
            broke = SendFailed(f"内部错误 {type(error).__name__}", retry=True, code="internal")
            return await self._failed(lease, row, target, broke)

    async def _try(self, turn: _Turn, way: Way, target: Target, screen: Shown | None) -> "_Rest | int":
        lease, row, later = turn.lease, turn.row, turn.later
        limits, name = target.platform.limits, target.platform.name
        code = self._parcels.code(target, screen)
        if way is Way.UPDATE and limits.needs_code and not code and from_json(row.body["card"]).closed:
            return await self._close(lease, row, ledger="folded", error="卡片已不能更新，按钮已失效")
        same = way is Way.UPDATE and limits.needs_code and await self._says_so(row)
        if same and not code:  # a second click: what it would bring onto the screen is there already
            return await self._close(lease, row, ledger="folded", error="卡片已经是这样")
        if self._quota.saving(target.platform) and row.priority >= 2:
            return await self._close(
                lease, row, ledger="refused", error="本月额度不多，只发必要消息", state=DEAD
            )
        if self._quota.tight(target.platform):
            waiting = _foldable(row, later)
            if len(waiting) >= FOLD_EARLY and row in waiting:
                return await self._fold(lease, waiting)
        if (
            row.way in COUNTED
            and row.priority > 0
            and (pace := await self._shares.pace(target.platform, row.member))
        ):
            held = await self._sparingly(lease, row, later, name, pace)
            if held is not None:
                return held
        if pause := await self._breaker.may(name, lease.key, again=row.attempts > 0):
            return _Rest(name, pause)
        if seconds := await self._person(target, row):
            self._breaker.steps_back(name, lease.key)
            return await self._hold(lease, row, later, target, seconds)
        alarm, digest = row.priority == 0, row.priority >= 2 or row.kind == DIGEST
        if at := await self._line.turn(name, lease.key, limits.app_per_second, first=alarm, last=digest):
            return _Rest(name, at)
        if way in limits.one_shot and row.ledger != "sent":
            async with self._db.write() as tx:
                await outbox.note_send(tx, row.id, ledger="sent", sent_at=self._clock.now())
                reach(At.OUTBOX_NOTED)
        try:
            outgoing = await self._parcels.outgoing(row, target, screen, same)
            await self._db.settled()  # nothing leaves that a power cut could still undo
            reach(At.OUTBOX_LEAVING)
            await self._still_ours(lease)
            sent = await target.platform.send(outgoing)
        except SendFailed as failed:
            return await self._failed(lease, row, target, failed)
        reach(At.OUTBOX_SENT)
        self._paid.discard(row.id)
        self._let.discard(lease.key)
        self._breaker.went(name)
        return await self._sent(lease, row, target, sent, screen.code if screen else "")

    async def _still_ours(self, lease: Lease) -> None:
        """Raises Fenced when others took the lane over while this process stood still: what they sent since must not be
        followed by what was to be said before."""
        ms = self._clock.ms()
        if self._db.sqlite or ms - self._sure[lease.key] < SURE_MS:
            return
        async with self._db.write(durable=False) as tx:
            await lanes.hold(tx, "outbox", self._me, lease, ms + LEASE_MS)
        self._sure[lease.key] = ms

    async def _says_so(self, row: Queued) -> bool:
        """Whether what went out last for this card is what the row says."""
        async with self._db.read() as tx:
            shown = await outbox.last_shown(tx, row.card or 0, row.id)
        return shown is not None and shown.get("card") == row.body.get("card")

    # ── before ──────────────────────────────────────────────────────────────────────────────────────────
    async def _person(self, target: Target, row: Queued) -> float:
        """Seconds to wait before this person may get another message; a token once taken stays paid."""
        if Way(row.way) not in {Way.TEXT, Way.CARD, Way.FILE} or row.id in self._paid:
            return 0.0
        # half as burst, half as refill: in no minute more than per_minute
        half = min(target.platform.limits.person_per_minute, self._config.messages.per_minute) / 2
        wait = await self._shared.take(f"{target.platform.name}:{target.user}", half / 60, half)
        if not wait:
            self._paid.add(row.id)
        return wait

    async def _hold(
        self, lease: Lease, row: Queued, later: Sequence[Queued], target: Target, seconds: float
    ) -> "_Rest | int":
        """Too fast: wait; when much has piled up, say it as one digest instead of drop by drop."""
        reach(At.OUTBOX_HELD)
        waiting = _foldable(row, later)
        if len(waiting) >= FOLD_AT and row in waiting:
            return await self._fold(lease, waiting)
        if row.ledger == "queued":
            async with self._db.write(durable=False) as tx:
                await outbox.note_send(tx, row.id, ledger="throttled")
        # look again soon: what piles up meanwhile becomes a digest
        return _Rest(target.platform.name, self._clock.ms() + int(min(seconds, 1.5) * 1000) + 20)

    async def _sparingly(
        self, lease: Lease, row: Queued, later: Sequence[Queued], name: str, pace: float
    ) -> "_Rest | int | None":
        """Somebody who had their part of the day's messages: one at a time, with all that waits in it. None: it goes now."""
        if lease.key not in self._let:
            seconds = await self._shared.take(f"share:{name}:{row.member}", 1 / pace, 1)
            if seconds:
                if row.ledger == "queued":
                    async with self._db.write(durable=False) as tx:
                        await outbox.note_send(tx, row.id, ledger="throttled", error=SPARED)
                return _Rest(name, self._clock.ms() + int(min(seconds, LOOK_AGAIN) * 1000) + 20)
            self._let.add(lease.key)
        waiting = _foldable(row, later)
        return await self._fold(lease, waiting) if len(waiting) > 1 and row in waiting else None

    async def _fold(self, lease: Lease, rows: Sequence[Queued]) -> int:
        lines = []
        for row in rows:
            title = from_json(row.body["card"]).title if row.way == Way.CARD else str(row.body["text"])
            lines.append(f"· {title.strip().partition(chr(10))[0][:40]}")
        lines = list(dict.fromkeys(lines))  # the same thing said five times is one line
        text = f"消息较多，合并为一条（{len(rows)} 条）：\n" + "\n".join(lines[:30]) + "\n发 /今日 逐条处理。"
        now = self._clock.now()
        async with self._db.write() as tx:
            digest = Outrow(dedup=f"digest:{rows[0].id}", member=rows[0].member, way=Way.TEXT,
                            body={"text": text}, kind=DIGEST)  # fmt: skip
            await outbox.put(tx, digest, now=now, cause=0)
            for row in rows:
                await outbox.end_send(tx, row.id, now, ledger="folded", error="并入合并消息")
            for row in rows:
                if row.card:
                    await screens.never_shown(tx, row.card)
            for _ in rows:  # the digest counts by now, or the last of them would give the lane back
                await lanes.fence(tx, "outbox", self._me, lease, self._clock.ms(), lease_ms=LEASE_MS)
            reach(At.OUTBOX_FOLDED)
        return -1

    # ── after ───────────────────────────────────────────────────────────────────────────────────────────
    async def _sent(self, lease: Lease, row: Queued, target: Target, sent: Sent, used: str) -> int:
        """Records what the platform took; a database that is away for a moment must not make us say it twice."""
        for attempt in range(8):
            try:
                return await self._record(lease, row, target, sent, used)
            except Exception as error:
                if isinstance(error, Fenced) or not passing(error) or attempt == 7:
                    raise
                await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    async def _record(self, lease: Lease, row: Queued, target: Target, sent: Sent, used: str) -> int:
        """With others where that is all there is to write, else by itself."""
        now, name = self._clock.now(), target.platform.name
        known = target.reached or row.member.startswith("@")
        if known and row.way not in ANSWERED:
            card = row.card if row.way in {Way.CARD, Way.UPDATE} else None
            one = Accepted(
                row.id, lease, name, sent.ref[:200], card, sent.track, None if sent.fresh else used, sent.code
            )
            left = await self._ledger.accepted(one)
            if left is not None:
                return left
        async with self._db.write(SENT) as tx:
            # in the order in which a click locks the same rows: person, send, card, lane; nobody waits in a circle
            if not target.reached and not row.member.startswith("@"):
                await team.set_reach(tx, row.member, name, "ok", "", now)
            await outbox.end_send(tx, row.id, now, ledger="accepted", platform=name, ref=sent.ref[:200],
                                  sent_at=now, error="")  # fmt: skip
            if row.card and Way(row.way) in {Way.CARD, Way.UPDATE}:
                stood = None if sent.fresh else used
                await screens.arrived(tx, row.card, platform=name, track=sent.track, used=stood, code=sent.code,
                                      now=now)  # fmt: skip
            await self._learned(tx, row, sent.found, "")
            left = await lanes.fence(tx, "outbox", self._me, lease, self._clock.ms(), lease_ms=LEASE_MS)
            reach(At.OUTBOX_ENTERED)
        reach(At.OUTBOX_RECORDED)
        return left

    async def _learned(self, tx: Tx, row: Queued, found: Mapping[str, str], why: str) -> None:
        """What was looked up goes back into the inbox, in the transaction that closes the row: `found`, or `why` not."""
        if row.way not in ANSWERED:
            return
        now, then = self._clock.now(), row.body["then"]
        fields = {**then["fields"], "found": dict(found), "why": why}
        form = Form(then["name"], fields, now, key=f"{then['lane']}:ask:{row.id}")
        await inbox.take(tx, [incoming(form)], now, encode=encode)
        self._bells.ring("inbox")

    async def _failed(
        self, lease: Lease, row: Queued, target: Target | None, failed: SendFailed
    ) -> "_Rest | int":
        name = target.platform.name if target else ""
        now, ms = self._clock.now(), self._clock.ms()
        log.warning("send failed", send=row.id, platform=name, way=row.way, reason=failed.reason, code=failed.code,
                    retry=failed.retry, attempt=row.attempts + 1)  # fmt: skip
        if not failed.retry:
            self._breaker.went(name)
            return await self._refused(lease, row, target, failed)
        counted = await self._breaker.failed(name, failed)
        rules = self._config.messages
        idempotent = target is not None and Way(row.way) in target.platform.limits.idempotent
        if failed.unknown and not idempotent and row.attempts >= 1:
            # the platform has no key for this way: one more try may double it, many surely would
            return await self._close(
                lease, row, ledger="unknown", error=failed.reason, state=DEAD, platform=name
            )
        if (counted and row.attempts + 1 >= rules.attempts) or now - row.created_at > rules.give_up:
            ledger = "unknown" if failed.unknown else "expired"
            return await self._close(
                lease, row, ledger=ledger, error=failed.reason, state=DEAD, platform=name
            )
        seconds = back_off(failed, row.attempts)
        at = max(ms + int(seconds * random.uniform(1000, 1300)), self._breaker.until(name))
        async with self._db.write(durable=failed.unknown) as tx:
            values: dict[str, object] = {"error": failed.reason[:300], "next_at": at, "platform": name}
            if counted or failed.unknown:
                values["attempts"] = row.attempts + 1
            if failed.unknown:
                values["ledger"] = "sent"
            await outbox.note_send(tx, row.id, **values)
            reach(At.OUTBOX_FAILED)
        if self._breaker.until(name) > ms + LONG:
            return -1  # perhaps there is another platform
        return _Rest(name, at)

    async def _refused(
        self, lease: Lease, row: Queued, target: Target | None, failed: SendFailed
    ) -> "_Rest | int":
        """A final no: about the person, perhaps another platform reaches them; else the row ends here."""
        name = target.platform.name if target else ""
        person = failed.wide is Wide.PERSON and not row.member.startswith("@")
        if person and Way(row.way) in {Way.TEXT, Way.CARD, Way.FILE}:
            tried = (
                row.error.removeprefix(TRIED).partition(" ")[0] + "," if row.error.startswith(TRIED) else ""
            )
            async with self._db.write() as tx:
                await team.set_reach(tx, row.member, name, "refused", failed.reason, self._clock.now())
                await outbox.note_send(tx, row.id, error=f"{TRIED}{tried}{name} {failed.reason}"[:300])
            return -1  # the same row again, with the next platform
        return await self._close(lease, row, ledger="refused", error=failed.reason, state=DEAD, platform=name)

    async def _close(self, lease: Lease, row: Queued, **values: object) -> int:
        self._paid.discard(row.id)
        async with self._db.write() as tx:
            await outbox.end_send(tx, row.id, self._clock.now(), **values)
            if row.card and row.way == Way.CARD:
                await screens.never_shown(tx, row.card)
            await self._learned(tx, row, {}, str(values.get("error", "")))
            left = await lanes.fence(tx, "outbox", self._me, lease, self._clock.ms(), lease_ms=LEASE_MS)
            reach(At.OUTBOX_CLOSED)
        return left


def _people(rows: Iterable[Queued]) -> list[str]:
    """The members that rows are for: groups and letters go to nobody who moves about."""
    return [row.member for row in rows if row.member[:1] != "@"]


def _foldable(row: Queued, later: Sequence[Queued]) -> list[Queued]:
    """What waits for the person and may be said together: no alarm, and no digest again."""
    return [r for r in (row, *later) if r.way in {Way.TEXT, Way.CARD} and r.priority > 0 and r.kind != DIGEST]
