"""A lead's life as lines to read: facts, records, messages, clicks and looks, in business time."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bot.events import Click, Message, decode
from cards import opportunities as cards
from cards.trail import say
from rules import sla
from rules.leads import TITLES, Status
from rules.opportunities import Happened, Step
from rules.text import WEEKDAYS, clip, lead_id, opportunity_id, when
from rules.touchpoints import Touch
from rules.touchpoints import line as touch_line
from store import audit, opportunities, screens, timeline, touchpoints
from store.db import Tx
from store.timeline import Due, Send


class Kind(StrEnum):
    """What a line is about; the page can show one kind alone."""

    STORY = "story"  # what happened: came, assigned, touched, recorded, closed
    MESSAGE = "message"  # what was sent, and whether it arrived
    WORD = "word"  # what people wrote and pressed
    CLOCK = "clock"  # what ladders did
    LOOK = "look"  # who saw, changed, tried


KINDS = {
    Kind.STORY: "进展", Kind.MESSAGE: "消息", Kind.WORD: "操作", Kind.CLOCK: "时限", Kind.LOOK: "查看",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One thing that happened. `undone`: it was taken back; `tone` "", "good", "warn" or "alarm"."""

    at: datetime
    kind: Kind
    who: str
    what: str
    more: str = ""
    tone: str = ""
    undone: bool = False


@dataclass(frozen=True)
class Day:
    """The lines of a day, the newest first."""

    name: str
    lines: tuple[tuple[str, Line], ...]


Names = Callable[[str], str]
LEDGER = {
    "queued": ("排队中", ""), "throttled": ("排队中", ""), "sent": ("已发出", ""), "accepted": ("已送达", ""),
    "acted": ("已送达", "good"), "refused": ("未送达", "alarm"), "expired": ("过期没送出", "alarm"),
    "unknown": ("送达不明", "warn"), "folded": ("并入合并消息", ""), "skipped": ("平台没有这种消息", ""),
}  # fmt: skip
SAID_BY_FACTS = frozenset({"lead.created", "lead.transferred", "lead.claimed", "sla.waived", "sla.reason"})
SHOWN = 1000
"""Characters of a mail or of a chat that stand on the page."""
QUIET = frozenset({"followup.recorded", "lead.undone"})
"""Facts that another line says better."""


async def of_lead(tx: Tx, lead: int, name: Names) -> list[Line]:
    """Every line about a lead, the newest first."""
    subject = lead_id(lead)
    found = [_fact(row, name) for row in await timeline.facts(tx, lead) if row.name not in QUIET]
    found += [_record(row, name) for row in await timeline.followups(tx, lead)]
    found += [line for row in await timeline.checkins(tx, lead) for line in _checkin(row, name)]
    found += [line for row in await timeline.tasks(tx, lead) for line in _task(row, name)]
    found += [_deal(one, name) for one in await opportunities.steps(tx, lead=lead)]
    found += [_touch(one, name) for one in await touchpoints.of_lead(tx, lead)]
    found += [_send(one, name) for one in await timeline.sends(tx, subject)]
    found += await _words(tx, subject, name)
    found += [_look(one, name) for one in await audit.lines(tx, [subject], limit=200)
              if one.action not in SAID_BY_FACTS]  # fmt: skip
    return sorted((line for line in found if line.what), key=lambda line: line.at)[::-1]


def days(lines: Sequence[Line], zone: ZoneInfo) -> list[Day]:
    """Lines by day of the business zone."""
    found: dict[str, list[tuple[str, Line]]] = {}
    for line in lines:
        local = line.at.astimezone(zone)
        day = f"{local:%Y-%m-%d} 周{WEEKDAYS[local.weekday()]}"
        found.setdefault(day, []).append((f"{local:%H:%M}", line))
    return [Day(day, tuple(rows)) for day, rows in found.items()]


