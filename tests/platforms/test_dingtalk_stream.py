"""The Stream client against the simulator: nothing lost at a rotation, back after a cut, acknowledged after the commit."""

import asyncio
import json
import time

from structlog.testing import capture_logs

from bot.dingtalk.stream import LARGEST, Pace
from bot.events import Kind
from tests.platforms.dingtalk_kit import QUICK, acks, running, until


async def test_a_message_arrives_with_a_way_to_answer() -> None:
    async with running() as rig:
        await rig.sim.phones["lisi"].says("  查一下 华联科技 ")
        await until(lambda: rig.inbox.messages)
        (message,) = rig.inbox.messages
        assert (message.user, message.text, message.nick, message.chat) == (
            "lisi",
            "查一下 华联科技",
            "李销售",
            "",
        )
        assert message.reply_url.startswith(rig.sim.url)
        assert message.reply_until is not None
        assert (message.reply_until - message.at).total_seconds() > 5000
        assert [row.lane for row in rig.inbox.rows.values()] == ["dingtalk:lisi"]
        await until(lambda: acks(rig.sim))
        assert json.loads(acks(rig.sim)[0]["data"]) == {"response": None}
        assert rig.meter == {"push": 1}
        assert rig.sim.complaints == []


async def test_ack_waits_for_the_commit() -> None:
    async with running() as rig:
        rig.inbox.gate.clear()
        await rig.sim.phones["lisi"].says("第一句")
        await until(lambda: rig.inbox.tries)
        await asyncio.sleep(0.2)
        assert acks(rig.sim) == []
        rig.inbox.gate.set()
        await until(lambda: acks(rig.sim))
        assert acks(rig.sim)[0]["code"] == 200


async def test_what_was_not_stored_is_not_acknowledged_and_comes_again_once() -> None:
    async with running() as rig:
        rig.sim.stream.repush = 0.2
        rig.inbox.broken = True
        await rig.sim.phones["lisi"].says("数据库坏了的时候")
        await until(lambda: rig.inbox.tries)
        await asyncio.sleep(0.1)
        assert acks(rig.sim) == []
        rig.inbox.broken = False
        await until(lambda: rig.inbox.messages)
        await until(lambda: acks(rig.sim))
        assert len(rig.inbox.messages) == 1


async def test_an_event_that_was_not_stored_asks_to_come_later() -> None:
    async with running() as rig:
        rig.sim.stream.event_retries = (0.2, 0.2)
        rig.inbox.broken = True
        await rig.sim.event("user_leave_org", {"userId": ["lisi", "wang"]})
        await until(lambda: acks(rig.sim))
        assert json.loads(acks(rig.sim)[0]["data"])["status"] == "LATER"
        assert rig.inbox.tries == 1, "the first one was answered"
        rig.inbox.broken = False
        await until(lambda: len(rig.inbox.arrivals) == 2)
        assert {(one.user, one.gone) for one in rig.inbox.arrivals} == {("lisi", True), ("wang", True)}
        await until(lambda: json.loads(acks(rig.sim)[-1]["data"])["status"] == "SUCCESS")
        await rig.sim.event("user_add_org", {"userId": ["lisi"]})
        await until(lambda: len(rig.inbox.arrivals) == 3)
        assert not rig.inbox.arrivals[-1].gone
        assert rig.meter == {}  # contact events cost nothing
        known = len(rig.inbox.events)  # each person, and that the directory is to be read again
        assert known == 6
        await rig.sim.event("chat_update_title", {"title": "新群名"})
        await until(lambda: rig.meter.get("push") == 1)
        assert len(rig.inbox.events) == known


async def test_duplicate_pushes_are_one_event() -> None:
    async with running() as rig:
        rig.sim.faults.duplicate_pushes = 1.0
        await rig.sim.phones["lisi"].says("只算一次")
        await until(lambda: len(acks(rig.sim)) == 2)
        assert len(rig.inbox.messages) == 1


async def test_rotation_connects_before_it_leaves_and_loses_nothing() -> None:
    async with running() as rig:
        phone, said = rig.sim.phones["lisi"], 0
        for _ in range(3):
            old = rig.sim.connections[0]
            rig.inbox.gate.clear()
            await phone.says(f"第 {said}")  # in hand on the old connection when it is told to go
            said += 1
            await rig.sim.disconnect_frame()
            await rig.sim.connected(1, timeout=2)
            assert old in rig.sim.connections  # the new one is there before the old one is gone
            rig.inbox.gate.set()
            for _ in range(5):
                await phone.says(f"第 {said}")
                said += 1
            await until(lambda n=said: len(rig.inbox.messages) == n)
            await until(lambda n=said: len(acks(rig.sim)) == n)
            await until(lambda gone=old: gone not in rig.sim.connections)
        assert not rig.sim.wire.of("lost robot message")
        assert rig.sim.stream.opens == 4


