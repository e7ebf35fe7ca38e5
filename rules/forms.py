"""A linked form (样品申请单): pre-filled from what is known, completed in one line, handed in once (B22)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rules.errors import Refused


class RequestState(StrEnum):
    """Where a filled-in form stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class FormField:
    """One field of a form. `fill` names where its value comes from ("customer.company")."""

    name: str
    fill: str = ""
    required: bool = False


@dataclass(frozen=True)
class Form:
    """A form of the configuration. `tell`: roles or member ids who get it when it is handed in."""

    name: str
    fields: tuple[FormField, ...]
    tell: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """What a button calls it: 样品申请单 → 样品单."""
        return self.name.replace("申请", "") or self.name


@dataclass(frozen=True)
class Request:
    """A form that is being filled in. `fields` name → value; `version` guards every save and click."""

    id: int
    form: str
    lead: int
    member: str
    created_at: datetime
    fields: tuple[tuple[str, str], ...] = ()
    followup: int | None = None
    state: RequestState = RequestState.DRAFT
    submitted_at: datetime | None = None
    version: int = 0

    @property
    def label(self) -> str:
        """The id a person can type: S-0101."""
        return f"S-{self.id:04d}"

    def value(self, name: str) -> str:
        """What a field says, "" when nothing yet."""
        return dict(self.fields).get(name, "")


def fill(form: Form, known: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The form's fields with what is known ("customer.company" → …) in them."""
    return tuple((field.name, known.get(field.fill, "").strip()) for field in form.fields)


def missing(form: Form, request: Request) -> tuple[str, ...]:
    """Names of the required fields that are empty, in the form's order."""
    return tuple(f.name for f in form.fields if f.required and not request.value(f.name))


def put(form: Form, request: Request, values: Mapping[str, str]) -> Request:
    """The request with these values in it. Raises Refused when it is not a draft any more or a name is unknown."""
    if request.state is not RequestState.DRAFT:
        raise Refused(f"{request.form} {request.label} {_STATES[request.state]}，不能再改")
    names = [field.name for field in form.fields]
    for name in values:
        if name not in names:
            raise Refused(f"{form.name}里没有「{name}」，可以是 " + "、".join(names))
    kept = dict(request.fields) | {name: value.strip()[:200] for name, value in values.items()}
    return replace(request, fields=tuple((name, kept.get(name, "")) for name in names))


def read_line(form: Form, line: str) -> dict[str, str]:
    """One line `数量 5 件 地址 宁波…` → values by field name. {} when no field's name begins a part of it.

    A name counts at the beginning and after a blank or a punctuation mark; each value runs to the next name.
    """
    names = sorted((re.escape(field.name) for field in form.fields), key=len, reverse=True)
    found = list(re.finditer(rf"(?:^|(?<=[\s，,；;。]))({'|'.join(names)})\s*[:：=]?\s*", line.strip()))
    values: dict[str, str] = {}
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(line.strip())
        values[match[1]] = line.strip()[match.end() : end].strip(" ，,；;。\t\n")
    return {name: value for name, value in values.items() if value}


def submit(form: Form, request: Request, now: datetime) -> Request:
    """The request handed in. Raises Refused when it is not a draft or a required field is empty."""
    if request.state is not RequestState.DRAFT:
        raise Refused(f"{request.form} {request.label} {_STATES[request.state]}")
    lacking = missing(form, request)
    if lacking:
        raise Refused("还缺：" + "、".join(lacking))
    return replace(request, state=RequestState.SUBMITTED, submitted_at=now)


def cancel(request: Request) -> Request:
    """The request taken back. Raises Refused once it was handed in."""
    if request.state is RequestState.SUBMITTED:
        raise Refused(f"{request.form} {request.label} 已提交，撤销前请先联系处理人")
    return replace(request, state=RequestState.CANCELLED)


_STATES = {RequestState.SUBMITTED: "已提交", RequestState.CANCELLED: "已取消", RequestState.DRAFT: "待提交"}