def to_come(timers: Sequence[Due], now: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    """(when, what) of the timers that are set."""
    found = []
    for one in timers:
        match one.kind:
            case "sla":
                said = f"时限「{one.key.partition(':')[2]}」到下一级，没有跟进就提醒"
            case "next":
                said = "提醒负责人约好的下一步"
            case "meeting":
                said = "会前必读，发给负责人"
            case "snooze":
                said = "稍后提醒到时间"
            case _:
                said = one.kind
        found.append((when(one.due, now, zone), said))
    return found


def _fact(row: Any, name: Names) -> Line:
    told = json.loads(row.payload or "{}")
    by, why = name(str(told.get("by") or "")), str(told.get("why") or "")
    undone = row.undone_at is not None

    def line(kind: Kind, what: str, more: str = "", tone: str = "", who: str = "") -> Line:
        return Line(row.at, kind, who, what, more, tone, undone)

    match row.name:
        case "lead.created":
            return line(Kind.STORY, "线索进来", str(told.get("source") or ""), who=by)
        case sla.ASSIGNED:
            return line(Kind.STORY, f"分给 {name(str(told.get('owner') or ''))}", why, who=by)
        case sla.TOUCHED:
            return line(Kind.STORY, "首次触达", tone="good", who=by)
        case "lead.closed":
            return line(Kind.STORY, "关闭", why, who=by)
        case sla.TOLD:
            also = "，已告诉主管" if told.get("escalated") else ""
            lost = "；负责人的消息没有送达" if told.get("undelivered") else ""
            more = f"第 {int(told.get('rung', 0)) + 1} 级{also}{lost}"
            return line(Kind.CLOCK, f"超时提醒「{told.get('rule', '')}」", more, "alarm" if also else "warn")
        case sla.WAIVED:
            return line(Kind.CLOCK, "放过这一轮", why, who=by)
        case sla.REASON:
            return line(Kind.CLOCK, "说明原因", why, who=by)
        case other if other.startswith("status."):
            status = other.removeprefix("status.")
            title = TITLES[Status(status)] if status in set(Status) else status
            return line(Kind.STORY, f"状态：{title}", who=by)
        case other:
            return line(Kind.STORY, other, why, who=by)


def _touch(touch: Touch, name: Names) -> Line:
    return Line(touch.at, Kind.STORY, "", touch_line(touch, name(touch.member)), clip(touch.body, SHOWN))


def _record(row: Any, name: Names) -> Line:
    what = " · ".join(part for part in ("跟进", row.channel, row.conclusion) if part)
    more = f"下一步：{row.next_text}" if row.next_text else ""
    return Line(row.recorded_at, Kind.STORY, name(row.member), what, more, "good", row.undone_at is not None)


def _checkin(row: Any, name: Names) -> list[Line]:
    found = [Line(row.opened_at, Kind.WORD, name(row.member), "开始打卡")]
    if row.state == "cancelled" and row.closed_at:
        found.append(Line(row.closed_at, Kind.WORD, name(row.member), "打卡取消"))
    return found


def _task(row: Any, name: Names) -> list[Line]:
    found = [Line(row.created_at, Kind.CLOCK, "", f"任务 T-{row.id}：{row.subject}", f"给 {name(row.owner)}")]
    if row.done_at:
        found.append(Line(row.done_at, Kind.STORY, name(row.done_by), f"完成任务 T-{row.id}", tone="good"))
    return found


def _deal(one: Happened, name: Names) -> Line:
    became = {one.became: name(one.became)} if one.kind is Step.HANDED else {}
    tone = (
        "good"
        if one.kind in (Step.FORWARD, Step.WON)
        else "warn"
        if one.kind in (Step.BACK, Step.LOST)
        else ""
    )
    said = f"商机 {opportunity_id(one.opportunity)} {cards.said(replace(one, why=''), became)}"
    return Line(one.at, Kind.STORY, name(one.member), said, one.why, tone, one.undone_at is not None)


def _send(one: Send, name: Names) -> Line:
    said, tone = LEDGER.get(one.ledger, (one.ledger, ""))
    clicked = "，已点开" if one.acted_at else ""
    why = (
        f"：{one.why.partition(' ')[2] or one.why}"
        if one.ledger in ("refused", "expired") and one.why
        else ""
    )
    what = (
        f"待办「{clip(one.title, 40)}」"
        if one.way == "todo"
        else f"发给 {name(one.member)}「{clip(one.title, 40)}」"
    )
    return Line(one.sent_at or one.created_at, Kind.MESSAGE, "", what, f"{said}{clicked}{why}", tone)


async def _words(tx: Tx, subject: str, name: Names) -> list[Line]:
    """What people wrote and pressed. Who they are the page knows from the audit line or the card."""
    found = []
    for _, body, at in await timeline.heard(tx, subject):
        event = decode(body)
        if isinstance(event, Message):
            who = name(f"{event.platform}:{event.user}")
            found.append(Line(at, Kind.WORD, who, f"写「{clip(event.text, 60)}」" if event.text else ""))
        elif isinstance(event, Click):
            id = screens.id_of(event.card)
            label = await timeline.label_of(tx, id, event.action) if id else ""
            pressed = f"点了「{label}」" if label else "点了卡片上的按钮"
            found.append(Line(at, Kind.WORD, name(f"{event.platform}:{event.user}"), pressed))
    return found


def _look(one: audit.Line, name: Names) -> Line:
    refused = one.action in ("denied", "click.refused")
    said = say(one.action, one.told("what"))
    to = one.told("to")
    return Line(one.at, Kind.LOOK, name(one.member), said, f"给 {name(to)}" if to and not to.startswith("/") else "",
                "warn" if refused else "")  # fmt: skip
