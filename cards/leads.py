"""How drafts and leads look: R9 draft, saved, R1 new lead, R1b more, hand-over. (product C.2)"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cards.actions import Action
from cards.actions_assignment import Decline
from cards.actions_checkins import StartCheckin, Undo
from cards.actions_leads import (
    BackToLead,
    BadNumber,
    ChangeDraft,
    DropDraft,
    GiveTo,
    HandOver,
    JoinCustomer,
    KnownCustomer,
    MergeDraft,
    MoreLead,
    NoteDraft,
    SaveDraft,
    ShowLead,
)
from cards.card import Button, Card, Field, Style, Tone
from rules.leads import Lead
from rules.text import clip, customer_id, lead_id, mask_phones_in, when

WHO, COMPANY, SOURCE, NEED = 44, 20, 12, 40
"""The most characters of R1's first line, of the company in it, of the source and of the need (C.2)."""


# ── drafts ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Likely:
    """A customer that the draft may be: id, name, the owner's name ("" for none), what is alike, and the reader's own
    running lead of theirs (0: none)."""

    id: int
    label: str
    owner: str
    why: str
    lead: int = 0


@dataclass(frozen=True)
class DraftView:
    """A draft as its rep reads it: phone already masked, time already wall clock text.

    `evidence` holds (field, exact words); `question` asks for what is missing; `hints` say what to know about the
    source.
    """

    id: int
    version: int
    name: str = ""
    title: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""
    wechat: str = ""
    city: str = ""
    credit_code: str = ""
    kind: str = ""
    budget: str = ""
    rivals: str = ""
    price: str = ""
    deciders: str = ""
    keywords: tuple[str, ...] = ()
    need: str = ""
    next: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    question: str = ""
    hints: tuple[str, ...] = ()
    likely: Likely | None = None
    may_merge: bool = True


def draft_subject(id: int) -> str:
    """12 → "D-12", the subject of a draft's cards."""
    return f"D-{id}"


def draft(view: DraftView) -> Card:
    """R9: what was recognised, the words it rests on, who it may be."""
    buttons = [Button("存为新客户", SaveDraft(view.id, view.version).pack(), Style.PRIMARY)]
    if view.likely and view.may_merge:
        merge = MergeDraft(view.id, view.version, view.likely.id)
        buttons.insert(0, Button(f"并入 {customer_id(view.likely.id)}", merge.pack()))
    if view.likely and view.likely.lead:
        note = NoteDraft(view.id, view.version, view.likely.lead)
        buttons.insert(0, Button(f"记到 {lead_id(view.likely.lead)}", note.pack()))
    buttons += [
        Button("改一下", ChangeDraft(view.id, view.version).pack()),
        Button("丢弃", DropDraft(view.id, view.version).pack()),
    ]
    return Card(
        kind="draft",
        title="识别到联系人（草稿）",
        subject=draft_subject(view.id),
        lines=_draft_lines(view),
        fields=_draft_fields(view),
        buttons=tuple(buttons),
    )


def _draft_lines(view: DraftView) -> tuple[str, ...]:
    """What matters most first: a small screen cuts off the end."""
    person = f"{view.name}（{view.title}）" if view.name and view.title else view.name or view.title
    words = " ".join(f"{name}「{clip(words, 24)}」" for name, words in view.evidence)
    lines = [
        _named(("姓名", person), ("手机", view.phone), ("公司", view.company)),
        _named(("类型", view.kind), ("预算", view.budget), ("关键词", "、".join(view.keywords))),
        _named(("提过竞品", view.rivals), ("价格", view.price), ("决策人", view.deciders)),
        likely_line(view.likely) if view.likely else "",
        *view.hints,
        view.question,
        f"依据：{words}" if words else "",
    ]
    return tuple(line for line in lines if line)


def _draft_fields(view: DraftView) -> tuple[Field, ...]:
    pairs = [
        ("邮箱", view.email),
        ("微信", view.wechat),
        ("城市", view.city),
        ("信用代码", view.credit_code),
        ("需求", clip(view.need, 60)),
    ]
    return tuple(Field(name, value) for name, value in [*pairs, ("下次", view.next)] if value)


def _named(*pairs: tuple[str, str]) -> str:
    return " · ".join(f"{name} {value}" for name, value in pairs if value)


def likely_line(likely: Likely) -> str:
    """ "疑似已有：C-0311 宁波恒某（公司相近，负责人 李倩）" """
    owner = f"负责人 {likely.owner}" if likely.owner else "暂无负责人"
    why = f"{likely.why}，" if likely.why else ""
    running = f"，正在跟进 {lead_id(likely.lead)}" if likely.lead else ""
    return f"疑似已有：{customer_id(likely.id)} {clip(likely.label, 24)}（{why}{owner}）{running}"