async def test_what_still_comes_on_the_old_connection_is_taken_there() -> None:
    async with running() as rig:
        old, before = rig.sim.connections[0], rig.inbox.tries
        await rig.sim.phones["lisi"].says("先到的")
        await until(lambda: rig.inbox.messages)
        pushed = next(e.sent for e in rig.sim.wire if e.what == "push CALLBACK /v1.0/im/bot/messages/get")
        await rig.sim.disconnect_frame()
        await rig.sim.connected(1, timeout=2)
        late = json.loads(pushed["data"]) | {"msgId": "msgLate==", "text": {"content": "路上的"}}
        acked = await rig.sim.stream.push_on(old, "CALLBACK", pushed["headers"]["topic"], late)
        assert (await asyncio.wait_for(acked, 2)).code == 200
        assert [m.text for m in rig.inbox.messages] == ["先到的", "路上的"]
        assert before == 0


async def test_a_rotation_storm_slows_down() -> None:
    async with running() as rig:
        for _ in range(12):
            await rig.sim.disconnect_frame()
            await asyncio.sleep(0.05)
        assert rig.sim.stream.opens < 12
        await rig.sim.connected(1, timeout=10)


async def test_after_a_cut_it_is_back_within_a_second() -> None:
    async with running() as rig:
        await rig.sim.cut()
        start = time.monotonic()
        await rig.sim.connected(1, timeout=3)
        assert time.monotonic() - start <= 1.2
        await rig.sim.phones["lisi"].says("还在吗")
        await until(lambda: rig.inbox.messages)


async def test_clean_closes_are_not_answered_by_a_storm() -> None:
    async with running() as rig:
        rig.sim.faults.close_on_connect = 100
        opens = rig.sim.stream.opens
        await rig.sim.close_clean()
        await asyncio.sleep(2.5)
        assert 1 <= rig.sim.stream.opens - opens < 12  # the official SDK: 88 to 445 in two seconds
        rig.sim.faults.close_on_connect = 0
        await rig.sim.connected(1, timeout=12)


async def test_a_dead_connection_is_noticed() -> None:
    async with running(idle="1s") as rig:
        rig.sim.stream.ping_interval = 0.2
        await rig.sim.cut()  # the new connection is one that pings
        await rig.sim.connected(1, timeout=3)
        dead = rig.sim.connections[0]
        await asyncio.sleep(1.5)
        assert rig.sim.connections == [dead]  # pings keep it
        await rig.sim.half_open()
        await until(lambda: any(c is not dead for c in rig.sim.connections), timeout=6)
        dead.draining = True
        await rig.sim.phones["lisi"].says("又活了")
        await until(lambda: rig.inbox.messages)


async def test_pongs_alone_do_not_prove_life_once_the_gateway_has_pinged() -> None:
    async with running(idle="1s", pace=Pace(heartbeat=0.3, grace=1)) as rig:
        await asyncio.sleep(1.6)
        assert rig.sim.stream.opens == 1  # this gateway never pinged: its pongs do
        (link,) = rig.sim.connections
        await rig.sim.stream._system(link, "ping", {"opaque": "x"})
        await until(lambda: rig.sim.stream.opens == 2, timeout=4)


async def test_refused_credentials_are_told_once_and_retried_slowly() -> None:
    async with running(receive=False) as rig:
        rig.sim.faults.refuse_open = 401
        await rig.platform.start(rig.inbox)
        await asyncio.sleep(0.7)
        assert 2 <= rig.sim.stream.opens <= 5  # 0.2 s apart here, 60 s in earnest
        (alert,) = rig.inbox.alerts
        assert alert.code == "stream"
        assert "client_secret" in alert.text
        assert rig.sim.client_secret not in alert.text
        checks = {check.name: check for check in await rig.platform.check()}
        assert checks["钉钉连接"].state == "fail"
        rig.sim.faults.refuse_open = 0
        await rig.sim.connected(1, timeout=3)
        await rig.sim.phones["lisi"].says("进来了")
        await until(lambda: rig.inbox.messages)
        checks = {check.name: check for check in await rig.platform.check()}
        assert checks["钉钉连接"].state == "ok"
        assert "秒前有帧" in checks["钉钉连接"].text


