"""Sending to DingTalk through the simulator: texts, cards, files, to-dos, and every way in which it can go wrong."""

import asyncio
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.dingtalk.cards import renewed
from bot.dingtalk.todos import source_id
from bot.platform import Outgoing, SendFailed, Way, Wide
from cards.card import Button, Card, Field, Option, Select, Style
from sim.phone import Seen
from tests.platforms.dingtalk_kit import Rig, running, until

TRACK = "L-1024-k3-88"
LEAD = Card(
    kind="lead.new",
    title="新线索：华联科技",
    subject="L-1024",
    lines=("来自官网表单",),
    fields=(Field("电话", "138****8000"), Field("微信", "139****9000")),
    buttons=(
        Button("开始跟进", "StartCheckIn:1024:3", Style.PRIMARY),
        Button("看客户", "https://bot.example/customers/7"),
        Button("转给", "Transfer:1024"),
    ),
    note="2 小时内首触",
)


def card(content: Card = LEAD, track: str = TRACK, **more: Any) -> Outgoing:
    return Outgoing(id=7, way=Way.CARD, user="lisi", card=content, track=track, **more)


def text(words: str, user: str = "lisi", **more: Any) -> Outgoing:
    return Outgoing(id=1, way=Way.TEXT, user=user, text=words, **more)


def calls(rig: Rig, what: str) -> list[Any]:
    return [entry.sent for entry in rig.sim.wire if entry.way == "in" and what in entry.what]


async def fails(rig: Rig, out: Outgoing) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await rig.platform.send(out)
    assert "dingsim" not in str(caught.value)
    return caught.value


def seen(rig: Rig, n: int = -1, user: str = "lisi") -> Seen:
    return [one for one in rig.sim.phones[user].seen if not one.mine][n]


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_text_goes_through_the_open_session_and_costs_no_call() -> None:
    async with running() as rig:
        await rig.sim.phones["lisi"].says("/今日")
        await until(lambda: rig.inbox.messages)
        url = rig.inbox.messages[0].reply_url
        await rig.platform.send(text("今天 3 条要跟进", reply_url=url))
        assert seen(rig).text == "今天 3 条要跟进"
        assert "api" not in rig.meter
        rig.sim.expire_sessions()
        await rig.platform.send(text("会话过期也送到", reply_url=url))
        assert seen(rig).text == "会话过期也送到"
        assert calls(rig, "batchSend")[0]["msgKey"] == "sampleText"
        assert rig.meter["api"] == 1


async def test_what_people_are_told_goes_to_no_other_host() -> None:
    async with running(receive=False) as rig:
        foreign = rig.sim.url.replace("127.0.0.1", "localhost")
        await rig.platform.send(text("客户 3 位", reply_url=f"{foreign}/robot/sendBySession?session=x"))
        assert seen(rig).text == "客户 3 位"
        assert calls(rig, "batchSend")[0]["msgKey"] == "sampleText"
        assert not calls(rig, "sendBySession")


async def test_a_text_without_session_is_sent_by_the_robot() -> None:
    async with running(receive=False) as rig:
        sent = await rig.platform.send(text('引号"和\n换行'))
        assert sent.ref
        assert seen(rig).text == '引号"和\n换行'
        await rig.platform.send(text("长" * 20_000))
        assert len(seen(rig).text.encode()) < 15_000
        assert seen(rig).text.endswith("…")


async def test_somebody_who_is_not_there_is_given_up_and_somebody_throttled_waits() -> None:
    async with running(receive=False) as rig:
        rig.sim.person("far", "够不着", visible=False)
        gone = await fails(rig, text("喂", user="far"))
        assert (gone.retry, gone.wide) == (False, Wide.PERSON)
        rig.sim.faults.throttled = {"lisi"}
        slow = await fails(rig, text("慢点"))
        assert (slow.retry, slow.after, slow.wide) == (True, 5, Wide.PERSON)
        rig.sim.faults.throttled = set()
        await rig.platform.send(text("慢点"))
        assert seen(rig).text == "慢点"


