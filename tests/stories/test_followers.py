"""A WeChat Official Account: who follows, asks and leaves a phone becomes a lead, once; what they say later is told. (B04, B07)"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from sim.official_account import OfficialAccount
from sim.phone import Phone
from store import followers, forgetting, inbox, keyring, tables
from store.seals import fresh
from store.tables_sources import follower, touchpoint
from tests.world import World, firm, told
from web import timeline

ASK, THANKS, OFF = "请留下称呼和手机号", "收到，尽快联系您", "下班了，请留下手机号"
CHANNELS = ({"state": "expo-qr-7", "source": "上海展会", "kind": "图纸定制"},)
KEY = fresh()
ANN, BOB = "oAnn-0123456789abcdefghijklm", "oBob-0123456789abcdefghijklm"


def settings(account: OfficialAccount, **more: Any) -> dict[str, Any]:
    """The account as config.toml has it."""
    return {
        "name": "main", "app_id": account.app_id, "app_secret": account.app_secret, "token": account.token,
        "aes_key": account.aes_key, "mode": "plain" if account.mode == "plain" else "encrypted", "ask": ASK,
        "ask_off": OFF, "thanks": THANKS, "welcome": "欢迎关注", "api_base": account.url,
    } | more  # fmt: skip


@pytest.fixture
def account() -> OfficialAccount:
    """An account, not started."""
    return OfficialAccount()


@pytest.fixture
async def world(
    platform: str, migrated_url: str, tmp_path: Path, changes: dict[str, Any], account: OfficialAccount
) -> AsyncIterator[World]:
    """The firm with its account; what the account says is told on the firm's clock."""
    mode = changes.pop("mode", "encrypted")
    account.mode = mode
    await account.start()
    try:
        accounts = (settings(account, **changes.pop("account", {})),)
        named = {"official_account": accounts, "channel": CHANNELS} | changes
        async with firm(platform, migrated_url, tmp_path / "files", **named) as one:
            account.now = lambda: one.clock.now().timestamp()
            account.callback_url = f"{one.url}/wechat/main"
            yield one
    finally:
        await account.stop()


async def _leads(world: World) -> Sequence[sa.Row[Any]]:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(tables.lead).order_by(tables.lead.c.id))).all()


async def _owner(world: World, nth: int = 0) -> Phone:
    """The phone of whoever got the lead, once somebody did."""
    await world.idle()
    return world.phone((await _leads(world))[nth].owner)


