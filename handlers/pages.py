"""The web pages' other half: one-time links from the chat, and everything that a page wants done or written down."""

import secrets
from dataclasses import replace

from bot.events import Form
from bot.router import Router
from bot.turn import Turn
from cards import pages as cards
from cards.actions_pages import OpenPage
from cards.card import Card
from handlers import changing, manager, merging, transfer
from rules import access
from rules import merging as rules
from rules.errors import Denied, Refused
from rules.leads import Lead
from rules.merging import FIELDS, Pick
from rules.team import Member, Role
from rules.text import customer_id, lead_id, parse_id
from store import audit, customers, leave, mergers, sessions, team

router = Router("pages")
SALES = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
SEEN = ("lead.viewed", "customer.viewed")
OVER = "登录已过期，请在聊天里发 /看板 重新打开。"


# ── the way in ─────────────────────────────────────────────────────────────────────────────────────────
@router.command("看板", usage="/看板", about="打开网页看板（一次性登录链接）", may=SALES)
async def board(turn: Turn, words: str) -> None:
    """/看板, or /看板 L-1024 for one record."""
    number = parse_id(words) if words else None
    if words and number is None:
        raise Refused("这样写：/看板，或 /看板 L-1024")
    at = "board" if number is None else (customer_id if number[0] == "C" else lead_id)(number[1])
    await turn.answer(await entry(turn, at))


@router.command("导出", usage="/导出", about="把能看到的线索导出成 Excel 或 CSV（一次性登录链接）", may=SALES)
async def take_along(turn: Turn, _words: str) -> None:
    """/导出."""
    await turn.answer(await entry(turn, "export"))


@router.click(OpenPage, may=SALES)
async def open_page(turn: Turn, action: OpenPage) -> None:
    """看板 on another card: a fresh link, whenever it is pressed."""
    await turn.answer(await entry(turn, action.at))


async def entry(turn: Turn, at: str) -> Card:
    """A card with a new one-time link to that page."""
    what, path = "看板", "/board"
    match parse_id(at):
        case ("L", number):
            what, path = lead_id(number), f"/leads/{lead_id(number)}"
        case ("C", number):
            what, path = customer_id(number), f"/customers/{customer_id(number)}"
        case _ if at == "export":
            what, path = "导出", "/export"
        case _ if at == "import":
            what, path = "导入", "/import"
        case _ if at == "sources":
            what, path = "接入", "/sources"
        case _ if at == "overdue":
            path = "/board?state=overdue"
    token, lasts = secrets.token_urlsafe(32), turn.config.web.link
    await sessions.offer(turn.tx, sessions.digest(token), turn.me.id, path, turn.now, turn.now + lasts)
    await audit.add(turn.tx, turn.now, turn.me.id, "web.link", "", {"to": path}, turn.event_id)
    url = f"{turn.config.app.public_url.rstrip('/')}/login?token={token}"
    return cards.entry(url, lasts, what)


@router.form("web.login")
async def log_in(turn: Turn, form: Form) -> None:
    """A link was opened and confirmed: it is used up, a session begins."""
    found = await sessions.find(turn.tx, str(form.fields["login"]))
    person = await team.get(turn.tx, found.member) if found else None
    if found is None or person is None or person.gone:
        raise Refused("这个链接无效。请在聊天里发 /看板 取一个新的。")
    turn.member = person
    if not await sessions.use(turn.tx, found.hash, turn.now):
        raise Denied("这个链接已经用过，或者过了有效期。请在聊天里发 /看板 取一个新的。", about="web.login")
    until = turn.now + turn.config.web.session
    await sessions.start(turn.tx, str(form.fields["session"]), person.id, turn.now, until)
    await audit.add(turn.tx, turn.now, person.id, "web.login", "", {"from": form.client}, turn.event_id)


@router.form("web.logout")
async def log_out(turn: Turn, form: Form) -> None:
    """退出."""
    person = await signed_in(turn, form)
    await sessions.end(turn.tx, str(form.fields["session"]), turn.now)
    await audit.add(turn.tx, turn.now, person.id, "web.logout", "", "", turn.event_id)


async def signed_in(turn: Turn, form: Form) -> Member:
    """Whose session the form came from; asked again here, for the session may have ended meanwhile. Raises Denied."""
    id = await sessions.member_of(turn.tx, str(form.fields["session"]), turn.now)
    person = await team.get(turn.tx, id) if id else None
    if person is None or person.gone:
        raise Denied(OVER)
    turn.member = replace(person, covers=await leave.covered_by(turn.tx, person.id, turn.now))
    return turn.member


# ── what was seen ──────────────────────────────────────────────────────────────────────────────────────
@router.form("web.seen")
async def seen(turn: Turn, form: Form) -> None:
    """A page about a record was opened."""
    person = await signed_in(turn, form)
    about = str(form.fields["about"])
    action = SEEN[0] if about.startswith("L-") else SEEN[1]
    await audit.add(turn.tx, turn.now, person.id, action, about, {"by": "web"}, turn.event_id)


@router.form("web.denied")
async def denied(turn: Turn, form: Form) -> None:
    """A page was asked for that is not for this member: written down, with what was tried."""
    await signed_in(turn, form)
    raise Denied("没有权限", about=str(form.fields["about"]))


