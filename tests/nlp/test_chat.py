"""Chat logs in the header styles people paste, and texts that only look like one."""

from datetime import datetime

import pytest

from nlp import chat

NOW = datetime.fromisoformat("2026-01-05T10:00")
SAID = [("张三", "你好"), ("李四", "在的")]


@pytest.mark.parametrize(
    "text",
    [
        "张三 2026/01/04 2:51 PM\n你好\n李四 2026/01/04 2:52 PM\n在的",
        "张三 2026-01-04 12:00:00\n你好\n李四 2026-01-04 12:00:09\n在的",
        "张三(2026-01-04 12:00)\n你好\n李四(2026-01-04 12:01)\n在的",
        "张三:\n你好\n李四:\n在的",
        "张三@微信 1-4 10:23:45\n你好\n李四@宁波恒力 1-4 10:24:45\n在的",
        "张三 2026年1月4日 10:23\n你好\n李四 2026年1月4日 10:24\n在的",
        "张三(市场部) 2026-01-04 10:23\n你好\n李四(采购) 2026-01-04 10:24\n在的",
        "2026-01-04 22:30:36 张三(123456789)\n你好\n2026-01-04 22:31:36 李四(98765)\n在的",
        "[2026/1/4 02:28:09] 张三: 你好\n[2026/1/4 02:29:09] 李四: 在的",
        "张三 昨天 10:23\n你好\n李四 昨天 10:24\n在的",
        "张三 星期三 10:23\n你好\n李四 星期三 10:24\n在的",
        "张三 17:17: 你好\n李四 17:22: 在的",
        "张三 09:44\n你好\n李四 09:45\n在的",
        "—————  2026-01-04  —————\n\n张三  10:23\n\n你好\n\n李四  10:25\n\n在的\n",
        "2026-01-04 10:23 张三：你好\n2026-01-04 10:24 李四：在的",
        "张三\n2026-01-04 12:00\n你好\n李四\n2026-01-04 12:01\n在的",
        "昨天 16:20\n张三\n你好\n昨天 16:25\n李四\n在的",
        "张三@宁波恒力\n1/4 13:05\n你好\n\n李四@微信\n1/4 13:11\n在的",
        "张三 14:02 周三\n你好\n李四 14:10 周三\n在的",
        "张三 | 14:02\n你好\n李四 | 14:03\n在的",
        "张三 · 1月4日 15:30\n你好\n李四 · 1月4日 15:33\n在的",
        "张三【采购部】2026-01-04 16:20\n你好\n李四【销售部】2026-01-04 16:25\n在的",
        "张三, [04.01.26 14:02]\n你好\n\n李四, [04.01.26 14:08]\n在的",
        "（2026/1/4 17:33:20）张三：你好\n（2026/1/4 17:35:02）李四：在的",
        "张三 (1/4 10:02)：你好\n李四 (1/4 10:05)：在的",
        "[2026-01-04 10:00:01] <张三> 你好\n[2026-01-04 10:03:44] <李四> 在的",
        "张三 2026-01-04 20:11:03 来自 iPhone\n你好\n李四 2026-01-04 20:12:50\n在的",
        "发送人：张三\n时间：2026-01-04 10:11\n内容：你好\n\n发送人：李四\n时间：2026-01-04 10:12\n内容：在的",
        "时间：2026-01-04 10:11\n发送人：张三\n内容：你好\n\n时间：2026-01-04 10:12\n发送人：李四\n内容：在的",
        "2026/01/04, 16:45 - 张三: 你好\n2026/01/04, 16:50 - 李四: 在的",
        "2026-01-04 10:00:01 | 张三 | 你好\n2026-01-04 10:01:15 | 李四 | 在的",
        "“张三” 2026-01-04 10:00\n你好\n“李四” 2026-01-04 10:01\n在的",
        "张三 Yesterday 3:15 PM\n你好\n李四 Today 9:05 AM\n在的",
        "张三\nJan 4, 2026 at 3:15 PM\n你好\n李四\nJan 4, 2026 at 3:16 PM\n在的",
        "张三\n\n10:23\n\n你好\n\n李四\n\n10:24\n\n在的",
        "周日 上午9:05\n张三：你好\n周日 上午9:06\n李四：在的",
        "2026年1月3日 星期六\n\n张三 10:11\n你好\n\n2026年1月4日 星期日\n\n李四 10:15\n在的",
        "张三 1月4日 10:00 已读\n你好\n李四 1月4日 10:01 未读\n在的",
        "[张三 10:00]\n你好\n[李四 10:01]\n在的",
        "**张三** 10:23\n你好\n**李四** 10:24\n在的",
        "群聊的聊天记录\r\n\r\n张三 2026-01-04 12:00:00\r\n你好\r\n李四 2026-01-04 12:00:09\r\n在的\r\n",
    ],
)
def test_each_style_is_cut_into_turns(text: str) -> None:
    turns = chat.split(text, NOW)
    assert [(turn.speaker, turn.text) for turn in turns] == SAID
    assert [text[turn.start : turn.end] for turn in turns] == [said for _, said in SAID]