async def test_odd_frames_do_no_harm() -> None:
    async with running() as rig:
        rig.sim.faults.bare_frames = rig.sim.faults.greets = True
        robot = "/v1.0/im/bot/messages/get"
        odd = [
            {"type": "CALLBACK", "headers": {"topic": "/v1.0/graph/api/invoke", "messageId": "g1"}, "data": "{}"},
            {"type": "NEWS", "headers": {"messageId": "n1"}, "data": "not json"},
            {"type": "SYSTEM", "headers": {"topic": "KEEPALIVE", "time": "yesterday"}},
            {"type": "SYSTEM"},
            {"header": {"topic": "ping", "messageId": "p1"}, "type": "SYSTEM", "data": '{"opaque":"o"}'},
            {"type": "CALLBACK", "headers": {"topic": robot, "messageId": "r1", "time": "x"}, "data": "[1,2"},
            {"type": "CALLBACK", "headers": {"topic": robot, "messageId": "r2"}, "data": None},
            {"type": "CALLBACK", "headers": None, "data": 7},
            {"type": "EVENT", "headers": {"topic": "*", "messageId": "e1", "eventType": "user_add_org"}, "data": ""},
        ]  # fmt: skip
        for frame in odd:
            await rig.sim.stream.push_raw(frame)
        wanted = {"g1", "n1", "e1", "p1"}
        await until(
            lambda: wanted <= {str(e.sent["headers"].get("messageId")) for e in rig.sim.wire.of("ack")}
        )
        codes = {
            e.sent["headers"].get("messageId"): e.sent["code"]
            for e in rig.sim.wire
            if e.what.startswith("ack") and isinstance(e.sent, dict)
        }
        assert (codes["g1"], codes["n1"], codes["e1"], codes["p1"]) == (404, 404, 200, 200)
        await rig.sim.phones["lisi"].says("照常")
        await until(lambda: rig.inbox.messages)
        assert [m.text for m in rig.inbox.messages] == ["照常"]
        assert rig.inbox.alerts == []
        assert rig.sim.complaints == []
        assert rig.sim.stream.opens == 1


async def test_a_frame_larger_than_any_costs_the_connection_and_says_so() -> None:
    async with running() as rig:
        huge = {"type": "CALLBACK", "headers": {"messageId": "b"}, "data": "x" * LARGEST}
        with capture_logs() as said:
            await rig.sim.stream.push_raw(huge)
            await until(lambda: rig.sim.stream.opens == 2)
        assert "dingtalk.link.broken" in {line["event"] for line in said}
        await rig.sim.phones["lisi"].says("照常")
        await until(lambda: rig.inbox.messages)
        assert [m.text for m in rig.inbox.messages] == ["照常"]


async def test_stop_finishes_what_is_in_hand_and_closes_properly() -> None:
    async with running() as rig:
        rig.inbox.gate.clear()
        await rig.sim.phones["lisi"].says("最后一句")
        await until(lambda: rig.inbox.tries)
        stopping = asyncio.create_task(rig.platform.stop())
        await asyncio.sleep(0.1)
        assert not stopping.done()
        rig.inbox.gate.set()
        await stopping
        assert len(acks(rig.sim)) == 1
        await until(lambda: not rig.sim.connections)
        await asyncio.sleep(1.2)
        assert rig.sim.stream.opens == 1


async def test_a_burst_is_stored_in_order_and_acknowledged_in_full() -> None:
    async with running() as rig:
        phone = rig.sim.phones["lisi"]
        for n in range(200):
            await phone.says(str(n))
        await until(lambda: len(acks(rig.sim)) == 200)
        assert [m.text for m in rig.inbox.messages] == [str(n) for n in range(200)]


async def test_a_person_of_an_unpublished_app_stays_unknown_and_admins_hear_of_it_once() -> None:
    async with running() as rig:
        stranger = rig.sim.person("new", "小新", published=False)
        await stranger.says("在吗")
        await stranger.says("有人吗")
        await until(lambda: len(rig.inbox.messages) == 2)
        assert {(m.user, m.nick) for m in rig.inbox.messages} == {("", "小新")}
        (alert,) = rig.inbox.alerts
        assert "发布" in alert.text
        await rig.sim.person("out", "外人", outsider=True).says("你好")
        await until(lambda: len(rig.inbox.alerts) == 2)
        assert rig.inbox.alerts[1].code == "outsider"


