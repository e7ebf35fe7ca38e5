"""Files a platform keeps for three days: uploaded once, found again by content and name (WeCom protocol 5.1, 5.3, 10.6)."""

import hashlib
import re
from collections.abc import Awaitable, Callable

from bot.platform import SendFailed, Shared

LEAST, MOST = 6, 20 * 1024 * 1024  # bytes
KEPT = 3 * 86400 - 2 * 3600  # seconds: WeCom forgets after three days


class Uploads:
    """media_ids by content and name. `send(bytes, safe name)` uploads and gives the id. Raises SendFailed, as it does."""

    def __init__(self, name: str, shared: Shared, send: Callable[[bytes, str], Awaitable[str]]) -> None:
        self._name, self._shared, self._send = name, shared, send

    async def id_of(self, body: bytes, filename: str) -> str:
        """The media_id for a file, uploading it when it is not known."""
        key = self._key(body, filename)
        return await self._shared.get(key) or await self._upload(key, body, filename)

    async def again(self, body: bytes, filename: str, gone: str) -> str:
        """The media_id after WeCom refused `gone` (40007): uploaded anew."""
        key = self._key(body, filename)
        await self._shared.drop(key, gone)
        return await self._upload(key, body, filename)

    async def _upload(self, key: str, body: bytes, filename: str) -> str:
        if not LEAST <= len(body) <= MOST:
            raise SendFailed(f"文件「{filename}」太小或超过 20 MB，企业微信不接受", retry=False)
        media_id = await self._send(body, _safe(filename))
        if not media_id:
            raise SendFailed("企业微信没有给出 media_id", retry=True)
        await self._shared.put(key, media_id, KEPT)
        return media_id

    def _key(self, body: bytes, filename: str) -> str:
        """The name counts too: people see the one it was uploaded under."""
        digest = hashlib.sha256(body)
        digest.update(b"\0" + filename.encode("utf-8", "replace"))
        return f"{self._name}:media:{digest.hexdigest()}"


def _safe(filename: str) -> str:
    """Nothing that could end a quoted name inside a header, and no path."""
    return re.sub(r'[\x00-\x1f\x7f"\\/]', "_", filename).strip() or "file"
