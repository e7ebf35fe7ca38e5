"""How leave and a leaver's handover read. (product R14, C.4)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cards.actions_assignment import ChangeDelegate, ConfirmLeave, HandAll
from cards.actions_checkins import Undo
from cards.actions_sla import ShowToday
from cards.card import Button, Card, Style, Tone
from rules.away import Leave
from rules.text import clip, lead_id


def days(leave: Leave, zone: ZoneInfo) -> str:
    """ "11-25 到 11-27", both days included."""
    first = leave.start.astimezone(zone)
    last = leave.until.astimezone(zone) - timedelta(seconds=1)
    return f"{first:%m-%d} 到 {last:%m-%d}" if first.date() != last.date() else f"{first:%m-%d} 一天"


def confirm(leave: Leave, whose: str, delegate: str, due: int, owned: int, zone: ZoneInfo) -> Card:
    """R14: what a leave means, before it holds. `whose` is "" for one's own."""
    who = f"{whose}的" if whose else ""
    lines = [f"{days(leave, zone)}：新线索不再派给{whose or '你'}。"]
    if delegate:
        lines.append(
            f"到期 {due} 项由{delegate}代看，提醒也发给{delegate}；在跟 {owned} 条和客户仍归{whose or '你'}。"
        )
    else:
        lines.append(f"没有人代班：在跟 {owned} 条的提醒照常发给{whose or '你'}，到期 {due} 项没有人看。")
    return Card(
        kind="leave.confirm",
        title=clip(f"确认{who}休假交接", 26),
        subject=f"V-{leave.id}",
        lines=tuple(lines),
        buttons=(
            Button("确认", ConfirmLeave(leave.id).pack(), Style.PRIMARY),
            Button("改人" if delegate else "找人代班", ChangeDelegate(leave.id).pack()),
        ),
    )


def covering(leave: Leave, whose: str, owned: int, zone: ZoneInfo) -> Card:
    """To the delegate: you stand in."""
    return Card(
        kind="leave.delegate",
        title=clip(f"你代{whose}看 {days(leave, zone)}", 26),
        subject=f"V-{leave.id}",
        lines=(
            f"{whose}在跟 {owned} 条。这段时间提醒发给你，你可以打卡、稍后、说明原因；客户仍归{whose}，到时自动还回去。",
            "发 /今日 看要做的事。",
        ),
        buttons=(Button("今日全部", ShowToday().pack()),),
    )


def stands_in(card: Card, owner: str) -> Card:
    """A card that goes to the stand-in says for whom."""
    return Card(
        kind=card.kind, title=card.title, subject=card.subject, lines=(f"代{owner}：客户仍归{owner}。", *card.lines),
        fields=card.fields, buttons=card.buttons, selects=card.selects, submit=card.submit, note=card.note, tone=card.tone,
        image=card.image, closed=card.closed,
    )  # fmt: skip


# ── gone ───────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Belongings:
    """What somebody leaves behind."""

    leads: int
    customers: int
    opportunities: int
    tasks: int
    drafts: int
    reminders: int

    @property
    def total(self) -> int:
        return self.leads + self.customers + self.opportunities + self.tasks + self.drafts

    @property
    def line(self) -> str:
        """ "客户 63、进行中线索 31、进行中商机 9、待办 14、草稿 2、未到期提醒 22" """
        return (
            f"客户 {self.customers}、进行中线索 {self.leads}、进行中商机 {self.opportunities}、待办 {self.tasks}、"
            f"草稿 {self.drafts}、未到期提醒 {self.reminders}"
        )


def handover(
    member: str,
    name: str,
    has: Belongings,
    to: Sequence[tuple[str, str]],
    *,
    gone: bool,
    split: bool = False,
    named: bool = False,
    friends: str = "",
) -> Card:
    """C.4 7: what is handed over, and three ways. `to` are (member id, name); `split`: to all of them together; `named`:
    they were asked for, so they come first; `friends`: what becomes of the WeCom friends."""
    between = (
        (f"分给{'、'.join(one for _, one in to)}：同一个客户的都给一个人，条数尽量一样。",) if split else ()
    )
    if split:
        both = HandAll(member, "split:" + ",".join(id for id, _ in to), has.total)
        buttons = [Button(clip(f"分给这 {len(to)} 人", 10), both.pack(), Style.PRIMARY)]
    else:
        buttons = [
            Button(clip(f"全部给{one}", 10), HandAll(member, id, has.total).pack()) for id, one in to[:3]
        ]
    by_turn = Button("按区域自动分", HandAll(member, "auto", has.total).pack())
    buttons = [*buttons, by_turn] if named else [by_turn, *buttons]
    buttons.append(Button("入公海", HandAll(member, "pool", has.total).pack()))
    return Card(
        kind="handover",
        title=clip(f"{name}{'已离职' if gone else ''}：交接预览", 26),
        subject=f"H-{member}"[:60],
        lines=(
            has.line + "。",
            *between,
            *((friends,) if friends else ()),
            "一次做完，状态、历史、任务、提醒都跟着走；历史跟进仍记在原来的人名下。",
        ),
        buttons=tuple(buttons),
        note=f"给别的同事：/交接 {name} → @姓名，分给几个人就写几个",
        tone=Tone.WARN,
    )


