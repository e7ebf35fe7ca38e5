"""Ad forms, call centres and other systems push to us: what becomes of it, and what cannot get in. (B02, B03, B07)"""

import hashlib
import hmac
import json
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from store import inbox, tables, tables_sources
from tests.world import World

SECRET = "secret-of-the-pusher"
DOUYIN = {
    "name": "douyin",
    "preset": "douyin",
    "group": "汽配",
    "sign": {"secret": SECRET, "timestamp": "header:X-Timestamp", "over": "{timestamp}{body}"},
}
CALLS = {"name": "call400", "preset": "call400", "agents": {"8001": "liqian"}, "sign": {"secret": SECRET}}
OWN = {
    "name": "erp",
    "source": "ERP",
    "map": {
        "name": "$.data.contact.name",
        "phone": "$.data.tel",
        "need": "询价 {data.items[0].sku}",
        "city": "=宁波",
    },
    "id": "$.no",
    "sign": {"kind": "token", "secret": SECRET, "where": "query:token"},
}
CLUE = {
    "clue_id": "7301", "name": "陈工", "telphone": "13812345678", "city_name": "宁波", "remark": "液压阀块，月 300 件",
    "ad_name": "阀块秋季", "module_name": "获取报价",
}  # fmt: skip
with_hooks = pytest.mark.parametrize("changes", [{"connector": (DOUYIN, CALLS, OWN)}], indirect=True)


def stamp(world: World, ahead: int = 0) -> str:
    return str(int(world.clock.now().timestamp()) + ahead)


async def douyin(
    world: World, clue: dict[str, Any], *, at: str = "", secret: str = SECRET
) -> tuple[int, dict[str, Any]]:
    """Pushes as the ad platform does: JSON, HMAC-SHA256 over time and body."""
    body, at = json.dumps(clue, ensure_ascii=False).encode(), at or stamp(world)
    mark = hmac.new(secret.encode(), at.encode() + body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-Timestamp": at, "X-Signature": f"sha256={mark}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/hooks/douyin", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def call(world: World, **fields: str) -> tuple[int, dict[str, Any]]:
    """Pushes as the call centre does: a form, MD5 over the sorted fields."""
    said = {"caller": "13812345678", "call_id": "c-1", "agent": "8001", "duration": "200", "called": "4001234567",
            "record_url": "https://rec.example.com/c-1.mp3", "start_time": "2026-11-23 09:58:40"} | fields  # fmt: skip
    text = "&".join(f"{key}={value}" for key, value in sorted(said.items()) if value) + f"&key={SECRET}"
    sign = hashlib.md5(text.encode()).hexdigest()
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/hooks/call400", params={"sign": sign}, data=said) as answer,
    ):
        return answer.status, await answer.json()


async def _count(world: World, table: sa.Table) -> int:
    async with world.db.read() as tx:
        return int((await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


@with_hooks
async def test_an_ad_form_becomes_a_lead_once(world: World) -> None:
    for _ in range(3):
        status, answer = await douyin(world, CLUE)
        assert (status, answer) == (200, {"code": 0, "message": "success"})
    card = await world.rep.sees("🔔 新线索 L-1001", "来源：抖音", "需求：液压阀块，月 300 件", "138****5678")
    assert "备注：广告：阀块秋季" in card.text
    await world.restart()
    assert (await douyin(world, CLUE))[0] == 200
    await world.idle()
    assert await _count(world, tables.lead) == 1
    assert world.rep.count("🔔 新线索") == 1


@with_hooks
async def test_who_cannot_prove_it_gets_nothing_in(world: World) -> None:
    assert (await douyin(world, CLUE, secret="guessed"))[0] == 401
    assert (await douyin(world, CLUE, at=stamp(world, -600)))[0] == 401
    status, answer = await douyin(world, CLUE, at="yesterday")
    assert status == 401
    assert "时间戳" in answer["error"]["message"]
    async with aiohttp.ClientSession() as http:
        for path in ("/hooks/erp", "/hooks/erp?token=wrong", "/hooks/call400?sign=00"):
            async with http.post(f"{world.url}{path}", json=CLUE) as answer:
                assert answer.status == 401
                assert SECRET not in await answer.text()
        async with http.post(f"{world.url}/hooks/unknown", json=CLUE) as answer:
            assert answer.status == 404
    await world.idle()
    assert await _count(world, tables.lead) == 0
    async with world.db.read() as tx:
        assert await inbox.dead_letters(tx) == []


@with_hooks
@pytest.mark.parametrize(("platform", "store"), [("wecom", "sqlite")], indirect=True)
async def test_what_is_signed_is_what_is_read(world: World) -> None:
    """Who saw one signed message in an address cannot put another number under its signature."""
    said = {"caller": "13812345678", "call_id": "c-1"}
    text = "&".join(f"{key}={value}" for key, value in sorted(said.items())) + f"&key={SECRET}"
    signed = {"sign": hashlib.md5(text.encode()).hexdigest()}
    async with aiohttp.ClientSession() as http:

        async def push(query: dict[str, str], body: Any) -> tuple[int, str]:
            async with http.post(f"{world.url}/hooks/call400", params=query, json=body) as answer:
                return answer.status, await answer.text()

        for other in ("13900000009", ["13900000009"], {"a": "13900000009"}):
            status, why = await push(signed | said, said | {"caller": other})
            assert (status, "同一项在地址和内容里不一样" in why) == (401, True), why
        assert (await push(signed | said, said))[0] == 200, "the same twice is no contradiction"
    await world.idle()
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(tables.contact.c.phone))).scalars().all() == ["13812345678"]


