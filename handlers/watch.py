"""The canary's lead, the settings' history with 回滚, and the proof of a recovery. (B78, B83, B86)"""

import json
from datetime import datetime

from bot.config import BadConfig
from bot.config_history import PREFIX, apply, flat, may_set
from bot.events import Form
from bot.router import Router
from bot.turn import Turn
from bot.watch import CANARY
from cards import watch as cards
from cards.actions_watch import ReplayAll, RollBack
from handlers.assigning import assign
from rules.errors import Refused
from rules.team import Role
from rules.text import when
from rules.watch import recovered
from store import audit, inbox, pool, settings, timers
from store import watch as tables

router = Router("watch")
KEEPERS = (Role.ADMIN, Role.IT)
RECOVERY = "recovery"
HOW = "这样写：/配置 历史、/配置 store.pool、/配置 store.pool 150"


# ── the canary ─────────────────────────────────────────────────────────────────────────────────────────
class _Back(Exception):
    """Takes the canary's savepoint back."""


@router.form(CANARY)
async def canary(turn: Turn, form: Form) -> None:
    """A lead goes through intake, the tables and the assignment like any other, is taken back, and its message goes
    out by the outbox. Nobody sees it, no report counts it, no number is used up."""
    picked, nobody = "", ""
    rang = set(turn.rang)
    try:
        async with turn.tx.begin_nested():
            lead = await tables.canary_lead(turn.tx, turn.now)
            given = await assign(turn, lead)
            picked, nobody = given.lead.owner, "" if given.lead.owner else given.made.why
            raise _Back
    except _Back:
        turn.rang = rang
    key = f"canary:{form.key}"
    kept = {
        "sent": form.at.isoformat(),
        "picked": picked,
        "nobody": "" if picked else nobody or "没有候选人",
        "key": key,
    }
    await settings.put(turn.tx, CANARY, json.dumps(kept, ensure_ascii=False), "", turn.now)
    await turn.send("canary", to=tables.PROBE, key=key)


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────
@router.command("配置", usage="/配置 历史", about="谁什么时候改了什么设置，可以回滚", may=KEEPERS)
async def config(turn: Turn, words: str) -> None:
    """/配置 历史, /配置 store.pool, /配置 store.pool 150."""
    key, _, value = words.strip().partition(" ")
    if key in ("", "历史"):
        found = await tables.changes(turn.tx, 10)
        rows = [
            cards.Changed(one.id, when(one.at, turn.now, turn.zone), one.who, one.key, one.old, one.new,
                          may_set(one.key, turn.config) and bool(one.old))
            for one in found
        ]  # fmt: skip
        await turn.answer(cards.history(rows))
        return
    known = flat(turn.config)
    if key not in known:
        raise Refused(f"没有 {key} 这个设置。{HOW}")
    if not value.strip():
        pending = await settings.get(turn.tx, PREFIX + key)
        later = f"；已改成 {pending}，重启后生效" if pending not in (None, known[key]) else ""
        await turn.answer(f"{key} = {known[key] or '（空）'}{later}")
        return
    await _set(turn, key, value.strip())


async def _set(turn: Turn, key: str, value: str) -> None:
    """Changes a setting for the next start. Raises Refused with what is wrong with the value."""
    try:
        checked = apply(turn.config, {key: value})
    except BadConfig as error:
        raise Refused(str(error)) from None
    before = await settings.get(turn.tx, PREFIX + key)
    old, new = before or flat(turn.config)[key], flat(checked)[key]
    if old == new:
        raise Refused(f"{key} 已经是 {new}")
    await settings.put(turn.tx, PREFIX + key, value, turn.me.id, turn.now)
    await tables.changed(turn.tx, turn.now, turn.me.name, key, old, new, "chat")
    await audit.add(
        turn.tx, turn.now, turn.me.id, "config.set", key[:64], {"old": old, "new": new}, turn.event_id
    )
    await turn.answer(f"{key} {old}→{new}，已记录，重启后生效。反悔发 /配置 历史 点「回滚」。")


@router.click(RollBack, may=KEEPERS)
async def roll_back(turn: Turn, action: RollBack) -> None:
    """回滚: the setting as it was before this change, from the next start on."""
    one = await tables.change(turn.tx, action.change)
    if one is None:
        await turn.again()
        return
    await _set(turn, one.key, one.old)


# ── recovery ───────────────────────────────────────────────────────────────────────────────────────────
async def backlog(turn: Turn) -> int:
    """Leads and events that wait because something failed."""
    events = (await tables.retrying(turn.tx)).count + len(await tables.dead_events(turn.tx))
    return events + await pool.waiting(turn.tx)


async def note_backlog(turn: Turn) -> None:
    """From here on the recovery is measured: the largest backlog since it was last empty."""
    now = await backlog(turn)
    kept = json.loads(await settings.get(turn.tx, RECOVERY) or "{}")
    if now and (not kept or kept.get("done") or now > kept["backlog"]):
        text = json.dumps({"at": turn.now.isoformat(), "backlog": now})
        await settings.put(turn.tx, RECOVERY, text, "", turn.now)


async def progress(turn: Turn) -> str:
    """/诊断 恢复进度: how much of the backlog is worked off since it was noticed."""
    kept = json.loads(await settings.get(turn.tx, RECOVERY) or "{}")
    left = await backlog(turn)
    if not kept:
        return f"没有积压的记录；现在 {left} 条。" if left else "没有积压。"
    since = datetime.fromisoformat(kept["at"])
    percent = recovered(kept["backlog"], left)
    took = f"，用时 {(turn.now - since).total_seconds() / 3600:.1f} 小时" if not left else ""
    if not left and not kept.get("done"):
        await settings.put(turn.tx, RECOVERY, json.dumps(kept | {"done": turn.now.isoformat()}), "", turn.now)
    return f"恢复进度 {percent} %：{when(since, turn.now, turn.zone)}积压 {kept['backlog']} 条，还剩 {left} 条{took}。"


@router.click(ReplayAll, may=KEEPERS)
async def replay_all(turn: Turn, _action: ReplayAll) -> None:
    """全部重放."""
    await drive(turn)


async def drive(turn: Turn) -> None:
    """Every dead letter is open again, oldest first, and every lead that waits is tried now."""
    await note_backlog(turn)
    opened = [one for one in await tables.dead_events(turn.tx) if await inbox.replay(turn.tx, one)]
    waits = await pool.retry_now(turn.tx, turn.now)
    if waits:
        await timers.set_timer(turn.tx, "assign.retry", "all", turn.now, {}, turn.now, keep_earlier=True)
    turn.rang |= {"inbox", "timers"}
    detail = {"events": len(opened), "leads": waits}
    await audit.add(turn.tx, turn.now, turn.me.id, "dead.replayed_all", "", detail, turn.event_id)
    if not opened and not waits:
        await turn.answer("没有积压，不用重放。")
        return
    await turn.answer(f"已重新排队：{len(opened)} 个事件，{waits} 条线索。发 /诊断 恢复进度 看结果。")
