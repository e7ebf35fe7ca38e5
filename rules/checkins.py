"""The forced three-step check-in: its steps, what completes it, and what a complete one does to the lead (B17-B20)."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from rules import hours
from rules.errors import Denied, Refused
from rules.leads import CLOSED, INTENT, TITLES, Lead, Status
from rules.text import lead_id


class Step(StrEnum):
    """What is asked next, in this order."""

    CHANNEL = "channel"
    CONCLUSION = "conclusion"
    NEXT = "next"


ORDER: Final = (Step.CHANNEL, Step.CONCLUSION, Step.NEXT)


class State(StrEnum):
    """An open check-in holds its member to it; a done one is a follow-up; a cancelled one left no record."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Conclusion:
    """An answer to the second step and what follows from it.

    `status`: the lead's status afterwards ("" unchanged); `touched`: counts as having reached the customer;
    `closes`: the lead may end with it; `form`: the linked form that it opens.
    """

    name: str
    status: str = ""
    touched: bool = True
    closes: bool = False
    form: str = ""


@dataclass(frozen=True)
class Choices:
    """What may be answered, from the configuration. `farthest`: how far ahead a next step may lie."""

    channels: tuple[str, ...]
    conclusions: tuple[Conclusion, ...]
    farthest: timedelta = timedelta(days=400)

    def conclusion(self, name: str) -> Conclusion:
        """The conclusion of this name. Raises Refused when it is not in the configuration (any more)."""
        for one in self.conclusions:
            if one.name == name:
                return one
        raise Refused(f"没有「{name}」这个结论，请从卡片上选一个")


@dataclass(frozen=True)
class CheckIn:
    """A check-in of one lead by one member. Times are UTC; `version` guards every save and every click.

    `next_text` without `next_at` while it is open: the next step was said, its time is still asked for.
    """

    id: int
    lead: int
    member: str
    opened_at: datetime
    step: Step = Step.CHANNEL
    channel: str = ""
    conclusion: str = ""
    next_text: str = ""
    next_at: datetime | None = None
    state: State = State.OPEN
    closed_at: datetime | None = None
    card: int | None = None
    nudges: int = 0
    version: int = 0

    @property
    def number(self) -> int:
        """1, 2 or 3: which step is open."""
        return ORDER.index(self.step) + 1

    @property
    def missing(self) -> int:
        """How many steps are still to do."""
        return len(ORDER) - self.number + 1


@dataclass(frozen=True)
class Answer:
    """What was answered to a step. `text` is the choice or the next action; `at` its time, only for the last step.

    `ends`: nothing more is planned, the lead is finished (only after a conclusion that closes).
    """

    step: Step
    text: str = ""
    at: datetime | None = None
    ends: bool = False


@dataclass(frozen=True)
class FollowUp:
    """A complete check-in: customer, channel, conclusion with the need, next action, its time (B20). Times are UTC.

    `before` is JSON of what an undo puts back; `undone_at` is set once it was taken back.
    """

    id: int
    lead: int
    customer: int
    member: str
    started_at: datetime
    recorded_at: datetime
    channel: str = ""
    conclusion: str = ""
    need: str = ""
    next_text: str = ""
    next_at: datetime | None = None
    checkin: int | None = None
    before: str = ""
    undone_at: datetime | None = None


CALL_AGAIN: Final = "再联系"
"""The next step when only a time was given."""


# ── moving on ──────────────────────────────────────────────────────────────────────────────────────────
def advance(checkin: CheckIn, answer: Answer, now: datetime, choices: Choices) -> CheckIn:
    """The check-in after an answer: the next step, or done. Raises Refused with nothing changed."""
    if checkin.state is not State.OPEN:
        raise Refused("这次跟进已经结束了")
    if answer.step is not checkin.step:
        raise Refused("这一步已经填过了，请看最新的卡片", step="checkin")
    return _TAKES[answer.step](checkin, answer, now, choices)


def _channel(checkin: CheckIn, answer: Answer, _now: datetime, choices: Choices) -> CheckIn:
    if answer.text not in choices.channels:
        raise Refused(f"没有「{answer.text}」这种方式，可以是 " + "、".join(choices.channels))
    return replace(checkin, channel=answer.text, step=Step.CONCLUSION)


def _conclusion(checkin: CheckIn, answer: Answer, _now: datetime, choices: Choices) -> CheckIn:
    return replace(checkin, conclusion=choices.conclusion(answer.text).name, step=Step.NEXT)