async def _count(world: World, table: sa.Table) -> int:
    async with world.db.read() as tx:
        return int((await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


@pytest.mark.parametrize("changes", [{"account": {"lead_on": "contact"}}], indirect=True)
async def test_who_follows_asks_and_leaves_a_phone_is_a_lead(world: World, account: OfficialAccount) -> None:
    assert await account.verify()
    await account.subscribe(ANN, scene="expo-qr-7")
    await account.says(ANN, "你好")
    await account.says(ANN, "我想问下液压阀块多少钱")
    await world.idle()
    assert await _leads(world) == []
    await account.says(ANN, "陈立 13812345678 宁波恒达汽配有限公司")
    card = await world.rep.sees(
        "🔔 新线索 L-1001 · 图纸定制", "宁波恒达汽配有限公司", "陈立", "138****5678", "来源：上海展会"
    )
    assert "需求：我想问下液压阀块多少钱" in card.text
    assert account.followers[ANN].answers == ["欢迎关注", ASK, THANKS]
    # what is said from then on is told once, together
    await account.says(ANN, "月 300 件")
    await account.says(ANN, "下周能到现场看看吗")
    await world.idle()
    assert world.rep.count("💬 公众号") == 0
    await world.passes(seconds=61)
    told = await world.rep.sees("💬 公众号 C-0301", "2 条消息", "月 300 件", "下周能到现场看看吗")
    assert "138****5678" in told.text
    assert (await _count(world, tables.lead), await _count(world, touchpoint)) == (1, 2)
    await world.rep.says("/客户 C-0301")
    await world.rep.sees("近 2 次触点：", "公众号 · 2 条消息", "公众号 · 3 条消息")
    async with world.db.read() as tx:
        page = [line.more for line in await timeline.of_lead(tx, 1001, str)]
    assert "月 300 件\n下周能到现场看看吗" in page
    (before,) = [more for more in page if "我想问下液压阀块多少钱" in more]
    assert before.startswith("扫码关注了公众号：上海展会\n你好\n")
    assert account.followers[ANN].answers == ["欢迎关注", ASK, THANKS]
    # and who leaves stays in the books
    await account.unsubscribe(ANN)
    await world.passes(seconds=61)
    await world.rep.sees("💬 公众号 C-0301", "取消关注了公众号")
    await account.subscribe(ANN)
    await world.passes(seconds=61)
    await world.rep.sees("又关注了公众号")
    (lead,) = await _leads(world)
    assert lead.status == "new"


async def test_a_need_is_a_lead_and_gets_its_phone_later(world: World, account: OfficialAccount) -> None:
    await account.says(ANN, "你好")
    await account.sends(ANN, "image", PicUrl="http://mmbiz.qpic.cn/mmbiz_jpg/abc/0", MediaId="m1")
    await world.idle()
    assert await _leads(world) == []
    await account.says(ANN, "我想问下液压阀块多少钱")
    rep = await _owner(world)
    card = await rep.sees("🔔 新线索 L-1001", "公众号粉丝", "来源：公众号", "需求：我想问下液压阀块多少钱")
    assert "还没有留联系方式" in card.text
    await world.restart()
    account.callback_url = f"{world.url}/wechat/main"
    await account.says(ANN, "我叫陈立，电话 138 1234 5678")
    told = await rep.sees("💬 公众号 C-0301", "陈立", "138****5678", "留下了电话")
    await world.idle()
    card = next(one for one in rep.seen if "🔔 新线索 L-1001" in one.text)
    assert "陈立" in card.text
    assert "还没有留联系方式" not in card.text
    assert "1234" not in told.text
    assert account.followers[ANN].answers == [ASK, THANKS]
    await rep.says("/客户 C-0301")
    await rep.sees("C-0301 陈立", "138")
    await world.api_lead(owner=None)  # the same phone from elsewhere is the same customer
    assert await _count(world, tables.customer) == 1
    assert len(await _leads(world)) == 2


@pytest.mark.parametrize("changes", [{"mode": "plain"}, {"mode": "compatible"}], indirect=True)
async def test_what_comes_again_counts_once_and_is_answered_once(
    world: World, account: OfficialAccount
) -> None:
    xml = account._xml(ANN, "text", Content="想要液压阀块报价，13812345678", MsgId="23000000001")
    told = account._xml(BOB, "event", Event="subscribe", EventKey="")
    first, second, again = [await account.post(one) for one in (xml, told, told)]
    assert (first[0], THANKS in first[1] or "<Encrypt>" in first[1]) == (200, True)
    assert second[1] not in ("", "success")
    assert again == (200, "success")
    await world.restart()
    account.callback_url = f"{world.url}/wechat/main"
    for _ in range(2):
        assert (await account.post(xml))[0] == 200
    await world.idle()
    assert len(await _leads(world)) == 1
    assert (await _owner(world)).count("🔔 新线索") == 1
    assert await _count(world, follower) == 2


async def test_who_cannot_prove_it_gets_nothing_in(world: World, account: OfficialAccount) -> None:
    xml = account._xml(ANN, "text", Content="13812345678", MsgId="23000000001")
    assert not await account.verify(token="guessed")
    assert (await account.post(xml, token="guessed"))[0] == 403
    assert (await account.post(xml, age=600))[0] == 403
    assert (await account.post(xml, mode="plain"))[0] == 403  # clear text is under no signature
    status, said = await account.post("<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>")
    assert (status, "XML" in said) == (400, True)
    account.callback_url = f"{world.url}/wechat/other"
    assert (await account.post(xml))[0] == 404
    account.callback_url = f"{world.url}/wechat/main"
    async with (
        aiohttp.ClientSession() as http,
        http.post(account.callback_url, params=account._query(), data=b"x" * 70_000) as answer,
    ):
        assert answer.status == 413
    assert await account.post(account._xml(ANN, "event", Event="LOCATION", Latitude="1")) == (200, "success")
    await world.idle()
    assert await _count(world, follower) == 0
    async with world.db.read() as tx:
        assert await inbox.dead_letters(tx) == []


async def test_a_customer_who_is_followed_up_writes_into_that_lead(
    world: World, account: OfficialAccount
) -> None:
    await world.api_lead()
    await account.says(ANN, "我是陈工 13812345678，图纸改好了吗")
    await world.rep.sees("💬 公众号 C-0301", "图纸改好了吗")
    assert len(await _leads(world)) == 1
    async with world.db.write() as tx:
        ended = {"status": "lost", "closed_at": world.clock.now()}
        await tx.execute(sa.update(tables.lead).values(**ended))
    await account.says(ANN, "想再要一批液压阀块，多少钱")
    await world.passes(seconds=61)
    await world.rep.sees("🔔 新线索 L-1002", "138****5678", "你的老客户")
    assert await _count(world, tables.customer) == 1


async def test_who_it_is_is_asked_once_and_two_accounts_share_a_lead(
    world: World, account: OfficialAccount
) -> None:
    account.follower(ANN, unionid="u-1")
    await account.subscribe(ANN)
    await account.says(ANN, "液压阀块报价，13812345678")
    rep = await _owner(world)
    await rep.sees("🔔 新线索 L-1001")
    assert account.asked == 1
    account.expire_tokens()  # a token that is worth nothing any more is renewed once
    account.follower(BOB, unionid="u-1")
    await account.subscribe(BOB)
    await world.idle()
    await account.says(BOB, "液压阀块什么时候能发货")
    await world.passes(seconds=61)
    await rep.sees("💬 公众号 C-0301", "什么时候能发货")
    assert len(await _leads(world)) == 1
    account.errors["/cgi-bin/user/info"] = 48001  # an account without the right: leads come all the same
    await account.says("oEve-0123456789", "液压阀块报价，13700000001")
    await account.says("oFay-0123456789", "你好")
    await world.idle()
    assert len(await _leads(world)) == 2
    assert account.calls["/cgi-bin/user/info"] == 4, "not asked again after the refusal"
    async with world.db.read() as tx:
        one = await followers.find(tx, "main", ANN)
    assert one is not None
    assert one.unionid == "u-1"


@pytest.mark.parametrize("changes", [{"account": {"lead_on": "subscribe"}}], indirect=True)
async def test_at_night_other_words_are_said_and_following_may_be_enough(
    world: World, account: OfficialAccount
) -> None:
    await world.at("2026-11-23 22:00")
    await account.subscribe(ANN, scene="bus-stop")
    await account.says(ANN, "在吗")
    await account.says(ANN, "有人吗")
    assert account.followers[ANN].answers == ["欢迎关注", OFF]
    await world.at("2026-11-24 09:00")
    (lead,) = await _leads(world)
    assert (lead.source, lead.need) == ("公众号 bus-stop", "关注了公众号，待了解需求")
    await world.passes(days=1)
    await account.says(ANN, "在吗")
    assert account.followers[ANN].answers == ["欢迎关注", OFF, ASK]
    await account.unsubscribe(BOB)  # nobody we know
    await account.says(BOB, "你好")
    assert await _count(world, follower) == 2


@pytest.mark.parametrize("changes", [{"store": {"keys": [KEY]}}], indirect=True)
async def test_a_follower_stands_under_the_key_and_is_forgotten_with_the_customer(
    world: World, account: OfficialAccount
) -> None:
    account.follower(ANN, unionid="union-of-ann")
    await account.says(ANN, "在吗，我在宁波北仑")
    await account.says(ANN, "液压阀块报价，我叫陈立，13812345678")
    await world.idle()
    await account.says(ANN, "我们三号楼门口见")
    await world.idle()
    words = (ANN, "union-of-ann", "13812345678", "三号楼", "北仑")
    assert await told(world, *words) == []  # whoever has the file alone reads none of it
    fresh_key = fresh()
    world.changes["store"] = {"keys": [fresh_key, KEY]}
    await world.restart()
    account.callback_url = f"{world.url}/wechat/main"
    await keyring.rotate(world.db, world.clock.now(), pause=0)
    await account.says(ANN, "还在吗")  # found again under another key
    await world.passes(seconds=61)
    assert await _count(world, follower) == 1
    await (await _owner(world)).sees("💬 公众号 C-0301", "2 条消息", "三号楼门口见")
    async with world.db.read() as tx:
        person = await forgetting.look(tx, 301)
    assert person is not None
    await forgetting.forget(world.db, person, world.clock.now(), "周工", "{}")
    async with world.db.read() as tx:
        for table in tables.meta.sorted_tables:
            rows = [str(row) for row in await tx.execute(sa.select(table))]
            assert not [row for row in rows if any(word in row for word in words)], table.name
    assert await _count(world, follower) == 0
    await account.says(ANN, "你好")  # somebody new
    await world.idle()
    async with world.db.write() as tx:
        month = timedelta(days=30)
        await forgetting.expire(tx, world.clock.now() + month, lost=timedelta(0), drafts=month / 2)
    assert await _count(world, follower) == 0
