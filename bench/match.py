"""How long does it take to find a company among 10 k, 100 k, 1 M customers by a name that is not quite right?

    PYTHONPATH=. python -P bench/match.py [--sizes 10000,100000,1000000] [--queries 200] [--postgresql] [--few] [--write]

Synthetic names (city, brand of 2-4 characters, trade, legal form); five kinds of query in equal parts: as it stands,
without the legal form, another legal form, one wrong character in the brand, and the brand with two characters more.
Beside it RapidFuzz's own scan of all names, in the same run. recall@5: the right customer is among the first five.

The brands are made of 400 characters. With --few of 57: then a million names lie so close that the query cannot tell
which was meant, and nobody can. What a look at every single name finds for the queries with a wrong character, by the
same comparison and by RapidFuzz's ratio of the whole names, says how much can be found at all.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import text
from sqlalchemy.schema import CreateIndex, DropIndex

from nlp.cores import core
from nlp.similar import nearest
from rules import name_keys as keys_of
from store import migrate, name_keys
from store.db import Database
from store.tables import name_key, name_near

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
FEW = "恒力宏远明德华盛金利天成瑞丰泰和中兴广达永昌鑫隆博雅诚信建业安康光大东方海通长江联创嘉禾凯旋锐普森立拓维科新"
COMMON = [bytes((row, column)).decode("gb2312") for row in range(0xB0, 0xD7) for column in range(0xA1, 0xFA)]
"""The common characters by their sound."""
MANY = "".join(dict.fromkeys(FEW + "".join(random.Random(400).sample(COMMON, 400))))[:400]
KINDS = ("as it stands", "without the form", "another form", "one wrong character", "brand and two more")
FILL = {
    "sqlite": [
        text(
            "INSERT INTO customer (id, name, company, core, created_at) SELECT json_extract(value, '$[0]'),"
            " json_extract(value, '$[1]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
            " '2026-11-22 00:00:00.000000' FROM json_each(:rows)"
        ),
        text(
            "INSERT INTO name_key (key, customer) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]')"
            " FROM json_each(:rows)"
        ),
    ],
    "postgresql": [
        text(
            "INSERT INTO customer (id, name, company, core, created_at) SELECT CAST(value ->> 0 AS bigint),"
            " value ->> 1, value ->> 1, value ->> 2, '2026-11-22' FROM jsonb_array_elements(CAST(:rows AS jsonb))"
        ),
        text(
            "INSERT INTO name_key (key, customer) SELECT CAST(value ->> 0 AS integer), CAST(value ->> 1 AS bigint)"
            " FROM jsonb_array_elements(CAST(:rows AS jsonb))"
        ),
    ],
}
"""Many customers, and their keys."""
CHUNK = {"sqlite": 50_000, "postgresql": 20_000}
SECOND = [index for table in (name_key, name_near) for index in table.indexes]


def name(dice: random.Random, letters: str) -> tuple[str, str, str, str]:
    """(city, brand, trade, legal form)."""
    brand = "".join(dice.choice(letters) for _ in range(dice.choice((2, 2, 3, 3, 4))))
    return dice.choice(CITIES), brand, dice.choice(TRADES), dice.choice(LEGAL)


def asked(dice: random.Random, parts: tuple[str, str, str, str], kind: str, letters: str) -> str:
    """A name as somebody else would write it."""
    city, brand, trade, legal = parts
    match kind:
        case "without the form":
            return city + brand + trade
        case "another form":
            return city + brand + trade + dice.choice([one for one in LEGAL if one != legal])
        case "one wrong character":
            at = dice.randrange(len(brand))
            wrong = dice.choice([one for one in letters if one != brand[at]])
            return city + brand[:at] + wrong + brand[at + 1 :] + trade + legal
        case "brand and two more":
            return brand + trade[:2]
        case _:
            return "".join(parts)


async def fill(db: Database, names: list[str]) -> float:
    """Stores customers with their keys, these in the order of their tables and their second indexes at the end: keys lie all
    over a table, and a million customers have some twenty million. Seconds."""
    begun = time.perf_counter()
    cores = [core(one) for one in names]
    keys = sorted(_packed(key, 0, id) for id, one in enumerate(cores, 1) for key in keys_of.stored(one))
    near = sorted(
        _packed(*row)
        for id, (one, stripped) in enumerate(zip(names, cores, strict=True), 1)
        for row in name_keys.near_rows(id, one, stripped)
    )
    async with db.write(durable=False) as tx:
        for index in SECOND:
            await tx.execute(text(str(DropIndex(index))))
    chunk = CHUNK["sqlite" if db.sqlite else "postgresql"]
    for start in range(0, len(names), chunk):
        some = zip(names[start : start + chunk], cores[start : start + chunk], strict=True)
        await _stored(db, 0, [(start + n, *one) for n, one in enumerate(some, 1)])
    for start in range(0, len(keys), chunk):
        await _stored(db, 1, [(key, id) for key, _, id in map(_unpacked, keys[start : start + chunk])])
    for start in range(0, len(near), chunk):
        async with db.write(durable=False) as tx:
            await name_keys.add_near(tx, [_unpacked(one) for one in near[start : start + chunk]])
    async with db.write(durable=False) as tx:
        for index in SECOND:
            await tx.execute(text(str(CreateIndex(index))))
    return time.perf_counter() - begun


async def _stored(db: Database, which: int, rows: list[Any]) -> None:
    async with db.write(durable=False) as tx:
        await tx.execute(FILL[tx.dialect.name][which], {"rows": json.dumps(rows)})


def _packed(key: int, place: int, id: int) -> int:
    """A row as one number of the same order: twenty million tuples would be sorted, and kept, for much longer."""
    return (key + 2**31) << 48 | place << 32 | id


def _unpacked(row: int) -> tuple[int, int, int]:
    return (row >> 48) - 2**31, row >> 32 & 0xFFFF, row & 0xFFFFFFFF


async def settled(url: str, db: Database) -> Database:
    """The same database as it is after a night: its log written back, its tables known to the planner."""
    if db.sqlite:
        await db.close()
        return Database(url)
    async with db.write() as tx:
        for table in ("customer", "name_key", "name_near"):
            await tx.execute(text(f"ANALYZE {table}"))
    return db


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
        known = await name_keys.candidates(tx, core(query), query)
    best = nearest(query, [(one.label, one.id) for one in known], [one.core for one in known], limit=5)
    return [id for id, _ in best]


def scan(names: list[str], scorer: Callable[..., float]) -> Callable[[str], list[int]]:
    """RapidFuzz over all names."""
    return lambda query: [index + 1 for _, _, index in process.extract(query, names, scorer=scorer, limit=5)]


def everything(names: list[str], asked: list[tuple[int, str]]) -> str:
    """Of these queries (the place of the name that was meant, the query), the parts that a look at every name finds."""
    known, cores = [(one, n) for n, one in enumerate(names)], [core(one) for one in names]
    same = sum(at in [n for n, _ in nearest(query, known, cores, limit=5)] for at, query in asked)
    whole = scan(names, fuzz.ratio)
    return f"{same / len(asked):.2f}, {sum(at + 1 in whole(query) for at, query in asked) / len(asked):.2f}"


async def measure(url: str, size: int, queries: int, letters: str) -> list[list[str]]:
    """Rows of the table for one size and one database."""
    dice = random.Random(size)
    made = (name(dice, letters) for _ in range(int(size * 1.3)))
    parts = list({"".join(p): p for p in made}.values())[:size]
    names = ["".join(p) for p in parts]
    db = Database(url)
    await migrate.migrate(db)
    built = await fill(db, names)
    db = await settled(url, db)
    wanted = [
        (at := dice.randrange(len(names)), KINDS[n % 5], asked(dice, parts[at], KINDS[n % 5], letters))
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
        f"{recall:.3f}", f"{hits[KINDS[3]] / (queries / 5):.3f}",
        everything(names, [(at, query) for at, kind, query in wanted if kind == KINDS[3]][:40]) if store == "SQLite" else "",
        f"{built:.0f} s",
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
                [label, f"{len(names):,}", f"{1000 * statistics.median(slow):.1f}", "", "", "", "", times]
            )
    return rows


async def main() -> None:
    """The whole table."""
    words = argparse.ArgumentParser()
    words.add_argument("--sizes", default="10000,100000,1000000")
    words.add_argument("--queries", type=int, default=200)
    words.add_argument("--postgresql", action="store_true")
    words.add_argument("--few", action="store_true", help="brands of 57 characters")
    words.add_argument("--write", action="store_true")
    args = words.parse_args()
    letters = FEW if args.few else MANY
    rows: list[list[str]] = []
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for size in map(int, args.sizes.split(",")):
            rows += await measure(f"sqlite:///{room}/{size}.db", size, args.queries, letters)
            if args.postgresql:
                from tests.servers import Postgres

                server = stack.enter_context(Postgres(own=True))
                rows += await measure(server.create(f"match{size}"), size, args.queries, letters)
    head = [
        "way",
        "names",
        "p50 ms",
        "p99 ms",
        "recall@5",
        "[wrong character]",
        "[… every name looked at: same comparison, ratio]",
        "build, or slower by",
    ]
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
