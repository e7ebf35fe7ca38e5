"""/leads/L-… and /customers/C-…: a lead's timeline, a customer's profile, and what a manager can do there."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from bot import twins
from cards.opportunities import line
from cards.sla import clock
from rules import access, changing, merging, sla
from rules.leads import TITLES, Contact, Lead
from rules.marks import told
from rules.opportunities import Happened, Opportunity, money
from rules.team import Member, Role
from rules.text import customer_id, grouped_phone, lead_id, mask_contacts_in, opportunity_id, parse_id, when
from store import climbs, customers, followups, leads, marks, mergers, opportunities, records, team, timeline
from store.db import Tx
from store.mergers import Merger
from web import timeline as story
from web.errors import Refusal, read_fields
from web.site import MANAGERS, SALES, Signed, Site, tidy

DONE = {
    "urge": "已催负责人。", "reassign": "已转派。", "waive": "已放过，这一轮不再升级。",
    "change": "已改。10 分钟内可以在聊天里撤销。", "merge": "已合并。", "unmerge": "已分开，又是两个客户。",
}  # fmt: skip
"""What the page says after an action, by its name in the query."""
LONGEST = {**changing.PERSON, **changing.FIRM, **changing.WANT, **dict.fromkeys(changing.KNOWN, 200)}
"""How many characters each field of a record takes."""


@dataclass(frozen=True)
class Person:
    """A contact as the reader may see it. `full`: the numbers are shown whole; `may_reveal`: a button asks for them."""

    id: int
    name: str
    title: str
    phone: str
    wechat: str
    email: str
    full: bool
    may_reveal: bool


@dataclass(frozen=True)
class Deal:
    """An opportunity as a row of its customer's page; `past`: what happened, the newest first."""

    id: str
    title: str
    standing: str
    amount: str
    owner: str
    lead: str
    why: str
    past: tuple[str, ...]
    open: bool


