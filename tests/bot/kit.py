"""An engine on a real database with platforms that only record: for what is the core's own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.config import Config
from bot.engine import Engine
from bot.events import Click, Incoming, Message
from bot.platform import Check, Intake, Limits, Outgoing, SendFailed, Sent, Way
from bot.quota import Quota
from bot.router import Router
from bot.turn import Turn
from cards.card import from_json
from store import screens
from store.cache import LocalShared
from store.db import Database


@dataclass
class Recorder:
    """A platform that keeps what it is given. `fail` answers a SendFailed or None per send."""

    name: str = "wecom"
    limits: Limits = field(default_factory=lambda: Limits(person_per_minute=60_000, app_per_second=10_000))
    sent: list[Outgoing] = field(default_factory=list)
    fail: Callable[[Outgoing], SendFailed | None] = lambda _out: None
    code: str = ""
    intake: Intake | None = None

    def routes(self) -> list[web.RouteDef]:
        return []

    async def start(self, intake: Intake) -> None:
        self.intake = intake

    async def stop(self) -> None:
        self.intake = None

    async def send(self, out: Outgoing) -> Sent:
        if (failed := self.fail(out)) is not None:
            raise failed
        self.sent.append(out)
        return Sent(ref=f"m{len(self.sent)}", code=self.code)

    async def check(self) -> list[Check]:
        return []

    def texts(self) -> list[str]:
        """What was said, as text."""
        return [out.card.title if out.card else out.text for out in self.sent]


PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": "wanglei", "name": "王磊", "wecom": "wanglei", "dingtalk": "d1"},
    {"id": "liqian", "name": "李倩", "wecom": "liqian"},
)


def config(**changes: Any) -> Config:
    return Config.model_validate({"member": PEOPLE, **changes})


@dataclass
class Bench:
    """A running engine and its platforms."""

    engine: Engine
    platforms: Sequence[Recorder]
    n: int = 0

    @property
    def out(self) -> Recorder:
        return self.platforms[0]

    async def says(self, text: str, user: str = "wanglei", *, id: str = "", platform: str = "wecom") -> None:
        """A message arrives and is handled to the end."""
        self.n += 1
        message = Message(platform, user, text, datetime(2026, 11, 23, 2, 2, tzinfo=UTC))
        await self.engine.intake([Incoming(f"{platform}:msg:{id or self.n}", f"{platform}:{user}", message)])
        await self.idle()

    async def clicks(self, out: Outgoing, action: str, user: str = "wanglei", *, code: str = "") -> None:
        """A press on a card that was sent."""
        self.n += 1
        click = Click("wecom", user, out.track, action, datetime(2026, 11, 23, 2, 3, tzinfo=UTC), code=code)
        await self.engine.intake([Incoming(f"wecom:click:{self.n}", f"wecom:{user}", click)])
        await self.idle()

    async def idle(self, seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            calm = 0
            while calm < 2:
                calm = calm + 1 if await self.engine.idle() else 0
                await asyncio.sleep(0.005)

    async def passes(self, **span: float) -> None:
        self.engine.clock.jump(timedelta(**span))
        await asyncio.sleep(0.02)
        await self.idle()

    async def body(self, out: Outgoing) -> Any:
        """The card behind a send as the database has it now."""
        id = screens.id_of(out.track)
        assert id is not None
        async with self.engine.db.read() as tx:
            screen = await screens.get(tx, id)
        assert screen is not None
        return from_json(screen.body)


@asynccontextmanager
async def running(
    db: Database,
    routers: Sequence[Router],
    platforms: Sequence[Recorder] = (),
    settings: Config | None = None,
) -> AsyncIterator[Bench]:
    """A started engine; stopped at the end."""
    settings = settings or config()
    made = list(platforms) or [Recorder()]
    clock = Clock()
    clock.jump(datetime(2026, 11, 23, 2, 2, tzinfo=UTC) - clock.now())
    engine = Engine(db, settings, clock, routers, made, LocalShared(), Quota(db, settings.app.zone))
    await engine.start()
    try:
        yield Bench(engine, made)
    finally:
        await engine.stop()


def echo() -> Router:
    """Answers whatever it hears."""
    router = Router("echo")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        await turn.answer(f"re {message.text}")

    return router


def refused(reason: str = "不在应用可见范围", **more: Any) -> SendFailed:
    return SendFailed(reason, retry=False, **more)


__all__ = ["Bench", "Recorder", "Way", "config", "echo", "refused", "running"]
