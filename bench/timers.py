"""What open leads with their timers cost when there are very many: finding and claiming what is due (beside the same with the
bare driver), looking when nothing is, moving it into the inbox, handling it (the lead is looked at, its owner told), the look of
every minute at the machine itself, and giving out one more lead. All sizes of a store take turns.

make bench BENCH=bench/timers.py ARGS="[--rounds 7] [--sizes 10000,100000,1000000] [--stores SQLite,PostgreSQL] [--write]"
"""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg  # type: ignore[import-untyped,unused-ignore]
import sqlalchemy as sa

import handlers
import main as product
from bench.peers.load import middle
from bench.throughput import _postgres, cell, machine, table, write
from bot import watch
from bot.bells import Bells
from bot.clock import Clock, Pump
from bot.config import Config, load
from bot.dispatch import Dispatcher
from bot.events import Form, Incoming, encode
from rules import sla
from rules.hours import Calendar
from store import climbs, queues, team, timers
from store.db import Database
from store.inbox import Inrow, end_event, take
from store.migrate import migrate
from store.tables import inbox, timer

if TYPE_CHECKING:
    from tests.servers import Postgres

DUE = 100
"""Leads whose first-touch mark falls due at once."""
POLLS = 50
PEOPLE = 200
"""Reps; with a million leads each has 5,000."""
STARTED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""Friday 17:00 in Shanghai; the two hours of the target are over on Monday at 10:00."""
NOW = datetime(2026, 11, 23, 2, 0, 30, tzinfo=UTC)
NUMBERS = {
    "sqlite": "(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {size}) SELECT n FROM g)",
    "postgresql": "generate_series(1, {size}) AS g(n)",
}
SOON = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2026-11-24', '+' || (n * 7919 % 31536000) || ' seconds')",
    "postgresql": "timestamptz '2026-11-24 00:00+00' + (CAST(n AS bigint) * 7919 % 31536000) * interval '1 second'",
}

BARE = {
    "sqlite": "SELECT id FROM timer WHERE due <= ? ORDER BY due LIMIT ?",
    "postgresql": "SELECT id FROM timer WHERE due <= $1 ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED",
}
BARE_DONE = "DELETE FROM timer WHERE id = ANY($1)"

Row = dict[str, list[float]]


def config() -> Config:
    """The shipped settings with PEOPLE reps and their manager."""
    raw = load(Path(product.__file__).with_name("config.toml"), {}).model_dump(mode="python")
    raw["team"] = ({"name": "华东", "manager": "boss"},)
    raw["member"] = (
        {"id": "boss", "name": "主管", "roles": ["manager"]},
        *({"id": f"r{n}", "name": f"销售{n}", "roles": ["rep"], "team": "华东"} for n in range(PEOPLE)),
    )
    return Config.model_validate(raw)


def climb_of(lead: int, settings: Config) -> dict[str, object]:
    """What the timer of a lead's first-touch climb carries."""
    return {"lead": lead, "ladder": sla.freeze(settings.sla[0].rule()), "fact": lead, "told": 0,
            "started": STARTED.isoformat(), "told_at": "", "repeats": 0}  # fmt: skip


