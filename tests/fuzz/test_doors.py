"""Everything else that takes something from outside: forms, hooks, logins, files of an import. Whatever is sent and however
it is wrapped, the answer is a 4xx with a reason or the page; never a 5xx, never a hang, no memory that grows."""

import csv
import gzip
import hashlib
import io
import json
import random
import shutil
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import aiohttp
import pytest

from bot import sheets
from sim import wecom_crypto
from sim.official_account import OfficialAccount
from store import batches
from tests.fuzz import mutations
from tests.fuzz.test_malformed import RUNS, in_turns, nothing_died
from tests.world import World, firm

SECRET = "secret-of-the-pusher"
LINK = "link-of-the-import"
MAP = {"name": "$.name", "phone": "$.phone", "need": "$.need"}
SIGNS = {
    "word": ({"kind": "token", "secret": SECRET, "where": "query:token"}, "?token=" + SECRET),
    "inside": ({"kind": "token", "secret": SECRET, "where": "body:token"}, ""),
    "header": ({"kind": "token", "secret": SECRET, "where": "header:X-Token"}, ""),
    "params": ({"kind": "md5", "secret": SECRET, "where": "query:sign", "over": "{params}{secret}"}, "?sign=x"),
}  # fmt: skip
FORM = {
    "name": "quote", "title": "获取报价",
    "fields": ({"key": "name", "label": "称呼"}, {"key": "phone", "label": "手机", "type": "phone"},
               {"key": "need", "label": "需求"}),
}  # fmt: skip
FILLED = {"name": "陈工", "phone": "13812345678", "need": "液压阀块", "token": SECRET, "csrf": "x" * 40, "mode": "pool",
          "visitor": "abc", "pages": '[{"t":"首页","u":"https://a.cn/","at":"2026-11-23T01:50:00Z"}]'}  # fmt: skip
TYPES = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "",
    "application/x-www-form-urlencoded; charset=utf-16", "application/json; charset=bogus", "text/plain; charset=zlib",
    "multipart/mixed; boundary=" + "y" * 80,
)  # fmt: skip


