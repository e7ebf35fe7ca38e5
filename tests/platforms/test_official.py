"""Official Accounts: what a callback says, what goes back in it, and how their API refuses."""

import base64
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import fromstring

import pytest
from pydantic import ValidationError

from bot import defined, source_forms
from bot.config_accounts import OfficialAccount as Settings
from bot.envelope import Garbled, parse
from bot.official import wire
from bot.official.platform import PERSON, OfficialPlatform, seen_key
from bot.platform import Outgoing, SendFailed, Way
from rules.followers import Kind
from sim.official_account import AES_KEY, OfficialAccount
from sim.wecom_crypto import open_reply
from store.cache import LocalShared

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
INFO, TOKEN = "/cgi-bin/user/info", "/cgi-bin/stable_token"


def settings(**more: str) -> Settings:
    raw = {"name": "main", "app_id": "wx0123456789", "token": "tokentoken", "aes_key": AES_KEY}
    return Settings.model_validate(raw | more)


@pytest.fixture
async def account() -> AsyncIterator[OfficialAccount]:
    one = OfficialAccount()
    await one.start()
    yield one
    await one.stop()


def platform(account: OfficialAccount, shared: LocalShared, **more: str) -> OfficialPlatform:
    known = settings(app_id=account.app_id, app_secret=account.app_secret, api_base=account.url, **more)

    async def accounts() -> Mapping[str, Settings]:
        return {"main": known}

    return OfficialPlatform(accounts, shared, lambda: NOW)


def about(openid: str, account: str = "main") -> Outgoing:
    return Outgoing(1, Way.ASK, account, text=PERSON, ref=openid)


# ── callbacks ──────────────────────────────────────────────────────────────────────────────────────────
def pushed(inside: str, kind: str = "text", when: str = "1795312800") -> wire.Pushed | None:
    head = f"<FromUserName>o1</FromUserName><ToUserName>gh_1</ToUserName><CreateTime>{when}</CreateTime>"
    return wire.read(parse(f"<xml>{head}<MsgType>{kind}</MsgType>{inside}</xml>".encode()), NOW)


@pytest.mark.parametrize(
    ("kind", "inside", "found", "text"),
    [
        ("text", "<Content> 你好 </Content>", Kind.TEXT, "你好"),
        ("voice", "<Recognition>要报价</Recognition>", Kind.VOICE, "要报价"),
        ("voice", "<MediaId>m</MediaId>", Kind.VOICE, "［语音］"),
        ("image", "<PicUrl>http://mmbiz.qpic.cn/a/0</PicUrl>", Kind.IMAGE, "［图片］ http://mmbiz.qpic.cn/a/0"),
        ("image", "<PicUrl>http://evil.example/qpic.cn/</PicUrl>", Kind.IMAGE, "［图片］"),
        ("location", "<Label>宁波北仑</Label>", Kind.LOCATION, "［位置］ 宁波北仑"),
        ("link", "<Title>阀块</Title><Url>https://a.cn/</Url>", Kind.LINK, "［链接］ 阀块 https://a.cn/"),
        ("shortvideo", "", Kind.VIDEO, "［视频］"),
        ("event", "<Event>CLICK</Event><EventKey>报价</EventKey>", Kind.CLICK, "点了菜单：报价"),
        ("event", "<Event>VIEW</Event><EventKey>https://a.cn/p?openid=1</EventKey>", Kind.VIEW,
         "打开了菜单里的网页：https://a.cn/p"),
    ],
)  # fmt: skip
def test_each_kind_reads_as_a_line(kind: str, inside: str, found: Kind, text: str) -> None:
    one = pushed(inside, kind)
    assert one is not None
    assert (one.kind, one.text, one.openid, one.account) == (found, text, "o1", "gh_1")


def test_where_somebody_came_from_and_what_means_nothing_to_us() -> None:
    def scene(event: str, key: str) -> str | None:
        one = pushed(f"<Event>{event}</Event><EventKey>{key}</EventKey>", "event")
        return one.scene if one else None

    assert scene("subscribe", "qrscene_expo-7") == "expo-7"
    assert scene("subscribe", "last_trade_no_1") == ""
    assert scene("SCAN", "expo-7") == "expo-7"
    assert scene("LOCATION", "") is None
    assert scene("TEMPLATESENDJOBFINISH", "") is None
    assert wire.read(parse(b"<xml><MsgType>text</MsgType></xml>"), NOW) is None
    with pytest.raises(Garbled):
        parse(b"<xml>")


def test_a_repeat_has_the_same_identity_and_two_things_of_one_second_have_not() -> None:
    def key(inside: str, kind: str = "event") -> str:
        one = pushed(inside, kind)
        assert one is not None
        return one.key

    scan = "<Event>SCAN</Event><EventKey>a</EventKey>"
    assert key(scan) == key(scan)
    assert (
        len({key(scan), key("<Event>SCAN</Event><EventKey>b</EventKey>"), key("<Event>CLICK</Event>")}) == 3
    )
    assert key("<MsgId>23</MsgId><Content>a</Content>", "text") == "m23"
    late = pushed("", "text", "99999999999")
    assert late is not None
    assert late.at == NOW, "a clock that is ahead orders nothing behind what is to come"