def rows_of(kind: str, number: int, settings: Config) -> Iterator[tuple[str, dict[str, str]]]:
    """The statements that make so many open leads: each with the fact of its assignment, its climb and its date of
    going back to the pool, due over the next year."""
    at = {
        "sqlite": f"'{STARTED:%Y-%m-%d %H:%M:%S}.000000'",
        "postgresql": f"timestamptz '{STARTED.isoformat()}'",
    }[kind]
    source, who = NUMBERS[kind].format(size=number), f"'r' || (n % {PEOPLE})"
    parts = json.dumps(climb_of(4711, settings), ensure_ascii=False).split("4711")
    payload = " || n || ".join(f"CAST(:p{place} AS text)" for place in range(len(parts)))
    yield (
        f"INSERT INTO customer (id, name, company, owner, created_at) SELECT n, '客户' || n, '', {who}, {at} FROM {source}",
        {},
    )
    yield (
        f"INSERT INTO lead (id, customer, owner, source, need, created_at, assigned_at) "
        f"SELECT n, n, {who}, '官网询盘', '液压阀块', {at}, {at} FROM {source}", {},
    )  # fmt: skip
    yield (
        f"INSERT INTO fact (id, lead, name, at, payload) SELECT n, n, 'lead.assigned', {at}, '{{}}' FROM {source}",
        {},
    )
    for name, key, body, values in (
        (climbs.KIND, "n || CAST(:rule AS text)", payload,
         {"rule": f":{settings.sla[0].name}", **{f"p{place}": part for place, part in enumerate(parts)}}),
        ("pool.recycle", "CAST(n AS text)", "'{}'", {}),
    ):  # fmt: skip
        yield (
            f"INSERT INTO timer (kind, key, due, payload, created_at) "
            f"SELECT '{name}', {key}, {SOON[kind]}, {body}, {at} FROM {source}",
            values,
        )


async def fill(db: Database, number: int, settings: Config) -> None:
    """So many open leads with their timers, and the people who have them."""
    kind = "sqlite" if db.sqlite else "postgresql"

    def insert(connection: sa.Connection) -> None:
        if kind == "postgresql":  # a million rows take longer than a statement of the product may
            connection.exec_driver_sql("SET LOCAL statement_timeout TO 0")
        for statement, values in rows_of(kind, number, settings):
            connection.execute(sa.text(statement), values)
        if kind == "postgresql":
            for name in ("customer", "lead", "fact"):
                connection.exec_driver_sql(f"SELECT setval('{name}_id_seq', {number})")
        connection.exec_driver_sql("ANALYZE")

    await db.schema(insert)
    async with db.write() as tx:
        await team.sync(tx, settings.members(), settings.teams())


async def make_due(db: Database, turn: int, settings: Config) -> None:
    """DUE leads reach their mark; other leads each time."""
    async with db.write() as tx:
        for lead in range(turn * DUE + 1, (turn + 1) * DUE + 1):
            key, climb = climbs.key(lead, settings.sla[0].name), climb_of(lead, settings)
            await timers.set_timer(tx, climbs.KIND, key, NOW - timedelta(milliseconds=lead % DUE), climb, NOW)


async def handle(db: Database, dispatcher: Dispatcher, n: int) -> None:
    """What lies in the inbox (n events), one transaction each; then the tables are as before, so that rounds are alike."""
    async with db.read() as tx:
        query = sa.select(inbox.c.id, inbox.c.dedup, inbox.c.body, inbox.c.attempts, inbox.c.created_at)
        found = [Inrow(*row) for row in await tx.execute(query.where(inbox.c.state == queues.OPEN))]
    assert len(found) == n, len(found)
    for row in found:
        async with db.write() as tx:
            await dispatcher.handle(tx, row)
            await end_event(tx, row.id, NOW)


