"""What a manager does about silence: 催一下, 转派, 给理由放过, /超时; and the public pool. (B14, B16; product M1, M2)"""

from collections.abc import Sequence

from bot.events import Message
from bot.router import Router
from bot.turn import Turn
from cards import sla as cards
from cards.actions_sla import PickReassign, PickWaive, Reassign, Urge, unpack_ids
from cards.card import Card, from_json
from handlers import assigning, silent, transfer
from handlers import leads as desk
from rules import access, sla
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.leads import Lead
from rules.team import Member, Role
from rules.text import lead_id, parse_id
from store import audit, customers, facts, leads, team

router = Router("manager")
MANAGERS = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)


async def movable(turn: Turn, id: int) -> Lead:
    """The lead, when it is open and of the member's own team. Raises Refused."""
    lead = await leads.get(turn.tx, id)
    if not lead.open:
        raise Refused(f"{lead_id(id)} 已经关闭")
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    if not access.may_move(turn.me, owner, turn.config.teams()):
        said = f"{lead_id(id)} 由{owner.name if owner else '公海'}负责，不在你的团队里"
        raise Denied(said, about=lead_id(id))
    return lead


async def still_silent(turn: Turn, ids: Sequence[int]) -> list[Lead]:
    """Those of the leads that nobody has followed up since the card that was clicked came. Raises Refused when
    that is none, Denied when none of them is for the member any more."""
    since = turn.on.created_at if turn.on else turn.now
    found = []
    for id in ids:
        lead = await leads.find(turn.tx, id)
        if lead and lead.open and (lead.last_followup_at is None or lead.last_followup_at < since):
            found.append(lead)
    if not found:
        raise Refused("这些线索都已经跟进了")
    if seen := [lead for lead in found if await _sees(turn, lead)]:
        return seen
    raise Denied(f"{lead_id(found[0].id)} 不在你的团队里", about=lead_id(found[0].id))


async def _sees(turn: Turn, lead: Lead) -> bool:
    """Whether the lead is still for the member's eyes: the card may be older than the team."""
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    return access.may_see(turn.me, owner, turn.config.teams())


async def _the_one(turn: Turn, named: str, kind: str) -> Lead | None:
    """The lead that a bundle's button means and that may be moved; None when several are left: asked which one."""
    found = await still_silent(turn, unpack_ids(named))
    if len(found) == 1:
        return await movable(turn, found[0].id)
    people = team.names(await team.everyone(turn.tx))
    rows = [(one.id, f"{people.get(one.owner, '公海')} · {await desk.label(turn, one)}") for one in found]
    await turn.answer(cards.which(rows, kind))
    return None


# ── 催一下 ─────────────────────────────────────────────────────────────────────────────────────────────
@router.click(Urge)
async def urge(turn: Turn, action: Urge) -> None:
    """A word to the owner of each lead that is still silent."""
    found = [one for one in await still_silent(turn, unpack_ids(action.leads)) if one.owner]
    names = await urge_owners(turn, found)
    if turn.on is not None:
        await turn.update(cards.urged(from_json(turn.on.body), names, f"{turn.wall:%H:%M}"))


async def urge_owners(turn: Turn, found: Sequence[Lead]) -> list[str]:
    """One message to the owner of each of these leads. Returns the owners' names."""
    people = team.names(await team.everyone(turn.tx))
    for owner in dict.fromkeys(lead.owner for lead in found):
        await _urge(turn, [lead for lead in found if lead.owner == owner], owner)
    for lead in found:
        await audit.add(turn.tx, turn.now, turn.me.id, "sla.urged", lead_id(lead.id), {"owner": lead.owner},
                        turn.event_id)  # fmt: skip
    return list(dict.fromkeys(people.get(one.owner, one.owner) for one in found))


async def _urge(turn: Turn, found: Sequence[Lead], owner: str) -> None:
    """One message for all leads of one owner, counted once against their day; those that wait for the morning are
    looked at one by one then."""
    if len(found) > 1 and await turn.free_at(owner, weight=Weight.WORD) <= turn.now:
        rows = [
            cards.Passed(
                lead.id,
                (await customers.get(turn.tx, lead.customer)).label,
                await silent.sentence(turn, lead),
            )
            for lead in found
        ]
        await turn.unasked(cards.urge_all(rows, turn.me.name), to=owner, weight=Weight.WORD)
        return
    for lead in found:
        how_long = await silent.sentence(turn, lead)
        shown = cards.urge(lead.id, await desk.label(turn, lead), turn.me.name, how_long)
        await turn.tell(shown, to=owner, weight=Weight.WORD)


# ── 转派 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.click(PickReassign)
async def pick_reassign(turn: Turn, action: PickReassign) -> None:
    """转派: with several leads, which one; then the candidates with reasons."""
    lead = await _the_one(turn, action.leads, "reassign")
    if lead is None:
        return
    await turn.answer(await reassign_card(turn, lead, turn.me))


