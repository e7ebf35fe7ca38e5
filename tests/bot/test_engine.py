"""The core: once in, one transaction, in order, refusals as sentences, stale clicks harmless, dead letters told."""

import asyncio
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.events import Alert, Click, Form, Incoming, Message, Timer
from bot.platform import Limits, Outgoing, SendFailed, Sent, Way, Wide
from bot.router import Router
from bot.turn import Turn
from cards.actions import Action
from cards.card import Button, Card
from rules.errors import Refused
from store import lanes, queues, timers
from store.db import Conflict, Database
from store.inbox import take
from store.tables import audit, inbox, lane, outbox, timer
from tests.bot.kit import Recorder, config, refused, running


@dataclass(frozen=True)
class Ring(Action):
    times: int


def echo() -> Router:
    """Answers with what it hears; /no refuses after writing, /card sends a card, /bug breaks."""
    router = Router("echo")

    @router.command("no", usage="/no", about="refuses")
    async def no(turn: Turn, words: str) -> None:
        await turn.answer("this must not be seen")
        await turn.remind("never", "x", turn.now)
        raise Refused("不行，因为太晚了")

    @router.command("card", usage="/card", about="a card")
    async def card(turn: Turn, words: str) -> None:
        await turn.answer(
            Card("test", "门铃", "L-1", buttons=(Button("按", Ring(1).pack()), Button("停", Ring(9).pack())))
        )

    @router.click(Ring)
    async def ring(turn: Turn, action: Ring) -> None:
        if action.times == 9:
            await turn.update(Card("test", "停了", "L-1", closed="已停"))
        else:
            again = Button("再按", Ring(action.times + 1).pack())
            await turn.update(Card("test", f"响了 {action.times} 次", "L-1", buttons=(again,)))

    @router.command("bug", usage="/bug", about="breaks")
    async def bug(turn: Turn, words: str) -> None:
        await turn.answer("half a thing")
        raise RuntimeError("bug")

    @router.timer("alarm")
    async def alarm(turn: Turn, timer: Timer) -> None:
        await turn.send(f"alarm {timer.key} {timer.payload['n']}", to="wanglei")

    @router.command("alarm", usage="/alarm", about="a timer")
    async def set_alarm(turn: Turn, words: str) -> None:
        await turn.remind("alarm", words, turn.now + timedelta(hours=1), n=7)

    @router.answer("form.size")
    async def size(turn: Turn, message: Message) -> None:
        await turn.unexpect()
        await turn.answer(f"size {message.text} for {turn.expected['who']}")

    @router.command("ask", usage="/ask", about="asks")
    async def ask(turn: Turn, words: str) -> None:
        await turn.expect("form.size", who="恒力")

    @router.form("thing")
    async def thing(turn: Turn, form: Form) -> None:
        if form.fields.get("bad"):
            raise Refused("名称不能为空")
        await turn.send("a form came", to="wanglei")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        await turn.answer(f"you said {message.text}")

    return router


