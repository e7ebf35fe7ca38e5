"""How silence looks: R7 amber, R8 breach, M1 the manager's bundle, M2 who could take it. (product C.2, C.3)"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cards import pages
from cards.actions_checkins import StartCheckin
from cards.actions_leads import ShowLead
from cards.actions_sla import (
    AskReassign,
    DoneTask,
    Explain,
    PickReassign,
    PickWaive,
    Reassign,
    Snooze,
    ToPool,
    Urge,
    pack_ids,
)
from cards.card import Button, Card, Style, Tone
from rules.hours import show_duration
from rules.sla import RECORDED, TOUCHED, Delivery
from rules.text import clip, lead_id, when

AMBER, BREACH, BUNDLE, URGED, REASSIGN, TASK = (
    "sla.amber", "sla.breach", "sla.bundle", "sla.urged", "sla.reassign", "task",
)  # fmt: skip
TITLE = 26
"""The most characters of a title (product C.2)."""
MOST = 10
"""The most leads on one card of the manager."""
NAME = 12
"""The most characters of a customer's name in a list: what follows has to find room on a small screen."""
SHOWN, PRESSED = 6, 5
"""The most leads that a list for their owner names, and the most that it has a button for."""


@dataclass(frozen=True)
class Late:
    """A silent lead as its owner reads it. `rule` and `unless` are the ladder's, `after` what the rung allows,
    `told` who else hears of it, `task` the ids of the tasks that were made. `label` is the customer with the person and
    the masked number, `next` what is to be done, both ready to read."""

    lead: int
    label: str
    rule: str
    unless: str
    after: timedelta
    status: str = ""
    told: tuple[str, ...] = ()
    task: str = ""
    next: str = ""

    @property
    def passed(self) -> str:
        """ "已过 2 小时目标" of the first mark of a first touch, `what` of everything else."""
        return (
            f"已过 {show_duration(self.after)}目标" if self.unless == TOUCHED and not self.told else self.what
        )

    @property
    def what(self) -> str:
        """ "已过 2 小时目标" is said of a first touch; other ladders say what did not happen."""
        span = show_duration(self.after)
        match self.unless:
            case "lead.first_touch":
                return f"超过 {span}未首触"
            case "followup.recorded":
                return f"已 {span}没有跟进"
            case _:
                return f"{self.rule}已过 {span}"


def amber(view: Late, *, left: timedelta | None, to: Sequence[str]) -> Card:
    """R7: the first mark is over. `left`: until `to` hear of it (None: nobody will)."""
    first = view.unless == TOUCHED
    said = view.passed
    after = "请尽快跟进。"
    if left is not None and to:
        after = f"还有 {show_duration(left)}升级给{'、'.join(to)}。"
    return Card(
        kind=AMBER,
        title=clip(f"⏰ {lead_id(view.lead)} {said}", TITLE),
        subject=lead_id(view.lead),
        lines=_lines(view.label, "" if first else _rule(view), after, view.next, _task(view)),
        buttons=(
            Button("现在跟进", StartCheckin(view.lead).pack(), Style.PRIMARY),
            Button("说明原因", Explain(view.lead).pack()),
        ),
        tone=Tone.WARN,
    )


def breach(view: Late) -> Card:
    """R8: the owner's copy of an escalation."""
    told = f"已通知{'、'.join(view.told)}。" if view.told else ""
    said = f"{lead_id(view.lead)} {view.what}"
    whole = f"{said}，{told}" if told else said
    fits = len(whole) <= TITLE
    return Card(
        kind=BREACH,
        title=whole if fits else clip(said, TITLE),
        subject=lead_id(view.lead),
        lines=_lines(
            view.label,
            "" if view.unless == TOUCHED else _rule(view),
            ("" if fits else told) + "现在联系仍计入你的记录。",
            view.next,
            _task(view),
        ),
        buttons=(
            Button("现在跟进", StartCheckin(view.lead).pack(), Style.PRIMARY),
            Button("我在外，请转派", AskReassign(view.lead).pack()),
        ),
        tone=Tone.ALARM,
    )


def _rule(view: Late) -> str:
    return f"状态：{view.status}（{view.rule}）" if view.status else f"规则：{view.rule}"


def _task(view: Late) -> str:
    return f"任务 {view.task} 已建" if view.task else ""


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


# ── several leads of one owner ──
@dataclass(frozen=True)
class Passed:
    """One line of a list for the owner: "L-1024 宁波某汽配 已过 2 小时目标"."""

    lead: int
    customer: str
    what: str


