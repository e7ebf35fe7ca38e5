"""Texts, cards, updates and files over real sockets: what arrives on the phone, once, and what is said when not."""

from collections.abc import AsyncIterator

import pytest

from bot.events import Click
from bot.platform import Outgoing, SendFailed, Sent, Way, Wide
from bot.wecom.menu import Entry
from cards.card import Card
from tests.platforms.wecom_kit import CLOSED, NEW_LEAD, Rig, card, rig, text

DAY = 86400


@pytest.fixture
async def world() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made
        assert made.sim.soft_warnings == []


async def refused(world: Rig, out: Outgoing) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await world.bot.send(out)
    return caught.value


def update(
    code: str, shown: Card = CLOSED, *, id: int = 2, track: str = "L-1024-a-1", again: bool = False
) -> Outgoing:
    return Outgoing(id, Way.UPDATE, "lisi", card=shown, track=track, code=code, again=again)


async def test_a_text(world: Rig) -> None:
    sent = await world.bot.send(text("lisi", "早上好，今天 3 件事"))
    assert sent.ref
    await world.lisi.sees("早上好，今天 3 件事")
    assert world.bot.limits.needs_code
    assert not world.bot.limits.todo


async def test_a_text_sent_twice_is_seen_once_and_two_equal_texts_are_seen_twice(world: Rig) -> None:
    await world.bot.send(text("lisi", "已记录", 1))
    await world.bot.send(text("lisi", "已记录", 1))
    await world.bot.send(text("lisi", "已记录", 2))
    assert world.lisi.count("已记录") == 2


async def test_a_long_text_arrives_whole_in_parts_and_a_retry_adds_nothing(world: Rig) -> None:
    words = "\n".join(f"{n}. 宁波某汽配 · 陈工" for n in range(150))
    world.sim.faults.fail_next = [(-1, "busy", "message/send")]
    assert (await refused(world, text("lisi", words))).retry
    for _ in range(2):
        await world.bot.send(text("lisi", words))
    assert world.lisi.count("宁波某汽配") == 3
    assert world.lisi.find("149. 宁波某汽配")


async def test_a_card_and_its_update_in_place(world: Rig) -> None:
    sent = await world.bot.send(card("lisi"))
    assert sent.code
    assert sent.track == "L-1024-a-1"
    seen = await world.lisi.sees("图纸定制", "138****5678")
    assert [press.label for press in seen.buttons] == ["开始跟进", "转给同事"]
    done = await world.bot.send(update(sent.code))
    assert not done.fresh
    assert seen.updates == 1
    assert "已由李四跟进" in seen.text
    assert not [press for press in seen.buttons if press.enabled]


async def test_after_a_click_the_newest_code_updates_the_card_again(world: Rig) -> None:
    sent = await world.bot.send(card("lisi"))
    await world.bot.send(update(sent.code, NEW_LEAD))
    await world.lisi.clicks("开始跟进")
    click = world.events[-1]
    assert isinstance(click, Click)
    await world.bot.send(update(click.code, id=3))
    assert world.lisi.count("图纸定制") == 1
    assert world.lisi.seen[0].updates == 2


async def test_a_card_sent_twice_is_seen_once(world: Rig) -> None:
    """A repeat within hours is swallowed by the duplicate check, later by the task_id that is taken."""
    assert (await world.bot.send(card("lisi"))).code
    assert (await world.bot.send(card("lisi"))).track == "L-1024-a-1"
    world.sim.skew = DAY
    assert await world.bot.send(card("lisi")) == Sent(track="L-1024-a-1")
    assert world.lisi.count("图纸定制") == 1


async def test_an_update_without_a_code_is_a_new_card_that_finds_its_way_back(world: Rig) -> None:
    await world.bot.send(card("lisi"))
    sent = await world.bot.send(update("", NEW_LEAD, id=17))
    assert (sent.fresh, sent.track) == (True, "L-1024-a-1-r17")
    assert sent.code
    await world.lisi.clicks("开始跟进", on=world.lisi.seen[-1])
    assert isinstance(world.events[-1], Click)
    assert world.events[-1].card == "L-1024-a-1-r17"
    again = await world.bot.send(update("", NEW_LEAD, id=23, track="L-1024-a-1-r17"))
    assert again.track == "L-1024-a-1-r23"


async def test_a_code_that_is_used_up_or_too_old_makes_a_new_card(world: Rig) -> None:
    sent = await world.bot.send(card("lisi"))
    await world.bot.send(update(sent.code, NEW_LEAD))
    used = await world.bot.send(update(sent.code, id=3))
    assert (used.fresh, used.track) == (True, "L-1024-a-1-r3")
    assert "［已由李四跟进］" in world.lisi.seen[-1].text

    second = await world.bot.send(card("lisi", id=4, track="L-1024-a-2"))
    world.sim.skew = 3 * DAY + 60
    late = await world.bot.send(update(second.code, id=5, track="L-1024-a-2"))
    assert late.fresh


async def test_an_update_that_got_through_unheard_is_not_said_twice(world: Rig) -> None:
    sent = await world.bot.send(card("lisi"))
    world.sim.faults.deliver_but_fail_next = 1
    failed = await refused(world, update(sent.code))
    assert failed.retry
    assert failed.unknown
    done = await world.bot.send(update(sent.code, again=True))
    assert not done.fresh
    assert world.lisi.count("图纸定制") == 1
    assert world.lisi.seen[0].updates == 1


@pytest.mark.parametrize("how", ["reset", "500"])
@pytest.mark.parametrize("out", [text("lisi", "唯一的一条"), card("lisi")], ids=["text", "card"])
async def test_a_send_that_got_through_unheard_is_seen_once(world: Rig, how: str, out: Outgoing) -> None:
    world.sim.faults.deliver_but_fail_next, world.sim.faults.fail_how = 1, how
    failed = await refused(world, out)
    assert (failed.retry, failed.unknown) == (True, True)
    await world.bot.send(out)
    assert len(world.lisi.seen) == 1