async def test_a_message_is_answered_once_however_often_it_arrives(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        for _ in range(3):
            await bench.says("hello", id="same")
        assert bench.out.texts() == ["you said hello"]


async def test_a_repeat_with_other_words_or_a_day_later_changes_nothing(db: Database) -> None:
    """The platform's id is the event: what came first under it stands, also when the sweep has been by meanwhile."""
    async with running(db, [echo()]) as bench:
        await bench.says("hello", id="same")
        await bench.says("transfer everything", id="same")
        for days in (1, 5):
            await bench.passes(days=days)
            async with db.write() as tx:
                await queues.sweep(tx, bench.engine.clock.now(), bench.engine.clock.ms())
            await bench.says("hello", id="same")
        assert bench.out.texts() == ["you said hello"]


async def test_a_lane_keeps_its_order_and_lanes_run_side_by_side(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await asyncio.gather(
            *(
                bench.engine.intake([_message(f"{n}", n, user)])
                for n in range(10)
                for user in ("wanglei", "liqian")
            )
        )
        await bench.idle()
        for user in ("wanglei", "liqian"):
            got = [out.text for out in bench.out.sent if out.user == user]
            assert got == [f"you said {n}" for n in range(10)]


async def test_a_refusal_is_a_sentence_and_leaves_no_rows(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/no")
        assert bench.out.texts() == ["不行，因为太晚了"]
        async with db.read() as tx:
            assert (await tx.execute(sa.select(sa.func.count()).select_from(timer))).scalar() == 0


async def test_a_command_that_nobody_types_is_not_read_to_its_end(db: Database) -> None:
    """Its words are looked up one by one: a few thousand of them are a piece of work that nobody asked for."""
    async with running(db, [echo()]) as bench:
        await bench.says("/no " + "12万 " * 1000)
        await bench.says("/no " + "长" * 1500)
        assert bench.out.texts() == ["这条命令太长了，最多 2000 个字。请写短一点再发。", "不行，因为太晚了"]


async def test_a_button_works_once_and_an_old_one_changes_nothing(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/card")
        card = bench.out.sent[0]
        await bench.clicks(card, Ring(1).pack())
        assert (await bench.body(card)).title == "响了 1 次"
        await bench.clicks(card, Ring(1).pack())  # the same button again: it is not on the card any more
        assert (await bench.body(card)).title == "响了 1 次"
        assert bench.out.sent[-1].way is Way.UPDATE  # the card as it stands is shown again
        await bench.clicks(card, Ring(2).pack())
        assert (await bench.body(card)).title == "响了 2 次"


async def test_somebody_elses_card_is_refused_and_logged(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/card")
        await bench.clicks(bench.out.sent[0], Ring(1).pack(), "liqian")
        assert (await bench.body(bench.out.sent[0])).title == "门铃"
        assert bench.out.texts()[-1] == "这张卡片是发给王磊的，只有本人可以操作。"
        async with db.read() as tx:
            rows = (await tx.execute(sa.select(audit.c.member, audit.c.action))).all()
        assert rows == [("liqian", "click.refused")]


async def test_a_digit_presses_the_newest_card(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/card")
        await bench.says("2")
        assert (await bench.body(bench.out.sent[0])).closed == "已停"
        await bench.says("2")  # nothing left to press: an ordinary text
        assert bench.out.texts()[-1] == "you said 2"


async def test_the_echo_of_a_text_button_presses_that_card(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/card")
        await bench.says("/card")
        await bench.says(f"#1 {bench.out.sent[0].track}")
        assert (await bench.body(bench.out.sent[0])).title == "响了 1 次"
        assert (await bench.body(bench.out.sent[1])).title == "门铃"


async def test_a_question_takes_the_next_words_even_a_number(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/card")
        await bench.says("/ask")
        await bench.says("5")
        assert bench.out.texts()[-1] == "size 5 for 恒力"
        await bench.says("5")
        assert bench.out.texts()[-1] == "you said 5"


async def test_a_stranger_gets_one_polite_sentence_a_day(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("hi", "nobody")
        await bench.says("hi again", "nobody")
        assert [(out.user, out.text[:2]) for out in bench.out.sent] == [("nobody", "你好")]


async def test_a_bug_is_tried_again_then_put_aside_and_told(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda a, b: a if a < 500 else 1)  # no waiting between tries
    async with running(db, [echo()]) as bench:
        await bench.says("/bug")
        assert len(bench.out.sent) == 1
        assert "编号 E-" in bench.out.texts()[0]
        async with db.read() as tx:
            said = sa.select(inbox.c.state, inbox.c.error).where(inbox.c.lane != "bot").order_by(inbox.c.id)
            row = (await tx.execute(said.limit(1))).one()
            pending = (await tx.execute(sa.select(sa.func.sum(lane.c.pending)))).scalar()
        assert row.state == 3
        assert row.error.startswith("RuntimeError: bug")
        assert pending == 0
        await bench.says("still here")
        assert bench.out.texts()[-1] == "you said still here"


async def test_a_conflict_is_handled_again_from_fresh_rows(db: Database) -> None:
    tries = 0
    router = Router("conflict")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        nonlocal tries
        tries += 1
        await turn.answer(f"try {tries}")
        if tries < 3:
            raise Conflict

    async with running(db, [router]) as bench:
        await bench.says("x")
        assert bench.out.texts() == ["try 3"]


async def test_a_timer_fires_once_at_its_business_time(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        await bench.says("/alarm tea")
        await bench.passes(minutes=59)
        assert bench.out.texts() == []
        await bench.passes(minutes=2)
        await bench.passes(hours=9)
        assert bench.out.texts() == ["alarm tea 7"]


async def test_a_timer_that_cannot_be_read_holds_up_no_other(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its payload goes into the inbox as it stands: there it is put aside like any event that breaks us."""
    monkeypatch.setattr("random.uniform", lambda a, b: a if a < 500 else 1)  # no waiting between tries
    async with running(db, [echo()]) as bench:
        due = bench.engine.clock.now() + timedelta(hours=1)
        async with db.write() as tx:
            for key, payload in (("broken", '{"n": '), ("whole", '{"n": "七\\n\\"8\\""}')):
                values = {"kind": "alarm", "key": key, "due": due, "payload": payload, "created_at": due}
                await tx.execute(sa.insert(timer).values(**values))
        await bench.passes(hours=1)
        assert bench.out.texts() == ['alarm whole 七\n"8"']
        assert (await _depth(db)).dead == 1


async def test_a_form_is_answered_and_a_refused_one_says_why(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        good = await bench.engine.submit(Form("thing", {}, bench.engine.clock.now(), key="k1"))
        assert good.refused == ""
        again = await bench.engine.submit(Form("thing", {}, bench.engine.clock.now(), key="k1"))
        assert again.event == good.event
        bad = await bench.engine.submit(Form("thing", {"bad": 1}, bench.engine.clock.now(), key="k2"))
        assert bad.refused == "名称不能为空"
        await bench.idle()
        assert bench.out.texts() == ["a form came"]


# ── sending ────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_refused_person_is_reached_on_the_other_platform(db: Database) -> None:
    wecom = Recorder("wecom", fail=lambda out: refused(wide=Wide.PERSON))
    dingtalk = Recorder("dingtalk")
    async with running(db, [echo()], [wecom, dingtalk]) as bench:
        await bench.says("hello")
        assert dingtalk.texts() == ["you said hello"]
        await bench.says("again")  # remembered: the dead platform is not tried first any more
        assert dingtalk.texts()[-1] == "you said again"


async def test_nobody_can_be_reached_and_the_ledger_says_so(db: Database) -> None:
    async with running(db, [echo()], [Recorder(fail=lambda out: refused(wide=Wide.PERSON))]) as bench:
        await bench.says("hello", "liqian")
        async with db.read() as tx:
            row = (await tx.execute(sa.select(outbox.c.ledger, outbox.c.error, outbox.c.state))).one()
        assert (row.ledger, row.error, row.state) == ("refused", "不在应用可见范围", 3)


async def test_a_failed_send_is_tried_again_until_it_works(db: Database) -> None:
    fails = iter(
        [SendFailed("忙", retry=True, after=0), SendFailed("忙", retry=True, after=0, unknown=True), None]
    )
    seen: list[bool] = []

    def fail(out: Outgoing) -> SendFailed | None:
        seen.append(out.again)
        return next(fails)

    limits = Limits(person_per_minute=60_000, app_per_second=1000, idempotent=frozenset({Way.TEXT}))
    async with running(db, [echo()], [Recorder(limits=limits, fail=fail)]) as bench:
        await bench.says("hello")
        assert bench.out.texts() == ["you said hello"]
        # only the second failure left it open whether the message arrived; the count says there was a try before
        assert seen == [False, True, True]


async def test_without_a_key_at_the_platform_an_unclear_send_is_repeated_once_at_most(db: Database) -> None:
    tries = 0

    def lost(out: Outgoing) -> SendFailed:
        nonlocal tries
        tries += 1
        return SendFailed("没有应答", retry=True, after=0, unknown=True)

    async with running(db, [echo()], [Recorder(fail=lost)]) as bench:
        await bench.says("hello")
        assert tries == 2
        async with db.read() as tx:
            assert (await tx.execute(sa.select(outbox.c.ledger))).scalar() == "unknown"


async def test_a_row_that_breaks_us_does_not_hold_up_the_persons_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda a, b: a if a < 500 else 0)

    def broken(out: Outgoing) -> SendFailed | None:
        if "bad" in out.text:
            raise ValueError("renderer")
        return None

    async with running(db, [echo()], [Recorder(fail=broken)]) as bench:
        await bench.says("bad one")
        await bench.says("good one")
        assert bench.out.texts() == ["you said good one"]
        async with db.read() as tx:
            rows = (await tx.execute(sa.select(outbox.c.ledger, outbox.c.error).order_by(outbox.c.id))).all()
        assert rows[0] == ("expired", "内部错误 ValueError")


async def test_a_stranger_who_cannot_be_reached_is_let_go(db: Database) -> None:
    tries = 0

    def no(out: Outgoing) -> SendFailed:
        nonlocal tries
        tries += 1
        return refused(wide=Wide.PERSON)

    async with running(db, [echo()], [Recorder(fail=no)]) as bench:
        await bench.says("hi", "nobody")
        assert tries == 1


async def test_a_platform_out_of_order_costs_no_message_and_folds_no_card(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = True
    monkeypatch.setattr("bot.breaker.OUTAGE", 1)
    recorder = Recorder(fail=lambda out: SendFailed("连不上", retry=True, after=0.05) if away else None)
    async with running(db, [echo()], [recorder]) as bench:
        for n in range(8):
            await bench.engine.intake([_message("/card", n)])
        await asyncio.sleep(1.0)
        assert recorder.sent == []
        away = False
        await bench.idle(20)
        assert [out.way for out in recorder.sent] == [Way.CARD] * 8
        async with db.read() as tx:
            assert (await tx.execute(sa.select(sa.func.max(outbox.c.attempts)))).scalar() == 0


async def test_a_busy_platform_costs_no_message_however_few_tries_each_has(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda a, b: 20.0)
    monkeypatch.setattr("bot.breaker.AWAY", 0.02)
    tries = 0

    def busy(out: Outgoing) -> SendFailed | None:
        nonlocal tries
        tries += 1
        return SendFailed("企业微信繁忙", retry=True, after=0, code="-1", busy=True) if tries < 30 else None

    settings = config(messages={"attempts": 5})
    async with running(db, [echo()], [Recorder(fail=busy)], settings) as bench:
        for n in range(3):
            await bench.engine.intake([_message(f"{n}", n)])
        await bench.idle()
        assert bench.out.texts() == [f"you said {n}" for n in range(3)]
        async with db.read() as tx:
            assert (await tx.execute(sa.select(sa.func.max(outbox.c.attempts)))).scalar() < 5


async def test_who_can_be_reached_elsewhere_does_not_wait_for_a_platform_that_rests_for_long(
    db: Database,
) -> None:
    def closed(out: Outgoing) -> SendFailed:
        return SendFailed("凭证不对", retry=True, after=600, wide=Wide.APP, code="40001")

    dingtalk = Recorder("dingtalk")
    async with running(db, [echo()], [Recorder("wecom", fail=closed), dingtalk]) as bench:
        await bench.says("hello")
        assert dingtalk.texts() == ["you said hello"]


async def test_one_platform_away_does_not_hold_up_the_other(db: Database) -> None:
    tried: list[Outgoing] = []

    def away(out: Outgoing) -> SendFailed | None:
        tried.append(out)
        return SendFailed("断", retry=True, after=600, wide=Wide.APP) if out.card else None

    dingtalk = Recorder("dingtalk")
    async with running(db, [echo()], [Recorder("wecom", fail=away), dingtalk]) as bench:
        await bench.engine.intake([_message("/card", 1)])
        async with asyncio.timeout(60):
            while not tried:  # noqa: ASYNC110 - a platform rings no bell
                await asyncio.sleep(0.01)
            at = datetime(2026, 11, 23, tzinfo=UTC)
            await bench.engine.intake([Incoming("d1", "dingtalk:d1", Message("dingtalk", "d1", "hi", at))])
            while "you said hi" not in dingtalk.texts():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_who_moves_on_while_sends_wait_is_answered_where_they_are(db: Database) -> None:
    go, asked = asyncio.Event(), asyncio.Event()

    class Held(Recorder):
        async def send(self, out: Outgoing) -> Sent:
            asked.set()
            await go.wait()
            return await super().send(out)

    wecom, dingtalk = Held("wecom"), Recorder("dingtalk")
    async with running(db, [echo()], [wecom, dingtalk]) as bench, asyncio.timeout(60):
        await bench.engine.intake([_message("one", 1)])
        await asked.wait()
        at = datetime(2026, 11, 23, tzinfo=UTC)
        await bench.engine.intake([Incoming("d1", "dingtalk:d1", Message("dingtalk", "d1", "two", at))])
        rows = 0
        while rows < 2:  # the second answer waits behind the first, which is on its way
            await asyncio.sleep(0.01)
            async with db.read() as tx:
                rows = (await tx.execute(sa.select(sa.func.count()).select_from(outbox))).scalar_one()
        go.set()
        await bench.idle()
        assert (wecom.texts(), dingtalk.texts()) == (["you said one"], ["you said two"])


async def test_what_cannot_be_read_any_more_is_put_aside(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda a, b: a if a < 500 else 1)
    async with running(db, [echo()]) as bench:
        async with db.write() as tx:
            await take(
                tx, [_message("x", 1)], bench.engine.clock.now(), encode=lambda event: '{"is": "gone"}'
            )
        bench.engine.bells.ring("inbox")
        await bench.idle()
        async with db.read() as tx:
            put = sa.select(inbox.c.state).where(inbox.c.lane != "bot").order_by(inbox.c.id)
            assert (await tx.execute(put)).scalar() == 3
        await bench.says("still alive")
        assert bench.out.texts() == ["you said still alive"]


async def test_a_long_send_keeps_its_lane(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.lanes.LEASE_MS", 300)

    class Slow(Recorder):
        async def send(self, out: Outgoing) -> Sent:
            await asyncio.sleep(1.2)
            return await super().send(out)

    async with running(db, [echo()], [Slow()]) as bench:
        await bench.says("hello")
        assert bench.out.texts() == ["you said hello"]


async def test_a_lane_that_was_given_back_is_not_lost(db: Database) -> None:
    async with running(db, [echo()], settings=config(app={"roles": ["web"]})) as bench:
        await bench.engine.intake([_message("x", 1)])
        ms = bench.engine.clock.ms()
        async with db.write() as tx:
            (lease,) = await lanes.claim(tx, "inbox", "me", ms, n=1, lease_ms=0)
            assert await lanes.renew(tx, "inbox", "me", lease, ms)
            await lanes.release(tx, "inbox", "me", lease, ms)
            assert await lanes.renew(tx, "inbox", "me", lease, ms)
            await lanes.claim(tx, "inbox", "somebody else", ms, n=1, lease_ms=1000)
            assert not await lanes.renew(tx, "inbox", "me", lease, ms)


async def test_a_claim_takes_no_more_than_it_asks_for(db: Database) -> None:
    async with running(db, [echo()], settings=config(app={"roles": ["web"]})) as bench:
        await bench.engine.intake([_message("x", n, f"u{n}") for n in range(60)])
        async with db.write() as tx:
            claimed = await lanes.claim(tx, "inbox", "me", bench.engine.clock.ms(), n=3, lease_ms=1000)
        assert len(claimed) == 3
        async with db.write() as tx:
            await tx.execute(sa.insert(timer), [
                {"kind": "x", "key": f"{n}", "due": bench.engine.clock.now(), "payload": "{}",
                 "created_at": bench.engine.clock.now()} for n in range(50)
            ])  # fmt: skip
            assert len(await timers.fire(tx, bench.engine.clock.now(), n=7)) == 7


async def test_only_the_last_of_several_waiting_updates_is_sent(db: Database) -> None:
    away = True
    recorder = Recorder(
        fail=lambda out: SendFailed("断", retry=True, after=0.05) if away and out.way is Way.UPDATE else None
    )
    async with running(db, [echo()], [recorder]) as bench:
        await bench.says("/card")
        card = recorder.sent[0]
        for n in (1, 2, 3):
            click = Click("wecom", "wanglei", card.track, Ring(n).pack(), bench.engine.clock.now())
            await bench.engine.intake([Incoming(f"c{n}", "wecom:wanglei", click)])
        async with asyncio.timeout(60):  # all three are handled while the platform is away
            while (await _depth(db)).open:  # noqa: ASYNC110 - the database rings no bell
                await asyncio.sleep(0.01)
        away = False
        await bench.idle()
        updates = [out.card.title for out in recorder.sent if out.way is Way.UPDATE and out.card]
        assert updates[-1] == "响了 3 次"
        assert len(updates) < 3


async def test_a_second_click_brings_no_second_copy_of_a_card_that_cannot_be_updated(db: Database) -> None:
    """WeCom updates a card once with each code: two quick clicks make two updates, and one code may serve both."""
    limits = Limits(person_per_minute=60_000, app_per_second=10_000, needs_code=True)
    recorder = Recorder(limits=limits)
    async with running(db, [echo()], [recorder]) as bench:
        await bench.says("/card")
        card = recorder.sent[0]
        await bench.clicks(card, Ring(1).pack(), code="c1")  # the code is used up by this update
        await bench.clicks(card, Ring(1).pack())  # the action is gone: the card as it stands is shown again
        updates = [out for out in recorder.sent if out.way is Way.UPDATE]
        assert [out.card.title for out in updates if out.card] == ["响了 1 次"]
        async with db.read() as tx:
            folded = (
                (await tx.execute(sa.select(outbox.c.error).where(outbox.c.ledger == "folded")))
                .scalars()
                .all()
            )
        assert folded == ["卡片已经是这样"]
        await bench.clicks(card, Ring(1).pack(), code="c2")  # with a code the screen is mended all the same
        assert recorder.sent[-1].same
        assert recorder.sent[-1].code == "c2"


async def test_a_start_says_what_it_found(db: Database) -> None:
    async with running(db, [echo()], settings=config(app={"roles": ["web"]})) as bench:
        await bench.engine.intake([_message("a", 1), _message("b", 2, "liqian")])
        async with db.write() as tx:
            await lanes.claim(tx, "inbox", "a former life", bench.engine.clock.ms(), n=1, lease_ms=60_000)
    async with running(db, [echo()], settings=config(app={"roles": ["web"]})) as bench:
        found = await bench.engine.waiting()
    assert (found["events_waiting"], found["sends_waiting"]) == (2, 0)
    if db.sqlite:
        assert found["lanes_taken_over"] == 1


async def test_a_loop_that_ends_is_named(db: Database) -> None:
    async with running(db, [echo()]) as bench:
        assert bench.engine.ended() == []
        loop = next(task for task in bench.engine._tasks if task.get_name() == "Pump.run")
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        assert bench.engine.ended() == ["Pump.run"]


async def test_a_flood_to_one_person_becomes_one_digest(db: Database) -> None:
    recorder = Recorder(limits=Limits(person_per_minute=4, app_per_second=1000))
    async with running(db, [echo()], [recorder]) as bench:
        for n in range(12):
            await bench.engine.intake([_message(f"flood {n}", n)])
        async with asyncio.timeout(8):
            folded = 0
            while folded < 5:  # two pass (half of four), the rest piles up
                await asyncio.sleep(0.1)
                async with db.read() as tx:
                    count = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.ledger == "folded")
                    folded = int((await tx.execute(count)).scalar_one())
        assert len(recorder.sent) <= 3
        async with db.read() as tx:
            digest = (
                (await tx.execute(sa.select(outbox.c.body).where(outbox.c.kind == "digest"))).scalars().all()
            )
        assert len(digest) >= 1
        assert "合并为一条" in digest[0]


def _message(text: str, n: int, user: str = "wanglei") -> Incoming:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Incoming(f"f{user}{n}", f"wecom:{user}", Message("wecom", user, text, at))


async def test_an_update_without_a_code_is_not_tried_for_a_closed_card(db: Database) -> None:
    recorder = Recorder(
        limits=replace(Limits(person_per_minute=60_000, app_per_second=1000), needs_code=True)
    )
    async with running(db, [echo()], [recorder]) as bench:
        await bench.says("/card")
        await bench.clicks(recorder.sent[0], Ring(9).pack())
        assert [out.way for out in recorder.sent] == [Way.CARD]
        await bench.says("/card")
        await bench.clicks(recorder.sent[-1], Ring(9).pack(), code="fresh")
        assert [out.code for out in recorder.sent if out.way is Way.UPDATE] == ["fresh"]


async def test_quota_warns_once_and_then_saves(db: Database) -> None:
    alerts: list[str] = []
    router = echo()

    @router.alert
    async def alarm(turn: Turn, alert: object) -> None:
        alerts.append(str(getattr(alert, "text", "")))

    recorder = Recorder(
        limits=replace(Limits(person_per_minute=60_000, app_per_second=1000), monthly={"api": 5})
    )
    async with running(db, [router], [recorder], config()) as bench:
        meter = bench.engine.quota.meter("wecom")
        for n in range(6):
            meter("api", 1)
            await bench.engine.quota.flush(bench.engine.clock.now())
            await bench.says(f"{n}")
        assert len(alerts) == 1
        assert "4/5" in alerts[0]
        assert len(recorder.sent) == 6  # answers are essential, digests would wait


async def test_when_the_day_is_nearly_used_up_several_become_one(db: Database) -> None:
    alerts: list[tuple[str, str]] = []
    router = echo()

    @router.alert
    async def alarm(turn: Turn, alert: Alert) -> None:
        alerts.append((alert.code, alert.text))

    @router.command("three", usage="/three", about="three things at once")
    async def three(turn: Turn, words: str) -> None:
        for n in range(3):
            await turn.answer(f"{words} {n}")

    recorder = Recorder(
        limits=replace(Limits(person_per_minute=60_000, app_per_second=1000), daily={"recipients": 10})
    )
    async with running(db, [router], [recorder], config()) as bench:
        quota, clock = bench.engine.quota, bench.engine.clock
        await bench.says("/three early")
        assert [out.text for out in recorder.sent] == ["early 0", "early 1", "early 2"]
        quota.meter("wecom")("recipients", 8)
        await quota.flush(clock.now())
        await bench.says("/three late")
        assert len(recorder.sent) == 4
        assert "合并为一条（3 条）" in recorder.sent[-1].text
        await bench.says("hello")
        assert "hello" in recorder.sent[-1].text  # one alone is said as it is
        assert [code for code, _ in alerts] == ["day.recipients"]
        assert "今天发送人次已用 8/10" in alerts[0][1]
        clock.jump(timedelta(days=1))
        await quota.flush(clock.now())
        await bench.says("/three next")
        assert [out.text for out in recorder.sent[-3:]] == ["next 0", "next 1", "next 2"]


async def test_a_card_without_buttons_does_not_stand_in_front_of_one_with(db: Database) -> None:
    router = echo()

    @router.command("info", usage="/info", about="a card to read")
    async def info(turn: Turn, words: str) -> None:
        await turn.answer(Card("info", "看看就好", "L-2"))

    async with running(db, [router]) as bench:
        await bench.says("/card")
        await bench.says("/info")
        await bench.says("2")
        assert (await bench.body(bench.out.sent[0])).closed == "已停"


async def test_admins_hear_of_a_dead_letter(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda a, b: a if a < 500 else 1)
    router, heard = echo(), []

    @router.alert
    async def alarm(turn: Turn, alert: object) -> None:
        heard.append(getattr(alert, "code", ""))

    async with running(db, [router]) as bench:
        await bench.says("/bug")
        assert heard == ["dead_letter"]


async def _depth(db: Database) -> queues.Depth:
    async with db.read() as tx:
        return await queues.depth(tx, "inbox")


async def test_a_code_that_a_folded_update_used_up_does_not_pass_for_the_later_ones_use(db: Database) -> None:
    """The first update is tried, nobody knows whether it arrived, a second click replaces it, and that one is tried twice:
    "code used up" then says nothing about it, so it must not be taken for shown."""
    tries: list[Outgoing] = []

    def unclear(out: Outgoing) -> SendFailed | None:
        if out.way is not Way.UPDATE:
            return None
        tries.append(out)
        wait = (
            600.0 if len(tries) == 1 else 0.0
        )  # the first stays in the queue until the second click is there
        return SendFailed("没有回答", retry=True, unknown=True, after=wait) if len(tries) < 3 else None

    limits = Limits(
        person_per_minute=60_000, app_per_second=10_000, needs_code=True, one_shot=frozenset({Way.UPDATE}),
        idempotent=frozenset({Way.UPDATE}),
    )  # fmt: skip
    async with running(db, [echo()], [Recorder(fail=unclear, code="c1", limits=limits)]) as bench:
        await bench.says("/card")
        card = bench.out.sent[0]
        for n in (1, 2):
            click = Click("wecom", "wanglei", card.track, Ring(n).pack(), bench.engine.clock.now())
            await bench.engine.intake([Incoming(f"c{n}", "wecom:wanglei", click)])
            async with asyncio.timeout(60):
                while (await _depth(db)).open or len(tries) < n:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        await bench.idle()
        titles = [(out.card.title if out.card else "", out.again) for out in tries]
    assert titles == [("响了 1 次", False), ("响了 2 次", False), ("响了 2 次", False)]


async def test_after_a_kill_those_who_were_waiting_come_before_what_was_in_hand(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """A mailbox whose event ends the process again and again keeps nobody else waiting: it goes behind them each time."""
    shutil.copy(sqlite_template, tmp_path / "kill.db")
    db = Database(f"sqlite:///{tmp_path}/kill.db")
    try:
        async with db.write() as tx:
            for key, due, owner in (
                ("a", 9000, "dead"),
                ("b", 100, None),
                ("c", 99_000, None),
                ("d", 50, None),
            ):
                await tx.execute(sa.insert(lane).values(q="inbox", key=key, pending=1, due=due, owner=owner))
            assert await lanes.release_all(tx, 5000) == 1
            order = [
                (await lanes.claim(tx, "inbox", "me", 6000, n=1, lease_ms=1000))[0].key for _ in range(4)
            ]
        assert order[:2] == ["d", "b"]
        assert set(order[2:]) == {"a", "c"}
    finally:
        await db.close()