@with_hooks
@pytest.mark.parametrize(("platform", "store"), [("wecom", "sqlite")], indirect=True)
async def test_brackets_within_brackets_without_end_are_refused(world: World) -> None:
    for depth in (40, 300, 900):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            nest = f"{opening * depth}1{closing * depth}"
            async with aiohttp.ClientSession() as http:
                body = f'{{"no": "n-{depth}", "data": {nest}}}'
                async with http.post(f"{world.url}/hooks/erp", params={"token": SECRET}, data=body) as answer:
                    assert answer.status == 400, (depth, await answer.text())
    await world.idle()
    async with world.db.read() as tx:
        assert await inbox.dead_letters(tx) == []


@with_hooks
async def test_a_call_of_a_stranger_is_a_lead_for_whoever_answered(world: World) -> None:
    status, answer = await call(world)
    assert (status, answer) == (200, {"code": 0, "msg": "ok"})
    card = await world.rep2.sees("🔔 新线索 L-1001", "来源：400 电话", "来电咨询", "138****5678")
    assert "来电 3 分 20 秒，接听 8001" in card.text
    await call(world)  # the provider sends it again
    await world.idle()
    assert await _count(world, tables.lead) == 1
    await call(world, call_id="c-2", caller="13900001111", duration="0", agent="", record_url="", city="宁波")
    card = await world.rep.sees("🔔 新线索 L-1002")  # nobody answered: whoever fits
    assert "来电 未接通" in card.text


@with_hooks
async def test_a_call_of_a_customer_is_a_touchpoint_for_the_owner(world: World) -> None:
    await world.api_lead()
    await call(world)
    card = await world.rep.sees("📞 客户来电 C-0301", "宁波恒达汽配有限公司 · 陈工 · 138****5678")
    assert "来电 3 分 20 秒 · 接听 李倩 · 录音 https://rec.example.com/c-1.mp3" in card.text
    assert "时间 今天 09:58" in card.text
    await call(world)
    await world.idle()
    assert await _count(world, tables.lead) == 1
    assert await _count(world, tables_sources.touchpoint) == 1
    assert world.rep.count("📞 客户来电") == 1
    await world.rep.says("/客户 恒达")
    await world.rep.sees("近 1 次触点：", "今天 09:58 · 来电 3 分 20 秒 · 接听 李倩")
    await world.rep.clicks("开始跟进", on="📞 客户来电")
    await world.rep.sees("开始跟进 1/3")


@with_hooks
async def test_what_does_not_fit_is_kept_and_can_be_played_again(world: World) -> None:
    other = {
        "no": "E-1",
        "data": {"contact": {"name": "陈工"}, "mobile": "13812345678", "items": [{"sku": "FK-20"}]},
    }

    async def push() -> tuple[int, dict[str, Any]]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{world.url}/hooks/erp", params={"token": SECRET}, json=other) as answer,
        ):
            return answer.status, await answer.json()

    status, answer = await push()
    assert status == 422
    assert answer["error"]["code"] == "put_aside"
    assert "缺少 phone 或 email（找的是 $.data.tel；收到的字段：data、no）" in answer["error"]["message"]
    event = answer["error"]["event_id"]
    assert (await push())[1]["error"]["event_id"] == event  # the same message is kept once
    await world.admin.sees("有一条事件处理不了")
    await world.admin.says("/重试队列")
    await world.admin.sees(event, "缺少 phone 或 email")
    # the mapping is mended, the bot started again
    mended = OWN | {"map": {**OWN["map"], "phone": ["$.data.tel", "$.data.mobile"]}}  # type: ignore[dict-item]
    world.changes["connector"] = (DOUYIN, CALLS, mended)
    await world.restart()
    await world.admin.clicks("重放")
    await world.rep.sees("🔔 新线索 L-1001", "来源：ERP", "询价 FK-20")
    assert (await push())[0] == 200
    await world.idle()
    assert await _count(world, tables.lead) == 1


@with_hooks
async def test_wrong_numbers_and_garbage(world: World) -> None:
    status, answer = await douyin(world, CLUE | {"telphone": "微信联系"})
    assert status == 422
    assert "phone 不是电话号码" in answer["error"]["message"]
    for body in (b"{", b"[1, 2]", b"\xff\xfe"):
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{world.url}/hooks/erp?token={SECRET}", data=body) as got,
        ):
            assert got.status == 400
    await world.idle()
    assert await _count(world, tables.lead) == 0
