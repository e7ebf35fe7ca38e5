"""The running bot: intake, workers, sender, timers, heart-beat; started and stopped in the right order."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from bot import defined, filling
from bot.bells import Bells
from bot.clock import Clock, Pump
from bot.config import Config
from bot.dispatch import Dispatcher
from bot.events import Fact, Form, Incoming, encode
from bot.inbox import Intake, Worker, put_aside
from bot.lanes import Carrier, Lanes
from bot.mailbox import Mailboxes
from bot.outbox import Sender
from bot.platform import Platform, Shared
from bot.quota import Quota
from bot.router import Router
from bot.suspects import Room
from bot.watch import Watch
from store import audit, forgetting, inbox, lanes, queues, replicas, settings, team, timers
from store.db import INTAKE, Database, passing, ping
from store.failpoints import At, reach

log = structlog.get_logger("engine")

BEAT = 3.0  # seconds between signs of life of a replica
FLUSH, SWEEP = 2.0, 600.0  # seconds between writing counters, and between clean-ups
ABREAST_SQLITE, ABREAST = 64, 16
"""Chats whose events are handled side by side. On SQLite they wait for one writer, which goes round: who writes ten things at
once does not keep others from their first answer. On PostgreSQL each has a connection of the pool while it is handled."""
LOOK_FIRST, LOOK_EVERY = 5.0, 60.0  # seconds: when the platforms are asked how they are


Routers = Sequence[Router] | Callable[[], Sequence[Router]]


@dataclass(frozen=True)
class Outcome:
    """What became of a form: its event id, and the sentence when a rule refused it."""

    event: int
    refused: str = ""


class NotDone(Exception):
    """A form was stored but not handled in time; it will be. `event` is its number."""

    def __init__(self, event: int) -> None:
        super().__init__(f"event {event} is still being handled")
        self.event = event


class Failed(Exception):
    """A form could not be handled; it stands in the dead letters under `event`. `why`: what the sender has to hear when
    its content did not fit, "" when it was a bug of ours."""

    def __init__(self, event: int, why: str = "") -> None:
        super().__init__(f"event {event} went to the dead letters")
        self.event, self.why = event, why


class Engine:
    """Everything that runs. `start` is `open` (from then on events are stored and acknowledged) and `work` (they are
    handled); `stop` returns when nothing is half done.

    `routers`: the handlers, or what loads them: that takes as long as all the rest of a start, so it is called in a
    thread while events come in already, and not at all in a process that handles none.
    """

    def __init__(
        self, db: Database, config: Config, clock: Clock, routers: Routers, platforms: Sequence[Platform],
        shared: Shared, quota: Quota, bells: Bells | None = None, carrier: Carrier | None = None,
    ) -> None:  # fmt: skip
        self.db, self.config, self.clock, self.platforms = db, config, clock, platforms
        self.shared = shared
        self.bells = bells or Bells()
        self.calendar = config.calendar.calendar(config.app.zone)
        self.me = uuid.uuid4().hex
        self._carrier = carrier
        if carrier is not None:
            db.told = carrier.kick
        self.intake = Intake(db, clock, self.bells)
        self.dispatcher = Dispatcher(config, self.calendar, clock)
        self._routers = routers
        self.quota = quota
        room = Room(db, clock)
        self._worker = Worker(
            db,
            clock,
            self.bells,
            self.me,
            self.dispatcher.handle,
            self.dispatcher.buried,
            done=self._form_done,
            room=room,
        )
        self._sender = Sender(db, clock, self.bells, self.me, config, platforms, shared, quota, room)
        self._inbox = Lanes(
            db,
            clock,
            self.bells,
            "inbox",
            self.me,
            self._worker.lane,
            parallel=ABREAST_SQLITE if db.sqlite else ABREAST,
            look=self._worker.look,
            carrier=carrier,
        )
        self._outbox = Lanes(
            db,
            clock,
            self.bells,
            "outbox",
            self.me,
            self._sender.lane,
            parallel=config.messages.in_flight,
            look=self._sender.look,
            carrier=carrier,
        )
        self._pump = Pump(db, clock, self.bells)
        self._mailboxes = Mailboxes(
            self._boxes,
            self._box_told,
            self.intake,
            shared,
            self.bells,
            clock.now,
            defined.page_trust(config),
        )
        self.watch = Watch(db, config, clock, self.bells, platforms, self.intake)
        self._tasks: list[asyncio.Task[None]] = []
        self._forms: dict[str, asyncio.Event] = {}
        self._retained = forgetting.Place()
        self.draining = False
        self.took_over = 0  # lanes that a former or lost process had in hand
        self.secret = ""  # signs what web pages hand out; known after `start`
        clock.on_jump(lambda: self.bells.ring("timers", "inbox", "outbox"))

    async def start(self) -> None:
        """Both halves."""
        await self.open()
        await self.work()

    @property
    def takes_in(self) -> bool:
        """Whether anything comes in through this process."""
        return bool({"intake", "web"} & set(self.config.app.roles))

    async def open(self) -> None:
        """Loads the team, frees the leases of a former life, then the platforms: events are stored from here on."""
        if self.takes_in:
            # a server whose connections are all taken is found out now, not by who writes
            await ping(self.db, INTAKE)
        async with self.db.write() as tx:
            await team.sync(tx, self.config.members(), self.config.teams())
            # the second half is this start's: a database that was brought back would give the ids of the lost time again
            self.dispatcher.instance = (
                f"{await settings.once(tx, 'instance', _nonce(), self.clock.now())}-{_nonce()}"
            )
            self.secret = await settings.once(tx, "web.secret", secrets.token_hex(32), self.clock.now())
            while await audit.seal(tx, always=True) == audit.BATCH:
                pass
            if self.db.sqlite:
                self.took_over = await lanes.release_all(tx, self.clock.ms())
            if "timers" in self.config.app.roles:
                up = Fact("bot.started", "bot", self.clock.now())
                await inbox.take(
                    tx, [Incoming(f"started:{self.me}", "bot", up)], self.clock.now(), encode=encode
                )
            reach(At.START_SYNCED)
        reach(At.START_COMMITTED)
        if not self.db.sqlite:
            await self._beat()
        self.quota.watch(self.platforms)
        await self.quota.load(self.clock.now())
        self._spawn(self.intake.run())
        if "intake" in self.config.app.roles:
            for platform in self.platforms:
                await platform.start(self.intake)

    async def work(self) -> None:
        """Loads the handlers and starts the loops: what was stored is handled from here on."""
        roles = set(self.config.app.roles)
        if "work" in roles:
            await self._load()
            self._spawn(self._inbox.run(), self._inbox.keep(), self._outbox.run(), self._outbox.keep())
            if self._carrier is not None:
                self._spawn(self._inbox.carried(), self._outbox.carried())
        if "timers" in roles:
            self._spawn(self._pump.run(), self._housekeeping(), self._watching())
            self._spawn(filling.run(self.db, self.clock))
        self._spawn(self._counting())
        if not self.db.sqlite:
            self._spawn(self._heart())
        reach(At.START_RUNNING)
        if "intake" in roles:
            self._mailboxes.start()

    async def _load(self) -> None:
        made = self._routers
        self.dispatcher.use(await asyncio.to_thread(made) if callable(made) else made)

    async def _boxes(self) -> list[defined.Box]:
        async with self.db.read() as tx:
            return await defined.boxes(tx, self.config)

    async def _box_told(self, name: str, why: str) -> None:
        await defined.report(self.intake, defined.MAILBOX, name, why, self.clock.now())

    async def stop(self) -> None:
        """Claims nothing more, finishes the rows in hand, gives the leases back; what still arrives meanwhile is
        stored and acknowledged, and handled at the next start."""
        self.draining = True
        reach(At.STOP_ASKED)
        await self._mailboxes.stop()
        await self._inbox.stop()
        await self._outbox.stop()
        reach(At.STOP_WORKED)
        intake, loops = self._tasks[:1], self._tasks[1:]
        await _end(loops)
        for platform in self.platforms:
            await platform.stop()
        reach(At.STOP_CLOSED)
        await _end(intake)
        if self._carrier is not None:
            await self._carrier.close()
        await self.quota.flush(self.clock.now())

    def _spawn(self, *loops: Coroutine[Any, Any, None]) -> None:
        for loop in loops:
            self._tasks.append(asyncio.create_task(loop, name=getattr(loop, "__qualname__", "loop")))

    def ended(self) -> list[str]:
        """The loops that should run and do not any more, by name."""
        return [] if self.draining else [task.get_name() for task in self._tasks if task.done()]

    async def waiting(self) -> dict[str, int]:
        """What a start found: lanes taken over from a former life, events and sends that wait."""
        async with self.db.read() as tx:
            events, sends = (await queues.depth(tx, "inbox")).open, (await queues.depth(tx, "outbox")).open
        return {"lanes_taken_over": self.took_over, "events_waiting": events, "sends_waiting": sends}

    async def _heart(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self._beat()
            except Exception as error:
                if not passing(error):
                    log.exception("heart-beat failed")

    async def _beat(self) -> None:
        """A sign of life, measured by a clock that all replicas share and nobody sets: their own may differ."""
        await self.db.live(self.me)
        async with self.db.write(durable=False) as tx:
            self.clock.sync(await replicas.common_ms(tx))
            freed = await replicas.beat(tx, self.me, self.clock.ms())
            reach(At.BEAT)
        if freed:
            self.took_over += freed
            log.info("lanes of a lost replica are free", lanes=freed)
            self.bells.ring("inbox", "outbox")

    async def _counting(self) -> None:
        """Writes every few seconds what was used of quotas: whoever sends counts, whatever else they do."""
        while True:
            await asyncio.sleep(FLUSH)
            try:
                await self.quota.flush(self.clock.now())
            except Exception as error:
                if not passing(error):
                    log.exception("counting failed")

    async def _housekeeping(self) -> None:
        """Removes what is long done every few minutes."""
        sweep_at = asyncio.get_running_loop().time() + SWEEP
        while True:
            await asyncio.sleep(FLUSH)
            try:
                if asyncio.get_running_loop().time() >= sweep_at:
                    sweep_at += SWEEP
                    more = True
                    while more:
                        async with self.db.write(durable=False) as tx:
                            more = await queues.sweep(tx, self.clock.now(), self.clock.ms())
                        await asyncio.sleep(0.05)  # let others have the writer
                    await self._retention()
            except Exception as error:
                if not passing(error):
                    log.exception("housekeeping failed")

    async def _retention(self) -> None:
        """Personal data that the firm no longer wants to keep ([privacy])."""
        kept, more = self.config.privacy, True
        while more and (kept.keep_lost or kept.keep_drafts):
            async with self.db.write() as tx:
                self._retained, more = await forgetting.expire(
                    tx, self.clock.now(), lost=kept.keep_lost, drafts=kept.keep_drafts, place=self._retained
                )
            await asyncio.sleep(0.05)

    async def _watching(self) -> None:
        """Looks every minute at the platforms and at itself, for /诊断 and for the alarms; sends the canary round."""
        await asyncio.sleep(LOOK_FIRST)
        canary = self.config.watch.canary.total_seconds()
        loop = asyncio.get_running_loop()
        next_canary = loop.time() + LOOK_EVERY
        while True:
            try:
                await self.watch.look()
                if canary and loop.time() >= next_canary:
                    next_canary = loop.time() + canary
                    await self.watch.canary()
            except Exception as error:
                if not passing(error):
                    log.exception("watching failed")
            await asyncio.sleep(LOOK_EVERY)

    # ── forms ───────────────────────────────────────────────────────────────────────────────────────────
    async def submit(self, form: Form, *, seconds: float = 8.0) -> Outcome:
        """Hands a form to the inbox and waits until it is handled. Raises NotDone or Failed."""
        dedup = f"form:{form.name}:{form.key or uuid.uuid4().hex}"
        event = self._forms.setdefault(dedup, asyncio.Event())
        try:
            await self.intake([Incoming(dedup, f"form:{form.name}:{form.key[:40]}", form)])
            until = asyncio.get_running_loop().time() + seconds
            while True:
                async with self.db.read() as tx:
                    found = await inbox.outcome(tx, dedup)
                if found and found[1] == queues.DONE:
                    await self.db.settled()
                    return Outcome(found[0], found[2])
                if found and found[1] == queues.DEAD:
                    raise Failed(found[0], put_aside(found[2]))
                if asyncio.get_running_loop().time() > until:
                    raise NotDone(found[0] if found else 0)
                await self.bells.wait(event, 0.25)
                event.clear()
        finally:
            self._forms.pop(dedup, None)

    def _form_done(self, dedup: str) -> None:
        if event := self._forms.get(dedup):
            event.set()

    # ── how it stands ───────────────────────────────────────────────────────────────────────────────────
    async def idle(self) -> bool:
        """Whether nothing is open: no event, no send that could go now, no due timer."""
        async with self.db.read() as tx:
            first = await timers.next_timer(tx)
            busy = (await queues.depth(tx, "inbox")).open + (await queues.depth(tx, "outbox")).open
        due = first is not None and first <= self.clock.now()
        return (
            not busy
            and not due
            and not self.intake.waiting
            and not self._inbox.working
            and not self._outbox.working
        )


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _nonce() -> str:
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    return "".join(secrets.choice(alphabet) for _ in range(5))
