"""Every rule of template cards refuses with its own error code; soft limits only warn."""

import copy
from typing import Any

import pytest

from sim.phone import Seen
from sim.refusal import Refusal
from sim.wecom_cards import calls_back, check_card
from sim.wecom_screen import grey_buttons, paint_card

URL = "https://crm.example.com/l/42"
OPTIONS = [{"id": "a", "text": "意向高"}, {"id": "b", "text": "待确认"}]
TEXT = {
    "card_type": "text_notice",
    "source": {"desc": "销售助手", "desc_color": 1},
    "main_title": {"title": "今日待跟进 3 条", "desc": "截至 09:00"},
    "emphasis_content": {"title": "3", "desc": "待跟进"},
    "horizontal_content_list": [
        {"keyname": "客户", "value": "华东机电"},
        {"keyname": "负责人", "type": 3, "value": "李四", "userid": "lisi"},
    ],
    "jump_list": [{"type": 1, "title": "打开 CRM", "url": URL}],
    "card_action": {"type": 1, "url": URL},
}
NEWS = {
    "card_type": "news_notice",
    "main_title": {"title": "新方案"},
    "card_image": {"url": "https://example.com/a.png", "aspect_ratio": 1.6},
    "vertical_content_list": [{"title": "方案 A", "desc": "三年质保"}],
    "card_action": {"type": 1, "url": URL},
}
BUTTON = {
    "card_type": "button_interaction",
    "task_id": "lead-42@1",
    "main_title": {"title": "新线索：王女士", "desc": "来源 展会二维码"},
    "sub_title_text": "需要你在 24 小时内联系",
    "quote_area": {"title": "原话", "quote_text": "想买两台"},
    "button_selection": {
        "question_key": "reason",
        "title": "原因",
        "option_list": OPTIONS,
        "selected_id": "b",
    },
    "button_list": [
        {"text": "我来跟", "style": 1, "key": "claim:42"},
        {"text": "转派", "style": 2, "key": "reassign:42"},
        {"type": 1, "text": "详情", "url": URL},
    ],
}
VOTE = {
    "card_type": "vote_interaction",
    "task_id": "q-7@2",
    "main_title": {"title": "下周拜访谁？"},
    "checkbox": {
        "question_key": "visit",
        "mode": 1,
        "option_list": [
            {"id": "c1", "text": "华东机电", "is_checked": True},
            {"id": "c2", "text": "北辰", "is_checked": False},
        ],
    },
    "submit_button": {"text": "提交", "key": "vote_submit"},
}
MULTIPLE = {
    "card_type": "multiple_interaction",
    "task_id": "lead-42@2",
    "main_title": {"title": "更新跟进"},
    "select_list": [
        {"question_key": "stage", "title": "阶段", "selected_id": "b", "option_list": OPTIONS},
        {"question_key": "next", "title": "下一步", "option_list": OPTIONS},
    ],
    "submit_button": {"text": "提交", "key": "submit_followup"},
}
CARDS = {"text": TEXT, "news": NEWS, "button": BUTTON, "vote": VOTE, "multiple": MULTIPLE}
GONE = object()


