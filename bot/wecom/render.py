"""Card → template_card, within every limit; which of the five types, and what becomes of that which does not fit.

| the card has | it becomes |
|---|---|
| nothing to press, at most three links | text_notice; with an image news_notice |
| up to six buttons, at most one drop-down | button_interaction |
| ticks | vote_interaction; further buttons become ticks |
| several drop-downs, or more than six buttons | multiple_interaction; the buttons become the drop-down 操作 |

Actions come before inputs: a drop-down that finds no room is written out as text, a button never is. Text that
finds no room ends in "…"; the text twin always has all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.wecom import limits
from bot.wecom.limits import askable, clip, pressable, usable
from bot.wecom.picks import ALL, NONE, SOME, bare, is_action, is_pick, submit_key
from bot.wecom.texts import legible
from cards.card import Button, Card, Field, Option, Select, Style, Tone

Json = dict[str, object]

CONFIRM = "确定"
OPERATION = "操作"
UNNAMED = "—"
NOTHING = "请选择"
COLOURS = {Tone.PLAIN: 0, Tone.GOOD: 3, Tone.WARN: 2, Tone.ALARM: 2}  # grey, green, red
STYLES = {Style.PRIMARY: 1, Style.PLAIN: 2, Style.DANGER: 3}
CLOSED_KEY = "closed"


@dataclass(frozen=True)
class Asked:
    """What a card asks for, sorted out: presses (the submit first), links, and the drop-downs that can be asked."""

    presses: list[Button]
    links: list[Button]
    selects: list[Select]
    submit: bool


def render(card: Card, *, public_url: str, brand: str, task_id: str = "") -> Json:
    """The `template_card` object. With `task_id` for message/send, without it for update_template_card.

    `public_url` is where a tap on a card without buttons leads (text_notice must lead somewhere).
    """
    if card.closed:
        card = replace(card, note="")  # a hint what to do holds no longer
        return _notice(_said(card), [], public_url, brand) if task_id else _greyed(card, brand)
    asked = _asked(card)
    if not asked.presses and not asked.selects and len(asked.links) <= limits.JUMPS:
        return _notice(_unasked(card), asked.links, public_url, brand)
    made = _interaction(card, asked, brand)
    return {**made, "task_id": task_id} if task_id else made


def _asked(card: Card) -> Asked:
    """Sorts out what can be pressed. A drop-down of actions brings its own button when the card has none."""
    selects = askable(card.selects)
    acting = [s for s in selects if not s.many and all(is_action(option.value) for option in usable(s))]
    presses = pressable(((card.submit,) if card.submit else ()) + card.buttons)
    submit = card.submit if presses and card.submit == presses[0] else None
    if acting:
        key = submit_key(submit.action if submit else "")
        own = Button(submit.label if submit else CONFIRM, key, submit.style if submit else Style.PRIMARY)
        presses = [own, *(presses[1:] if submit else presses)]
        selects = [replace(s, key=f"{ALL}{s.key}") if s in acting else s for s in selects]
    elif not presses:
        selects = []  # nothing could send the answer
    return Asked(presses, limits.links(card.buttons), selects, bool(submit or acting))


def _interaction(card: Card, asked: Asked, brand: str) -> Json:
    ticks = asked.selects[0] if len(asked.selects) == 1 and asked.selects[0].many else None
    if ticks and _tickable(ticks, asked):
        return _vote(_unasked(card, (ticks,)), asked, ticks, brand)
    if len(asked.selects) <= 1 and len(asked.presses) <= limits.BUTTONS:
        return _buttons(_unasked(card, asked.selects), asked, brand)
    return _multiple(card, asked, brand)


def _tickable(ticks: Select, asked: Asked) -> bool:
    """Ticks can carry the other buttons only while a value and an action cannot be taken for each other."""
    more = asked.presses[1:]
    values = any(is_action(option.value) for option in usable(ticks))
    return not more or (
        len(more) < limits.OPTIONS and not values and all(is_action(button.action) for button in more)
    )


def _notice(card: Card, links: Sequence[Button], public_url: str, brand: str) -> Json:
    """text_notice, or news_notice for a card with a picture."""
    first = links[0].action if links else public_url
    picture = limits.is_address(card.image)
    card_type = "news_notice" if picture else "text_notice"
    made: Json = {"card_type": card_type, **_head(card, brand), "card_action": {"type": 1, "url": first}}
    if links:
        made["jump_list"] = [
            {"type": 1, "title": clip(link.label, limits.JUMP) or "打开", "url": link.action}
            for link in links
        ]
    if not picture:
        return {**made, **_body(card)}
    lines, rows = _layout(card)
    if lines:
        made["main_title"] = {"title": _title(card), "desc": clip(lines[0], limits.DESC)}
    return {**made, "card_image": {"url": card.image}, **_rows(rows), **_verticals(lines)}


def _buttons(card: Card, asked: Asked, brand: str) -> Json:
    made: Json = {"card_type": "button_interaction", **_head(card, brand)}
    room = limits.BUTTONS - len(asked.presses)
    shown = [_button(button) for button in asked.presses]
    shown = [*shown[1:], shown[0]] if asked.submit else shown  # a submit stands last, where the eye ends
    shown += [_link(link) for link in asked.links[:room]]
    body = _body(card, asked.links[room:])
    if asked.selects:
        made["button_selection"] = _select(asked.selects[0])
    return {**made, **body, "button_list": shown}


def _vote(card: Card, asked: Asked, ticks: Select, brand: str) -> Json:
    main, *more = asked.presses
    options = [
        {
            "id": option.value,
            "text": clip(option.label, limits.TICK) or UNNAMED,
            "is_checked": option.value == ticks.chosen,
        }
        for option in usable(ticks)[: limits.TICKS - len(more)]
    ]
    options += [
        {"id": button.action, "text": clip(f"▸{_label(button)}", limits.TICK), "is_checked": False}
        for button in more
    ]
    question, key = ticks.key, main.action
    if more:
        question, key = f"{SOME}{ticks.key}", submit_key(main.action)
    return {
        "card_type": "vote_interaction",
        "source": _source(card, brand),
        "main_title": _wide_title(card, asked.links, limits.VOTE_TITLE),
        "checkbox": {"question_key": question, "mode": 1, "option_list": options},
        "submit_button": {"text": _label(main), "key": key},
    }


def _multiple(card: Card, asked: Asked, brand: str) -> Json:
    """Drop-downs with one submit. More than one button: they become drop-downs of their own."""
    first, *more = asked.presses
    if not more:
        picks, submit = [], {"text": _label(first), "key": first.action}
    elif asked.submit:
        key = first.action if is_pick(first.action) else submit_key(first.action)
        picks, submit = _picks(more, first.label), {"text": CONFIRM, "key": key}
    else:
        picks, submit = _picks(asked.presses), {"text": CONFIRM, "key": submit_key()}
    kept = asked.selects[: limits.SELECTS - len(picks)]
    return {
        "card_type": "multiple_interaction",
        "source": _source(card, brand),
        "main_title": _wide_title(_unasked(card, kept), asked.links, limits.TITLE),
        "select_list": [_select(select) for select in (*kept, *picks)],
        "submit_button": submit,
    }


def _picks(buttons: Sequence[Button], otherwise: str = "") -> list[Select]:
    """Buttons as drop-downs of nine, each with an option for none of them, so that nothing is pressed unchosen.

    `otherwise`: what happens then. Exactly ten buttons fill one drop-down.
    """
    options = tuple(Option(button.label, button.action) for button in buttons)
    if not otherwise and len(options) == limits.OPTIONS:
        return [Select(f"{ALL}1", OPERATION, options)]
    none, size = Option(otherwise or NOTHING, NONE), limits.OPTIONS - 1
    parts = [options[at : at + size] for at in range(0, len(options), size)][: limits.SELECTS]
    return [Select(f"{ALL}{n}", OPERATION, (none, *part), NONE) for n, part in enumerate(parts, start=1)]


def _greyed(card: Card, brand: str) -> Json:
    """The whole card with one grey word instead of its buttons; only an update can do that (4.8)."""
    return {
        "card_type": "button_interaction",
        **_head(card, brand),
        **_body(card),
        "button_list": [{"text": clip(card.closed, limits.LABEL) or "已关闭", "style": 2, "key": CLOSED_KEY}],
        "replace_text": clip(card.closed, limits.REPLACED) or "已关闭",
    }


def _head(card: Card, brand: str) -> Json:
    source = {**_source(card, brand), "desc_color": COLOURS[card.tone]}
    lines, _ = _layout(card)
    title: Json = {"title": _title(card)}
    if lines and len(lines[0]) <= limits.DESC:
        title["desc"] = lines[0]
    return {"source": source, "main_title": title}


def _body(card: Card, links: Sequence[Button] = ()) -> Json:
    """The text under the title, the rows, and links that found no button."""
    lines, rows = _layout(card)
    if lines and len(lines[0]) <= limits.DESC:
        lines = lines[1:]  # stands under the title already
    text = clip("\n".join(lines), limits.TEXT)
    room = limits.FIELDS - len(rows)
    return {**({"sub_title_text": text} if text else {}), **_rows(rows, links[: max(room, 0)])}


def _rows(rows: Sequence[Field], links: Sequence[Button] = ()) -> Json:
    items: list[Json] = [
        {"keyname": clip(row.name, limits.FIELD_NAME) or "·", "value": clip(row.value, limits.FIELD_VALUE)}
        for row in rows
    ]
    items += [
        {
            "keyname": "链接",
            "value": clip(link.label, limits.FIELD_VALUE) or "打开",
            "type": 1,
            "url": link.action,
        }
        for link in links
    ]
    return {"horizontal_content_list": items} if items else {}


def _layout(card: Card) -> tuple[list[str], list[Field]]:
    """The card's words as (lines of text, rows): a row that would be cut moves into the text while that has room."""
    lines, note = _legible(card.lines), _legible((card.note,))
    rows: list[Field] = []
    room = limits.TEXT + limits.DESC - sum(len(line) + 1 for line in (*lines, *note))
    for field in card.fields:
        long = len(field.name) > limits.FIELD_NAME or len(field.value) > limits.FIELD_VALUE
        sentence = f"{field.name}：{field.value}"
        if len(rows) == limits.FIELDS or (long and len(sentence) < room):
            lines.append(sentence)
            room -= len(sentence) + 1
        else:
            rows.append(field)
    return [*lines, *note], rows


