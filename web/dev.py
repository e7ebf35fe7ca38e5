"""/dev: a rehearsal sets the business clock ahead and reads the delivery ledger. There only when the environment asks."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta

from aiohttp import web

from bot import rehearsal
from bot.config import BadConfig, Config
from bot.engine import Engine
from store import ledger, timers
from web.errors import Refusal, answer

SWITCH = "GENJIN_DEV_CLOCK"
AHEAD = "GENJIN_DEV_CLOCK_AHEAD"
FARTHEST = 400 * 86_400.0
"""A jump of more seconds than this is a slip of the finger."""
ROWS = 200
"""The most rows of the ledger in one answer."""


def dev_routes(engine: Engine, environ: Mapping[str, str] | None = None) -> list[web.RouteDef]:
    """GET and POST /dev/clock, GET /dev/ledger when GENJIN_DEV_CLOCK=1, else nothing. Call it before `engine.start()`.

    GENJIN_DEV_CLOCK_AHEAD (seconds) is where the clock starts: a rehearsal goes on where it was after a restart.
    Raises BadConfig when the switch is on beside a real platform.
    """
    env = os.environ if environ is None else environ
    if not allowed(engine.config, env):
        return []
    dev = DevClock(engine)
    dev.go(_seconds(env.get(AHEAD) or "0", AHEAD))
    return [
        web.get("/dev/clock", dev.show),
        web.post("/dev/clock", dev.set),
        web.get("/dev/ledger", dev.ledger),
    ]


def allowed(config: Config, environ: Mapping[str, str]) -> bool:
    """Whether the clock may be moved. Raises BadConfig when that is asked for with people's real chats behind it."""
    if environ.get(SWITCH, "") in ("", "0"):
        return False
    rehearsal.only(config, f"{SWITCH}=1")
    return True


class DevClock:
    """The business clock of one engine, as it can be asked and moved over HTTP."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._ahead = engine, 0.0

    def go(self, ahead: float) -> None:
        """Sets the clock `ahead` seconds before the machine's (negative: behind)."""
        self._engine.clock.jump(timedelta(seconds=ahead - self._ahead))
        self._ahead = ahead

    async def show(self, _request: web.Request) -> web.Response:
        """{"now", "ahead_seconds", "idle", "next_timer_seconds"}: enough to let time pass timer by timer."""
        engine = self._engine
        async with engine.db.read() as tx:
            first = await timers.next_timer(tx)
        now = engine.clock.now()
        wait = None if first is None else (first - now).total_seconds()
        return answer(
            {
                "now": now.isoformat(),
                "ahead_seconds": self._ahead,
                "idle": await engine.idle(),
                "next_timer_seconds": wait,
            }
        )

    async def set(self, request: web.Request) -> web.Response:
        """{"ahead_seconds": n} sets, {"jump_seconds": n} adds. 400 for anything else, 415 when it is not JSON."""
        if request.content_type != "application/json":
            raise Refusal(415, "要用 Content-Type: application/json")
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise Refusal(400, "内容不是合法的 JSON") from None
        match body:
            case {"ahead_seconds": value}:
                goal = _given(value)
            case {"jump_seconds": value}:
                goal = self._ahead + _given(value)
            case _:
                raise Refusal(400, '要写成 {"ahead_seconds": 秒} 或 {"jump_seconds": 秒}')
        if abs(goal) > FARTHEST:
            raise Refusal(400, "最多提前或推后 400 天")
        self.go(goal)
        return await self.show(request)

    async def ledger(self, request: web.Request) -> web.Response:
        """{"rows": […]}: the newest sends, newest first (?limit=40). 400 for a limit that is no number."""
        text = request.query.get("limit", "40")
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= ROWS):
            raise Refusal(400, f"limit 要是 1 到 {ROWS} 的整数")
        async with self._engine.db.read() as tx:
            rows = await ledger.newest(tx, int(text))
        return answer({"rows": [asdict(row) | {"at": row.at.isoformat()} for row in rows]})


def _given(value: object) -> float:
    """A finite number of seconds. Raises Refusal 400."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 2 * FARTHEST:
        raise Refusal(400, "秒数要是一个数")
    return float(value)


def _seconds(text: str, name: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not abs(found) <= FARTHEST:
        raise BadConfig(f"环境变量 {name}：{text!r} 不是 400 天以内的秒数")
    return found
