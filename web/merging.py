"""/customers/C-…/merge: two customers side by side, field by field; what moves; one press; and apart again. (C.7 merge; B59)"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot import twins
from cards.merging import moves
from rules import access, merging
from rules.hours import show_duration
from rules.leads import Contact, Customer
from rules.merging import FIELDS
from rules.team import Member
from rules.text import customer_id, mask_contacts_in, parse_id
from store import customers, mergers, team
from store.db import Tx
from web.errors import Refusal, read_fields
from web.site import Signed, Site, tidy

INCOMPLETE = "页面上的内容不完整，请刷新后再试。"


@dataclass(frozen=True)
class Line:
    """One field of both. `asked`: both say something else, and a person chooses."""

    field: str
    name: str
    kept: str
    gone: str
    asked: bool


class Merging:
    """The routes, over the pages of a running engine."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._config = site.engine.config

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        site = self._site
        return [
            site.page("GET", "/customers/{id}/merge", self.show),
            site.page("POST", "/customers/{id}/merge", self.merge),
            site.page("POST", "/customers/{id}/unmerge", self.unmerge),
        ]

    # ── side by side ────────────────────────────────────────────────────────────────────────────────────
    async def show(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """Who may be the same; with `with` in the query both side by side and a form to choose by."""
        number, asked = _number(request), tidy(request.query.get("with", ""), 20)
        async with self._site.engine.db.read(slow=True) as tx:
            people = {one.id: one for one in await team.roster(tx)}
            kept = await self._customer(tx, request, signed, number, people)
            if kept.id != number:  # part of another now
                return self._site.back(f"/customers/{customer_id(kept.id)}")
            contacts = await customers.contacts_of(tx, kept.id)
            if not asked:
                alike = await twins.of(tx, kept, contacts)
                return self._candidates(signed, kept, [(one, why.value) for one, why in alike[:5]], people)
            other = parse_id(asked)
            if other is None or other[0] not in ("", "C"):
                raise Refusal(422, f"「{asked}」不是客户编号，要写 C-0298 这样的编号。")
            gone = await self._customer(tx, request, signed, other[1], people)
            if gone.id == kept.id:
                raise Refusal(422, "要选两个不同的客户。")
            theirs = await customers.contacts_of(tx, gone.id)
            counts = [await mergers.counts(tx, one.id) for one in (kept, gone)]
        for one in (kept, gone):
            await self._site.note("web.seen", signed, customer_id(one.id), hourly=True)
        folded = merging.fold(contacts, theirs, customers.phone_key)
        return self._site.show(
            "merge.html", signed, kept=kept, gone=gone, here=customer_id(kept.id), there=customer_id(gone.id),
            lines=self._lines(kept, gone, people), persons=[self._persons(contacts), self._persons(theirs)],
            has=[moves(one) for one in counts], folded=[one.filled.name or "联系人" for one in folded],
            once=secrets.token_urlsafe(9), days=show_duration(self._config.customers.merge_undo),
        )  # fmt: skip

    def _candidates(
        self, signed: Signed, kept: Customer, alike: Sequence[tuple[Customer, str]], people: Mapping[str, Member]
    ) -> web.StreamResponse:  # fmt: skip
        """An owner and a reason of each, no data; a link for those that this member may merge."""
        owner = people.get(kept.owner)
        rows = [
            (customer_id(one.id), why, _name(one.owner, people),
             merging.may_merge(signed.member, [owner, people.get(one.owner)], self._site.teams))
            for one, why in alike
        ]  # fmt: skip
        return self._site.show(
            "merge_with.html",
            signed,
            here=customer_id(kept.id),
            label=mask_contacts_in(kept.label),
            twins=rows,
        )

    def _lines(self, kept: Customer, gone: Customer, people: Mapping[str, Member]) -> list[Line]:
        """Every field that one of them fills. A name beside a company is nobody's choice (rules/merging.py)."""
        asked = merging.different(kept, gone)

        def shown(field: str, value: str) -> str:
            if field == "owner" and value:
                return _name(value, people)
            return mask_contacts_in(value) if field in {"name", "company"} else value

        found = []
        for field, name in FIELDS.items():
            values = [shown(field, getattr(one, field)) for one in (kept, gone)]
            if any(values) and (field in asked or field != "name" or not (kept.company or gone.company)):
                found.append(Line(field, name, values[0], values[1], field in asked))
        return found

    @staticmethod
    def _persons(contacts: Sequence[Contact]) -> list[str]:
        """Contacts in a line each, masked for everybody: to tell them apart is enough."""
        lines = (
            (one.name, one.title, access.phone_for(NOBODY, None, one.phone, ()),
             access.email_for(NOBODY, None, one.email, ()), access.wechat_for(NOBODY, None, one.wechat, ()))
            for one in contacts
        )  # fmt: skip
        return [" ".join(part for part in line if part) for line in lines]

    async def _customer(
        self, tx: Tx, request: web.Request, signed: Signed, number: int, people: Mapping[str, Member]
    ) -> Customer:
        """The customer, when this member may merge it. Raises Refusal 404; 403, written down."""
        found = await customers.find(tx, number)
        if found is None:
            raise Refusal(404, f"没有 {customer_id(number)} 这个客户。")
        if not merging.may_merge(signed.member, [people.get(found.owner)], self._site.teams):
            about = customer_id(found.id)
            await self._site.denied(signed, f"{request.method} /customers/merge", about)
            raise Refusal(403, f"{about} 由{_name(found.owner, people)}负责，你不能合并它。请主管来合并。")
        return found

    # ── done and undone ─────────────────────────────────────────────────────────────────────────────────
    async def merge(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """确认合并: the choice goes to the inbox; the same form sent twice is one merge."""
        fields = await read_fields(request)
        picks = {field: str(fields[f"pick-{field}"]) for field in FIELDS if f"pick-{field}" in fields}
        given = {
            "gone": tidy(fields.get("gone", ""), 20), "picks": picks,
            "versions": [tidy(fields.get(name, ""), 9) for name in ("kept_version", "gone_version")],
        }  # fmt: skip
        return await self._hand_in(request, signed, "merge", given)

    async def unmerge(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """分开: as /撤销合并."""
        return await self._hand_in(
            request, signed, "unmerge", {"gone": tidy((await read_fields(request)).get("gone", ""), 20)}
        )

    async def _hand_in(
        self, request: web.Request, signed: Signed, name: str, fields: Mapping[str, object]
    ) -> web.StreamResponse:
        here = customer_id(_number(request))
        once = (await read_fields(request)).get("once", "")
        if not re.fullmatch(r"[\w-]{8,64}", once):
            raise Refusal(400, INCOMPLETE)
        given = {"session": signed.session, "kept": here, "what": f"/customers/{name}", **fields}
        await self._site.hand_in(f"web.{name}", given, key=f"{here}:{signed.member.id}:{once}")
        return self._site.back(f"/customers/{here}?done={name}")


NOBODY = Member("", "")
"""Who may read nothing in full."""


def _name(owner: str, people: Mapping[str, Member]) -> str:
    if not owner:
        return "公海"
    return people[owner].name if owner in people else "已离开的同事"


def _number(request: web.Request) -> int:
    """The number in the address. Raises Refusal 404."""
    found = parse_id(request.match_info["id"])
    if found is None or found[0] not in ("", "C"):
        raise Refusal(404, "没有这一页。")
    return found[1]
