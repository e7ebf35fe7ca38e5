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
from bot.wecom.limits import Sizes, askable, clip, pressable, usable
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
    painter = Painter(limits.APP, public_url, brand)
    return painter.greyed(card) if card.closed and not task_id else painter.paint(card, task_id)


@dataclass
class Painter:
    """Draws one card within `sizes`. Afterwards `cut` says whether words had to be left out."""

    sizes: Sizes
    public_url: str
    brand: str
    cut: bool = False

    def paint(self, card: Card, task_id: str) -> Json:
        """The card as it is sent; a closed one has no buttons and says its word."""
        if card.closed:
            return self._notice(self._said(replace(card, note="")), [], task_id)
        asked = self._asked(card)
        if not asked.presses and not asked.selects and len(asked.links) <= limits.JUMPS:
            return self._notice(self._unasked(card), asked.links, task_id)
        made = self._interaction(card, asked)
        return {**made, "task_id": task_id} if task_id else made

    def greyed(self, card: Card) -> Json:
        """A closed card for an update: its words stay, one grey word instead of the buttons."""
        return self._greyed(replace(card, note=""))  # a hint what to do holds no longer

    def clip(self, text: str, limit: int) -> str:
        """limits.clip, and remembers that something was left out."""
        self.cut = self.cut or len(legible(text).strip()) > limit
        return clip(text, limit)

    @staticmethod
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

    def _interaction(self, card: Card, asked: Asked) -> Json:
        ticks = asked.selects[0] if len(asked.selects) == 1 and asked.selects[0].many else None
        if ticks and self._tickable(ticks, asked):
            return self._vote(self._unasked(card, (ticks,)), asked, ticks)
        if len(asked.selects) <= 1 and len(asked.presses) <= limits.BUTTONS:
            return self._buttons(self._unasked(card, asked.selects), asked)
        return self._multiple(card, asked)

    @staticmethod
    def _tickable(ticks: Select, asked: Asked) -> bool:
        """Ticks can carry the other buttons only while a value and an action cannot be taken for each other."""
        more = asked.presses[1:]
        values = any(is_action(option.value) for option in usable(ticks))
        return not more or (
            len(more) < limits.OPTIONS and not values and all(is_action(button.action) for button in more)
        )

    def _notice(self, card: Card, links: Sequence[Button], task_id: str) -> Json:
        """text_notice, or news_notice for a card with a picture.

        Such cards carry no task_id (protocol 4.3), so the duplicate check would swallow one that says the same as
        another within hours ("今天没有要做的事"). Behind the # of its address it differs, where nobody sees it.
        """
        first = links[0].action if links else self.public_url
        if task_id and "#" not in first:
            first = f"{first}#{task_id}"
        picture = limits.is_address(card.image)
        card_type = "news_notice" if picture else "text_notice"
        made: Json = {"card_type": card_type, **self._head(card), "card_action": {"type": 1, "url": first}}
        if links:
            made["jump_list"] = [
                {"type": 1, "title": self.clip(link.label, self.sizes.jump) or "打开", "url": link.action}
                for link in links
            ]
        if not picture:
            return {**made, **self._body(card)}
        lines, rows = self._layout(card)
        if lines:
            made["main_title"] = {"title": self._title(card), "desc": self.clip(lines[0], self.sizes.desc)}
        return {**made, "card_image": {"url": card.image}, **self._rows(rows), **self._verticals(lines)}

    def _buttons(self, card: Card, asked: Asked) -> Json:
        made: Json = {"card_type": "button_interaction", **self._head(card)}
        room = limits.BUTTONS - len(asked.presses) if self.sizes.url_buttons else 0
        shown = [self._button(button) for button in asked.presses]
        shown = [*shown[1:], shown[0]] if asked.submit else shown  # a submit stands last, where the eye ends
        shown += [self._link(link) for link in asked.links[:room]]
        body = self._body(card, asked.links[room:])
        if asked.selects:
            made["button_selection"] = self._select(asked.selects[0])
        return {**made, **body, "button_list": shown}

    def _vote(self, card: Card, asked: Asked, ticks: Select) -> Json:
        main, *more = asked.presses
        options = [
            {
                "id": option.value,
                "text": self.clip(option.label, self.sizes.tick) or UNNAMED,
                "is_checked": option.value == ticks.chosen,
            }
            for option in usable(ticks)[: limits.TICKS - len(more)]
        ]
        options += [
            {
                "id": button.action,
                "text": self.clip(f"▸{self._label(button)}", self.sizes.tick),
                "is_checked": False,
            }
            for button in more
        ]
        question, key = ticks.key, main.action
        if more:
            question, key = f"{SOME}{ticks.key}", submit_key(main.action)
        return {
            "card_type": "vote_interaction",
            "source": self._source(card),
            "main_title": self._wide_title(card, asked.links, self.sizes.vote_title),
            "checkbox": {"question_key": question, "mode": 1, "option_list": options},
            "submit_button": {"text": self._label(main), "key": key},
        }

    def _multiple(self, card: Card, asked: Asked) -> Json:
        """Drop-downs with one submit. More than one button: they become drop-downs of their own."""
        first, *more = asked.presses
        if not more:
            picks, submit = [], {"text": self._label(first), "key": first.action}
        elif asked.submit:
            key = first.action if is_pick(first.action) else submit_key(first.action)
            picks, submit = self._picks(more, first.label), {"text": CONFIRM, "key": key}
        else:
            picks, submit = self._picks(asked.presses), {"text": CONFIRM, "key": submit_key()}
        kept = asked.selects[: limits.SELECTS - len(picks)]
        return {
            "card_type": "multiple_interaction",
            "source": self._source(card),
            "main_title": self._wide_title(self._unasked(card, kept), asked.links, self.sizes.title),
            "select_list": [self._select(select) for select in (*kept, *picks)],
            "submit_button": submit,
        }

    @staticmethod
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

    def _greyed(self, card: Card) -> Json:
        """The whole card with one grey word instead of its buttons; only an update can do that (4.8)."""
        return {
            "card_type": "button_interaction",
            **self._head(card),
            **self._body(card),
            "button_list": [
                {"text": self.clip(card.closed, limits.LABEL) or "已关闭", "style": 2, "key": CLOSED_KEY}
            ],
            "replace_text": self.clip(card.closed, limits.REPLACED) or "已关闭",
        }

    def _head(self, card: Card) -> Json:
        source = {**self._source(card), "desc_color": COLOURS[card.tone]}
        lines, _ = self._layout(card)
        title: Json = {"title": self._title(card)}
        if lines and len(lines[0]) <= self.sizes.desc:
            title["desc"] = lines[0]
        return {"source": source, "main_title": title}

    def _body(self, card: Card, links: Sequence[Button] = ()) -> Json:
        """The text under the title, the rows, and links that found no button."""
        lines, rows = self._layout(card)
        if lines and len(lines[0]) <= self.sizes.desc:
            lines = lines[1:]  # stands under the title already
        text = self.clip("\n".join(lines), self.sizes.text)
        room = limits.FIELDS - len(rows)
        return {**({"sub_title_text": text} if text else {}), **self._rows(rows, links[: max(room, 0)])}

    def _rows(self, rows: Sequence[Field], links: Sequence[Button] = ()) -> Json:
        items: list[Json] = [
            {
                "keyname": self.clip(row.name, limits.FIELD_NAME) or "·",
                "value": self.clip(row.value, self.sizes.field_value),
            }
            for row in rows
        ]
        items += [
            {
                "keyname": "链接",
                "value": self.clip(link.label, self.sizes.field_value) or "打开",
                "type": 1,
                "url": link.action,
            }
            for link in links
        ]
        return {"horizontal_content_list": items} if items else {}

    def _layout(self, card: Card) -> tuple[list[str], list[Field]]:
        """The card's words as (lines of text, rows): a row that would be cut moves into the text while that has room."""
        lines, note = self._legible(card.lines), self._legible((card.note,))
        rows: list[Field] = []
        room = self.sizes.text + self.sizes.desc - sum(len(line) + 1 for line in (*lines, *note))
        for field in card.fields:
            long = len(field.name) > limits.FIELD_NAME or len(field.value) > self.sizes.field_value
            sentence = f"{field.name}：{field.value}"
            if len(rows) == limits.FIELDS or (long and len(sentence) < room):
                lines.append(sentence)
                room -= len(sentence) + 1
            else:
                rows.append(field)
        return [*lines, *note], rows

    @staticmethod
    def _legible(lines: Sequence[str]) -> list[str]:
        """The lines that have something to read."""
        return [line for line in (legible(line).strip() for line in lines) if line]

    def _verticals(self, lines: Sequence[str]) -> Json:
        """The lines of a picture card (the first stands under its title): at most four blocks."""
        rest = list(lines[1:] if len(lines[0]) <= self.sizes.desc else lines) if lines else []
        last = limits.VERTICALS - 1
        blocks = [*rest[:last], "\n".join(rest[last:])] if len(rest) > limits.VERTICALS else rest
        items = [
            {"title": self.clip(block.split("\n")[0], self.sizes.vertical_title)}
            | (
                {"desc": self.clip(block, self.sizes.vertical_desc)}
                if len(block) > self.sizes.vertical_title
                else {}
            )
            for block in blocks
        ]
        return {"vertical_content_list": items} if items else {}

    def _wide_title(self, card: Card, links: Sequence[Button], most: int) -> Json:
        """Title and everything else in the description: vote and multiple have no other place for words."""
        title = self._title(card)
        lines = [] if len(title) <= most else [title]
        lines += [*card.lines, *(f"{field.name}：{field.value}" for field in card.fields), card.note]
        lines += [f"{link.label} {link.action}" for link in links]
        desc = self.clip("\n".join(self._legible(lines)), self.sizes.wide_desc)
        made: Json = {"title": self.clip(title, most)}
        return {**made, "desc": desc} if desc else made

    @staticmethod
    def _unasked(card: Card, kept: Sequence[Select] = ()) -> Card:
        """The card with the drop-downs that found no room written out, so that they can be answered in words."""
        there = {bare(select.key) for select in kept}
        left = [select for select in card.selects if select.key not in there and select.options]
        lines = tuple(f"{s.title}：" + "、".join(option.label for option in s.options) for s in left)
        return replace(card, lines=(*card.lines, *lines))

    @staticmethod
    def _said(card: Card) -> Card:
        """A closed card that is sent anew has no buttons to grey: it says the word, first, where it has room."""
        return replace(card, lines=(f"［{card.closed}］", *card.lines))

    def _source(self, card: Card) -> Json:
        return {
            "desc": clip(f"{self.brand} · {card.subject}" if card.subject else self.brand, self.sizes.source)
        }

    def _title(self, card: Card) -> str:
        return self.clip(card.title, self.sizes.title) or self.clip(card.subject, self.sizes.title) or "通知"

    def _label(self, button: Button) -> str:
        return clip(button.label, limits.LABEL) or "按钮"

    def _button(self, button: Button) -> Json:
        return {"text": self._label(button), "style": STYLES[button.style], "type": 0, "key": button.action}

    def _link(self, button: Button) -> Json:
        return {"text": self._label(button), "style": STYLES[button.style], "type": 1, "url": button.action}

    def _select(self, select: Select) -> Json:
        options = usable(select)
        kept = options[: limits.OPTIONS]
        made: Json = {
            "question_key": select.key,
            "title": self.clip(select.title, self.sizes.option) or OPERATION,
        }
        if any(option.value == select.chosen for option in kept):
            made["selected_id"] = select.chosen
        made["option_list"] = [
            {"id": option.value, "text": self.clip(option.label, self.sizes.option) or UNNAMED}
            for option in kept
        ]
        return made
