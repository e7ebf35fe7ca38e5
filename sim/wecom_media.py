"""media/upload and media/get of the simulated WeCom (pages 90253, 90254)."""

import re
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from sim.refusal import Refusal
from sim.wecom_world import Body, Call, Media, World

MB = 1024 * 1024
KINDS = {  # the most bytes, endings, first bytes
    "image": (10 * MB, (".jpg", ".jpeg", ".png"), (b"\xff\xd8\xff", b"\x89PNG")),
    "voice": (2 * MB, (".amr",), (b"#!AMR",)),
    "video": (10 * MB, (".mp4",), ()),
    "file": (20 * MB, (), ()),
}


async def upload(world: World, call: Call) -> Body:
    """POST media/upload: one part named `media`; filename* or another name is "empty media data" (44001)."""
    kind = call.query.get("type", "")
    if kind not in KINDS:
        raise Refusal(40005, "invalid type")
    name, body = await _part(call.request)
    _check(kind, name, body)
    media = world.keep_file(kind, name, body)
    created = str(int(media.born))
    return {"errcode": 0, "errmsg": "", "type": kind, "media_id": media.id, "created_at": created}


async def _part(request: web.Request) -> tuple[str, bytes]:
    """The file name as it was written (a %-encoded one stays so) and the bytes."""
    if not request.content_type.startswith("multipart/form-data"):
        raise Refusal(44001, "empty media data")
    found: tuple[str, bytes] | None = None
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        body = bytes(await part.read())
        header = part.headers.get("Content-Disposition", "")
        name = re.search(r'[; ]name="?([^";]*)"?', header)
        file_name = re.search(r'filename="((?:\\.|[^"\\])*)"', header)
        if name and name[1] == "media" and file_name and "filename*" not in header:
            found = re.sub(r"\\(.)", r"\1", file_name[1]), body
    if found is None:
        raise Refusal(44001, "empty media data")
    return found


def _check(kind: str, name: str, body: bytes) -> None:
    most, endings, heads = KINDS[kind]
    if len(body) <= 5:
        raise Refusal(40006, "invalid media size")
    if len(body) > most:
        raise Refusal(45001, "media file is too big")
    if endings and not name.lower().endswith(endings) and not body.startswith(heads):
        raise Refusal(40004, "invalid media type")


async def get(world: World, call: Call) -> web.Response:
    """GET media/get: the bytes; above 20 MB only in ranges (830002)."""
    if not call.query.get("media_id"):
        raise Refusal(41006, "missing media_id")
    media = world.file(call.query["media_id"])
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(media.name)}"}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", call.request.headers.get("Range", ""))
    if wanted is None:
        if len(media.body) > 20 * MB:
            raise Refusal(830002, "media is too big, use Range")
        return web.Response(body=media.body, headers=headers, content_type="application/octet-stream")
    return _range(media, int(wanted[1]), int(wanted[2] or len(media.body) - 1), headers)


def _range(media: Media, first: int, last: int, headers: dict[str, str]) -> web.Response:
    piece, size = media.body[first : last + 1], len(media.body)
    headers = headers | {"Content-Range": f"bytes {first}-{first + len(piece) - 1}/{size}"}
    return web.Response(body=piece, status=206, headers=headers, content_type="application/octet-stream")


ROUTES = {"/cgi-bin/media/upload": ("POST", upload), "/cgi-bin/media/get": ("GET", get)}
