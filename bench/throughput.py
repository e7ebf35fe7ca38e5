"""How many callbacks a second are accepted durably, how many events are handled whole, and what one callback costs.

    make bench BENCH=bench/throughput.py ARGS="[--rounds 2] [--seconds 3] [--known 0,1500,10000] [--peers] [--write]"

Rounds are interleaved: every server once in each round, started afresh. Only ratios inside one run are worth quoting.
`--peers` needs bench/.venv (see bench/README.md); `--write` puts the tables into bench/results.md.
"""

import argparse
import asyncio
import itertools
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers import load, servers
from bench.peers.load import middle
from bench.peers.servers import (
    FLASK,
    FLOOR,
    GENJIN,
    GENJIN_INTAKE,
    OTHERS,
    PEER_PYTHON,
    QUICK_API,
    ROOT,
    SLOW_API,
    UNHURRIED,
    Running,
    Served,
)
from bench.peers.sink import Sink
from nlp.cores import core
from store import customers
from store.db import Database

if TYPE_CHECKING:
    from tests.servers import Postgres

RESULTS = ROOT / "bench" / "results.md"
OPEN_RATE = 50.0
TODAY = "/今日"
SLOW = 0.08  # seconds that a platform's API may take
NAMES = ["陈立", "王佳", "刘强", "赵敏", "孙涛", "周洁", "吴刚", "郑爽", "冯磊", "褚健"]
CITIES = ["宁波", "杭州", "苏州", "无锡", "佛山", "东莞", "青岛", "合肥", "武汉", "成都"]
BRANDS = [
    trade + kind
    for trade in ("恒达", "宏远", "鑫盛", "精益", "华泰", "永固", "聚力", "天工", "德胜", "联创")
    for kind in ("汽配", "液压", "模具", "电子", "轴承", "阀门", "机械", "仪表", "塑胶", "包装")
]
TRADES = ["恒达", "宏远", "鑫盛", "精益", "华泰", "永固", "聚力", "天工", "德胜", "联创"]

Numbers = dict[str, dict[str, list[float]]]


def add(into: Numbers, name: str, **values: float) -> None:
    """One round's numbers of one server."""
    for key, value in values.items():
        into.setdefault(name, {}).setdefault(key, []).append(value)


# ── (a) and (c): callbacks accepted ────────────────────────────────────────────────────────────────────
async def accepts(
    served: Served, into: Numbers, empty: Path, seconds: float, text: str = load.CHAT, delay: float = 0.0
) -> None:
    """Open loop at 50/s, then closed loop over 16 connections; CPU of the closed loop. The platform's API takes `delay` s."""
    sink = Sink(delay)
    await sink.start()
    # bodies are sealed before the clock starts: about 40 µs each would otherwise be taken from the server's share
    calm = load.chat(int(OPEN_RATE * seconds) + 50, make=served.body, text=text)
    full = load.chat(int(4000 * seconds), make=served.body, text=text)
    try:
        async with servers.running(served, sink=sink.url, empty=empty) as one:
            await settled(one)
            await load.closed(one.port, iter(calm[:50]), 5, connections=2)
            paced = await load.paced(one.port, iter(calm[50:]), OPEN_RATE, seconds)
            before = load.cpu(one.pid)
            run = await load.closed(one.port, iter(full), seconds)
            spent = load.cpu(one.pid) - before
    finally:
        await sink.stop()
    add(
        into, served.name, start=one.started, calm50=paced.ms(0.5), calm99=paced.ms(0.99), rate=run.rate,
        p50=run.ms(0.5), p99=run.ms(0.99), cpu=spent / max(1, len(run.took)) * 1e6, failed=run.failed + paced.failed,
    )  # fmt: skip


