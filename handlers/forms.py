"""The linked form of a conclusion (样品申请单): pre-filled, completed in a few words, handed in once (B22)."""

from collections.abc import Mapping
from dataclasses import replace

from bot.config import Config
from bot.events import Message
from bot.router import Router
from bot.turn import Turn
from cards import forms as cards
from cards.actions_checkins import CancelForm, ChangeForm, OpenForm, SubmitForm
from rules.budget import Weight
from rules.checkins import FollowUp
from rules.errors import Refused
from rules.forms import (
    Form,
    FormField,
    Request,
    RequestState,
    cancel,
    fill,
    missing,
    put,
    read_line,
    submit,
)
from rules.leads import Contact, Customer, Lead
from rules.team import Role
from rules.text import grouped_phone, lead_id, when
from store import audit, customers, leads, requests, screens, team

router = Router("forms")
ASKS, CHANGES = "form.field", "form.change"


def find(config: Config, name: str) -> Form | None:
    """A form of the configuration, as the rules see it; None when there is none of this name."""
    for one in config.form:
        if one.name == name:
            fields = tuple(FormField(field.name, field.fill, field.required) for field in one.fields)
            return Form(one.name, fields, one.tell)
    return None


def form_of(turn: Turn, request: Request) -> Form:
    """The form that a request fills in. Raises Refused when the configuration dropped it."""
    form = find(turn.config, request.form)
    if form is None:
        raise Refused(f"{request.form}已经停用，请联系管理员")
    return form


# ── preparing and calling off ──────────────────────────────────────────────────────────────────────────
async def prepare(
    turn: Turn, name: str, lead: Lead, customer: Customer, contact: Contact | None, followup: FollowUp
) -> Request | None:
    """A draft of the conclusion's form with all that is known in it; None when it has no form."""
    form = find(turn.config, name)
    if form is None:
        return None
    values = fill(form, known(turn, lead, customer, contact, followup))
    return await requests.add(turn.tx, form=form.name, lead=lead.id, member=followup.member, fields=values,
                              now=turn.now, followup=followup.id)  # fmt: skip


def known(
    turn: Turn, lead: Lead, customer: Customer, contact: Contact | None, followup: FollowUp
) -> Mapping[str, str]:
    """What a form's `fill` may name."""
    person = contact or Contact(id=0, customer=customer.id, name=customer.name)
    planned = when(followup.next_at, turn.now, turn.zone) if followup.next_at else ""
    return {
        "customer.company": customer.company or customer.name,
        "customer.label": customer.label,
        "customer.name": customer.name,
        "customer.city": customer.city,
        "contact.name": person.name,
        "contact.title": person.title,
        "contact.phone": grouped_phone(person.phone) if person.phone else "",
        "contact.email": person.email,
        "contact.wechat": person.wechat,
        "lead.id": lead_id(lead.id),
        "lead.need": lead.need,
        "lead.kind": lead.kind,
        "lead.source": lead.source,
        "followup.channel": followup.channel,
        "followup.conclusion": followup.conclusion,
        "followup.next": followup.next_text,
        "followup.next_at": planned,
        "member.name": turn.me.name,
    }


async def call_off(turn: Turn, followup: int) -> None:
    """Cancels the drafts that a follow-up opened. Raises Refused when one was handed in."""
    for request in await requests.of_followup(turn.tx, followup):
        cancelled = await requests.save(turn.tx, cancel(request))
        await turn.unexpect(ASKS, CHANGES)
        await turn.close(cancelled.label, "已取消")


# ── filling in ─────────────────────────────────────────────────────────────────────────────────────────
async def mine(turn: Turn, id: int, version: int | None = None) -> Request | None:
    """My draft, unless the press was stale (then the card is shown as it stands and None is returned)."""
    request = await requests.find(turn.tx, id)
    stale = request is None or request.member != turn.me.id or request.state is not RequestState.DRAFT
    if request is None or stale or version not in (None, request.version):
        await turn.again()
        return None
    return request


@router.click(OpenForm)
async def open_form(turn: Turn, action: OpenForm) -> None:
    """去提交样品单: the form as it stands, with the first question."""
    request = await requests.find(turn.tx, action.request)
    if request is None or request.member != turn.me.id:
        await turn.again()
        return
    if request.state is not RequestState.DRAFT:
        word = "已提交" if request.state is RequestState.SUBMITTED else "已取消"
        raise Refused(f"{request.form} {request.label} {word}")
    await turn.again()
    await turn.answer(cards.form(await ask(turn, request)))


async def ask(turn: Turn, request: Request) -> cards.FormView:
    """Asks for the first required field that is empty; returns the view of the card that says so."""
    form = form_of(turn, request)
    lacking = missing(form, request)
    if lacking:
        await turn.expect(ASKS, minutes=24 * 60, request=request.id, field=lacking[0])
    else:
        await turn.unexpect(ASKS, CHANGES)
    return replace(await view(turn, request), missing=lacking, asks=lacking[0] if lacking else "")


