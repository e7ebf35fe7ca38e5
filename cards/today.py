"""How a day looks: /今日, one thing at a time, the digest after a quiet night, /我的. (product R10, R16)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cards.actions_checkins import StartCheckin
from cards.actions_sla import DoneTask, OneByOne, ShowToday
from cards.card import Button, Card, Field, Style
from rules.reports import FirstTouch, Punctual
from rules.text import clip, lead_id, when
from rules.today import Item, What

TITLE = 26
SHOWN = 10


@dataclass(frozen=True)
class Line:
    """An item with what its lead is called."""

    item: Item
    label: str


def today(lines: Sequence[Line], total: int, now: datetime, zone: ZoneInfo, *, extra: str = "") -> Card:
    """/今日: what to do, in its order. `total` counts those that are not shown too; `extra`: the team's line."""
    shown = [f"{n} {said(line, now, zone)}" for n, line in enumerate(lines[:SHOWN], start=1)]
    more = [f"另有 {total - len(shown)} 件"] if total > len(shown) else []
    buttons = [Button("逐条处理", OneByOne(0, 0).pack(), Style.PRIMARY)] if lines else []
    if lines and lines[0].item.what is not What.TASK:
        first = lines[0].item
        label = "继续打卡" if first.what is What.CHECKIN else f"跟进 {lead_id(first.lead)}"
        buttons.append(Button(label, StartCheckin(first.lead).pack()))
    return Card(
        kind="today",
        title=f"今天 {total} 件事" if total else "今天没有要做的事",
        lines=(*shown, *more, *((extra,) if extra else ())),
        buttons=tuple(buttons),
    )


def said(line: Line, now: datetime, zone: ZoneInfo) -> str:
    """ "首触：L-1023 宁波恒达 · 陈工，13:32 前" """
    item = line.item
    at = when(item.at, now, zone).removeprefix("今天 ") if item.at else ""
    head = f"{item.what.value}：{lead_id(item.lead)} {line.label}"
    match item.what:
        case What.TOUCH:
            tail = "已超时" if item.late else f"{at} 前" if at else ""
        case What.OVERDUE | What.DUE:
            tail = f"{item.text or '再联系'}（{at}）"
        case What.TASK:
            tail = item.text
        case What.CHECKIN:
            tail = ""
    return head + (f"，{tail}" if tail else "")


def item(line: Line, place: int, total: int, now: datetime, zone: ZoneInfo) -> Card:
    """逐条处理: one thing, and the way to the next."""
    one = line.item
    if one.what is What.TASK:
        act = Button("完成", DoneTask(one.task).pack(), Style.PRIMARY)
    else:
        label = "继续打卡" if one.what is What.CHECKIN else "开始跟进"
        act = Button(label, StartCheckin(one.lead).pack(), Style.PRIMARY)
    further = [Button("下一件", OneByOne(place + 1, one.lead).pack())] if place + 1 < total else []
    return Card(
        kind="today.item",
        title=clip(f"{place + 1}/{total} {one.what.value} {lead_id(one.lead)}", TITLE),
        subject=lead_id(one.lead),
        lines=(said(line, now, zone),),
        buttons=(act, *further),
    )


def digest(titles: Sequence[str], *, morning: bool) -> Card:
    """R10: what gathered while nobody was to be disturbed."""
    greeting = "早上好，今天" if morning else "积下了"
    more = [f"另有 {len(titles) - SHOWN} 件"] if len(titles) > SHOWN else []
    return Card(
        kind="today.digest",
        title=f"{greeting} {len(titles)} 件事",
        lines=(*(f"{n} {clip(title, 40)}" for n, title in enumerate(titles[:SHOWN], start=1)), *more),
        buttons=(
            Button("逐条处理", OneByOne(0, 0).pack(), Style.PRIMARY),
            Button("今日全部", ShowToday().pack()),
        ),
    )


@dataclass(frozen=True)
class Mine:
    """The numbers of /我的. `touch` None: no first-touch rule is set up."""

    name: str
    touch: FirstTouch | None
    target: str
    latest: str
    records: Punctual
    deadline: str
    checkins: int
    open: int
    tasks: int


def mine(view: Mine) -> Card:
    """R16: one's own numbers of the week."""
    if view.touch is None:
        rate = "没有首触规则"
    elif not view.touch.decided:
        rate = "本周还没有到期的线索"
    else:
        rate = f"{view.touch.latest_rate} %（{view.target}内 {view.touch.target_rate} %，共 {view.touch.decided} 条）"
    return Card(
        kind="mine",
        title=f"{view.name} 的本周数据",
        fields=(
            Field(f"{view.latest}首触率" if view.latest else "首触率", rate),
            Field("跟进", f"{view.records.records} 次"),
            *(
                (Field("及时记录", f"{view.records.rate} %（开始后 {view.deadline}内记完）"),)
                if view.records.records
                else ()
            ),
            Field("在跟线索", f"{view.open} 条"),
            Field("待打卡", str(view.checkins)),
            Field("未完成任务", str(view.tasks)),
        ),
    )
