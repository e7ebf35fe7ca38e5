"""One mailbox with very many messages, and an hour without the platform: whether others wait, whether anybody is flooded.

make bench BENCH=bench/hot.py ARGS="[--waiting 100000] [--sends 10000] [--people 200] [--stores SQLite,PostgreSQL] [--write]"
"""

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from bench.peers.load import middle
from bench.throughput import _postgres, machine, table, write
from bot import logs
from store.db import Database
from store.migrate import migrate
from tests.bot.load import Hot, Outage, hot, outage


async def fresh(url: str) -> Database:
    """A migrated, empty database."""
    db = Database(url)
    await migrate(db)
    return db


def hot_row(store: str, waiting: int, found: Hot) -> list[str]:
    """One line of the first table."""
    took = sorted(found.took)
    p99 = took[min(len(took) - 1, int(0.99 * len(took)))]
    return [
        f"{store}, {waiting}", f"{found.seconds:.0f}", f"{waiting / found.seconds:.0f}",
        f"{middle(took) * 1000:.0f} / {p99 * 1000:.0f} / {took[-1] * 1000:.0f} ({len(took)})",
        "yes" if found.in_order and not found.left else "NO",
    ]  # fmt: skip


def outage_row(store: str, sends: int, found: Outage) -> list[str]:
    """One line of the second table."""
    lost = sends + found.digests - found.ledger["accepted"] - found.ledger["folded"]
    return [
        f"{store}, {sends}", f"{found.seconds:.0f}", f"{found.ledger['accepted']}", f"{found.digests}",
        f"{found.ledger['folded']}", f"{lost}", f"{found.busiest_second}", f"{found.busiest_minute}",
        "yes" if found.in_order and found.told else "NO",
    ]  # fmt: skip


async def run(args: argparse.Namespace) -> str:
    """Both on each store; the tables."""
    busy, away = list[list[str]](), list[list[str]]()
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genjin-bench-")))
        postgres = _postgres(stack) if "PostgreSQL" in args.stores else None
        for store in args.stores.split(","):
            for name in ("hot", "outage"):
                print(f"{store}, {name}", file=sys.stderr, flush=True)
                if store == "PostgreSQL" and postgres is None:
                    continue
                db = await fresh(
                    postgres.create(name)
                    if postgres and store == "PostgreSQL"
                    else f"sqlite:///{room}/{name}.db"
                )
                try:
                    if name == "hot":
                        busy.append(hot_row(store, args.waiting, await hot(db, args.waiting)))
                    else:
                        away.append(outage_row(store, args.sends, await outage(db, args.sends, args.people)))
                finally:
                    await db.close()
    head = f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; load average {os.getloadavg()[0]:.1f}."
    first = "store, waiting messages of one person|worked off in, s|a second|"
    first += "others: message to answer p50 / p99 / most, ms (how many)|all, in order"
    second = f"store, sends queued in an hour without the platform, {args.people} people|seconds until all was out|"
    second += (
        "messages|of them digests|sends folded into digests|lost|most in a second (cap 20/s, bucket of 20)|"
    )
    second += "most to one person in a minute (cap 20)|in order, digests complete"
    return "\n\n".join([head, table(first, iter(busy)), table(second, iter(away))])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--sends", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--stores", default="SQLite,PostgreSQL")
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    logs.configure("text")
    text = asyncio.run(run(args))
    print(text)
    if args.write:
        write(text, "hot")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
