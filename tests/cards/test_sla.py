"""Cards of silence as their text twins: R7, R8, M1, M2, tasks, today, help."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cards import help as help_cards
from cards import leads, silent, today
from cards import sla as cards
from cards.actions import unpack
from cards.actions_sla import Urge, pack_ids, unpack_ids
from cards.card import from_json, text_twin, to_json
from rules.leads import Lead
from rules.sla import Delivery
from rules.today import Item, What

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 7, 32, tzinfo=UTC)  # 15:32
H = timedelta(hours=1)
LATE = cards.Late(1024, "宁波某汽配 · 陈工", "首次触达", "lead.first_touch", 2 * H)


def test_r7_amber():
    assert text_twin(cards.amber(LATE, left=2 * H, to=["主管张敏"])) == (
        "⏰ L-1024 已过 2 小时目标\n宁波某汽配 · 陈工\n还有 2 小时升级给主管张敏。\n回复 1 现在跟进　2 说明原因"
    )


def test_r8_breach():
    told = cards.Late(1024, "宁波某汽配 · 陈工", "首次触达", "lead.first_touch", 4 * H, told=("张敏",))
    assert text_twin(cards.breach(told)) == (
        "L-1024 超过 4 小时未首触，已通知张敏。\n宁波某汽配 · 陈工\n现在联系仍计入你的记录。\n"
        "回复 1 现在跟进　2 我在外，请转派"
    )


def test_r7_and_r8_say_whom_to_call_and_what_for():
    view = replace(
        LATE, label=leads.who_line("宁波某汽配", "陈工", "138****5678"), next="需求：液压阀块，月 300 件"
    )
    body = "宁波某汽配 · 陈工 · 138****5678\n{}\n需求：液压阀块，月 300 件\n"
    assert body.format("还有 2 小时升级给主管张敏。") in text_twin(
        cards.amber(view, left=2 * H, to=["主管张敏"])
    )
    told = replace(view, after=4 * H, told=("张敏",))
    assert body.format("现在联系仍计入你的记录。") in text_twin(cards.breach(told))


def test_the_next_step_is_what_was_promised_else_what_is_wanted():
    lead = Lead(1, 1, "wanglei", NOW, need="液压阀块，月 300 件")
    assert leads.next_line(lead, NOW, ZONE) == "需求：液压阀块，月 300 件"
    planned = replace(lead, next_text="发测试报告", next_at=NOW + 24 * H)
    assert leads.next_line(planned, NOW, ZONE) == "下一步：明天 15:32 发测试报告"
    assert leads.next_line(replace(planned, next_text=""), NOW, ZONE) == "下一步：明天 15:32 再联系"
    assert leads.next_line(replace(lead, need=""), NOW, ZONE) == ""


def test_a_rule_that_a_newcomer_wrote_reads_well_too():
    other = cards.Late(
        7, "某厂", "样品未回访", "followup.recorded", 24 * H, status="样品中", told=("张敏", "周工")
    )
    assert text_twin(cards.breach(other)) == (
        "L-0007 已 24 小时没有跟进\n某厂\n状态：样品中（样品未回访）\n已通知张敏、周工。现在联系仍计入你的记录。\n"
        "回复 1 现在跟进　2 我在外，请转派"
    )
    assert text_twin(cards.amber(other, left=None, to=())).splitlines()[:2] == [
        "⏰ L-0007 已 24 小时没有跟进",
        "某厂",
    ]


def test_m1_says_whether_the_message_was_delivered():
    read = Delivery("acted", NOW - 5.5 * H, NOW - 5.45 * H)
    never = Delivery("refused", NOW, None, "账号未激活")
    card = cards.bundle([
        cards.Silent(1024, "王磊", "首次触达", "lead.first_touch", 4 * H, cards.delivered(read, NOW, ZONE)),
        cards.Silent(1031, "赵宇", "首次触达", "lead.first_touch", 4 * H, cards.delivered(never, NOW, ZONE), True),
    ])  # fmt: skip
    assert text_twin(card) == (
        "🔺 2 条线索超时未首触\nL-1024 王磊 4:00（消息 10:02 已送达，10:05 已读）\n"
        "L-1031 赵宇 4:00（消息未送达：账号未激活）送达失败，不计入个人超时\n回复 1 催一下　2 转派　3 给理由放过　4 看板"
    )
    assert unpack(card.buttons[0].action) == Urge(pack_ids([1024, 1031]))


def test_m1_names_the_customer_after_the_clock_and_who_has_acted() -> None:
    sent = Delivery("accepted", NOW - 5.5 * H)
    told = cards.delivered(sent, NOW, ZONE, handled=True)
    row = cards.Silent(
        1024, "王磊", "意向客户未跟进", "followup.recorded", 48 * H, told, customer="宁波某汽配"
    )
    assert cards.bundle([row]).lines == (
        "L-1024 王磊 48:00 宁波某汽配 意向客户未跟进（消息 10:02 已送达，已处理）",
    )


def test_several_leads_of_one_minute_are_one_list():
    rows = [cards.Passed(1024 + n, "宁波某汽配", "已过 2 小时目标") for n in range(8)]
    assert text_twin(cards.several(rows[:2])) == (
        "⏰ 2 条线索已过 2 小时目标\nL-1024 宁波某汽配 已过 2 小时目标\nL-1025 宁波某汽配 已过 2 小时目标\n"
        "请尽快跟进。\n回复 1 跟进 L-1024　2 跟进 L-1025"
    )
    many = cards.several(rows, told=["张敏"])
    assert many.lines[-2:] == ("另有 2 条，发 /超时 看。", "已通知张敏。现在联系仍计入你的记录。")
    assert [button.label for button in many.buttons] == [f"跟进 L-{1024 + n}" for n in range(5)]
    assert cards.urge_all(rows[:3], "张敏").title == "张敏 催你跟进 3 条线索"


def test_a_breach_names_the_task_that_was_made():
    late = cards.Late(7, "某厂", "技术确认未回音", "followup.recorded", 72 * H, told=("张敏",), task="T-101")
    assert cards.breach(late).lines[-1] == "任务 T-101 已建"


def test_m1_of_failed_deliveries_alone_blames_nobody():
    row = cards.Silent(1031, "赵宇", "首次触达", "lead.first_touch", 4 * H, "消息未送达：账号未激活", True)
    assert cards.bundle([row]).title == "🔺 送达失败：1 条线索超时未首触"


def test_m1_for_somebody_who_may_not_move_the_lead_only_urges():
    row = cards.Silent(1031, "赵宇", "首次触达", "lead.first_touch", 4 * H, movable=False)
    assert [button.label for button in cards.bundle([row]).buttons] == ["催一下", "看板"]


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        (None, ""),
        (Delivery("accepted", NOW), "消息 15:32 已送达，未读"),
        (Delivery("expired", NOW, None, ""), "消息未送达：原因不明"),
        (Delivery("throttled"), "消息还在排队，没有送出"),
        (Delivery("folded", NOW), "消息 15:32 已并入合并消息"),
        (Delivery("unknown", NOW), "消息送达情况不明"),
    ],
)
def test_every_state_of_the_ledger_has_words(ledger: Delivery | None, words: str):
    assert cards.delivered(ledger, NOW, ZONE) == words


def test_ten_leads_fit_into_one_button():
    ids = [2_000_000_000 + n for n in range(cards.MOST)]
    assert unpack_ids(pack_ids(ids)) == ids
    assert len(Urge(pack_ids(ids)).pack()) <= 128
    with pytest.raises(ValueError, match="invalid literal"):
        unpack_ids("a.!")


def test_m2_gives_reasons_and_no_button_to_who_is_full():
    takers = [
        cards.Taker("liqian", "李倩", "李倩：浙江/汽配，今日 2 条，在岗"),
        cards.Taker("sunhao", "孙浩", "孙浩：今日 5 条（到上限）", out=True),
    ]
    assert text_twin(cards.reassign(1024, 3, "宁波某汽配", takers)) == (
        "L-1024 转派给谁？\n宁波某汽配\n李倩：浙江/汽配，今日 2 条，在岗\n孙浩：今日 5 条（到上限）\n"
        "回复 1 给李倩　2 放回公海\n指定其他同事：/转派 1024 @姓名"
    )


def test_after_urging_the_button_is_used_up():
    row = cards.Silent(1024, "王磊", "首次触达", "lead.first_touch", 4 * H)
    card = cards.urged(cards.bundle([row]), ["王磊"], "15:40")
    assert card.lines[-1] == "15:40 已催 王磊"
    assert [button.label for button in card.buttons] == ["转派", "给理由放过", "看板"]


def test_a_task_has_a_tick():
    assert text_twin(cards.task(3, "需协调技术部出具方案", 1024, "宁波某汽配", "技术确认未回音")) == (
        "任务：需协调技术部出具方案\nL-1024 · 宁波某汽配\n来自：技术确认未回音\n回复 1 完成　2 开始跟进"
    )


def test_titles_keep_to_their_length_and_cards_survive_json():
    long = cards.Late(
        123456789,
        "很长的名字" * 20,
        "一条名字特别特别长的规则",
        "lead.closed",
        400 * H,
        told=("欧阳测试",) * 5,
    )
    for card in (cards.amber(long, left=H, to=["主管欧阳"] * 4), cards.breach(long)):
        assert len(card.title) <= 26
        assert from_json(to_json(card)) == card


def test_today_and_the_digest():
    lines = [
        today.Line(Item(What.TOUCH, 1023, at=NOW + H), "宁波某汽配"),
        today.Line(Item(What.OVERDUE, 207, "发测试报告", NOW - 24 * H, True), "苏州某五金"),
    ]
    assert text_twin(today.today(lines, 2, NOW, ZONE)) == (
        "今天 2 件事\n1 首触：L-1023 宁波某汽配，16:32 前\n2 过期：L-0207 苏州某五金，发测试报告（昨天 15:32）\n"
        "回复 1 逐条处理　2 跟进 L-1023"
    )
    assert (
        text_twin(today.digest(["🔔 新线索 L-1"] * 12, morning=True)).splitlines()[0]
        == "早上好，今天 12 件事"
    )
    assert "另有 2 件" in text_twin(today.digest(["🔔 新线索 L-1"] * 12, morning=True))


def test_r0_welcome():
    assert text_twin(help_cards.welcome("王磊", ["09:00–12:00", "13:30–18:00"], "20:00–08:30")) == (
        "你好，王磊。\n我会把新线索、到期提醒和资料发到这里。\n"
        "工作时间 09:00–12:00 / 13:30–18:00，20:00–08:30 不打扰（紧急除外）。\n回复 1 开始　2 设置勿扰　3 看帮助"
    )


def test_of_very_many_the_rest_is_numbers_by_owner() -> None:
    rows = [
        cards.Silent(1024 + n, ("王磊", "赵宇")[n % 2], "首次触达", "lead.first_touch", 4 * H)
        for n in range(4)
    ]
    rows.append(cards.Silent(1040, "赵宇", "首次触达", "lead.first_touch", 4 * H, undelivered=True))
    assert text_twin(silent.rest(rows)) == (
        "🔺 另有 5 条线索超时未首触\n王磊 2 条：L-1024、L-1026\n赵宇 2 条：L-1025、L-1027\n"
        "赵宇 1 条（送达失败，不计入个人超时）：L-1040\n发 /超时 逐条处理，或打开看板。\n回复 1 看板"
    )
    other = cards.Silent(1050, "王磊", "意向客户未跟进", "followup.recorded", 48 * H)
    mixed = silent.rest([rows[0], other])
    assert mixed.title == "🔺 另有 2 条线索超时"
    assert mixed.lines[:2] == ("王磊 首次触达 1 条：L-1024", "王磊 意向客户未跟进 1 条：L-1050")