class Records:
    """The routes, over the pages of a running engine."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._config, self._calendar = site.engine.config, site.engine.calendar

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        site = self._site
        return [
            site.page("GET", "/leads/{id}", self.lead),
            site.page("POST", "/leads/{id}/urge", self.urge, may=MANAGERS),
            site.page("POST", "/leads/{id}/reassign", self.reassign, may=MANAGERS),
            site.page("POST", "/leads/{id}/waive", self.waive, may=MANAGERS),
            site.page("POST", "/leads/{id}/change", self.change, may=SALES),
            site.page("GET", "/customers/{id}", self.customer),
            site.page("POST", "/customers/{id}/reveal", self.reveal),
        ]

    # ── a lead ──────────────────────────────────────────────────────────────────────────────────────────
    async def lead(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """One lead: where it stands, what is to come, everything that happened."""
        number = _number(request, "L")
        shown = request.query.get("show", "")
        kind = story.Kind(shown) if shown in set(story.Kind) else None
        now, zone = self._site.engine.clock.now(), self._calendar.zone
        async with self._site.engine.db.read(slow=True) as tx:
            lead = await leads.find(tx, number)
            if lead is None:
                raise Refusal(404, f"没有 {lead_id(number)} 这条线索。")
            people = {one.id: one for one in await team.roster(tx)}
            owner = people.get(lead.owner)
            await self._may(request, signed, owner if lead.owner else None, lead_id(number))
            customer, contact = await customers.of_lead(tx, lead)
            lines = await story.of_lead(tx, lead.id, _names(people))
            timers = await timeline.timers(tx, lead.id)
            late = await self._late(tx, lead, now)
            said = await marks.of_customer(tx, customer.id)
            changeable = signed.member.has(*SALES) and any(
                access.may_change(signed.member, people.get(one), self._site.teams) for one in (lead.owner, customer.owner)
            )  # fmt: skip
            record = await records.of_read(tx, lead, customer, contact, said) if changeable else None
        await self._site.note("web.seen", signed, lead_id(number), hourly=True)
        if not access.sees_phone(signed.member, owner, self._site.teams) or owner != signed.member:
            lines = [_hidden(one) for one in lines]
        movable = (
            lead.open
            and signed.member.has(*MANAGERS)
            and access.may_move(signed.member, owner, self._site.teams)
        )
        read = changing.as_read(record, own=lead.owner == signed.member.id) if record else {}
        return self._site.show(
            "lead.html", signed, lead=lead, id=lead_id(lead.id), customer=customer, customer_id=customer_id(customer.id),
            label=self._text(signed, owner, customer.label), owner=owner.name if owner else "公海", status=TITLES[lead.status],
            person=self._person(signed, contact, people.get(customer.owner)) if contact else None,
            came=when(lead.created_at, now, zone), assigned=when(lead.assigned_at, now, zone) if lead.assigned_at else "",
            touched=when(lead.first_touch_at, now, zone) if lead.first_touch_at else "",
            next=when(lead.next_at, now, zone) if lead.next_at else "", need=self._text(signed, owner, lead.need),
            note=self._text(signed, owner, lead.note), marks=self._text(signed, owner, told(said, now, zone)),
            next_text=self._text(signed, owner, lead.next_text), late=late, to_come=story.to_come(timers, now, zone),
            days=story.days([one for one in lines if kind in (None, one.kind)], zone), kinds=story.KINDS,
            kind=kind, count=len(lines), movable=movable, takers=self._takers(signed, lead, list(people.values())),
            typed=[(one, name, read[one], LONGEST[one]) for one, name in changing.NAMES.items() if one in read],
            stamp=self._site.mark("record", changing.stamp(record)) if record else "", once=secrets.token_urlsafe(9),
            done=DONE.get(request.query.get("done", ""), ""),
        )  # fmt: skip

    async def _late(self, tx: Tx, lead: Lead, now: datetime) -> list[tuple[str, str, bool]]:
        """(rule, how long silent, whether others were told) of every ladder that the lead is behind by."""
        known = (await climbs.happened(tx, [lead.id]))[lead.id]
        found = (sla.overdue(self._calendar, one.rule(), lead, known, now) for one in self._config.sla)
        return [(one.ladder.name, clock(one.silent), one.escalated) for one in found if one]

    def _takers(self, signed: Signed, lead: Lead, people: Sequence[Member]) -> list[tuple[str, str]]:
        """Who this manager could give the lead to."""
        wide = signed.member.has(Role.ADMIN, Role.DIRECTOR)
        return [
            (one.id, one.name)
            for one in people
            if not one.gone and one.available and one.id != lead.owner and one.has(Role.REP, Role.MANAGER)
            and (wide or access.leads_team(signed.member, one.team, self._site.teams))
        ]  # fmt: skip

    async def urge(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """催一下."""
        return await self._act(request, signed, "urge")

    async def reassign(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """转派."""
        fields = await read_fields(request)
        version = fields.get("version", "")
        if not version.isascii() or not version.isdigit() or len(version) > 9:
            raise Refusal(400, "页面上的内容不完整，请刷新后再试。")
        return await self._act(
            request, signed, "reassign", to=tidy(fields.get("to", ""), 64), version=int(version),
            why=tidy(fields.get("why", ""), 200),
        )  # fmt: skip

    async def waive(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """放过."""
        why = tidy((await read_fields(request)).get("why", ""), 200)
        return await self._act(request, signed, "waive", why=why)

    async def change(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """保存: what was typed over what is known."""
        fields = await read_fields(request)
        given = {one: tidy(fields[one], LONGEST[one]) for one in changing.NAMES if one in fields}
        async with self._site.engine.db.read() as tx:
            lead = await leads.find(tx, _number(request, "L"))
            stamp = changing.stamp(await records.of_lead(tx, lead)) if lead else ""
        same = self._site.fits("record", stamp, fields.get("stamp", ""))
        return await self._act(request, signed, "change", stamp=stamp if same else "", typed=given)

    async def _act(
        self, request: web.Request, signed: Signed, name: str, **fields: object
    ) -> web.StreamResponse:
        """Hands the action to the inbox; the same form sent twice is one action."""
        id = lead_id(_number(request, "L"))
        once = (await read_fields(request)).get("once", "")
        if not re.fullmatch(r"[\w-]{8,64}", once):
            raise Refusal(400, "页面上的内容不完整，请刷新后再试。")
        given = {"session": signed.session, "lead": id, "what": f"/leads/{name}", **fields}
        await self._site.hand_in(f"web.{name}", given, key=f"{id}:{signed.member.id}:{once}")
        return self._site.back(f"/leads/{id}?done={name}")

    # ── a customer ──────────────────────────────────────────────────────────────────────────────────────
    async def customer(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """One customer: contacts, leads, records."""
        return await self._profile(request, signed, 0)

    async def reveal(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """显示号码: written down first, then shown."""
        contact = (await read_fields(request)).get("contact", "")
        if not contact.isascii() or not contact.isdigit() or len(contact) > 12:
            raise Refusal(400, "页面上的内容不完整，请刷新后再试。")
        fields = {"session": signed.session, "contact": int(contact), "what": "/customers/reveal"}
        await self._site.hand_in(
            "web.reveal", fields, key=f"{signed.session[:20]}:{contact}:{secrets.token_hex(8)}"
        )
        return await self._profile(request, signed, int(contact))

    async def _profile(self, request: web.Request, signed: Signed, revealed: int) -> web.StreamResponse:
        number = _number(request, "C")
        now, zone = self._site.engine.clock.now(), self._calendar.zone
        async with self._site.engine.db.read(slow=True) as tx:
            customer = await customers.find(tx, number)
            if customer is None:
                raise Refusal(404, f"没有 {customer_id(number)} 这个客户。")
            if customer.id != number:  # part of another now
                return self._site.back(f"/customers/{customer_id(customer.id)}?was={customer_id(number)}")
            people = {one.id: one for one in await team.roster(tx)}
            owner = people.get(customer.owner)
            await self._may(request, signed, owner if customer.owner else None, customer_id(number))
            contacts = await customers.contacts_of(tx, customer.id)
            under = await leads.of_customer(tx, customer.id, open_only=False)
            records = await followups.of_customer(tx, customer.id, 50)
            parts = await mergers.into(tx, customer.id)
            alike = await twins.of(tx, customer, contacts)
            deals = await opportunities.of_customer(tx, customer.id, open_only=False)
            said = await marks.of_customer(tx, customer.id)
            steps = await opportunities.steps(tx, customer=customer.id)
        if revealed and revealed not in {one.id for one in contacts}:
            raise Refusal(404, "没有这位联系人。")
        await self._site.note("web.seen", signed, customer_id(number), hourly=True)
        name = _names(people)
        return self._site.show(
            "customer.html", signed, customer=customer, id=customer_id(customer.id),
            label=self._text(signed, owner, customer.label),
            owner=owner.name if owner else "公海",
            people=[self._person(signed, one, owner, full=one.id == revealed) for one in contacts],
            leads=[(lead_id(one.id), TITLES[one.status], name(one.owner) or "公海",
                    self._text(signed, owner, one.need), when(one.created_at, now, zone), one.open) for one in under],
            records=[(when(one.recorded_at, now, zone), name(one.member), one.channel, one.conclusion,
                      self._text(signed, owner, one.next_text), lead_id(one.lead)) for one in records],
            deals=[self._deal(signed, one, people, [each for each in steps if each.opportunity == one.id], now)
                   for one in deals if self._site.sees(signed, people.get(one.owner))],
            mergeable=merging.may_merge(signed.member, [owner], self._site.teams), once=secrets.token_urlsafe(9),
            done=DONE.get(request.query.get("done", ""), ""), trail=signed.member.has(*MANAGERS), was=self._was(request, parts),
            parts=[(customer_id(one.gone), when(one.at, now, zone), name(one.member),
                    when(one.until, now, zone) if one.until > now else "") for one in parts],
            marks=self._text(signed, owner, told(said, now, zone)),
            twins=[(customer_id(one.id), why.value, name(one.owner) or "公海",
                    merging.may_merge(signed.member, [owner, people.get(one.owner)], self._site.teams))
                   for one, why in alike[:5]],
        )  # fmt: skip

    def _deal(
        self,
        signed: Signed,
        one: Opportunity,
        people: dict[str, Member],
        steps: Sequence[Happened],
        now: datetime,
    ) -> Deal:
        """An opportunity as this reader may see it, what happened last on top."""
        owner, names = people.get(one.owner), {id: each.name for id, each in people.items()}
        lines = [
            line(each, names, when(each.at, now, self._calendar.zone))
            for each in reversed(steps)
            if not each.undone_at
        ]
        return Deal(
            opportunity_id(one.id), self._text(signed, owner, one.title), one.standing, money(one.amount),
            owner.name if owner else "公海", lead_id(one.lead) if one.lead else "", self._text(signed, owner, one.why),
            tuple(self._text(signed, owner, each) for each in lines[:6]), one.open,
        )  # fmt: skip

    def _was(self, request: web.Request, parts: Sequence[Merger]) -> str:
        """The old id by which the page was asked for, "" when it was asked for by its own."""
        asked = parse_id(request.query.get("was", ""))
        return customer_id(asked[1]) if asked and asked[1] in {one.gone for one in parts} else ""

    def _person(self, signed: Signed, one: Contact, owner: Member | None, *, full: bool = False) -> Person:
        """A contact, masked; whole after it was asked for (and only for those who may)."""
        may = access.may_reveal(signed.member, owner, self._site.teams)
        nobody = replace(signed.member, id="", roles=frozenset())
        name, title = self._text(signed, owner, one.name), self._text(signed, owner, one.title)
        if full and may:
            return Person(one.id, name, title, grouped_phone(one.phone) if one.phone else "", one.wechat,
                          one.email, True, may)  # fmt: skip
        teams = self._site.teams
        return Person(
            one.id, name, title, access.phone_for(nobody, owner, one.phone, teams),
            access.wechat_for(nobody, owner, one.wechat, teams), access.email_for(nobody, owner, one.email, teams),
            False, may,
        )  # fmt: skip

    # ── who may ─────────────────────────────────────────────────────────────────────────────────────────
    async def _may(self, request: web.Request, signed: Signed, owner: Member | None, about: str) -> None:
        """Raises Refusal 403, written down, when the record is not for this member."""
        if self._site.sees(signed, owner):
            return
        await self._site.denied(signed, f"{request.method} /{request.path.split('/')[1]}", about)
        raise Refusal(403, f"{about} 由{owner.name if owner else '别人'}负责，你没有查看权限。")

    def _text(self, signed: Signed, owner: Member | None, text: str) -> str:
        """Free words: numbers in them are masked for everybody but the owner."""
        return text if owner is not None and owner.id == signed.member.id else mask_contacts_in(text)


def _hidden(line: story.Line) -> story.Line:
    return replace(line, what=mask_contacts_in(line.what), more=mask_contacts_in(line.more))


def _number(request: web.Request, kind: str) -> int:
    """The number in the address: /leads/L-1024 or /leads/1024. Raises Refusal 404."""
    found = parse_id(request.match_info["id"])
    if found is None or found[0] not in ("", kind):
        raise Refusal(404, "没有这一页。")
    return found[1]


def _names(people: dict[str, Member]) -> Callable[[str], str]:
    """Member id, or "platform:user id", → name; "" stays ""."""
    known = {id: one.name for id, one in people.items()}
    for one in people.values():
        known |= {f"{platform}:{user}".lower(): one.name for platform, user in one.ids.items()}
    return lambda id: known.get(id) or known.get(id.lower()) or ("有人" if ":" in id else id)