def _next(checkin: CheckIn, answer: Answer, now: datetime, choices: Choices) -> CheckIn:
    said = "" if filler(answer.text) else answer.text
    text = (said or checkin.next_text or (CALL_AGAIN if answer.at else "")).strip()
    if answer.ends:
        if not choices.conclusion(checkin.conclusion).closes:
            raise Refused("这个结论还要有下一步：做什么、什么时候？")
        return replace(checkin, next_text="", next_at=None, state=State.DONE, closed_at=now)
    if not text:
        raise Refused("下一步做什么？例如：周二前发测试报告")
    if answer.at is None:
        return replace(checkin, next_text=text)
    if answer.at <= now:
        raise Refused("这个时间已经过去了，换一个以后的时间")
    if answer.at > now + choices.farthest:
        raise Refused(f"这个时间太远了，最远可以约到 {choices.farthest.days} 天以后")
    return replace(checkin, next_text=text, next_at=answer.at, state=State.DONE, closed_at=now)


_TAKES: Final[Mapping[Step, Callable[[CheckIn, Answer, datetime, Choices], CheckIn]]] = {
    Step.CHANNEL: _channel,
    Step.CONCLUSION: _conclusion,
    Step.NEXT: _next,
}


_FILLER: Final = re.compile(
    "(?:谢谢(?:您|你|啊)?|多谢|感谢|辛苦|不用|不必|不需要|没有|没|无|暂无|暂时没有|好的?|行|可以|嗯+|哦+|噢|收到|知道|明白|了解|是的?"
    "|你好|您好|在吗|等等|等|稍等|稍后|回头|以后|有空|到时候?|先这样|就这样|再说|再看看?|看看|看情况|看吧|随便|不知道|不清楚"
    "|ok|okay|thanks?|hi|hello|哈+|呵+|[了吧啊呢吗的啦呀哈])+",
    re.IGNORECASE,
)

_SHORT: Final = 12  # characters; it also keeps the many ways to cut 好的好的好的 few


def filler(text: str) -> bool:
    """Whether words name nothing to do: a thank-you, an emoji, 不用了, 等再说吧."""
    bare = re.sub(r"[\W_]+", "", text)
    return len(bare) <= _SHORT and (not bare or _FILLER.fullmatch(bare) is not None)


def may_start(lead: Lead, member: str, owner_name: str, covers: Collection[str] = ()) -> None:
    """Raises Refused (Denied: it is somebody else's) unless the member may check in on this lead now; `covers`: for
    whom they stand in."""
    if not lead.open:
        raise Refused(f"这条线索已结束（{TITLES[lead.status]}）")
    if not lead.owner:
        raise Refused("这条线索还在公海，先领取再跟进")
    if lead.owner != member and lead.owner not in covers:
        said = f"这条线索的负责人是 {owner_name or lead.owner}，只有负责人能打卡"
        raise Denied(said, about=lead_id(lead.id))


def still_due(checkin: CheckIn, lead: Lead, covers: Collection[str] = ()) -> bool:
    """Whether an open check-in still makes sense: the lead is open and still the member's, or somebody's for whom
    they stand in."""
    return lead.open and (lead.owner == checkin.member or lead.owner in covers)


# ── quick answers to the last step ─────────────────────────────────────────────────────────────────────
TOMORROW, IN_THREE_DAYS, NEXT_MONDAY, NOTHING = "明天再联系", "3 天后", "下周一", "不再跟进"


def quick(label: str, now: datetime, calendar: hours.Calendar) -> Answer:
    """A quick button of the last step → its answer: the morning of that day, moved to the next working day.

    It only says when: a next step that was already said is kept. Raises Refused for an unknown label.
    """
    today = now.astimezone(calendar.zone).date()
    match label:
        case "明天再联系":
            day = today + timedelta(days=1)
        case "3 天后":
            day = today + timedelta(days=3)
        case "下周一":
            day = today + timedelta(days=7 - today.weekday())
        case "不再跟进":
            return Answer(Step.NEXT, ends=True)
        case _:
            raise Refused("没有这个选项，请直接回一句话")
    morning = datetime(day.year, day.month, day.day, tzinfo=calendar.zone).astimezone(UTC)
    return Answer(Step.NEXT, at=hours.working_at(calendar, morning))