async def reassign_card(turn: Turn, lead: Lead, manager: Member, *, asked_by: str = "") -> Card:
    """M2 for this manager: their own people (for sales operations everybody), best first, with reasons."""
    teams = turn.config.teams()
    takers = [
        cards.Taker(one.member.id, one.member.name, one.line, bool(one.out))
        for one in await assigning.candidates_for(turn, lead)
        if one.member.id != lead.owner
        and (manager.has(Role.ADMIN, Role.DIRECTOR) or access.leads_team(manager, one.member.team, teams))
    ]
    return cards.reassign(lead.id, lead.version, await desk.label(turn, lead), takers, asked_by=asked_by,
                          pool=bool(lead.owner))  # fmt: skip


@router.click(Reassign, may=MANAGERS)
async def reassign(turn: Turn, action: Reassign) -> None:
    """给李倩: the lead goes there with a new clock; a card that is out of date is drawn again and nothing moves."""
    lead = await movable(turn, action.lead)
    to = await team.get(turn.tx, action.member)
    if lead.version != action.version or to is None:
        await turn.update(await reassign_card(turn, lead, turn.me))
        return
    await transfer.move(turn, lead, to, turn.me, restart=True)


@router.command("转派", usage="/转派 1024 @李倩 [理由]", about="把团队里的线索转派给别人", may=MANAGERS)
async def reassign_by_words(turn: Turn, words: str) -> None:
    """/转派 1024 @李倩 理由; without a name it shows who could take it."""
    parts = words.replace("＠", " @").split()
    at = next((at for at, part in enumerate(parts) if parse_id(part)), None)
    if at is None:
        raise Refused("这样写：/转派 1024 @李倩 理由")
    number = parse_id(parts[at])
    assert number is not None
    lead = await movable(turn, number[1])
    rest = parts[:at] + parts[at + 1 :]
    named = next((part for part in rest if part.startswith("@")), rest[0] if rest else "")
    if not named:
        await turn.answer(await reassign_card(turn, lead, turn.me))
        return
    why = " ".join(part for part in rest if part != named)
    to = await transfer.colleague(turn, named.removeprefix("@"))
    await transfer.move(turn, lead, to, turn.me, why, restart=True)


# ── 给理由放过 ─────────────────────────────────────────────────────────────────────────────────────────
@router.click(PickWaive)
async def pick_waive(turn: Turn, action: PickWaive) -> None:
    """给理由放过: the next line is the reason."""
    lead = await _the_one(turn, action.leads, "waive")
    if lead is None:
        return
    await turn.expect("sla.waive", lead=lead.id)
    await turn.answer(f"放过 {lead_id(lead.id)} 的理由？直接回一句话，会告诉负责人。")


@router.answer("sla.waive")
async def waive(turn: Turn, message: Message) -> None:
    """The reason: the climbs of this lead end, the rep hears why."""
    await turn.unexpect("sla.waive")
    lead = await movable(turn, int(turn.expected["lead"]))
    await let_pass(turn, lead, message.text.strip())
    await turn.answer(f"已放过 {lead_id(lead.id)}，这一轮不再升级。")


async def let_pass(turn: Turn, lead: Lead, words: str) -> None:
    """The climbs of this lead end with the reason; its owner hears it."""
    why = words[:200]
    await facts.add(turn.tx, lead.id, sla.WAIVED, turn.now, payload={"by": turn.me.id, "why": why})
    await audit.add(
        turn.tx, turn.now, turn.me.id, "sla.waived", lead_id(lead.id), {"why": why}, turn.event_id
    )
    await turn.close(lead_id(lead.id), "已放过", kinds=(cards.BUNDLE, cards.REASSIGN))
    if lead.owner:
        card = cards.note(lead.id, f"{turn.me.name} 放过了 {lead_id(lead.id)}", f"理由：{why}",
                          await desk.label(turn, lead))  # fmt: skip
        await turn.tell(card, to=lead.owner, weight=Weight.WORD)


# ── /超时 ──────────────────────────────────────────────────────────────────────────────────────────────
@router.command("超时", usage="/超时", about="看超时的线索（主管看全队）")
async def overdue(turn: Turn, _words: str) -> None:
    """My overdue leads; a manager's whole team, on cards to act from."""
    members = [turn.me, *await team.team_members(turn.tx, turn.me.id)]
    if turn.me.has(Role.DIRECTOR, Role.ADMIN):
        members = await team.everyone(turn.tx)
    rows = await silent.rows(turn, members)
    if not rows:
        await turn.answer("没有超时的线索。")
        return
    for at in range(0, min(len(rows), 3 * cards.MOST), cards.MOST):
        await turn.answer(await silent.listed(turn, rows[at : at + cards.MOST]))
    if len(rows) > 3 * cards.MOST:
        await turn.answer(f"另有 {len(rows) - 3 * cards.MOST} 条，处理完再发 /超时。")