def _legible(lines: Sequence[str]) -> list[str]:
    """The lines that have something to read."""
    return [line for line in (legible(line).strip() for line in lines) if line]


def _verticals(lines: Sequence[str]) -> Json:
    """The lines of a picture card (the first stands under its title): at most four blocks."""
    rest = list(lines[1:] if len(lines[0]) <= limits.DESC else lines) if lines else []
    last = limits.VERTICALS - 1
    blocks = [*rest[:last], "\n".join(rest[last:])] if len(rest) > limits.VERTICALS else rest
    items = [
        {"title": clip(block.split("\n")[0], limits.VERTICAL_TITLE)}
        | ({"desc": clip(block, limits.VERTICAL_DESC)} if len(block) > limits.VERTICAL_TITLE else {})
        for block in blocks
    ]
    return {"vertical_content_list": items} if items else {}


def _wide_title(card: Card, links: Sequence[Button], most: int) -> Json:
    """Title and everything else in the description: vote and multiple have no other place for words."""
    title = _title(card)
    lines = [] if len(title) <= most else [title]
    lines += [*card.lines, *(f"{field.name}：{field.value}" for field in card.fields), card.note]
    lines += [f"{link.label} {link.action}" for link in links]
    desc = clip("\n".join(_legible(lines)), limits.WIDE_DESC)
    made: Json = {"title": clip(title, most)}
    return {**made, "desc": desc} if desc else made


