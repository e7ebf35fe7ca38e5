"""Text twins of the check-in's cards, word for word (product C.2 R2-R6)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cards import checkins, forms, resources
from cards.actions import unpack
from cards.actions_checkins import CheckinStep, TakeResource, short
from cards.card import from_json, text_twin, to_json
from rules.checkins import Step

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


def view(step: Step, *options: str, **more: object) -> checkins.StepView:
    return checkins.StepView(7, 2, 1024, "宁波某汽配 · 陈工", step, options, **more)  # type: ignore[arg-type]


R2 = view(Step.CHANNEL, "电话", "微信", "面谈", reach=("☎ 138 1234 5678（点按拨打）",))
R3 = view(Step.CONCLUSION, "需技术确认", "等待报价", "未接通", channel="电话", missing=2)
R4 = view(Step.NEXT, "明天再联系", "3 天后", "下周一", channel="电话", conclusion="需要样品", missing=1)
R5 = checkins.DoneView(
    5, 1024, "宁波某汽配 · 陈工", "41 秒", "电话", "需要样品", "周二 11-24 前发测试报告", "样品单", "样品申请单", 101,
    (("失效案例集", "《失效案例集》"),), 3,
)  # fmt: skip


@pytest.mark.parametrize(
    ("card", "twin"),
    [
        (checkins.step(R2),
         "L-1024 开始跟进 1/3\n宁波某汽配 · 陈工\n☎ 138 1234 5678（点按拨打）\n用哪种方式？\n回复 1 电话　2 微信　3 面谈"),
        (checkins.step(R3),
         "2/3 本次结论\nL-1024 · 宁波某汽配 · 陈工 · 电话\n回复 1 需技术确认　2 等待报价　3 未接通"),
        (checkins.step(R4),
         "3/3 下一步做什么、什么时候？\nL-1024 · 宁波某汽配 · 陈工 · 电话 · 需要样品\n"
         "直接回一句话，例如：周二前发测试报告\n回复 1 明天再联系　2 3 天后　3 下周一"),
        (checkins.step(view(Step.NEXT, "明天再联系", next_text="发方案", channel="微信", conclusion="等待报价")),
         "3/3 什么时候？\nL-1024 · 宁波某汽配 · 陈工 · 微信 · 等待报价\n下一步：发方案\n"
         "没看出时间，选一个，或直接回：周五上午\n回复 1 明天再联系"),
        (checkins.nudge(R3, 30, last=True),
         "L-1024 还差 2 步\n宁波某汽配 · 陈工\n刚才聊得怎样？\n回复 1 需技术确认　2 等待报价　3 未接通\n"
         "（未完成前不派新线索）"),
        (checkins.nudge(R4, 10, last=False),
         "L-1024 还差 1 步\n宁波某汽配 · 陈工\n开始跟进 10 分钟了，下一步做什么、什么时候？直接回一句话也行\n"
         "回复 1 明天再联系　2 3 天后　3 下周一"),
        (checkins.done(R5),
         "✅ 已记录（用时 41 秒）\nL-1024 · 宁波某汽配 · 陈工\n电话 · 需要样品 · 周二 11-24 前发测试报告\n"
         "已为你备好：样品申请单（客户信息已填）、《失效案例集》\n回复 1 去提交样品单　2 领取《失效案例集》　3 撤销"),
        (checkins.due(1024, "宁波某汽配", "发测试报告", "今天 18:00 前", times=0, may_snooze=True),
         "今天该：发测试报告\nL-1024 · 宁波某汽配\n说好的时间：今天 18:00 前\n回复 1 开始跟进　2 稍后 30 分钟"),
        (checkins.due(1024, "宁波某汽配", "发测试报告", "昨天 21:00", times=2, may_snooze=False),
         "昨天该：发测试报告\nL-1024 · 宁波某汽配\n说好的时间：昨天 21:00\n回复 1 开始跟进"),
    ],
)  # fmt: skip
def test_text_twins(card, twin: str):
    assert text_twin(card) == twin
    assert from_json(to_json(card)) == card


def test_at_most_three_buttons_and_more():
    many = tuple((f"资料{n}", f"《资料{n}》") for n in range(9))
    card = checkins.done(
        checkins.DoneView(5, 1024, "某", "1 分", "电话", "等待报价", "明天", resources=many, undo=3)
    )
    assert [b.label for b in card.buttons] == ["领取《资料0》", "领取《资料1》", "撤销", "更多"]
    everything = checkins.all_resources(card, many, 1024)
    assert [b.label for b in everything.buttons] == [f"领取《资料{n}》" for n in range(5)] + ["撤销"]


def test_long_names_fit_every_platforms_button():
    name = "液压阀块常见失效案例集（二〇二六年修订版）"
    button = checkins.take(name, f"《{name}》", 1024)
    assert button.label == "领取《液压阀块常…》"
    assert len(button.label) <= 10
    assert unpack(button.action) == TakeResource(short(name), 1024)
    step = checkins.step(view(Step.CONCLUSION, "十个字的一个结论名称", missing=2))
    action = unpack(step.buttons[0].action)
    assert action == CheckinStep(7, "conclusion", short("十个字的一个结论名称"), 2)
    assert len(step.buttons[0].action) <= 64


def test_when_the_next_step_is():
    tuesday = datetime(2026, 11, 24, 10, tzinfo=UTC)
    friday = datetime(2026, 11, 27, 2, tzinfo=UTC)
    assert checkins.planned("发测试报告", friday, NOW, ZONE, deadline=True) == "周五 11-27 前发测试报告"
    assert checkins.planned("发测试报告", tuesday, NOW, ZONE, deadline=True) == "周二 11-24 前发测试报告"
    assert checkins.planned("发测试报告", NOW, NOW, ZONE, deadline=True).startswith("今天 ")
    assert checkins.planned("再联系", tuesday, NOW, ZONE) == "明天 18:00 再联系"
    assert checkins.planned("", None, NOW, ZONE) == "不再跟进"


FORM = forms.FormView(101, 1, "S-0101", "样品申请单", 1024, "宁波某汽配", (("客户", "宁波某汽配"), ("数量", "")),
                      ("数量",), "数量")  # fmt: skip


def test_the_form_asks_and_ends():
    assert text_twin(forms.form(FORM)) == (
        "样品申请单 S-0101\nL-1024 · 宁波某汽配\n客户：宁波某汽配\n数量：待填\n回复 1 提交　2 改一下　3 取消\n请直接回复：数量"
    )
    assert text_twin(forms.ended(FORM, "已提交 10:05")) == (
        "样品申请单 S-0101\nL-1024 · 宁波某汽配\n客户：宁波某汽配\n数量：待填\n［已提交 10:05］"
    )
    assert text_twin(forms.handed_in(FORM, "王磊", (("数量", "5 件"),))) == (
        "样品申请单 S-0101（王磊）\nL-1024 · 宁波某汽配\n数量：5 件"
    )


def test_the_shelf():
    found = [(f"资料{n}", f"《资料{n}》") for n in range(8)]
    card = resources.shelf(found, "阀")
    assert (card.title, len(card.buttons)) == ("和「阀」有关的资料", 6)
    assert card.note == "还有 2 份，发 /资料 关键词 缩小范围"
