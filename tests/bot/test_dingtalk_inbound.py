"""DingTalk payloads of every shape that was seen, and of many that were not: read, never raised at."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dingtalk import errors, frames, inbound
from bot.dingtalk.alerts import until_next_month
from bot.dingtalk.frames import Frame
from bot.events import ChatLine, Click, Kind, Message, decode, encode

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
CARD = inbound.CARD_TOPIC
COMMON: dict[str, Any] = {
    "conversationId": "cid1==", "conversationType": "1", "msgId": "msgX1==", "createAt": 1_767_578_400_123,
    "senderId": "$:LWCP_v1:$aa==", "senderNick": "王芳", "senderStaffId": "user0042", "isAdmin": False,
    "sessionWebhook": "https://oapi.example/robot/sendBySession?session=5f",
    "sessionWebhookExpiredTime": 1_767_583_800_123,
    "atUsers": [{"dingtalkId": "$:LWCP_v1:$bot=="}], "robotCode": "dingabc123",
}  # fmt: skip


def read(**fields: Any) -> Message:
    (one,) = inbound.robot(COMMON | fields, NOW)
    assert isinstance(one.event, Message)
    return one.event


def record(**content: Any) -> Message:
    return read(msgtype="chatRecord", content=content)


ENTRIES = [
    {"senderNick": "李总", "msgType": "text", "content": "价格再低点", "createAt": 1_767_578_000_000},
    {"senderName": "王芳", "msgType": "text", "content": {"text": "我申请下"}},
    {"nick": "李总", "msgType": "richText", "content": {"richText": [{"text": "两台"}, {"type": "picture"}]}},
]
LINES = (
    ChatLine("李总", "价格再低点", datetime.fromtimestamp(1_767_578_000, UTC)),
    ChatLine("王芳", "我申请下"),
    ChatLine("李总", "两台"),
)


def test_common_fields() -> None:
    message = read(msgtype="text", text={"content": " 你好\n"})
    assert (message.user, message.nick, message.text, message.chat) == ("user0042", "王芳", "你好", "")
    assert message.at == datetime.fromtimestamp(1_767_578_400.123, UTC)
    assert message.reply_url.endswith("session=5f")
    assert message.reply_until == datetime.fromtimestamp(1_767_583_800.123, UTC)
    (row,) = inbound.robot(COMMON | {"msgtype": "text", "text": {"content": "x"}}, NOW)
    assert (row.dedup, row.lane) == ("dingtalk:msg:msgX1==", "dingtalk:user0042")
    assert read(msgtype="text", text={"content": "x"}, createAt="1767578400123").at == message.at
    assert read(msgtype="text", text={"content": "x"}, createAt="soon").at == NOW


def test_without_an_id_the_content_is_the_identity() -> None:
    def dedup(**fields: Any) -> str:
        return inbound.robot({**COMMON, "msgId": "", "msgtype": "text", **fields}, NOW)[0].dedup

    assert dedup(text={"content": "a"}) == dedup(text={"content": "a"}) != dedup(text={"content": "b"})
    assert len(dedup(text={"content": "a"}, msgId="m" * 500)) < 200


@pytest.mark.parametrize("key", ["chatRecord", "records", "messages", "contents"])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_chat_record_under_every_name(key: str, as_text: bool) -> None:
    entries = json.dumps(ENTRIES, ensure_ascii=False) if as_text else ENTRIES
    message = record(**{key: entries})
    assert (message.kind, message.lines, message.incomplete) == (Kind.FORWARDED, LINES, False)
    assert message.text == "李总：价格再低点\n王芳：我申请下\n李总：两台"
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    ("content", "speakers", "incomplete"),
    [
        ({"chatRecord": json.dumps(ENTRIES)[:-40]}, ["李总", "王芳"], True),  # breaks off
        ({"chatRecord": "[]", "summary": "李总:在吗\n王芳：在"}, ["李总", "王芳"], True),
        ({"chatRecord": "[]", "summary": '["李总:在吗"]'}, ["李总"], True),
        ({"chatRecord": "[]", "summary": "[]"}, [], True),
        ({}, [], True),
        ({"chatRecord": ENTRIES, "summary": '["a:1","b:2","c:3","d:4"]'}, ["李总", "王芳", "李总"], True),
        ({"chatRecord": ENTRIES, "title": "群聊的聊天记录（9条）"}, ["李总", "王芳", "李总"], True),
        ({"chatRecord": ENTRIES, "title": "李总的聊天记录"}, ["李总", "王芳", "李总"], False),
        ({"chatRecord": [*ENTRIES, {"msgType": "unknownMsgType"}]}, ["李总", "王芳", "李总", ""], True),
        ({"chatRecord": [ENTRIES[0], "?", 5]}, ["李总"], True),
        ({"chatRecord": ENTRIES[0]}, ["李总"], False),
    ],
)
def test_what_is_missing_from_a_record_is_said(content: Any, speakers: list[str], incomplete: bool) -> None:
    message = record(**content)
    assert [line.speaker for line in message.lines] == speakers
    assert message.incomplete is incomplete


def test_lines_of_a_record() -> None:
    entries = [
        {"senderNick": "甲", "msgType": "picture", "downloadCode": "dc"},
        {"senderNick": "乙", "msgType": "audio", "content": {"recognition": "下周来"}},
        {
            "senderNick": "丙",
            "msgType": "chatRecord",
            "content": {"title": "聊天记录", "summary": "甲:[消息]"},
        },
        {"senderNick": "丁", "msgType": "text", "content": '{"不是":"消息体"}'},
        {"senderNick": "戊", "msgType": "text", "content": '"引号"'},
    ]
    assert [x.text for x in record(chatRecord=entries).lines] == [
        "", "下周来", "甲:[消息]", '{"不是":"消息体"}', '"引号"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ({"repliedMsg": {"msgType": "text", "content": {"text": "原话"}}}, "原话"),
        ({"repliedMsg": {"msgType": "text", "content": '{"text":"原话"}'}}, "原话"),
        ({"repliedMsg": '{"msgType":"text","content":"原话"}'}, "原话"),
        ({"repliedMsg": {"msgType": "picture", "content": {"downloadCode": "dc"}}}, "［图片］"),
        ({"repliedMsg": {"msgType": "file", "content": {"fileName": "报价.pdf", "downloadCode": "d"}}}, "［文件］报价.pdf"),
        ({"repliedMsg": {"msgType": "richText", "content": {"richText": [{"msgType": "text", "content": "富"}]}}}, "富"),
        ({"repliedMsg": {"msgType": "chatRecord", "content": {"title": "A与B的聊天记录", "summary": "A:好\nB:[图片]"}}},
         "A与B的聊天记录\nA：好\nB：[图片]"),
        ({"repliedMsg": {"msgType": "interactiveCard", "content": {}}}, ""),
        ({"isReplyMsg": True}, ""),
    ],
)  # fmt: skip
def test_quotes(text: dict[str, Any], quoted: str) -> None:
    assert read(msgtype="text", text={"content": "谁跟的", **text}).quoted == quoted


def test_quotes_in_other_places() -> None:
    replied = {"msgType": "text", "content": {"text": "原话"}}
    rich = read(msgtype="richText", content={"richText": [{"text": "好"}], "repliedMsg": replied})
    assert (rich.text, rich.quoted) == ("好", "原话")
    legacy = {"msgId": "m", "msgtype": "text", "text": {"content": "旧的"}, "senderNick": "n"}
    assert read(msgtype="text", text={"content": "好"}, quoteMessage=legacy).quoted == "旧的"


@pytest.mark.parametrize(
    ("content", "seconds"),
    [({"duration": 4000}, 4.0), ({"duration": "5"}, 5.0), ({"duration": "x"}, 0.0), ({}, 0.0)],
)
def test_durations(content: dict[str, Any], seconds: float) -> None:
    message = read(msgtype="video", content={"downloadCode": "dc", **content})
    assert message.media is not None
    assert message.media.seconds == seconds


@pytest.mark.parametrize("marker", [{"errCode": "20001"}, {"errorCode": 20001, "errorMessage": "quota"}])
def test_exhausted_quota_is_one_alert_a_day(marker: dict[str, Any]) -> None:
    (alert,) = inbound.robot(COMMON | {"msgtype": "text"} | marker, NOW)
    assert alert.dedup == "dingtalk:alert:push_quota:20260105"
    assert "20001" in alert.event.text  # type: ignore[union-attr]


def test_nobody_known() -> None:
    data = {k: v for k, v in COMMON.items() if k != "senderStaffId"} | {
        "msgtype": "text",
        "text": {"content": "喂"},
    }
    message, alert = inbound.robot(data, NOW)
    assert isinstance(message.event, Message)
    assert (message.event.user, message.event.nick, message.lane) == ("", "王芳", "dingtalk:nobody")
    assert alert.dedup == "dingtalk:alert:unpublished:20260105"
    _, alert = inbound.robot(data | {"senderStaffId": ""}, NOW)
    assert alert.dedup == "dingtalk:alert:outsider:20260105"


@pytest.mark.parametrize(("sender", "user"), [("ding0001", "user0042"), ("ding0002", ""), ("", "user0042")])
def test_a_user_id_of_another_organisation_is_nobody_of_ours(sender: str, user: str) -> None:
    """Each organisation names its people itself: in a group of several, two may be "user0042"."""
    said = COMMON | {"msgtype": "text", "text": {"content": "/客户 C-0311"}, "senderStaffId": "user0042"}
    rows = inbound.robot(said | {"senderCorpId": sender, "chatbotCorpId": "ding0001"}, NOW)
    assert isinstance(rows[0].event, Message)
    assert rows[0].event.user == user
    assert [row.dedup for row in rows[1:]] == ([] if user else ["dingtalk:alert:outsider:20260105"])


def test_an_echoed_option_is_a_click_and_only_a_whole_one() -> None:
    (row,) = inbound.robot(
        COMMON | {"msgtype": "text", "text": {"content": "#Pick:7:x?k=a%20b L-1-k3-9"}}, NOW
    )
    assert isinstance(row.event, Click)
    assert (row.event.action, row.event.card, row.event.values) == ("Pick:7:x", "L-1-k3-9", {"k": ["a b"]})
    assert row.dedup == "dingtalk:msg:msgX1=="
    for text in ("#2 L-1-k3-9", "#号码 L-1", "#Pick:7:x", "说 #Pick:7 L-1"):
        assert read(msgtype="text", text={"content": text}).text == text


@pytest.mark.parametrize("text", ["/转给 1024 @李倩", "／放回 1024 做不了", "#Pick:7:x L-1-k3-9"])
def test_what_somebody_else_wrote_on_a_card_is_no_command_of_who_forwards_it(text: str) -> None:
    card = {"cardContent": [{"children": [{"elementType": "text", "value": text}]}]}
    for sent in (
        {"msgtype": "interactiveCard", "content": card},
        {"msgtype": "markdown", "content": {"text": text}},
    ):
        (row,) = inbound.robot(COMMON | sent, NOW)
        assert isinstance(row.event, Message)
        assert (row.event.kind, row.event.text) == (Kind.FORWARDED, text)
    assert read(msgtype="markdown", content={"text": "客户说要报价"}).kind is Kind.TEXT


def clicked(content: Any, *, id: str = "m1", **more: Any) -> tuple[Any, ...]:
    data = {"outTrackId": "L-1-k3-9", "userId": "u1", "content": content} | more
    return inbound.events(Frame("CALLBACK", CARD, id, data), NOW) or ()


def pressed(params: Any = None, *ids: str) -> str:
    return json.dumps({"cardPrivateData": {"actionIds": list(ids or ("Go:1",)), "params": params or {}}})


def test_clicks() -> None:
    (row,) = clicked(pressed())
    click = row.event
    assert (click.platform, click.user, click.card, click.action, click.values) == (
        "dingtalk", "u1", "L-1-k3-9", "Go:1", {},
    )  # fmt: skip
    assert row.lane == "dingtalk:u1"
    assert clicked(pressed())[0].dedup == row.dedup  # pushed again
    assert clicked(pressed(), id="m2")[0].dedup != row.dedup  # pressed again
    assert clicked(pressed(None, "Go:2"))[0].dedup != row.dedup
    assert clicked(pressed(), id="")[0].dedup == clicked(pressed(), id="")[0].dedup != row.dedup
    assert clicked(None, value=pressed())[0].event.action == "Go:1"
    assert clicked({"cardPrivateData": {"actionIds": ["Go:1"]}})[0].event.action == "Go:1"
    assert clicked(pressed(), spaceType="IM_GROUP", spaceId="cidG==")[0].event.chat == "cidG=="


@pytest.mark.parametrize(
    ("params", "values"),
    [
        ({"stage": "won"}, {"stage": ["won"]}),
        ({"stage": {"index": 2, "value": "won"}}, {"stage": ["won"]}),
        ({"tags": {"index": [0, 1], "value": ["a", "b"]}}, {"tags": ["a", "b"]}),
        ({"form": {"名称": "x", "级别": {"index": 0, "value": "A"}}}, {"名称": ["x"], "级别": ["A"]}),
        ({"n": 3, "yes": True, "none": None}, {"n": ["3"], "yes": ["true"], "none": []}),
    ],
)
def test_values_of_a_click(params: Any, values: dict[str, list[str]]) -> None:
    assert clicked(pressed(params))[0].event.values == values


def test_a_form_component_names_its_action_in_a_parameter() -> None:
    click = clicked(pressed({"action": "Save:3", "form": {"a": "1"}}, "form"))[0].event
    assert (click.action, click.values["a"]) == ("Save:3", ["1"])


@pytest.mark.parametrize("content", ["", "{", "[]", "7", None, '{"cardPrivateData":{"actionIds":[]}}'])
def test_a_click_on_nothing_is_nothing(content: Any) -> None:
    assert clicked(content) == ()


SLOWLY = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # whoever else uses the machine
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
KINDS = [
    "text",
    "richText",
    "picture",
    "audio",
    "video",
    "file",
    "chatRecord",
    "markdown",
    "link",
    "interactiveCard",
    "x",
]
robot_data = st.fixed_dictionaries(
    {"msgtype": st.sampled_from(KINDS) | json_values},
    optional={
        **{key: json_values for key in (*COMMON, "text", "hostingContext", "conversationMsgContext", "quoteMessage")},
        "content": json_values | st.fixed_dictionaries({}, optional={
            key: json_values for key in ("richText", "chatRecord", "summary", "records", "duration", "cardContent",
                                         "repliedMsg", "recognition", "title")}),
    },
)  # fmt: skip


@SLOWLY
@given(robot_data)
def test_no_message_raises_and_all_can_be_stored(data: dict[str, Any]) -> None:
    for row in inbound.robot(data, NOW):
        assert len(row.dedup) <= 200
        assert decode(encode(row.event)) == row.event


@SLOWLY
@given(json_values, json_values)
def test_no_click_or_event_raises(content: Any, users: Any) -> None:
    for frame in (
        Frame(
            "CALLBACK", CARD, "m", {"outTrackId": "t", "userId": "u", "content": content, "extension": users}
        ),
        Frame("EVENT", "*", "m", {"userId": users}, event_type="user_leave_org"),
    ):
        for row in inbound.events(frame, NOW) or ():
            encode(row.event).encode()
            assert len(row.dedup) <= 200


@SLOWLY
@given(st.text(max_size=80) | json_values.map(lambda v: json.dumps(v)))
def test_no_frame_raises(text: str) -> None:
    frame = frames.read(text)
    assert frame is None or isinstance(frame.data, dict)


@SLOWLY
@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["SYSTEM", "EVENT", "CALLBACK", "OTHER"]) | json_values},
        optional={
            "headers": json_values | st.dictionaries(
                st.sampled_from(["topic", "messageId", "time", "eventBornTime", "eventId", "eventType"]), json_values),
            "data": json_values,
        },
    )
)  # fmt: skip
def test_no_odd_frame_raises_and_each_can_be_answered(raw: dict[str, Any]) -> None:
    frame = frames.read(json.dumps(raw))
    assert frame is not None
    answer = json.loads(frames.ack(frame, {"response": None}))
    assert answer["headers"].get("messageId", "") == frame.id
    assert json.loads(answer["data"]) == {"response": None}


def test_deeply_nested_text_is_only_text() -> None:
    assert frames.read("[" * 100_000) is None
    message = record(chatRecord="[" * 50_000, summary="{" * 50_000)
    assert message.incomplete


def test_nothing_that_a_database_refuses_gets_through() -> None:
    message = read(msgtype="text", text={"content": "a\x00b\ud800c"}, senderNick="\udfff")
    assert message.text == "ab?c"
    encode(message).encode("utf-8")
    (row,) = clicked(pressed({"a\ud800": "b\udfff"}))
    assert row.event.values == {"a?": ["b?"]}
    encode(row.event).encode("utf-8")


def test_error_texts_keep_phone_numbers_to_themselves() -> None:
    refused = errors.refusal(400, "staffId.notExisted", "user 13800138000 not found", NOW)
    assert "13800138000" not in refused.reason + refused.code
    assert errors.numbered(88, "x", NOW, "90018").after == 1
    assert errors.numbered(60121, "找不到该用户", NOW).retry is False


def test_the_quota_month_is_beijing_time() -> None:
    assert until_next_month(datetime(2026, 1, 31, 15, 59, 50, tzinfo=UTC)) == 10
    assert until_next_month(datetime(2026, 1, 31, 16, 0, tzinfo=UTC)) == 28 * 86400
    assert until_next_month(datetime(2026, 12, 1, 0, 0, tzinfo=UTC)) == 31 * 86400 - 8 * 3600
