"""A whole small firm for story tests: the product over real sockets, a pretend platform, people with phones."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import sqlalchemy as sa

import main
from bot.clock import Clock
from bot.config import Config, load
from bot.wecom_aibot.platform import WecomAibotPlatform
from sim.dingtalk_server import DingtalkServer
from sim.phone import Phone, Seen
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from store import keyring, team
from store.db import Database
from store.tables import meta

ZONE = ZoneInfo("Asia/Shanghai")
START = "2026-11-23 10:02"  # a Monday
TOKEN = "api-token-of-the-tests"
PRESSED_FOR = 60.0  # seconds in which a press may change its card; WeCom's 5 are tested in tests/platforms
AES_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

PEOPLE = (
    ("wanglei", "王磊", ["rep"], "华东", ["浙江"], ["汽配", "图纸定制"]),
    ("liqian", "李倩", ["rep"], "华东", ["江苏"], ["现货采购"]),
    ("zhangmin", "张敏", ["manager"], "华东", [], []),
    ("sunhao", "孙浩", ["rep"], "华南", ["广东"], []),
    ("zhougong", "周工", ["admin", "it"], "", [], []),
)


Sim = WecomServer | WecomAibotServer | DingtalkServer


def user_of(platform: str, member: str) -> str:
    """How the test firm's people are called on a platform."""
    return {"wecom": member.upper(), "wecom_aibot": f"Bot-{member}", "dingtalk": f"d-{member}"}[platform]


def platform_of(sim: Sim) -> str:
    """Which platform a pretend one is."""
    match sim:
        case WecomServer():
            return "wecom"
        case WecomAibotServer():
            return "wecom_aibot"
        case _:
            return "dingtalk"


def config_for(sim: Sim, database: str, files: Path, **changes: Any) -> Config:
    """The shipped config.toml with the test firm in it, against one pretend platform."""
    shipped = load(Path(main.__file__).with_name("config.toml"), {})
    platform = platform_of(sim)
    raw = shipped.model_dump(mode="python")
    raw["app"] |= {"listen": "127.0.0.1:0", "public_url": "http://127.0.0.1:8080"}
    raw["store"] |= {"database": database, "files": str(files), "pool": 8}
    raw["api"] = {"tokens": (TOKEN,)}
    raw["team"] = ({"name": "华东", "manager": "zhangmin"}, {"name": "华南", "manager": ""})
    raw["member"] = tuple(
        {
            "id": id, "name": name, "roles": roles, "team": team, "regions": regions, "tags": tags,
            platform: user_of(platform, id),
        }
        for id, name, roles, team, regions, tags in PEOPLE
    )  # fmt: skip
    if isinstance(sim, WecomServer):
        raw["wecom"] |= {
            "enabled": True, "corp_id": sim.corp_id, "agent_id": sim.agent_id, "secret": sim.secret,
            "token": sim.token, "aes_key": sim.aes_key, "api_base": sim.url,
        }  # fmt: skip
    elif isinstance(sim, WecomAibotServer):
        raw["wecom_aibot"] |= {
            "enabled": True, "bot_id": sim.bot_id, "secret": sim.secret, "ws_base": sim.ws_url,
            "per_minute": 60_000, "per_hour": 60_000,
        }  # fmt: skip
    else:
        raw["dingtalk"] |= {
            "enabled": True, "client_id": sim.client_id, "client_secret": sim.client_secret,
            "api_base": sim.url, "oapi_base": sim.url, "monthly_calls": 0, "monthly_pushes": 0,
        }  # fmt: skip
    for section, values in changes.items():
        raw[section] = raw[section] | values if isinstance(values, dict) else values
    return Config.model_validate(raw)


class StillClock(Clock):
    """A clock that stands still between jumps: what happens in one step happens in one instant, however slow the machine.
    Long days use it, where the steps of an ordinary one would take minutes off the day."""

    def __init__(self) -> None:
        super().__init__()
        self._at = super().now()

    def now(self) -> datetime:
        return self._at

    def jump(self, by: timedelta) -> None:
        self._at += by
        super().jump(timedelta(0))


