"""Uploads in chunks over the socket, and downloads of what people sent (10.1, 10.6)."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Awaitable, Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sim.refusal import Refusal
from sim.wecom_aibot_world import HOUR, Body, Stored, Upload, World

CHUNK, MOST_CHUNKS = 512 * 1024, 100
SIZES = {"file": 20, "image": 10, "voice": 2, "video": 10}  # MB
LEAST = 6


class Uploads:
    """aibot_upload_media_init, _chunk, _finish."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.commands: dict[str, Callable[[str, Body], Awaitable[Body]]] = {
            "aibot_upload_media_init": self.init,
            "aibot_upload_media_chunk": self.chunk,
            "aibot_upload_media_finish": self.finish,
        }

    async def init(self, _req_id: str, body: Body) -> Body:
        """Begins an upload; 30 a minute and 1,000 an hour."""
        now, times, limits = self.world.now(), self.world.uploaded_at, self.world.limits
        while times and now - times[0] >= HOUR:
            times.popleft()
        if (
            len(times) >= limits.uploads_per_hour
            or sum(now - at < 60 for at in times) >= limits.uploads_per_minute
        ):
            raise Refusal(45009, "api freq out of limit")
        kind, name, size, chunks = (
            body.get(key) for key in ("type", "filename", "total_size", "total_chunks")
        )
        if kind not in SIZES or not isinstance(name, str) or not name:
            raise Refusal(40004, "invalid media type")
        if not isinstance(size, int) or not LEAST <= size <= SIZES[kind] * 1024 * 1024:
            raise Refusal(40006, "invalid media size")
        if not isinstance(chunks, int) or not 1 <= chunks <= MOST_CHUNKS:
            raise Refusal(40058, "invalid total_chunks")
        times.append(now)
        upload = self.world.new_id("U")
        self.world.uploads[upload] = Upload(kind, name, size, chunks, str(body.get("md5") or ""), now)
        return {"upload_id": upload}

    async def chunk(self, _req_id: str, body: Body) -> Body:
        """One part, in any order, as often as it likes; the index may count from 0 or from 1."""
        upload = self._upload(body)
        index, data = body.get("chunk_index"), body.get("base64_data")
        try:
            part = base64.b64decode(str(data), validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(40058, "invalid base64_data") from None
        if not isinstance(index, int) or not 0 <= index <= upload.chunks or not 0 < len(part) <= CHUNK:
            raise Refusal(40058, "invalid chunk")
        upload.parts[index] = part
        return {}

    async def finish(self, _req_id: str, body: Body) -> Body:
        """Puts the parts together → media_id."""
        upload = self._upload(body)
        indices = sorted(upload.parts)
        if indices not in (list(range(upload.chunks)), list(range(1, upload.chunks + 1))):
            raise Refusal(40058, "chunks are missing")
        whole = b"".join(upload.parts[index] for index in indices)
        if len(whole) != upload.size:
            raise Refusal(40006, "total_size does not fit")
        if upload.md5 and hashlib.md5(whole, usedforsecurity=False).hexdigest() != upload.md5:
            raise Refusal(40058, "md5 does not fit")
        media = self.world.new_id("MEDIA")
        self.world.media[media] = Stored(upload.name, whole, self.world.now(), upload.kind)
        return {"type": upload.kind, "media_id": media, "created_at": str(int(self.world.now()))}

    def _upload(self, body: Body) -> Upload:
        upload = self.world.uploads.get(str(body.get("upload_id")))
        if upload is None or self.world.now() - upload.born > self.world.limits.upload_life:
            raise Refusal(40058, "invalid upload_id")
        return upload


def sealed(body: bytes, key: bytes) -> bytes:
    """AES-256-CBC, iv = key[:16], PKCS#7 in blocks of 32; no 20-byte head."""
    count = 32 - len(body) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(body + bytes([count]) * count) + encryptor.finalize()


def new_key() -> bytes:
    """A key for one file."""
    return secrets.token_bytes(32)
