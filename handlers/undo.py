"""撤销: takes one's own last action back for a while. Each kind of action brings its own undoer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.router import Router
from bot.turn import Turn
from cards.actions_checkins import Undo
from cards.card import from_json
from rules.errors import Refused
from rules.hours import show_duration
from store import audit, screens, undo
from store.undo import Undoable

router = Router("undo")

Undoer = Callable[[Turn, Undoable], Awaitable[str]]
"""Puts everything back and says what, without a full stop ("L-1024 的跟进记录，恢复为「意向」"). Raises Refused when
what followed stands on it; the rows are rolled back then."""

UNDOERS: dict[str, Undoer] = {}


def undoer(kind: str) -> Callable[[Undoer], Undoer]:
    """Registers the undoer of what store.undo.remember keeps under `kind`."""

    def register(one: Undoer) -> Undoer:
        UNDOERS[kind] = one
        return one

    return register


@router.click(Undo)
async def undo_this(turn: Turn, action: Undo) -> None:
    """The button on the card of what was done."""
    found = await undo.find(turn.tx, action.undo)
    if found is None or found.member != turn.me.id or found.used_at is not None:
        await turn.again()
        return
    await take_back(turn, found)


@router.command("撤销", usage="/撤销", about="撤销刚才的操作")
async def undo_last(turn: Turn, _words: str) -> None:
    """The newest thing I did, whatever it was."""
    found = await undo.newest(turn.tx, turn.me.id)
    if found is None:
        raise Refused("没有可以撤销的操作")
    await take_back(turn, found)


async def take_back(turn: Turn, found: Undoable) -> None:
    """Undoes it, repairs the card that was pressed, says so. Raises Refused when its time is over."""
    if turn.now > found.expires_at:
        allowed = show_duration(found.expires_at - found.at)
        raise Refused(f"{found.subject} 的上一步已超过 {allowed}，不能撤销了")
    await undo.use(turn.tx, found.id, turn.now)
    said = await UNDOERS[found.kind](turn, found)
    await audit.add(turn.tx, turn.now, turn.me.id, f"undo.{found.kind}", found.subject, {"undo": found.id},
                    turn.event_id)  # fmt: skip
    if turn.on is not None:
        now_shown = await screens.get(turn.tx, turn.on.id)
        if now_shown is not None and now_shown.body == turn.on.body:
            await turn.update(replace(from_json(turn.on.body), closed="已撤销"))
    await turn.answer(f"已撤销：{said}。相关卡片已更新。")
