"""What open leads with their timers cost when there are very many: finding and claiming what is due, looking when nothing is,
moving it into the inbox, and handling it: the lead is looked at, its owner told.

python bench/timers.py [--rounds 7] [--sizes 10000,100000,1000000] [--write]
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

import handlers
import main as product
from bench.peers.load import middle
from bench.throughput import _postgres, cell, machine, table, write
from bot.bells import Bells
from bot.clock import Clock, Pump
from bot.config import Config, load
from bot.dispatch import Dispatcher
from rules import sla
from store import climbs, queues, team, timers
from store.db import Database
from store.inbox import Inrow, end_event
from store.migrate import migrate
from store.tables import inbox, timer

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


async def handle(db: Database, dispatcher: Dispatcher) -> None:
    """What lies in the inbox, one transaction each; then the tables are as before, so that rounds are alike."""
    async with db.read() as tx:
        query = sa.select(inbox.c.id, inbox.c.dedup, inbox.c.body, inbox.c.attempts, inbox.c.created_at)
        found = [Inrow(*row) for row in await tx.execute(query.where(inbox.c.state == queues.OPEN))]
    assert len(found) == DUE, len(found)
    for row in found:
        async with db.write() as tx:
            await dispatcher.handle(tx, row)
            await end_event(tx, row.id, NOW)


async def measure(db: Database, rounds: int, settings: Config) -> Row:
    """Milliseconds of each step, round by round (the first one, which compiles the statements, is left out)."""
    found: Row = {"claim": [], "cpu": [], "poll": [], "move": [], "handle": []}
    clock = Clock()
    clock.jump(NOW - clock.now())
    pump = Pump(db, clock, Bells(), batch=DUE)
    dispatcher = Dispatcher(settings, settings.calendar.calendar(settings.app.zone), clock, handlers.ROUTERS)
    for turn in range(rounds + 1):
        await make_due(db, 2 * turn, settings)
        begun, spent = time.perf_counter(), time.process_time()
        async with db.write() as tx:
            fired = await timers.fire(tx, clock.now(), n=DUE)
        claim, cpu = time.perf_counter() - begun, time.process_time() - spent
        await make_due(db, 2 * turn + 1, settings)
        begun = time.perf_counter()
        moved = await pump.fire_due()
        move = time.perf_counter() - begun
        begun = time.perf_counter()
        await handle(db, dispatcher)
        handling = time.perf_counter() - begun
        async with db.write() as tx:
            told = (await tx.execute(sa.delete(timer).where(timer.c.kind == "notices"))).rowcount
            await tx.execute(sa.delete(inbox))
        begun = time.perf_counter()
        for _ in range(POLLS):
            await pump.fire_due()
        poll = (time.perf_counter() - begun) / POLLS
        assert len(fired) == moved == DUE, (len(fired), moved)
        assert told, "the owners are told"
        if turn:
            for name, seconds in (
                ("claim", claim),
                ("cpu", cpu),
                ("poll", poll),
                ("move", move),
                ("handle", handling),
            ):
                found[name].append(seconds * 1000)
    return found


def goals(store: str, rows: dict[int, Row]) -> Iterator[list[str]]:
    """Flat, and cheap."""
    least, most = min(rows), max(rows)
    growth = middle(rows[most]["claim"]) / middle(rows[least]["claim"])
    whole = middle(rows[most]["handle"]) / middle(rows[least]["handle"])
    poll, item = middle(rows[most]["poll"]), middle(rows[most]["cpu"]) / DUE * 1000
    for said, value, limit in (
        (f"(find + claim)({most}) ≤ 1.5 × ({least})", growth, 1.5),
        (f"handling ({most}) ≤ 1.5 × ({least})", whole, 1.5),
        (f"an empty poll at {most} ≤ 1 ms", poll, 1.0),
        (f"CPU of a due item at {most}, of {DUE} ≤ 60 µs", item, 60.0),
    ):
        yield [f"{store}: {said}", f"{value:.2f} {'✔' if value <= limit else '✘'}"]


async def run(args: argparse.Namespace) -> str:
    """All sizes on all stores; the table."""
    sizes = [int(one) for one in args.sizes.split(",")]
    lines, reached = list[list[str]](), list[list[str]]()
    settings = config()
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genjin-bench-")))
        postgres = _postgres(stack)
        for store in ("SQLite", *(["PostgreSQL"] if postgres else [])):
            rows: dict[int, Row] = {}
            for size in sizes:
                print(f"{store}, {size}", file=sys.stderr, flush=True)
                url = f"sqlite:///{room}/{size}.db"
                if store == "PostgreSQL" and postgres is not None:
                    url = postgres(f"timers_{size}")
                db = Database(url)
                try:
                    await migrate(db)
                    await fill(db, size, settings)
                    rows[size] = await measure(db, args.rounds, settings)
                finally:
                    await db.close()
                one = rows[size]
                lines.append([f"{store}, {size}", cell(one["claim"], 2), f"{middle(one['claim']) / DUE * 1000:.0f}",
                              f"{middle(one['cpu']) / DUE * 1000:.0f}",
                              cell(one["move"], 2), cell(one["poll"], 3),
                              f"{middle(one['handle']) / DUE:.1f}"])  # fmt: skip
            reached += goals(store, rows)
    head = f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; {args.rounds} rounds, load average {os.getloadavg()[0]:.1f}. "
    head += "Median [lowest..highest], wall time where nothing else is said. "
    head += "Each open lead has two timers, its customer and the fact of its assignment."
    columns = f"store, open leads|find + claim {DUE}, ms|µs a due item|… of our CPU|find, claim, into the inbox, ms|"
    columns += "empty poll, ms|look at a lead and tell its owner, ms"
    return "\n\n".join([head, table(columns, iter(lines)), table("goal|found", iter(reached))])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    text = asyncio.run(run(args))
    print(text)
    if args.write:
        write(text, "timers")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
