"""What is taken along as a file is counted and written down; a lot of it needs a second person. (product C.1)"""

from dataclasses import replace
from datetime import datetime

from bot.events import Form
from bot.router import Router
from bot.turn import Turn
from cards import exports as cards
from cards.actions_pages import GrantExport
from cards.card import from_json
from handlers.pages import SALES, signed_in
from rules import export as rules
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.hours import show_duration
from rules.team import Role
from rules.text import when
from store import audit, pool, settings, team

router = Router("exports")
TALLY = "export"


def consent(member: str) -> str:
    """The key of the word that somebody else gave: until when it holds."""
    return f"export.agreed:{member}"


@router.form("web.export")
async def exported(turn: Turn, form: Form) -> None:
    """A list is about to be taken along: who, how many, as what. Raises Refused when it is too much for one day, or
    nobody else agreed to it."""
    person = await signed_in(turn, form)
    if not person.has(*SALES):
        raise Denied("导出不对你的角色开放。", about="")
    rows, web, day = int(form.fields["rows"]), turn.config.web, f"{turn.wall:%Y-%m-%d}"
    # counted first: other sessions of theirs wait here
    taken = await pool.count(turn.tx, person.id, day, TALLY, rows) - rows
    left = rules.left(person, turn.config.teams(), taken, web.export_daily)
    if left is not None and rows > left:
        raise Refused(f"今天已经导出 {taken} 条，每天最多 {web.export_daily} 条。需要更多请找主管。")
    if rules.needs_second(person, rows, web.export_second):
        if not await agreed(turn, person.id):
            raise Refused(f"超过 {web.export_second} 条，要另一位总监或管理员同意才能导出。")
        await settings.drop(turn.tx, consent(person.id))
    detail = {"rows": rows, "kind": str(form.fields["kind"]), "by": "web"}
    await audit.add(turn.tx, turn.now, person.id, "leads.exported", "", detail, turn.event_id)


async def agreed(turn: Turn, member: str) -> bool:
    """Whether somebody else's word holds now."""
    until = await settings.get(turn.tx, consent(member))
    return bool(until) and turn.now < datetime.fromisoformat(str(until))


@router.form("web.export_ask")
async def ask(turn: Turn, form: Form) -> None:
    """请人同意: everybody who may agree gets a card; the first word counts."""
    person = await signed_in(turn, form)
    if not person.has(Role.ADMIN):
        raise Denied("你导出不用别人同意。", about="")
    others = [one for one in await team.everyone(turn.tx) if rules.may_agree(one, person.id)]
    if not others:
        raise Refused("没有另一位总监或管理员可以同意。请主管分团队导出，或在配置里改 web.export_second。")
    rows = int(form.fields["rows"])
    lasts = show_duration(turn.config.web.export_consent)
    await turn.close(cards.subject(person.id), "有新的申请", kinds=(cards.ASK,))
    for one in others:
        await turn.tell(cards.request(person.id, person.name, rows, lasts), to=one.id, weight=Weight.WORD)
    await audit.add(turn.tx, turn.now, person.id, "export.asked", "", {"rows": rows}, turn.event_id)


@router.click(GrantExport, may=(Role.DIRECTOR, Role.ADMIN))
async def grant(turn: Turn, action: GrantExport) -> None:
    """同意 / 不同意."""
    asker = await team.get(turn.tx, action.member)
    if asker is None or asker.gone or not rules.may_agree(turn.me, action.member):
        raise Refused("这个申请已经不作数了")
    until = turn.now + turn.config.web.export_consent
    if action.yes:
        await settings.put(turn.tx, consent(asker.id), until.isoformat(), turn.me.id, turn.now)
    done = "export.agreed" if action.yes else "export.declined"
    await audit.add(turn.tx, turn.now, turn.me.id, done, "", {"to": asker.id}, turn.event_id)
    word = "已同意" if action.yes else "没有同意"
    assert turn.on is not None
    await turn.update(replace(from_json(turn.on.body), closed=word))
    await turn.close(cards.subject(asker.id), f"{turn.me.name}{word}", kinds=(cards.ASK,), but=turn.on.id)
    shown = cards.answered(turn.me.name, yes=action.yes, until=when(until, turn.now, turn.zone))
    await turn.tell(shown, to=asker.id, weight=Weight.WORD)