def gathered(title: str, what: str, rows: Sequence[Passed], *, alarm: bool = False) -> Card:
    """Several leads in one minute as one card: a line each, and a button each for the first PRESSED.

    `title` names the number, `what` says once what comes next. Its kind is a list's: it stays of use after a press.
    """
    more = len(rows) - SHOWN
    lines = [f"{lead_id(row.lead)} {clip(row.customer, NAME)} {row.what}".rstrip() for row in rows[:SHOWN]]
    return Card(
        kind="list.silent",
        title=clip(title, TITLE),
        subject="SLA",
        lines=_lines(*lines, f"另有 {more} 条，发 /超时 看。" if more > 0 else "", what),
        buttons=tuple(
            Button(f"跟进 {lead_id(row.lead)}", StartCheckin(row.lead).pack()) for row in rows[:PRESSED]
        ),
        tone=Tone.ALARM if alarm else Tone.WARN,
    )


def several(rows: Sequence[Passed], *, told: Sequence[str] = ()) -> Card:
    """R7 (R8, with those who were `told`) of several leads."""
    whats = {row.what for row in rows}
    said = f"{len(rows)} 条线索{whats.pop() if len(whats) == 1 else '超时'}"
    if told:
        return gathered(said, f"已通知{'、'.join(told)}。现在联系仍计入你的记录。", rows, alarm=True)
    return gathered(f"⏰ {said}", "请尽快跟进。", rows)


def urge_all(rows: Sequence[Passed], by: str) -> Card:
    """催一下 on several leads of one rep."""
    return gathered(f"{by} 催你跟进 {len(rows)} 条线索", "", rows)


# ── the manager ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Silent:
    """One line of M1. `silent`: in the ladder's hours; `delivery`: ready to read, "" when there is nothing to say;
    `undelivered`: it is proved that the message never arrived; `mine`: the reader may move the lead."""

    lead: int
    owner: str
    rule: str
    unless: str
    silent: timedelta
    delivery: str = ""
    undelivered: bool = False
    customer: str = ""
    reason: str = ""
    movable: bool = True


def bundle(rows: Sequence[Silent]) -> Card:
    """M1: everything that fell silent within a minute, as one card (at most MOST leads; the caller parts them)."""
    ids = tuple(dict.fromkeys(row.lead for row in rows))
    movable = tuple(dict.fromkeys(row.lead for row in rows if row.movable))
    same = len({(row.rule, row.unless) for row in rows}) == 1
    buttons = [Button("催一下", Urge(pack_ids(ids)).pack(), Style.PRIMARY)]
    if movable:
        buttons += [
            Button("转派", PickReassign(pack_ids(movable)).pack()),
            Button("给理由放过", PickWaive(pack_ids(movable)).pack()),
        ]
    buttons.append(pages.button(lead_id(ids[0]) if len(ids) == 1 else "overdue"))
    return Card(
        kind=BUNDLE,
        title=clip(bundle_title(rows, len(ids), same), TITLE),
        subject=lead_id(ids[0]) if len(ids) == 1 else "SLA",
        lines=tuple(_silent_line(row, with_rule=not same) for row in rows),
        buttons=tuple(buttons),
        tone=Tone.ALARM,
    )


def own(rows: Sequence[Silent], ids: Sequence[int]) -> Card:
    """/超时 for a rep: what of theirs is overdue, with a button for each."""
    return Card(
        kind="list.own",
        title=f"你有 {len(ids)} 条线索超时",
        subject=lead_id(ids[0]) if len(ids) == 1 else "SLA",
        lines=tuple(_silent_line(replace(row, owner="", delivery=""), with_rule=True) for row in rows),
        buttons=tuple(Button(f"跟进 {lead_id(id)}", StartCheckin(id).pack()) for id in ids[:6]),
        tone=Tone.WARN,
    )


def bundle_title(rows: Sequence[Silent], n: int, same: bool, *, more: bool = False) -> str:
    """What fell silent, in a few words. `same`: all by one rule; `more`: other cards went before."""
    what = "超时"
    if same:
        what = {TOUCHED: "超时未首触", RECORDED: "久未跟进"}.get(rows[0].unless, rows[0].rule)
    if all(row.undelivered for row in rows):
        return f"🔺 送达失败：{'另有 ' if more else ''}{n} 条线索{what}"
    return f"🔺 {'另有 ' if more else ''}{n} 条线索{what}"


def _silent_line(row: Silent, *, with_rule: bool) -> str:
    said = " ".join(part for part in (lead_id(row.lead), row.owner, clock(row.silent)) if part)
    if row.customer:
        said += f" {clip(row.customer, NAME)}"
    if with_rule or row.unless != TOUCHED:
        said += f" {row.rule}"
    if row.delivery:
        said += f"（{row.delivery}）"
    if row.undelivered:
        said += "送达失败，不计入个人超时"
    return said + (f" 原因：{clip(row.reason, 40)}" if row.reason else "")


def clock(span: timedelta) -> str:
    """Four hours → "4:00", to the nearest minute."""
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60}:{minutes % 60:02d}"


