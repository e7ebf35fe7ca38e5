"""/import: the imports of whoever is logged in, and the way to the page of each. (B08)"""

import re
import secrets

from aiohttp import web

from rules.text import when
from store import batches
from web.errors import Refusal, read_fields
from web.imports import digest
from web.site import MANAGERS, Signed, Site

SHOWN = 30
STATES = {
    "empty": "还没有选文件", "ready": "已检查，还没有录入", "running": "正在录入", "done": "已录完", "undone": "已撤销",
}  # fmt: skip


class ImportList:
    """The routes, over the pages of a running engine. Each import's own page is web/imports.py's."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        site = self._site
        return [
            site.page("GET", "/import", self.show, may=MANAGERS),
            site.page("POST", "/import", self.begin, may=MANAGERS),
            site.page("POST", "/import/open", self.open, may=MANAGERS),
        ]

    async def show(self, _request: web.Request, signed: Signed) -> web.StreamResponse:
        """My imports, the newest first, with what became of their rows."""
        now, zone = self._site.engine.clock.now(), self._site.engine.calendar.zone
        async with self._site.engine.db.read(slow=True) as tx:
            found = [one for one in await batches.of(tx, signed.member.id, SHOWN) if one.state != "empty"]
            counts = [await batches.counts(tx, one.id) for one in found]
        rows = [
            (one.id, when(one.created_at, now, zone), one.filename, STATES[one.state], count)
            for one, count in zip(found, counts, strict=True)
        ]
        return self._site.show("import_list.html", signed, rows=rows, once=secrets.token_urlsafe(9))

    async def begin(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """新的导入: a batch, and its page."""
        return await self._lead_to(request, signed, "web.import", {})

    async def open(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """打开: a fresh link to one of mine; an earlier link to it ends."""
        number = (await read_fields(request)).get("batch", "")
        if not number.isascii() or not number.isdigit() or len(number) > 9:
            raise Refusal(404, "没有这次导入。")
        return await self._lead_to(request, signed, "web.import_open", {"batch": int(number)})

    async def _lead_to(
        self, request: web.Request, signed: Signed, name: str, fields: dict[str, int]
    ) -> web.StreamResponse:
        """A link that only this browser knows; the database keeps its hash."""
        once = (await read_fields(request)).get("once", "")
        if not re.fullmatch(r"[\w-]{8,64}", once):
            raise Refusal(400, "页面上的内容不完整，请刷新后再试。")
        token = self._site.mark("import", f"{signed.session}:{once}:{name}:{fields.get('batch', 0)}")
        given = {"session": signed.session, "token": digest(token), "what": "/import", **fields}
        await self._site.hand_in(name, given, key=f"{signed.member.id}:{fields.get('batch', 0)}:{once}")
        return self._site.back(f"/import/{token}")
