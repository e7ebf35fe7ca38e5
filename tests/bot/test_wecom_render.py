"""Cards as WeCom shows them: every type, within every limit, and no button lost."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.wecom.picks import resolve
from bot.wecom.render import render
from cards.card import Button, Card, Field, Option, Select, Style, Tone
from sim.wecom_cards import check_card

URL = "https://crm.example.com"


def shown(card: Card, task_id: str = "L-1024-a-1") -> Any:
    """The template_card; the simulator's rules have nothing to say about it, hard or soft."""
    made = render(card, public_url=URL, brand="跟进", task_id=task_id)
    assert check_card(made, update=not task_id) == []
    return made


def pressed(made: Any, label: str, **chosen: str | list[str]) -> tuple[str, dict[str, list[str]]]:
    """(action, values) of pressing `label` after choosing option labels by the question's title."""
    buttons = [*made.get("button_list", ()), *([made["submit_button"]] if "submit_button" in made else [])]
    key = next(b["key"] for b in buttons if b["text"] == label)
    selects = [
        *made.get("select_list", ()),
        *([made["button_selection"]] if "button_selection" in made else []),
    ]
    values: dict[str, list[str]] = {}
    for select in selects:
        wanted = [o["id"] for o in select["option_list"] if o["text"] == chosen.get(select["title"])]
        first = select.get("selected_id") or select["option_list"][0]["id"]
        values[select["question_key"]] = wanted or [first]
    if "checkbox" in made:
        ticks = chosen.get("ticks", [])
        options = made["checkbox"]["option_list"]
        values[made["checkbox"]["question_key"]] = [o["id"] for o in options if o["text"] in ticks]
    return resolve(key, values)


def buttons(count: int) -> tuple[Button, ...]:
    return tuple(Button(f"按钮{n}", f"Press:{n}") for n in range(1, count + 1))


STAGE = Select("stage", "阶段", (Option("初访", "first"), Option("报价", "quote")), "quote")
CHANNEL = Select("channel", "方式", (Option("电话", "call"), Option("面谈", "visit")))
REASON = Select("reason", "原因", (Option("价格", "price"), Option("交期", "time")))
VISITS = Select("visit", "拜访", (Option("华东机电", "c1"), Option("北辰", "c2")), "c1", many=True)
SAVE = Button("提交", "Save:7", Style.PRIMARY)


def test_a_new_lead() -> None:
    card = Card(
        "lead.new",
        "🔔 新线索 L-1024 · 图纸定制",
        "L-1024",
        ("宁波某汽配 · 陈工 · 138****5678", "需求：液压阀块，月 300 件", "目标 13:32 前首触，最晚 15:32"),
        (Field("来源", "官网询盘 10:02"),),
        (
            Button("开始跟进", "Begin:1024", Style.PRIMARY),
            Button("转给同事", "Give:1024"),
            Button("更多", "More:1024"),
        ),
        tone=Tone.WARN,
    )
    made = shown(card)
    assert made["card_type"] == "button_interaction"
    assert made["task_id"] == "L-1024-a-1"
    assert made["source"] == {"desc": "跟进 · L-1024", "desc_color": 2}
    assert made["main_title"] == {"title": card.title, "desc": card.lines[0]}
    assert made["sub_title_text"] == "需求：液压阀块，月 300 件\n目标 13:32 前首触，最晚 15:32"
    assert made["horizontal_content_list"] == [{"keyname": "来源", "value": "官网询盘 10:02"}]
    assert [(b["text"], b["style"], b["key"]) for b in made["button_list"]] == [
        ("开始跟进", 1, "Begin:1024"),
        ("转给同事", 2, "Give:1024"),
        ("更多", 2, "More:1024"),
    ]


def test_a_card_without_buttons_leads_somewhere() -> None:
    made = shown(Card("digest", "今日 3 件事", lines=("1 首触：L-1023",)))
    url = made["card_action"]["url"]
    assert (made["card_type"], url.partition("#")[0]) == ("text_notice", URL)
    assert "task_id" not in made
    again = render(Card("digest", "今日 3 件事"), public_url=URL, brand="跟进", task_id="L-1-a-2")
    assert again["card_action"]["url"] != url, "the duplicate check must not swallow it"
    linked = shown(Card("digest", "周报", buttons=(Button("看明细", "https://crm.example.com/board"),)))
    assert linked["card_action"]["url"].startswith("https://crm.example.com/board")
    assert [jump["title"] for jump in linked["jump_list"]] == ["看明细"]


def test_a_picture_makes_it_news() -> None:
    made = shown(Card("x", "新方案", lines=("一", "二", "三", "四", "五", "六"), image="https://a.cn/b.png"))
    assert made["card_type"] == "news_notice"
    assert made["card_image"] == {"url": "https://a.cn/b.png"}
    assert len(made["vertical_content_list"]) == 4
    assert made["vertical_content_list"][3] == {"title": "五"} or "六" in str(
        made["vertical_content_list"][3]
    )


