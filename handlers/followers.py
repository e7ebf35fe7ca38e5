"""Followers of a WeChat Official Account: what they say is collected, becomes a lead, and is told to its owner. (B04, B07)"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from bot import defined
from bot.config_accounts import OfficialAccount
from bot.config_sources import Channel
from bot.events import Fact, Form, Timer
from bot.incoming import lead_form, sha
from bot.router import Router
from bot.turn import Turn
from handlers import follower_leads as desk
from handlers.words import current as words_to_read_with
from nlp.draft import Draft, read
from rules import followers as rules
from rules.errors import PutAside
from rules.followers import Follower, Kind, Said
from rules.hours import working_at
from rules.text import clip, mask_phones_in
from store import customers, followers, leads, origins, sources, team

router = Router("followers")
FORM, TOLD = "wechat", "wechat.said"
PERSON = "follower"
SOON, MOST = timedelta(seconds=2), 12
"""How soon a lead that was handed in is looked for again, twice as long each time, and how often."""


@router.form(FORM)
async def take(turn: Turn, form: Form) -> None:
    """One message or event of a follower, or who they are. One follower's come one after the other."""
    name, openid = str(form.fields["account"]), str(form.fields["openid"])
    one = await followers.find(turn.tx, name, openid)
    if form.fields["kind"] == PERSON:
        if one is not None:
            await _person(turn, one, dict(form.fields["found"]))
        return
    account = await _account(turn, name)
    if account is None:
        raise PutAside(f"没有公众号 {name!r} 的设置")
    await _took(turn, account, one, form)
    await sources.heard(turn.tx, defined.ACCOUNT, name, f"{turn.wall:%Y-%m-%d}", turn.now)


async def _account(turn: Turn, name: str) -> OfficialAccount | None:
    """Its settings, also while it is switched off: what came in before is handled all the same."""
    found = await defined.account(turn.tx, turn.config, name)
    return found.settings if found else None


async def _took(turn: Turn, account: OfficialAccount, one: Follower | None, form: Form) -> None:
    kind = Kind(form.fields["kind"])
    if kind is Kind.UNSUBSCRIBE:
        if one is not None:
            await _left(turn, one, form.at)
        return
    if one is None:
        one = await followers.add(turn.tx, account.name, str(form.fields["openid"]), turn.now)
        await _ask(turn, account, one, form)
    await _heard(turn, account, one, form, kind)


async def _heard(turn: Turn, account: OfficialAccount, one: Follower, form: Form, kind: Kind) -> None:
    """Kept with what they said before; a lead when it is one now; answered at once as the account says."""
    scene = str(form.fields["scene"])
    before = one.said
    entry = Said(form.at, kind, _text(turn, account, one, kind, scene, str(form.fields["text"])))
    one = replace(one, here=True, channel=scene or one.channel, said=rules.heard(before, entry))
    found = await _read(turn, one) if kind in rules.READ else Draft()
    left = bool(desk.left(found))
    said, asks = rules.answer(
        one, kind, _answers(turn, account), left=left, now=turn.now, again=account.ask_again
    )
    one = replace(
        one, reached=one.reached or left, answer=said, answer_key=str(form.fields["key"]),
        asked_at=turn.now if asks else one.asked_at,
    )  # fmt: skip
    if not one.known:
        if rules.wanted(account.lead_on, reachable=left, asks=_asks(found)):
            one = await _become(turn, account, one, found)
    elif left:
        one = await _tell(turn, one) or await _later(turn, one, turn.now + SOON)
    elif kind not in rules.SILENT and not rules.news(before):
        await _later(turn, one, turn.now + turn.config.messages.merge)
    await followers.save(turn.tx, one, turn.now)


def _text(turn: Turn, account: OfficialAccount, one: Follower, kind: Kind, scene: str, text: str) -> str:
    """An entry as a person reads it."""
    from_code = _channel(turn, account, scene).source if scene else ""
    match kind:
        case Kind.SUBSCRIBE:
            again = "又" if one.known else ""
            return f"{again}扫码关注了公众号：{from_code}" if from_code else f"{again}关注了公众号"
        case Kind.SCAN:
            return f"扫了二维码：{from_code}"
        case _:
            return text


