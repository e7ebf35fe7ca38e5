"""What admins see: alerts, /诊断, dead letters. (product M11, C.5)"""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.actions_sla import Replay, Resend
from cards.actions_watch import ReplayAll
from cards.card import Button, Card, Tone
from rules.text import clip

TITLE = 26
MARKS = {"ok": "✅", "warn": "⚠️", "fail": "❌"}


def alert(name: str, text: str, code: str, at: str) -> Card:
    """The platform (by the name people call it) or the machine tells of itself. `at` (ready to read) makes each one
    different: WeCom swallows what it was sent already within some hours (protocol wecom, duplicate check)."""
    return Card(kind="alert", title=clip(f"⚠ {name or '系统'} 告警", TITLE), lines=(text, f"时间：{at}"),
                note=f"代码 {code}。看全部状态发 /诊断", tone=Tone.ALARM)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One check: state "ok", "warn" or "fail"; what; how to fix it."""

    name: str
    state: str
    text: str
    fix: str = ""


def diagnosis(lines: Sequence[Line]) -> str:
    """/诊断: what is wrong first, each with the way to fix it; what is well in one line."""
    bad = [line for line in lines if line.state == "fail"]
    odd = [line for line in lines if line.state == "warn"]
    well = [line for line in lines if line.state not in ("fail", "warn")]
    head = f"诊断：{len(bad)} 项有问题，{len(odd)} 项要留意，{len(well)} 项正常"
    said = [head]
    for line in (*bad, *odd):
        said.append(
            f"{MARKS[line.state]} {line.name}：{line.text}" + (f"\n　→ {line.fix}" if line.fix else "")
        )
    said += [f"{MARKS['ok']} {line.name}：{line.text}" for line in well]
    return "\n".join(said)


@dataclass(frozen=True)
class Letter:
    """A dead letter: its event number, when it came (ready to read), why it could not be handled."""

    id: int
    at: str
    why: str


@dataclass(frozen=True)
class Unsent:
    """A send that was given up: its number, when it was said (ready to read), to whom, why."""

    id: int
    at: str
    to: str
    why: str


def letters(found: Sequence[Letter], total: int, unsent: Sequence[Unsent] = ()) -> Card:
    """/重试队列: what could not be handled and what could not be sent, with a button to try each again."""
    titles = [f"死信 {total} 条"] if total or not unsent else []
    titles += [f"没发出去 {len(unsent)} 条"] if unsent else []
    lines = [f"E-{one.id} {one.at} {clip(one.why, 80)}" for one in found]
    lines += [f"S-{one.id} {one.at} 给{one.to}：{clip(one.why, 60)}" for one in unsent]
    buttons = [Button(f"重放 E-{one.id}", Replay(one.id).pack()) for one in found]
    if total > 1:
        buttons.append(Button("全部重放", ReplayAll(total).pack()))
    buttons += [Button(f"重发 S-{one.id}", Resend(one.id).pack()) for one in unsent]
    return Card(
        kind="dead",
        title="，".join(titles),
        lines=tuple(lines),
        buttons=tuple(buttons),
        note=f"另有 {total - len(found)} 条死信" if total > len(found) else "",
        tone=Tone.WARN,
    )
