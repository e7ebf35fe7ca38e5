"""How long from the start to the first acknowledgement, and what each package costs to import.

    make bench BENCH=bench/start.py ARGS="[--rounds 5] [--top 12] [--write]"

"first ack": a callback of WeCom, sealed and signed, was stored and answered. One is tried every 10 ms from the moment of the
start, as a platform would that comes again. CPU is user and system time until then. Imports are timed in starts of their own.
"""

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench.peers import load, servers
from bench.peers.servers import GENJIN, ROOT, Served, environment
from bench.throughput import cell, machine, table, write

PATIENCE = 60.0
TIMED_START = Served("genjin", (sys.executable, "-X", "importtime", *GENJIN.words[1:]), product=True)
TIMED = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)")


@dataclass
class Starts:
    """What was measured, a number for each round."""

    ready: list[float] = field(default_factory=list)
    ack: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


async def one(into: Starts, empty: Path, members: int) -> None:
    """One start with that many members."""
    with tempfile.TemporaryDirectory(prefix="genjin-bench-") as room:
        data, port = Path(room), servers.free_port()
        env = environment(**servers.settings(data, port, "http://127.0.0.1:1"))
        path = servers.config(data, members)
        shutil.copy(empty, data / "genjin.db")
        body = load.text_message("u0000", "你好")
        begun = time.perf_counter()
        with (data / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220
                [word.format(config=path) for word in GENJIN.words], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        try:
            ready = 0.0
            while time.perf_counter() - begun < PATIENCE and process.poll() is None:
                try:
                    run = await load.closed(port, iter([body]), 1, connections=1)
                except OSError:
                    await asyncio.sleep(0.01)
                    continue
                ready = ready or time.perf_counter() - begun
                if run.took:
                    into.ready.append(ready)
                    into.ack.append(time.perf_counter() - begun)
                    into.cpu.append(load.cpu(process.pid))
                    into.memory.append(_memory(process.pid))
                    return
            raise RuntimeError((data / "log").read_text("utf-8", "replace")[-2000:])
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 20)


def _memory(pid: int) -> float:
    """Resident memory in MB."""
    said = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", said)[1]) / 1024  # type: ignore[index]


async def imports(packages: dict[str, list[float]], empty: Path) -> None:
    """Milliseconds that each package takes by itself (what it imports left out) until the program takes connections."""
    mine: dict[str, float] = defaultdict(float)
    async with servers.running(TIMED_START, sink="http://127.0.0.1:1", empty=empty) as one:
        for line in (one.data / "log").read_text("utf-8", "replace").splitlines():
            if found := TIMED.match(line):
                mine[found[2].partition(".")[0]] += int(found[1]) / 1000
    for name, spent in mine.items():
        packages[name].append(spent)


def report(starts: dict[int, Starts], packages: dict[str, list[float]], args: argparse.Namespace) -> str:
    """The tables."""

    def began() -> Iterator[list[str]]:
        for members, one in starts.items():
            yield [str(members), cell(one.ready, 2), cell(one.ack, 2), cell(one.cpu, 2), cell(one.memory)]

    def cost() -> Iterator[list[str]]:
        dearest = sorted(packages.items(), key=lambda item: -sum(item[1]))
        for name, spent in dearest[: args.top]:
            yield [name, cell(spent)]
        yield ["all the rest", f"{sum(sum(spent) for _, spent in dearest[args.top :]) / args.rounds:.0f}"]

    told = f"{datetime.now():%Y-%m-%d %H:%M}, {machine()}; {args.rounds} starts each, load average {os.getloadavg()[0]:.1f}."
    return (
        f"{told}\n\n{table('members|takes connections, s|first ack, s|CPU until then, s|memory then, MB', began())}\n\n"
        f"{table('package|ms to import, by itself', cost())}"
    )


async def measure(args: argparse.Namespace) -> str:
    """All starts, then the imports."""
    starts: dict[int, Starts] = {members: Starts() for members in args.members}
    with tempfile.TemporaryDirectory(prefix="genjin-bench-") as room:
        empty = servers.template(Path(room))
        for n in range(args.rounds):
            for members, into in starts.items():
                print(f"round {n + 1}: {members} members", file=sys.stderr, flush=True)
                await one(into, empty, members)
        packages = defaultdict[str, list[float]](list)
        for _ in range(args.rounds):
            await imports(packages, empty)
    return report(starts, packages, args)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--members", type=lambda text: [int(one) for one in text.split(",")], default=[10, 1000]
    )
    parser.add_argument("--top", type=int, default=12, help="packages in the table")
    parser.add_argument("--write", action="store_true", help="into bench/results.md")
    args = parser.parse_args()
    text = asyncio.run(measure(args))
    print(text)
    if args.write:
        write(text, "start")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
