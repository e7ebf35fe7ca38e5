"""Nurture mail after 72 hours: sent where it was agreed to, opens, clicks, 退订 and returns written back. (B29)"""

from pathlib import Path

import jinja2

from bot.events import Form, Timer
from bot.router import Router
from bot.turn import DIGEST, Turn
from cards import letters as cards
from handlers import leads as desk
from rules import nurture
from rules.errors import Refused
from rules.hours import midnight
from rules.leads import Lead
from rules.origins import of_sites
from rules.text import lead_id, parse_id
from store import audit, customers, facts, leads, letters, origins, settings, team

router = Router("nurture")
SENT, OPENED, CLICKED, STOPPED = "mail.sent", "mail.opened", "mail.clicked", "mail.stopped"
CHECK, RETURNED = "mail.outcome", "邮件被退回"
STRANGER = "尊敬的客户"


# ── out ────────────────────────────────────────────────────────────────────────────────────────────────
async def post(turn: Turn, lead: Lead) -> str:
    """Sends the lead's contact a letter. Returns why not, "" when it is on its way. Called in working time."""
    rules = turn.config.nurture
    if not rules.enabled:
        return "没有启用"
    customer, contact = await customers.of_lead(turn.tx, lead)
    address = contact.email.lower() if contact else ""
    origin = await origins.of_lead(turn.tx, lead.id)
    day = turn.utc(midnight(turn.wall))
    known = await letters.standing(turn.tx, address, day)
    if (
        rules.form_consent
        and origin is not None
        and origin.consent
        and not known.agreed
        and not known.stopped
    ):
        await letters.agree(turn.tx, address, f"表单 {origin.ref}", turn.now)
        known = await letters.standing(turn.tx, address, day)
    why = nurture.why_not(known, address=address, per_day=rules.per_day, every=rules.every, now=turn.now)
    if why:
        return why
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    letter = await letters.add(
        turn.tx, lead=lead.id, member=lead.owner, address=address, subject=rules.subject, now=turn.now
    )
    secret = await settings.get(turn.tx, "web.secret") or ""
    base = turn.config.app.public_url.rstrip("/")
    sites = [base, *(site for form in turn.config.webform for site in form.origins)]
    seen = of_sites(origin.pages, sites) if origin else ()
    links = [
        (page.title if page.title and nurture.harmless(page.title) else page.url, page.url) for page in seen
    ][:5]
    if rules.link:
        links.append((rules.offer or rules.link, rules.link))
    hop = [f"{base}/m/c/{nurture.sign(secret, 'click', letter)}/{n}" for n in range(len(links))]
    name = contact.name if contact else customer.label
    view = cards.Letter(
        name=name if nurture.harmless(name) else STRANGER, opening=rules.opening, firm=turn.config.app.name,
        sender=owner.name if owner else "", offer=rules.offer, link=hop[-1] if rules.link else "",
        unsubscribe=f"{base}/m/u/{nurture.sign(secret, 'stop', letter)}",
        pixel=f"{base}/m/o/{nurture.sign(secret, 'open', letter)}.gif",
        pages=tuple(cards.Viewed(words, hop[n]) for n, (words, _) in enumerate(links[: len(links) - bool(rules.link)])),
    )  # fmt: skip
    html, text = cards.render(view, _template(turn))
    body = {"subject": rules.subject, "html": html, "unsubscribe": view.unsubscribe}
    send = await turn.mail(address, text, body, key=f"letter:{letter}")
    await letters.queued(turn.tx, letter, send, links)
    await facts.add(turn.tx, lead.id, SENT, turn.now, payload={"letter": letter})
    await turn.remind(CHECK, str(letter), turn.now + rules.look, letter=letter)
    return ""


def _template(turn: Turn) -> str:
    """The firm's own template, checked at the start; one that went bad meanwhile is left aside."""
    name = turn.config.nurture.template
    if not name:
        return ""
    try:
        text = (Path(turn.config.store.files) / name).read_text("utf-8")
        cards.check(text)
    except (OSError, jinja2.TemplateError):
        return ""
    return text


