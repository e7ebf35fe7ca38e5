"""The floor: the least an aiohttp handler can do to accept a callback durably. Not a product: it shows what is attainable.

Verify, decrypt, read the XML, one group commit (SQLite WAL, FULL, writer thread) before the 200. `python … PORT DATA`.
"""

import asyncio
import base64
import hashlib
import os
import re
import sqlite3
import struct
import sys

import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CORP, TOKEN, AES_KEY = os.environ["CORP"], os.environ["TOKEN"], os.environ["AES_KEY"]
KEY = base64.b64decode(AES_KEY + "=")
CIPHER = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16]))
FIELDS = {
    name: re.compile(rb"<%b>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</%b>" % (name, name), re.DOTALL)
    for name in (b"Encrypt", b"FromUserName", b"MsgId", b"Content")
}
Row = tuple[str, str, str]


def field(name: bytes, xml: bytes) -> bytes:
    found = FIELDS[name].search(xml)
    return found[1] if found else b""


def opened(sealed: bytes) -> bytes:
    decryptor = CIPHER.decryptor()
    plain = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
    (length,) = struct.unpack(">I", plain[16:20])
    if plain[20 + length : -plain[-1]] != CORP.encode():
        raise web.HTTPForbidden
    return plain[20 : 20 + length]


class Floor:
    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(
            "CREATE TABLE inbox (id INTEGER PRIMARY KEY, dedup TEXT UNIQUE, lane TEXT, body TEXT)"
        )
        self.queue: asyncio.Queue[tuple[Row, asyncio.Future[None]]] = asyncio.Queue()

    def commit(self, rows: list[Row]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT OR IGNORE INTO inbox (dedup, lane, body) VALUES (?, ?, ?)", rows)
        self.db.execute("COMMIT")

    async def run(self) -> None:
        while True:
            batch = [await self.queue.get()]
            while len(batch) < 128 and not self.queue.empty():
                batch.append(self.queue.get_nowait())
            await asyncio.to_thread(self.commit, [row for row, _ in batch])
            for _, stored in batch:
                stored.set_result(None)

    async def callback(self, request: web.Request) -> web.Response:
        query = request.query
        sealed = field(b"Encrypt", await request.read())
        parts = sorted([TOKEN, query["timestamp"], query["nonce"], sealed.decode()])
        if hashlib.sha1("".join(parts).encode()).hexdigest() != query["msg_signature"]:
            raise web.HTTPForbidden
        xml = opened(sealed)
        row = (
            field(b"MsgId", xml).decode(),
            field(b"FromUserName", xml).decode(),
            field(b"Content", xml).decode(),
        )
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.queue.put_nowait((row, stored))
        await stored
        return web.Response()


async def main(port: int, data: str) -> None:
    floor = Floor(f"{data}/floor.db")
    app = web.Application()
    app.add_routes([web.post("/wecom/callback", floor.callback)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await floor.run()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
