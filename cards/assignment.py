"""How an assignment reads: /为什么 candidate by candidate, /公平, /预演, what nobody can take, 退回. (product M9, M11)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cards.actions_assignment import Decline
from cards.card import Button, Card, Tone
from rules.fairness import Fairness
from rules.text import clip, lead_id, when

NAMED = 10
"""The most people whose reason is named one by one; more are put together by reason."""
SHOWN = 8
"""The most lines of a list."""


@dataclass(frozen=True)
class Weighed:
    """A candidate as /为什么 shows it. `share` is the part of the lead, `credit` what was owed before, in leads."""

    name: str
    out: str = ""
    region: float = 1.0
    trade: float = 1.0
    rate: float = 0.0
    weight: float = 0.0
    share: float = 0.0
    credit: float = 0.0
    today: int = 0
    decided: int = 0

    @property
    def line(self) -> str:
        """ "权重 0.41：区域 1 × 行业 1 × 成交率 0.41；份额 60%，此前余额 +0.35 条，今日 2 条" """
        return (
            f"权重 {self.weight:.2f}：区域 {self.region:g} × 行业 {self.trade:g} × 成交率 {self.rate:.2f}"
            f"（{self.decided} 单）；份额 {self.share:.0%}，此前余额 {self.credit:+.2f} 条，今日 {self.today} 条"
        )


@dataclass(frozen=True)
class Explained:
    """One decision. `chosen` is the name of who got the lead, "" for nobody."""

    at: datetime
    chosen: str
    group: str
    widened: bool
    candidates: tuple[Weighed, ...]


def why(
    lead: int,
    made: Sequence[Explained],
    moves: Sequence[tuple[datetime, str]],
    now: datetime,
    zone: ZoneInfo,
    state: str,
) -> str:
    """/为什么: how the newest decision went, what came before and after it, where the lead is now."""
    lines = [f"{lead_id(lead)} 为什么这样分（{state}）"]
    if made:
        last = made[-1]
        lines += _decision(last, now, zone)
        if len(made) > 1:
            lines.append(f"此前还试过 {len(made) - 1} 次，第一次在 {when(made[0].at, now, zone)}。")
    else:
        lines.append("没有经过自动分派。")
    lines += [f"{when(at, now, zone)} {what}" for at, what in moves[-SHOWN:]]
    return "\n".join(lines)


def _decision(made: Explained, now: datetime, zone: ZoneInfo) -> list[str]:
    lines = [f"{when(made.at, now, zone)} 自动分派" + (f"，归「{made.group}」组" if made.group else "")]
    if made.widened:
        lines.append("组里没有人能接，扩大到所有人。")
    out = [one for one in made.candidates if not one.share]
    if out:
        lines.append("依次排除：" + _left_out(out))
    running = sorted((one for one in made.candidates if one.share), key=lambda one: -(one.credit + one.share))
    for one in running[:SHOWN]:
        mark = "→ " if one.name == made.chosen else "　 "
        lines.append(f"{mark}{one.name}（{one.line}）")
    if len(running) > SHOWN:
        lines.append(f"　 另有 {len(running) - SHOWN} 人余额加份额更少。")
    lines.append("余额加份额最大的先得，得到的减 1 条。" if made.chosen else "没有人能接：进公海，定时再试。")
    return lines


def _left_out(out: Sequence[Weighed]) -> str:
    if len(out) <= NAMED:
        return "、".join(f"{one.name}（{_reason(one)}）" for one in out)
    by: dict[str, list[str]] = {}
    for one in out:
        by.setdefault(_reason(one), []).append(one.name)
    return "；".join(f"{reason} {len(names)} 人：{_some(names)}" for reason, names in by.items())


def _reason(one: Weighed) -> str:
    if one.out == "到上限":
        return f"今日已满 {one.today}"
    if one.out:
        return one.out
    return "区域不合" if not one.region else "份额不足"


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:6]) + ("…" if len(names) > 6 else "")


# ── /公平 ──────────────────────────────────────────────────────────────────────────────────────────────
def fairness(
    made: Fairness, names: Mapping[str, str], days: int, unassigned: int, *, only: Sequence[str] = ()
) -> str:
    """Expected and got, rep by rep (`only` these are named), with the figures of the whole."""
    if not made.leads:
        return f"近 {days} 天没有自动分派的线索。"
    lines = [
        f"分派公平 · 近 {days} 天自动分派 {made.leads} 条",
        f"最大偏差 {made.worst:.1f} 条；基尼系数（实得÷应得）{made.gini:.2f}",  # before a list that may be cut into messages
    ]
    for one in made.rows:
        if only and one.member not in only:
            continue
        lines.append(
            f"{names.get(one.member, one.member)}：应得 {one.expected:.1f}，实得 {one.got}"
            f"（{one.got / made.leads:.0%}），差 {one.off:+.1f}，参与 {one.running} 条"
        )
    if unassigned:
        lines.append(f"现在没有人能接、在等重试的：{unassigned} 条")
    lines.append(
        "应得＝每条线索按权重分给当时能接的人的份额之和。一个人负责的老客户、指定、领取、转派不算在内。"
    )
    return "\n".join(lines)


# ── /预演 ──────────────────────────────────────────────────────────────────────────────────────────────
def preview(
    rows: Sequence[tuple[str, int, int]],
    leads: int,
    moved: int,
    nobody: tuple[int, int],
    days: int,
    changed: str,
) -> str:
    """What would have happened: (name, got then, would get), how many leads would go elsewhere."""
    if not leads:
        return f"近 {days} 天没有自动分派的线索可以预演。"
    lines = [f"预演 · 近 {days} 天的 {leads} 条线索" + (f" · {changed}" if changed else " · 按现在的设置")]
    lines += [f"{name}：当时 {then} 条 → 会得 {would} 条" for name, then, would in rows]
    lines.append(
        f"会换人的 {moved} 条（{moved / leads:.0%}）；没有人能接：当时 {nobody[0]} 条 → {nobody[1]} 条"
    )
    lines.append("只是推算，没有改动任何线索。成交率按今天的，当时的休假和每日上限照算，在跟上限不算。")
    return "\n".join(lines)


# ── nobody ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Stuck:
    """A lead that was tried several times."""

    lead: int
    label: str
    since: datetime
    tries: int
    why: str


def stuck(rows: Sequence[Stuck], total: int, now: datetime, zone: ZoneInfo) -> Card:
    """To those who run sales: leads that nobody can take, after several tries."""
    lines = [
        f"{lead_id(one.lead)} {clip(one.label, 14)} {when(one.since, now, zone)} 起，试了 {one.tries} 次：{clip(one.why, 40)}"
        for one in rows[:SHOWN]
    ]
    more = total - len(rows[:SHOWN])
    return Card(
        kind="assign.stuck",
        title=clip(f"🔺 {total} 条线索一直没有人能接", 26),
        subject="ASSIGN",
        lines=(*lines, *((f"另有 {more} 条，发 /公海 看。",) if more > 0 else ())),
        note=f"指定负责人：/转派 {rows[0].lead} @姓名；看原因：/为什么 {rows[0].lead}",
        tone=Tone.ALARM,
    )


def recovered(leads: int, minutes: int) -> str:
    """The backlog was worked off: the proof (B86)."""
    return f"积压已清：等重试的线索全部分派了，这一轮共 {leads} 条，最久等了 {minutes} 分钟。"


# ── 退回 ───────────────────────────────────────────────────────────────────────────────────────────────
def decline_button(lead: int, version: int) -> Button:
    """退回 on R1b."""
    return Button("退回", Decline(lead, version).pack())


def declined(lead: int, label: str, who: str, why: str, to: str) -> Card:
    """To the manager: somebody sent a lead back, and where it went."""
    return Card(
        kind="lead.declined",
        title=clip(f"{lead_id(lead)} 被{who}退回", 26),
        subject=lead_id(lead),
        lines=(label, f"原因：{why}", f"已改派 {to}。" if to else "没有人能接，已进公海，会定时再试。"),
        tone=Tone.PLAIN if to else Tone.WARN,
    )
