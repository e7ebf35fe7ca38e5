"""WeCom customers: somebody adds a rep, half or whole, leaves, or is not handed over. (B04)"""

from dataclasses import replace
from hashlib import sha256

from bot.config_sources import Channel
from bot.events import Form
from bot.incoming import lead_form, sha
from bot.router import Router
from bot.turn import Turn
from cards import friends as cards
from handlers import friend_moves, touchpoints
from nlp import enquiry
from rules.friends import Step
from rules.leads import Contact, Customer
from rules.team import Member, Role
from rules.text import customer_id
from rules.touchpoints import Kind, Touch
from store import audit, customers, friends, leads, origins, team

router = Router("friends")
FORM, NAMELESS = "wecom.customer", "微信客户"
BY_TRANSFER = "DELETE_BY_TRANSFER"
REASONS = {"customer_refused": "客户拒绝了", "customer_limit_exceed": "接替的同事客户数已满"}


@router.form(FORM)
async def changed(turn: Turn, form: Form) -> None:
    """change_external_contact, or the name that was asked for. One customer's come one after the other."""
    match str(form.fields["change"]):
        case "add_external_contact":
            await _added(turn, form, friends.FULL)
        case "add_half_external_contact":
            await _added(turn, form, friends.HALF)
        case "known":
            await _known(turn, form)
        case "del_follow_user" | "del_external_contact" | "transfer_fail" as change:
            await _ended(turn, form, change)


async def _added(turn: Turn, form: Form, state: str) -> None:
    """Written down; the name is asked for, and with the answer they become a lead."""
    external, user = str(form.fields["external"]), str(form.fields["user"])
    before = await friends.state(turn.tx, external, user)
    if before == state or (before == friends.FULL and state == friends.HALF):
        return
    if state == friends.FULL and await friend_moves.settled(turn, external, Step.DONE, user=user):
        return  # handed on, and known with their name and lead
    await friends.put(turn.tx, external, user, state, turn.now, channel=str(form.fields["state"]))
    fields = {
        "change": "known",
        "external": external,
        "user": user,
        "state": form.fields["state"],
        "before": before,
    }
    box = sha256(external.encode()).hexdigest()[:40]
    then = Form(FORM, fields, turn.now, key=box)
    await turn.ask("external_contact", external, of=f"wecom:{user}", then=then)


async def _known(turn: Turn, form: Form) -> None:
    """A new customer becomes a lead of the rep they added; a known one is a touchpoint, and gets their name."""
    external, user = str(form.fields["external"]), str(form.fields["user"])
    found: dict[str, str] = form.fields["found"]
    name = enquiry.line(found.get("name", ""))[:64]
    if name:
        await friends.put(
            turn.tx, external, user, await friends.state(turn.tx, external, user), turn.now, name=name
        )
    person = await team.by_user(turn.tx, "wecom", user)
    if handed := await origins.by_ref(turn.tx, external):
        await _again(turn, form, handed[0], person, name)
        return
    channel = _channel(turn, str(form.fields["state"]) or found.get("state", ""))
    fields: dict[str, object] = {
        "name": name or NAMELESS, "company": enquiry.line(found.get("company", ""))[:120],
        "source": channel.source, "kind": channel.kind, "group": channel.group, "need": "加了企业微信，待了解需求",
        "note": "" if name else "对方还没有通过互加，暂时看不到名字", "phone": await _phone(turn, found),
        "origin": {"kind": "wecom", "name": channel.state, "ref": external},
    }  # fmt: skip
    taken = [one for one, _ in await customers.by_phone(turn.tx, str(fields["phone"]))]
    fields["owner"] = person.id if person and not any(one.owner for one in taken) else ""
    receipt = f"wecom:{sha(external)[:48]}"
    await turn.hand(lead_form(fields, turn.now, receipt=receipt, digest=sha(external), client="wecom"))


async def _phone(turn: Turn, found: dict[str, str]) -> str:
    """The mobile that the rep wrote into the remark, when it is one."""
    try:
        return enquiry.phone(found.get("phone", ""))
    except enquiry.Wrong:
        return ""


def _channel(turn: Turn, state: str) -> Channel:
    """What a code's state stands for; an unknown one is shown as it is."""
    known = next((one for one in turn.config.channel if one.state == state), None)
    return known or Channel(state=state or "-", source=f"企业微信 {state}".strip())


