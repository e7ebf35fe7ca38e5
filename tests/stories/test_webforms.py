"""A visitor fills in a form on the web site: what they see, what the rep sees, and what must not happen. (B01, B10)"""

import json
import re
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from store import tables, tables_sources
from tests.world import World

SITE = "https://www.example.com"
FORM = {
    "name": "quote",
    "title": "获取报价",
    "source": "官网报价页",
    "group": "汽配",
    "origins": (SITE,),
    "kinds": {"按图纸定制": "图纸定制"},
    "consent_version": "2026-11",
    "fields": (
        {"key": "name", "label": "怎么称呼您", "required": True},
        {"key": "phone", "label": "手机", "type": "phone", "required": True},
        {"key": "company", "label": "公司"},
        {"key": "city", "label": "城市"},
        {"key": "demand", "label": "您想", "type": "choice", "options": ("按图纸定制", "先了解一下")},
        {"key": "quantity", "label": "每月数量"},
        {"key": "need", "label": "具体需求", "type": "area"},
    ),
}
TYPED = {
    "name": "陈工", "phone": "138 1234 5678", "company": "宁波恒达汽配有限公司", "city": "宁波",
    "demand": "按图纸定制", "quantity": "300 件", "need": "液压阀块", "consent": "yes",
}  # fmt: skip
PAGES = [
    {"t": "首页 | 某某液压", "u": f"{SITE}/", "at": "2026-11-23T01:50:00Z"},
    {"t": "液压阀块 | 某某液压", "u": f"{SITE}/valve?utm=ad&phone=13812345678", "at": "2026-11-23T01:55:00Z"},
    {"t": "<b>报价</b>", "u": "javascript:alert(1)", "at": "x"},
]
with_form = pytest.mark.parametrize("changes", [{"webform": (FORM,)}], indirect=True)


class Visitor:
    """Somebody with a browser that runs no script."""

    def __init__(self, world: World, **headers: str) -> None:
        self.world, self.headers = world, headers

    async def opens(self, path: str = "/forms/quote") -> tuple[int, str, dict[str, str]]:
        async with aiohttp.ClientSession() as http, http.get(f"{self.world.url}{path}") as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    async def sends(self, fields: dict[str, str], path: str = "/forms/quote") -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.world.url}{path}", data=fields, headers=self.headers) as answer,
        ):
            return answer.status, await answer.text()


