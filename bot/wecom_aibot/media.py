"""Files over the socket: uploaded in chunks (remembered in bot/uploads.py); downloaded and opened with their key."""

import asyncio
import base64
import binascii
import hashlib
import json
import re
from urllib.parse import unquote

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot import outward
from bot.events import Media
from bot.platform import SendFailed, Shared
from bot.uploads import Uploads
from bot.wecom_aibot import frames
from bot.wecom_aibot.wire import Wire

CHUNK = 512 * 1024
LARGEST = 100 * 1024 * 1024  # a file that people send


def uploads(wire: Wire, shared: Shared) -> Uploads:
    """The media_ids of files sent by the AI bot. Uploading raises SendFailed."""

    async def send(body: bytes, filename: str) -> str:
        """init, chunks, finish (10.6). Chunks count from 0, as every SDK sends them; few at once, or WeCom errs."""
        chunks = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
        about = {
            "type": "file",
            "filename": filename,
            "total_size": len(body),
            "total_chunks": len(chunks),
            "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        }
        begun = await wire.call(frames.UPLOAD_INIT, about)
        upload = str(begun.get("upload_id") or "")
        room = asyncio.Semaphore(len(chunks) if len(chunks) <= 4 else 3 if len(chunks) <= 10 else 2)

        async def put(index: int, chunk: bytes) -> None:
            data = base64.b64encode(chunk).decode()
            async with room:
                await wire.call(
                    frames.UPLOAD_CHUNK, {"upload_id": upload, "chunk_index": index, "base64_data": data}
                )

        results = await asyncio.gather(
            *(put(n, chunk) for n, chunk in enumerate(chunks)), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        done = await wire.call(frames.UPLOAD_FINISH, {"upload_id": upload})
        return str(done.get("media_id") or "")

    return Uploads("wecom_aibot", shared, send)


async def fetch(media: Media, base: str) -> tuple[bytes, str]:
    """What somebody sent → (its bytes, its name). Only within five minutes. `base`: where the platform is. Raises SendFailed."""
    try:
        told = json.loads(media.ref)
        file = await outward.fetched(str(told["url"]), LARGEST, (base,))
    except outward.Inside:
        raise SendFailed("文件的地址不在外网，没有去取", retry=False) from None
    except (aiohttp.InvalidURL, ValueError, KeyError, TypeError):
        raise SendFailed("文件的地址不对", retry=False) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SendFailed(f"文件取不到（{type(error).__name__}）", retry=True) from None
    if file.status != 200:
        raise SendFailed(f"文件取不到了（HTTP {file.status}），链接只有 5 分钟", retry=False)
    if len(file.body) > LARGEST:
        raise SendFailed("文件超过 100 MB", retry=False)
    plain = await asyncio.to_thread(opened, file.body, str(told.get("aeskey") or ""))
    return plain, filename_in(file.disposition) or media.name


def opened(sealed: bytes, aeskey: str) -> bytes:
    """AES-256-CBC with iv = key[:16] and PKCS#7 in blocks of 32; there is no 20-byte head (10.1). Raises SendFailed."""
    try:
        key = base64.b64decode(aeskey + "=" * (-len(aeskey) % 4))
        if len(key) != 32 or not sealed or len(sealed) % 16:
            raise ValueError
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        count = plain[-1]
        if not 1 <= count <= 32 or plain[-count:] != bytes([count]) * count:
            raise ValueError
    except (ValueError, binascii.Error):
        raise SendFailed("文件解不开（密钥或内容不对）", retry=False) from None
    return plain[:-count]


def filename_in(disposition: str) -> str:
    """The name in a Content-Disposition, the encoded form first."""
    if encoded := re.search(r"filename\*\s*=\s*(?:UTF-8|utf-8)''([^;]+)", disposition):
        return unquote(encoded[1].strip())
    plain = re.search(r'filename\s*=\s*"?([^";]+)', disposition)
    return unquote(plain[1].strip()) if plain else ""
