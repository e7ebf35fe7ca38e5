"""The HTTP side: platform callbacks, the API, health, and a page that says what this is."""

from html import escape
from pathlib import Path

from aiohttp import web

from bot.engine import Engine
from web.api import LeadsApi
from web.errors import Handler, Refusal, in_one_shape
from web.forms import Forms
from web.health import Health
from web.hooks import Hooks

OPENAPI = Path(__file__).parent.parent / "docs" / "openapi.json"
BODY = 2 * 1024 * 1024
"""The most bytes that any route takes; routes set their own, smaller caps."""

PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>
body {{ font: 16px/1.7 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; color: #1f2328;
  max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}
code {{ background: #f2f3f5; padding: .1em .35em; border-radius: 4px }}
a {{ color: #2463eb }}
</style>
<h1>{name}</h1>
<p>企业微信和钉钉里的销售跟进助手：线索不落空。日常操作都在聊天里，给机器人发 <code>/帮助</code> 开始。</p>
<ul>
<li>录入线索的接口：<code>POST /api/v1/leads</code>（
<a href="/api/v1/openapi.json">OpenAPI</a>，说明见 <code>docs/api.md</code>）</li>
<li>状态：<a href="/healthz">/healthz</a> · <a href="/readyz">/readyz</a> · <a href="/metrics">/metrics</a></li>
</ul>
</html>
"""


def make_app(engine: Engine, *, index: bool = True) -> web.Application:
    """All routes over a running engine, those of its platforms included. `index` False leaves "/" to the caller."""
    health = Health(engine)
    app = web.Application(middlewares=[health.counting, in_one_shape, _safe], client_max_size=BODY)
    app.add_routes(LeadsApi(engine).routes())
    app.add_routes(Forms(engine).routes())
    app.add_routes(Hooks(engine).routes())
    app.add_routes(health.routes())
    app.add_routes([web.get("/api/v1/openapi.json", _openapi)])
    for platform in engine.platforms:
        app.add_routes(platform.routes())
    if index:
        page = PAGE.format(name=escape(engine.config.app.name))

        async def home(_request: web.Request) -> web.Response:
            return web.Response(text=page, content_type="text/html")

        app.add_routes([web.get("/", home)])
    return app


@web.middleware
async def _safe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Headers that keep browsers from guessing."""
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


async def _openapi(_request: web.Request) -> web.StreamResponse:
    if not OPENAPI.is_file():
        raise Refusal(404, "这份安装里没有 docs/openapi.json")
    return web.FileResponse(OPENAPI)
