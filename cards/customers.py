"""How a customer looks: the profile, and the choice between several of one name."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cards.actions_checkins import StartCheckin, Undo
from cards.actions_leads import ShowCustomer
from cards.card import Button, Card, Style, Tone
from cards.merging import Twin, twin_buttons, twin_line
from rules.text import clip, customer_id, lead_id


@dataclass(frozen=True)
class ContactLine:
    """A contact with numbers as the reader may see them."""

    name: str
    title: str = ""
    phone: str = ""
    wechat: str = ""
    email: str = ""


@dataclass(frozen=True)
class OpenLead:
    """An open lead of the customer: id, what it is called now, what was promised next."""

    id: int
    status: str
    next: str = ""


@dataclass(frozen=True)
class Profile:
    """A customer as one member may see it. `start`: the lead that the reader can follow up (0: none)."""

    id: int
    label: str
    owner: str
    city: str = ""
    level: str = ""
    contacts: tuple[ContactLine, ...] = ()
    leads: tuple[OpenLead, ...] = ()
    followups: tuple[str, ...] = field(default_factory=tuple)
    touches: tuple[str, ...] = ()  # calls, mails, visits, newest first
    start: int = 0
    cover: str = ""  # until when none of its leads goes back to the pool
    friends: str = ""  # with whom of ours they are friends on WeCom
    credit_code: str = ""
    marks: str = ""  # competitors, price, who decides
    twins: tuple[Twin, ...] = ()
    merged: tuple[int, ...] = ()  # customers that are part of it now
    asked: int = 0  # the old id by which it was asked for
    opportunities: tuple[str, ...] = ()  # the open ones first, as lines


def profile(view: Profile) -> Card:
    """Contacts, open leads, the last five follow-ups."""
    head = " · ".join(part for part in (view.city, view.level, f"负责人 {view.owner or '（公海）'}") if part)
    code = (f"统一社会信用代码 {view.credit_code}",) if view.credit_code else ()
    lines = [
        head,
        *_was(view),
        *code,
        *((view.cover,) if view.cover else ()),
        *((view.friends,) if view.friends else ()),
        *((view.marks,) if view.marks else ()),
        *(twin_line(one) for one in view.twins),
        *(_contact(one) for one in view.contacts[:5]),
    ]
    lines += [
        " · ".join(part for part in (lead_id(one.id), one.status, clip(one.next, 30)) if part)
        for one in view.leads[:5]
    ]
    lines += view.opportunities
    lines += (
        [f"近 {len(view.followups[:5])} 次跟进：", *view.followups[:5]]
        if view.followups
        else ["还没有跟进记录"]
    )
    lines += [f"近 {len(view.touches)} 次触点：", *view.touches] if view.touches else []
    start = Button("开始跟进", StartCheckin(view.start).pack(), Style.PRIMARY)
    return Card(
        kind="customer",
        title=clip(f"{customer_id(view.id)} {view.label}", 26),
        subject=customer_id(view.id),
        lines=tuple(lines),
        buttons=(*((start,) if view.start else ()), *twin_buttons(view.id, view.twins)),
    )


def _was(view: Profile) -> tuple[str, ...]:
    """By which old id it was found; what became part of it."""
    if view.asked:
        return (f"{customer_id(view.asked)} 已并入 {customer_id(view.id)}",)
    parts = "、".join(customer_id(one) for one in view.merged[:5])
    return (f"已并入：{parts}（分开发 /撤销合并 编号）",) if parts else ()


def _contact(one: ContactLine) -> str:
    return " ".join(
        part for part in (one.name or "联系人", one.title, one.phone, one.wechat, one.email) if part
    )


def changed(
    customer: int,
    about: str,
    label: str,
    lines: Sequence[str],
    *,
    undo: int = 0,
    by: str = "",
    twins: Sequence[Twin] = (),
) -> Card:
    """What was put right in a saved record. `by` names a colleague who did it: then there is nothing to take back here."""
    button = Button("撤销", Undo(undo).pack()) if undo else Button("看详情", ShowCustomer(customer).pack())
    return Card(
        kind="customer.changed",
        title=clip(f"{by}改了 {about}" if by else f"已改 {about}", 26),
        subject=customer_id(customer),
        lines=(clip(label, 40), *(clip(line, 60) for line in lines), *(twin_line(one) for one in twins)),
        buttons=(button,),
        tone=Tone.PLAIN if by else Tone.GOOD,
    )


def which(words: str, found: Sequence[tuple[int, str]]) -> Card:
    """Several customers may be meant: pick one."""
    return Card(
        kind="customer.which",
        title=clip(f"「{words}」是哪一个？", 26),
        lines=tuple(f"{customer_id(id)} {label}" for id, label in found[:5]),
        buttons=tuple(Button(customer_id(id), ShowCustomer(id).pack()) for id, _ in found[:5]),
    )
