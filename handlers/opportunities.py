"""/商机: opened from a lead, moved stage by stage, won or lost with a reason, each step taken back for a while. (B47, B48)"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.events import Message
from bot.router import Router
from bot.turn import Turn
from cards import opportunities as cards
from cards.actions_opportunities import OpportunityPage, ShowOpportunity, StepOpportunity, TakeOpportunity
from handlers import along, pooling
from handlers import opportunity_lists as lists
from handlers import opportunity_views as views
from handlers.guard import guard
from handlers.undo import undoer
from nlp import money
from rules import opportunities as rules
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.leads import Customer, Lead
from rules.opportunities import ENDS, TITLES, Opportunity, Outcome, Stage, Step
from rules.pool import within_cap
from rules.team import Member, Role
from rules.text import customer_id, lead_id, opportunity_id, parse_id
from store import audit, customers, leads, opportunities, screens, team, undo
from store.undo import Undoable

router = Router("opportunities")
SALES = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
HOW = (
    "这样写：/商机（我的）、/商机 L-1024 12万 液压阀块年单（从线索开）、/商机 O-55（看一个）、"
    "/商机 O-55 推进｜退回 理由｜赢单 理由｜丢单 理由｜金额 15万"
)
WORDS = {
    "推进": Step.FORWARD, "推进到": Step.FORWARD, "前进": Step.FORWARD, "退回": Step.BACK, "后退": Step.BACK,
    "赢单": Step.WON, "成交": Step.WON, "丢单": Step.LOST, "输单": Step.LOST, "金额": Step.AMOUNT,
}  # fmt: skip
TAKE = frozenset({"接手", "领取"})


@router.command(
    "商机",
    usage="/商机 [O-55 或 L-1024 金额 标题]",
    about="看商机；从线索开商机，一步一步推进到赢单",
    may=SALES,
)
async def say(turn: Turn, words: str) -> None:
    """/商机 | 商机 L-1024 12万 标题 | 商机 O-55 [推进 …] | 商机 王磊 | 商机 恒达."""
    head, _, rest = words.strip().partition(" ")
    rest = rest.strip()
    match parse_id(head) if head else None:
        case ("O", number):
            await _one(turn, await opportunities.get(turn.tx, number), rest)
        case ("L", number):
            await _from_lead(turn, await leads.get(turn.tx, number), rest)
        case ("C", number) if rest:
            await _open(turn, await customers.get(turn.tx, number), None, rest)
        case ("", number):
            await _numbered(turn, number, rest)
        case _:
            await lists.listing(turn, words.strip())


async def _numbered(turn: Turn, number: int, rest: str) -> None:
    """A bare number: a lead's, as most numbers that people know are, else an opportunity's."""
    lead = await leads.find(turn.tx, number)
    if lead is not None:
        await _from_lead(turn, lead, rest)
        return
    one = await opportunities.find(turn.tx, number)
    if one is None:
        raise Refused(f"没有编号 {number} 的线索或商机。{HOW}")
    await _one(turn, one, rest)


# ── opened ─────────────────────────────────────────────────────────────────────────────────────────────
async def _from_lead(turn: Turn, lead: Lead, words: str) -> None:
    """From a lead; without words the open one that came from it is shown, when there is one."""
    there = await opportunities.of_leads(turn.tx, [lead.id])
    if there and not words:
        await turn.answer(await views.card(turn, there[-1]))
        return
    await _open(turn, await customers.get(turn.tx, lead.customer), lead, words)


async def _open(turn: Turn, customer: Customer, lead: Lead | None, words: str) -> None:
    """A new opportunity of whose the lead (or the customer) is. Raises Denied, Refused."""
    about = lead_id(lead.id) if lead else customer_id(customer.id)
    whose = lead.owner if lead else customer.owner
    await _mine(turn, whose, about)
    if lead is not None and not lead.open:
        raise Refused(f"{about} 已经关闭，不能再开商机；从客户开：/商机 {customer_id(customer.id)} 12万 标题")
    amount, said, rest = said_amount(words)
    title = rules.title_of(rest, lead)
    for one in await opportunities.of_customer(turn.tx, customer.id):
        if (one.lead, one.title, one.amount) == (lead.id if lead else None, title, amount):
            raise Refused(f"已有同样的商机 {opportunity_id(one.id)}（{TITLES[one.stage]}）")
    made = await opportunities.add(turn.tx, Opportunity(
        id=0, customer=customer.id, owner=whose, title=title, opened_at=turn.now, stage_since=turn.now,
        lead=lead.id if lead else None, amount=amount, amount_words=said, opened_by=turn.me.id,
    ))  # fmt: skip
    step = await opportunities.note(
        turn.tx, made.id, Step.OPENED, turn.me.id, turn.now, became=made.stage.value
    )
    await _written(turn, made, made, Step.OPENED, step, f"已开商机 {opportunity_id(made.id)}")


async def _mine(turn: Turn, whose: str, about: str) -> Member:
    """Whose it is, when this member may open and move opportunities of theirs. Raises Denied, Refused for the pool's."""
    owner = await team.get(turn.tx, whose) if whose else None
    if owner is None:
        raise Refused(f"{about} 在公海里，先领取再开商机、推进")
    if not rules.may_move(turn.me, owner, turn.config.teams()):
        raise Denied(f"{about} 由{owner.name}负责，只有他和他的主管能开商机、推进", about=about)
    return owner


