"""Cards for DingTalk: whatever the card, it fits; whatever is pressed, it says what the card meant."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dingtalk import actioncard, render
from bot.dingtalk.markdown import clip, plain
from cards.card import Button, Card, Field, Option, Select, Style, Tone

words = st.text(max_size=60)
long = st.text(max_size=400)
actions = st.one_of(
    st.from_regex(r"[A-Z][a-z]{1,9}(:[0-9A-Za-z%._@-]{1,40}){0,2}", fullmatch=True),
    st.just("https://bot.example/c/1?a=b"),
)
buttons = st.builds(Button, words, actions, st.sampled_from(Style))
options = st.builds(Option, words, st.one_of(words, actions))
selects = st.builds(Select, words, words, st.lists(options, max_size=5).map(tuple), words, st.booleans())
cards = st.builds(
    Card,
    kind=st.just("any"),
    title=long,
    subject=words,
    lines=st.lists(long, max_size=8).map(tuple),
    fields=st.lists(st.builds(Field, words, long), max_size=8).map(tuple),
    buttons=st.lists(buttons, max_size=12).map(tuple),
    selects=st.lists(selects, max_size=3).map(tuple),
    submit=st.one_of(st.none(), buttons),
    note=long,
    tone=st.sampled_from(Tone),
    image=st.sampled_from(("", "https://bot.example/i.png", "javascript:x")),
    closed=st.one_of(st.just(""), words),
)


@given(cards, st.integers(64, 2048))
def test_any_card_fits_the_template(card: Card, size: int) -> None:
    values = render.params(card, render.Room(size))
    assert set(values) == {"title", "markdown", "tips", "sys_full_json_obj"}
    assert all(isinstance(value, str) and len(value.encode()) <= size for value in values.values())
    shown = json.loads(values["sys_full_json_obj"])["msgButtons"]
    presses = render.presses(card)
    assert len(shown) <= len(presses)
    for button, press in zip(shown, presses, strict=False):
        assert button.get("url" if press.link else "id") == press.id  # ids are whole or absent, never cut
        assert press.link or button["request"] is True
        assert button["color"] in {"blue", "gray", "red"}
    if card.closed:
        assert shown == []
        assert values["tips"].startswith(clip(card.closed, 30).rstrip("…"))


@given(cards)
def test_any_card_fits_an_action_card(card: Card) -> None:
    key, text = actioncard.message(card, "L-1024-k3-88")
    param = json.loads(text)
    assert len(text.encode()) <= 15_000
    assert all(isinstance(value, str) for value in param.values())
    assert param["title"]
    assert param["text"]
    count = min(5, len(render.presses(card)))
    assert key == {0: "sampleMarkdown", 1: "sampleActionCard"}.get(count, f"sampleActionCard{count}")
    assert sum(name.startswith(("actionURL", "singleURL")) for name in param) == count


@given(st.text(), st.integers(0, 200))
def test_clip_never_cuts_a_letter_in_half(text: str, size: int) -> None:
    short = clip(text, size)
    assert len(short.encode()) <= size
    assert short == text or short in ("", "…") or text.startswith(short.removesuffix("…"))


def test_what_finds_no_room_is_pressed_by_its_number() -> None:
    many = tuple(
        Button(f"结论{n}", f"Conclude:1024:{'长' * 3}{n}".replace("长", "%E9%95%BF")) for n in range(1, 16)
    )
    card = Card("x", "选结论", buttons=many)
    values = render.params(card)
    shown = json.loads(values["sys_full_json_obj"])["msgButtons"]
    assert 5 < len(shown) < 15
    left = len(shown) + 1
    assert values["tips"].startswith(f"还可以回复：{left} 结论{left}")
    assert card.choices[left - 1].label == f"结论{left}"
    roomy = render.params(card, render.Room(4096))
    assert len(json.loads(roomy["sys_full_json_obj"])["msgButtons"]) == 15
    assert roomy["tips"] == ""


def test_a_closed_card_says_its_last_word_alone() -> None:
    card = Card("x", "t", buttons=(Button("给李倩", "A:1"),), note="指定其他同事：/转派 1024 @姓名")
    assert render.params(card)["tips"] == card.note
    assert render.params(replace(card, closed="已跟进"))["tips"] == "已跟进"


def test_option_labels_are_shortened_before_a_button_is_lost() -> None:
    options = tuple(Option(f"选项{n}", f"Pick:{n}") for n in range(14))
    card = Card("x", "选", selects=(Select("k", "一个相当长的下拉标题文字", options),))
    shown = json.loads(render.params(card)["sys_full_json_obj"])["msgButtons"]
    assert [button["text"] for button in shown] == [f"选项{n}" for n in range(14)]
    assert [button["id"] for button in shown] == [f"Pick:{n}" for n in range(14)]


def test_a_form_without_any_choice_has_no_empty_submit() -> None:
    select = Select("k", "阶段", (Option("成交", "won"),))
    untouched = Card("x", "t", selects=(select,), submit=Button("保存", "Save:1"))
    assert [(p.label, p.id) for p in render.presses(untouched)] == [("阶段·成交", "Save:1?k=won")]
    plain_form = Card("x", "t", submit=Button("知道了", "Ok:1"))
    assert [p.id for p in render.presses(plain_form)] == ["Ok:1"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("138****8000", "138****8000"),
        ("138****8000 / 139****9000", "138＊＊＊＊8000 / 139＊＊＊＊9000"),
        ("[点我](https://evil.example)", "[点我］(https://evil.example)"),
        ("<b>粗</b>", "＜b>粗＜/b>"),
        (" 两\n 行 ", "两  \n行"),
    ],
)
def test_words_of_customers_stay_words(said: str, shown: str) -> None:
    assert plain(said) == shown


def test_echoes_name_the_choice_and_the_card() -> None:
    card = Card(
        "x", "t", buttons=(Button("看", "https://a.example"), Button("甲", "A:1"), Button("乙", "B:1"))
    )
    _, text = actioncard.message(card, "L-1-k3-9")
    param = json.loads(text)
    assert param["actionURL1"] == "https://a.example"
    said = [parse_qs(urlsplit(param[f"actionURL{n}"]).query)["content"] for n in (2, 3)]
    assert said == [["#1 L-1-k3-9"], ["#2 L-1-k3-9"]]
    assert [card.choices[0].label, card.choices[1].label] == ["甲", "乙"]


def test_the_seventh_button_is_reached_by_text() -> None:
    card = Card("x", "t", buttons=tuple(Button(f"第{n}", f"Go:{n}") for n in range(1, 8)))
    key, text = actioncard.message(card, "L-1-k3-9")
    assert key == "sampleActionCard5"
    assert "第7：回复 #7 L-1-k3-9" in json.loads(text)["text"]