@pytest.mark.parametrize("mode", ["plain", "encrypted"])
def test_an_answer_says_what_was_set_to_whom_it_is_for(mode: str) -> None:
    one, ours = pushed("<Content>x</Content>"), settings(mode=mode)
    assert one is not None
    assert wire.answer(ours, one, "", NOW, "n") == "success"
    sealed = wire.answer(ours, one, "好的]]><b>&\x00", NOW, "nonce")
    root = fromstring(sealed) if mode == "plain" else open_reply(sealed, "tokentoken", AES_KEY, ours.app_id)
    said = [root.findtext(name) for name in ("ToUserName", "FromUserName", "MsgType", "Content")]
    assert said == ["o1", "gh_1", "text", "好的]]><b>&"]


def test_secrets_that_the_page_offers_are_new_each_time_and_fit() -> None:
    first, second = (defined.secrets_in(source_forms.fresh("official")) for _ in range(2))
    assert not {*first.values()} & {*second.values()}
    assert settings(**first).token.get_secret_value() == first["token"]
    key = base64.b64decode(first["aes_key"] + "=")
    assert len(key) == 32
    assert base64.b64encode(key).decode() == first["aes_key"] + "=", "no bit is left over for a strict reader"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"token": ""}, "token 要和公众平台"),
        ({"token": "有空格 的"}, "3 到 32 位"),
        ({"aes_key": "short"}, "43 位"),
        ({"aes_key": ""}, 'mode = "plain"'),
        ({"api_base": "api.weixin.qq.com/"}, "https://主机"),
        ({"lead_on": "always"}, "contact"),
        ({"name": "公众号"}, "pattern"),
    ],
)
def test_settings_that_cannot_work_are_named(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)) as caught:
        settings(**wrong)
    assert "tokentoken" not in str(caught.value)
    assert settings(aes_key="", mode="plain").answers


# ── the API ────────────────────────────────────────────────────────────────────────────────────────────
async def test_who_it_is_is_asked_with_one_token_that_is_renewed_once(account: OfficialAccount) -> None:
    account.follower("o1", unionid="u1").here = True
    account.follower("o2")
    ours = platform(account, LocalShared())
    assert dict((await ours.send(about("o1"))).found) == {"unionid": "u1", "scene": "ADD_SCENE_SEARCH"}
    assert (await ours.send(about("o2"))).found["unionid"] == ""
    assert account.calls == {TOKEN: 1, INFO: 2}
    account.expire_tokens()
    assert (await ours.send(about("o1"))).found["unionid"] == "u1"
    assert account.calls == {TOKEN: 2, INFO: 4}
    for wrong in (about("o1", "other"), Outgoing(1, Way.TEXT, "main", text="hi")):
        with pytest.raises(SendFailed) as caught:
            await ours.send(wrong)
        assert not caught.value.retry


@pytest.mark.parametrize(
    ("path", "code", "again", "stopped"),
    [
        (INFO, 48001, False, True), (INFO, 40003, False, False), (INFO, 45009, True, False), (INFO, -1, True, False),
        (TOKEN, 40125, False, True), (TOKEN, 40164, False, True), (TOKEN, 45009, True, False),
        (INFO, 40001, True, False),
    ],
)  # fmt: skip
async def test_each_refusal_is_tried_again_or_not(
    account: OfficialAccount, path: str, code: int, again: bool, stopped: bool
) -> None:
    account.follower("o1").here = True
    ours = platform(account, LocalShared())
    account.errors[path] = code
    with pytest.raises(SendFailed) as caught:
        await ours.send(about("o1"))
    assert (caught.value.retry, caught.value.code) == (again, str(code))
    assert account.app_secret not in str(caught.value)
    before = dict(account.calls)
    with pytest.raises(SendFailed):
        await ours.send(about("o1"))
    assert (account.calls == before) is stopped, "what an admin has to mend is not asked again at once"
    told = [one for one in await ours.check() if "接口" in one.name]
    assert bool(told) is stopped


async def test_the_check_says_whether_the_platform_reaches_us(account: OfficialAccount) -> None:
    shared = LocalShared()
    ours = platform(account, shared)
    (never,) = await ours.check()
    assert (never.state, "/wechat/main" in never.fix) == ("warn", True)
    await shared.put(seen_key("main"), NOW.isoformat(), 60)
    (seen,) = await ours.check()
    assert (seen.state, "最近一次推送" in seen.text) == ("ok", True)
    await account.stop()
    with pytest.raises(SendFailed, match="没有回答") as caught:
        await ours.send(about("o1"))
    assert caught.value.retry
