"""What a visitor typed into a web form → the fields of a lead, or a sentence for each field that is wrong. (B01, B10)"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.config_sources import WebField, WebForm
from nlp import enquiry

LONGEST = {"text": 200, "phone": 40, "email": 120, "area": 2000, "choice": 200}
"""How many characters each kind of field takes when it is not one of a lead's own."""
NAMELESS = "网站访客"


@dataclass
class Filled:
    """A form as it was sent: `typed` to show again, `errors` by key, `fields` for the lead, `extra` by label."""

    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)


def check(form: WebForm, raw: Mapping[str, object]) -> Filled:
    """Every field looked at; a form without errors has `fields` for the event "lead"."""
    filled = Filled()
    for one in form.fields:
        said = str(raw.get(one.key) or "")
        value = enquiry.tidy(said) if one.type == "area" or one.key in enquiry.LONG else enquiry.line(said)
        filled.typed[one.key] = value
        try:
            _take(filled, one, _right(one, value))
        except enquiry.Wrong as wrong:
            filled.errors[one.key] = wrong.why
    if form.consent and str(raw.get("consent") or "") not in {"yes", "on", "true", "True", "1"}:
        filled.errors["consent"] = "请先勾选同意"
    if not filled.errors and not (filled.fields.get("phone") or filled.fields.get("email")):
        key = next(one.key for one in form.fields if one.key in {"phone", "email"})
        filled.errors[key] = "请留下手机或邮箱，我们才能联系您"
    if not filled.errors:
        _complete(form, filled)
    return filled


def _right(one: WebField, value: str) -> str:
    """The value as it is kept. Raises Wrong with a sentence for the visitor."""
    if not value:
        if one.required:
            raise enquiry.Wrong(one.key, "请选一项" if one.type == "choice" else "请填写这一栏")
        return ""
    longest = enquiry.LENGTHS.get(one.key, LONGEST[one.type])
    if len(value) > longest:
        raise enquiry.Wrong(one.key, f"最多 {longest} 个字，现在 {len(value)} 个")
    if one.options and value not in one.options:
        raise enquiry.Wrong(one.key, "请从列出的选项里选")
    try:
        if one.key == "phone" or one.type == "phone":
            return _phone(one, value)
        if one.key == "email" or one.type == "email":
            return enquiry.email(value)
    except enquiry.Wrong:
        sample = "13812345678" if one.key == "phone" or one.type == "phone" else "name@example.com"
        raise enquiry.Wrong(one.key, f"格式不对，请检查，例如 {sample}") from None
    return value


def _phone(one: WebField, value: str) -> str:
    """Numbers as nlp/enquiry.py takes them, but no mobile that lost digits on the way. Raises Wrong."""
    kept = enquiry.phone(value)
    if re.fullmatch(r"1[3-9]\d*", kept) and len(kept) != 11:
        raise enquiry.Wrong(one.key, "不是电话号码")
    return kept


def _take(filled: Filled, one: WebField, value: str) -> None:
    if one.key in enquiry.LENGTHS:
        filled.fields[one.key] = value
    elif value:
        filled.extra[one.label] = value


def _complete(form: WebForm, filled: Filled) -> None:
    """What the form itself knows: source, kind of demand, group; other answers become the note."""
    kind = filled.fields.get("kind", "")
    answers = [filled.typed[one.key] for one in form.fields if one.options]
    mapped = next((form.kinds[answer] for answer in answers if answer in form.kinds), "")
    filled.fields |= {
        "source": form.source,
        "kind": (mapped or kind or form.kind)[: enquiry.LENGTHS["kind"]],
        "note": "；".join(f"{label}：{value}" for label, value in filled.extra.items())[
            : enquiry.LENGTHS["note"]
        ],
    }
    if not (filled.fields.get("name") or filled.fields.get("company")):
        filled.fields["name"] = NAMELESS