def test_lines_without_anything_to_read_are_left_out() -> None:
    made = shown(Card("x", "t", lines=("一", "\x08", " "), image="https://a.cn/b.png", note="\x00"))
    assert "vertical_content_list" not in made


def test_links_stand_beside_buttons() -> None:
    card = Card("x", "t", buttons=(Button("是", "Yes:1"), Button("看", "https://a.cn"), *buttons(5)))
    made = shown(card)
    assert [b["text"] for b in made["button_list"]] == ["是", *(f"按钮{n}" for n in range(1, 6))]
    assert made["horizontal_content_list"] == [
        {"keyname": "链接", "value": "看", "type": 1, "url": "https://a.cn"}
    ]


def test_one_drop_down_stays_with_its_buttons() -> None:
    made = shown(Card("x", "t", selects=(STAGE,), submit=SAVE, buttons=buttons(2)))
    assert made["card_type"] == "button_interaction"
    assert made["button_selection"]["selected_id"] == "quote"
    assert pressed(made, "提交", 阶段="初访") == ("Save:7", {"stage": ["first"]})
    assert pressed(made, "按钮2") == ("Press:2", {"stage": ["quote"]})


def test_several_drop_downs() -> None:
    made = shown(Card("x", "t", selects=(STAGE, CHANNEL, REASON), submit=SAVE))
    assert made["card_type"] == "multiple_interaction"
    assert pressed(made, "提交", 方式="面谈") == (
        "Save:7",
        {"stage": ["quote"], "channel": ["visit"], "reason": ["price"]},
    )


def test_several_drop_downs_and_buttons() -> None:
    made = shown(Card("x", "t", selects=(STAGE, CHANNEL), submit=SAVE, buttons=buttons(2)))
    assert [select["title"] for select in made["select_list"]] == ["阶段", "方式", "操作"]
    assert pressed(made, "确定") == ("Save:7", {"stage": ["quote"], "channel": ["call"]})
    assert pressed(made, "确定", 操作="按钮2")[0] == "Press:2"


def test_buttons_come_before_drop_downs_and_these_are_written_out() -> None:
    made = shown(Card("x", "t", selects=(STAGE, CHANNEL, REASON), submit=SAVE, buttons=buttons(2)))
    assert [select["title"] for select in made["select_list"]] == ["阶段", "方式", "操作"]
    assert "原因：价格、交期" in made["main_title"]["desc"]
    assert pressed(made, "确定", 操作="按钮1")[0] == "Press:1"


def test_ticks() -> None:
    made = shown(Card("x", "下周拜访谁？", selects=(VISITS,), submit=SAVE))
    assert made["card_type"] == "vote_interaction"
    assert [o["is_checked"] for o in made["checkbox"]["option_list"]] == [True, False]
    assert pressed(made, "提交", ticks=["华东机电", "北辰"]) == ("Save:7", {"visit": ["c1", "c2"]})


def test_ticks_with_more_buttons() -> None:
    made = shown(Card("x", "t", selects=(VISITS,), submit=SAVE, buttons=buttons(2)))
    assert made["card_type"] == "vote_interaction"
    assert pressed(made, "提交", ticks=["北辰"]) == ("Save:7", {"visit": ["c2"]})
    assert pressed(made, "提交", ticks=["▸按钮2"]) == ("Press:2", {})


def test_values_that_look_like_actions_are_not_mixed_with_buttons() -> None:
    capitals = Select("grade", "等级", (Option("甲", "A"), Option("乙", "B")), many=True)
    made = shown(Card("x", "t", selects=(capitals,), submit=SAVE, buttons=buttons(2)))
    assert made["card_type"] == "button_interaction"
    assert pressed(made, "提交", 等级="乙") == ("Save:7", {"grade": ["B"]})


@pytest.mark.parametrize("count", [7, 9, 10, 11, 18, 27])
def test_more_than_six_buttons_become_a_drop_down(count: int) -> None:
    made = shown(Card("x", "选一个结论", buttons=buttons(count)))
    assert made["card_type"] == "multiple_interaction"
    for n in range(1, count + 1):
        assert pressed(made, "确定", 操作=f"按钮{n}") == (f"Press:{n}", {})
    if count != 10:
        assert pressed(made, "确定") == ("pick", {})  # nothing was chosen: nothing is pressed


def test_options_that_are_actions() -> None:
    """Candidates in a drop-down: choosing one is the action itself, with or without a submit of the card's own."""
    who = Select("who", "转给", (Option("李倩", "Assign:1024:liqian"), Option("孙浩", "Assign:1024:sunhao")))
    bare = shown(Card("x", "t", selects=(who,), buttons=(Button("放回公海", "Pool:1024"),)))
    assert pressed(bare, "确定", 转给="孙浩") == ("Assign:1024:sunhao", {})
    assert pressed(bare, "放回公海")[0] == "Pool:1024"
    own = shown(Card("x", "t", selects=(who,), submit=Button("转派", "Give:1024")))
    assert pressed(own, "转派", 转给="李倩") == ("Assign:1024:liqian", {})
    both = shown(Card("x", "t", selects=(who, STAGE), submit=Button("转派", "Give:1024")))
    assert pressed(both, "转派", 转给="李倩") == ("Assign:1024:liqian", {"stage": ["quote"]})


