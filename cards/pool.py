"""How the public pool looks: the list with 领取, the warnings before a lead goes back, what lies there too long. (B14, C.7)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cards.actions_assignment import AskHold, GrantHold, PoolPage
from cards.actions_checkins import StartCheckin
from cards.actions_leads import ShowCustomer, ShowLead
from cards.actions_sla import Claim
from cards.card import Button, Card, Style, Tone
from rules.hours import show_duration
from rules.text import clip, customer_id, lead_id, when

PAGE = 3
"""Leads on one page: each has a button, and 下一页 has one."""
SHOWN = 8


@dataclass(frozen=True)
class Row:
    """A lead of the pool as everybody may read it: no number, no person."""

    lead: int
    version: int
    label: str
    need: str
    since: datetime
    reason: str
    former: str = ""

    def line(self, zone: ZoneInfo) -> str:
        """ "L-1024 宁波恒达 液压阀块 11-20 到期回收（原王磊）" """
        former = f"（原{self.former}）" if self.former else ""
        need = f" {clip(self.need, 8)}" if self.need else ""
        day = self.since.astimezone(zone)
        return f"{lead_id(self.lead)} {clip(self.label, 9)}{need} {day:%m-%d} {self.reason}{former}"


def listed(
    rows: Sequence[Row], total: int, stale: int, limit: timedelta, now: datetime, zone: ZoneInfo, *,
    words: str, more: bool, left: int | None, claims: bool,
) -> Card:  # fmt: skip
    """/公海. `left`: how many leads may still be looked at today (None: no cap); `claims`: the reader may take them."""
    head = f"超过 {show_duration(limit)}没有人负责的 {stale} 条。" if stale else ""
    buttons = (
        [Button(f"领取 {lead_id(row.lead)}", Claim(row.lead, row.version).pack()) for row in rows]
        if claims
        else []
    )
    if more:
        buttons.append(Button("下一页", PoolPage(rows[-1].lead, clip(words, 10)).pack()))
    if left is not None and left <= 10:
        head += f"今天还能看 {left} 条。"
    return Card(
        kind="pool",
        title=f"公海 {total} 条" + (f" · {clip(words, 10)}" if words else ""),
        lines=tuple(line for line in (head, *(row.line(zone) for row in rows)) if line),
        buttons=tuple(buttons),
        note="也可以写：/领取 1024；/公海 浙江 只看提到浙江的。",
    )  # fmt: skip


def warning(lead: int, label: str, at: datetime, last: str, now: datetime, zone: ZoneInfo) -> Card:
    """To the owner: the lead goes back, and how to keep it."""
    return Card(
        kind="pool.warning",
        title=clip(f"⏳ {lead_id(lead)} {_days(at, now)}回到公海", 26),
        subject=lead_id(lead),
        lines=(label, f"{when(at, now, zone)} 收回：{last}。有一次有效跟进就重新计算。"),
        buttons=(
            Button("现在跟进", StartCheckin(lead).pack(), Style.PRIMARY),
            Button("申请保护", AskHold(lead).pack()),
        ),
        tone=Tone.WARN,
    )


def _days(at: datetime, now: datetime) -> str:
    days = max(0, round((at - now).total_seconds() / 86400))
    return f"{days} 天后" if days else "今天"


def recycled(lead: int, label: str, why: str, cooldown: timedelta) -> Card:
    """To the former owner."""
    return Card(
        kind="pool.recycled",
        title=f"{lead_id(lead)} 已回到公海",
        subject=lead_id(lead),
        lines=(label, f"{why}。你 {show_duration(cooldown)}内不能再领这一条。"),
    )


def stale(rows: Sequence[Row], total: int, limit: timedelta, now: datetime, zone: ZoneInfo) -> Card:
    """To managers and admins: leads that nobody has had for too long (B14)."""
    more = total - len(rows[:SHOWN])
    return Card(
        kind="pool.stale",
        title=clip(f"🔺 公海 {total} 条超过 {show_duration(limit)}", 26),
        subject="POOL",
        lines=(
            *(row.line(zone) for row in rows[:SHOWN]),
            *((f"另有 {more} 条，发 /公海 看。",) if more > 0 else ()),
        ),
        note=f"指定负责人：/转派 {rows[0].lead} @姓名；没有价值的请关闭。",
        tone=Tone.ALARM,
    )


def ask_hold(lead: int, label: str, who: str, by: str, days: int, why: str, at: str) -> Card:
    """To the manager: may this lead stay with its owner?"""
    return Card(
        kind="pool.hold",
        title=clip(f"{who} 申请保护 {lead_id(lead)} {days} 天", 26),
        subject=lead_id(lead),
        lines=(label, f"理由：{why}", f"不保护的话 {at} 回到公海。"),
        buttons=(
            Button("同意", GrantHold(lead, by, days, True).pack(), Style.PRIMARY),
            Button("不同意", GrantHold(lead, by, days, False).pack()),
            Button("看详情", ShowLead(lead).pack()),
        ),
    )


def covered(customer: int, label: str, what: str) -> Card:
    """To the owner: nothing of this customer goes back to the pool for now, or it may again."""
    return Card(
        kind="pool.cover",
        title=clip(f"🔒 {customer_id(customer)} {label}", 26),
        subject=customer_id(customer),
        lines=(f"{what}。",),
        buttons=(Button("看客户", ShowCustomer(customer).pack()),),
    )


def cover_ends(customer: int, label: str, last: str, why: str) -> Card:
    """To the owner and who set it: it ends soon."""
    number = customer_id(customer)
    return Card(
        kind="pool.cover_ends",
        title=clip(f"⏳ {number} 的保护 {last[5:]} 到期", 26),
        subject=number,
        lines=(label, f"原因：{why}", f"{last} 之后，没有有效跟进的线索会按规则回到公海。"),
        buttons=(Button("看客户", ShowCustomer(customer).pack()),),
        note=f"续保护（主管）：/保护 {number} 日期 原因",
        tone=Tone.WARN,
    )