@router.form("web.reveal")
async def reveal(turn: Turn, form: Form) -> None:
    """显示号码: whether the member may, and the line that says they did."""
    person = await signed_in(turn, form)
    contact = await customers.contact(turn.tx, int(form.fields["contact"]))
    if contact is None:
        raise Refused("没有这位联系人")
    customer = await customers.get(turn.tx, contact.customer)
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    about = customer_id(customer.id)
    if not access.may_reveal(person, owner, turn.config.teams()):
        raise Denied(f"{about} 的号码你不能看", about=about)
    await audit.add(turn.tx, turn.now, person.id, "customer.phone_shown", about,
                    {"contact": contact.id, "by": "web"}, turn.event_id)  # fmt: skip


# ── what a manager does on a page ──────────────────────────────────────────────────────────────────────
async def _movable(turn: Turn, form: Form) -> Lead:
    """The lead of the form, when it is open and this manager's to move. Raises Refused."""
    person = await signed_in(turn, form)
    if not person.has(*manager.MANAGERS):
        raise Denied("只有主管、总监、管理员可以这样做。", about=str(form.fields["lead"]))
    number = parse_id(str(form.fields["lead"]))
    assert number is not None
    return await manager.movable(turn, number[1])


@router.form("web.urge")
async def urge(turn: Turn, form: Form) -> None:
    """催一下."""
    lead = await _movable(turn, form)
    if not lead.owner:
        raise Refused(f"{lead_id(lead.id)} 在公海里，没有人可以催。")
    await manager.urge_owners(turn, [lead])


@router.form("web.reassign")
async def reassign(turn: Turn, form: Form) -> None:
    """转派, with a new clock, unless the lead changed since the page was drawn."""
    lead = await _movable(turn, form)
    if lead.version != int(form.fields["version"]):
        raise Refused(f"{lead_id(lead.id)} 刚刚有变化，请看过最新情况再转派。")
    to = await team.get(turn.tx, str(form.fields["to"]))
    teams = turn.config.teams()
    if to is None:
        raise Refused("没有这位同事")
    if not (turn.me.has(Role.ADMIN, Role.DIRECTOR) or access.leads_team(turn.me, to.team, teams)):
        raise Denied(f"{to.name} 不在你的团队里", about=lead_id(lead.id))
    await transfer.move(turn, lead, to, turn.me, str(form.fields["why"])[:200], restart=True)


@router.form("web.waive")
async def waive(turn: Turn, form: Form) -> None:
    """放过, with the reason."""
    lead = await _movable(turn, form)
    why = str(form.fields["why"]).strip()
    if not why:
        raise Refused("请写一句放过的理由，负责人会看到。")
    await manager.let_pass(turn, lead, why)


# ── what is put right on a page ────────────────────────────────────────────────────────────────────────
@router.form("web.change")
async def change(turn: Turn, form: Form) -> None:
    """保存 on a lead's page."""
    person, about = await signed_in(turn, form), str(form.fields["lead"])
    if not person.has(*SALES):
        raise Denied("改资料不对你的角色开放。", about=about)
    number = parse_id(about)
    assert number is not None
    await changing.put_page(turn, number[1], str(form.fields["stamp"]), form.fields["typed"])


# ── two customers that are one ─────────────────────────────────────────────────────────────────────────
@router.form("web.merge")
async def merge(turn: Turn, form: Form) -> None:
    """确认合并 on the page where both stand side by side; unless either changed since the page was drawn."""
    await _of_sales(turn, form)
    kept = await merging.mine(turn, _customer(form, "kept"))
    one, other = await merging.both(turn, kept.id, _customer(form, "gone"))
    if [str(one.version), str(other.version)] != form.fields["versions"]:
        raise Refused("客户资料刚刚有变化，请看过最新情况再合并。")
    said, picks = form.fields["picks"], {}
    for field in rules.different(one, other):
        if said.get(field) not in tuple(Pick):
            raise Refused(f"「{FIELDS[field]}」两边不一样，请选用哪一个。")
        picks[field] = Pick(said[field])
    await turn.answer(await merging.merge(turn, one, other, picks))


@router.form("web.unmerge")
async def unmerge(turn: Turn, form: Form) -> None:
    """分开: what became part of this customer is one of its own again."""
    await _of_sales(turn, form)
    gone = parse_id(str(form.fields["gone"]))
    one = await mergers.standing(turn.tx, gone[1]) if gone else None
    await merging.mine(turn, _customer(form, "kept"))
    if one is None or customer_id(one.kept) != form.fields["kept"]:
        raise Refused("它已经分开了，或者不是并入这个客户的。请刷新后再看。")
    await merging.apart(turn, one.gone)


async def _of_sales(turn: Turn, form: Form) -> None:
    person = await signed_in(turn, form)
    if not person.has(*SALES):
        raise Denied("合并客户不对你的角色开放。", about=str(form.fields["kept"]))


def _customer(form: Form, field: str) -> int:
    found = parse_id(str(form.fields[field]))
    if found is None or found[0] not in ("", "C"):
        raise Refused("要写客户编号，例如 C-0298。")
    return found[1]