def said_amount(words: str) -> tuple[int | None, str, str]:
    """ "12万 液压阀块年单" → (12000000 fen, "12万", "液压阀块年单"): the first word that is a sum and nothing else. Of a
    range the lower end. (None, "", words) when there is none."""
    parts = words.split()
    for at, part in enumerate(parts):
        found = money.find(f"金额{part}")
        if found and found[0].start <= 2 and found[-1].end == len(part) + 2:
            return rules.fen(money.yuan(found[0])), part[:40], " ".join(parts[:at] + parts[at + 1 :])
    return None, "", " ".join(parts)


# ── looked at ──────────────────────────────────────────────────────────────────────────────────────────
@router.click(ShowOpportunity, may=SALES)
async def show(turn: Turn, action: ShowOpportunity) -> None:
    """One out of a list, as a card of its own."""
    await turn.answer(await views.card(turn, await opportunities.get(turn.tx, action.opportunity)))


@router.click(OpportunityPage, may=SALES)
async def page(turn: Turn, action: OpportunityPage) -> None:
    """下一页, on the same card."""
    await lists.listing(turn, action.words, action.start)


# ── moved ──────────────────────────────────────────────────────────────────────────────────────────────
async def _one(turn: Turn, one: Opportunity, words: str) -> None:
    """/商机 O-55, and what is to be done with it in the same line."""
    if not words:
        await turn.answer(await views.card(turn, one))
        return
    if words in TAKE:
        await _take(turn, one)
        return
    head = max((word for word in WORDS if words.startswith(word)), key=len, default="")
    if not head:
        raise Refused(f"看不懂「{words[:20]}」。{HOW}")
    what, rest = WORDS[head], words[len(head) :].strip()
    owner = await _mine(turn, one.owner, opportunity_id(one.id))
    if what is Step.AMOUNT:
        await _amount(turn, one, rest)
        return
    if what is Step.FORWARD:
        rest = _without_stage(one, rest)
    if rules.asks_why(what, turn.me.id, owner.id) and not rest:
        rules.step(one, what, turn.now, "因为要问")  # what cannot be done needs no reason
        raise Refused(f"要写理由：/商机 {opportunity_id(one.id)} {head} 一句话理由")
    await _go(turn, one, what, rest)


def _without_stage(one: Opportunity, words: str) -> str:
    """What is left of the words after a stage that they name. Raises Refused when it is not the next one (B47)."""
    named = next(
        (stage for stage in Stage if words.removeprefix("到").strip(" 「").startswith(TITLES[stage])), None
    )
    if named is None:
        return words
    to = rules.following(one.stage)
    if named is not to:
        label, now_in = opportunity_id(one.id), TITLES[one.stage]
        nearest = f"，下一步是「{TITLES[to]}」" if to else ""
        raise Refused(f"{label} 现在在「{now_in}」，不能直接到「{TITLES[named]}」{nearest}")
    return words.partition(TITLES[named])[2].strip(" 」，。")