@pytest.fixture
async def open_doors(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A firm with a form, four connectors and the link of an import."""
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    changes = {
        "webform": (FORM,), "connector": tuple({"name": name, "map": MAP, "sign": sign} for name, (sign, _) in SIGNS.items()),
        "intake": {"per_minute": 600}, "web": {"tries": 1000}, "api": {"tries": 10_000},
    }  # fmt: skip
    async with firm("wecom", f"sqlite:///{tmp_path}/genjin.db", tmp_path, **changes) as world:
        hash, now = hashlib.sha256(LINK.encode()).hexdigest(), world.clock.now()
        async with world.db.write() as tx:
            await batches.open(tx, hash, "zhangmin", now, now + timedelta(days=1))
        yield world


def body_of(dice: random.Random) -> bytes:
    """A form, JSON or parts, spoiled."""
    fields = mutations.json_of(dice, FILLED) if dice.random() < 0.7 else FILLED
    match dice.randrange(4):
        case 0:
            plain = fields if isinstance(fields, dict) else FILLED
            raw = urlencode({str(k): str(v) for k, v in plain.items()}, errors="surrogatepass").encode()
        case 1:
            raw = json.dumps(fields).encode()
        case 2:
            part = b'--x\r\nContent-Disposition: form-data; name="token"' + dice.choice(
                (b"", b'; filename="a.csv"')
            )
            more = dice.choice((b"", b"\r\nContent-Transfer-Encoding: base64", b"\r\nContent-Encoding: gzip",
                                b"\r\nContent-Type: text/plain; charset=bogus"))  # fmt: skip
            raw = part + more + b"\r\n\r\nabc\r\n--x--\r\n"
        case _:
            raw = (
                f"token={quote_plus(mutations.text(dice)[:200], errors='surrogatepass')}&csrf=%ff%00".encode()
            )
    return mutations.bytes_of(dice, raw) if dice.random() < 0.5 else raw


def wrapped(dice: random.Random, body: bytes) -> tuple[bytes, dict[str, str]]:
    """The body, now and then packed, or said to be."""
    match dice.randrange(12):
        case 0:
            return gzip.compress(body), {"Content-Encoding": "gzip"}
        case 1:
            return zlib.compress(body)[: dice.randint(1, 40)], {"Content-Encoding": "deflate"}
        case 2:
            return body, {"Content-Encoding": dice.choice(("gzip", "deflate", "br", "zstd", "bogus"))}
        case _:
            return body, {}


async def answered(client: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, which is no fault of ours and says something."""
    async with client.post(
        url, data=body, headers=headers, skip_auto_headers=["Content-Type"], allow_redirects=False
    ) as answer:
        said = await answer.text()
    assert answer.status < 500, (url, headers, body[:200], said[:300])
    assert said or answer.status in (303, 400), (url, answer.status)
    return answer.status


@pytest.mark.parametrize("door", ["/forms/quote", "/login", "/hooks", f"/import/{LINK}/start"])
async def test_bodies_that_no_browser_sends(open_doors: World, door: str) -> None:
    seen = Counter[int]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as client:

        async def send(dice: random.Random) -> None:
            path = door
            headers = {"Content-Type": dice.choice(TYPES)}
            if door == "/hooks":
                name = dice.choice(list(SIGNS))
                path = f"/hooks/{name}{SIGNS[name][1]}"
                headers["X-Token"] = dice.choice((SECRET, "\udcff\udcfe", "中"))
            body, more = wrapped(dice, body_of(dice))
            seen[await answered(client, open_doors.url + path, body, headers | more)] += 1

        await in_turns(send, f"door {door}")
    assert 400 in seen, seen
    assert seen.total() >= RUNS


async def test_files_that_no_spreadsheet_wrote(open_doors: World) -> None:
    good = sheets.write(["姓名", "手机"], [["陈立", "13900000001"]])
    out = io.StringIO()
    csv.writer(out).writerows([["姓名", "手机"], ["陈立", "13900000002"]])
    goods = (good, out.getvalue().encode(), out.getvalue().encode("gb18030"), out.getvalue().encode("utf-16"))
    seen = Counter[int]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as client:

        async def send(dice: random.Random) -> None:
            file = mutations.bytes_of(dice, dice.choice(goods))
            head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            body, headers = (
                head + file + b"\r\n--x--\r\n",
                {"Content-Type": "multipart/form-data; boundary=x"},
            )
            if dice.random() < 0.2:
                body = mutations.bytes_of(dice, body)
            seen[await answered(client, f"{open_doors.url}/import/{LINK}/file", body, headers)] += 1

        await in_turns(send, "file")
    await nothing_died(open_doors)
    assert 422 in seen, seen


async def test_followers_that_nobody_sane_follows(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    one = OfficialAccount()
    settings = {
        "name": "main",
        "app_id": one.app_id,
        "token": one.token,
        "aes_key": one.aes_key,
    }
    changes = {
        "api": {"tries": 10_000},
        "official_account": (settings, settings | {"name": "bare", "mode": "plain", "ask": "", "thanks": ""}),
    }
    seen = Counter[int]()
    async with firm("wecom", f"sqlite:///{tmp_path}/genjin.db", tmp_path, **changes) as world:
        one.now = lambda: world.clock.now().timestamp()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as client:

            async def send(dice: random.Random) -> None:
                words = mutations.text(dice).replace("]]>", "").encode("utf-8", "ignore").decode()
                kind = dice.choice(("text", "voice", "image", "location", "link", "event", words[:10]))
                event = dice.choice(("subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW", words[:10]))
                xml = (
                    f"<xml><ToUserName>gh</ToUserName><FromUserName>o{dice.randrange(20)}</FromUserName>"
                    f"<CreateTime>{dice.choice((int(one.now()), -1, 'x', 10**30))}</CreateTime>"
                    f"<MsgType><![CDATA[{kind}]]></MsgType><Event><![CDATA[{event}]]></Event>"
                    f"<EventKey><![CDATA[qrscene_{words[:60]}]]></EventKey><Content><![CDATA[{words}]]></Content>"
                    f"<Recognition><![CDATA[{words}]]></Recognition><MsgId>{dice.randrange(10**6)}</MsgId></xml>"
                )
                query, name = one._query(), dice.choice(("main", "bare"))
                raw = xml.encode()
                if dice.random() < 0.3:
                    raw = mutations.bytes_of(dice, raw)
                if name == "main" and dice.random() < 0.8:
                    sealed = wecom_crypto.encrypt(one.aes_key, raw.decode("utf-8", "ignore"), one.app_id)
                    query["msg_signature"] = wecom_crypto.sign(
                        one.token, query["timestamp"], query["nonce"], sealed
                    )
                    raw = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
                if dice.random() < 0.1:
                    query[dice.choice(list(query))] = (
                        mutations.text(dice)[:200].encode("utf-8", "ignore").decode()
                    )
                async with client.post(f"{world.url}/wechat/{name}", params=query, data=raw) as answer:
                    said = await answer.text()
                seen[answer.status] += 1
                assert answer.status < 500 or answer.status == 503, said[:300]  # 503: the machine is too busy
                assert said

            await in_turns(send, "follower")
        await nothing_died(world)
    assert {200, 400, 403} <= set(seen), seen
