"""接入 on the page: an admin connects Douyin in the browser, tries a sample, saves; a signed push is a lead at once. (B07)"""

import hmac
import json
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

import main
from bot.clock import Clock
from store import tables, tables_sources
from tests.web.pages_kit import Visitor
from tests.world import World, config_for, told

CLUE = {
    "clue_id": "7301", "name": "陈工", "telphone": "13812345678", "city_name": "宁波", "remark": "液压阀块，月 300 件",
    "ad_name": "阀块秋季", "extra": "x",
}  # fmt: skip
SECRET = "a-secret-that-only-the-page-was-told"
NEW = "/sources/new/douyin"
HERE = "/sources/connector/douyin"


async def push(url: str, clue: dict[str, Any], secret: str = SECRET) -> tuple[int, dict[str, Any]]:
    """Pushes as the ad platform does."""
    body = json.dumps(clue, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Signature": hmac.new(secret.encode(), body, "sha256").hexdigest(),
    }
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/hooks/douyin", data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def connected(visitor: Visitor, world: World) -> None:
    """Douyin is there."""
    await visitor.enters(world.admin, "/接入")
    await visitor.opens(NEW)
    await visitor.fills(NEW, secret=SECRET, do="save")
    assert (visitor.status, visitor.path) == (200, f"{HERE}?done=added"), visitor.words


async def test_douyin_is_connected_on_the_page_and_a_signed_push_is_a_lead(world: World) -> None:
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        assert visitor.path == "/sources"
        assert "抖音（巨量）" in visitor.words
        assert (await push(world.url, CLUE))[0] == 404
        await visitor.opens(NEW)
        body = json.dumps(CLUE, ensure_ascii=False)
        signature = hmac.new(SECRET.encode(), body.encode(), "sha256").hexdigest()
        await visitor.fills(
            NEW, secret=SECRET, sample=body, sample_headers=f"X-Signature: {signature}", do="try"
        )
        for words in ("会成为一条线索", "138****5678", "液压阀块", "没有用到的字段：extra", "签名对。"):
            assert words in visitor.words
        await visitor.fills(NEW, sample_headers="X-Signature: 00", do="try")
        assert "签名不对" in visitor.words
        await visitor.fills(NEW, sample=json.dumps({"name": "陈工"}), do="try")
        assert "收不了：缺少 手机 或 邮箱" in visitor.words
        await visitor.fills(NEW, do="save")
        assert visitor.path == f"{HERE}?done=added"
        assert "http://127.0.0.1:8080/hooks/douyin" in visitor.text
        assert SECRET not in visitor.text
        assert (await push(world.url, CLUE, "guessed"))[0] == 401
        assert await push(world.url, CLUE) == (200, {"code": 0, "message": "success"})
        await world.rep.sees("🔔 新线索 L-1001", "来源：抖音", "需求：液压阀块，月 300 件", "138****5678")
        await visitor.opens("/sources")
        assert (
            "抖音（巨量） · douyin http://127.0.0.1:8080/hooks/douyin 今天 10:02 今天 1 条 正常 网页"
            in visitor.words
        )
        assert (await push(world.url, CLUE | {"telphone": ""}))[0] == 422
        await world.idle()
        await visitor.opens(HERE)
        assert "缺少 phone 或 email" in visitor.words
        await visitor.fills(f"{HERE}/switch")
        assert "已停用" in visitor.words
        status, answer = await push(world.url, CLUE | {"clue_id": "7302"})
        assert (status, answer["error"]["code"]) == (403, "switched_off")
    await world.restart()
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(HERE)
        await visitor.fills(f"{HERE}/switch")
        assert "已启用" in visitor.words
        assert (await push(world.url, CLUE | {"clue_id": "7302", "telphone": "13700001111"}))[0] == 200
        await world.idle()
        await visitor.fills(f"{HERE}/delete")
        assert visitor.path == "/sources?done=deleted"
        assert (await push(world.url, CLUE))[0] == 404
        await visitor.opens("/trail")
        for words in ("接入了来源", "停用了接入", "启用了接入", "删除了接入"):
            assert words in visitor.words
    async with world.db.read() as tx:
        assert int((await tx.execute(sa.select(sa.func.count()).select_from(tables.lead))).scalar_one()) == 2


async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(world: World) -> None:
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(NEW)
        wrong = {
            "name": "Dou Yin",
            "map_phone": "$.a{",
            "sign_where": "somewhere",
            "secret": "",
            "source": "抖音秋季",
        }
        await visitor.fills(NEW, **wrong, do="save")
        assert visitor.status == 422
        for words in ("要用小写字母", "看不懂", "header:名字", "没有它，谁都能冒充对方"):
            assert words in visitor.words
        assert wrong.items() <= visitor.stands(NEW).items()
        again = {
            "name": "douyin",
            "map_phone": "$.telphone",
            "sign_where": "header:X-Signature",
            "secret": SECRET,
        }
        await visitor.fills(NEW, **again, do="save")
        assert visitor.status == 200
        await visitor.opens(NEW)
        await visitor.fills(NEW, name="douyin", secret=SECRET, do="save")
        assert visitor.status == 422
        assert "已经有叫 douyin 的" in visitor.words
        assert visitor.stands(NEW)["secret"] == SECRET
    async with world.db.read() as tx:
        rows = (await tx.execute(sa.select(tables_sources.source))).all()
    assert [(row.name, row.version) for row in rows] == [("douyin", 1)]