@router.click(StepOpportunity, may=SALES)
async def pressed(turn: Turn, action: StepOpportunity) -> None:
    """推进到…, 退回上一步, 赢单, 丢单; where a reason is wanted, the next line is it."""
    one = await opportunities.get(turn.tx, action.opportunity)
    owner = await _mine(turn, one.owner, opportunity_id(one.id))
    what = next((each for each in cards.DOES if each.value == action.what), None)
    if what is None or one.version != action.version:
        await turn.update(await views.card(turn, one))
        return
    if not rules.asks_why(what, turn.me.id, owner.id):
        await _go(turn, one, what, "")
        return
    await guard(turn)
    rules.step(one, what, turn.now, "因为要问")  # what cannot be done is refused before the question
    await turn.expect("opportunity.why", opportunity=one.id, version=one.version, what=what.value,
                      card=turn.on.id if turn.on else 0)  # fmt: skip
    await turn.answer(cards.why(one, what))


@router.answer("opportunity.why")
async def because(turn: Turn, message: Message) -> None:
    """The reason, written. When the opportunity changed meanwhile, it is shown as it stands."""
    asked = turn.expected
    one = await opportunities.get(turn.tx, int(asked["opportunity"]))
    await _mine(turn, one.owner, opportunity_id(one.id))
    if one.version != asked["version"]:
        await turn.unexpect("opportunity.why")
        await turn.answer(await views.card(turn, one, news="刚刚有变化，请再看一遍"))
        return
    await _go(turn, one, Step(asked["what"]), message.text, card=int(asked["card"]))
    await turn.unexpect("opportunity.why")


async def _go(turn: Turn, one: Opportunity, what: Step, why: str, *, card: int = 0) -> None:
    """The step: saved, kept, undoable, told."""
    await guard(turn)
    moved = rules.step(one, what, turn.now, why)
    if turn.me.id != one.owner and len(why.strip()) < 2:
        raise Refused("要写一句理由，至少两个字")
    saved = await opportunities.save(turn.tx, moved)
    was, became = (
        (one.stage.value, saved.stage.value) if saved.open else (one.stage.value, saved.outcome.value)
    )
    step = await opportunities.note(turn.tx, one.id, what, turn.me.id, turn.now, was=was, became=became,
                                    why=" ".join(why.split())[: rules.LONGEST_WHY])  # fmt: skip
    news = f"{ENDS[saved.outcome]}" if not saved.open else f"{cards.DOES[what]}到「{TITLES[saved.stage]}」"
    await _written(turn, one, saved, what, step, news, card=card)


async def _amount(turn: Turn, one: Opportunity, words: str) -> None:
    amount, said, rest = said_amount(words)
    if amount is None or rest:
        raise Refused(f"这样写：/商机 {opportunity_id(one.id)} 金额 15万")
    if not one.open:
        raise Refused(f"{opportunity_id(one.id)} {ENDS[one.outcome]}，不能再改")
    saved = await opportunities.save(turn.tx, replace(one, amount=amount, amount_words=said))
    step = await opportunities.note(turn.tx, one.id, Step.AMOUNT, turn.me.id, turn.now,
                                    was=rules.money(one.amount), became=rules.money(amount))  # fmt: skip
    await _written(turn, one, saved, Step.AMOUNT, step, f"金额改为 {rules.money(amount)}")


async def _written(
    turn: Turn, was: Opportunity, now_is: Opportunity, what: Step, step: int, news: str, *, card: int = 0
) -> None:
    """After a change: the trail, the way back, the card for who did it, and word to the owner when that is another."""
    label = opportunity_id(now_is.id)
    payload = {"opportunity": now_is.id, "before": pack(was), "step": step, "version": now_is.version}
    kind = "opportunity.opened" if what is Step.OPENED else "opportunity.step"
    taken = await undo.remember(
        turn.tx, turn.me.id, kind, label, payload, turn.now, turn.now + turn.config.checkin.undo
    )
    detail: dict[str, object] = {"stage": now_is.stage.value, "owner": now_is.owner}
    if what is Step.OPENED:
        detail |= {
            "customer": customer_id(now_is.customer),
            "lead": lead_id(now_is.lead) if now_is.lead else "",
        }
    await audit.add(turn.tx, turn.now, turn.me.id, f"opportunity.{what.value}", label, detail, turn.event_id)
    screen = await screens.get(turn.tx, card) if card else turn.on
    here = screen if screen is not None and screen.subject == label else None
    await turn.close(label, "已更新", but=here.id if here else 0)
    shown = await views.card(turn, now_is, news=news, undo=taken)
    if here is not None:
        await turn.update(shown, screen=here)
    else:
        await turn.answer(shown)
    if now_is.owner and now_is.owner != turn.me.id:
        await views.tell_owner(turn, now_is, f"{turn.me.name} {news}")


