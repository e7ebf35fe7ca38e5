"""Two loads that must not tip the bot over: one mailbox with very many messages, and an hour without the platform."""

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.events import Incoming, Message, encode
from bot.platform import Limits, Outgoing, SendFailed, Sent
from bot.router import Router
from bot.turn import Turn
from store import queues
from store.db import Database
from store.inbox import take
from store.outbox import Outrow, put
from store.tables import inbox, lane, outbox
from tests.bot.kit import Bench, Recorder, config, running

AT = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
HOT = "wecom:hot"
CHUNK = 500
APART = 0.05  # seconds between two messages of the others
OTHERS = 500
"""So many that nobody of them gets more answers than one person may in a minute: else it is that which they wait for."""


# ── one mailbox with very many messages ────────────────────────────────────────────────────────────────
@dataclass
class Hot:
    """What became of it: seconds until the mailbox was empty, what the others' answers took, whether in order."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    in_order: bool = False
    left: int = 0


def _answering() -> Router:
    router = Router("answering")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        if turn.me.id != "hot":
            await turn.answer(f"re {message.text}")

    return router


async def hot(db: Database, waiting: int, *, at_least: int = 20) -> Hot:
    """`waiting` messages of one person are there; others write one at a time until all are handled (`at_least` so many)."""
    said = [Incoming(f"hot-{n}", HOT, Message("wecom", "hot", f"{n}", AT)) for n in range(waiting)]
    for begin in range(0, waiting, CHUNK):
        async with db.write() as tx:
            await take(tx, said[begin : begin + CHUNK], AT, encode=encode)
    people = [
        {"id": name, "name": name, "wecom": name} for name in ("hot", *(f"u{n}" for n in range(OTHERS)))
    ]
    found, recorder, begun = Hot(), Recorder(), time.perf_counter()
    async with running(
        db, [_answering()], [recorder], config(member=people, watch={"canary": "0m"})
    ) as bench:
        n = 0
        while n < at_least or await _open(db):
            found.seconds = time.perf_counter() - begun
            found.took.append(await _answered(bench, recorder, f"u{n % OTHERS}", n))
            n += 1
            await asyncio.sleep(APART)
        found.seconds = max(found.seconds, 0.001)
        await bench.idle()
        async with db.read() as tx:
            rows = await tx.execute(
                sa.select(inbox.c.done_at).where(inbox.c.lane == HOT).order_by(inbox.c.id)
            )
            times = [row.done_at for row in rows]
            found.left = (await tx.execute(sa.select(sa.func.sum(lane.c.pending)))).scalar_one()
        found.in_order = None not in times and times == sorted(times) and len(times) == waiting
    return found


async def _answered(bench: Bench, recorder: Recorder, who: str, n: int) -> float:
    """Seconds from a message to the moment when its answer goes out."""
    begun, before = time.perf_counter(), len(recorder.sent)
    await bench.engine.intake([Incoming(f"{who}-{n}", f"wecom:{who}", Message("wecom", who, f"{n}", AT))])
    async with asyncio.timeout(120):
        while not any(out.user == who and out.text == f"re {n}" for out in recorder.sent[before:]):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    return time.perf_counter() - begun


async def _open(db: Database) -> bool:
    async with db.read() as tx:
        query = sa.select(inbox.c.id).where(inbox.c.lane == HOT, inbox.c.state == queues.OPEN)
        return (await tx.execute(query.limit(1))).first() is not None


# ── an hour without the platform ───────────────────────────────────────────────────────────────────────
@dataclass
class Outage:
    """What became of the sends: the ledger, the most that went out in one second and to one person in one minute."""

    ledger: Counter[str]
    digests: int
    seconds: float
    busiest_second: int
    busiest_minute: int
    in_order: bool
    told: bool  # whoever's messages were folded has a digest that counts them


@dataclass
class Away(Recorder):
    """Out of order while `away`; notes when it took what."""

    away: bool = True
    at: list[tuple[float, Outgoing]] = field(default_factory=list)
    tries: int = 0

    async def send(self, out: Outgoing) -> Sent:
        self.tries += 1
        if self.away:
            raise SendFailed("连接不上", retry=True)
        self.at.append((time.perf_counter(), out))
        return await super().send(out)


async def outage(
    db: Database, sends: int, people: int, *, per_second: float = 20.0, per_minute: int = 20
) -> Outage:
    """`sends` are queued while the platform is away for an hour of business time; then it comes back."""
    members = [{"id": f"u{n}", "name": f"人{n}", "wecom": f"u{n}"} for n in range(people)]
    platform = Away(limits=Limits(person_per_minute=per_minute, app_per_second=per_second))
    settings = config(member=members, messages={"per_minute": per_minute}, watch={"canary": "0m"})
    async with running(db, [Router("nobody")], [platform], settings) as bench:
        now = bench.engine.clock.now
        for minute in range(60):
            async with db.write() as tx:
                for n in range(minute * sends // 60, (minute + 1) * sends // 60):
                    row = Outrow(f"s{n}", f"u{n % people}", "text", {"text": f"第 {n} 条"})
                    await put(tx, row, now=now(), cause=0)
            bench.engine.bells.ring("outbox")
            bench.engine.clock.jump(timedelta(minutes=1))
            await asyncio.sleep(0.005)
        async with asyncio.timeout(60):
            while not platform.tries:  # noqa: ASYNC110 - a platform rings no bell
                await asyncio.sleep(0.01)
        platform.away, begun = False, time.perf_counter()
        await bench.idle(3600)
        seconds = time.perf_counter() - begun
    async with db.read() as tx:
        rows = (
            await tx.execute(sa.select(outbox.c.member, outbox.c.ledger, outbox.c.kind, outbox.c.body))
        ).all()
    digests = [row for row in rows if row.kind == "digest"]
    folded = Counter(row.member for row in rows if row.ledger == "folded")
    counted: Counter[str] = Counter()
    for row in digests:
        counted[row.member] += int(row.body.partition("合并为一条（")[2].partition(" 条")[0])
    by_person: dict[str, list[float]] = defaultdict(list)
    said: dict[str, list[int]] = defaultdict(list)
    for at, out in platform.at:
        by_person[out.user].append(at)
        if out.text.startswith("第 "):
            said[out.user].append(int(out.text.split()[1]))
    return Outage(
        ledger=Counter(row.ledger for row in rows),
        digests=len(digests),
        seconds=seconds,
        busiest_second=_most([at for at, _ in platform.at], 1.0),
        busiest_minute=max(_most(times, 60.0) for times in by_person.values()),
        in_order=all(numbers == sorted(set(numbers)) for numbers in said.values()),
        told=folded == counted,
    )


def _most(times: list[float], span: float) -> int:
    """The most of them within any `span` seconds."""
    most = begin = 0
    for end in range(len(times)):
        while times[end] - times[begin] > span:
            begin += 1
        most = max(most, end - begin + 1)
    return most