def test_colons_inline_need_a_speaker_who_comes_back() -> None:
    turns = chat.split("王总：想买两台\n小李：好的\n王总：什么时候到货")
    assert [turn.speaker for turn in turns] == ["王总", "小李", "王总"]


@pytest.mark.parametrize(
    "text",
    [
        "姓名：张三\n电话：13800138000\n公司：宁波某某有限公司",
        "会议时间 2026-01-08 10:00",
        "时间 10:00\n地点 203",
        "签到\n10:00\n开幕\n10:30\n茶歇",
        "价格：100\n交期：3天\n价格：90",
        "王经理: 报价发我\n电话: 13800138000",
        "你好，我想问一下报价",
        "签到 09:00\n领导讲话 09:30\n茶歇 10:30",
        "早餐 7:30\n酒店一楼\n出发 8:00\n大堂集合",
        "发件人: 张三 <z@a.com>\n发送时间: 2026年1月4日 10:00\n收件人: 李四\n主题: 询价\n\n你好\n\n"
        "发件人: 李四 <l@b.com>\n发送时间: 2026年1月4日 11:00\n收件人: 张三\n主题: 回复: 询价\n\n好",
        "第一步：打开\n第二步：关闭\n第一步：再打开",
        "",
        "\n\n",
    ],
)
def test_forms_and_plain_texts_are_no_log(text: str) -> None:
    assert chat.split(text, NOW) == ()


def test_a_line_in_another_style_stays_text() -> None:
    text = (
        "张三(2026-01-01 12:00)\n另外\n李四 2026-01-08 10:00\n那场会改期了\n"
        "李四(2026-01-01 12:01)\n好\n张三(2026-01-01 12:02)\n嗯"
    )
    assert [turn.text for turn in chat.split(text, NOW)] == [
        "另外\n李四 2026-01-08 10:00\n那场会改期了",
        "好",
        "嗯",
    ]


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("张三@微信 1-4 11:47", datetime.fromisoformat("2026-01-04T11:47")),
        ("张三@微信 12-30 11:47", datetime.fromisoformat("2025-12-30T11:47")),
        ("张三@微信 昨天 09:05", datetime.fromisoformat("2026-01-04T09:05")),
        ("张三@微信 星期三 09:05", datetime.fromisoformat("2025-12-31T09:05")),
        ("张三@微信 2023/9/16 2:51 PM", datetime.fromisoformat("2023-09-16T14:51")),
        ("张三@微信, [04.01.26 14:02]", datetime.fromisoformat("2026-01-04T14:02")),
        ("张三@微信 09:05 周三", datetime.fromisoformat("2025-12-31T09:05")),
        (
            "张三@微信 下午 3:20",
            datetime.fromisoformat("2026-01-04T15:20"),
        ),  # later than now: it was yesterday
    ],
)
def test_stamps_are_dated_from_now(header: str, at: datetime) -> None:
    (turn,) = chat.split(f"{header}\n你好", NOW)
    assert (turn.speaker, turn.mark, turn.at) == ("张三", "微信", at)


def test_without_now_a_short_stamp_has_no_date() -> None:
    turns = chat.split("张三 09:44\n你好\n李四 09:45\n在的")
    assert [turn.at for turn in turns] == [None, None]


