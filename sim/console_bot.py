"""The bot as the console knows it: is it up, its process, its development clock and ledger, its API for enquiries."""

import contextlib
import os
import secrets
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

QUICK = ClientTimeout(total=3.0)
PATIENT = ClientTimeout(total=15.0)


class NoAnswer(Exception):
    """The bot did not answer, or not as expected; the text can be shown."""


@dataclass(frozen=True)
class Told:
    """What the development clock says. Seconds; `wait` None: no timer is set."""

    ahead: float
    idle: bool
    wait: float | None


class Bot:
    """HTTP calls to one bot. `up` and `has_clock` are what was seen last.

    `pid_file` holds the number of its process; whoever wrote it starts the bot again when it is gone, but waits for
    as long as there is a file of the same name with `.hold` at its end.
    """

    def __init__(self, url: str, token: str, pid_file: Path | None = None) -> None:
        self.url, self._token, self._pid_file = url.rstrip("/"), token, pid_file
        self.up = self.has_clock = False
        self._session: ClientSession | None = None

    async def start(self) -> None:
        """Opens the session."""
        self._session = ClientSession()

    async def stop(self) -> None:
        """Closes it."""
        if self._session is not None:
            await self._session.close()
        self._session = None

    async def look(self) -> bool:
        """Asks whether the bot takes traffic; True when that changed."""
        before = self.up
        try:
            status, _ = await self._ask("GET", "/readyz", timeout=QUICK)
            self.up = status == 200
        except NoAnswer:
            self.up = False
        return self.up != before

    @property
    def pid(self) -> int:
        """The number of its process, 0 when nobody told."""
        if self._pid_file is None:
            return 0
        try:
            return int(self._pid_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    @property
    def held(self) -> bool:
        """Whether it is kept from being started again."""
        return self._pid_file is not None and self._hold(self._pid_file).exists()

    def kill(self, *, stay: bool) -> int:
        """kill -9; `stay`: it is not started again before `revive`. Returns the process id. Raises NoAnswer."""
        pid = self.pid
        if self._pid_file is None or pid <= 1:
            raise NoAnswer("演示台不知道机器人的进程号（--bot-pid-file）")
        if stay:
            self._hold(self._pid_file).touch()
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            raise NoAnswer("机器人的进程已经不在了") from None
        return pid

    def revive(self) -> None:
        """Lets it be started again."""
        if self._pid_file is not None:
            with contextlib.suppress(FileNotFoundError):
                self._hold(self._pid_file).unlink()

    def _hold(self, pid_file: Path) -> Path:
        return pid_file.with_name(pid_file.name + ".hold")

    async def ledger(self, limit: int) -> list[dict[str, Any]]:
        """The newest rows of the delivery ledger, newest first. Raises NoAnswer where the route is not open."""
        status, body = await self._ask("GET", f"/dev/ledger?limit={limit}", timeout=QUICK)
        rows = body.get("rows")
        if status != 200 or not isinstance(rows, list):
            raise NoAnswer("机器人没有打开演练用的台账（环境变量 GENJIN_DEV_CLOCK=1）")
        return rows

    async def clock(self) -> Told:
        """Where the development clock stands. Raises NoAnswer when there is none."""
        return self._told(*await self._ask("GET", "/dev/clock", timeout=QUICK))

    async def set_clock(self, ahead: float) -> Told:
        """Sets it. Raises NoAnswer."""
        return self._told(*await self._ask("POST", "/dev/clock", {"ahead_seconds": ahead}, timeout=PATIENT))

    def _told(self, status: int, body: dict[str, Any]) -> Told:
        self.has_clock = status == 200
        if not self.has_clock:
            raise NoAnswer("机器人没有打开演练时钟（环境变量 GENJIN_DEV_CLOCK=1）")
        return Told(float(body["ahead_seconds"]), bool(body["idle"]), body["next_timer_seconds"])

    async def lead(self, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """POST /api/v1/leads with a fresh Idempotency-Key → (status, answer). Raises NoAnswer."""
        return await self._ask("POST", "/api/v1/leads", fields, timeout=PATIENT)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, timeout: ClientTimeout
    ) -> tuple[int, dict[str, Any]]:
        if self._session is None or not self.url:
            raise NoAnswer("没有配置机器人的地址（--bot-url）")
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": secrets.token_hex(16)}
        try:
            async with self._session.request(
                method, f"{self.url}{path}", json=body, headers=headers, timeout=timeout
            ) as answer:
                if answer.content_type != "application/json":
                    return answer.status, {}
                told = await answer.json()
                return answer.status, told if isinstance(told, dict) else {}
        except (TimeoutError, ClientError, OSError, ValueError):
            raise NoAnswer("机器人没有应答，可能正在重启") from None
