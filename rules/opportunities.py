"""Opportunities: five stages one after the other, won or lost with a reason, whose they are. (B47, B48; product C.1)"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rules import access
from rules.errors import Refused
from rules.leads import Lead
from rules.team import Member, Team
from rules.text import clip, opportunity_id

MOST_FEN = 10**15
"""Ten thousand milliard yuan: more is a slip."""
LONGEST_TITLE, LONGEST_WHY = 60, 200


class Stage(StrEnum):
    """How far an opportunity is, in their order. Names on screen are in TITLES."""

    TALK = "talk"
    TECH = "tech"
    DEMO = "demo"
    QUOTE = "quote"
    CONTRACT = "contract"


class Outcome(StrEnum):
    """How it ended. VOID: it was opened by mistake and taken back; nobody counts it."""

    OPEN = ""
    WON = "won"
    LOST = "lost"
    VOID = "void"


class Step(StrEnum):
    """What can happen to an opportunity; each time is kept with who, when and why (stage evidence hangs on it later)."""

    OPENED = "opened"
    FORWARD = "forward"
    BACK = "back"
    WON = "won"
    LOST = "lost"
    AMOUNT = "amount"
    HANDED = "handed"


STAGES = tuple(Stage)
TITLES = {
    Stage.TALK: "初步沟通", Stage.TECH: "技术确认", Stage.DEMO: "方案演示", Stage.QUOTE: "商务报价",
    Stage.CONTRACT: "合同审批",
}  # fmt: skip
ENDS = {Outcome.OPEN: "进行中", Outcome.WON: "已赢单", Outcome.LOST: "已丢单", Outcome.VOID: "已撤销"}


@dataclass(frozen=True)
class Opportunity:
    """A deal that may come of a customer's demand. `amount` in fen, None while nobody knows, with the words in which it
    was said; `owner` "" is the pool's; times are UTC; `version` guards every save."""

    id: int
    customer: int
    owner: str
    title: str
    opened_at: datetime
    stage_since: datetime
    lead: int | None = None
    amount: int | None = None
    amount_words: str = ""
    stage: Stage = Stage.TALK
    outcome: Outcome = Outcome.OPEN
    why: str = ""
    opened_by: str = ""
    closed_at: datetime | None = None
    version: int = 0

    @property
    def open(self) -> bool:
        return self.outcome is Outcome.OPEN

    @property
    def standing(self) -> str:
        """Its stage while it is open, else how it ended."""
        return TITLES[self.stage] if self.open else ENDS[self.outcome]


@dataclass(frozen=True)
class Happened:
    """A step as it is kept: by whom, from what to what (stages, outcomes, sums or members), why, and when it was taken
    back."""

    id: int
    opportunity: int
    at: datetime
    member: str
    kind: Step
    was: str
    became: str
    why: str
    undone_at: datetime | None = None


# ── how it moves ───────────────────────────────────────────────────────────────────────────────────────
def following(stage: Stage) -> Stage | None:
    """The stage after this one, None after the last."""
    at = STAGES.index(stage) + 1
    return STAGES[at] if at < len(STAGES) else None


def before(stage: Stage) -> Stage | None:
    """The stage before this one, None before the first."""
    at = STAGES.index(stage)
    return STAGES[at - 1] if at else None


def step(one: Opportunity, what: Step, now: datetime, why: str = "") -> Opportunity:
    """The opportunity after a step. Raises Refused when it is over, when a stage would be jumped (B47: nothing is won
    before the last stage), or when a reason is missing."""
    label = opportunity_id(one.id)
    if not one.open:
        raise Refused(f"{label} {ENDS[one.outcome]}，不能再改")
    said = " ".join(why.split())[:LONGEST_WHY]
    match what:
        case Step.FORWARD:
            to = following(one.stage)
            if to is None:
                raise Refused(f"{label} 已在最后一个阶段「{TITLES[one.stage]}」，签下来就点「赢单」")
            return replace(one, stage=to, stage_since=now)
        case Step.BACK:
            to = before(one.stage)
            if to is None:
                raise Refused(f"{label} 已在第一个阶段「{TITLES[one.stage]}」")
            return replace(one, stage=to, stage_since=now) if _given(said) else one
        case Step.WON:
            if following(one.stage) is not None:
                left = "」「".join(TITLES[each] for each in STAGES[STAGES.index(one.stage) + 1 :])
                raise Refused(
                    f"{label} 还在「{TITLES[one.stage]}」，不能直接赢单：后面还有「{left}」，请一步一步推进"
                )
            return replace(one, outcome=Outcome.WON, why=said, closed_at=now) if _given(said) else one
        case Step.LOST:
            return replace(one, outcome=Outcome.LOST, why=said, closed_at=now) if _given(said) else one
    raise ValueError(f"{what} is no step of a person")


def _given(why: str) -> bool:
    """Whether a reason was said. Raises Refused otherwise."""
    if len(why) < 2:
        raise Refused("要写一句理由，至少两个字")
    return True


def asks_why(what: Step, me: str, owner: str) -> bool:
    """Whether this step of this person needs a reason: back, won and lost always, forward when it is somebody else's
    (C.1: managers override with a reason)."""
    return what is not Step.FORWARD or me != owner


# ── who may ────────────────────────────────────────────────────────────────────────────────────────────
def may_move(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member may open, move or end an opportunity of `owner`: the owner and the manager of the owner's team."""
    if member.gone or owner is None:
        return False
    return owner.id == member.id or access.leads_team(member, owner.team, teams)


# ── how it begins ──────────────────────────────────────────────────────────────────────────────────────
def title_of(words: str, lead: Lead | None) -> str:
    """What it is called: the words that were given, else what the lead wants."""
    said = " ".join(words.split()) or (lead.need or lead.kind if lead else "")
    return clip(" ".join(said.split()), LONGEST_TITLE) or "商机"


def fen(yuan: float) -> int:
    """Yuan → fen. Raises Refused for nothing and for more than anybody sells."""
    amount = round(yuan * 100)
    if not 0 < amount <= MOST_FEN:
        raise Refused("金额不对，请写成 12万 或 120000")
    return amount


def money(amount: int | None) -> str:
    """Fen → "¥120,000", "¥1,234.50"; "" for an amount that nobody knows."""
    if amount is None:
        return ""
    whole, rest = divmod(amount, 100)
    return f"¥{whole:,}" + (f".{rest:02}" if rest else "")


def total(found: Sequence[Opportunity]) -> str:
    """Their amounts together, and how many have none: "¥320,000（1 个没有金额）"."""
    known = [one.amount for one in found if one.amount is not None]
    left = len(found) - len(known)
    said = money(sum(known)) if known else ""
    return said + (f"（{left} 个没有金额）" if left and known else "") if known else "没有金额"