@pytest.mark.parametrize(
    ("status", "code", "retry", "after", "wide", "unknown"),
    [
        (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", True, 1, Wide.APP, False),
        (403, "Forbidden.AccessDenied.IpNotInWhiteList", True, 300, Wide.APP, False),
        (400, "invalidParameter.robotCode.auth", True, 600, Wide.APP, False),
        (400, "staffId.notExisted", False, None, Wide.PERSON, False),
        (400, "invalidParameter.userIds.empty", False, None, Wide.PERSON, False),
        (400, "invalidParameter.msgParam.invalid", False, None, Wide.MESSAGE, False),
        (400, "msg.unsupport", False, None, Wide.MESSAGE, False),
        (400, "send.too.fast", True, 5, Wide.APP, False),
        (400, "contain.unsafe.url", False, None, Wide.MESSAGE, False),
        (400, "chatbotId.notAllow.sendOTO", True, 600, Wide.APP, False),
        (400, "bot.forbidden.sendMessage", True, 600, Wide.APP, False),
        (500, "system.error", True, 2, Wide.MESSAGE, True),
        (504, "ServiceTimeout", True, 2, Wide.MESSAGE, True),
        (400, "something.new", False, None, Wide.MESSAGE, False),
    ],
)
async def test_each_error_code_says_what_to_do(
    status: int, code: str, retry: bool, after: float | None, wide: Wide, unknown: bool
) -> None:
    async with running(receive=False) as rig:
        rig.sim.faults.fail_next = [(status, code)]
        failed = await fails(rig, text("喂"))
        assert (failed.retry, failed.after, failed.wide, failed.unknown) == (retry, after, wide, unknown)
        assert code in failed.reason
        assert any("一" <= letter <= "鿿" for letter in failed.reason)
        await rig.platform.send(text("下一条"))
        assert seen(rig).text == "下一条"


async def test_a_lost_answer_is_unknown_and_an_unreachable_host_is_not() -> None:
    async with running(receive=False) as rig:
        await rig.platform.send(text("热身"))
        rig.sim.faults.deliver_but_fail_next = 1
        lost = await fails(rig, text("到了，回执没到"))
        assert (lost.retry, lost.unknown) == (True, True)
        assert seen(rig).text == "到了，回执没到"
        rig.sim.faults.html_next = 1
        blocked = await fails(rig, text("被封"))
        assert (blocked.after, blocked.wide, blocked.unknown) == (5, Wide.APP, False)
        await rig.sim.stop()
        await rig.platform._api.close()  # or the end of the open connection could come after the next request
        away = await fails(rig, text("没人"))
        assert (away.retry, away.after, away.wide, away.unknown) == (True, 2, Wide.APP, False)
        assert Way.TEXT not in rig.platform.limits.idempotent


async def test_the_token_is_fetched_once_for_all_and_again_when_it_goes_stale() -> None:
    async with running(receive=False) as rig:
        await asyncio.gather(*(rig.platform.send(text(str(n))) for n in range(10)))
        assert len(calls(rig, "oauth2/accessToken")) == 1
        other = await rig.restart()
        await other.send(text("另一个进程"))
        assert len(calls(rig, "oauth2/accessToken")) == 1
        rig.sim.forget_tokens()
        await rig.platform.send(text("换了新的"))
        assert len(calls(rig, "oauth2/accessToken")) == 2
        rig.sim.forget_tokens()
        await rig.platform.send(Outgoing(3, Way.TODO, "lisi", text="oapi 也会换"))
        assert len(calls(rig, "oauth2/accessToken")) == 3
        await other.stop()
    async with running() as rig:
        wrong = await rig.restart(client_secret="wrong-secret-value")
        rig.shared.values.clear()
        with pytest.raises(SendFailed) as caught:
            await wrong.send(text("喂"))
        assert (caught.value.retry, caught.value.wide) == (True, Wide.APP)
        assert "wrong-secret-value" not in str(caught.value)
        checks = {check.name: check for check in await wrong.check()}
        assert checks["钉钉凭证"].state == "fail"
        assert checks["钉钉连接"].state == "warn"
        await wrong.stop()


async def test_the_monthly_quota_stops_the_app_until_the_month_is_over() -> None:
    async with running() as rig:
        rig.sim.limits.api_calls = 1
        await rig.platform.send(text("最后一次"))
        over = await fails(rig, text("没额度了"))
        assert (over.retry, over.wide) == (True, Wide.APP)
        here = datetime.now(UTC) + timedelta(hours=8)
        assert over.after is not None
        first = here + timedelta(seconds=over.after)
        assert (first + timedelta(seconds=5)).day == 1
        assert (first + timedelta(seconds=5)).month != here.month
        await fails(rig, text("还是没有"))
        assert [alert.code for alert in rig.inbox.alerts] == ["Forbidden.AccessDenied.ApiCountLimitForOrg"]
        assert rig.meter["api"] == 1  # what failed is not counted


# ── cards ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_card_is_shown_clicked_and_changed_in_place() -> None:
    async with running() as rig:
        sent = await rig.platform.send(card())
        assert (sent.track, sent.fresh, bool(sent.ref)) == (TRACK, False, True)
        shown = seen(rig)
        assert shown.track == TRACK
        assert "138****8000" in shown.text
        assert "139****9000" in shown.text
        assert [b.label for b in shown.buttons] == ["开始跟进", "看客户", "转给"]
        assert shown.raw["imRobotOpenSpaceModel"]["lastMessageI18n"] == {"ZH_CN": "新线索：华联科技"}
        await rig.sim.phones["lisi"].clicks("开始跟进", times=2)
        await until(lambda: len(rig.inbox.clicks) == 2)  # two real clicks are two
        click = rig.inbox.clicks[0]
        assert (click.user, click.card, click.action) == ("lisi", TRACK, "StartCheckIn:1024:3")
        assert not rig.sim.wire.of("card callback timed out")
        closed = Card(kind="lead.new", title="新线索：华联科技", closed="已由李销售跟进")
        changed = await rig.platform.send(Outgoing(8, Way.UPDATE, "lisi", card=closed, track=TRACK))
        assert (changed.fresh, changed.track) == (False, TRACK)
        assert seen(rig) is shown
        assert shown.text == "新线索：华联科技\n已由李销售跟进"
        assert shown.buttons == []


async def test_a_click_pushed_twice_is_one_click_even_from_a_sparing_callback() -> None:
    async with running() as rig:
        await rig.platform.send(card())
        rig.sim.faults.value_for_content = rig.sim.faults.bare_callbacks = True
        await rig.sim.phones["lisi"].clicks("转给")
        await until(lambda: rig.inbox.clicks)
        link = rig.sim.connections[0]
        pushed = next(e.sent for e in rig.sim.wire if e.what == "push CALLBACK /v1.0/card/instances/callback")
        await rig.sim.stream.push_on(link, "CALLBACK", pushed["headers"]["topic"], json.loads(pushed["data"]),
                                     {"messageId": pushed["headers"]["messageId"]})  # fmt: skip
        await until(lambda: rig.inbox.tries == 2)
        assert [click.action for click in rig.inbox.clicks] == ["Transfer:1024"]


async def test_sending_a_card_again_shows_it_once() -> None:
    async with running(receive=False) as rig:
        rig.sim.faults.deliver_but_fail_next = 1
        lost = await fails(rig, card())
        assert lost.unknown
        assert Way.CARD in rig.platform.limits.idempotent
        await rig.platform.send(card())
        rig.sim.faults.fail_next = [(400, "param.cardAlreadyExist")]
        again = await rig.platform.send(card())
        assert again.track == TRACK
        assert len(rig.sim.phones["lisi"].seen) == 1


async def test_a_card_that_was_made_but_not_delivered_is_delivered_by_the_retry() -> None:
    async with running(receive=False) as rig:
        rig.sim.faults.card_deliver_fail_next = 1
        failed = await fails(rig, card())
        assert (failed.retry, failed.unknown) == (True, False)
        assert rig.sim.phones["lisi"].seen == []
        rig.sim.faults.fail_next = [(400, "param.cardAlreadyExist")]
        await rig.platform.send(card())
        assert len(rig.sim.phones["lisi"].seen) == 1
        assert calls(rig, "instances/deliver")


async def test_a_card_that_is_no_longer_there_comes_anew() -> None:
    async with running(receive=False) as rig:
        sent = await rig.platform.send(Outgoing(31, Way.UPDATE, "lisi", card=LEAD, track=TRACK))
        assert (sent.fresh, sent.track) == (True, f"{TRACK}-r31")
        assert seen(rig).track == sent.track
        again = await rig.platform.send(Outgoing(31, Way.UPDATE, "lisi", card=LEAD, track=TRACK))
        assert again.track == sent.track
        assert len(rig.sim.phones["lisi"].seen) == 1
        assert renewed(sent.track, 44) == f"{TRACK}-r44"


FORM = Card(
    kind="opportunity.stage",
    title="推进商机",
    selects=(
        Select("stage", "阶段", (Option("报价中", "quote"), Option("已成交", "won"))),
        Select("chance", "把握", (Option("五成", "50"), Option("九成", "90")), chosen="50"),
        Select("next", "下一步", (Option("打电话", "PickNext:7:call"),)),
    ),
    submit=Button("保存", "SaveStage:7", Style.PRIMARY),
)


async def test_options_become_buttons_that_carry_the_choice() -> None:
    async with running() as rig:
        await rig.platform.send(card(FORM))
        phone = rig.sim.phones["lisi"]
        assert [b.label for b in seen(rig).buttons] == [
            "阶段·报价中", "阶段·已成交", "✓把握·五成", "把握·九成", "下一步·打电话", "保存",
        ]  # fmt: skip
        await phone.clicks("阶段·已成交")
        await phone.clicks("下一步·打电话")
        await phone.clicks("保存")
        await until(lambda: len(rig.inbox.clicks) == 3)
        option, direct, submit = rig.inbox.clicks
        assert (option.action, option.values) == ("SaveStage:7", {"chance": ["50"], "stage": ["won"]})
        assert (direct.action, direct.values) == ("PickNext:7:call", {})
        assert (submit.action, submit.values) == ("SaveStage:7", {"chance": ["50"]})


@pytest.mark.parametrize("code", ["param.templateNotExist", "param.templateUnpublished", "scope"])
async def test_without_a_template_action_cards_do(code: str) -> None:
    async with running(card_template="gone.schema") as rig:
        if code == "scope":
            rig.sim.scopes.discard("Card.Instance.Write")
        elif code != "param.templateNotExist":
            rig.sim.faults.fail_next = [(400, code)]
        sent = await rig.platform.send(card())
        assert sent.track == TRACK
        assert seen(rig).kind == "card"
        assert [b.label for b in seen(rig).buttons] == ["开始跟进", "看客户", "转给"]
        assert Way.CARD not in rig.platform.limits.idempotent
        assert [alert.code for alert in rig.inbox.alerts][-1] == "cards"
        tried = len(calls(rig, "createAndDeliver"))
        await rig.platform.send(card(track="L-1025-k3-89"))
        assert len(calls(rig, "createAndDeliver")) == tried  # remembered for an hour
        checks = {check.name: check for check in await rig.platform.check()}
        assert checks["钉钉卡片"].state == "warn"
        await rig.sim.phones["lisi"].clicks("转给")
        await until(lambda: rig.inbox.messages)
        assert (
            rig.inbox.messages[0].text == "#2 L-1025-k3-89"
        )  # the second that can be pressed; links do not count


async def test_action_cards_by_configuration_cannot_change_and_come_anew() -> None:
    async with running(cards="actioncard") as rig:
        await rig.platform.send(card(FORM))
        await rig.sim.phones["lisi"].clicks("把握·九成")
        await rig.sim.phones["lisi"].clicks("下一步·打电话")
        await until(lambda: len(rig.inbox.clicks) == 2)
        assert [(c.card, c.action, c.values) for c in rig.inbox.clicks] == [
            (TRACK, "SaveStage:7", {"chance": ["90"]}), (TRACK, "PickNext:7:call", {}),
        ]  # fmt: skip
        assert "保存：回复 #SaveStage:7?chance=50 L-1024-k3-88" in seen(rig).text
        sent = await rig.platform.send(
            Outgoing(9, Way.UPDATE, "lisi", card=Card("x", "推进商机", closed="已成交"), track=TRACK)
        )
        assert (sent.fresh, sent.track) == (True, f"{TRACK}-r9")
        assert seen(rig).text == "推进商机\n\n［已成交］"
        assert not calls(rig, "card/instances")


# ── files and to-dos ────────────────────────────────────────────────────────────────────────────────────


async def test_files_arrive_as_what_they_are() -> None:
    async with running(receive=False) as rig:

        def file(name: str, body: bytes) -> Outgoing:
            return Outgoing(5, Way.FILE, "lisi", file=body, filename=name)

        await rig.platform.send(file("报价单.xlsx", b"sheet"))
        assert (seen(rig).kind, seen(rig).file) == ("file", b"sheet")
        assert "报价单.xlsx" in seen(rig).text
        await rig.platform.send(file("方案.pptx", b"slides"))
        with zipfile.ZipFile(io.BytesIO(seen(rig).file)) as archive:
            assert (archive.namelist(), archive.read("方案.pptx")) == (["方案.pptx"], b"slides")
        await rig.platform.send(file("样品.PNG", b"\x89PNG\r\n\x1a\n"))
        assert seen(rig).kind == "image"
        big = await fails(rig, file("大.zip", b"0" * (20 * 1024 * 1024 + 1)))
        assert not big.retry


async def test_a_todo_is_made_once_and_finished() -> None:
    async with running(receive=False) as rig:
        due = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
        out = Outgoing(
            42, Way.TODO, "lisi", text="需协调技术部出具方案", link="https://bot.example/t/1", due=due
        )
        rig.sim.faults.deliver_but_fail_next = 1
        lost = await fails(rig, out)
        assert lost.unknown
        sent = await rig.platform.send(out)
        assert await rig.platform.send(out) == sent
        (todo,) = rig.sim.todos.values()
        assert (todo["subject"], todo["dueTime"]) == ("需协调技术部出具方案", int(due.timestamp() * 1000))
        assert (todo["executorIds"], todo["detailUrl"]["appUrl"]) == (["uni-lisi"], "https://bot.example/t/1")
        assert sent.ref == f"uni-lisi/{todo['id']}"
        assert len(calls(rig, "user/get")) == 1
        done = Outgoing(43, Way.TODO_DONE, "lisi", ref=sent.ref)
        await rig.platform.send(done)
        await rig.platform.send(done)
        assert todo["done"]
        rig.sim.todos.clear()
        await rig.platform.send(done)  # what is gone is done
        assert {Way.TODO, Way.TODO_DONE} <= rig.platform.limits.idempotent


async def test_a_todo_without_link_leads_to_the_bot_and_needs_a_known_person() -> None:
    async with running(receive=False) as rig:
        await rig.platform.send(Outgoing(1, Way.TODO, "wang", text="看超时"))
        (todo,) = rig.sim.todos.values()
        assert todo["detailUrl"]["pcUrl"] == "https://bot.example"
        gone = await fails(rig, Outgoing(2, Way.TODO, "nobody", text="看超时"))
        assert (gone.retry, gone.wide) == (False, Wide.PERSON)
        one, other = Outgoing(1, Way.TODO, "a", text="x"), Outgoing(1, Way.TODO, "a", text="y")
        assert source_id(one) != source_id(other)  # a fresh database may count from 1 again


async def test_check_tells_the_state_in_words() -> None:
    async with running(monthly_calls=4) as rig:
        assert {check.state for check in await rig.platform.check()} == {"ok"}
        for n in range(4):
            await rig.platform.send(text(str(n)))
        quota = (await rig.platform.check())[-1]
        assert (quota.name, quota.state) == ("钉钉额度", "warn")
        assert rig.platform.limits.monthly == {"api": 4, "push": 3000}
        assert "4 次" in quota.text
    async with running(monthly_calls=0, monthly_pushes=0) as rig:
        quota = (await rig.platform.check())[-1]
        assert quota.state == "ok"
        assert quota.text.count("每月 不限") == 2