def handed(
    name: str, to: str, has: Belongings, split: Sequence[tuple[str, int]], rest: str = ""
) -> tuple[str, str, str]:
    """What was done, line by line; "" where there is nothing to say."""
    where = "、".join(f"{who} {n} 条" for who, n in split)
    return f"{has.line}。", f"线索去向：{where}。" if where else f"都给了{to}。" if to else "", rest


def done(member: str, name: str, lines: Sequence[str], undo: int, lasts: str) -> Card:
    """After the press: what was done, and the way back."""
    return Card(
        kind="handover.done",
        title=clip(f"{name} 的交接完成", 26),
        subject=f"H-{member}"[:60],
        lines=tuple(line for line in lines if line),
        buttons=(Button("撤销", Undo(undo).pack()),),
        note=f"{lasts}内可以撤销；已经有人跟进的不回来。",
        tone=Tone.GOOD,
    )


def taken_back(name: str, leads: int, deals: int, by: str) -> Card:
    """To who had them for some minutes: the handover was undone."""
    return Card(
        kind="handover.back",
        title=clip(f"{name} 的 {things(leads, deals)}收回了", 26),
        subject="HANDOVER",
        lines=(f"{by}撤销了交接，线索、客户、商机和提醒都回到{name}名下。",),
    )


def yours_again(leads: int, deals: int, by: str) -> Card:
    """To whose they were: they are again."""
    return Card(
        kind="handover.back",
        title=f"{things(leads, deals)}回到你名下",
        subject="HANDOVER",
        lines=(f"{by}撤销了交接，客户、任务和提醒也都回来了。",),
        buttons=(Button("今日全部", ShowToday().pack(), Style.PRIMARY),),
    )


def things(leads: int, deals: int) -> str:
    """ "9 条线索、3 个商机"; what there is none of is left out."""
    return "、".join(
        part for part in (f"{leads} 条线索" if leads else "", f"{deals} 个商机" if deals else "") if part
    )


RECYCLED = "跟进过的，公海回收日不因交接改变。"


def received(
    name: str,
    rows: Sequence[tuple[int, str, str]],
    deals: Sequence[str],
    customers: int,
    late: int,
    *,
    recycles: bool = True,
) -> Card:
    """To who takes over: (lead, label, status) of what is now theirs and their opportunities as lines, one card for all."""
    lines = [f"{lead_id(id)} {clip(label, 14)} {status}" for id, label, status in rows[:8]]
    more = len(rows) - len(lines)
    what = things(len(rows), len(deals)) or f"{customers} 个客户"
    return Card(
        kind="handover.received",
        title=clip(f"{name} 的 {what}归你了", 26),
        subject="HANDOVER",
        lines=(
            f"客户 {customers}、线索 {len(rows)}、商机 {len(deals)}。",
            *lines,
            *((f"另有 {more} 条。",) if more > 0 else ()),
            *deals[:5],
            *((f"商机另有 {len(deals) - 5} 个，发 /商机 看。",) if len(deals) > 5 else ()),
            *((f"其中 {late} 条还没有首触，从现在起重新计时。",) if late else ()),
            *((RECYCLED,) if recycles and len(rows) > late else ()),
        ),
        buttons=(Button("今日全部", ShowToday().pack(), Style.PRIMARY),),
    )


def welcome_back(name: str, when: datetime, zone: ZoneInfo, delegate: str, done: int) -> str:
    """To somebody whose leave is over."""
    help_by = f"{delegate} 代你跟进了 {done} 次。" if delegate else ""
    return f"{name}，休假结束，从现在起照常派线索，提醒也回到你这里。{help_by}发 /今日 看要做的事。"