def test_what_the_program_writes_between_messages_is_no_message() -> None:
    text = "柯总 11/20 16:05\n下周来\n“柯总”撤回了一条消息\n我 11/20 16:06\n好\n柯总拍了拍我\n\n以下为新消息"
    assert [turn.text for turn in chat.split(text, NOW)] == ["下周来", "好"]


def test_a_name_may_end_in_a_character_of_a_form() -> None:
    text = "李逍遥@微信 11-20 10:23:45\n在吗\n林月如@仙剑科技 11-20 10:25:01\n在的"
    assert [turn.speaker for turn in chat.split(text, NOW)] == ["李逍遥", "林月如"]


def test_two_letters_may_speak() -> None:
    text = "A: 你好，报个价\nB: 哪款？\nA: 最小的\nB: 1200"
    assert [turn.speaker for turn in chat.split(text, NOW)] == ["A", "B", "A", "B"]
    assert chat.split("A: 北京市海淀区\nM: 13800138000", NOW) == ()


def test_a_day_may_stand_above_the_first_stamp() -> None:
    text = "2026-01-03\n\n10:23 燕小六\n要20把椅子\n10:25 吕轻侯\n没问题"
    assert [turn.speaker for turn in chat.split(text, NOW)] == ["燕小六", "吕轻侯"]


@pytest.mark.parametrize(
    "name", ["【售后】小何", "张三:采购", "1", "A|B", "3=3", "恒达旗舰店:小蜜", "💐静待花开💐", "陈 工"]
)
def test_a_name_may_hold_any_sign_when_the_stamps_are_alike(name: str) -> None:
    text = f"{name} 2026-01-04 10:00\n你好\n李四 2026-01-04 10:05\n地址：工业园 8 号\n{name} 2026-01-04 10:06\n好"
    assert [(turn.speaker, turn.text) for turn in chat.split(text, NOW)] == [
        (name, "你好"),
        ("李四", "地址：工业园 8 号"),
        (name, "好"),
    ]


def test_a_line_whose_time_is_out_of_order_is_said_by_somebody() -> None:
    text = "张三 2026-01-04 10:00\n会议改到 2026-01-08 14:00\n地点：3 号会议室\n李四 2026-01-04 10:05\n好"
    assert [(turn.speaker, turn.text) for turn in chat.split(text, NOW)] == [
        ("张三", "会议改到 2026-01-08 14:00\n地点：3 号会议室"),
        ("李四", "好"),
    ]


def test_a_day_that_is_all_that_was_said_is_no_divider() -> None:
    text = "张三 2026-01-04 10:00\n哪天\n李四 2026-01-04 10:01\n1月8日\n张三 2026-01-04 10:02\n好"
    assert [turn.text for turn in chat.split(text, NOW)] == ["哪天", "1月8日", "好"]


def test_customer_and_i_may_speak_once_each() -> None:
    assert [turn.speaker for turn in chat.split("客户：多少钱一台\n我：8800")] == ["客户", "我"]


def test_english_months_come_first_where_they_must() -> None:
    turns = chat.split("1/13/26, 4:45 PM - Ann: Hi\n1/13/26, 4:46 PM - 小吴: Hello", NOW)
    assert [turn.at for turn in turns] == [
        datetime.fromisoformat("2026-01-13T16:45"),
        datetime.fromisoformat("2026-01-13T16:46"),
    ]


def test_a_mark_in_front_of_every_speaker_is_the_programs() -> None:
    log = "@一叶知秋 11-18 10:00\n种子袋印几色\n@印务小钱 11-18 10:02\n四色，带防伪"
    assert [turn.speaker for turn in chat.split(log, NOW)] == ["一叶知秋", "印务小钱"]
    log = "@一叶知秋 11-18 10:00\n种子袋印几色\n印务小钱 11-18 10:02\n四色，带防伪"
    assert [turn.speaker for turn in chat.split(log, NOW)] == ["@一叶知秋", "印务小钱"]


def test_a_log_may_end_with_a_header_and_hold_invisible_characters() -> None:
    turns = chat.split("张三 2026-01-04 10:00\n你好\u200b\n李四 2026-01-04 10:01", NOW)
    assert [(turn.speaker, turn.text) for turn in turns] == [("张三", "你好"), ("李四", "")]