def _unasked(card: Card, kept: Sequence[Select] = ()) -> Card:
    """The card with the drop-downs that found no room written out, so that they can be answered in words."""
    there = {bare(select.key) for select in kept}
    left = [select for select in card.selects if select.key not in there and select.options]
    lines = tuple(f"{s.title}：" + "、".join(option.label for option in s.options) for s in left)
    return replace(card, lines=(*card.lines, *lines))


def _said(card: Card) -> Card:
    """A closed card that is sent anew has no buttons to grey: it says the word."""
    return replace(card, lines=(*card.lines, f"［{card.closed}］"))


def _source(card: Card, brand: str) -> Json:
    return {"desc": clip(f"{brand} · {card.subject}" if card.subject else brand, limits.SOURCE)}


def _title(card: Card) -> str:
    return clip(card.title, limits.TITLE) or clip(card.subject, limits.TITLE) or "通知"


def _label(button: Button) -> str:
    return clip(button.label, limits.LABEL) or "按钮"


def _button(button: Button) -> Json:
    return {"text": _label(button), "style": STYLES[button.style], "type": 0, "key": button.action}


def _link(button: Button) -> Json:
    return {"text": _label(button), "style": STYLES[button.style], "type": 1, "url": button.action}


def _select(select: Select) -> Json:
    options = usable(select)
    kept = options[: limits.OPTIONS]
    made: Json = {"question_key": select.key, "title": clip(select.title, limits.OPTION) or OPERATION}
    if any(option.value == select.chosen for option in kept):
        made["selected_id"] = select.chosen
    made["option_list"] = [
        {"id": option.value, "text": clip(option.label, limits.OPTION) or UNNAMED} for option in kept
    ]
    return made
