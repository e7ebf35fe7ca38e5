"""A leaver's WeCom friends are handed on with the handover: asked for when it can no longer be taken back, followed up
until each one is settled. (C.4 7; WeCom pages 94096, 94100)"""

from datetime import timedelta
from hashlib import sha256

from bot.events import Form, Timer
from bot.platform import FRIENDS_MOVED, LEAVERS_FRIENDS_MOVED
from bot.router import Router
from bot.turn import Turn
from cards import friends as cards
from cards.actions_assignment import FriendsHanded
from cards.card import from_json
from rules import access
from rules import friends as rules
from rules.budget import Weight
from rules.errors import Refused
from rules.friends import Step
from rules.hours import show_duration
from rules.team import Member, Role
from store import audit, directory, friend_moves, friends, screens, team, timers
from store.friend_moves import Batch, Move
from store.friends import Friend

router = Router("friend_moves")
FORM, BEGIN, LOOK = "wecom.friends_handed", "friends.begin", "friends.look"
MAY = (Role.ADMIN, Role.DIRECTOR, Role.MANAGER)
WECOM = "wecom"
A_MOMENT = timedelta(seconds=1)
"""After the last moment in which a handover can be taken back."""


def _on(turn: Turn, former: Member) -> str:
    """The leaver's user on WeCom when friends are handed on at all, else ""."""
    on = turn.config.wecom.enabled and turn.config.friends.transfer
    return former.on(WECOM).lower() if on else ""


async def foretold(turn: Turn, former: Member) -> str:
    """For the preview of a handover: what becomes of the leaver's friends; "" when there are none."""
    user = _on(turn, former)
    found = await _free(turn, user)
    if not found:
        return _elsewhere(turn, former)
    whys = await _hindrances(turn, former, user, found)
    kept = f"；其中 {len(whys)} 位转不了（{next(iter(whys.values()))}）" if whys else ""
    after = show_duration(turn.config.checkin.undo)
    return f"企业微信好友 {len(found)} 位：{after}后请企业微信转接，再过 24 小时生效，客户可能拒绝{kept}。"


async def _free(turn: Turn, user: str) -> list[Friend]:
    """The friends of a user who are not on their way to somebody already."""
    found = await friends.of_user(turn.tx, user) if user else []
    gone = await friend_moves.under_way(turn.tx, user)
    return [one for one in found if one.external not in gone]


def _elsewhere(turn: Turn, former: Member) -> str:
    """DingTalk has nothing of the kind, and somebody who is only there should read it."""
    only = turn.config.dingtalk.enabled and former.on("dingtalk") and not former.on(WECOM)
    return "钉钉里的外部联系人机器人转不了，请在钉钉里转。" if only else ""


async def _hindrances(turn: Turn, former: Member, user: str, found: list[Friend]) -> dict[str, str]:
    limits = turn.config.friends.rules()
    ids = [one.external for one in found]
    earlier = await friend_moves.earlier(turn.tx, ids, turn.now - limits.window)
    left_at = await directory.left_at(turn.tx, WECOM, user) if former.gone else None
    whys = {id: rules.hindrance(limits, earlier.get(id, []), former.gone, left_at, turn.now) for id in ids}
    return {id: why for id, why in whys.items() if why}


async def begin(turn: Turn, former: Member, undo: int, rest: str) -> None:
    """Right after the handover, in its transaction: each friend goes to whom their customer went to, those who are no
    customer of ours to `rest` ("": nobody). WeCom hears of it when the handover cannot be taken back any more."""
    user = _on(turn, former)
    found = await _free(turn, user)
    whys = await _hindrances(turn, former, user, found)
    people = {one.id: one for one in await team.everyone(turn.tx)}
    moves = []
    for one in found:
        to = people.get(one.owner if one.customer else rest)
        if to is None or to.id == former.id:
            continue  # into the pool, or nobody's: the friendship stays where it is
        taker, why = to.on(WECOM).lower(), whys.get(one.external, "")
        if taker and await friends.state(turn.tx, one.external, taker) == friends.FULL:
            continue
        why = why or ("" if taker else f"{to.name}不在企业微信")
        moves.append(Move(0, one.external, to.id, taker, Step.KEPT if why else Step.WAITING, why))
    if not moves:
        return
    batch = await friend_moves.begin(
        turn.tx, member=turn.me.id, former=former.id, user=user, left=former.gone, undo=undo, now=turn.now, moves=moves
    )  # fmt: skip
    await turn.remind(BEGIN, str(batch.id), turn.now + turn.config.checkin.undo + A_MOMENT)
    await turn.answer(cards.handed(await _view(turn, batch)))


