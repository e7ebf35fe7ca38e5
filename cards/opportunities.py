"""How opportunities look: one with its five stages and what can be done, and lists of them. (B47, B48)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cards.actions_checkins import Undo
from cards.actions_opportunities import (
    OpportunityPage,
    ShowOpportunity,
    StepOpportunity,
    TakeOpportunity,
)
from cards.actions_sla import Claim
from cards.card import Button, Card, Field, Style, Tone
from rules.opportunities import (
    STAGES,
    TITLES,
    Happened,
    Opportunity,
    Outcome,
    Stage,
    Step,
    before,
    following,
    money,
)
from rules.text import clip, customer_id, lead_id, opportunity_id

KIND = "opportunity"
PAGE = 3
"""Rows of a list on one card: WeCom shows no more words."""
GROUPS = 5
TONES = {Outcome.OPEN: Tone.PLAIN, Outcome.WON: Tone.GOOD, Outcome.LOST: Tone.WARN, Outcome.VOID: Tone.PLAIN}
DOES = {Step.FORWARD: "推进", Step.BACK: "退回", Step.WON: "赢单", Step.LOST: "丢单"}


@dataclass(frozen=True)
class View:
    """An opportunity as somebody may read it. `label`: its customer's name, masked where it must be; `rested`: for how long
    it has been in its stage; `moves`: the reader may move it; `claim`: id and version of the lead of the pool with which it
    can be had;
    `takes`: the reader may take it as it is; `undo`: what was just done can be taken back under this id."""

    one: Opportunity
    title: str
    label: str
    owner: str
    rested: str
    past: tuple[str, ...] = ()
    news: str = ""
    moves: bool = False
    claim: tuple[int, int] | None = None
    takes: bool = False
    undo: int = 0


def progress(one: Opportunity, rested: str) -> str:
    """ "初步沟通 ✓ ▶技术确认（3 天） · 方案演示 · 商务报价 · 合同审批"."""
    at = STAGES.index(one.stage)
    done = " ".join(f"{TITLES[stage]} ✓" for stage in STAGES[:at])
    rest = "".join(f" · {TITLES[stage]}" for stage in STAGES[at + 1 :])
    return f"{done} ▶{TITLES[one.stage]}{f'（{rested}）' if rested else ''}{rest}".strip()


def shown(view: View) -> Card:
    """One opportunity: whose, what, how far, how much, what happened last."""
    one = view.one
    ids = [customer_id(one.customer), *([lead_id(one.lead)] if one.lead else [])]
    span = any(mark in one.amount_words for mark in "-~到至")
    amount = money(one.amount) + (f"（说的是 {one.amount_words}）" if span else "")
    where = progress(one, view.rested) if one.open else f"{one.standing}：{one.why}".rstrip("：")
    return Card(
        kind=KIND,
        title=clip(f"{opportunity_id(one.id)} {view.title}", 26),
        subject=opportunity_id(one.id),
        lines=tuple(
            line for line in (
                view.news, f"{clip(view.label, 14)}（{' · '.join(ids)}）", where, *view.past,
            ) if line
        ),
        fields=(Field("金额", amount or "还不知道"), Field("负责人", view.owner or "（公海）")),
        buttons=tuple(_buttons(view)),
        tone=TONES[one.outcome],
    )  # fmt: skip


def said(each: Happened, people: Mapping[str, str]) -> str:
    """What a step says: "推进到「方案演示」：客户要看样机". `people`: names by member id."""
    match each.kind:
        case Step.OPENED:
            what = "开商机"
        case Step.FORWARD | Step.BACK:
            what = f"{DOES[each.kind]}到「{TITLES[Stage(each.became)]}」"
        case Step.WON | Step.LOST:
            what = DOES[each.kind]
        case Step.AMOUNT:
            what = f"金额 {each.was or '（没有）'} → {each.became}"
        case Step.HANDED:
            what = f"交给 {people.get(each.became, '已离开的同事')}" if each.became else "放回公海"
    return f"{what}：{each.why}" if each.why else what


def line(each: Happened, people: Mapping[str, str], at: str) -> str:
    """A step as a line of a card."""
    return " ".join(part for part in (at, people.get(each.member, ""), said(each, people)) if part)


def _buttons(view: View) -> list[Button]:
    one = view.one

    def step(label: str, what: Step, style: Style = Style.PLAIN) -> Button:
        return Button(label, StepOpportunity(one.id, one.version, what.value).pack(), style)

    found: list[Button] = []
    if one.open and view.moves:
        to = following(one.stage)
        found.append(
            step(f"推进到{TITLES[to]}", Step.FORWARD, Style.PRIMARY)
            if to
            else step("赢单", Step.WON, Style.PRIMARY)
        )
        if before(one.stage):
            found.append(step("退回上一步", Step.BACK))
        found.append(step("丢单", Step.LOST))
    if one.open and view.claim:
        found.append(Button(f"领取 {lead_id(view.claim[0])}", Claim(*view.claim).pack(), Style.PRIMARY))
    if one.open and view.takes:
        found.append(Button("接手", TakeOpportunity(one.id, one.version).pack(), Style.PRIMARY))
    if view.undo:
        found.append(Button("撤销", Undo(view.undo).pack()))
    return found


def why(one: Opportunity, what: Step) -> str:
    """The question for the reason."""
    label = opportunity_id(one.id)
    match what:
        case Step.WON:
            return f"{label} 赢在哪里？回一句话，例如：价格和交期都合适，合同已签"
        case Step.LOST:
            return f"{label} 丢在哪里？回一句话，例如：价格高了两成，选了别家"
        case Step.BACK:
            return f"{label} 为什么退回上一步？回一句话，例如：换了对接人，要重新演示"
        case _:
            return f"{label} 不归你，推进要写理由。回一句话就行"


# ── lists ──────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Row:
    """One line of a list. `owner` "" where all are of one person."""

    one: Opportunity
    title: str
    label: str
    rested: str
    owner: str = ""


@dataclass(frozen=True)
class Group:
    """What one person has: member id, name, how many, their amounts in one phrase, how many in each stage."""

    member: str
    owner: str
    count: int
    total: str
    stages: tuple[tuple[Stage, int], ...]


def row(each: Row) -> str:
    """ "O-55 恒达 液压阀块年单 · 方案演示 3 天 · ¥120,000 · 王磊"."""
    one = each.one
    name = " ".join(part for part in (clip(each.label, 9), clip(each.title, 9)) if part)
    standing = f"{one.standing} {each.rested}" if one.open else one.standing
    parts = (name, standing.strip(), money(one.amount), each.owner)
    return f"{opportunity_id(one.id)} " + " · ".join(part for part in parts if part)


def listed(
    head: str, total: str, rows: Sequence[Row], *, start: int, count: int, words: str, more: str
) -> Card:
    """A page of a list; `more`: what else there is to say."""
    buttons = [Button(opportunity_id(each.one.id), ShowOpportunity(each.one.id).pack()) for each in rows]
    if count > start + len(rows):
        buttons.append(Button("下一页", OpportunityPage(start + len(rows), words).pack()))
    where = f"，第 {start + 1}～{start + len(rows)} 个" if count > len(rows) else ""
    return Card(
        kind="opportunity.list",
        title=clip(f"{head} {count} 个", 26),
        lines=(f"合计 {total}{where}", *(row(each) for each in rows)),
        buttons=tuple(buttons),
        note=more,
    )


def by_owner(head: str, total: str, groups: Sequence[Group], *, count: int, words: str, more: str) -> Card:
    """Those of several people: how many each has, how far; a button for each, and one for all of them."""
    lines = [
        f"{one.owner} {one.count} 个 {one.total}（{'、'.join(f'{TITLES[s]} {n}' for s, n in one.stages)}）"
        for one in groups[:GROUPS]
    ]
    left = len(groups) - GROUPS
    buttons = [Button(clip(one.owner, 10), OpportunityPage(0, one.member).pack()) for one in groups[:3]]
    return Card(
        kind="opportunity.list",
        title=clip(f"{head} {count} 个", 26),
        lines=(f"合计 {total}", *lines, *((f"另有 {left} 个人，发 /商机 姓名 看。",) if left > 0 else ())),
        buttons=(*buttons, Button("逐个看", OpportunityPage(0, words).pack())),
        note=more,
    )