@dataclass
class World:
    """One firm on one platform and one database. Verbs wait until everything that follows has happened."""

    platform: str
    database: str
    files: Path
    sim: Sim
    clock: Clock = field(default_factory=Clock)
    changes: dict[str, Any] = field(default_factory=dict)
    app: main.App | None = None
    patience: float = (
        15.0  # seconds of the machine's time in which everything that follows has to have happened
    )

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────
    def phone(self, member: str) -> Phone:
        """The phone of a member id."""
        return self.sim.phones[user_of(self.platform, member)]

    @property
    def rep(self) -> Phone:
        return self.phone("wanglei")

    @property
    def rep2(self) -> Phone:
        return self.phone("liqian")

    @property
    def boss(self) -> Phone:
        return self.phone("zhangmin")

    @property
    def admin(self) -> Phone:
        return self.phone("zhougong")

    @property
    def people(self) -> list[Phone]:
        return list(self.sim.phones.values())

    async def dead(self, phone: Phone, card: Seen) -> bool:
        """Whether nothing can be pressed on a card any more. The AI bot can grey a card out only in answer to a press:
        there the first press finds nothing to do and greys it."""
        await self.idle()
        live = [press for press in card.buttons if press.enabled and not press.link]
        if live and self.platform == "wecom_aibot":
            await phone.presses_anyway(card, live[0].key)
            await self.idle()
        return not [press for press in card.buttons if press.enabled and not press.link]

    # ── running ─────────────────────────────────────────────────────────────────────────────────────────
    @property
    def config(self) -> Config:
        return config_for(self.sim, self.database, self.files, **self.changes)

    @property
    def db(self) -> Database:
        assert self.app is not None
        return self.app.db

    @property
    def url(self) -> str:
        assert self.app is not None
        return f"http://127.0.0.1:{self.app.port}"

    async def start(self) -> None:
        """Starts the product (again)."""
        self.app = await main.start(self.config, clock=self.clock, migrating=False)
        for platform in self.app.engine.platforms:
            platform.limits.person_per_minute = 60_000  # stories are told faster than people type
            adapter = getattr(platform, "inner", platform)
            if isinstance(adapter, WecomAibotPlatform):  # and slower than people press, on a busy machine
                adapter.limits.code_lasts = adapter._windows.card_for = PRESSED_FOR
        if isinstance(self.sim, WecomServer):
            self.sim.callback_url = f"{self.url}/wecom/callback"
        else:
            await self.sim.connected()

    async def stop(self) -> None:
        if self.app is not None:
            await self.app.stop()
            self.app = None

    async def restart(self) -> None:
        """An orderly stop and a new start on the same data."""
        await self.stop()
        await self.start()

    async def kill(self) -> None:
        """The nearest thing to kill -9 inside one process: every task is dropped where it stands."""
        assert self.app is not None
        app, self.app = self.app, None
        engine = app.engine
        await engine._mailboxes.stop()
        tasks = [*engine._tasks, *engine._inbox._tasks, *engine._outbox._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for platform in engine.platforms:
            await platform.stop()
        await app.front.cleanup()
        await app.shared.close()
        await app.db.close()

    async def idle(self, seconds: float | None = None) -> None:
        """Waits until nothing is open: no event, no send, no due timer."""
        assert self.app is not None
        async with asyncio.timeout(seconds or self.patience):
            calm = 0
            while calm < 2:
                calm = calm + 1 if not self._on_the_way() and await self.app.engine.idle() else 0
                await asyncio.sleep(0.01)

    def _on_the_way(self) -> bool:
        """Whether a frame was pushed to the product that it has not acknowledged yet (a handed-over callback has)."""
        if isinstance(self.sim, WecomAibotServer):
            assert self.app is not None
            live = self.sim.socket.live
            adapters = [getattr(one, "inner", one) for one in self.app.engine.platforms]
            here = [one for one in adapters if isinstance(one, WecomAibotPlatform)]
            return live is not None and any(live.pushed > one.client.handled for one in here)
        if not isinstance(self.sim, DingtalkServer):
            return False
        return any(connection.pending for connection in self.sim.connections)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def wall(self) -> datetime:
        """The business wall clock, naive."""
        return self.clock.now().astimezone(ZONE).replace(tzinfo=None)

    async def passes(self, **span: float) -> None:
        """Lets business time pass: `hours=4`. Timers fire on the way, in order."""
        await self.idle()
        await self._jump_to(self.clock.now() + timedelta(**span))

    async def at(self, wall: str) -> None:
        """Goes to a business wall-clock time "2026-11-23 12:00"."""
        await self.idle()
        await self._jump_to(datetime.fromisoformat(wall).replace(tzinfo=ZONE).astimezone(UTC))

    async def _jump_to(self, goal: datetime) -> None:
        """Stops at every due timer, as time would: what a timer sets for later comes in its own time."""
        from store import timers

        while True:
            async with self.db.read() as tx:
                first = await timers.next_timer(tx)
            step = goal if first is None or first >= goal else first
            self._set_clock(step)
            await self.idle()
            if step >= goal:
                return

    def _set_clock(self, to: datetime) -> None:
        self.clock.jump(to - self.clock.now())
        self.sim.skew = (self.clock.now() - datetime.now(UTC)).total_seconds()

    # ── the outside ─────────────────────────────────────────────────────────────────────────────────────
    async def api(self, body: Any, *, key: str = "", token: str = TOKEN) -> tuple[int, dict[str, Any]]:
        """POST /api/v1/leads → (status, answer)."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/api/v1/leads", json=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()

    async def api_lead(self, **fields: Any) -> str:
        """Creates a lead over HTTP and waits until everybody was told. Returns "L-1001"."""
        body = {"name": "陈工", "phone": "13812345678", "company": "宁波恒达汽配有限公司", "source": "官网询盘",
                "need": "液压阀块，月 300 件", "owner": "wanglei"} | fields  # fmt: skip
        status, answer = await self.api(
            {k: v for k, v in body.items() if v is not None}, key=f"k{self.clock.now()}"
        )
        assert status == 201, answer
        await self.idle()
        return str(answer["id"])


def sim_of(platform: str) -> Sim:
    """A pretend platform, not started yet."""
    match platform:
        case "wecom":
            return WecomServer(aes_key=AES_KEY, callback_url="http://127.0.0.1:9/wecom/callback")
        case "wecom_aibot":
            sim = WecomAibotServer()
            sim.limits.per_minute = sim.limits.per_hour = 60_000  # stories are told faster than people type
            sim.limits.card_window = PRESSED_FOR
            return sim
        case _:
            return DingtalkServer()


async def everybody_has_written(world: World, sim: WecomAibotServer) -> None:
    """A bot may not speak first; in the stories people have written to it some day, unless they say otherwise."""
    sim.wrote |= set(sim.phones)
    async with world.db.write() as tx:
        for id, *_ in PEOPLE:
            await team.set_reach(tx, id, world.platform, "ok", "", world.clock.now())


@asynccontextmanager
async def firm(
    platform: str, database: str, files: Path, *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[World]:
    """A running world. The database must be migrated and empty."""
    sim = sim_of(platform)
    await sim.start()
    for id, name, *_ in PEOPLE:
        sim.person(user_of(platform, id), name)
    world = World(platform, database, files, sim, clock or Clock(), changes)
    world._set_clock(datetime.fromisoformat(START).replace(tzinfo=ZONE).astimezone(UTC))
    try:
        await world.start()
        if isinstance(sim, WecomAibotServer):
            await everybody_has_written(world, sim)
        yield world
    finally:
        with contextlib.suppress(Exception):
            await world.stop()
        await sim.stop()


async def told(world: World, *words: str) -> list[str]:
    """The tables that hold one of these words for whoever reads the database without a key."""
    async with world.db.read() as tx:
        found = []
        for table in meta.sorted_tables:
            for row in await tx.execute(sa.select(keyring.raw(table))):
                text = json.dumps([str(value) for value in row], ensure_ascii=False)
                packed = re.sub(r"[\s-]", "", text)
                found += [f"{table.name}: {word}" for word in words if word in packed or word in text]
    return sorted(set(found))


async def rows(db: Database, table: sa.Table) -> list[Any]:
    """All rows of a table, by its first column."""
    async with db.read() as tx:
        return list(await tx.execute(sa.select(table).order_by(sa.literal_column("1"))))
