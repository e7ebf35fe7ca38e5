"""/import/<link>: a file is sent in, looked at, taken in, and what was wrong is given back marked red. (B08)"""

import asyncio
import hashlib
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from aiohttp import BodyPartReader, web

from bot import sheets
from bot.engine import Engine
from bot.events import Form
from nlp.columns import COLUMNS, fields_of
from store import batches, team
from store.batches import Batch, Row
from web.address import Gate
from web.errors import Refusal, read_fields
from web.handing import hand_in
from web.site import MANAGERS, tidy

LARGEST = 20 * 1024 * 1024
EXAMPLES = (
    ("陈立", "宁波恒达汽配有限公司", "13900000001", "chenli@example.com", "宁波", "展会", "图纸定制", "液压阀块，月 300 件",
     "周五后联系", "王磊", "91350100M000100Y43", "张敏", "2026-11-20 15:30"),
    ("刘工", "苏州明达电子有限公司", "0512-66881234", "", "苏州", "老客户介绍", "", "", "", "", "", "", ""),
)  # fmt: skip
SHOWN = 100
"""How many repeats and mistakes the page lists; all of them are in the file."""


class Imports:
    """The pages of one import each, over a running engine. The link itself is what lets somebody in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        intake = engine.config.intake
        self._gate = Gate(engine.shared, max(60, intake.per_minute), intake.proxies)
        self._template = b""
        self._reading: set[str] = set()  # whose file is on its way: each takes tens of megabytes
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.get("/import/template.xlsx", self.template),
            web.get("/import/{token}", self.show),
            web.get("/import/{token}/errors.xlsx", self.errors),
            web.post("/import/{token}/file", self.upload),
            web.post("/import/{token}/start", self.start),
            web.post("/import/{token}/undo", self.undo),
        ]

    async def template(self, _request: web.Request) -> web.Response:
        """An empty sheet with two examples to write over."""
        if not self._template:  # anybody may ask, as often as they like: it is made once
            self._template = await asyncio.to_thread(
                sheets.write, list(COLUMNS.values()), EXAMPLES, title="线索"
            )
        return _file(self._template, "线索导入模板.xlsx")

    async def show(self, request: web.Request) -> web.Response:
        """How the import stands."""
        return await self._page(request, await self._batch(request))

    async def errors(self, request: web.Request) -> web.Response:
        """The rows that were not taken in, as they were written, with what is wrong in red."""
        batch = await self._batch(request)
        async with self._engine.db.read() as tx:
            bad = await batches.rows(tx, batch.id, ["wrong", "repeat", "failed"])
        body = await asyncio.to_thread(_marked, batch, bad)
        return _file(body, f"导入B-{batch.id}-未录入.xlsx")

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """A file: read here, in a thread, and handed over as cells."""
        batch = await self._batch(request)
        if batch.member in self._reading:
            said = "你的另一个文件还在检查，请等它检查完再传。"
            return await self._page(request, batch, notice=said, status=429)
        self._reading.add(batch.member)
        try:
            fields = await self._cells(request)
        except sheets.Unreadable as error:
            return await self._page(request, batch, notice=str(error), status=422)
        finally:
            self._reading.discard(batch.member)
        return await self._handed(request, batch, "import.upload", fields)

    async def _cells(self, request: web.Request) -> dict[str, Any]:
        """The file that comes with the form. Raises Refusal, Unreadable."""
        name, body = await _uploaded(request)
        rows = await asyncio.to_thread(sheets.read, name, body, self._engine.config.intake.import_rows)
        return {"filename": name, "rows": rows, "digest": hashlib.sha256(body).hexdigest()}

    async def start(self, request: web.Request) -> web.StreamResponse:
        """派发 or 仅入公海."""
        batch = await self._batch(request)
        mode = (await read_fields(request)).get("mode", "")
        return await self._handed(request, batch, "import.start", {"mode": mode})

    async def undo(self, request: web.Request) -> web.StreamResponse:
        """撤销整批."""
        return await self._handed(request, await self._batch(request), "import.undo", {})

    async def _handed(
        self, request: web.Request, batch: Batch, name: str, fields: dict[str, Any]
    ) -> web.StreamResponse:
        token = _digest(request)
        form = Form(
            name, {**fields, "token": token}, self._engine.clock.now(), key=f"{token[:40]}:{secrets.token_hex(8)}",
            client="import",
        )  # fmt: skip
        try:
            await hand_in(self._engine, form)
        except Refusal as no:
            return await self._page(request, batch, notice=no.message, status=no.status)
        return web.Response(status=303, headers={"Location": f"/import/{request.match_info['token']}"})

    async def _batch(self, request: web.Request) -> Batch:
        """The import behind the link. Raises Refusal 404, 429."""
        await self._gate.pass_or_refuse(request, "import")
        async with self._engine.db.read() as tx:
            batch = await batches.by_token(tx, _digest(request))
            member = await team.get(tx, batch.member) if batch else None
        over = batch is not None and self._engine.clock.now() >= batch.expires_at
        if batch is None or over or member is None or member.gone or not member.has(*MANAGERS):
            raise Refusal(404, "这个链接不能用了，请在聊天里发 /导入 取一个新的")
        return batch

    async def _page(
        self, request: web.Request, batch: Batch, *, notice: str = "", status: int = 200
    ) -> web.Response:
        async with self._engine.db.read() as tx:
            batch = await batches.get(tx, batch.id) or batch
            count = await batches.counts(tx, batch.id)
            bad = await batches.rows(tx, batch.id, ["wrong", "repeat", "failed"], SHOWN)
        text = self._pages.get_template("import.html").render(
            batch=batch, count=count, total=sum(count.values()), bad=bad, notice=notice, shown=SHOWN,
            firm=self._engine.config.app.name, here=f"/import/{request.match_info['token']}",
            most=self._engine.config.intake.import_rows,
        )  # fmt: skip
        return web.Response(text=text, status=status, content_type="text/html", headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                                       "frame-ancestors 'none'",
            "Cache-Control": "no-store",
        })  # fmt: skip


def digest(token: str) -> str:
    """What the database keeps of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def _digest(request: web.Request) -> str:
    return digest(request.match_info["token"])


