"""What one process holds: at the open port, with its dictionaries, after 600, 2,000 and 10,000 messages, on both stores.

    make bench BENCH=bench/memory.py ARGS="[--messages 600,2000,10000] [--stores sqlite,postgresql] [--write]"

`main.py serve` in all its roles, 200 people with phones on the simulated WeCom, everything over sockets. A message is
whatever comes in: a draft, a click on a card, `/今日`, small talk. RSS counts the pages of libraries whole; PSS shares
them out among the processes that have them too. Taken when the process has nothing left to do, in MB.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bench.peers import load, servers
from bench.peers.servers import GENJIN
from bench.throughput import CITIES, NAMES, TRADES, Goal, cell, machine, settled, table, write
from sim.phone import Gone, Phone, Seen
from sim.wecom_server import WecomServer
from tests.servers import NoServer, Postgres, Redis

PEOPLE, AT_ONCE, PATIENCE = 200, 12, 30.0
UNHURRIED = {"GENJIN_WECOM__PER_SECOND": "150", "GENJIN_WECOM__PER_MINUTE": "30"}
"""As fast as the settings allow: else the cap on messages would be waited for."""
STEPS = ("存为新客户", "开始跟进", "电话", "有意向", "明天再联系")
EACH = len(STEPS) + 3
SYLLABLES = "东盛隆兴昌达元亨泰和"
OPEN, READY = "port open", "dictionaries loaded"


@dataclass(frozen=True)
class Store:
    """Where the rows are, and what else the process is told of it."""

    name: str
    database: str = ""
    redis: str = ""


@dataclass
class Held:
    """Megabytes at each moment, a number for each round; how many conversations stuck."""

    rss: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pss: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    stuck: int = 0

    def look(self, moment: str, pid: int) -> None:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text()
        for into, name in ((self.rss, "Rss"), (self.pss, "Pss")):
            into[moment].append(int(re.search(rf"^{name}:\s+(\d+)", said, re.MULTILINE)[1]) / 1024)  # type: ignore[index]
        print(f"  {moment}: {self.rss[moment][-1]:.1f} MB", file=sys.stderr, flush=True)


# ── what people do ─────────────────────────────────────────────────────────────────────────────────────
def chat(number: int) -> str:
    """A customer who was never met."""
    who, city, trade = NAMES[number % 10], CITIES[number // 10 % 10], TRADES[number // 100 % 10]
    firm = f"{city}{trade}{SYLLABLES[number // 1000 % 10]}{SYLLABLES[number // 10_000 % 10]}汽配有限公司"
    return f"同步至CRM 我是{firm}的{who}，电话139{number:08d}，想要液压阀块报价，月{number % 90 + 10}件"


async def converse(phone: Phone, number: int) -> None:
    """EACH messages: a chat becomes a draft, the draft a customer, a check-in in three steps; the day; small talk. Raises Gone."""
    phone.looks_away()
    await phone.says(chat(number))
    for label in STEPS:
        await phone.clicks(label, await offered(phone, label))
    for said, answer in (("/今日", "今天"), ("好的，谢谢", "没看懂")):
        phone.looks_away()
        await phone.says(said)
        await phone.sees(answer, timeout=PATIENCE)


async def offered(phone: Phone, label: str) -> Seen:
    """The newest card on which the button can be pressed, as soon as there is one. Raises Gone."""
    async with phone.changed:
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    for card in reversed(phone.seen[phone.mark :]):
                        if card.button(label):
                            return card
                    await phone.changed.wait()
        except TimeoutError:
            raise Gone(f"{phone.name}: no「{label}」\n{phone.screen(phone.mark)}") from None


async def crowd(phones: list[Phone], numbers: range, held: Held) -> None:
    """These conversations, AT_ONCE side by side, each of the next person in turn."""
    each, free = iter(numbers), asyncio.Queue[Phone]()
    for phone in phones:
        free.put_nowait(phone)

    async def one() -> None:
        for number in each:
            phone = await free.get()
            try:
                await converse(phone, number)
            except Gone as error:
                held.stuck += 1
                print(error, file=sys.stderr)
            free.put_nowait(phone)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


# ── the run ────────────────────────────────────────────────────────────────────────────────────────────
async def measure(store: Store, held: Held, empty: Path, messages: list[int]) -> None:
    """One process from its start to the last message."""
    sim = WecomServer(
        corp_id=load.CORP, agent_id=load.AGENT, secret=load.SECRET, token=load.TOKEN, aes_key=load.AES_KEY
    )  # fmt: skip
    await sim.start()
    phones = [sim.person(f"u{n:04d}", f"销售{n:04d}") for n in range(PEOPLE)]
    served = replace(GENJIN, env=UNHURRIED | {"GENJIN_STORE__REDIS": store.redis})
    try:
        async with servers.running(served, sink=sim.url, empty=empty, database=store.database) as one:
            sim.callback_url = f"http://127.0.0.1:{one.port}{load.PATH}"
            held.look(OPEN, one.pid)
            await settled(one)
            held.look(READY, one.pid)
            done = 0
            for number in messages:
                await crowd(phones, range(done, number // EACH), held)
                done = number // EACH
                await settled(one)
                held.look(f"{number:,} messages", one.pid)
    finally:
        await sim.stop()


def stores(stack: ExitStack, names: list[str], round_: int) -> Iterator[Store]:
    """Those that can be had on this machine, empty."""
    if "sqlite" in names:
        yield Store("SQLite")
    if "postgresql" in names:
        try:
            postgres, redis = stack.enter_context(Postgres(own=True)), stack.enter_context(Redis(own=True))
        except NoServer as error:
            print(f"without PostgreSQL: {str(error).splitlines()[0]}", file=sys.stderr)
            return
        yield Store("PostgreSQL + Redis", postgres.create(f"bench_{round_}"), redis.url)


def report(found: dict[str, Held], args: argparse.Namespace) -> str:
    """The tables."""
    moments = [OPEN, READY, *(f"{number:,} messages" for number in args.messages)]

    def rows() -> Iterator[list[str]]:
        for name, held in found.items():
            for what, taken in (("RSS", held.rss), ("PSS", held.pss)):
                yield [f"{name}, {what}", *(cell(taken[moment], 1) for moment in moments), str(held.stuck)]

    def goals() -> Iterator[list[str]]:
        for name, held in found.items():
            for moment, most in ((READY, 150), ("2,000 messages", 150)):
                if moment in held.rss:
                    yield Goal(
                        f"{name}: RSS, {moment} ≤ {most} MB", most, load.middle(held.rss[moment]), False
                    ).line()
            if args.messages[-1] > 2000 and "2,000 messages" in held.rss:
                grown = [
                    late - early
                    for early, late in zip(held.rss["2,000 messages"], held.rss[moments[-1]], strict=True)
                ]
                yield Goal(
                    f"{name}: RSS from 2,000 to {moments[-1]}, grown by ≤ 3 MB", 3, load.middle(grown), False
                ).line()

    told = f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; rounds: {args.rounds}, load average {os.getloadavg()[0]:.1f}."
    return f"{told}\n\n{table('store|' + '|'.join(moments) + '|stuck', rows())}\n\n{table('goal|found', goals())}"


async def run(args: argparse.Namespace) -> str:
    """All rounds."""
    found: dict[str, Held] = {}
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genjin-bench-")))
        empty = servers.template(room)
        for round_ in range(args.rounds):
            for store in stores(stack, args.stores, round_):
                print(f"round {round_ + 1}: {store.name}", file=sys.stderr, flush=True)
                await measure(store, found.setdefault(store.name, Held()), empty, args.messages)
    return report(found, args)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--messages", type=lambda text: [int(one) for one in text.split(",")], default=[600, 2000, 10000]
    )
    parser.add_argument("--stores", type=lambda text: text.split(","), default=["sqlite", "postgresql"])
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    text = asyncio.run(run(args))
    print(text)
    if args.write:
        write(text, "memory")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