async def test_a_change_holds_at_once_and_can_be_taken_back_but_not_its_secret(world: World) -> None:
    async with Visitor(world) as visitor:
        await connected(visitor, world)
        old = visitor.stands(HERE)
        await visitor.fills(HERE, source="抖音秋季", secret="another-secret", do="save")
        assert visitor.path == f"{HERE}?done=changed"
        assert (await push(world.url, CLUE))[0] == 401
        assert (await push(world.url, CLUE, "another-secret"))[0] == 200
        await world.rep.sees("🔔 新线索 L-1001", "来源：抖音秋季")
        await visitor.posts(HERE, old | {"source": "晚了一步", "do": "save"})
        assert visitor.status == 422
        assert "刚刚有人改过" in visitor.words
        assert visitor.stands(HERE)["source"] == "晚了一步"
        await visitor.opens(HERE)
        await visitor.fills(f"{HERE}/restore")
        assert "已改回那一版" in visitor.words
        assert visitor.stands(HERE)["source"] == "抖音"
        assert (
            await push(world.url, CLUE | {"clue_id": "7302", "telphone": "13700001111"}, "another-secret")
        )[0] == 200
    await world.admin.says("/配置 历史")
    seen = await world.admin.sees("connector.douyin.source", "抖音秋季")
    assert "another-secret" not in json.dumps(seen.raw, ensure_ascii=False)
    held = await told(world, "another-secret")
    assert set(held) <= {"source: another-secret", "inbox: another-secret"}, (
        "in clear only where keys would seal it"
    )


SEALING = {"store": {"keys": ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",)}}


@pytest.mark.parametrize("changes", [SEALING], indirect=True)
async def test_with_a_key_no_secret_stands_in_the_database(world: World) -> None:
    async with Visitor(world) as visitor:
        await connected(visitor, world)
        assert (await push(world.url, CLUE))[0] == 200
    await world.rep.sees("🔔 新线索 L-1001")
    assert await told(world, SECRET) == []


IN_FILE = {"name": "douyin", "preset": "douyin", "sign": {"secret": "of-the-file"}}


@pytest.mark.parametrize("changes", [{"connector": (IN_FILE,)}], indirect=True)
async def test_the_name_of_one_in_the_file_is_taken_and_that_one_can_be_tried(world: World) -> None:
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(NEW)
        await visitor.fills(NEW, secret=SECRET, do="save")
        assert visitor.status == 422
        assert "config.toml 里已经有叫 douyin 的" in visitor.words
        await visitor.opens(HERE)
        assert "写在 config.toml 里" in visitor.words
        assert "of-the-file" not in visitor.text
        await visitor.fills(HERE, sample=json.dumps(CLUE), do="try")
        assert "会成为一条线索" in visitor.words
        assert (await push(world.url, CLUE, "guessed"))[0] == 401
        await world.idle()
        await visitor.opens("/sources")
        assert "签名不对" in visitor.words


async def test_another_replica_takes_it_at_once(world: World) -> None:
    if world.database.startswith("sqlite"):
        pytest.skip("SQLite has one process")
    changes = {"app": {"roles": ("intake", "web")}, **world.changes}
    config = config_for(world.sim, world.database, world.files, **changes)
    off = {
        name: getattr(config, name).model_copy(update={"enabled": False}) for name in ("wecom", "dingtalk")
    }
    clock = Clock()
    clock.jump(world.clock.now() - clock.now())
    other = await main.start(config.model_copy(update=off), clock=clock)
    try:
        url = f"http://127.0.0.1:{other.port}"
        assert (await push(url, CLUE))[0] == 404
        async with Visitor(world) as visitor:
            await connected(visitor, world)
            assert (await push(url, CLUE))[0] == 200
            await world.rep.sees("🔔 新线索 L-1001", "来源：抖音")
            await visitor.fills(f"{HERE}/switch")
            assert (await push(url, CLUE))[0] == 403
    finally:
        await other.stop()


async def test_whoever_changes_where_a_mailbox_leads_does_not_learn_its_password(world: World) -> None:
    """The kept password goes to the server it was typed for: not by a change, not by 连一下, not by an old version."""
    new, here, moved = "/sources/new/mailbox", "/sources/mailbox/leads", "密码要重新填一次"
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(new)
        await visitor.fills(
            new,
            name="leads",
            host="127.0.0.1",
            port="993",
            user="leads@example.com",
            secret=SECRET,
            do="save",
        )
        assert (visitor.status, visitor.path) == (200, f"{here}?done=boxed"), visitor.words
        for change in ({"host": "10.0.0.9"}, {"port": "143"}, {"host": "10.0.0.9", "do": "connect"}):
            await visitor.opens(here)
            await visitor.fills(here, **({"do": "save"} | change))
            assert (visitor.status, moved in visitor.words) == (422, True), visitor.words
        await visitor.opens(here)
        await visitor.fills(here, folder="Archive", do="save")
        assert visitor.path == f"{here}?done=changed", visitor.words
        await visitor.fills(here, host="10.0.0.9", secret="another-one", do="save")
        assert visitor.path == f"{here}?done=changed", visitor.words
        await visitor.fills(f"{here}/restore")
        assert (visitor.status, "那一版连的是另一台服务器" in visitor.words) == (422, True), visitor.words
    async with world.db.read() as tx:
        rows = (
            await tx.execute(sa.select(tables.outbox.c.body).where(tables.outbox.c.way == "ask"))
        ).scalars()
        assert not [body for body in rows if SECRET in body], "nobody was asked with it"