def saved(customer: int, lead: int, *, label: str, undo: int, merged: bool = False) -> Card:
    """A draft that became a customer (or joined one) and a lead of the rep's own."""
    words = "已并入" if merged else "已存为"
    return Card(
        kind="draft.saved",
        title=f"{words} {customer_id(customer)} · {lead_id(lead)}",
        subject=lead_id(lead),
        lines=(label,),
        buttons=(
            Button("开始跟进", StartCheckin(lead).pack(), Style.PRIMARY),
            Button("撤销", Undo(undo).pack()),
        ),
        tone=Tone.GOOD,
    )


def noted(draft: int, lead: int, *, label: str, undo: int, wanted: str, next: str) -> Card:
    """A draft that was written down with a running lead: what the chat says, and what it says of the next step."""
    lines = (
        label,
        f"需求：{wanted}" if wanted else "",
        f"聊天里提到：{next}。打卡时可以写成下一步" if next else "",
    )
    return Card(
        kind="draft.noted",
        title=f"已记到 {lead_id(lead)}",
        subject=draft_subject(draft),
        lines=tuple(mask_phones_in(clip(line, 60)) for line in lines if line),
        buttons=(
            Button("开始跟进", StartCheckin(lead).pack(), Style.PRIMARY),
            Button("撤销", Undo(undo).pack()),
        ),
        tone=Tone.GOOD,
    )


def asked_owner(customer: int, label: str, who: str) -> Card:
    """To the owner of a customer: a colleague met somebody of theirs. Says nothing of what was met."""
    return Card(
        kind="customer.met",
        title=f"{customer_id(customer)} 有新消息",
        subject=customer_id(customer),
        lines=(f"{who} 收到了疑似 {label} 的联系，客户归你负责，请和 {who} 对接。",),
    )


# ── leads ──────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class LeadView:
    """A lead as its owner reads it. `phone` is masked; `target` and `latest` are the two marks of the first-touch
    clock (UTC; None: no such mark or it no longer matters)."""

    id: int
    version: int
    customer: int
    label: str
    person: str = ""
    phone: str = ""
    kind: str = ""
    source: str = ""
    created_at: datetime | None = None
    need: str = ""
    note: str = ""
    why: str = ""
    target: datetime | None = None
    latest: datetime | None = None
    pages: str = ""  # what the visitor looked at before, as one line
    hints: tuple[str, ...] = field(default_factory=tuple)


def new_lead(view: LeadView, now: datetime, zone: ZoneInfo) -> Card:
    """R1: a lead that is now yours, why, and until when."""
    return Card(
        kind="lead.new",
        title=clip(f"🔔 新线索 {lead_id(view.id)}" + (f" · {view.kind}" if view.kind else ""), 26),
        subject=lead_id(view.id),
        lines=lead_lines(view, now, zone),
        buttons=(
            Button("开始跟进", StartCheckin(view.id).pack(), Style.PRIMARY),
            Button("转给同事", HandOver(view.id).pack()),
            Button("更多", MoreLead(view.id).pack()),
        ),
    )


def more(view: LeadView, snooze: Action, now: datetime, zone: ZoneInfo) -> Card:
    """R1b: the rarer things. `snooze` is the action of 稍后 30 分钟."""
    card = new_lead(view, now, zone)
    return Card(
        kind=card.kind,
        title=card.title,
        subject=card.subject,
        lines=card.lines,
        buttons=(
            Button("稍后 30 分钟", snooze.pack()),
            Button("号码无效", BadNumber(view.id, view.version).pack()),
            Button("是老客户", KnownCustomer(view.id, view.version).pack()),
            Button("看详情", ShowLead(view.id).pack()),
            Button("退回", Decline(view.id, view.version).pack()),
            Button("返回", BackToLead(view.id).pack()),
        ),
    )


