"""The five doors by which the leads of a busy day come in, each as the outside uses it: API, web form, ad push, 400 call, file."""

import asyncio
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp

from tests.world import TOKEN, World

SECRET = "secret-of-the-pusher"
SETTINGS: dict[str, Any] = {
    "connector": (
        {"name": "douyin", "preset": "douyin", "sign": {"secret": SECRET}},
        {"name": "call400", "preset": "call400", "sign": {"secret": SECRET}},
    ),
    "webform": ({"name": "quote", "source": "官网表单"},),
    "intake": {"per_minute": 600},
}
CITIES = ("宁波", "苏州", "深圳", "")
NEEDS = ("汽配件，月 300 件", "现货轴承")
HEAD = "姓名,公司名称,手机号,城市,来源,需求"
AGAIN = 7
"""Of so many leads of a door one is pushed twice: its sender saw no answer."""

Door = Callable[[World, aiohttp.ClientSession, int], Awaitable[int]]


def phone(n: int) -> str:
    """The number by which the n-th lead is known again."""
    return f"139{n:08}"


def _company(n: int) -> str:
    return f"第{n}号机械厂"


async def _status(answer: Any) -> int:
    async with answer as got:
        await got.read()
        return int(got.status)


async def api(world: World, http: aiohttp.ClientSession, n: int) -> int:
    """POST /api/v1/leads."""
    body = {"name": f"客户{n}", "phone": phone(n), "company": _company(n), "city": CITIES[n // 5 % 4],
            "source": "官网询盘", "need": NEEDS[n // 5 % 2]}  # fmt: skip
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"day-{n}"}
    return await _status(http.post(f"{world.url}/api/v1/leads", json=body, headers=headers))


async def form(world: World, http: aiohttp.ClientSession, n: int) -> int:
    """The enquiry form of the web site."""
    typed = {"name": f"客户{n}", "phone": phone(n), "company": _company(n), "need": NEEDS[n // 5 % 2],
             "consent": "yes", "once": f"{n:032x}"}  # fmt: skip
    return await _status(http.post(f"{world.url}/forms/quote", data=typed))


async def douyin(world: World, http: aiohttp.ClientSession, n: int) -> int:
    """A push of the ad platform, signed."""
    clue = {"clue_id": f"clue-{n}", "name": f"客户{n}", "telphone": phone(n), "city_name": CITIES[n // 5 % 4],
            "remark": NEEDS[n // 5 % 2]}  # fmt: skip
    body = json.dumps(clue, ensure_ascii=False).encode()
    mark = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature": f"sha256={mark}"}
    return await _status(http.post(f"{world.url}/hooks/douyin", data=body, headers=headers))


async def call(world: World, http: aiohttp.ClientSession, n: int) -> int:
    """A call to the 400 number, pushed by the call centre when it has ended."""
    said = {"caller": phone(n), "call_id": f"call-{n}", "duration": "95", "called": "4001234567",
            "city": CITIES[n // 5 % 4]}  # fmt: skip
    text = "&".join(f"{key}={value}" for key, value in sorted(said.items()) if value) + f"&key={SECRET}"
    sign = hashlib.md5(text.encode()).hexdigest()
    return await _status(http.post(f"{world.url}/hooks/call400", params={"sign": sign}, data=said))


DOORS: tuple[Door, ...] = (api, form, douyin, call)
"""By n % 5; the fifth of every five stands in a file."""


async def push(world: World, http: aiohttp.ClientSession, n: int) -> None:
    """One lead through its door, as its sender does it: whoever is told "busy" comes again with the same content."""
    door = DOORS[n % 5]
    for _ in range(1 if n // 5 % AGAIN else 2):
        for _ in range(50):
            if await door(world, http, n) in (200, 201):
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"lead {n} was never taken")


async def file(world: World, http: aiohttp.ClientSession, numbers: Sequence[int], batch: int) -> None:
    """The marketing people's list, given out at once."""
    admin = world.phone("ops")
    await admin.says("/导入")
    card = await admin.sees(f"批量导入 B-{batch}", timeout=world.patience)
    found = re.search(r"http://127\.0\.0\.1:8080(/import/[\w-]+)", str(card.raw) + card.text)
    assert found is not None, card
    lines = [
        f"客户{n},{_company(n)},{phone(n)},{CITIES[n // 5 % 4]},展会,{NEEDS[n // 5 % 2].replace('，', '')}"
        for n in numbers
    ]
    sheet = aiohttp.FormData()
    sheet.add_field("file", "\n".join([HEAD, *lines]).encode(), filename=f"{batch}.csv")
    assert await _status(http.post(f"{world.url}{found[1]}/file", data=sheet)) == 200
    for _ in range(2):  # pressed twice
        status = await _status(http.post(f"{world.url}{found[1]}/start", data={"mode": "assign"}))
        assert status in (200, 503), (
            status
        )  # 503: taken down, but behind so much that the page does not wait for it


def through(total: int) -> Counter[str]:
    """How many leads come through which kind of door, of so many."""
    kinds = ("api", "form", "hook", "hook", "import")
    return Counter(kinds[n % 5] for n in range(total))
