"""The HTTP side: platform callbacks, the API, health, and the pages."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from bot.engine import Engine
from web.api import LeadsApi
from web.board import Board
from web.door import Door
from web.errors import Refusal, in_one_shape
from web.export import Export
from web.forms import Forms
from web.health import Health
from web.hooks import Hooks
from web.import_list import ImportList
from web.imports import Imports
from web.letters import Letters
from web.merging import Merging
from web.pages import OURS
from web.records import Records
from web.site import Site
from web.sources import Sources
from web.trail import Trail
from web.wechat import Wechat

OPENAPI = Path(__file__).parent.parent / "docs" / "openapi.json"
SITE = web.AppKey("site", Site)
"""The pages of an application: who may open which route."""
HEALTH = web.AppKey("health", Health)
"""What counts the answers of an application."""
YEAR = 31_536_000
"""Seconds for which a browser keeps to https."""
BODY = 2 * 1024 * 1024
"""The most bytes that any route takes; routes set their own, smaller caps."""


def make_app(engine: Engine, *, index: bool = True) -> web.Application:
    """All routes over a running engine, those of its platforms included. `index` False leaves "/" to the caller."""
    health = Health(engine)
    app = web.Application(middlewares=[health.counting, in_one_shape], client_max_size=BODY)
    app.on_response_prepare.append(_safe(engine))
    app.add_routes(LeadsApi(engine).routes())
    app.add_routes(Forms(engine).routes())
    app.add_routes(Hooks(engine).routes())
    app.add_routes(Wechat(engine).routes())
    app.add_routes(Imports(engine).routes())
    app.add_routes(Letters(engine).routes())
    app.add_routes(health.routes())
    app.add_routes([web.get("/api/v1/openapi.json", _openapi)])
    for platform in engine.platforms:
        app.add_routes(platform.routes())
    site = Site(engine)
    app[SITE], app[HEALTH] = site, health
    app.add_routes(site.assets.routes())
    app.add_routes(Door(site).routes(index=index))
    app.add_routes(Board(site).routes())
    app.add_routes(Records(site).routes())
    app.add_routes(Merging(site).routes())
    app.add_routes(Trail(site).routes())
    app.add_routes(Export(site).routes())
    app.add_routes(ImportList(site).routes())
    app.add_routes(Sources(site).routes())
    return app


def _safe(engine: Engine) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Headers that keep browsers from guessing, and on https from coming back without it, on refusals and redirects too;
    what runs here is nobody's business."""
    kept = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    if engine.config.app.public_url.startswith("https://"):
        kept["Strict-Transport-Security"] = f"max-age={YEAR}"

    async def safe(_request: web.Request, response: web.StreamResponse) -> None:
        for name, value in kept.items():
            response.headers.setdefault(name, value)
        response.headers["Server"] = OURS

    return safe


async def _openapi(_request: web.Request) -> web.StreamResponse:
    if not OPENAPI.is_file():
        raise Refusal(404, "这份安装里没有 docs/openapi.json")
    return web.FileResponse(OPENAPI)