def lead_lines(view: LeadView, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """The body of R1, masked. A small screen cuts the end off: until when stands before why and the note."""
    source = f"来源：{clip(view.source, SOURCE) or '未填'}" + (
        f" {_clock(view.created_at, now, zone)}" if view.created_at else ""
    )
    lines = [
        who_line(view.label, view.person, view.phone),
        source + (f"　需求：{clip(view.need, NEED)}" if view.need else ""),
        marks_line(view.target, view.latest, now, zone),
        f"为什么给你：{view.why}" if view.why else "",
        f"备注：{clip(view.note, 60)}" if view.note else "",
        view.pages,
        *view.hints,
    ]
    return tuple(line for line in lines if line)


def who_line(company: str, person: str, phone: str) -> str:
    """Company, person and number (masked) within WHO: the company gives way, the number never does."""
    rest = [part for part in (clip(person, 10), clip(phone, 20)) if part]
    room = min(COMPANY, WHO - sum(len(part) + 3 for part in rest))
    return " · ".join([clip(company, room), *rest])


def next_line(lead: Lead, now: datetime, zone: ZoneInfo) -> str:
    """ "下一步：明天 18:00 发测试报告", of a lead without one "需求：液压阀块，月 300 件"; "" with neither."""
    if lead.next_text or lead.next_at:
        at = f"{when(lead.next_at, now, zone)} " if lead.next_at else ""
        return f"下一步：{at}{clip(lead.next_text, NEED) or '再联系'}"
    return f"需求：{clip(lead.need, NEED)}" if lead.need else ""


def marks_line(target: datetime | None, latest: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """ "目标 13:32 前首触，最晚 15:32"; with one mark "最晚 15:32 前首触"; "" with none."""
    if target and latest:
        return f"目标 {_clock(target, now, zone)} 前首触，最晚 {_clock(latest, now, zone)}"
    only = target or latest
    return f"最晚 {_clock(only, now, zone)} 前首触" if only else ""


def _clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The time alone when it is today's."""
    return when(at, now, zone).removeprefix("今天 ")


@dataclass(frozen=True)
class Colleague:
    """Somebody who could take a lead, with the line that says why."""

    id: str
    name: str
    line: str


def colleagues(view: LeadView, who: Sequence[Colleague], *, back: Action | None = None) -> Card:
    """Who could take the lead: up to four with a button, all others by the command."""
    buttons = [Button(f"给{one.name}", GiveTo(view.id, one.id, view.version).pack()) for one in who[:4]]
    buttons.append(Button("返回", (back or BackToLead(view.id)).pack()))
    return Card(
        kind="lead.handover",
        title=f"{lead_id(view.id)} 转给谁？",
        subject=lead_id(view.id),
        lines=(view.label, *(one.line for one in who[:4]))
        if who
        else (view.label, "现在没有可以接手的同事。"),
        buttons=tuple(buttons),
        note=f"其他同事：/转给 {view.id} @姓名",
    )


def moved(lead: int, label: str, to: str, *, undo: int, by: str = "", why: str = "", date: str = "") -> Card:
    """The lead went to a colleague. `by` names somebody else who did it (then there is nothing to undo here)."""
    said = f"已由{by}接手" if by == to else f"已由{by}转给{to}" if by else f"已转给 {to}"
    return Card(
        kind="lead.moved",
        title=f"{lead_id(lead)} {said}",
        subject=lead_id(lead),
        lines=tuple(line for line in (label, f"理由：{why}" if why else "", date) if line),
        buttons=(Button("撤销", Undo(undo).pack()),) if undo else (),
        tone=Tone.GOOD if undo else Tone.PLAIN,
    )


def taken_back(lead: int, label: str, by: str) -> Card:
    """To somebody who had a lead for some minutes: the hand-over was undone."""
    return Card(
        kind="lead.moved",
        title=f"{lead_id(lead)} 已被{by}撤回",
        subject=lead_id(lead),
        lines=(label,),
    )


def invalid(lead: int, label: str, *, undo: int) -> Card:
    """号码无效, with the way back."""
    return Card(
        kind="lead.invalid",
        title=f"{lead_id(lead)} 已关闭：号码无效",
        subject=lead_id(lead),
        lines=(label, "已告知主管。"),
        buttons=(Button("撤销", Undo(undo).pack()),),
    )


def invalid_notice(lead: int, label: str, who: str, source: str) -> Card:
    """To the manager: a rep says that the number is dead."""
    return Card(
        kind="lead.invalid_notice",
        title=f"{lead_id(lead)} 号码无效",
        subject=lead_id(lead),
        lines=(f"{who} 标记：{label}" + (f"（来源：{source}）" if source else ""),),
    )


def known_customer(view: LeadView, likely: Sequence[Likely]) -> Card:
    """是老客户: which one?"""
    return Card(
        kind="lead.known",
        title=f"{lead_id(view.id)} 是哪个老客户？",
        subject=lead_id(view.id),
        lines=(view.label, *(likely_line(one) for one in likely[:3])),
        buttons=(
            *(
                Button(f"并入 {customer_id(one.id)}", JoinCustomer(view.id, view.version, one.id).pack())
                for one in likely[:3]
            ),
            Button("返回", BackToLead(view.id).pack()),
        ),
        note="也可以直接回复客户名称或编号，例如 C-0311",
    )


def nobody(lead: int, label: str, lines: Sequence[str]) -> Card:
    """To managers: nobody can take this lead; why, rep by rep."""
    return Card(
        kind="lead.unassigned",
        title=f"{lead_id(lead)} 没有人能接",
        subject=lead_id(lead),
        lines=(label, *lines[:6], "已放入公海，会定时再试。"),
        note=f"指定负责人：/转派 {lead} @姓名；为什么：/为什么 {lead}",
        tone=Tone.WARN,
    )