# ── (b): whole events ──────────────────────────────────────────────────────────────────────────────────
def drafts(number: int, users: int = 200) -> list[bytes]:
    """「同步至CRM …」: every one a customer that was never met, of `users` reps in turn."""
    made = []
    for n in range(number):
        who, city, trade = NAMES[n % 10], CITIES[n // 10 % 10], TRADES[n // 100 % 10]
        phone = f"139{n:08d}"
        text = f"同步至CRM 我是{city}{trade}{n}号汽配有限公司的{who}，电话{phone}，想要液压阀块报价，月300件"
        made.append(load.text_message(f"u{n % users:04d}", text))
    return made


def branded(number: int, users: int = 200) -> list[bytes]:
    """The same, each of a firm of one of a hundred brands (`crowded` holds many that are called nearly so)."""
    made = []
    for n in range(number):
        firm, who = f"{CITIES[n // 7 % 10]}{BRANDS[n % 100]}有限公司", NAMES[n % 10]
        text = f"同步至CRM 我是{firm}的{who}，电话139{n:08d}，想要液压阀块报价，月300件"
        made.append(load.text_message(f"u{n % users:04d}", text))
    return made


async def crowded(empty: Path, room: Path, number: int, users: int = 200) -> Path:
    """A database with that many customers of a hundred brands in ten towns, dealt out to the reps."""
    path = room / f"crowded{number}.db"
    shutil.copy(empty, path)
    db = Database(f"sqlite:///{path}")
    for begin in range(0, number, 500):
        async with db.write(durable=False) as tx:
            for n in range(begin, min(begin + 500, number)):
                called, now = f"{CITIES[n // 100 % 10]}{BRANDS[n % 100]}有限公司", datetime.now(UTC)
                await customers.add(
                    tx, name=called, company=called, core=core(called), owner=f"u{n % users:04d}", now=now
                )
    await db.close()
    return path


def todays(number: int) -> list[bytes]:
    """`/今日` of 200 reps in turn."""
    return load.chat(number, text=TODAY)


Make = Callable[[int], list[bytes]]


@dataclass(frozen=True)
class Shape:
    """On what whole events are handled: how many processes share the database (""; a SQLite file), and its server's id."""

    name: str
    database: str = ""
    processes: int = 1
    server: int = 0
    filled: Path | None = None  # what the file holds, when it is not empty


async def handles(
    shape: Shape, make: Make, into: Numbers, empty: Path, *, number: int, seconds: float
) -> None:
    """`number` messages at once, dealt out to the processes: until each was answered at the sink. Then 10/s: from the
    callback to the card."""
    sink = Sink()
    await sink.start()
    left: dict[str, float] = {}
    took: list[float] = []

    def heard(user: str, at: float) -> None:
        if user in left:
            took.append(at - left.pop(user))

    try:
        async with AsyncExitStack() as stack:
            some = [
                await stack.enter_async_context(
                    servers.running(
                        UNHURRIED, sink=sink.url, empty=shape.filled or empty, database=shape.database
                    )
                )
                for _ in range(shape.processes)
            ]
            first = some[0]

            async def calm() -> None:
                for one in some:
                    await settled(one)

            def spent() -> tuple[float, float]:
                return sum(load.cpu(one.pid) for one in some), load.cpu(shape.server) if shape.server else 0.0

            async def dealt(bodies: list[bytes]) -> list[load.Run]:
                """A share for each process, over 16 connections in all."""
                return await asyncio.gather(
                    *(load.closed(one.port, iter(bodies[n :: len(some)]), 60, connections=16 // len(some))
                      for n, one in enumerate(some))
                )  # fmt: skip

            await calm()
            # everybody is greeted the first time they write, and a process that never handled such an event opens its
            # connections and prepares its statements: that is not what is measured
            warm = 200 * len(some)
            bodies = make(warm + number + int(10 * seconds))
            await dealt(load.chat(200))
            await calm()
            await dealt(bodies[:warm])
            await calm()
            had, before, begun = sink.sent, spent(), time.perf_counter()
            runs = await dealt(bodies[warm : warm + number])
            await until(lambda: sink.sent - had >= number, 90)
            done, last, after = sink.sent - had, sink.last, spent()
            await calm()
            extra = sink.sent - had - done
            sink.heard = heard
            users = itertools.cycle(f"u{(warm + number + n) % 200:04d}" for n in range(200))

            def leaves(_number: int) -> None:
                left[next(users)] = time.perf_counter()

            await load.paced(first.port, iter(bodies[warm + number :]), 10, seconds, leaves)
            await until(lambda: not left, 10)
    finally:
        await sink.stop()
    ours, its = after[0] - before[0], after[1] - before[1]
    add(
        into, shape.name, rate=done / (last - begun), done=done, lost=number - done, extra=extra,
        p50=load.quantile(took, 0.5) * 1000, p99=load.quantile(took, 0.99) * 1000,
        cpu=ours / max(1, done) * 1e6, failed=sum(run.failed for run in runs), per_cpu=done / max(0.01, ours + its),
    )  # fmt: skip
    if shape.server:
        add(into, shape.name, server=its / max(1, done) * 1e6)


async def among(number: int, into: Numbers, empty: Path, *, name: str, events: int, seconds: float) -> None:
    """Drafts among so many customers that are called nearly alike, on SQLite."""
    filled = await crowded(empty, empty.parent, number)
    await handles(Shape(name, filled=filled), branded, into, empty, number=events, seconds=seconds)


async def settled(one: Running) -> None:
    """Waits until the server has nothing to do: dictionaries loaded, backlog gone (at most a minute)."""
    before, calm = load.cpu(one.pid), 0
    for _ in range(300):
        await asyncio.sleep(0.2)
        after = load.cpu(one.pid)
        calm = calm + 1 if after - before <= 0.03 else 0
        before = after
        if calm == 3:
            return


async def until(true: Callable[[], bool], seconds: float) -> None:
    """Waits at most so long."""
    end = time.perf_counter() + seconds
    while not true() and time.perf_counter() < end:  # noqa: ASYNC110 (what is waited for is no event)
        await asyncio.sleep(0.01)


# ── tables ─────────────────────────────────────────────────────────────────────────────────────────────
def cell(values: list[float], digits: int = 0, *, spread: bool = True) -> str:
    """Median and range."""
    if not values:
        return "–"
    text = f"{middle(values):.{digits}f}"
    return (
        f"{text} [{min(values):.{digits}f}..{max(values):.{digits}f}]" if spread and len(values) > 1 else text
    )


def table(head: str, rows: Iterator[list[str]]) -> str:
    """A Markdown table; columns in `head` are parted by |."""
    columns = head.split("|")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def over(numbers: Numbers, one: str, other: str, key: str = "rate") -> list[float]:
    """The ratio one ÷ other, round by round."""
    pairs = zip(numbers.get(one, {}).get(key, []), numbers.get(other, {}).get(key, []), strict=False)
    return [a / b for a, b in pairs if b]


def accepted_table(numbers: Numbers) -> str:
    def rows() -> Iterator[list[str]]:
        for name, n in numbers.items():
            yield [
                name, cell(n["rate"]), cell(over(numbers, GENJIN.name, name), 1), cell(over(numbers, GENJIN_INTAKE.name, name), 1),
                f"{cell(n['calm50'], 1, spread=False)} / {cell(n['calm99'], 1, spread=False)}",
                f"{cell(n['p50'], 1, spread=False)} / {cell(n['p99'], 1, spread=False)}",
                cell(n["cpu"]), cell(n["start"], 1, spread=False), f"{sum(n['failed']):.0f}",
            ]  # fmt: skip

    return table(
        "server|accepted/s|genjin ÷ it|intake alone ÷ it|50/s p50 / p99 ms|full p50 / p99 ms|CPU µs a callback|start s|failed",
        rows(),
    )


def handled_table(numbers: Numbers) -> str:
    def rows() -> Iterator[list[str]]:
        for name, n in numbers.items():
            yield [
                name, cell(n["rate"]), f"{cell(n['p50'], 0, spread=False)} / {cell(n['p99'], 0, spread=False)}",
                cell(n["cpu"]), cell(n.get("server", [])), cell(n["per_cpu"]),
                f"{sum(n['lost']):.0f}", f"{sum(n['extra']):.0f}", f"{sum(n['failed']):.0f}",
            ]  # fmt: skip

    return table(
        "event, store|handled and sent/s|10/s: callback to card p50 / p99 ms|CPU µs an event|… of the server"
        "|events a CPU second|unanswered|extra answers|failed",
        rows(),
    )


@dataclass(frozen=True)
class Goal:
    """One goal and where it stands."""

    text: str
    wanted: float
    found: float
    at_least: bool = True

    def line(self) -> list[str]:
        if self.found != self.found:  # not measured in this run
            return [self.text, "not measured"]
        met = self.found >= self.wanted if self.at_least else self.found <= self.wanted
        return [self.text, f"{self.found:.2f} {'✔' if met else '✘'}"]


def goals(numbers: Numbers) -> str:
    """The goals of durable intake and acknowledgement, against this run."""
    whole, alone = numbers.get(GENJIN.name, {}), numbers.get(GENJIN_INTAKE.name, {})
    nothing, asis, wal = (each.name for each in FLASK)
    slack, telegram, nonebot = (each.name for each in OTHERS)

    def ratio(other: str) -> float:
        return middle(over(numbers, GENJIN_INTAKE.name, other))

    def same(key: str) -> float:
        return middle(over(numbers, SLOW_API.name, QUICK_API.name, key))

    found = [
        Goal("accepted/s ≥ 10 × Flask + SQLAlchemy as it comes (intake alone)", 10, ratio(asis)),
        Goal("accepted/s ≥ 3 × the same in WAL+FULL (intake alone)", 3, ratio(wal)),
        Goal("accepted/s ≥ Flask that stores nothing (intake alone)", 1, ratio(nothing)),
        Goal("accepted/s ≥ 2 × slack-bolt, which stores nothing (intake alone)", 2, ratio(slack)),
        Goal("accepted/s ≥ 2.5 × aiogram, which stores nothing (intake alone)", 2.5, ratio(telegram)),
        Goal("accepted/s ≥ 2.5 × nonebot2, which stores nothing (intake alone)", 2.5, ratio(nonebot)),
        Goal("… ≥ Flask that stores nothing, with all handling going on", 1, middle(over(numbers, GENJIN.name, nothing))),
        Goal("CPU a callback to the acknowledgement ≤ 450 µs (intake alone)", 450, middle(alone.get("cpu", [])), False),
        Goal("50/s: p99 ≤ 20 ms", 20, middle(whole.get("calm99", [])), False),
        Goal("16 connections, full: p99 ≤ 100 ms", 100, middle(whole.get("p99", [])), False),
        *(
            Goal(f"{which}: ms to the acknowledgement, API of 80 ms ÷ API of 0 ms ≤ 1.3", 1.3, same(key), False)
            for which, key in (("50/s, p50", "calm50"), ("50/s, p99", "calm99"), ("full, p99", "p99"))
        ),
        Goal("start to the first connection ≤ 1.5 s", 1.5, middle(whole.get("start", [])), False),
    ]  # fmt: skip
    return table("goal|found", (goal.line() for goal in found))


def machine() -> str:
    """What it ran on."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())  # fmt: skip
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release()}, Python {platform.python_version()}"


@dataclass
class Report:
    """The tables of one run."""

    rounds: int
    seconds: float
    accepted: Numbers = field(default_factory=dict)
    handled: Numbers = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)

    def text(self) -> str:
        busy = f"load average {min(self.loads):.1f}–{max(self.loads):.1f}"
        parts = [
            f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; {self.rounds} rounds of {self.seconds:g} s, {busy}. "
            "Median [lowest..highest] over the rounds; ratios are taken inside each round.",
        ]
        if self.accepted:
            parts += ["### Callbacks accepted (a, c)", accepted_table(self.accepted), goals(self.accepted)]
        if self.handled:
            parts += ["### Whole events (b)", handled_table(self.handled)]
        return "\n\n".join(parts)


def write(text: str, name: str = "throughput") -> None:
    """Puts the text between the marks `name` of bench/results.md; what people wrote around them stays."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    old = RESULTS.read_text("utf-8") if RESULTS.exists() else "# Results\n"
    if begin not in old:
        old += f"\n## {name.capitalize()}\n\n{begin}\n{end}\n"
    new = re.sub(
        re.escape(begin) + ".*?" + re.escape(end), lambda _: f"{begin}\n{text}\n{end}", old, flags=re.DOTALL
    )
    RESULTS.write_text(new, "utf-8")


# ── the run ────────────────────────────────────────────────────────────────────────────────────────────
async def measure(args: argparse.Namespace) -> Report:
    """All rounds."""
    report = Report(args.rounds, args.seconds)
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genjin-bench-")))
        empty = servers.template(room)
        postgres = _postgres(stack) if "b" in args.parts else None
        for n in range(args.rounds):
            for name, step in steps(args, report, empty, postgres, n):
                print(f"round {n + 1}: {name}", file=sys.stderr, flush=True)
                report.loads.append(os.getloadavg()[0])
                await step
    return report


def steps(
    args: argparse.Namespace, report: Report, empty: Path, postgres: "Postgres | None", n: int
) -> Iterator[tuple[str, Awaitable[None]]]:
    """What one round does, in order."""
    if "a" in args.parts:
        peers = (*FLASK, *OTHERS) if args.peers else ()
        for served in (GENJIN, GENJIN_INTAKE, FLOOR, *peers):
            yield served.name, accepts(served, report.accepted, empty, args.seconds)
        for served, delay in ((QUICK_API, 0.0), (SLOW_API, SLOW)):
            yield served.name, accepts(served, report.accepted, empty, args.seconds, TODAY, delay)
    for number in args.known:
        name = f"draft, SQLite, {number:,} customers of a hundred brands"
        yield (
            name,
            among(number, report.handled, empty, name=name, events=args.events, seconds=args.seconds),
        )
    if "b" in args.parts:
        for what, make in (("draft", drafts), ("/今日", todays)):
            for shape in _shapes(what, f"{what == 'draft'}_{n}", postgres):
                yield (
                    shape.name,
                    handles(shape, make, report.handled, empty, number=args.events, seconds=args.seconds),
                )


def _shapes(what: str, room: str, postgres: "Postgres | None") -> list[Shape]:
    """The stores and numbers of processes, each on an empty database of its own."""
    shapes = [Shape(f"{what}, SQLite")]
    if postgres is not None and postgres.process is not None:
        shapes += [
            Shape(
                f"{what}, PostgreSQL{called}",
                postgres.create(f"bench_{room}_{processes}"),
                processes,
                postgres.process.pid,
            )
            for processes, called in ((1, ""), (2, ", two processes"))
        ]
    return shapes


def _postgres(stack: ExitStack) -> "Postgres | None":
    """A PostgreSQL of our own; None where there is none."""
    from tests.servers import NoServer, Postgres

    try:
        return stack.enter_context(Postgres(own=True))
    except NoServer as error:
        print(f"without PostgreSQL: {str(error).splitlines()[0]}", file=sys.stderr)
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--events", type=int, default=400, help="whole events a round (b)")
    parser.add_argument("--parts", default="ab", help="a: accepted and CPU, b: whole events")
    parser.add_argument(
        "--known", type=lambda said: [int(one) for one in said.split(",")], default=[], metavar="N,N",
        help="drafts among so many customers that are called nearly alike, too",
    )  # fmt: skip
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    if args.peers and not PEER_PYTHON.exists():
        print("bench/.venv is missing: make bench-peers", file=sys.stderr)
        return 2
    text = asyncio.run(measure(args)).text()
    print(text)
    if args.write:
        write(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