def delivered(ledger: Delivery | None, now: datetime, zone: ZoneInfo, *, handled: bool = False) -> str:
    """What the delivery ledger says: "消息 10:02 已送达，10:05 已读", "消息未送达：账号未激活"; "" for nothing.

    `handled`: the lead was followed up after that message.
    """
    if ledger is None:
        return ""
    at = f" {_at(ledger.sent_at, now, zone)}" if ledger.sent_at else ""
    match ledger.state:
        case _ if handled:
            return f"消息{at} 已送达，已处理"
        case _ if ledger.read_at is not None:
            return f"消息{at} 已送达，{_at(ledger.read_at, now, zone)} 已读"
        case "accepted" | "acted":
            return f"消息{at} 已送达，未读"
        case "refused" | "expired":
            return f"消息未送达：{clip(ledger.why, 40) or '原因不明'}"
        case "queued" | "throttled":
            return "消息还在排队，没有送出"
        case "folded":
            return f"消息{at} 已并入合并消息"
        case _:
            return "消息送达情况不明"


def _at(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    return when(at, now, zone).removeprefix("今天 ")


def urged(card: Card, names: Sequence[str], at: str) -> Card:
    """M1 after 催一下: who was told, and the button is used up."""
    kept = tuple(button for button in card.buttons if not button.action.startswith("Urge:"))
    return replace(card, lines=(*card.lines, f"{at} 已催 {'、'.join(names)}"), buttons=kept)


def which(ids: Sequence[tuple[int, str]], kind: str) -> Card:
    """Several leads: which one first? `kind` "reassign" or "waive"; lines are (lead, "王磊 · 宁波恒达")."""
    action = PickReassign if kind == "reassign" else PickWaive
    return Card(
        kind="sla.which",
        title="转派哪一条？" if kind == "reassign" else "放过哪一条？",
        lines=tuple(f"{lead_id(id)} {line}" for id, line in ids),
        buttons=tuple(Button(lead_id(id), action(pack_ids([id])).pack()) for id, _ in ids),
    )


def urge(lead: int, label: str, by: str, silent: str) -> Card:
    """To the rep: the manager asks."""
    return Card(
        kind=URGED,
        title=clip(f"{by} 催你跟进 {lead_id(lead)}", TITLE),
        subject=lead_id(lead),
        lines=_lines(label, silent),
        buttons=(
            Button("现在跟进", StartCheckin(lead).pack(), Style.PRIMARY),
            Button("说明原因", Explain(lead).pack()),
        ),
        tone=Tone.WARN,
    )


@dataclass(frozen=True)
class Taker:
    """Somebody who could take a lead: `line` is "李倩：浙江/汽配，今日 2 条，在岗"; `out` when they cannot."""

    id: str
    name: str
    line: str
    out: bool = False


def reassign(
    lead: int, version: int, label: str, takers: Sequence[Taker], *, asked_by: str = "", pool: bool = True
) -> Card:
    """M2: candidates with reasons. `asked_by`: the owner is out and asks for it."""
    able = [one for one in takers if not one.out][:4]
    title = f"{asked_by} 请你转派 {lead_id(lead)}" if asked_by else f"{lead_id(lead)} 转派给谁？"
    buttons = [Button(f"给{one.name}", Reassign(lead, one.id, version).pack()) for one in able]
    if pool:
        buttons.append(Button("放回公海", ToPool(lead, version).pack()))
    return Card(
        kind=REASSIGN,
        title=clip(title, TITLE),
        subject=lead_id(lead),
        lines=(label, *(one.line for one in takers[:6])) if takers else (label, "没有可以接手的同事。"),
        buttons=tuple(buttons),
        note=f"指定其他同事：/转派 {lead} @姓名",
    )


def note(lead: int, title: str, *lines: str, kind: str = "sla.note") -> Card:
    """Something to know about a lead, with nothing to press but its details."""
    return Card(
        kind=kind, title=clip(title, TITLE), subject=lead_id(lead), lines=_lines(*lines),
        buttons=(Button("看详情", ShowLead(lead).pack()),),
    )  # fmt: skip


def put_off(lead: int, label: str, *, may_snooze: bool, version: int) -> Card:
    """The time that a lead was put off to has come."""
    again = [Button("稍后 30 分钟", Snooze(lead, version).pack())] if may_snooze else []
    return Card(
        kind="sla.snoozed", title=f"{lead_id(lead)} 说好现在跟进", subject=lead_id(lead), lines=_lines(label),
        buttons=(Button("开始跟进", StartCheckin(lead).pack(), Style.PRIMARY), *again),
    )  # fmt: skip


# ── tasks ──────────────────────────────────────────────────────────────────────────────────────────────
def task(id: int, subject: str, lead: int, label: str, rule: str) -> Card:
    """A task with its tick."""
    return Card(
        kind=TASK,
        title=clip(f"任务：{subject}", TITLE),
        subject=f"T-{id}",
        lines=_lines(subject if len(subject) > TITLE - 3 else "", f"{lead_id(lead)} · {label}", f"来自：{rule}"),
        buttons=(
            Button("完成", DoneTask(id).pack(), Style.PRIMARY),
            Button("开始跟进", StartCheckin(lead).pack()),
        ),
    )  # fmt: skip