@dataclass
class Firm:
    """A database of so many open leads, and what the product needs to work on it. `found`: milliseconds of each step,
    round by round."""

    db: Database
    url: str
    settings: Config
    clock: Clock
    found: Row

    async def turn(self, turn: int) -> None:
        """One round; the first one, which compiles the statements, is left out."""
        spent: dict[str, float] = {}
        await self._claims(turn, spent)
        await self._moves(turn, spent)
        await self._looks(turn, spent)
        if turn:
            for name, seconds in spent.items():
                self.found.setdefault(name, []).append(seconds * 1000)

    async def _claims(self, turn: int, spent: dict[str, float]) -> None:
        """Find and claim: ours, and with the bare driver."""
        await make_due(self.db, 3 * turn, self.settings)
        begun, cpu = time.perf_counter(), time.process_time()
        async with self.db.write() as tx:
            fired = await timers.fire(tx, self.clock.now(), n=DUE)
        spent["claim"], spent["cpu"] = time.perf_counter() - begun, time.process_time() - cpu
        await make_due(self.db, 3 * turn + 1, self.settings)
        bare = await floor(self.url, spent)
        assert len(fired) == bare == DUE, (len(fired), bare)

    async def _moves(self, turn: int, spent: dict[str, float]) -> None:
        """Into the inbox, handled, and nothing left."""
        pump = Pump(self.db, self.clock, Bells(), batch=DUE)
        await make_due(self.db, 3 * turn + 2, self.settings)
        begun = time.perf_counter()
        moved = await pump.fire_due()
        spent["move"] = time.perf_counter() - begun
        begun = time.perf_counter()
        await handle(self.db, self._dispatcher(), DUE)
        spent["handle"] = time.perf_counter() - begun
        async with self.db.write() as tx:
            told = (await tx.execute(sa.delete(timer).where(timer.c.kind == "notices"))).rowcount
            await tx.execute(sa.delete(inbox))
        begun = time.perf_counter()
        for _ in range(POLLS):
            await pump.fire_due()
        spent["poll"] = (time.perf_counter() - begun) / POLLS
        assert moved == DUE, moved
        assert told, "the owners are told"

    async def _looks(self, turn: int, spent: dict[str, float]) -> None:
        """What of_tables reads every minute; the canary's lead, which is given out like any other and taken back."""
        now = self.clock.now()
        begun = time.perf_counter()
        async with self.db.read() as tx:
            await watch.of_tables(tx, self.settings, self._calendar, now)
        spent["look"] = time.perf_counter() - begun
        event = Incoming(f"canary:{turn}", "form:canary", Form(watch.CANARY, {}, now, str(turn)))
        async with self.db.write() as tx:
            await take(tx, [event], now, encode=encode)
        begun = time.perf_counter()
        await handle(self.db, self._dispatcher(), 1)
        spent["give"] = time.perf_counter() - begun
        async with self.db.write() as tx:
            await tx.execute(sa.delete(inbox))

    @property
    def _calendar(self) -> Calendar:
        return self.settings.calendar.calendar(self.settings.app.zone)

    def _dispatcher(self) -> Dispatcher:
        made = Dispatcher(self.settings, self._calendar, self.clock)
        made.use(handlers.ROUTERS)
        return made


async def floor(url: str, spent: dict[str, float]) -> int:
    """The same find and claim with the driver alone, on a connection that is open already. Returns how many were due."""
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_floor_sqlite, url.removeprefix("sqlite:///"), spent)
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        await connection.fetch(BARE["postgresql"], NOW, 0)  # both are prepared before the clock starts
        await connection.execute(BARE_DONE, [])
        begun = time.perf_counter()
        async with connection.transaction():
            due = await connection.fetch(BARE["postgresql"], NOW, DUE)
            await connection.execute(BARE_DONE, [row[0] for row in due])
        spent["floor"] = time.perf_counter() - begun
        return len(due)
    finally:
        await connection.close()


def _floor_sqlite(path: str, spent: dict[str, float]) -> int:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        at = f"{NOW:%Y-%m-%d %H:%M:%S}.000000"
        connection.execute(BARE["sqlite"], (at, 0)).fetchall()
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        due = [row[0] for row in connection.execute(BARE["sqlite"], (at, DUE))]
        connection.execute(f"DELETE FROM timer WHERE id IN ({','.join('?' * len(due))})", due)
        connection.execute("COMMIT")
        spent["floor"] = time.perf_counter() - begun
        return len(due)
    finally:
        connection.close()