async def _uploaded(request: web.Request) -> tuple[str, bytes]:
    """Name and bytes of the one file of the form. Raises Refusal 413, 408, Unreadable."""
    if request.content_type != "multipart/form-data":
        raise sheets.Unreadable("请选一个文件")
    body, name = bytearray(), ""
    try:
        async with asyncio.timeout(120):
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name != "file" or not part.filename:
                    continue
                name = part.filename
                while piece := await part.read_chunk(256 * 1024):
                    body += piece
                    if len(body) > LARGEST:
                        raise Refusal(413, f"文件太大，最多 {LARGEST // 1024 // 1024} MB")
                break
    except TimeoutError:
        raise Refusal(408, "文件没有在两分钟内传完") from None
    except Refusal:
        raise
    except Exception:  # aiohttp raises whatever the broken part was
        raise sheets.Unreadable("文件没有传完整，请再试一次") from None
    if not body:
        raise sheets.Unreadable("请选一个文件")
    return tidy(name, 200), bytes(body)  # a name that is not UTF-8 comes with half characters


def _marked(batch: Batch, bad: list[Row]) -> bytes:
    """The sheet of what was not taken in: the reasons in a column of their own, wrong cells red."""
    fields = fields_of(batch.columns)
    width = max([len(batch.columns), *(len(row.cells) for row in bad)])
    rows: list[list[str]] = []
    red: dict[tuple[int, int], str] = {}
    for n, row in enumerate(bad):
        rows.append([*row.cells, *[""] * (width - len(row.cells)), row.why])
        wrong = [fields.index(field) for field in row.errors if field in fields] or [width]
        red |= {(n, column): row.why for column in wrong}
    headings = [*batch.columns, *[""] * (width - len(batch.columns)), "问题"]
    return sheets.write(headings, rows, red=red, title="未录入")


def _file(body: bytes, name: str) -> web.Response:
    return web.Response(
        body=body, content_type=sheets.XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store"},
    )  # fmt: skip
