"""What people do in WeCom, as the events that handlers get."""

from datetime import UTC, datetime

import pytest

from bot.envelope import Garbled
from bot.events import Alert, Arrived, Click, Incoming, Kind, Message, decode, encode
from bot.fields import fields_of
from bot.wecom import decode as wecom

NOW = datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)
AT = datetime(2026, 1, 1, tzinfo=UTC)  # 1767225600


def heard(body: str, user: str = "LiSi", created: str = "1767225600") -> Incoming | None:
    xml = (
        f"<xml><ToUserName><![CDATA[wwC]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>"
        f"<CreateTime>{created}</CreateTime>{body}<AgentID>1000002</AgentID></xml>"
    )
    return wecom.decode(fields_of(xml.encode()), NOW)


def message(body: str) -> Message:
    incoming = heard(body + "<MsgId>7391000000000000001</MsgId>")
    assert incoming is not None
    assert (incoming.dedup, incoming.lane) == ("wecom:msg:7391000000000000001", "wecom:lisi")
    event = incoming.event
    assert isinstance(event, Message)
    assert decode(encode(event)) == event
    assert (event.platform, event.user, event.at) == ("wecom", "lisi", AT)
    return event


def event(name: str, more: str = "", **kwargs: str) -> Incoming | None:
    return heard(f"<MsgType>event</MsgType><Event>{name}</Event>{more}", **kwargs)


def test_a_text() -> None:
    text = message(
        "<MsgType>text</MsgType><Content><![CDATA[李四 13800138000\n想买 <两台> & 更多]]></Content>"
    )
    assert (text.kind, text.text) == (Kind.TEXT, "李四 13800138000\n想买 <两台> & 更多")


def test_a_voice_message_has_no_words() -> None:
    voice = message("<MsgType>voice</MsgType><MediaId>M1</MediaId><Format>speex</Format>")
    assert (voice.kind, voice.text) == (Kind.VOICE, "")
    assert voice.media
    assert (voice.media.ref, voice.media.name) == ("M1", "voice.speex")


@pytest.mark.parametrize(("kind", "expected"), [("image", Kind.IMAGE), ("video", Kind.VIDEO)])
def test_pictures_and_films(kind: str, expected: Kind) -> None:
    seen = message(f"<MsgType>{kind}</MsgType><MediaId>M2</MediaId>")
    assert seen.kind is expected
    assert seen.media
    assert seen.media.ref == "M2"


def test_a_place() -> None:
    place = "<MsgType>location</MsgType><Location_X>31.57</Location_X><Location_Y>120.30</Location_Y>"
    assert message(place + "<Label><![CDATA[无锡市新吴区]]></Label>").text == "无锡市新吴区"
    assert message(place + "<Label></Label>").text == "31.57,120.30"


def test_a_link_is_title_and_address() -> None:
    link = message("<MsgType>link</MsgType><Title>报价单</Title><Url><![CDATA[https://a.cn/?b=1&c=2]]></Url>")
    assert (link.kind, link.text) == (Kind.LINK, "报价单\nhttps://a.cn/?b=1&c=2")


@pytest.mark.parametrize("kind", ["file", "chatrecord", "card", "weapp"])
def test_an_unknown_type_is_handed_on_to_be_declined(kind: str) -> None:
    assert message(f"<MsgType>{kind}</MsgType>").kind is Kind.UNKNOWN


def test_a_message_without_an_id_is_known_by_its_words() -> None:
    one = heard("<MsgType>text</MsgType><Content>好</Content>")
    same = heard("<MsgType>text</MsgType><Content>好</Content>")
    other = heard("<MsgType>text</MsgType><Content>不好</Content>")
    assert one
    assert same
    assert other
    assert one.dedup == same.dedup != other.dedup


def test_coming_and_going() -> None:
    came, went = event("subscribe"), event("unsubscribe")
    assert came
    assert went
    assert came.event == Arrived("wecom", "lisi", AT, why="subscribe")
    assert went.event == Arrived("wecom", "lisi", AT, gone=True, why="unsubscribe")


def test_opening_the_chat_is_news_once_in_ten_minutes() -> None:
    first, soon = event("enter_agent"), event("enter_agent", created="1767225900")
    later = event("enter_agent", created="1767226300")
    assert first
    assert soon
    assert later
    assert first.dedup == soon.dedup != later.dedup
    assert isinstance(first.event, Arrived)
    assert wecom.is_entering(first)