async def withdraw(turn: Turn, undo: int) -> str:
    """The handover was taken back: friends whose customer is not with the new owner any more stay where they are.
    Returns what has to be said of those that WeCom has already, "" mostly."""
    batch = await friend_moves.of_undo(turn.tx, undo)
    if batch is None:
        return ""
    owners = {one.external: one.owner for one in await friends.of_user(turn.tx, batch.user)}
    moves = await friend_moves.moves(turn.tx, batch.id)
    back = [one for one in moves if owners.get(one.external, "") != one.taker]
    waiting = [one.external for one in back if one.state in (Step.WAITING, Step.KEPT)]
    await friend_moves.step(turn.tx, batch.id, waiting, Step.WITHDRAWN, turn.now)
    if len(waiting) == len(moves):
        await turn.close(f"F-{batch.id}", "交接已撤销，好友不转", kinds=(cards.KIND,))
    else:
        await _redraw(turn, batch)
    late = sum(one.state not in (Step.WAITING, Step.KEPT, Step.WITHDRAWN) for one in back)
    return (
        f"；{late} 位企业微信好友已经提交转接，收不回来，要转回请再交接一次（90 天内每位客户只能转 2 次）"
        if late
        else ""
    )


# ── to the platform and back ───────────────────────────────────────────────────────────────────────────
@router.timer(BEGIN)
async def ask(turn: Turn, timer: Timer) -> None:
    """The handover stands: WeCom is asked, a hundred customers in one call."""
    batch = await friend_moves.get(turn.tx, int(timer.key))
    waiting = await friend_moves.moves(turn.tx, batch.id, (Step.WAITING,)) if batch else []
    if batch is None:
        return
    settings = turn.config.friends
    names = team.names(await team.everyone(turn.tx))
    for user, some in _by_user(waiting).items():
        message = settings.message.replace("{name}", names.get(some[0].taker, "同事"))
        for ids in rules.chunks([one.external for one in some], settings.chunk):
            await turn.hand_friends(
                ids, of=f"{WECOM}:{batch.user}", to=user, left=batch.left, message=message,
                then=_then(turn, batch, "taken", ids),
            )  # fmt: skip
            await friend_moves.step(turn.tx, batch.id, ids, Step.ASKED, turn.now)
    await _onward(turn, batch)


def _by_user(moves: list[Move]) -> dict[str, list[Move]]:
    found: dict[str, list[Move]] = {}
    for one in moves:
        found.setdefault(one.user, []).append(one)
    return found


def _then(turn: Turn, batch: Batch, about: str, ids: list[str]) -> Form:
    box = sha256(f"friends:{batch.id}".encode()).hexdigest()[:40]
    return Form(FORM, {"batch": batch.id, "about": about, "friends": ids}, turn.now, key=box)


@router.timer(LOOK)
async def look(turn: Turn, timer: Timer) -> None:
    """The 24 hours are over, or another day: how far is each? After `give_up` nobody waits any longer."""
    batch = await friend_moves.get(turn.tx, int(timer.key))
    if batch is None or batch.settled_at is not None:
        return
    settings = turn.config.friends
    under_way = await friend_moves.moves(turn.tx, batch.id, (Step.ASKED, Step.RUNNING))
    if turn.now >= batch.at + settings.give_up:
        await friend_moves.step(
            turn.tx, batch.id, [one.external for one in under_way], Step.UNKNOWN, turn.now
        )
        await _onward(turn, batch)
        return
    what = LEAVERS_FRIENDS_MOVED if batch.left else FRIENDS_MOVED
    for user, some in _by_user(under_way).items():
        ids = [one.external for one in some]
        await turn.ask(what, user, of=f"{WECOM}:{batch.user}", then=_then(turn, batch, "result", ids))
    await turn.remind(LOOK, timer.key, turn.now + settings.ask_again)


@router.form(FORM)
async def answered(turn: Turn, form: Form) -> None:
    """What WeCom said: of each friend whether it was taken, or how far it is."""
    batch = await friend_moves.get(turn.tx, int(form.fields["batch"]))
    if batch is None:
        return
    found: dict[str, str] = form.fields["found"]
    step = Step.ASKED if form.fields["about"] == "taken" else Step.RUNNING
    open = {
        one.external: one for one in await friend_moves.moves(turn.tx, batch.id, (Step.ASKED, Step.RUNNING))
    }
    for id in form.fields["friends"]:
        if id not in open or open[id].state not in (step, Step.ASKED):
            continue
        if step is Step.ASKED:
            why = str(found.get(id, form.fields["why"]))
            to = Step.FAILED if why else Step.RUNNING
            await friend_moves.step(turn.tx, batch.id, [id], to, turn.now, why=why)
        else:
            await _came(turn, batch, open[id], str(found.get(id, "")))
    await _onward(turn, batch, shown=True)


async def _came(turn: Turn, batch: Batch, move: Move, said: str) -> None:
    """One friend as transfer_result says it."""
    match said:
        case Step.DONE:
            await friends.hand(turn.tx, move.external, batch.user, move.user, turn.now)
            await friend_moves.step(turn.tx, batch.id, [move.external], Step.DONE, turn.now)
        case Step.REFUSED | Step.FULL:
            await friend_moves.step(turn.tx, batch.id, [move.external], Step(said), turn.now)


