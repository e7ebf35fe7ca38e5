"""DingTalk in Stream mode with an API that takes its time: replies a second, and what a cut connection costs.

    make bench BENCH=bench/dingtalk.py ARGS="[--rounds 2] [--people 40] [--each 10] [--latency 0.08] [--write]"

The product, the SDK's own example and the SDK's AsyncChatbotHandler take turns against the same pretend DingTalk, each started
afresh. Everybody writes at once, then waits for the answers; afterwards messages come at a fixed rate while the connection is cut.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from bench.peers import load, servers
from bench.peers.servers import PEERS, ROOT, environment
from bench.throughput import Numbers, add, cell, machine, over, table, write
from sim.dingtalk_server import DingtalkServer

GENJIN, EXAMPLE, THREADS = "genjin", "SDK, its example", "SDK, AsyncChatbotHandler"
CUT_RATE, CUT_FOR = 10.0, 14.0  # messages a second, seconds; the cut comes after two
SDK = str(PEERS / "dingtalk_sdk_echo.py")


def words(name: str, config: str) -> Sequence[str]:
    """How to start it."""
    return {
        GENJIN: (sys.executable, "bench/peers/genjin_unhurried.py", config),
        EXAMPLE: (sys.executable, SDK, "example"),
        THREADS: (sys.executable, SDK, "async"),
    }[name]


def settings(data: Path, sim: DingtalkServer) -> dict[str, str]:
    """The environment of all three."""
    return {
        "CLIENT_ID": sim.client_id,
        "CLIENT_SECRET": sim.client_secret,
        "DINGTALK_OPENAPI_ENDPOINT": sim.url,
        "GENJIN_APP__LISTEN": "127.0.0.1:0",
        "GENJIN_STORE__DATABASE": f"sqlite:///{data}/genjin.db",
        "GENJIN_STORE__FILES": str(data / "files"),
        "GENJIN_CALENDAR__QUIET": '""',
        "GENJIN_DINGTALK__ENABLED": "true",
        "GENJIN_DINGTALK__CLIENT_ID": sim.client_id,
        "GENJIN_DINGTALK__CLIENT_SECRET": sim.client_secret,
        "GENJIN_DINGTALK__API_BASE": sim.url,
        "GENJIN_DINGTALK__OAPI_BASE": sim.url,
        "GENJIN_DINGTALK__MONTHLY_CALLS": "0",
        "GENJIN_DINGTALK__MONTHLY_PUSHES": "0",
    }


def config(data: Path, people: int) -> Path:
    """The shipped settings and a firm of so many reps."""
    text = (ROOT / "config.toml").read_text("utf-8") + "\n"
    for n in range(people):
        text += f'[[member]]\nid = "u{n:04d}"\nname = "销售{n:04d}"\ndingtalk = "u{n:04d}"\n'
    path = data / "config.toml"
    path.write_text(text, "utf-8")
    return path


@asynccontextmanager
async def running(name: str, sim: DingtalkServer, people: int) -> AsyncIterator[int]:
    """Starts it and waits for its connection; its process id."""
    with tempfile.TemporaryDirectory(prefix="genjin-bench-") as room:
        data = Path(room)
        env, path = environment(**settings(data, sim)), config(data, people)
        if name == GENJIN:
            servers.migrate(env, path)
        with (data / "log").open("wb") as log:
            process = subprocess.Popen(words(name, str(path)), cwd=ROOT, env=env, stdout=log, stderr=log)  # noqa: ASYNC220
        try:
            try:
                await sim.connected(1, 60)
            except TimeoutError:
                said = (data / "log").read_text("utf-8", "replace")[-2000:]
                raise RuntimeError(f"{name} did not connect:\n{said}") from None
            yield process.pid
        finally:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(sim: DingtalkServer) -> Counter[str]:
    """How many messages of the robot each person has."""
    return Counter({user: sum(not seen.mine for seen in phone.seen) for user, phone in sim.phones.items()})


async def answered(sim: DingtalkServer, wanted: int, seconds: float) -> float:
    """Waits until the robot has said so many things in all; the moment (perf_counter) at which it had."""
    end = time.perf_counter() + seconds
    while answers(sim).total() < wanted and time.perf_counter() < end:  # noqa: ASYNC110 (no event tells)
        await asyncio.sleep(0.005)
    return time.perf_counter()


async def one(name: str, numbers: Numbers, args: argparse.Namespace) -> None:
    """One server in one round."""
    sim = DingtalkServer()
    await sim.start()
    sim.limits.qps = None
    for n in range(args.people):
        sim.person(f"u{n:04d}", f"销售{n:04d}")
    try:
        async with running(name, sim, args.people) as pid:
            await asyncio.gather(
                *(phone.says("帮助") for phone in sim.phones.values())
            )  # everybody is greeted once
            await answered(sim, args.people, 60)
            await asyncio.sleep(3)
            await flood(name, numbers, sim, pid, args)
            await cut(name, numbers, sim)
    finally:
        await sim.stop()


async def flood(name: str, numbers: Numbers, sim: DingtalkServer, pid: int, args: argparse.Namespace) -> None:
    """Everybody writes `each` messages at once."""
    sim.faults.latency = args.latency
    had, spent, begun = answers(sim).total(), load.cpu(pid), time.perf_counter()
    wanted = args.people * args.each

    async def writes(user: str) -> None:
        for n in range(args.each):
            await sim.phones[user].says(f"/查 {user} {n}")

    await asyncio.gather(*(writes(user) for user in sim.phones))
    done = await answered(sim, had + wanted, 120)
    got = answers(sim).total() - had
    await asyncio.sleep(1)
    add(
        numbers, name, rate=got / (done - begun), lost=wanted - got, cpu=(load.cpu(pid) - spent) / max(1, got) * 1e6,
        doubled=answers(sim).total() - had - got,
    )  # fmt: skip


async def cut(name: str, numbers: Numbers, sim: DingtalkServer) -> None:
    """Messages at a fixed rate; after two seconds the connection is reset, two seconds later it is told to go elsewhere."""
    sim.faults.latency = 0.0
    people, had = list(sim.phones), answers(sim)
    sim.wire.clear()
    sent, back, begun = 0, 0.0, time.perf_counter()
    was_cut = False
    away: asyncio.Task[float] | None = None
    while (now := time.perf_counter() - begun) < CUT_FOR:
        if now >= 2 and not was_cut:
            was_cut = True
            await sim.cut()
            away = asyncio.create_task(_back(sim))
        await sim.phones[people[sent % len(people)]].says(f"/查 断线 {sent}")
        sent += 1
        await asyncio.sleep(max(0.0, sent / CUT_RATE - (time.perf_counter() - begun)))
    if away is not None:
        back = await away
    never = len(
        sim.wire.of("lost robot message")
    )  # DingTalk had no connection for them, and does not push them later
    wanted = had.total() + sent - never
    await answered(sim, wanted, 20)
    await asyncio.sleep(1)
    got = answers(sim).total()
    add(numbers, name, back=back, undelivered=never, missing=max(0, wanted - got), twice=max(0, got - wanted))


async def _back(sim: DingtalkServer) -> float:
    begun = time.perf_counter()
    await sim.connected(0, 5)
    await sim.connected(1, 60)
    return time.perf_counter() - begun


def report(numbers: Numbers, loads: Sequence[float], args: argparse.Namespace) -> str:
    """The table."""

    def rows() -> Iterator[list[str]]:
        for name, n in numbers.items():
            yield [
                name, cell(n["rate"], 1), cell(over(numbers, GENJIN, name), 1), cell(n["cpu"]), f"{sum(n['lost']):.0f}",
                f"{sum(n['doubled']):.0f}", cell(n["back"], 2), cell(n["undelivered"]), f"{sum(n['missing']):.0f}",
                f"{sum(n['twice']):.0f}",
            ]  # fmt: skip

    head = (
        "bot|replies/s|genjin ÷ it|CPU µs a reply|unanswered|twice|back after a cut, s|never pushed meanwhile"
        "|pushed, unanswered|pushed, answered twice"
    )
    told = (
        f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; {args.rounds} rounds, {args.people} people with {args.each} messages each "
        f"at once, every API call {args.latency * 1000:g} ms, load average {min(loads):.1f}–{max(loads):.1f}."
    )
    return f"{told}\n\n{table(head, rows())}"


async def measure(args: argparse.Namespace) -> str:
    """All rounds."""
    numbers: Numbers = {}
    loads: list[float] = []
    for n in range(args.rounds):
        for name in (GENJIN, EXAMPLE, THREADS):
            print(f"round {n + 1}: {name}", file=sys.stderr, flush=True)
            loads.append(os.getloadavg()[0])
            await one(name, numbers, args)
    return report(numbers, loads, args)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--each", type=int, default=10, help="messages of each person")
    parser.add_argument("--latency", type=float, default=0.08, help="seconds that every API call takes")
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    text = asyncio.run(measure(args))
    print(text)
    if args.write:
        write(text, "dingtalk")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