@router.timer(CHECK)
async def outcome(turn: Turn, timer: Timer) -> None:
    """A while later: a letter that was refused is told to the rep, and the address gets no more."""
    one = await letters.find(turn.tx, int(timer.payload["letter"]))
    if one is None or one.bounced:
        return
    if one.ledger in ("queued", "throttled", "sent"):
        await turn.remind(CHECK, timer.key, turn.now + turn.config.nurture.look, letter=one.id)
        return
    if one.ledger == "accepted":
        return
    await letters.note(turn.tx, one.id, bounced=one.error or one.ledger)
    if one.ledger == "refused":
        await letters.stop(turn.tx, one.address, turn.now)
    await _tell(turn, one, RETURNED, (f"{one.error or '没有发出去'}，请核对邮箱",))


# ── back ───────────────────────────────────────────────────────────────────────────────────────────────
async def _tell(turn: Turn, one: letters.Letter, what: str, detail: tuple[str, ...] = ()) -> None:
    """The lead's owner of today."""
    lead = await leads.find(turn.tx, one.lead)
    if lead is not None and lead.owner and lead.open:
        card = cards.came_back(lead.id, await desk.label(turn, lead), what, detail)
        await turn.tell(card, to=lead.owner, priority=DIGEST, prompt=True)


@router.form(OPENED)
async def opened(turn: Turn, form: Form) -> None:
    """The picture was fetched. The first time by a reader is told."""
    one = await letters.find(turn.tx, int(form.fields["letter"]))
    if one is None or not nurture.by_a_reader(one.sent_at, form.at):
        return
    await letters.opened(turn.tx, one, form.at)
    if one.opened_at is None:
        await facts.add(turn.tx, one.lead, OPENED, form.at, payload={"letter": one.id})
        await _tell(turn, one, "客户打开了邮件", (f"《{one.subject}》",))


@router.form(CLICKED)
async def clicked(turn: Turn, form: Form) -> None:
    """A link was followed."""
    one = await letters.find(turn.tx, int(form.fields["letter"]))
    if one is None or not nurture.by_a_reader(one.sent_at, form.at):
        return
    words = one.links[int(form.fields["link"])][0]
    await letters.clicked(turn.tx, one, form.at)
    await facts.add(turn.tx, one.lead, CLICKED, form.at, payload={"letter": one.id, "link": words})
    if one.clicked_at is None:
        await _tell(turn, one, "客户点了邮件里的链接", (f"看了：{words}",))


@router.form(STOPPED)
async def stopped(turn: Turn, form: Form) -> None:
    """退订."""
    one = await letters.find(turn.tx, int(form.fields["letter"]))
    if one is None or one.stopped_at is not None:
        return
    await letters.stop(turn.tx, one.address, form.at)
    await letters.note(turn.tx, one.id, stopped_at=form.at)
    await facts.add(turn.tx, one.lead, STOPPED, form.at, payload={"letter": one.id})
    await audit.add(turn.tx, turn.now, "", "mail.stopped", lead_id(one.lead), "", turn.event_id)
    await _tell(turn, one, "客户退订了邮件", ("以后不再给这个邮箱发培育邮件",))


# ── 同意 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.command("邮件同意", usage="/邮件同意 1024", about="客户同意收邮件（/邮件同意 1024 取消）")
async def agree(turn: Turn, words: str) -> None:
    """/邮件同意 1024, /邮件同意 1024 取消."""
    head, _, rest = words.strip().partition(" ")
    number = parse_id(head) if head else None
    if number is None or number[0] not in ("", "L"):
        raise Refused("这样写：/邮件同意 1024（客户不想再收：/邮件同意 1024 取消）")
    lead = await desk.mine(turn, number[1])
    _, contact = await customers.of_lead(turn.tx, lead)
    if contact is None or "@" not in contact.email:
        raise Refused(f"{lead_id(lead.id)} 的联系人没有邮箱")
    off = rest.strip() in {"取消", "退订"}
    if off:
        await letters.stop(turn.tx, contact.email, turn.now)
    else:
        await letters.agree(turn.tx, contact.email, f"{turn.me.name} 代记", turn.now)
    done = "mail.stopped" if off else "mail.agreed"
    await audit.add(turn.tx, turn.now, turn.me.id, done, lead_id(lead.id), "", turn.event_id)
    await turn.answer(
        "已记下：不再给这个客户发培育邮件。" if off else "已记下：客户同意收邮件（谁、何时记的都在审计里）。"
    )