# ── by events ──────────────────────────────────────────────────────────────────────────────────────────
async def settled(turn: Turn, external: str, step: Step, *, user: str = "", former: str = "") -> bool:
    """An event said of a friend how it ended, with the new user or with the former one. False when we had not asked."""
    known = False
    for move in await friend_moves.running(turn.tx, external):
        batch = await friend_moves.get(turn.tx, move.batch)
        if batch is None or (user and move.user != user) or (former and batch.user != former):
            continue
        known = True
        await _came(turn, batch, move, step)
        await _onward(turn, batch)
    return known


# ── what people see ────────────────────────────────────────────────────────────────────────────────────
async def _onward(turn: Turn, batch: Batch, *, shown: bool = False) -> None:
    """The next look, or the end; `shown`: on the card of the one who pressed, too. Not at every event: WeCom changes a
    card in place only once, and sends it anew after that."""
    steps = {one.state for one in await friend_moves.moves(turn.tx, batch.id)}
    if steps & rules.OPEN:
        if Step.RUNNING in steps and not await timers.has_timer(turn.tx, LOOK, str(batch.id)):
            await turn.remind(LOOK, str(batch.id), turn.now + turn.config.friends.ask_after)
        if shown and Step.ASKED not in steps:
            await _redraw(turn, batch)
    elif await friend_moves.settle(turn.tx, batch.id, turn.now):
        await turn.forget(LOOK, str(batch.id))
        await _told(turn, batch)


async def _redraw(turn: Turn, batch: Batch) -> None:
    card = cards.handed(await _view(turn, batch))
    for screen in await screens.live(turn.tx, subject=card.subject, kinds=(cards.KIND,)):
        if from_json(screen.body) != card:
            await turn.update(card, screen=screen)


async def _told(turn: Turn, batch: Batch) -> None:
    """It is over: the one who pressed reads who came and who did not, who took over reads whom to call."""
    view = await _view(turn, batch)
    moves = await friend_moves.moves(turn.tx, batch.id)
    await audit.add(turn.tx, turn.now, "", "friends.handed", batch.former,
                    {step.value: n for step, n in rules.tally(view.steps).items() if n}, turn.event_id)  # fmt: skip
    card = cards.handed(view)
    await turn.close(card.subject, "已有结果", kinds=(cards.KIND,))
    if all(step is Step.WITHDRAWN for step in view.steps.values()):
        return
    await turn.tell(card, to=batch.member, weight=Weight.DUE)
    for taker in sorted({one.taker for one in moves}):
        lost = [one for one in moves if one.taker == taker and one.state in rules.LOST]
        if lost and taker != batch.member:
            rows = [(one.name or "微信客户", one.why or cards.ENDS[one.state]) for one in lost]
            await turn.tell(cards.missing(view.former, rows), to=taker, weight=Weight.DUE)


async def _view(turn: Turn, batch: Batch) -> cards.Handed:
    """The friends of a handover for the one who pressed, whose sight decides on the names."""
    people = {one.id: one for one in await team.roster(turn.tx)}
    moves = [one for one in await friend_moves.moves(turn.tx, batch.id) if one.state is not Step.WITHDRAWN]
    me, teams = people.get(batch.member), turn.config.teams()
    former = people.get(batch.former)
    whose = {one.external: people.get(one.owner) for one in await friends.of_user(turn.tx, batch.user)}
    names = {
        one.external: access.label_for(me, whose.get(one.external) or people.get(one.taker), one.name, teams)
        for one in moves
    }
    takers = [people[id].name for id in dict.fromkeys(one.taker for one in moves) if id in people]
    begins = (batch.at + turn.config.checkin.undo).astimezone(turn.zone)
    return cards.Handed(
        batch.id, former.name if former else batch.former, {one.external: one.state for one in moves}, names,
        {one.external: one.why for one in moves if one.why}, takers, f"{begins:%H:%M}",
    )  # fmt: skip


@router.click(FriendsHanded, may=MAY)
async def names(turn: Turn, action: FriendsHanded) -> None:
    """看名单."""
    batch = await friend_moves.get(turn.tx, action.batch)
    if batch is None or batch.member != turn.me.id:
        raise Refused("没有这次转接")
    await turn.answer(cards.listed(await _view(turn, batch)))


async def line(turn: Turn, customer: int) -> str:
    """For the profile: whose WeCom friend the customer is, and to whom they are being handed on; "" for nothing."""
    ids = await friends.of_customer(turn.tx, customer)
    if not ids:
        return ""
    people = team.names(await team.roster(turn.tx))
    users = sorted(await friends.of_externals(turn.tx, ids))
    found = [await team.by_user(turn.tx, WECOM, user) for user in users]
    who = [one.name if one else user for one, user in zip(found, users, strict=True)]
    move = await friend_moves.newest(turn.tx, ids)
    return cards.line(who, people.get(move.taker, "") if move else "", move.state if move else None)
