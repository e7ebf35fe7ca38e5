"""A running demo for tests: started as its reader would start it, and asked through the console's HTTP API."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[1]
START = 90.0  # seconds until it is ready, on a busy machine
STOP = 40.0
USERS = {"wecom": "WangLei", "dingtalk": "wanglei01"}
BOSS = {"wecom": "ZhangMin", "dingtalk": "zhangmin03"}
Json = dict[str, Any]


def free_ports() -> int:
    """The first of five free ports in a row."""
    for first in range(20_000 + os.getpid() % 9000, 32_000, 5):
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + 5):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no five free ports in a row")


async def run(*words: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    """`main.py demo …`, its output to be read."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GENJIN_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "main.py", "demo", *words, cwd=ROOT, env=clean | (env or {}),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@dataclass
class Demo:
    """One run. `said` is what stands in the terminal so far."""

    process: asyncio.subprocess.Process
    url: str
    http: aiohttp.ClientSession
    said: str = ""

    async def says(self, *fragments: str, timeout: float = START) -> str:
        """Waits until the terminal shows all fragments."""
        assert self.process.stdout is not None
        async with asyncio.timeout(timeout):
            while not all(fragment in self.said for fragment in fragments):
                line = await self.process.stdout.readline()
                assert line, f"it ended:\n{self.said}"
                self.said += line.decode()
        return self.said

    def bot(self) -> int:
        """The process id of the bot, as the terminal names it last."""
        return int(re.findall(r"(?:kill -9|进程号) (\d+)", self.said)[-1])

    async def get(self, path: str) -> Json:
        async with self.http.get(self.url + path) as answer:
            told: Json = await answer.json()
            assert answer.status == 200, told
        return told

    async def post(self, path: str, body: Json) -> Json:
        async with self.http.post(self.url + path, json=body) as answer:
            told: Json = await answer.json()
            assert answer.status == 200, told
        return told

    async def does(self, platform: str, user: str, verb: str, **body: Any) -> None:
        """One verb of a phone; fails when it did not arrive."""
        done = await self.post(f"/api/{platform}/{user}/{verb}", body)
        assert done["problem"] == "", done

    async def screen(self, platform: str, user: str) -> list[Json]:
        """What is on a phone."""
        rows: list[Json] = (await self.get(f"/api/{platform}/{user}/messages"))["rows"]
        return rows

    async def sees(self, platform: str, user: str, *fragments: str, timeout: float = 25.0) -> Json:
        """Waits for something (not one's own words) that holds all fragments."""
        end = time.monotonic() + timeout
        while True:
            rows = await self.screen(platform, user)
            for row in reversed(rows):
                if not row["mine"] and all(fragment in row["text"] for fragment in fragments):
                    return row
            if time.monotonic() > end:
                shown = "\n".join(f"{'→' if row['mine'] else '←'} {row['text']}" for row in rows)
                raise AssertionError(f"{user} did not see {fragments}:\n{shown}")
            await asyncio.sleep(0.1)

    async def clicks(self, platform: str, user: str, label: str) -> None:
        """Presses the newest live button with this label."""
        for row in reversed(await self.screen(platform, user)):
            for press in row["buttons"]:
                if press["label"] == label and press["enabled"]:
                    await self.does(platform, user, "click", n=row["n"], key=press["key"])
                    return
        raise AssertionError(f"{user} has no button {label}")

    async def bot_up(self) -> None:
        """Waits until the bot takes traffic and the console sees it."""
        host, _, port = self.url.rpartition(":")
        async with asyncio.timeout(START):
            while not await self._answers(f"{host}:{int(port) + 1}/readyz"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while not (bot := (await self.get("/api/state"))["bot"])["up"] or not bot["clock"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _answers(self, url: str) -> bool:
        try:
            async with self.http.get(url) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return await asyncio.wait_for(self.process.wait(), STOP)


@asynccontextmanager
async def running(data: Path, *words: str, env: dict[str, str] | None = None) -> AsyncIterator[Demo]:
    """A demo on free ports that is ready; stopped in the end if it still runs."""
    port = free_ports()
    process = await run("--port", str(port), "--data", str(data), *words, env=env)
    async with aiohttp.ClientSession() as http:
        demo = Demo(process, f"http://127.0.0.1:{port}", http)
        try:
            await demo.says("按 Ctrl-C 停止")
            yield demo
        finally:
            if process.returncode is None:
                await demo.stop()
            transport = getattr(process, "_transport", None)
            if transport is not None:
                transport.close()
