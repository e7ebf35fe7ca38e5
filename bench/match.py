"""How long does it take to find a company among 10 k, 100 k, 1 M customers by a name that is not quite right?

    PYTHONPATH=. python -P bench/match.py [--sizes 10000,100000,1000000] [--queries 200] [--postgresql] [--write]

Synthetic names (city, brand of 2-4 characters, trade, legal form); five kinds of query in equal parts: as it stands,
without the legal form, another legal form, one wrong character in the brand, and the brand with two characters more.
Beside it RapidFuzz's own scan of all names, in the same run. recall@5: the right customer is among the first five.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from rapidfuzz import fuzz, process

from nlp.cores import core
from nlp.similar import nearest
from rules import name_keys as keys_of
from store import migrate, name_keys
from store.db import Database
from store.tables import customer, name_key

RESULTS = Path(__file__).with_name("results.md")
CITIES = [
    "宁波",
    "上海",
    "苏州",
    "杭州",
    "深圳",
    "无锡",
    "温州",
    "台州",
    "东莞",
    "佛山",
    "青岛",
    "成都",
    "武汉",
    "合肥",
    "长沙",
    "南京",
]
TRADES = [
    "液压",
    "汽配",
    "电子",
    "机械",
    "精密机械",
    "自动化",
    "化工",
    "塑料",
    "新材料",
    "电气",
    "仪表",
    "模具",
    "阀门",
    "轴承",
    "包装",
    "纺织",
]
LEGAL = ["有限公司", "股份有限公司", "科技有限公司", "有限责任公司", "实业有限公司"]
BRAND = "恒力宏远明德华盛金利天成瑞丰泰和中兴广达永昌鑫隆博雅诚信建业安康光大东方海通长江联创嘉禾凯旋锐普森立拓维科新"
KINDS = ("as it stands", "without the form", "another form", "one wrong character", "brand and two more")
AT = datetime(2026, 11, 22, tzinfo=UTC)


def name(dice: random.Random) -> tuple[str, str, str, str]:
    """(city, brand, trade, legal form)."""
    brand = "".join(dice.choice(BRAND) for _ in range(dice.choice((2, 2, 3, 3, 4))))
    return dice.choice(CITIES), brand, dice.choice(TRADES), dice.choice(LEGAL)


def asked(dice: random.Random, parts: tuple[str, str, str, str], kind: str) -> str:
    """A name as somebody else would write it."""
    city, brand, trade, legal = parts
    match kind:
        case "without the form":
            return city + brand + trade
        case "another form":
            return city + brand + trade + dice.choice([one for one in LEGAL if one != legal])
        case "one wrong character":
            at = dice.randrange(len(brand))
            wrong = dice.choice([one for one in BRAND if one != brand[at]])
            return city + brand[:at] + wrong + brand[at + 1 :] + trade + legal
        case "brand and two more":
            return brand + trade[:2]
        case _:
            return "".join(parts)


async def fill(db: Database, names: list[str]) -> float:
    """Stores customers with their keys; seconds."""
    begun = time.perf_counter()
    for start in range(0, len(names), 5000):
        some = [(start + n + 1, one, core(one)) for n, one in enumerate(names[start : start + 5000])]
        async with db.write(durable=False) as tx:
            await tx.execute(
                sa.insert(customer),
                [{"id": id, "name": one, "company": one, "core": c, "created_at": AT} for id, one, c in some],
            )
            await tx.execute(
                sa.insert(name_key),
                [{"key": key, "customer": id} for id, _, c in some for key in keys_of.stored(c)],
            )
    return time.perf_counter() - begun


def right(meant: tuple[str, str, str, str], got: tuple[str, str, str, str], kind: str) -> bool:
    """Whether it is the one that was meant, or one that the question cannot tell from it."""
    match kind:
        case "without the form" | "another form":
            return meant[:3] == got[:3]
        case "brand and two more":
            return (meant[1], meant[2][:2]) == (got[1], got[2][:2])
        case _:
            return meant == got


async def ours(db: Database, query: str) -> list[int]:
    """What handlers/leads.similar does, up to the five best."""
    async with db.read() as tx:
        known = await name_keys.candidates(tx, core(query))
    best = nearest(query, [(one.label, one.id) for one in known], [one.core for one in known], limit=5)
    return [id for id, _ in best]


def scan(names: list[str], scorer: Callable[..., float]) -> Callable[[str], list[int]]:
    """RapidFuzz over all names."""
    return lambda query: [index + 1 for _, _, index in process.extract(query, names, scorer=scorer, limit=5)]


async def measure(url: str, size: int, queries: int) -> list[list[str]]:
    """Rows of the table for one size and one database."""
    dice = random.Random(size)
    parts = list({"".join(p): p for p in (name(dice) for _ in range(int(size * 1.3)))}.values())[:size]
    names = ["".join(p) for p in parts]
    db = Database(url)
    await migrate.migrate(db)
    built = await fill(db, names)
    wanted = [
        (at := dice.randrange(len(names)), KINDS[n % 5], asked(dice, parts[at], KINDS[n % 5]))
        for n in range(queries)
    ]
    rows, took, hits = [], [], dict.fromkeys(KINDS, 0)
    for _, _, query in wanted[:20]:
        await ours(db, query)  # the database's own caches
    for at, kind, query in wanted:
        begun = time.perf_counter()
        found = await ours(db, query)
        took.append(time.perf_counter() - begun)
        hits[kind] += any(right(parts[at], parts[id - 1], kind) for id in found)
    store = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
    recall = sum(hits.values()) / queries
    took.sort()
    rows.append([
        f"genjin, {store}", f"{len(names):,}", f"{1000 * statistics.median(took):.2f}", f"{1000 * took[int(0.99 * len(took))]:.1f}",
        f"{recall:.3f}", f"{hits[KINDS[3]] / (queries / 5):.2f}", f"{built:.0f} s",
    ])  # fmt: skip
    await db.close()
    if store == "SQLite":
        few = wanted[: max(5, min(queries, 2_000_000 // size))]
        for label, scorer in (("RapidFuzz ratio, scan", fuzz.ratio), ("RapidFuzz WRatio, scan", fuzz.WRatio)):
            look, slow = scan(names, scorer), []
            for _, _, query in few[: 5 if scorer is fuzz.WRatio and size >= 1_000_000 else None]:
                begun = time.perf_counter()
                look(query)
                slow.append(time.perf_counter() - begun)
            times = f"{statistics.median(slow) / statistics.median(took):.0f}×"
            rows.append(
                [label, f"{len(names):,}", f"{1000 * statistics.median(slow):.1f}", "", "", "", times]
            )
    return rows


async def main() -> None:
    """The whole table."""
    words = argparse.ArgumentParser()
    words.add_argument("--sizes", default="10000,100000,1000000")
    words.add_argument("--queries", type=int, default=200)
    words.add_argument("--postgresql", action="store_true")
    words.add_argument("--write", action="store_true")
    args = words.parse_args()
    rows: list[list[str]] = []
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for size in map(int, args.sizes.split(",")):
            rows += await measure(f"sqlite:///{room}/{size}.db", size, args.queries)
            if args.postgresql:
                from tests.servers import Postgres

                server = stack.enter_context(Postgres(own=True))
                rows += await measure(server.create(f"match{size}"), size, args.queries)
    head = ["way", "names", "p50 ms", "p99 ms", "recall@5", "[wrong character]", "build, or slower by"]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    print(table)
    if args.write:
        begin, end = "<!-- match -->", "<!-- /match -->"
        old = RESULTS.read_text("utf-8")
        RESULTS.write_text(
            f"{old.partition(begin)[0]}{begin}\n{table}\n{end}{old.partition(end)[2]}", "utf-8"
        )


if __name__ == "__main__":
    asyncio.run(main())