def _answers(turn: Turn, account: OfficialAccount) -> rules.Answers:
    """The account's words for now: outside working time those for then, where there are any."""
    if working_at(turn.calendar, turn.now) > turn.now:
        return rules.Answers(
            account.welcome, account.ask_off or account.ask, account.thanks_off or account.thanks
        )
    return rules.Answers(account.welcome, account.ask, account.thanks)


async def _read(turn: Turn, one: Follower) -> Draft:
    """What the words say that nobody was told yet."""
    words = rules.words(one.said)
    own = await team.own_names(turn.tx)
    vocabulary = await words_to_read_with(turn)
    return await asyncio.to_thread(read, words[-5000:], turn.wall, own_names=own, vocabulary=vocabulary)


def _asks(found: Draft) -> bool:
    """Whether somebody wants something of us, or says who they are."""
    return (
        bool(found.need or found.keywords or found.kind or found.intent or found.company) and not found.noise
    )


def _channel(turn: Turn, account: OfficialAccount, scene: str) -> Channel:
    """What a code's scene stands for ([[channel]]); an unknown one is shown as it is."""
    if not scene:
        return Channel(state="-", source=account.source, group=account.group)
    known = next((one for one in turn.config.channel if one.state == scene), None)
    return known or Channel(state=scene, source=f"{account.source} {scene}"[:64], group=account.group)


# ── a lead ─────────────────────────────────────────────────────────────────────────────────────────────
async def _become(turn: Turn, account: OfficialAccount, one: Follower, found: Draft) -> Follower:
    """A customer who is being followed up writes into that lead; anybody else is a new one, like from every source."""
    if (lead := await _running(turn, found)) is not None:
        return await _tell(turn, replace(one, lead=lead)) or one
    return await _hand(turn, account, one, found, phone=found.phone)


async def _running(turn: Turn, found: Draft) -> int | None:
    """The open lead of whom this phone belongs to."""
    for customer, _ in await customers.by_phone(turn.tx, found.phone):
        for lead in await leads.of_customer(turn.tx, customer.id):
            return lead.id
    return None


async def _hand(turn: Turn, account: OfficialAccount, one: Follower, found: Draft, *, phone: str) -> Follower:
    """Hands the lead over: the event that every source ends in."""
    channel = _channel(turn, account, one.channel)
    number = one.handed + 1
    words = rules.words(one.said)
    need = rules.own_words(words, found.need) or "、".join(found.keywords) or words.replace("\n", "；")
    fields: dict[str, object] = {
        "name": found.name or desk.NAMELESS, "company": found.company[:120], "phone": phone, "email": found.email,
        "city": found.city[:40], "source": channel.source, "kind": channel.kind, "group": channel.group or account.group,
        "need": clip(mask_phones_in(need), 500) or "关注了公众号，待了解需求", "note": _note(found, phone),
        "origin": {"kind": "wechat", "name": account.name, "ref": one.ref,
                   "extra": {"scene": one.channel, "title": rules.title(one.said, ""), "text": rules.story(one.said)}},
    }  # fmt: skip
    receipt = f"{one.ref}:{number}"
    await turn.hand(lead_form(fields, turn.now, receipt=receipt, digest=sha(receipt), client="wechat"))
    return replace(one, handed=number, lead=None, said=())


def _note(found: Draft, phone: str) -> str:
    """What R1 has no field for."""
    said = [f"微信号 {mask_phones_in(found.wechat)}"] if found.wechat else []
    if not desk.left(found) and not phone:
        said.append(desk.NO_WAY)
    return "；".join(said)