async def test_an_exhausted_push_quota_is_an_alert_not_a_message() -> None:
    async with running() as rig:
        rig.sim.faults.quota_exhausted = True
        await rig.sim.phones["lisi"].says("看不见的")
        await rig.sim.phones["lisi"].says("也看不见")
        await until(lambda: len(acks(rig.sim)) == 2)
        assert [alert.code for alert in rig.inbox.alerts] == ["push_quota"]
        assert rig.inbox.messages == []


async def test_every_kind_of_message_is_understood() -> None:
    async with running() as rig:
        phone, group = rig.sim.phones["lisi"], rig.sim.group("华东销售群", ["lisi", "wang"])
        await phone.speaks("明天去拜访", seconds=4.0)
        await phone.sends_file("报价.xlsx", b"x")
        await phone.sends_picture()
        await phone.does("video")
        await phone.does("rich", parts=["看这个 ", {"at": "王经理"}, {"picture": b"p"}, "如何"])
        await phone.does("link", title="官网", url="https://hl.example", text="华联")
        await phone.does("contact")
        await phone.does("card", text="合同.pdf")
        await phone.does("quote", text="谁跟的", quoted="华联要两台", as_string=True)
        await phone.does("say", text="查一下", group=group.id)
        await until(lambda: len(rig.inbox.messages) == 10)
        voice, file, picture, video, rich, link, contact, card, quote, grouped = rig.inbox.messages
        assert (voice.kind, voice.text, voice.media.seconds) == (Kind.VOICE, "明天去拜访", 4.0)
        assert (file.kind, file.media.name, bool(file.media.ref)) == (Kind.FILE, "报价.xlsx", True)
        assert (picture.kind, picture.text) == (Kind.IMAGE, "")
        assert video.kind is Kind.VIDEO
        assert (rich.kind, rich.text) == (Kind.TEXT, "看这个 @王经理 如何")
        assert rich.media is not None
        assert (link.kind, link.text) == (Kind.LINK, "官网\n华联\nhttps://hl.example")
        assert (contact.kind, contact.text) == (Kind.UNKNOWN, "")
        assert card.text.startswith("合同.pdf\ndingtalk://")
        assert (quote.text, quote.quoted) == ("谁跟的", "华联要两台")
        assert (grouped.text, grouped.chat) == ("查一下", group.id)


async def test_a_forwarded_record_comes_whole_or_says_that_it_does_not() -> None:
    async with running() as rig:
        phone = rig.sim.phones["lisi"]
        lines = [("李总", "价格再低点"), ("王芳", "我申请下"), ("李总", "[图片]"), ("李总", "13800138000")]
        await phone.forwards(lines)
        await phone.forwards(lines, only=2)
        rig.sim.faults.summary_lines = True
        await phone.forwards([*lines, ("王芳", "[名片]")])
        await phone.forwards(lines, only=0)
        await until(lambda: len(rig.inbox.messages) == 4)
        whole, part, card, nothing = rig.inbox.messages
        assert all(m.kind is Kind.FORWARDED for m in rig.inbox.messages)
        assert [(x.speaker, x.text) for x in whole.lines] == [
            (w, "" if t == "[图片]" else t) for w, t in lines
        ]
        assert all(line.at is not None for line in whole.lines)
        assert not whole.incomplete
        assert whole.text.splitlines()[0] == "李总：价格再低点"
        assert (len(part.lines), part.incomplete) == (2, True)
        assert (len(card.lines), card.incomplete) == (5, True)
        assert [x.text for x in nothing.lines][:2] == ["价格再低点", "我申请下"]
        assert nothing.incomplete


async def test_two_processes_share_the_pushes() -> None:
    async with running() as rig:
        other = await rig.restart()
        await other.start(rig.inbox)
        try:
            await rig.sim.connected(2)
            for n in range(20):
                await rig.sim.phones["lisi"].says(str(n))
            await until(lambda: len(rig.inbox.messages) == 20)
            assert 0 < rig.meter["push"] < 20
        finally:
            await other.stop()


def test_the_documented_pace_is_the_default() -> None:
    assert (Pace().first, Pace().cap, Pace().healthy, Pace().refused) == (1.0, 60.0, 60.0, 60.0)
    assert QUICK.refused < 1
