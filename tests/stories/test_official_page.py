"""A 公众号 is connected on the page 接入: the platform finds the address, and a follower's phone is a lead at once. (B07)"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import main
from bot.clock import Clock
from sim.official_account import OfficialAccount
from store import tables
from store.seals import fresh
from tests.web.pages_kit import Visitor
from tests.world import World, config_for, firm, told

NEW, HERE = "/sources/new/official", "/sources/official_account/main"
TOKEN_PATH = "/cgi-bin/stable_token"
ANN = "oAnn-0123456789abcdefghijklm"


@pytest.fixture
def account() -> OfficialAccount:
    """An account, not started."""
    return OfficialAccount()


@pytest.fixture
async def world(
    platform: str, migrated_url: str, tmp_path: Path, changes: dict[str, Any], account: OfficialAccount
) -> AsyncIterator[World]:
    """The firm without the account, which is on the firm's clock."""
    await account.start()
    try:
        intake = {"intake": {"wechat_api": account.url}}
        async with firm(platform, migrated_url, tmp_path / "files", **intake, **changes) as one:
            account.now = lambda: one.clock.now().timestamp()
            account.callback_url = f"{one.url}/wechat/main"
            yield one
    finally:
        await account.stop()


async def connected(visitor: Visitor, world: World, account: OfficialAccount, **more: str) -> None:
    """The account is there, and the admin copied what the page chose to the platform."""
    await visitor.enters(world.admin, "/接入")
    await visitor.opens(NEW)
    offered = visitor.stands(NEW)
    account.token, account.aes_key = offered["token"], offered["aes_key"]
    await visitor.fills(
        NEW, name="main", app_id=account.app_id, app_secret=account.app_secret, do="save", **more
    )
    assert (visitor.status, visitor.path) == (200, f"{HERE}?done=official"), visitor.words


async def other_replica(world: World) -> main.App:
    """One more process that takes callbacks in."""
    changes = {"app": {"roles": ("intake", "web")}, **world.changes}
    config = config_for(world.sim, world.database, world.files, **changes)
    off = {
        name: getattr(config, name).model_copy(update={"enabled": False}) for name in ("wecom", "dingtalk")
    }
    clock = Clock()
    clock.jump(world.clock.now() - clock.now())
    return await main.start(config.model_copy(update=off), clock=clock)


async def test_an_account_is_connected_on_the_page_and_a_follower_s_phone_is_a_lead(
    world: World, account: OfficialAccount
) -> None:
    account.follower(ANN, unionid="u-ann")
    async with Visitor(world) as visitor:
        assert not await account.verify(), "nobody knows the address yet"
        await connected(visitor, world, account, source="公众号秋季", ask="请留下手机号")
        assert "http://127.0.0.1:8080/wechat/main" in visitor.text
        assert "到「服务器配置」里提交并启用" in visitor.words
        for secret in (account.token, account.aes_key, account.app_secret):
            assert secret not in visitor.text
        assert not await account.verify(token="guessed")
        await world.idle()
        await visitor.opens(HERE)
        assert "签名不对" in visitor.words
        assert await account.verify()
        await world.idle()
        await visitor.opens(HERE)
        assert "签名不对" not in visitor.words
        assert "公众平台最近一次连到这里：今天 10:0" in visitor.words
        await account.says(ANN, "你好")
        await account.says(ANN, "陈立 13812345678 想要液压阀块报价")
        await world.idle()
        async with world.db.read() as tx:
            rep = world.phone((await tx.execute(sa.select(tables.lead.c.owner))).scalar_one())
        await rep.sees("🔔 新线索 L-1001", "陈立", "138****5678", "来源：公众号秋季")
        assert account.followers[ANN].answers[0] == "请留下手机号"
        assert account.asked == 1, "who it is was asked with the secret of the page"
        await visitor.opens("/sources")
        assert re.search(r"公众号 · main \S+/wechat/main 今天 10:0\d 今天 2 条 正常 网页", visitor.words), (
            visitor.words
        )
        forged = await account.post(account._xml(ANN, "text", Content="x", MsgId="1"), token="guessed")
        assert forged[0] == 403
        await visitor.opens(HERE)
        await visitor.fills(f"{HERE}/switch")
        assert "已停用" in visitor.words
        assert not await account.verify()
        status, said = await account.post(account._xml(ANN, "text", Content="x", MsgId="2"))
        account.callback_url = f"{world.url}/wechat/nobody"
        assert (status, said) == (
            404,
            (await account.post(account._xml(ANN, "text", Content="x", MsgId="2")))[1],
        )
    await world.restart()
    account.callback_url = f"{world.url}/wechat/main"
    other = await other_replica(world) if world.database.startswith("postgresql") else None
    try:
        async with Visitor(world) as visitor:
            assert not await account.verify(), "switched off outlives a restart"
            await visitor.enters(world.admin, "/接入")
            await visitor.opens(HERE)
            await visitor.fills(f"{HERE}/switch")
            if other is not None:
                account.callback_url = f"http://127.0.0.1:{other.port}/wechat/main"
            assert await account.verify()
            await account.says(ANN, "月 300 件，电话还是 13812345678")
            await rep.sees("💬 公众号 C-0301", "月 300 件")
            await visitor.opens(HERE)
            await visitor.fills(f"{HERE}/delete")
            assert visitor.path == "/sources?done=deleted"
            assert not await account.verify()
            await visitor.opens("/trail")
            for words in ("接入了来源", "停用了接入", "启用了接入", "删除了接入"):
                assert words in visitor.words
    finally:
        if other is not None:
            await other.stop()