def test_a_menu_entry_is_a_typed_command() -> None:
    tapped = event("click", "<EventKey><![CDATA[cmd:/今日]]></EventKey>")
    assert tapped
    assert tapped.event == Message("wecom", "lisi", "/今日", AT)


CLICK = (
    "<EventKey><![CDATA[{key}]]></EventKey><TaskId>L-1024-a-88</TaskId><CardType>x</CardType>"
    "<ResponseCode>{code}</ResponseCode>{selected}"
)


def click(key: str, selected: str = "", code: str = "RC1", name: str = "template_card_event") -> Incoming:
    incoming = event(name, CLICK.format(key=key, code=code, selected=selected))
    assert incoming
    assert isinstance(incoming.event, Click)
    return incoming


def selected(**questions: list[str]) -> str:
    items = ""
    for question, ids in questions.items():
        options = "".join(f"<OptionId>{one}</OptionId>" for one in ids)
        items += f"<SelectedItem><QuestionKey>{question}</QuestionKey><OptionIds>{options}</OptionIds></SelectedItem>"
    return f"<SelectedItems>{items}</SelectedItems>"


def test_a_button() -> None:
    pressed = click("CheckInStep:1024:phone").event
    assert pressed == Click("wecom", "lisi", "L-1024-a-88", "CheckInStep:1024:phone", AT, code="RC1")


def test_a_card_menu_is_a_button_too() -> None:
    assert click("Snooze:1", name="template_card_menu_event").event == click("Snooze:1").event


def test_choices_come_as_lists_whether_one_or_several() -> None:
    one = click("Save:1", selected(stage=["won"])).event
    two = click("Save:1", selected(stage=["won"], next=["call", "visit"])).event
    assert isinstance(one, Click)
    assert isinstance(two, Click)
    assert one.values == {"stage": ["won"]}
    assert two.values == {"stage": ["won"], "next": ["call", "visit"]}


def test_two_presses_are_two_events_and_a_repeat_is_one() -> None:
    assert click("A:1").dedup == click("A:1").dedup
    assert click("A:1").dedup != click("A:1", code="RC2").dedup
    assert click("A:1").dedup != click("A:2").dedup


def test_two_leads_of_one_second_stay_two() -> None:
    """The documented key (sender and second) would merge them; each customer has a mailbox of their own."""
    more = "<ChangeType>add_external_contact</ChangeType><UserID>lisi</UserID><ExternalUserID>{}</ExternalUserID>"
    root = [fields_of(f"<xml><Event>e</Event>{more.format(x)}</xml>".encode()) for x in ("woA", "woB")]
    assert wecom._event_key(root[0], "sys", AT) != wecom._event_key(root[1], "sys", AT)
    both = [event("change_external_contact", more.format(x), user="sys") for x in ("woA", "woB")]
    assert both[0]
    assert both[1]
    assert both[0].dedup != both[1].dedup
    assert both[0].lane != both[1].lane
    assert event("change_external_contact", "<ChangeType>x</ChangeType>", user="sys") is None


@pytest.mark.parametrize("name", sorted(wecom.ALERTS))
def test_wecom_speaks_of_the_app(name: str) -> None:
    incoming = event(name, "<EffectTime>1767225600</EffectTime>", user="sys")
    assert incoming
    assert incoming.event == Alert("wecom", name, wecom.ALERTS[name], AT)


@pytest.mark.parametrize(
    "name", ["view", "LOCATION", "batch_job_result", "scancode_push", "never_heard_of", ""]
)
def test_other_events_are_left(name: str) -> None:
    assert event(name, "<EventKey>x</EventKey>") is None


def test_a_missing_time_is_now_and_a_missing_sender_nothing() -> None:
    late = heard("<MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId>", created="99999999999999999")
    assert late
    assert late.event == Message("wecom", "lisi", "x", NOW)
    assert heard("<MsgType>text</MsgType><Content>x</Content>", user="") is None


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"hello",
        b"<xml><a></xml>",
        b'<?xml version="1.0" encoding="nonsense"?><xml/>',
        b'<!DOCTYPE lolz [<!ENTITY lol "lol">]><xml><MsgType>&lol;</MsgType></xml>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
    ],
)
def test_what_is_not_plain_xml_is_garbled(xml: bytes) -> None:
    with pytest.raises(Garbled):
        wecom.decode(fields_of(xml), NOW)
