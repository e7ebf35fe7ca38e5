"""How a linked form looks: being filled in, handed in, and to those who get it (B22)."""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.actions_checkins import CancelForm, ChangeForm, SubmitForm
from cards.card import Button, Card, Field, Style, Tone
from rules.text import lead_id

EMPTY = "待填"


@dataclass(frozen=True)
class FormView:
    """A form as its member reads it. `asks`: the field that the next words will fill, "" for none."""

    request: int
    version: int
    label: str
    form: str
    lead: int
    customer: str
    fields: tuple[tuple[str, str], ...]
    missing: tuple[str, ...] = ()
    asks: str = ""


def form(view: FormView) -> Card:
    """The form as it stands, with what is still missing."""
    if view.asks:
        note = f"请直接回复：{view.asks}"
    elif view.missing:
        note = "还缺：" + "、".join(view.missing)
    else:
        note = "都填好了，点「提交」"
    return Card(
        kind="request",
        title=f"{view.form} {view.label}",
        subject=view.label,
        lines=(f"{lead_id(view.lead)} · {view.customer}",),
        fields=_fields(view.fields),
        buttons=(
            Button("提交", SubmitForm(view.request, view.version).pack(), Style.PRIMARY),
            Button("改一下", ChangeForm(view.request, view.version).pack()),
            Button("取消", CancelForm(view.request, view.version).pack()),
        ),
        note=note,
    )


def ended(view: FormView, word: str) -> Card:
    """The form after 提交 or 取消."""
    card = form(view)
    return Card(
        kind=card.kind, title=card.title, subject=card.subject, lines=card.lines, fields=card.fields, closed=word,
        tone=Tone.GOOD if word.startswith("已提交") else Tone.PLAIN,
    )  # fmt: skip


def handed_in(view: FormView, who: str, fields: Sequence[tuple[str, str]]) -> Card:
    """To those who process it: the form with who asked for it."""
    return Card(
        kind="request.submitted",
        title=f"{view.form} {view.label}（{who}）",
        subject=view.label,
        lines=(f"{lead_id(view.lead)} · {view.customer}",),
        fields=_fields(fields),
    )


def _fields(fields: Sequence[tuple[str, str]]) -> tuple[Field, ...]:
    return tuple(Field(name, value or EMPTY) for name, value in fields)