def quick_labels(conclusion: Conclusion) -> tuple[str, ...]:
    """The quick buttons that fit a conclusion."""
    return (*((NOTHING,) if conclusion.closes else ()), TOMORROW, IN_THREE_DAYS, NEXT_MONDAY)


def remind_at(calendar: hours.Calendar, at: datetime, *, deadline: bool, now: datetime) -> datetime:
    """When to remind of a next step: at its time; of a deadline ("周二前") already in the morning of its day."""
    if not deadline:
        return at
    day = at.astimezone(calendar.zone).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.zone).astimezone(UTC)
    return max(now, min(at, hours.working_at(calendar, midnight)))


# ── what a complete one does ───────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Settled:
    """The lead after a complete check-in and the facts that it made, in order."""

    lead: Lead
    facts: tuple[str, ...]


def settle(lead: Lead, checkin: CheckIn, conclusion: Conclusion, now: datetime) -> Settled:
    """A complete check-in → the lead's new state and facts (A.2 #2: only this stops an escalation).

    A conclusion that did not reach the customer (`touched = false`) is recorded but is no first touch. The lead is
    closed when its conclusion closes and nothing more is planned. Statuses that count as intent are stated again
    with every record, because their silence is counted from the last one (B26, B27).
    """
    ends = conclusion.closes and checkin.next_at is None
    first = conclusion.touched and lead.first_touch_at is None
    status = _status_after(lead, conclusion, ends)
    after = replace(
        lead,
        status=status,
        first_touch_at=now if first else lead.first_touch_at,
        last_followup_at=now,
        next_text=checkin.next_text,
        next_at=checkin.next_at,
        closed_at=now if ends else None,
        snoozed_until=None,
        snoozes=0,
    )
    facts = ["followup.recorded"]
    facts += ["lead.first_touch"] * first
    facts += ["status.intent"] * (status in INTENT)
    facts += ["status.tech_confirm"] * (status is Status.TECH_CONFIRM)
    facts += ["lead.closed"] * ends
    return Settled(after, tuple(facts))


def _status_after(lead: Lead, conclusion: Conclusion, ends: bool) -> Status:
    named = Status(conclusion.status) if conclusion.status else None
    if ends:
        return named if named in CLOSED else Status.LOST
    if named is not None and named not in CLOSED:
        return named
    return Status.CONTACTED if lead.status is Status.NEW and conclusion.touched else lead.status


RESTORED: Final = (
    "status", "first_touch_at", "last_followup_at", "next_text", "next_at", "closed_at", "snoozed_until", "snoozes",
)  # fmt: skip
"""The fields of a lead that a follow-up changes and an undo puts back."""


def before(lead: Lead) -> dict[str, str | int | None]:
    """What an undo needs to know of the lead, as plain JSON."""
    kept: dict[str, str | int | None] = {}
    for name in RESTORED:
        value = getattr(lead, name)
        kept[name] = value.isoformat() if isinstance(value, datetime) else value
    return kept


def restore(lead: Lead, kept: Mapping[str, str | int | None]) -> Lead:
    """The lead with the fields as `before` kept them. Raises KeyError / ValueError for a foreign shape."""

    def time(name: str) -> datetime | None:
        value = kept[name]
        return datetime.fromisoformat(str(value)) if value else None

    return replace(
        lead,
        status=Status(str(kept["status"])),
        first_touch_at=time("first_touch_at"),
        last_followup_at=time("last_followup_at"),
        next_text=str(kept["next_text"] or ""),
        next_at=time("next_at"),
        closed_at=time("closed_at"),
        snoozed_until=time("snoozed_until"),
        snoozes=int(kept["snoozes"] or 0),
    )


# ── how long it took ───────────────────────────────────────────────────────────────────────────────────
def took(opened: datetime, closed: datetime) -> str:
    """ "41 秒", "3 分 5 秒", "2 小时 10 分", "2 天": how long a check-in took."""
    seconds = max(0, round((closed - opened).total_seconds()))
    if seconds < 60:
        return f"{seconds} 秒"
    if seconds < 3600:
        return f"{seconds // 60} 分" + (f" {seconds % 60} 秒" if seconds % 60 else "")
    if seconds >= 86_400:
        return f"{seconds // 86_400} 天"
    return f"{seconds // 3600} 小时" + (f" {seconds // 60 % 60} 分" if seconds // 60 % 60 else "")
