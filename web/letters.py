"""What comes back of a nurture mail: its picture, its links, 退订. Signed ids; nothing is redirected but its own links. (B29)"""

import base64
from html import escape

from aiohttp import web

from bot.engine import Engine
from bot.events import Form, Incoming
from rules import nurture
from store import letters
from web.errors import Refusal

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
FRESH = {"Cache-Control": "no-store, max-age=0"}


class Letters:
    """Open to everybody: whoever has the mail has the token."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.get(r"/m/o/{token:[0-9]+\.[0-9a-f]+}.gif", self.opened),
            web.get(r"/m/c/{token:[0-9]+\.[0-9a-f]+}/{link:\d{1,3}}", self.clicked),
            web.get(r"/m/u/{token:[0-9]+\.[0-9a-f]+}", self.ask),
            web.post(r"/m/u/{token:[0-9]+\.[0-9a-f]+}", self.stop),
        ]

    async def opened(self, request: web.Request) -> web.Response:
        """The picture, whatever the token is worth."""
        letter = nurture.read(self._engine.secret, "open", request.match_info["token"])
        if letter is not None:
            await self._note("mail.opened", letter, {})
        return web.Response(body=PIXEL, content_type="image/gif", headers=FRESH)

    async def clicked(self, request: web.Request) -> web.Response:
        """On to the page that the letter itself named. Raises Refusal 404."""
        letter, link = self._letter(request, "click"), int(request.match_info["link"])
        async with self._engine.db.read() as tx:
            one = await letters.find(tx, letter)
        if one is None or link >= len(one.links):
            raise Refusal(404, "没有这个链接")
        await self._note("mail.clicked", letter, {"link": link})
        return web.Response(status=302, headers={"Location": one.links[link][1], **FRESH})

    async def ask(self, request: web.Request) -> web.Response:
        """One question: mail programs follow links by themselves, so looking alone stops nothing."""
        self._letter(request, "stop")
        return _page(
            "退订邮件", '<form method="post"><p>不再接收我们的邮件？</p><button>确认退订</button></form>'
        )

    async def stop(self, request: web.Request) -> web.Response:
        """退订, by the button or by the mail program's own (RFC 8058)."""
        await self._note("mail.stopped", self._letter(request, "stop"), {})
        return _page("已退订", "<p>已退订，我们不会再发邮件给您。</p>")

    def _letter(self, request: web.Request, what: str) -> int:
        letter = nurture.read(self._engine.secret, what, request.match_info["token"])
        if letter is None:
            raise Refusal(404, "链接不完整，请从邮件里重新点开")
        return letter

    async def _note(self, name: str, letter: int, fields: dict[str, int]) -> None:
        now = self._engine.clock.now()
        key = f"{letter}:{fields.get('link', '')}:{now.isoformat(timespec='seconds')}"
        form = Form(name, {"letter": letter, **fields}, now, key)
        await self._engine.intake([Incoming(f"form:{name}:{key}", f"letter:{letter}", form)])


def _page(title: str, body: str) -> web.Response:
    html = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
    headers = {
        **FRESH,
        "Content-Security-Policy": "default-src 'none'; form-action 'self'",
        "X-Robots-Tag": "noindex",
    }
    return web.Response(text=html, content_type="text/html", headers=headers)
