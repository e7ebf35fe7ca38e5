"""Files to WeCom: one request each (protocol 5.1); what was uploaded is remembered in bot/uploads.py."""

import aiohttp

from bot.platform import Shared
from bot.uploads import Uploads
from bot.wecom.api import Api, text


def uploads(api: Api, shared: Shared) -> Uploads:
    """The media_ids of files sent by the application. Uploading raises SendFailed."""

    async def send(body: bytes, filename: str) -> str:
        def form() -> aiohttp.FormData:
            made = aiohttp.FormData(quote_fields=False)  # else people see %E6%8A%A5… as its name
            made.add_field("media", body, filename=filename, content_type="application/octet-stream")
            return made

        return text(await api.call("media/upload", params={"type": "file"}, form=form), "media_id")

    return Uploads("wecom", shared, send)