async def view(turn: Turn, request: Request) -> cards.FormView:
    """The request as its member reads it."""
    lead = await leads.get(turn.tx, request.lead)
    customer = await customers.get(turn.tx, lead.customer)
    return cards.FormView(
        request=request.id, version=request.version, label=request.label, form=request.form, lead=lead.id,
        customer=customer.label, fields=request.fields,
    )  # fmt: skip


@router.answer(ASKS)
async def fill_field(turn: Turn, message: Message) -> None:
    """The answer to the one question; a line that names fields fills those."""
    request = await _asked(turn)
    if request is None:
        return
    form = form_of(turn, request)
    values = read_line(form, message.text) or {str(turn.expected["field"]): message.text}
    await _filled(turn, form, request, values)


@router.click(ChangeForm)
async def change_form(turn: Turn, action: ChangeForm) -> None:
    """改一下: the next line corrects any field."""
    request = await mine(turn, action.request, action.version)
    if request is None:
        return
    names = [field.name for field in form_of(turn, request).fields]
    await turn.again()
    await turn.expect(CHANGES, minutes=60, request=request.id)
    await turn.answer(
        f"请用一句话告诉我改什么，例如：{names[0]} … {names[-1]} …\n可以改：" + "、".join(names)
    )


@router.answer(CHANGES)
async def changed(turn: Turn, message: Message) -> None:
    """One line `数量 5 件 地址 …` corrects the form."""
    request = await _asked(turn)
    if request is None:
        return
    form = form_of(turn, request)
    values = read_line(form, message.text)
    if not values:
        names = "、".join(field.name for field in form.fields)
        raise Refused(f"没看懂要改哪一项，请写上名称，例如：{form.fields[0].name} …（可以改：{names}）")
    await _filled(turn, form, request, values)


async def _asked(turn: Turn) -> Request | None:
    """The draft that the open question is about; when it is one no longer, the question is dropped."""
    request = await requests.find(turn.tx, int(turn.expected["request"]))
    if request is None or request.state is not RequestState.DRAFT:
        await turn.unexpect(ASKS, CHANGES)
        await turn.answer("这张单子已经处理完了，不用再填")
        return None
    return request


async def _filled(turn: Turn, form: Form, request: Request, values: Mapping[str, str]) -> None:
    await turn.unexpect(ASKS, CHANGES)
    saved = await requests.save(turn.tx, put(form, request, values))
    card = cards.form(await ask(turn, saved))
    shown = [s for s in await screens.live(turn.tx, subject=saved.label) if s.member == turn.me.id]
    if shown:
        await turn.update(card, screen=shown[-1])
    else:
        await turn.answer(card)


# ── handing in ─────────────────────────────────────────────────────────────────────────────────────────
@router.click(SubmitForm)
async def submit_form(turn: Turn, action: SubmitForm) -> None:
    """提交: once; whoever processes it gets a card."""
    request = await mine(turn, action.request, action.version)
    if request is None:
        return
    form = form_of(turn, request)
    if missing(form, request):
        await turn.update(cards.form(await ask(turn, request)))
        return
    done = await requests.save(turn.tx, submit(form, request, turn.now))
    await turn.unexpect(ASKS, CHANGES)
    shown = await view(turn, done)
    await turn.update(cards.ended(shown, f"已提交 {turn.wall:%H:%M}"))
    await audit.add(turn.tx, turn.now, turn.me.id, "request.submitted", done.label, {"lead": lead_id(done.lead)},
                    turn.event_id)  # fmt: skip
    for member in await processors(turn, form):
        await turn.tell(cards.handed_in(shown, turn.me.name, done.fields), to=member,
                        key=f"request:{done.id}:{member}", weight=Weight.DUE)  # fmt: skip
        await audit.add(turn.tx, turn.now, member, "lead.phone_shown", lead_id(done.lead),
                        {"request": done.label, "by": turn.me.id}, turn.event_id)  # fmt: skip


async def processors(turn: Turn, form: Form) -> list[str]:
    """Who gets the form: member ids, roles, "manager" meaning the rep's own; never the rep twice."""
    found: dict[str, None] = {}
    everyone = await team.everyone(turn.tx)
    for name in form.tell:
        if name == "manager":
            ids = [await team.manager_of(turn.tx, turn.me.id)]
        elif name in [role.value for role in Role]:
            ids = [one.id for one in everyone if one.has(Role(name))]
        else:
            ids = [one.id for one in everyone if one.id == name]
        found |= dict.fromkeys(one for one in ids if one and one != turn.me.id)
    return list(found)


@router.click(CancelForm)
async def cancel_form(turn: Turn, action: CancelForm) -> None:
    """取消: the record stays, the form is not handed in."""
    request = await mine(turn, action.request, action.version)
    if request is None:
        return
    done = await requests.save(turn.tx, cancel(request))
    await turn.unexpect(ASKS, CHANGES)
    await turn.update(cards.ended(await view(turn, done), "已取消"))
