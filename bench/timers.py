"""What timers cost when very many are open: finding and claiming what is due, looking when nothing is, moving them into the inbox.

python bench/timers.py [--rounds 7] [--sizes 10000,100000,1000000] [--write]
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.peers.load import middle
from bench.throughput import _postgres, cell, machine, table, write
from bot.bells import Bells
from bot.clock import Clock, Pump
from store import queues
from store.db import Database
from store.migrate import migrate
from store.tables import timer

DUE = 100
"""Timers that are due at once."""
CHUNK = 5000
POLLS = 50

Row = dict[str, list[float]]


async def fill(db: Database, number: int) -> None:
    """So many timers, due over the next year."""
    soon = datetime.now(UTC) + timedelta(days=1)
    rows = [
        {
            "kind": "sla", "key": f"L-{n}:0", "due": soon + timedelta(seconds=n * 7919 % 31_536_000), "payload": "{}",
            "created_at": soon,
        }
        for n in range(number)
    ]  # fmt: skip

    def insert(connection: sa.Connection) -> None:
        for at in range(0, number, CHUNK):
            connection.execute(sa.insert(timer), rows[at : at + CHUNK])
        connection.exec_driver_sql("ANALYZE timer")

    await db.schema(insert)


async def make_due(db: Database, turn: int) -> None:
    """DUE timers whose time has come."""
    now = datetime.now(UTC)
    async with db.write() as tx:
        for n in range(DUE):
            await queues.set_timer(tx, "due", f"{turn}:{n}", now - timedelta(seconds=n), {"n": n}, now)


async def measure(db: Database, rounds: int) -> Row:
    """Milliseconds of each step, round by round (the first one, which compiles the statements, is left out)."""
    found: Row = {"claim": [], "cpu": [], "poll": [], "move": []}
    pump = Pump(db, Clock(), Bells(), batch=DUE)
    for turn in range(rounds + 1):
        await make_due(db, 2 * turn)
        begun, spent = time.perf_counter(), time.process_time()
        async with db.write() as tx:
            fired = await queues.fire(tx, datetime.now(UTC), n=DUE)
        claim, cpu = time.perf_counter() - begun, time.process_time() - spent
        await make_due(db, 2 * turn + 1)
        begun = time.perf_counter()
        moved = await pump.fire_due()
        move = time.perf_counter() - begun
        begun = time.perf_counter()
        for _ in range(POLLS):
            await pump.fire_due()
        poll = (time.perf_counter() - begun) / POLLS
        assert len(fired) == moved == DUE, (len(fired), moved)
        if turn:
            for name, seconds in (("claim", claim), ("cpu", cpu), ("poll", poll), ("move", move)):
                found[name].append(seconds * 1000)
    return found


def goals(store: str, rows: dict[int, Row]) -> Iterator[list[str]]:
    """Flat, and cheap."""
    least, most = min(rows), max(rows)
    growth = middle(rows[most]["claim"]) / middle(rows[least]["claim"])
    poll, item = middle(rows[most]["poll"]), middle(rows[most]["cpu"]) / DUE * 1000
    for said, value, limit in (
        (f"(find + claim)({most}) ≤ 1.5 × ({least})", growth, 1.5),
        (f"an empty poll at {most} ≤ 1 ms", poll, 1.0),
        (f"CPU of a due item at {most}, of {DUE} ≤ 60 µs", item, 60.0),
    ):
        yield [f"{store}: {said}", f"{value:.2f} {'✔' if value <= limit else '✘'}"]


async def run(args: argparse.Namespace) -> str:
    """All sizes on all stores; the table."""
    sizes = [int(one) for one in args.sizes.split(",")]
    lines, reached = list[list[str]](), list[list[str]]()
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
                    await fill(db, size)
                    rows[size] = await measure(db, args.rounds)
                finally:
                    await db.close()
                one = rows[size]
                lines.append([f"{store}, {size}", cell(one["claim"], 2), f"{middle(one['claim']) / DUE * 1000:.0f}",
                              f"{middle(one['cpu']) / DUE * 1000:.0f}",
                              cell(one["move"], 2), cell(one["poll"], 3)])  # fmt: skip
            reached += goals(store, rows)
    head = f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; {args.rounds} rounds, load average {os.getloadavg()[0]:.1f}. "
    head += "Median [lowest..highest], wall time where nothing else is said."
    columns = f"store, open timers|find + claim {DUE}, ms|µs a due item|… of our CPU|find, claim, into the inbox, ms|empty poll, ms"
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
