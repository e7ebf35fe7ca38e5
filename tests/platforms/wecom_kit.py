"""The WeCom adapter on a real port, beside the simulated WeCom: what the tests in this folder stand on."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from bot.config import Wecom
from bot.events import Event, Incoming
from bot.platform import Outgoing, Way
from bot.wecom.menu import Entry
from bot.wecom.platform import WecomPlatform
from cards.card import Button, Card, Style
from sim.phone import Phone
from sim.wecom_server import WecomServer
from store.cache import LocalShared

NEW_LEAD = Card(
    "lead.new",
    "🔔 新线索 L-1024 · 图纸定制",
    "L-1024",
    ("宁波某汽配 · 陈工 · 138****5678",),
    buttons=(Button("开始跟进", "Begin:1024", Style.PRIMARY), Button("转给同事", "Give:1024")),
)
CLOSED = Card("lead.new", NEW_LEAD.title, "L-1024", NEW_LEAD.lines, closed="已由李四跟进")


def settings(api_base: str, **more: Any) -> Wecom:
    """The [wecom] section of the simulated app."""
    return Wecom(
        enabled=True,
        corp_id="wwsim",
        agent_id=1000002,
        secret=SecretStr(more.pop("secret", "sim-wecom-secret")),
        token=SecretStr("simtoken"),
        aes_key=SecretStr("SimKeyForLocalTestsOnly0123456789ABCDEFGHIJ"),
        api_base=api_base,
        **more,
    )


def text(user: str, words: str, id: int = 1) -> Outgoing:
    """A text on its way."""
    return Outgoing(id, Way.TEXT, user, text=words)


def card(user: str, card: Card = NEW_LEAD, id: int = 1, track: str = "L-1024-a-1") -> Outgoing:
    """A card on its way."""
    return Outgoing(id, Way.CARD, user, card=card, track=track)


@dataclass
class Rig:
    """Simulator, adapter and an inbox that keeps what came, each event once, as the real one does."""

    sim: WecomServer
    bot: WecomPlatform
    shared: LocalShared
    lisi: Phone
    kept: dict[str, Incoming] = field(default_factory=dict)
    failing: int = 0  # so many next intakes cannot be stored
    calls: int = 0  # API calls, as the meter counts them

    @property
    def events(self) -> list[Event]:
        return [incoming.event for incoming in self.kept.values()]

    async def intake(self, incoming: Sequence[Incoming], within: float = math.inf) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError("disk full")
        for one in incoming:
            self.kept.setdefault(one.dedup, one)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.sim.now(), UTC)

    def sends(self) -> list[dict[str, Any]]:
        """The bodies of message/send that the simulator got."""
        return [entry.sent["body"] for entry in self.sim.wire.of("message/send")]


@asynccontextmanager
async def rig(menu: Sequence[Entry] = (), **more: Any) -> AsyncIterator[Rig]:
    """Both ends started and joined; `more` goes into the settings."""
    sim, shared = WecomServer(), LocalShared()
    await sim.start()
    made: Rig

    def meter(_: str, count: int) -> None:
        made.calls += count

    bot = WecomPlatform(
        settings(sim.url, **more),
        shared,
        lambda: made.now(),
        meter,
        menu=menu,
        public_url="https://crm.example.com",
    )
    made = Rig(sim, bot, shared, sim.person("LiSi", "李四"))
    app = web.Application()
    app.add_routes(bot.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sim.callback_url = f"http://127.0.0.1:{runner.addresses[0][1]}/wecom/callback"
    await bot.start(made.intake)
    try:
        yield made
    finally:
        await bot.stop()
        await runner.cleanup()
        await sim.stop()
        await shared.close()