def but(card: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the card with one thing changed (GONE: removed); path `a.0.b`."""
    changed = copy.deepcopy(card)
    *way, last = path.split(".")
    holder: Any = changed
    for step in way:
        holder = holder[int(step)] if step.isdigit() else holder[step]
    key: Any = int(last) if last.isdigit() else last
    if value is GONE:
        del holder[key]
    else:
        holder[key] = value
    return changed


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_the_samples_of_the_reference_pass_without_a_warning(card: dict[str, Any]) -> None:
    assert check_card(card) == []


ROW = {"keyname": "客户", "value": "x"}
BREAKAGES = [
    ("text", "card_type", "table", 42031),
    ("text", "card_type", GONE, 42031),
    ("text", "horizontal_content_list.0.keyname", GONE, 42027),
    ("text", "horizontal_content_list", [ROW] * 7, 42035),
    ("text", "horizontal_content_list.0", {"keyname": "链接", "type": 1}, 42028),
    ("text", "horizontal_content_list.0", {"keyname": "附件", "type": 2, "value": "a.pdf"}, 42029),
    ("text", "horizontal_content_list.1.userid", GONE, 42050),
    ("text", "jump_list", [{"title": "x", "type": 1, "url": URL}] * 4, 42042),
    ("text", "jump_list.0.title", "", 42033),
    ("text", "jump_list.0.url", GONE, 42028),
    ("text", "jump_list.0.url", "crm.example.com", 45034),
    ("text", "jump_list.0", {"title": "小程序", "type": 2}, 42030),
    ("text", "card_action", GONE, 42045),
    ("text", "card_action.type", 0, 42045),
    ("text", "card_action.url", GONE, 42028),
    ("text", "card_action", {"type": 2}, 42030),
    ("text", "main_title", GONE, 42033),
    ("text", "quote_area", {"type": 1}, 42028),
    ("news", "main_title.title", GONE, 42033),
    ("news", "card_image", GONE, 42044),
    ("news", "card_image.url", GONE, 42044),
    ("news", "card_image.url", "a.png", 42044),
    ("news", "vertical_content_list", [{"title": "x"}] * 5, 42036),
    ("news", "vertical_content_list.0.title", GONE, 42033),
    ("button", "task_id", GONE, 42014),
    ("button", "task_id", "lead:42", 42014),
    ("button", "task_id", "x" * 129, 42014),
    ("button", "button_list", GONE, 42038),
    ("button", "button_list.0.text", GONE, 42038),
    ("button", "button_list.0.key", GONE, 42039),
    ("button", "button_list.0.key", "k" * 1025, 42039),
    ("button", "button_list.1.key", "claim:42", 42039),
    ("button", "button_list.2.url", GONE, 42028),
    ("button", "button_list", [{"text": "x", "key": str(n)} for n in range(7)], 40058),
    ("button", "button_list.0.style", 5, 40058),
    ("button", "button_selection.question_key", GONE, 42043),
    ("button", "button_selection.option_list", [], 42037),
    ("button", "button_selection.option_list", [{"id": str(n), "text": "x"} for n in range(11)], 42037),
    ("button", "button_selection.option_list.0.id", GONE, 42040),
    ("button", "button_selection.option_list.0.id", "客" * 43, 42040),
    ("button", "button_selection.option_list.1.id", "a", 42040),
    ("button", "button_selection.option_list.0.text", GONE, 42041),
    ("button", "action_menu", {"action_list": []}, 40058),
    ("button", "action_menu", {"action_list": [{"text": "x"}]}, 42019),
    ("button", "action_menu", {"action_list": [{"key": "x"}]}, 42020),
    ("button", "action_menu", {"action_list": [{"text": "x", "key": "k"}] * 2}, 42051),
    ("button", "action_menu", {"action_list": [{"text": "x", "key": str(n)} for n in range(4)]}, 40058),
    ("vote", "checkbox", GONE, 42043),
    ("vote", "checkbox.question_key", "", 42043),
    ("vote", "checkbox.mode", 2, 40058),
    ("vote", "checkbox.option_list.0.is_checked", GONE, 40058),
    (
        "vote",
        "checkbox.option_list",
        [{"id": str(n), "text": "x", "is_checked": False} for n in range(21)],
        42037,
    ),
    ("vote", "submit_button", GONE, 42049),
    ("vote", "submit_button.text", GONE, 42049),
    ("vote", "submit_button.key", GONE, 42046),
    ("multiple", "select_list", GONE, 42047),
    ("multiple", "select_list", [], 42047),
    ("multiple", "select_list", [MULTIPLE["select_list"][0]] * 4, 42047),  # type: ignore[index]
    ("multiple", "select_list.1.question_key", "stage", 42043),
    ("multiple", "select_list.0.option_list", [{"id": str(n), "text": "x"} for n in range(11)], 42037),
]


@pytest.mark.parametrize(("name", "path", "value", "code"), BREAKAGES)
def test_a_broken_card_is_refused_with_its_code(name: str, path: str, value: Any, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        check_card(but(CARDS[name], path, value))
    assert caught.value.code == code


SOFT = [
    ("text", "main_title.title", "题" * 37),
    ("text", "main_title.desc", "述" * 45),
    ("text", "source.desc", "源" * 21),
    ("text", "emphasis_content.title", "9" * 15),
    ("text", "sub_title_text", "副" * 161),
    ("text", "horizontal_content_list.0.keyname", "六个字的键名"),
    ("text", "horizontal_content_list.0.value", "值" * 31),
    ("text", "jump_list.0.title", "跳" * 19),
    ("text", "button_list", [{"text": "x", "key": "k"}]),
    ("news", "card_image.aspect_ratio", 3.0),
    ("news", "vertical_content_list.0.title", "竖" * 39),
    ("button", "button_list.0.text", "按" * 11),
    ("button", "button_selection.option_list.0.text", "选" * 17),
    ("vote", "main_title.title", "票" * 17),
    ("vote", "source", {"desc": "x", "desc_color": 1}),
    ("multiple", "submit_button.text", "提" * 11),
]


@pytest.mark.parametrize(("name", "path", "value"), SOFT)
def test_a_soft_limit_warns_and_passes(name: str, path: str, value: Any) -> None:
    assert len(check_card(but(CARDS[name], path, value))) == 1


def test_only_an_update_may_carry_replace_text_and_leave_out_what_is_done_with() -> None:
    assert check_card(BUTTON | {"replace_text": "已认领"}) == [
        "button_interaction does not show replace_text"
    ]
    done = {"card_type": "button_interaction", "main_title": {"title": "已认领"}, "replace_text": "李四"}
    assert check_card(done, update=True) == []
    assert check_card(but(VOTE, "submit_button", GONE), update=True) == []
    with pytest.raises(Refusal):
        check_card(but(TEXT, "card_action", GONE), update=True)


def test_which_cards_call_back() -> None:
    assert [calls_back(card) for card in CARDS.values()] == [False, False, True, True, True]
    assert calls_back(TEXT | {"action_menu": {"action_list": [{"text": "忽略", "key": "mute"}]}})


def painted(card: dict[str, Any]) -> Seen:
    seen = Seen(1, "template_card", "", 0.0)
    paint_card(seen, card)
    return seen


def test_a_button_card_on_the_screen() -> None:
    seen = painted(BUTTON | {"action_menu": {"action_list": [{"text": "忽略", "key": "mute"}]}})
    assert seen.text.split("\n") == [
        "新线索：王女士",
        "来源 展会二维码",
        "原话",
        "想买两台",
        "需要你在 24 小时内联系",
    ]
    assert [press.label for press in seen.buttons] == ["我来跟", "转派", "详情", "忽略"]
    assert seen.buttons[2].link == URL
    assert seen.picks[0].chosen == ["b"]


def test_a_notice_on_the_screen_reads_key_and_value() -> None:
    seen = painted(TEXT)
    assert "客户：华东机电\n负责人：李四" in seen.text
    assert [(press.label, press.link) for press in seen.buttons] == [("打开 CRM", URL), ("打开卡片", URL)]


def test_selections_start_as_the_card_says_or_with_the_first() -> None:
    assert [pick.chosen for pick in painted(MULTIPLE).picks] == [["b"], ["a"]]
    assert painted(VOTE).picks[0].chosen == ["c1"]
    assert painted(VOTE).picks[0].many


def test_replacing_the_button_leaves_links_and_locks_the_rest() -> None:
    seen = painted(BUTTON)
    grey_buttons(seen, "已跟进")
    grey_buttons(seen, "已撤销")
    assert [(press.label, press.enabled) for press in seen.buttons] == [("已撤销", False), ("详情", True)]
    assert seen.text.endswith("需要你在 24 小时内联系\n已撤销")
    assert not seen.picks[0].enabled
