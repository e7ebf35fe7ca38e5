"""保护 of a whole customer until a day, by a manager: while a contract runs, none of its leads goes back to the pool. (C.7)"""

from datetime import date, datetime, time, timedelta

from bot.events import Timer
from bot.router import Router
from bot.turn import Turn
from cards import pool as cards
from nlp import days
from rules import access
from rules import pool as rules
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.leads import Customer
from rules.team import Member, Role
from rules.text import customer_id
from store import audit, covers, customers, team
from store.covers import Cover

router = Router("covers")
BOSSES = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
HOW = "这样写：/保护 C-0311 2027-03-31 合同 HT-118；结束：/保护 C-0311 取消"
ENDS, STOP = "pool.cover", "取消"


async def said(turn: Turn, number: int, words: str) -> None:
    """/保护 C-0311 2027-03-31 合同 HT-118, or 取消."""
    customer = await customers.get(turn.tx, number)
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    _may(turn, customer, owner)
    before = await covers.of(turn.tx, customer.id, turn.now)
    if words.strip() == STOP:
        if before is None:
            raise Refused(f"{customer_id(customer.id)} 没有保护")
        await covers.end(turn.tx, customer.id, turn.now)
        await _noted(turn, customer, owner, "保护取消了，按公海规则重新看回收日期")
        return
    until, why = _until(turn, words)
    await covers.end(turn.tx, customer.id, turn.now)
    id = await covers.add(turn.tx, customer.id, until, why, turn.me.id, turn.now)
    early = max(turn.now, until - turn.config.pool.cover_notice)
    await turn.remind(ENDS, str(id), early)
    await _noted(
        turn,
        customer,
        owner,
        f"保护到 {_last(turn, until):%Y-%m-%d}（含）：{why}。在那之前它的线索不会自动回到公海",
    )


def _may(turn: Turn, customer: Customer, owner: Member | None) -> None:
    """Raises Denied or Refused: a manager for the customers of the team, nobody but an admin for their own."""
    number = customer_id(customer.id)
    if not turn.me.has(*BOSSES):
        raise Denied("客户保护由主管设置。一条线索可以申请：/保护 1024 14天 理由", about=number)
    whose = owner.name if owner else "公海"
    if not turn.me.has(Role.DIRECTOR) and not access.may_move(turn.me, owner, turn.config.teams()):
        raise Denied(f"{number} 由{whose}负责，你不能保护", about=number)
    if owner is not None and owner.id == turn.me.id and not turn.me.has(Role.ADMIN):
        raise Refused("自己负责的客户，请上级或管理员来保护")


def _until(turn: Turn, words: str) -> tuple[datetime, str]:
    """(the end of the last day, the reason). Raises Refused."""
    found = days.find(words, turn.wall)
    if not found:
        raise Refused(HOW)
    last: date = found[0].last
    why = " ".join((words[: found[0].start] + " " + words[found[0].end :]).split()).strip("，,。到至 ")
    if len(why) < 2:
        raise Refused(f"为什么保护？合同编号也行。{HOW}")
    until = turn.utc(datetime.combine(last + timedelta(days=1), time()))
    longest = turn.config.pool.longest_cover
    rules.may_cover(until, turn.now, longest)
    return until, why[:200]


def _last(turn: Turn, until: datetime) -> date:
    """The last day that is covered."""
    return (until - timedelta(seconds=1)).astimezone(turn.zone).date()


async def _noted(turn: Turn, customer: Customer, owner: Member | None, what: str) -> None:
    number = customer_id(customer.id)
    await audit.add(turn.tx, turn.now, turn.me.id, "customer.covered", number, {"what": what}, turn.event_id)
    await turn.answer(f"{number} {what}。")
    if owner is not None and owner.id != turn.me.id and not owner.gone:
        card = cards.covered(customer.id, customer.label, f"{turn.me.name}：{what}")
        await turn.tell(card, to=owner.id, weight=Weight.DUE)


@router.timer(ENDS)
async def ends(turn: Turn, timer: Timer) -> None:
    """Some days before it ends: the owner and who set it hear it. Nothing more happens by itself; the pool's own warnings
    follow for each lead."""
    one = await covers.get(turn.tx, int(timer.key))
    if one is None or one.ended or one.until <= turn.now:
        return
    now = await covers.of(turn.tx, one.customer, turn.now)
    customer = await customers.find(turn.tx, one.customer)
    if customer is None or now is None or now.id != one.id:
        return  # merged with one that is covered longer, or gone
    card = cards.cover_ends(customer.id, customer.label, f"{_last(turn, one.until):%Y-%m-%d}", one.why)
    for id in dict.fromkeys((customer.owner, one.by)):
        person = await team.get(turn.tx, id) if id else None
        if person is not None and not person.gone:
            await turn.tell(card, to=person.id, weight=Weight.DUE)


async def line(turn: Turn, customer: int) -> str:
    """For the profile: until when and why, "" while it is not covered."""
    one: Cover | None = await covers.of(turn.tx, customer, turn.now)
    if one is None:
        return ""
    by = await team.get(turn.tx, one.by)
    return f"🔒 保护到 {_last(turn, one.until):%Y-%m-%d}：{one.why}" + (f"（{by.name}）" if by else "")