async def test_a_try_says_what_an_admin_has_to_mend_and_secrets_are_changed_one_by_one(
    world: World, account: OfficialAccount
) -> None:
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(NEW)
        wrong = {"name": "main", "app_id": "公众号", "token": "短", "ask": "x" * 601}
        await visitor.fills(NEW, **wrong, do="save")
        assert visitor.status == 422
        for words in ("从公众平台的「基本配置」里复制", "太长了"):
            assert words in visitor.words
        await visitor.fills(NEW, app_id=account.app_id, ask="请留下手机号", do="save")
        assert "3 到 32 位字母数字" in visitor.words
        await visitor.fills(NEW, token="tokentoken", aes_key="short", do="save")
        assert "必须是 43 位字母数字" in visitor.words
        await visitor.fills(NEW, aes_key=account.aes_key, do="connect")
        assert "没有填：不查 UnionID" in visitor.words
        await visitor.fills(NEW, app_secret="not-the-secret", do="connect")
        assert "AppSecret 不对；在公众平台重置过的话" in visitor.words
        await visitor.fills(NEW, app_id="wx0000000000", do="connect")
        assert "AppID 不对，请到公众平台的「基本配置」核对（40013）" in visitor.words
        account.errors[TOKEN_PATH] = 40164
        await visitor.fills(NEW, app_id=account.app_id, app_secret=account.app_secret, do="connect")
        assert "服务器 IP 203.0.113.9 不在公众平台的「IP白名单」里" in visitor.words
        account.errors.clear()
        await visitor.fills(NEW, do="connect")
        assert "连上了：AppID、AppSecret 和 IP 白名单都对。" in visitor.words
        await visitor.fills(NEW, do="save")
        assert visitor.path == f"{HERE}?done=official"
        # the secret went bad: the page says so, another one is typed, and the rest stays as it was
        account.token, account.errors[TOKEN_PATH] = "tokentoken", 40125
        account.expire_tokens()
        await visitor.fills(HERE, do="connect")
        assert "AppSecret 不对" in visitor.words
        await visitor.opens("/sources")
        assert "出错" in visitor.words
        account.errors.clear()
        account.app_secret = "anotherappsecret"
        await visitor.opens(HERE)
        await visitor.fills(HERE, app_secret="anotherappsecret", welcome="欢迎", do="save")
        assert visitor.path == f"{HERE}?done=changed"
        await visitor.fills(HERE, do="connect")
        assert "连上了" in visitor.words
        assert await account.verify()
        await visitor.opens(HERE)
        await visitor.fills(f"{HERE}/restore")
        assert "已改回那一版，密钥没有变。" in visitor.words
        assert visitor.stands(HERE)["welcome"] == ""
        await visitor.fills(HERE, do="connect")
        assert "连上了" in visitor.words, "the secret is not changed back"
    await world.admin.says("/配置 历史")
    seen = await world.admin.sees("official_account.main.welcome", "official_account.main.app_secret")
    assert "anotherappsecret" not in str(seen.raw)


IN_FILE = {"name": "main", "app_id": "wx0123456789", "token": "of-the-file".replace("-", ""), "mode": "plain"}


@pytest.mark.parametrize(
    "changes", [{"official_account": (IN_FILE,), "store": {"keys": (fresh(),)}}], indirect=True
)
async def test_a_name_of_the_file_is_taken_and_with_a_key_no_secret_stands_in_the_database(
    world: World, account: OfficialAccount
) -> None:
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(NEW)
        offered = visitor.stands(NEW)
        await visitor.fills(NEW, name="main", app_id=account.app_id, do="save")
        assert visitor.status == 422
        assert "config.toml 里已经有叫 main 的" in visitor.words
        assert visitor.stands(NEW)["token"] == offered["token"]
        await visitor.fills(NEW, name="second", do="save")
        assert visitor.status == 200
        await visitor.opens(HERE)
        assert "写在 config.toml 里" in visitor.words
        assert IN_FILE["token"] not in visitor.text
    account.token, account.aes_key = offered["token"], offered["aes_key"]
    account.callback_url = f"{world.url}/wechat/second"
    assert await account.verify()
    assert await told(world, account.token, account.aes_key) == []