def once_in(page: str) -> str:
    found = re.search(r'name="once" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def receipt_in(page: str) -> str:
    found = re.search(r"<strong>([2-9A-Z]{4}-[2-9A-Z]{4})</strong>", page)
    assert found is not None, page
    return found[1]


async def _leads(world: World) -> list[sa.Row[Any]]:
    async with world.db.read() as tx:
        return list((await tx.execute(sa.select(tables.lead).order_by(tables.lead.c.id))).all())


@with_form
async def test_a_form_becomes_a_lead_with_the_pages_seen(world: World) -> None:
    visitor = Visitor(world)
    status, page, headers = await visitor.opens()
    assert status == 200
    assert "获取报价" in page
    assert f"frame-ancestors {SITE}" in headers["Content-Security-Policy"]
    status, page = await visitor.sends(
        TYPED | {"once": once_in(page), "visitor": "5f3a" * 8, "pages": json.dumps(PAGES)}
    )
    assert status == 200
    assert "提交成功" in page
    receipt = receipt_in(page)
    card = await world.rep.sees("🔔 新线索 L-1001 · 图纸定制", "宁波恒达汽配有限公司 · 陈工 · 138****5678")
    for words in ("来源：官网报价页", "需求：液压阀块", "看过 2 页：液压阀块、首页", "每月数量：300 件"):
        assert words in card.text
    async with world.db.read() as tx:
        origin = (await tx.execute(sa.select(tables_sources.origin))).one()
    assert (origin.kind, origin.name, origin.ref, origin.visitor) == ("form", "quote", receipt, "5f3a" * 8)
    consent = json.loads(origin.consent)
    assert consent["version"] == "2026-11"
    assert "我同意" in consent["text"]
    assert "utm" not in origin.pages  # what stands behind "?" may name a person
    await world.rep.says(f"/客户 {receipt.lower()}")
    await world.rep.sees("C-0301 宁波恒达汽配有限公司")


@with_form
async def test_twice_is_once_and_the_same_receipt(world: World) -> None:
    visitor = Visitor(world)
    _, page, _ = await visitor.opens()
    typed = TYPED | {"once": once_in(page)}
    first = receipt_in((await visitor.sends(typed))[1])
    await world.restart()
    assert receipt_in((await visitor.sends(typed))[1]) == first
    await world.idle()
    assert len(await _leads(world)) == 1
    assert world.rep.count("🔔 新线索") == 1
    # corrected after going back: something else was said
    again = receipt_in((await visitor.sends(typed | {"need": "液压阀块，月 500 件"}))[1])
    assert again != first
    await world.idle()
    both = await _leads(world)
    assert len(both) == 2
    assert both[0].customer == both[1].customer


@with_form
async def test_mistakes_are_named_and_nothing_typed_is_lost(world: World) -> None:
    visitor = Visitor(world)
    _, page, _ = await visitor.opens()
    wrong = TYPED | {
        "once": once_in(page),
        "phone": "1381234",
        "name": "",
        "need": '三件<script>"',
        "demand": "别的",
    }
    del wrong["consent"]
    status, page = await visitor.sends(wrong)
    assert status == 422
    for words in ("请填写这一栏", "格式不对，请检查，例如 13812345678", "请先勾选同意", "请从列出的选项里选"):
        assert words in page
    for kept in ('value="1381234"', "宁波恒达汽配有限公司", "三件&lt;script&gt;", f'value="{wrong["once"]}"'):
        assert kept in page
    assert "<script>&#34;" not in page
    await world.idle()
    assert await _leads(world) == []
    status, page = await visitor.sends(TYPED | {"once": once_in(page)})
    assert status == 200


@with_form
async def test_a_robot_gets_a_smile_and_makes_no_lead(world: World) -> None:
    status, page = await Visitor(world).sends(TYPED | {"hp_site": "http://spam.example"})
    assert status == 200
    assert "提交成功" in page
    await world.idle()
    assert await _leads(world) == []


@pytest.mark.parametrize(
    "changes", [{"webform": (FORM,), "intake": {"per_minute": 3, "proxies": ("127.0.0.1",)}}], indirect=True
)
async def test_one_address_cannot_flood_us_and_others_are_not_held_up(world: World) -> None:
    flooder = Visitor(world, **{"X-Forwarded-For": "203.0.113.9, 127.0.0.1"})
    for n in range(3):
        status, _ = await flooder.sends(TYPED | {"phone": f"1381234000{n}"})
        assert status == 200
    status, page = await flooder.sends(TYPED | {"phone": "13812340009"})
    assert status == 429
    assert "提交太频繁" in page
    assert 'value="13812340009"' in page
    spoofed = Visitor(world, **{"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
    assert (await spoofed.sends(TYPED | {"phone": "13812340008"}))[0] == 429  # only the last hop is believed
    other = Visitor(world, **{"X-Forwarded-For": "198.51.100.7"})
    assert (await other.sends(TYPED | {"phone": "13812340007"}))[0] == 200
    await world.idle()
    assert len(await _leads(world)) == 4


@with_form
async def test_a_site_that_is_named_may_embed_the_form(world: World) -> None:
    visitor = Visitor(world)
    status, script, _ = await visitor.opens("/forms/quote/embed.js")
    assert status == 200
    assert "iframe" in script
    for path in ("/forms/form.js", "/forms/track.js", "/forms/form.css"):
        assert (await visitor.opens(path))[0] == 200
    url = f"{world.url}/forms/quote"
    async with aiohttp.ClientSession(headers={"Origin": SITE}) as http:
        async with http.options(url) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == SITE
        async with http.post(url, json=TYPED) as answer:
            assert answer.status == 201
            assert answer.headers["Access-Control-Allow-Origin"] == SITE
            first = await answer.json()
        async with http.post(url, json=TYPED) as answer:
            assert (await answer.json())["receipt"] == first["receipt"]
        async with http.post(url, json=TYPED | {"phone": "没有"}) as answer:
            assert answer.status == 422
            assert (await answer.json())["error"]["fields"] == {"phone": "格式不对，请检查，例如 13812345678"}
        async with http.post(url, data=b"{", headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400
            assert answer.headers["Access-Control-Allow-Origin"] == SITE
    async with (
        aiohttp.ClientSession(headers={"Origin": "https://evil.example"}) as http,
        http.options(url) as answer,
    ):
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers
    await world.idle()
    assert len(await _leads(world)) == 1


@with_form
async def test_a_form_that_is_not_there(world: World) -> None:
    for path in ("/forms/other", "/forms/other/embed.js", "/forms/../config.toml"):
        assert (await Visitor(world).opens(path))[0] == 404