# ── nobody's ───────────────────────────────────────────────────────────────────────────────────────────
@router.click(TakeOpportunity, may=(Role.REP, Role.MANAGER))
async def take(turn: Turn, action: TakeOpportunity) -> None:
    """接手 on an opportunity that nobody has."""
    one = await opportunities.get(turn.tx, action.opportunity)
    if one.version != action.version:
        await turn.update(await views.card(turn, one))
        return
    await _take(turn, one)


async def _take(turn: Turn, one: Opportunity) -> None:
    """It becomes mine, and its customer when nobody has that. What hangs on a lead of the pool comes with the lead."""
    label = opportunity_id(one.id)
    await guard(turn)
    owner = await team.get(turn.tx, one.owner) if one.owner else None
    if not one.open or one.owner:
        said = f"由{owner.name if owner else '别人'}负责" if one.open else ENDS[one.outcome]
        raise Refused(f"{label} {said}，接手不了")
    if not turn.me.has(Role.REP, Role.MANAGER):
        raise Denied(f"{label} 只有销售和主管能接手", about=label)
    if one.lead and (lead := await leads.get(turn.tx, one.lead)).open:
        raise Refused(f"{label} 跟着 {lead_id(lead.id)}，领取线索就一起归你：/领取 {lead.id}")
    customer = await customers.get(turn.tx, one.customer)
    if customer.owner not in ("", turn.me.id):
        whose = await team.get(turn.tx, customer.owner)
        raise Refused(f"{customer_id(customer.id)} 由{whose.name if whose else '别人'}负责，请他接手")
    within_cap(turn.config.pool.rules(), await pooling.claimed(turn))
    if not customer.owner:
        await customers.save(turn.tx, replace(customer, owner=turn.me.id), turn.now)
        await along.taken_up(turn, customer.id, turn.me.id)
    else:
        await along.hand(turn, [one.id], turn.me.id, "接手")
    await audit.add(
        turn.tx, turn.now, turn.me.id, "opportunity.handed", label, {"to": turn.me.id}, turn.event_id
    )
    await turn.answer(await views.card(turn, await opportunities.get(turn.tx, one.id), news="已接手"))


# ── back ───────────────────────────────────────────────────────────────────────────────────────────────
def pack(one: Opportunity) -> dict[str, Any]:
    """What a step may change, as JSON."""
    return {
        "stage": one.stage.value, "stage_since": one.stage_since.isoformat(), "amount": one.amount,
        "amount_words": one.amount_words,
    }  # fmt: skip


async def _as_it_was(turn: Turn, kept: Undoable) -> Opportunity:
    """The opportunity, when nothing happened to it since. Raises Refused."""
    one = await opportunities.get(turn.tx, int(kept.payload["opportunity"]))
    if one.version != kept.payload["version"]:
        raise Refused(f"{opportunity_id(one.id)} 之后又有变化，不能撤销了")
    await _mine(turn, one.owner, opportunity_id(one.id))
    await opportunities.untrue(turn.tx, int(kept.payload["step"]), turn.now)
    await turn.close(opportunity_id(one.id), "已撤销")
    return one


@undoer("opportunity.opened")
async def undo_open(turn: Turn, kept: Undoable) -> str:
    """It was opened by mistake: it stays as a row that nobody counts."""
    one = await _as_it_was(turn, kept)
    await opportunities.save(turn.tx, replace(one, outcome=Outcome.VOID, closed_at=turn.now))
    return f"商机 {opportunity_id(one.id)} 没有开"


@undoer("opportunity.step")
async def undo_step(turn: Turn, kept: Undoable) -> str:
    """A stage, an end or an amount as it was before."""
    one = await _as_it_was(turn, kept)
    was = kept.payload["before"]
    saved = await opportunities.save(turn.tx, replace(
        one, stage=Stage(was["stage"]), stage_since=datetime.fromisoformat(was["stage_since"]), amount=was["amount"],
        amount_words=was["amount_words"], outcome=Outcome.OPEN, why="", closed_at=None,
    ))  # fmt: skip
    await turn.answer(await views.card(turn, saved))
    if saved.owner and saved.owner != turn.me.id:
        await views.tell_owner(turn, saved, f"{turn.me.name} 撤销了刚才的改动", weight=Weight.WORD)
    return f"{opportunity_id(one.id)} 回到「{TITLES[saved.stage]}」"
