"""How a check-in looks: R2-R4 its steps, R5 recorded, R6 nudge, the reminder of a next step. (product C.2)"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from cards.actions_checkins import (
    CheckinStep,
    MoreAfter,
    OpenForm,
    SnoozeNext,
    StartCheckin,
    TakeResource,
    Undo,
    short,
)
from cards.card import Button, Card, Style, Tone
from rules.checkins import Step
from rules.text import clip, lead_id, weekday, when

STEP, DONE, DUE = "checkin.step", "checkin.done", "checkin.due"


# ── the three steps ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class StepView:
    """The open step as its member reads it. `reach`: full phone (or mail, WeChat) for the first step; `options` the
    buttons; `next_text`: a next step that was said without a time."""

    checkin: int
    version: int
    lead: int
    label: str
    step: Step
    options: tuple[str, ...]
    missing: int = 3
    reach: tuple[str, ...] = ()
    channel: str = ""
    conclusion: str = ""
    next_text: str = ""


def step(view: StepView) -> Card:
    """R2, R3 or R4."""
    so_far = " · ".join(
        part for part in (lead_id(view.lead), view.label, view.channel, view.conclusion) if part
    )
    match view.step:
        case Step.CHANNEL:
            title = f"{lead_id(view.lead)} 开始跟进 1/3"
            lines: tuple[str, ...] = (view.label, *view.reach, "用哪种方式？")
        case Step.CONCLUSION:
            title, lines = "2/3 本次结论", (so_far,)
        case Step.NEXT if view.next_text:
            title = "3/3 什么时候？"
            lines = (so_far, f"下一步：{clip(view.next_text, 60)}", "没看出时间，选一个，或直接回：周五上午")
        case Step.NEXT:
            title = "3/3 下一步做什么、什么时候？"
            lines = (so_far, "直接回一句话，例如：周二前发测试报告")
    return Card(
        kind=STEP, title=title, subject=lead_id(view.lead), lines=tuple(line for line in lines if line),
        buttons=_options(view),
    )  # fmt: skip


def nudge(view: StepView, minutes: int, *, last: bool) -> Card:
    """R6: the open step again, because it was left standing."""
    ask = {
        Step.CHANNEL: "用哪种方式联系的？",
        Step.CONCLUSION: "刚才聊得怎样？",
        Step.NEXT: "下一步做什么、什么时候？直接回一句话也行",
    }[view.step]
    return Card(
        kind=STEP,
        title=f"{lead_id(view.lead)} 还差 {view.missing} 步",
        subject=lead_id(view.lead),
        lines=(view.label, ask if last else f"开始跟进 {minutes} 分钟了，{ask}"),
        buttons=_options(view),
        note="（未完成前不派新线索）" if last else "",
        tone=Tone.WARN,
    )


def _options(view: StepView) -> tuple[Button, ...]:
    return tuple(
        Button(label, CheckinStep(view.checkin, view.step.value, short(label), view.version).pack())
        for label in view.options
    )


# ── done ───────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class DoneView:
    """A record as its member reads it. `next` is ready to read; `form` what a button calls the linked form, ""
    for none; `resources` (name, title) best first; `undo` 0: nothing to take back."""

    followup: int
    lead: int
    label: str
    took: str
    channel: str
    conclusion: str
    next: str
    form: str = ""
    form_title: str = ""
    request: int = 0
    resources: tuple[tuple[str, str], ...] = ()
    undo: int = 0


def done(view: DoneView) -> Card:
    """R5: what was recorded, and what it gives back."""
    prepared = [f"{view.form_title}（客户信息已填）"] if view.request else []
    prepared += [title for _, title in view.resources]
    lines = [
        f"{lead_id(view.lead)} · {view.label}",
        f"{view.channel} · {view.conclusion} · {view.next}",
        f"已为你备好：{'、'.join(prepared)}" if prepared else "",
    ]
    return Card(
        kind=DONE,
        title=f"✅ 已记录（用时 {view.took}）",
        subject=lead_id(view.lead),
        lines=tuple(line for line in lines if line),
        buttons=done_buttons(view),
        tone=Tone.GOOD,
    )


def done_buttons(view: DoneView) -> tuple[Button, ...]:
    """At most three and 更多: the form, the best resource, 撤销."""
    form = (
        [Button(f"去提交{view.form}", OpenForm(view.request).pack(), Style.PRIMARY)] if view.request else []
    )
    shown = view.resources[: 1 if view.request else 2]
    more = len(view.resources) > len(shown)
    return (
        *form,
        *(take(name, title, view.lead) for name, title in shown),
        *((Button("撤销", Undo(view.undo).pack()),) if view.undo else ()),
        *((Button("更多", MoreAfter(view.followup, view.undo).pack()),) if more else ()),
    )


def all_resources(card: Card, resources: Sequence[tuple[str, str]], lead: int) -> Card:
    """更多: the same card with a button for every resource (as many as a card holds) beside what it had."""
    kept = [b for b in card.buttons if not b.action.startswith(("TakeResource:", "MoreAfter:"))]
    room = max(1, 6 - len(kept))
    return replace(card, buttons=(*(take(name, title, lead) for name, title in resources[:room]), *kept))


def take(name: str, title: str, lead: int) -> Button:
    """领取《…》, short enough for any platform's button."""
    label = f"领取{title}"
    if len(label) > 10:
        label = "领取《" + clip(title.strip("《》"), 6) + "》"
    return Button(label, TakeResource(short(name), lead).pack())


def planned(text: str, at: datetime | None, now: datetime, zone: ZoneInfo, *, deadline: bool = False) -> str:
    """ "周二 11-24 前发测试报告" for a deadline ("今天 18:00 前…" on the day itself: 明天前 would read as today), else
    "明天 09:00 再联系"; without a time nothing is planned."""
    if at is None:
        return "不再跟进"
    shown = when(at, now, zone)
    if not deadline:
        return f"{shown} {text}"
    day = shown if shown.startswith("今天") else weekday(at, now, zone)
    return f"{day} 前{text}"


# ── later ──────────────────────────────────────────────────────────────────────────────────────────────
def due(lead: int, label: str, text: str, at: str, *, times: int, may_snooze: bool) -> Card:
    """The time of a next step has come, or has passed while nobody was to be disturbed. `at` is when it was promised,
    ready to read: "今天 18:00 前"."""
    snooze = [Button("稍后 30 分钟", SnoozeNext(lead, times).pack())] if may_snooze else []
    return Card(
        kind=DUE,
        title=clip(f"{at.partition(' ')[0]}该：{text}", 26),
        subject=lead_id(lead),
        lines=(f"{lead_id(lead)} · {label}", f"说好的时间：{at}"),
        buttons=(Button("开始跟进", StartCheckin(lead).pack(), Style.PRIMARY), *snooze),
    )


def pick(leads: Sequence[tuple[int, str]]) -> Card:
    """Which lead is meant?"""
    return Card(
        kind="checkin.pick",
        title="要跟进哪一条？",
        lines=tuple(f"{lead_id(id)} · {label}" for id, label in leads),
        buttons=tuple(Button(f"跟进 {lead_id(id)}", StartCheckin(id).pack()) for id, _ in leads),
    )
