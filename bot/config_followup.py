"""The sections about following up: ladders of silence, conclusions, linked forms, resources, check-ins."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from bot.config_kit import Duration
from bot.config_kit import Section as _Section
from rules.leads import Status
from rules.schedule import Missed
from rules.silence import is_silence
from rules.sla import FACTS, Ladder, Rung


def _status(value: str) -> str:
    if value and value not in set(Status):
        raise ValueError(f"没有 {value!r} 这个状态，可以是 " + "、".join(Status))
    return value


KnownStatus = Annotated[str, AfterValidator(_status)]


class RungSection(_Section):
    """One step of a ladder."""

    after: Duration
    tell: tuple[str, ...] = ()
    task: str = ""
    repeat: Duration | None = None
    do: Literal["", "downgrade", "mail"] = ""

    @model_validator(mode="after")
    def _says_or_does(self) -> Self:
        if not self.tell and not self.do:
            raise ValueError("tell 和 do 至少写一个")
        return self


class SlaSection(_Section):
    """[[sla]]"""

    name: str
    starts: str
    unless: str
    hours: Literal["working", "calendar"] = "working"
    ladder: tuple[RungSection, ...] = Field(min_length=1)
    statuses: tuple[KnownStatus, ...] = ()
    missed: Missed = "digest"

    @field_validator("starts", "unless")
    @classmethod
    def _known_fact(cls, value: str) -> str:
        if value not in FACTS:
            raise ValueError(f"没有 {value!r} 这个事实，可以是 " + "、".join(sorted(FACTS)))
        return value

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        waits = [rung.after for rung in self.ladder]
        if waits != sorted(waits):
            raise ValueError("ladder 的 after 必须从小到大")
        if any(rung.do for rung in self.ladder) and not is_silence(self.rule()):
            raise ValueError(
                'do 只能写在沉默规则里：unless = "followup.recorded"，hours = "calendar"，after 都不短于 24h，没有 repeat'
            )
        return self

    def rule(self) -> Ladder:
        """The value that rules/sla.py climbs."""
        return Ladder(
            name=self.name,
            starts=self.starts,
            unless=self.unless,
            hours=self.hours,
            statuses=self.statuses,
            missed=self.missed,
            rungs=tuple(Rung(r.after, r.tell, r.task, r.repeat, r.do) for r in self.ladder),
        )


class Conclusion(_Section):
    """[[conclusion]]: an answer of check-in step 2, and what follows from it."""

    name: str = Field(min_length=1, max_length=10)
    status: KnownStatus = ""  # the lead's status afterwards; empty: unchanged
    form: str = ""  # a [[form]] to pre-fill
    touched: bool = True  # counts as having reached the customer
    closes: bool = False  # the lead is finished


class FormField(_Section):
    """One field of a linked form. `fill`: where its value comes from."""

    name: str
    fill: str = ""
    required: bool = False


class FormSection(_Section):
    """[[form]]: a linked form (样品申请单)."""

    name: str
    fields: tuple[FormField, ...] = Field(min_length=1)
    tell: tuple[str, ...] = ()


class Resource(_Section):
    """[[resource]]: something a rep may take after a record (B23)."""

    name: str
    conclusions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    file: str = ""
    url: str = ""
    text: str = ""


class Checkins(_Section):
    """[checkin]"""

    channels: tuple[str, ...] = Field(default=("电话", "微信", "面谈"), min_length=1)
    nudges: tuple[Duration, ...] = (timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=30))
    deadline: Duration = timedelta(minutes=30)
    undo: Duration = timedelta(minutes=10)
    farthest: Duration = timedelta(days=400)


class Meetings(_Section):
    """[meeting]: what is known of a customer is told before somebody meets them."""

    before: Duration = timedelta(minutes=15)
    window: Duration = timedelta(days=30)
