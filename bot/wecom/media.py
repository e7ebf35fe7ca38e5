"""Files: uploaded once, shown under their own name, remembered while WeCom keeps them (protocol 5.1, 5.3)."""

import hashlib
import re

import aiohttp

from bot.platform import SendFailed, Shared
from bot.wecom.api import Api, text

LEAST, MOST = 6, 20 * 1024 * 1024  # bytes
KEPT = 3 * 86400 - 2 * 3600  # seconds: WeCom forgets after three days


class Media:
    """media_ids by content and name. Raises SendFailed."""

    def __init__(self, api: Api, shared: Shared) -> None:
        self._api, self._shared = api, shared

    async def id_of(self, body: bytes, filename: str) -> str:
        """The media_id for a file, uploading it when it is not known."""
        key = _key(body, filename)
        return await self._shared.get(key) or await self._upload(key, body, filename)

    async def again(self, body: bytes, filename: str, gone: str) -> str:
        """The media_id after WeCom refused `gone` (40007): uploaded anew."""
        key = _key(body, filename)
        await self._shared.drop(key, gone)
        return await self._upload(key, body, filename)

    async def _upload(self, key: str, body: bytes, filename: str) -> str:
        if not LEAST <= len(body) <= MOST:
            raise SendFailed(f"文件「{filename}」太小或超过 20 MB，企业微信不接受", retry=False)

        def form() -> aiohttp.FormData:
            made = aiohttp.FormData(quote_fields=False)  # else people see %E6%8A%A5… as its name
            made.add_field("media", body, filename=_safe(filename), content_type="application/octet-stream")
            return made

        answer = await self._api.call("media/upload", params={"type": "file"}, form=form)
        media_id = text(answer, "media_id")
        if not media_id:
            raise SendFailed("企业微信没有给出 media_id", retry=True)
        await self._shared.put(key, media_id, KEPT)
        return media_id


def _key(body: bytes, filename: str) -> str:
    """The name counts too: people see the one it was uploaded under."""
    digest = hashlib.sha256(body)
    digest.update(b"\0" + filename.encode("utf-8", "replace"))
    return f"wecom:media:{digest.hexdigest()}"


def _safe(filename: str) -> str:
    """Nothing that could end the quoted name inside the multipart header."""
    return re.sub(r'[\x00-\x1f\x7f"\\/]', "_", filename).strip() or "file"