def goals(store: str, rows: dict[int, Row]) -> Iterator[list[str]]:
    """Flat, and cheap."""
    least, most = min(rows), max(rows)

    def growth(step: str) -> float:
        return middle([a / b for a, b in zip(rows[most][step], rows[least][step], strict=True)])

    poll, item = middle(rows[most]["poll"]), middle(rows[most]["cpu"]) / DUE * 1000
    bare = middle([a / b for a, b in zip(rows[most]["claim"], rows[most]["floor"], strict=True)])
    for said, value, limit in (
        (f"(find + claim)({most}) ≤ 1.5 × ({least})", growth("claim"), 1.5),
        (f"the same with the bare driver, ({most}) ÷ ({least})", growth("floor"), 0.0),
        (f"(find + claim) at {most} ÷ the bare driver", bare, 0.0),
        (f"handling ({most}) ≤ 1.5 × ({least})", growth("handle"), 1.5),
        (f"the look at itself ({most}) ≤ 1.5 × ({least})", growth("look"), 1.5),
        (f"giving out a lead ({most}) ≤ 1.5 × ({least})", growth("give"), 1.5),
        (f"an empty poll at {most} ≤ 1 ms", poll, 1.0),
        (f"CPU of a due item at {most}, of {DUE} ≤ 60 µs", item, 60.0),
    ):
        yield [f"{store}: {said}", f"{value:.2f}{(' ✔' if value <= limit else ' ✘') if limit else ''}"]


async def firms(
    stack: AsyncExitStack, store: str, sizes: Sequence[int], room: Path, postgres: "Postgres | None"
) -> dict[int, Firm]:
    """A filled database of each size on one store."""
    made: dict[int, Firm] = {}
    settings = config()
    for size in sizes:
        print(f"{store}, {size}", file=sys.stderr, flush=True)
        url = f"sqlite:///{room}/{size}.db"
        if store == "PostgreSQL" and postgres is not None:
            url = postgres.create(f"timers_{size}")
        db = Database(url)
        stack.push_async_callback(db.close)
        await migrate(db)
        await fill(db, size, settings)
        clock = Clock()
        clock.jump(NOW - clock.now())
        made[size] = Firm(db, url, settings, clock, {})
    return made


async def run(args: argparse.Namespace) -> str:
    """All sizes on all stores; the table."""
    sizes = [int(one) for one in args.sizes.split(",")]
    lines, reached = list[list[str]](), list[list[str]]()
    async with AsyncExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genjin-bench-")))
        with ExitStack() as servers:
            stores = args.stores.split(",")
            postgres = _postgres(servers) if "PostgreSQL" in stores else None
            for store in [one for one in stores if one == "SQLite" or postgres]:
                async with AsyncExitStack() as open_ones:
                    made = await firms(open_ones, store, sizes, room, postgres)
                    for turn in range(args.rounds + 1):
                        for one in made.values():
                            await one.turn(turn)
                rows = {size: one.found for size, one in made.items()}
                for size, one in rows.items():
                    steps = [cell(one[step], 2) for step in ("claim", "floor", "move")]
                    lines.append([f"{store}, {size}", *steps, f"{middle(one['cpu']) / DUE * 1000:.0f}",
                                  cell(one["poll"], 3), f"{middle(one['handle']) / DUE:.1f}",
                                  f"{middle(one['look']):.1f}", f"{middle(one['give']):.1f}"])  # fmt: skip
                reached += goals(store, rows)
    head = f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; {args.rounds} rounds, load average {os.getloadavg()[0]:.1f}. "
    head += (
        "Median [lowest..highest], wall time where nothing else is said; growth is taken inside each round. "
    )
    head += "Each open lead has two timers, its customer and the fact of its assignment. PostgreSQL with fsync=off, SQLite flushes."
    columns = f"store, open leads|find + claim {DUE}, ms|the same with the bare driver, ms|find, claim, into the inbox, ms|"
    columns += "CPU a due item, µs|empty poll, ms|look at a lead and tell its owner, ms|look at itself, ms|give out a lead, ms"
    return "\n\n".join([head, table(columns, iter(lines)), table("goal|found", iter(reached))])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--stores", default="SQLite,PostgreSQL")
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    text = asyncio.run(run(args))
    print(text)
    if args.write:
        write(text, "timers")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