def test_a_drop_down_that_nothing_could_send_is_written_out() -> None:
    made = shown(Card("x", "t", selects=(STAGE,)))
    assert made["card_type"] == "text_notice"
    assert "阶段：初访、报价" in str(made)


def test_a_closed_card() -> None:
    card = Card(
        "x", "🔔 新线索", "L-1", ("宁波",), buttons=buttons(3), selects=(STAGE,), closed="已由李四认领"
    )
    grey = shown(card, task_id="")
    assert (grey["card_type"], grey["replace_text"]) == ("button_interaction", "已由李四认领")
    assert "task_id" not in grey
    anew = shown(card, task_id="L-1-a-1-r9")
    assert anew["card_type"] == "text_notice"
    assert "［已由李四认领］" in str(anew)


def test_long_values_move_into_the_text() -> None:
    words = "报价、300件、液压阀块、图纸定制、交期四周、含税含运费、付款三七开、需要样品"
    made = shown(
        Card("x", "t", fields=(Field("关键词", words), Field("姓名", "陈立"), Field("一个很长的名字", "值")))
    )
    assert made["horizontal_content_list"] == [{"keyname": "姓名", "value": "陈立"}]
    assert words in made["main_title"].get("desc", "") + made["sub_title_text"]
    assert "一个很长的名字：值" in str(made)


def test_what_finds_no_room_ends_in_dots() -> None:
    made = shown(Card("x", "很" * 60, lines=("长" * 500,), fields=(Field("名" * 9, "值" * 99),)))
    assert made["main_title"]["title"] == "很" * 35 + "…"
    assert made["sub_title_text"].endswith("…")
    assert len(made["sub_title_text"]) == 160
    assert made["horizontal_content_list"] == [{"keyname": "名" * 4 + "…", "value": "值" * 29 + "…"}]


words = st.text(max_size=60) | st.sampled_from(
    ["", " ", "\x00\x01", "客户\n电话", "\\u4e2d", "长" * 400, "🔔" * 50]
)
packed = st.from_regex(r"[A-Z][a-z]{1,8}(:[0-9a-z%.]{0,12}){0,3}", fullmatch=True) | st.just(
    "Long:" + "x" * 123
)
link = st.sampled_from(["https://a.cn/x", "http://", "https:// bad", "https://a.cn/" + "x" * 3000])
button = st.builds(Button, words, packed | link, st.sampled_from(Style))
option = st.builds(Option, words, words | packed | st.just("v" * 200))
select = st.builds(Select, words, words, st.lists(option, max_size=25).map(tuple), words, st.booleans())
cards = st.builds(
    Card,
    kind=words,
    title=words,
    subject=words,
    lines=st.lists(words, max_size=8).map(tuple),
    fields=st.lists(st.builds(Field, words, words), max_size=10).map(tuple),
    buttons=st.lists(button, max_size=20).map(tuple),
    selects=st.lists(select, max_size=5).map(tuple),
    submit=st.none() | button,
    note=words,
    tone=st.sampled_from(Tone),
    image=words | link,
    closed=st.sampled_from(["", "", "", "已完成", "长" * 40]),
)


def reachable(made: Any) -> set[str]:
    """Every action that some press on the card leads to."""
    found: set[str] = set()
    keys = [b["key"] for b in made.get("button_list", ()) if b.get("type") != 1]
    keys += [made["submit_button"]["key"]] if "submit_button" in made else []
    questions = [
        *made.get("select_list", ()),
        *(made[q] for q in ("button_selection", "checkbox") if q in made),
    ]
    for key in keys:
        found.add(resolve(key, {})[0])
        for question in questions:
            for one in question["option_list"]:
                found.add(resolve(key, {question["question_key"]: [one["id"]]})[0])
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cards, st.sampled_from(["L-1024-a-1", ""]))
def test_any_card_is_within_all_limits_and_keeps_its_buttons(card: Card, task_id: str) -> None:
    made = shown(card, task_id)
    wanted = {button.action for button in card.choices if len(button.action.encode()) <= 128}
    assert wanted <= reachable(made)


def test_a_closed_card_keeps_no_hint() -> None:
    card = Card(
        "x", "转派给谁？", lines=("宁波某汽配",), buttons=buttons(2), note="指定其他同事：/转派 1024 @姓名"
    )
    closed = replace(card, closed="已跟进")
    for made in (shown(closed), shown(closed, task_id="")):
        assert "已跟进" in str(made)
        assert "指定其他同事" not in str(made)