async def _again(turn: Turn, form: Form, lead: int, person: Member | None, name: str) -> None:
    """A customer we have: the name where it was missing; a second rep whom they added is told to the owner."""
    customer = await customers.find(turn.tx, (await leads.get(turn.tx, lead)).customer)
    if customer is None:
        return
    if name and customer.name == NAMELESS:
        customer = await customers.save(turn.tx, replace(customer, name=name), turn.now)
        for contact in await customers.contacts_of(turn.tx, customer.id):
            if contact.name == NAMELESS:
                await customers.rename_contact(turn.tx, contact.id, name)
    if form.fields["before"] == friends.HALF:
        return  # the same friendship, whole now
    who = person.name if person else "一位同事"
    word = "又加了" if form.fields["before"] == friends.GONE else "加了"
    await _touch(turn, form, customer, f"{word}{who}的企业微信", person)


async def _ended(turn: Turn, form: Form, change: str) -> None:
    """A friendship ended, or could not be handed over: the record stays, those whom it concerns hear of it."""
    external, user = str(form.fields["external"]), str(form.fields["user"])
    person = await team.by_user(turn.tx, "wecom", user)
    who = person.name if person else user
    if change != "transfer_fail":
        await friends.put(turn.tx, external, user, friends.GONE, turn.now)
    ours = await _handed_on(turn, form, change)
    handed = await origins.by_ref(turn.tx, external)
    lead = await leads.find(turn.tx, handed[0]) if handed else None
    customer = await customers.find(turn.tx, lead.customer) if lead else None
    await audit.add(turn.tx, turn.now, "", f"wecom.{change}", customer_id(customer.id) if customer else "",
                    {"member": person.id if person else user}, turn.event_id)  # fmt: skip
    if customer is None:
        return
    match change:
        case "del_follow_user":
            said = f"客户删除了{who}的企业微信"
        case "transfer_fail":
            said = f"企业微信好友转给{who}没有成功：{REASONS.get(str(form.fields['reason']), '原因不明')}"
        case _:
            moved = form.fields["source"] == BY_TRANSFER
            said = f"企业微信好友已从{who}转走" if moved else f"{who}删除了这位客户的企业微信"
    await _touch(turn, form, customer, said, person, aloud=not ours)
    if not ours and (change == "transfer_fail" or form.fields["source"] != BY_TRANSFER):
        for id in await _concerned(turn, customer, change, person):
            await turn.tell(
                cards.ended(customer.id, customer.label, said), to=id, key=f"wecom:{turn.event_id}:{id}"
            )


async def _handed_on(turn: Turn, form: Form, change: str) -> bool:
    """Whether this ends a handing-on of ours: then one card for all says it, not each of them."""
    external, user = str(form.fields["external"]), str(form.fields["user"])
    if change == "transfer_fail":  # UserID is who should have taken over
        step = Step.FULL if form.fields["reason"] == "customer_limit_exceed" else Step.REFUSED
        return await friend_moves.settled(turn, external, step, user=user)
    if change == "del_external_contact" and form.fields["source"] == BY_TRANSFER:
        return await friend_moves.settled(turn, external, Step.DONE, former=user)
    return False


async def _concerned(turn: Turn, customer: Customer, change: str, person: Member | None) -> list[str]:
    """Besides the owner: the manager of whom it happened to; for a failed hand-over the admins."""
    manager = await team.manager_of(turn.tx, person.id) if person else ""
    admins = (
        [one.id for one in await team.with_role(turn.tx, Role.ADMIN)] if change == "transfer_fail" else []
    )
    return [id for id in dict.fromkeys([manager, *admins]) if id and id != customer.owner]


async def _touch(
    turn: Turn, form: Form, customer: Customer, said: str, person: Member | None, *, aloud: bool = True
) -> None:
    contact: Contact | None = next(iter(await customers.contacts_of(turn.tx, customer.id)), None)
    touch = Touch(
        kind=Kind.WECHAT, at=form.at, dedup=f"wecom:{turn.event_id}", title=said, source="企业微信",
        member=person.id if person else "",
    )  # fmt: skip
    await touchpoints.add(
        turn, customer, contact, touch, tell=await touchpoints.owner_of(turn, customer) if aloud else None
    )