@router.fact("lead.created")
async def made(turn: Turn, fact: Fact) -> None:
    """What they said before stands with the customer as well, so that the owner can read all of it."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    origin = await origins.of_lead(turn.tx, lead.id) if lead else None
    if lead is None or origin is None or origin.kind != "wechat" or not origin.extra.get("text"):
        return
    account = await _account(turn, origin.name)
    await desk.first(turn, lead, origin, account.source if account else "公众号", fact.at)


# ── what comes after ───────────────────────────────────────────────────────────────────────────────────
@router.timer(TOLD)
async def told(turn: Turn, timer: Timer) -> None:
    """What was said meanwhile, as one touchpoint; a lead that is still on its way is waited for."""
    one = await followers.get(turn.tx, int(timer.key))
    if one is None or not one.known or not rules.news(one.said):
        return
    if after := await _tell(turn, one):
        await followers.save(turn.tx, after, turn.now)
        return
    tries = int(timer.payload.get("tries", 0)) + 1
    if tries < MOST:
        await turn.remind(TOLD, timer.key, turn.now + SOON * 2**tries, tries=tries)
    else:  # it never came (its event is a dead letter): the next word is a lead again
        await followers.save(turn.tx, replace(one, handed=0), turn.now)


async def _later(turn: Turn, one: Follower, due: datetime) -> Follower:
    await turn.remind(TOLD, str(one.id), due)
    return one


async def _tell(turn: Turn, one: Follower) -> Follower | None:
    """Everything that was not told goes to the lead's owner, and what it says of the customer into their record. None:
    the lead is not there yet."""
    id = await _lead_of(turn, one)
    lead = await leads.find(turn.tx, id) if id else None
    customer = await customers.find(turn.tx, lead.customer) if lead else None
    if lead is None:
        return None
    if customer is None:  # deleted since: whoever it is starts anew
        return replace(one, lead=None, handed=0)
    account = await _account(turn, one.account)
    found = await _read(turn, one)
    if not lead.open and account and (_asks(found) or desk.left(found)):
        contact = await customers.contact(turn.tx, lead.contact)
        if phone := found.phone or (contact.phone if contact else ""):
            return await _hand(turn, account, one, found, phone=phone)  # wants something anew
    await desk.tell(turn, lead, customer, one, found, account.source if account else "公众号")
    return replace(one, lead=lead.id, said=())


async def _lead_of(turn: Turn, one: Follower) -> int | None:
    """The newest lead that was handed in for them, once it is there."""
    if one.lead is not None:
        return one.lead
    made = await origins.by_ref(turn.tx, one.ref)
    return made[-1] if made and len(made) >= one.handed else None


async def _left(turn: Turn, one: Follower, at: datetime) -> None:
    """Nobody keeps what a stranger said who left; of a lead the owner hears it."""
    if not one.known:
        await followers.remove(turn.tx, one.id)
        return
    if one.here and not rules.news(one.said):
        await _later(turn, one, turn.now + turn.config.messages.merge)
    said = rules.heard(one.said, Said(at, Kind.UNSUBSCRIBE, "取消关注了公众号"))
    await followers.save(turn.tx, replace(one, here=False, said=said if one.here else one.said), turn.now)


# ── who they are ───────────────────────────────────────────────────────────────────────────────────────
async def _ask(turn: Turn, account: OfficialAccount, one: Follower, form: Form) -> None:
    """The UnionID, where the account may ask for it: accounts of one firm know a person by it. Names are not given."""
    if not account.app_secret.get_secret_value():
        return
    fields = {"account": account.name, "openid": one.openid, "kind": PERSON}
    then = Form(FORM, fields, turn.now, key=form.key[:40])
    await turn.ask(PERSON, one.openid, of=f"wechat:{account.name}", then=then)


async def _person(turn: Turn, one: Follower, found: dict[str, str]) -> None:
    """The same person as at another account of ours: one lead, not two."""
    if not (unionid := found.get("unionid", "")):
        return
    one = replace(one, unionid=unionid)
    if not one.known:
        twins = await followers.same_person(turn.tx, unionid, one.id)
        known = [lead for twin in twins if (lead := await _lead_of(turn, twin)) is not None]
        if known:
            one = replace(one, lead=known[-1], reached=any(twin.reached for twin in twins))
            if rules.news(one.said):
                await _later(turn, one, turn.now + turn.config.messages.merge)
    await followers.save(turn.tx, one, turn.now)
