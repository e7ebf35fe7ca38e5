"""How drafts and leads read, word for word."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.wecom import limits, render
from cards import leads
from cards.actions import unpack
from cards.actions_checkins import StartCheckin
from cards.actions_leads import ChangeDraft, DropDraft, GiveTo, MergeDraft, SaveDraft
from cards.card import text_twin
from cards.customers import ContactLine, OpenLead, Profile, profile, which

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)  # Monday 10:02 in Shanghai


def _at(hour: int, minute: int, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


R1 = leads.LeadView(
    id=1024, version=3, customer=311, label="宁波某汽配", person="陈工", phone="138****5678", kind="图纸定制",
    source="官网询盘", created_at=NOW, need="液压阀块，月 300 件", why="浙江 / 汽配 / 今日第 3 条",
    target=_at(13, 32), latest=_at(15, 32),
)  # fmt: skip


def test_r1_says_what_why_and_until_when() -> None:
    assert text_twin(leads.new_lead(R1, NOW, ZONE)) == (
        "🔔 新线索 L-1024 · 图纸定制\n"
        "宁波某汽配 · 陈工 · 138****5678\n"
        "来源：官网询盘 10:02　需求：液压阀块，月 300 件\n"
        "目标 13:32 前首触，最晚 15:32\n"
        "为什么给你：浙江 / 汽配 / 今日第 3 条\n"
        "回复 1 开始跟进　2 转给同事　3 更多"
    )


def test_until_when_survives_the_longest_lead_on_wecom() -> None:
    view = replace(
        R1, label="宁波市鄞州区" + "长" * 114, person="陈" * 64, phone="+86 138****5678", source="展会" * 32,
        need="液压" * 1000, note="备注" * 1000, why="浙江 / " * 40, created_at=_at(9, 0, 20), kind="定制" * 20,
        target=_at(17, 30, 24), latest=_at(10, 30, 30), hints=("疑似已有：" + "某" * 60,),
    )  # fmt: skip
    for card in (leads.new_lead(view, NOW, ZONE), leads.more(view, StartCheckin(1024), NOW, ZONE)):
        made = render.render(card, public_url="https://bot.example", brand="跟进", task_id="L-1024-x-1")
        body = str(made["sub_title_text"])
        assert card.lines[2].startswith("目标 明天 17:30 前首触，最晚 ")
        assert card.lines[2] in body
        assert len(body) <= limits.TEXT
        assert made["main_title"]["desc"] == card.lines[0]  # type: ignore[index]
        assert card.lines[0].endswith("+86 138****5678")


def test_taking_a_lead_oneself_is_no_hand_over() -> None:
    assert leads.moved(1024, "x", "张敏", undo=0, by="张敏").title == "L-1024 已由张敏接手"
    assert leads.moved(1024, "x", "李倩", undo=0, by="张敏").title == "L-1024 已由张敏转给李倩"


def test_r1_of_a_sparse_lead_leaves_lines_out() -> None:
    view = leads.LeadView(id=7, version=0, customer=301, label="陈工", created_at=NOW)
    assert text_twin(leads.new_lead(view, NOW, ZONE)) == (
        "🔔 新线索 L-0007\n陈工\n来源：未填 10:02\n回复 1 开始跟进　2 转给同事　3 更多"
    )


def test_marks_on_another_day_name_the_day() -> None:
    view = replace(R1, target=_at(17, 30), latest=_at(10, 30, 24))
    assert "目标 17:30 前首触，最晚 明天 10:30" in text_twin(leads.new_lead(view, NOW, ZONE))
    assert leads.marks_line(None, _at(15, 32), NOW, ZONE) == "最晚 15:32 前首触"
    assert leads.marks_line(None, None, NOW, ZONE) == ""


def test_more_keeps_what_the_lead_is_and_leads_back() -> None:
    card = leads.more(R1, StartCheckin(1024), NOW, ZONE)
    assert card.lines == leads.new_lead(R1, NOW, ZONE).lines
    assert [button.label for button in card.buttons] == [
        "稍后 30 分钟", "号码无效", "是老客户", "看详情", "退回", "返回",
    ]  # fmt: skip


DRAFT = leads.DraftView(
    id=12, version=2, name="陈立", title="采购", company="宁波恒某", phone="139****0001", email="cl@hm.cn",
    wechat="chenli88", city="宁波", keywords=("报价", "300件"), need="阀块 300 件报价", next="周二 11-24 18:00 发报价",
    evidence=(("姓名", "我是陈立"), ("手机", "139****0001")), question="需求类型是什么？",
    likely=leads.Likely(311, "宁波恒某", "李倩", "公司相同"), kind="图纸定制", budget="¥300,000",
)  # fmt: skip


def test_r9_shows_everything_found_and_the_words_it_rests_on() -> None:
    assert text_twin(leads.draft(DRAFT)) == (
        "识别到联系人（草稿）\n"
        "姓名 陈立（采购） · 手机 139****0001 · 公司 宁波恒某\n"
        "类型 图纸定制 · 预算 ¥300,000 · 关键词 报价、300件\n"
        "疑似已有：C-0311 宁波恒某（公司相同，负责人 李倩）\n"
        "需求类型是什么？\n"
        "依据：姓名「我是陈立」 手机「139****0001」\n"
        "邮箱：cl@hm.cn\n"
        "微信：chenli88\n"
        "城市：宁波\n"
        "需求：阀块 300 件报价\n"
        "下次：周二 11-24 18:00 发报价\n"
        "回复 1 并入 C-0311　2 存为新客户　3 改一下　4 丢弃"
    )


def test_r9_of_somebody_unknown_has_nothing_to_join() -> None:
    view = leads.DraftView(
        id=12, version=0, phone="139****0001", hints=("收到 3 条，可能不完整，可复制文本重发",)
    )
    assert text_twin(leads.draft(view)) == (
        "识别到联系人（草稿）\n手机 139****0001\n收到 3 条，可能不完整，可复制文本重发\n回复 1 存为新客户　2 改一下　3 丢弃"
    )
    told = replace(DRAFT, may_merge=False)
    assert [button.label for button in leads.draft(told).buttons] == ["存为新客户", "改一下", "丢弃"]


def test_the_buttons_of_a_draft_carry_its_version() -> None:
    assert [unpack(button.action) for button in leads.draft(DRAFT).buttons] == [
        MergeDraft(12, 2, 311), SaveDraft(12, 2), ChangeDraft(12, 2), DropDraft(12, 2),
    ]  # fmt: skip


def test_a_saved_draft_names_both_ids() -> None:
    assert text_twin(leads.saved(301, 1001, label="宁波恒某 · 陈立", undo=5)) == (
        "已存为 C-0301 · L-1001\n宁波恒某 · 陈立\n回复 1 开始跟进　2 撤销"
    )
    assert leads.saved(311, 1002, label="x", undo=6, merged=True).title == "已并入 C-0311 · L-1002"


def test_colleagues_come_with_reasons_and_the_rest_by_command() -> None:
    who = [leads.Colleague(f"m{n}", f"同事{n}", f"同事{n}：今日 {n} 条，在岗") for n in range(6)]
    card = leads.colleagues(R1, who)
    assert text_twin(card) == (
        "L-1024 转给谁？\n宁波某汽配\n同事0：今日 0 条，在岗\n同事1：今日 1 条，在岗\n同事2：今日 2 条，在岗\n"
        "同事3：今日 3 条，在岗\n回复 1 给同事0　2 给同事1　3 给同事2　4 给同事3　5 返回\n其他同事：/转给 1024 @姓名"
    )
    assert unpack(card.buttons[0].action) == GiveTo(1024, "m0", 3)
    assert "现在没有可以接手的同事。" in text_twin(leads.colleagues(R1, []))


def test_the_owner_of_a_met_customer_learns_nothing_of_what_was_met() -> None:
    assert text_twin(leads.asked_owner(311, "宁波恒某", "王磊")) == (
        "C-0311 有新消息\n王磊 收到了疑似 宁波恒某 的联系，客户归你负责，请和 王磊 对接。"
    )


def test_every_title_fits_a_card() -> None:
    long = replace(R1, id=123456789, kind="非常长的需求类型名称" * 3)
    assert len(leads.new_lead(long, NOW, ZONE).title) <= 26
    assert len(profile(Profile(311, "很长的公司名称" * 9, "李倩")).title) <= 26
    assert len(which("很长的公司名称" * 9, []).title) <= 26


def test_the_profile() -> None:
    view = Profile(
        311, "宁波恒某", "王磊", city="宁波",
        contacts=(ContactLine("陈工", "采购", "138 1234 5678"), ContactLine("", phone="139****0001")),
        leads=(OpenLead(1024, "意向", "周二 11-24 18:00 发测试报告"),), followups=("今天 10:02 · 王磊 · 电话 · 需要样品",),
        start=1024,
    )  # fmt: skip
    assert text_twin(profile(view)) == (
        "C-0311 宁波恒某\n宁波 · 负责人 王磊\n陈工 采购 138 1234 5678\n联系人 139****0001\n"
        "L-1024 · 意向 · 周二 11-24 18:00 发测试报告\n近 1 次跟进：\n今天 10:02 · 王磊 · 电话 · 需要样品\n回复 1 开始跟进"
    )
    assert text_twin(profile(Profile(301, "陈工", ""))) == "C-0301 陈工\n负责人 （公海）\n还没有跟进记录"
