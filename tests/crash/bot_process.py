"""The product as a process that can be killed: its settings, its starts, its ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.dingtalk_server import DingtalkServer
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer

ROOT = Path(__file__).parent.parent.parent
TOKEN = "api-token-of-the-crash-tests"
PATIENCE = 120.0  # seconds for a start, on a busy machine
Sim = WecomServer | WecomAibotServer | DingtalkServer
REPS = tuple(f"rep{n:02d}" for n in range(24 if "GENJIN_CRASH_RUNS" in os.environ else 14))
"""More of them in a campaign: the more is in hand, the more a kill interrupts."""
SPARE = "spare"  # has a phone and no story


def user_of(sim: Sim, member: str) -> str:
    """How a platform calls a rep."""
    return f"d-{member}" if isinstance(sim, DingtalkServer) else member.upper()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class BotProcess:
    """One bot on one database. Its port stays the same over all its lives."""

    def __init__(
        self, sim: Sim, database: str, room: Path, *, compiled: Path, redis: str = "", carrier: str = "",
        more: Mapping[str, str] | None = None, roles: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.sim, self.database, self.room, self.redis, self.carrier = sim, database, room, redis, carrier
        self.roles = tuple(roles or ("intake", "work", "timers", "web"))
        self.port = free_port()
        self.pid = 0
        self.starts = 0
        self.log = room / "log"
        self._env = {
            **os.environ,
            **self._settings(),
            **(more or {}),
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": str(compiled),
        }
        self._env.pop("PYTHONDONTWRITEBYTECODE", None)
        self._config = room / "config.toml"
        self._forker: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _settings(self) -> dict[str, str]:
        sim = self.sim
        common = {
            "GENJIN_APP__LISTEN": f"127.0.0.1:{self.port}",
            "GENJIN_APP__ROLES": json.dumps(self.roles),
            "GENJIN_STORE__DATABASE": self.database,
            "GENJIN_STORE__REDIS": self.redis,
            "GENJIN_STORE__CARRIER": self.carrier,
            "GENJIN_STORE__FILES": str(self.room / "files"),
            "GENJIN_API__TOKENS": f'["{TOKEN}"]',
            "GENJIN_CALENDAR__QUIET": '""',  # the story is the same at three in the morning
            "GENJIN_MESSAGES__PER_MINUTE": "30",
            "GENJIN_APP__LOG": "text",
            "GENJIN_DEV_CLOCK": "1",
        }
        if isinstance(sim, WecomServer):
            names = ("corp_id", "agent_id", "secret", "token", "aes_key")
            own = {f"GENJIN_WECOM__{name.upper()}": str(getattr(sim, name)) for name in names}
            return common | own | {"GENJIN_WECOM__ENABLED": "true", "GENJIN_WECOM__API_BASE": sim.url}
        if isinstance(sim, WecomAibotServer):
            own = {
                f"GENJIN_WECOM_AIBOT__{name.upper()}": str(getattr(sim, name))
                for name in ("bot_id", "secret")
            }
            free = {"GENJIN_WECOM_AIBOT__PER_MINUTE": "60000", "GENJIN_WECOM_AIBOT__PER_HOUR": "60000"}
            base = {"GENJIN_WECOM_AIBOT__WS_BASE": sim.ws_url, "GENJIN_WECOM_AIBOT__ENABLED": "true"}
            return common | own | free | base
        own = {
            f"GENJIN_DINGTALK__{name.upper()}": getattr(sim, name) for name in ("client_id", "client_secret")
        }
        free = {"GENJIN_DINGTALK__MONTHLY_CALLS": "0", "GENJIN_DINGTALK__MONTHLY_PUSHES": "0"}
        bases = {"GENJIN_DINGTALK__API_BASE": sim.url, "GENJIN_DINGTALK__OAPI_BASE": sim.url}
        return common | own | free | bases | {"GENJIN_DINGTALK__ENABLED": "true"}

    def prepare(self) -> None:
        """Writes the configuration and imports what all lives share. Blocks for seconds."""
        key = {WecomServer: "wecom", WecomAibotServer: "wecom_aibot", DingtalkServer: "dingtalk"}[
            type(self.sim)
        ]
        text = (ROOT / "config.toml").read_text("utf-8")
        for member in (*REPS, SPARE):
            account = f'{key} = "{user_of(self.sim, member)}"'
            text += f'\n[[member]]\nid = "{member}"\nname = "销售{member[3:]}"\n{account}\n'
        self._config.write_text(text, "utf-8")
        words = [sys.executable, str(Path(__file__).with_name("forker.py")), str(self._config), str(self.log)]
        self._forker = subprocess.Popen(
            words, cwd=ROOT, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._forker.stdout is not None
        assert self._forker.stdout.readline() == "ready\n", "the product could not be imported"

    def spawn(self, **environment: str) -> None:
        """A new life, with these environment variables besides; it may not take connections yet."""
        assert self._forker is not None
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        self._forker.stdin.write(json.dumps(environment) + "\n")
        self._forker.stdin.flush()
        self.pid = int(self._forker.stdout.readline())
        self.starts += 1

    async def up(self, connections: int = 1) -> None:
        """Waits until it takes traffic (DingTalk: until the replicas have so many connections together).

        Raises AssertionError with its last words when it ends instead.
        """
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.alive(), f"the bot ended by itself:\n{self.last_words()}"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            if "intake" not in self.roles:
                return
            if isinstance(self.sim, DingtalkServer):
                await self.sim.connected(connections, timeout=PATIENCE)
            elif isinstance(self.sim, WecomAibotServer):
                await self.sim.connected(PATIENCE)
            return
        raise AssertionError(f"the bot did not come up:\n{self.last_words()}")

    async def gone(self, seconds: float) -> bool:
        """Waits until the process has ended by itself; False when it still lives after so many seconds."""
        until = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.01)
        return True

    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    async def end(self, how: signal.Signals) -> None:
        """SIGKILL, or SIGTERM for an orderly stop; waits until the process is gone, if it is not already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, how)
        assert await self.gone(PATIENCE), f"it does not stop:\n{self.last_words()}"

    def close(self) -> None:
        """Nothing of it stays."""
        if self.pid and self.alive():
            os.kill(self.pid, signal.SIGKILL)
        if self._forker is not None:
            assert self._forker.stdin is not None
            assert self._forker.stdout is not None
            self._forker.stdin.close()
            self._forker.wait(PATIENCE)
            self._forker.stdout.close()

    def last_words(self, size: int = 3000) -> str:
        return self.log.read_text("utf-8", "replace")[-size:] if self.log.exists() else ""
