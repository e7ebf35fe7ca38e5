"""/拜访: a meeting becomes a touchpoint of the customer, with place, people and what came of it. (B06)"""

from datetime import timedelta

from bot.router import Router
from bot.turn import Turn
from handlers import customers as desk
from handlers import touchpoints
from handlers.undo import undoer
from nlp import visits
from rules.errors import Refused
from rules.team import Role
from rules.text import customer_id, when
from rules.touchpoints import Kind, Touch
from store import audit, customers, undo
from store import touchpoints as rows
from store.undo import Undoable

router = Router("visits")
HOW = "这样写：/拜访 恒达 昨天15:00 看了样机，要改图 地点 宁波厂区 参加 陈工、刘总"
OLDEST = timedelta(days=366)


@router.command(
    "拜访",
    usage="/拜访 客户 时间 要点",
    about="记一次拜访或会议（地点、参加的人）",
    may=(Role.REP, Role.MANAGER),
)
async def visit(turn: Turn, words: str) -> None:
    """/拜访 恒达 昨天15:00 看了样机 地点 宁波厂区 参加 陈工、刘总."""
    said = visits.read(words, turn.wall)
    if not said.who or not (said.notes or said.place or said.people):
        raise Refused(HOW)
    customer = await desk.only(turn, said.who, "请写编号，例如 /拜访 {} …")
    owner = await desk.seen(turn, customer, "请让他来记")
    at = turn.utc(said.at) if said.at else turn.now
    if at > turn.now:
        raise Refused(f"{when(at, turn.now, turn.zone)} 还没有到。拜访完再记；要约时间请用 /跟进")
    if at < turn.now - OLDEST:
        raise Refused("这个时间太早了，请检查一下")
    touch = Touch(
        kind=Kind.VISIT, at=at, dedup=f"visit:{turn.event_id}", title=said.notes, body=said.notes, member=turn.me.id,
        source="拜访", direction="out", detail={"place": said.place[:100], "people": said.people[:100]},
    )  # fmt: skip
    tell = owner if owner and owner.id != turn.me.id and not owner.gone else None
    made = await touchpoints.add(turn, customer, None, touch, tell=tell)
    await undo.remember(turn.tx, turn.me.id, "visit", customer_id(customer.id), {"touch": made, "customer": customer.id},
                        turn.now, turn.now + turn.config.checkin.undo)  # fmt: skip
    parts = [
        f"已记到 {customer_id(customer.id)} {customer.label}：{when(at, turn.now, turn.zone)} 拜访",
        said.notes,
    ]
    parts += [f"地点 {said.place}"] if said.place else []
    parts += [f"参加 {said.people}"] if said.people else []
    await turn.answer(" · ".join(filter(None, parts)) + "。记错了发 /撤销。")


@undoer("visit")
async def undo_visit(turn: Turn, kept: Undoable) -> str:
    """The visit is struck out."""
    customer = await customers.get(turn.tx, kept.payload["customer"])
    await rows.remove(turn.tx, kept.payload["touch"])
    await audit.add(
        turn.tx, turn.now, turn.me.id, "touch.undone", customer_id(customer.id), "", turn.event_id
    )
    return f"{customer_id(customer.id)} 的这次拜访已删掉"