async def test_a_file_under_its_own_name_is_uploaded_once(world: Rig) -> None:
    wangwu = world.sim.person("wangwu", "王五")
    for id, user in ((1, "lisi"), (2, "wangwu"), (3, "lisi")):
        await world.bot.send(Outgoing(id, Way.FILE, user, file=b"%PDF-1.7 ...", filename="失效案例集.pdf"))
    seen = await wangwu.sees("失效案例集.pdf")
    assert seen.file == b"%PDF-1.7 ..."
    assert world.lisi.count("失效案例集.pdf") == 2
    assert len(world.sim.wire.of("media/upload")) == 1


async def test_a_file_that_wecom_forgot_is_uploaded_again(world: Rig) -> None:
    out = Outgoing(1, Way.FILE, "lisi", file=b"0123456789", filename="报价单.xlsx")
    await world.bot.send(out)
    world.sim.media.clear()
    await world.bot.send(out)
    assert len(world.sim.wire.of("media/upload")) == 2
    assert world.lisi.count("报价单.xlsx") == 2


@pytest.mark.parametrize("name", ['a"b\r\nX: y/..\\c.pdf', "", "  "])
async def test_odd_file_names_do_no_harm(world: Rig, name: str) -> None:
    await world.bot.send(Outgoing(1, Way.FILE, "lisi", file=b"0123456789", filename=name))
    assert world.lisi.seen[-1].file == b"0123456789"


async def test_files_that_wecom_would_not_take_are_not_uploaded(world: Rig) -> None:
    failed = await refused(world, Outgoing(1, Way.FILE, "lisi", file=b"tiny", filename="a.txt"))
    assert not failed.retry
    assert world.sim.wire.of("media/upload") == []


async def test_people_who_cannot_be_reached_are_named_as_such(world: Rig) -> None:
    world.sim.person("gone", "走了", visible=False)
    world.sim.person("poor", "没许可", licensed=False)
    for user, reason in (("gone", "可见范围"), ("nobody", "可见范围"), ("POOR", "许可")):
        failed = await refused(world, text(user, "你好"))
        assert (failed.retry, failed.wide) == (False, Wide.PERSON)
        assert reason in failed.reason


async def test_what_has_no_content_or_no_place_is_refused_here(world: Rig) -> None:
    outs = [
        text("lisi", "  "),
        Outgoing(1, Way.CARD, "lisi", track="x"),
        Outgoing(1, Way.UPDATE, "lisi", track="x", code="c"),
        card("lisi", track="L:1"),
        card("lisi", track=""),
        Outgoing(1, Way.TODO, "lisi", text="x"),
        Outgoing(1, Way.TODO_DONE, "lisi", ref="x"),
    ]
    for out in outs:
        assert not (await refused(world, out)).retry
    assert world.calls == 0


async def test_without_a_callback_url_cards_wait_for_the_admin(world: Rig) -> None:
    world.sim.callback_url = ""
    failed = await refused(world, card("lisi"))
    assert (failed.retry, failed.code) == (True, "43012")
    assert "回调" in failed.reason


async def test_the_menu_is_made_at_the_start() -> None:
    menu = (Entry("今日", "/今日"), Entry("更多", under=(Entry("帮助", "/帮助"),)))
    async with rig(menu) as world:
        assert world.bot._starting is not None
        await world.bot._starting
        await world.lisi.taps_menu("cmd:/帮助")
        assert world.sim.menu is not None
        assert [getattr(event, "text", "") for event in world.events] == ["/帮助"]


async def test_a_menu_that_fails_stops_nothing() -> None:
    async with rig((Entry("一个太长太长的名字", "/x"),)) as world:
        assert world.bot._starting is not None
        await world.bot._starting
        await world.bot.send(text("lisi", "还在"))
        assert world.sim.menu is None


async def test_the_check_when_all_is_well(world: Rig) -> None:
    await world.lisi.says("你好")
    checks = {check.name: check for check in await world.bot.check()}
    assert {check.state for check in checks.values()} == {"ok"}
    assert len(checks) == 4
    assert "秒前" in checks["企业微信回调"].text


async def test_the_check_names_what_to_fix(world: Rig) -> None:
    world.sim.person("gone", "走了", visible=False)
    await refused(world, text("gone", "你好"))
    await world.sim.verify_callback("signature")
    world.sim.faults.untrusted_ip = True
    checks = {check.name: check for check in await world.bot.check()}
    assert checks["企业微信凭证"].state == "ok"
    assert checks["企业微信可信IP"].state == "fail"
    assert "127.0.0.1" in checks["企业微信可信IP"].text
    assert "gone" in checks["企业微信可见范围"].text
    assert "没有通过验证" in checks["企业微信回调"].text
    assert "https://crm.example.com/wecom/callback" in checks["企业微信回调"].fix
    assert all(check.fix for check in checks.values() if check.state != "ok")


async def test_a_person_who_can_be_reached_again_is_no_longer_named(world: Rig) -> None:
    world.sim.person("gone", "走了", visible=False)
    await refused(world, text("gone", "你好"))
    world.sim.members["gone"].visible = True
    await world.bot.send(text("gone", "你好", 2))
    assert "gone" not in str(await world.bot.check())


async def test_a_proxy_of_the_environment_is_used_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("no_proxy", "")
    async with rig() as straight:
        await straight.bot.send(text("lisi", "你好"))
    async with rig(proxy_from_env=True) as around:
        with pytest.raises(SendFailed, match="连不上企业微信接口"):
            await around.bot.send(text("lisi", "你好"))
