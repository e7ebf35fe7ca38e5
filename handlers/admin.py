"""For those who run the bot: alerts, who arrived (R0), /诊断, /重试队列. (B78, B85; product C.5, M11)"""

from datetime import timedelta

from bot import checks, watch
from bot.config import PLATFORMS
from bot.events import Alert, Arrived
from bot.router import Router
from bot.turn import ALARM, Turn
from cards import admin as cards
from cards import help as help_cards
from cards.actions_sla import Replay, Resend
from handlers import watch as recovery
from rules.team import Role
from rules.text import when
from store import audit, inbox, ledger, outbox, queues, settings, team

router = Router("admin")
KEEPERS = (Role.ADMIN, Role.IT)
SHOWN = 5
RESENDABLE = timedelta(days=3)
"""What was given up longer ago would only confuse people."""


@router.arrival
async def welcome(turn: Turn, _arrived: Arrived) -> None:
    """R0: the first time that somebody can be reached."""
    shifts = [shift.replace("-", "–") for shift in turn.config.calendar.shifts]
    await turn.answer(help_cards.welcome(turn.me.name, shifts, turn.config.calendar.quiet.replace("-", "–")))


@router.alert
async def alarm(turn: Turn, alert: Alert) -> None:
    """Those who run the bot hear of an alert, once per hour and code; a quota's can wait for the morning."""
    hour = f"{turn.wall:%Y-%m-%d %H}"
    key = f"alert:{alert.platform}:{alert.code}"[:120]
    if await settings.get(turn.tx, key) == hour:
        return
    await recovery.note_backlog(turn)
    await settings.put(turn.tx, key, hour, "", turn.now)
    section = PLATFORMS.get(alert.platform)
    card = cards.alert(
        section.title if section else alert.platform,
        alert.text,
        alert.code,
        when(alert.at, turn.now, turn.zone),
    )
    for person in await team.with_role(turn.tx, *KEEPERS):
        if alert.code.startswith("quota."):
            await turn.tell(card, to=person.id)
        else:
            await turn.send(card, to=person.id, priority=ALARM)


@router.command("诊断", usage="/诊断", about="看机器人自己的状态，/诊断 恢复进度 看积压", may=KEEPERS)
async def diagnose(turn: Turn, words: str) -> None:
    """Every check: our tables now, the platforms and the process as they were asked last."""
    if words.strip() in {"恢复进度", "恢复", "进度"}:
        await turn.answer(await recovery.progress(turn))
        return
    found = [
        *await checks.gather(turn.tx, turn.config, turn.calendar, turn.now),
        *await watch.of_tables(turn.tx, turn.config, turn.calendar, turn.now),
    ]
    await turn.answer(cards.diagnosis([cards.Line(one.name, one.state, one.text, one.fix) for one in found]))


@router.command("重试队列", usage="/重试队列", about="看没处理成功、没发出去的，可以重来", may=KEEPERS)
async def dead(turn: Turn, words: str) -> None:
    """The newest dead letters, each with 重放, and the newest sends of three days that were given up, each with 重发;
    /重试队列 全部 drives everything again."""
    if words.strip() in {"全部", "全部重放"}:
        await recovery.drive(turn)
        return
    total = (await queues.depth(turn.tx, "inbox")).dead
    lost = await outbox.given_up(turn.tx, turn.now - RESENDABLE, SHOWN)
    if not total and not lost:
        await turn.answer("死信 0 条，都处理成功了。")
        return
    found = await inbox.dead_letters(turn.tx, SHOWN if not lost else SHOWN // 2 + 1) if total else []
    letters = [
        cards.Letter(one.id, when(one.created_at, turn.now, turn.zone),
                     one.error.splitlines()[-1] if one.error else "原因不明")
        for one in found
    ]  # fmt: skip
    names = team.names(await team.everyone(turn.tx))
    unsent = [
        cards.Unsent(one.id, when(one.created_at, turn.now, turn.zone), names.get(one.member, "已离开的成员"),
                     ledger.reason(one.error) or "原因不明")
        for one in lost[: SHOWN - len(letters)]
    ]  # fmt: skip
    await turn.answer(cards.letters(letters, total, unsent))


@router.click(Resend, may=KEEPERS)
async def resend(turn: Turn, action: Resend) -> None:
    """重发: what was given up is queued again, as it was said, with all its tries."""
    if not await outbox.resend(turn.tx, action.send, turn.now):
        await turn.answer(f"S-{action.send} 已经重发过了，或者已经清理。")
        return
    turn.rang.add("outbox")
    await audit.add(turn.tx, turn.now, turn.me.id, "send.resent", f"S-{action.send}", "", turn.event_id)
    await turn.answer(f"S-{action.send} 已重新排队，过一会儿发 /重试队列 看结果。")


@router.click(Replay, may=KEEPERS)
async def replay(turn: Turn, action: Replay) -> None:
    """重放: the event is open again, with all its tries."""
    opened = await inbox.replay(turn.tx, action.event)
    if not opened:
        await turn.answer(f"E-{action.event} 已经不在死信里了。")
        return
    turn.rang.add("inbox")
    await audit.add(turn.tx, turn.now, turn.me.id, "dead.replayed", f"E-{action.event}", "", turn.event_id)
    await turn.answer(f"E-{action.event} 已重新排队，过一会儿发 /重试队列 看结果。")
