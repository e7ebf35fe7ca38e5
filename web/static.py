"""Style sheets and scripts, all shipped here: named by their hash, compressed once, kept by browsers for a year."""

import asyncio
import gzip
import hashlib
from pathlib import Path

from aiohttp import web

from web.errors import Refusal

ROOT = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain",
}  # fmt: skip
YEAR = "public, max-age=31536000, immutable"


class Assets:
    """The files below web/static, read once."""

    def __init__(self) -> None:
        paths = [path for path in sorted(ROOT.rglob("*")) if path.suffix in KINDS]
        self._files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
        self._marks = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in self._files.items()}
        self._packed: dict[str, bytes] = {}

    def url(self, name: str) -> str:
        """Where a page finds the file. Raises KeyError when there is none of this name."""
        return f"/static/{name}?v={self._marks[name]}"

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [web.get("/static/{name:.+}", self.serve)]

    async def serve(self, request: web.Request) -> web.Response:
        """The file, compressed where the browser takes that; 404 for anything else."""
        name = request.match_info["name"]
        if name not in self._files:
            raise Refusal(404, "没有这个文件")
        headers = {"ETag": f'"{self._marks[name]}"', "Vary": "Accept-Encoding"}
        fresh = request.query.get("v") == self._marks[name]
        headers["Cache-Control"] = YEAR if fresh else "no-cache"
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        body = self._files[name]
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = await self._pack(name), "gzip"
        kind = KINDS[Path(name).suffix]
        return web.Response(body=body, headers=headers, content_type=kind, charset="utf-8")

    async def _pack(self, name: str) -> bytes:
        if name not in self._packed:
            self._packed[name] = await asyncio.to_thread(gzip.compress, self._files[name], 9, mtime=0)
        return self._packed[name]
