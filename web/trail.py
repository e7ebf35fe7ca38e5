"""/trail: the audit trail as a page: who saw, changed or tried what."""

from aiohttp import web

from cards.trail import SAYS, say
from rules import access
from rules.team import Role
from rules.text import customer_id, lead_id, opportunity_id, parse_id, when
from store import audit, customers, leads, mergers, opportunities, team
from store.db import Tx
from web.errors import Refusal
from web.site import MANAGERS, Signed, Site, tidy

PAGE = 100


class Trail:
    """The route, over the pages of a running engine."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [self._site.page("GET", "/trail", self.show, may=MANAGERS)]

    async def show(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """The newest lines: for sales operations and directors all, for a manager those of the team's people; about one
        record when its id is asked for."""
        words, action = tidy(request.query.get("about", ""), 20), request.query.get("action", "")
        before = request.query.get("before", "")
        now, zone = self._site.engine.clock.now(), self._site.engine.calendar.zone
        async with self._site.engine.db.read(slow=True) as tx:
            people = await team.roster(tx)
            subjects = await self._subjects(tx, request, signed, words) if words else []
            sight = access.owners_in_sight(signed.member, people, self._site.teams)
            rows = await audit.lines(
                tx, subjects, actions=[action] if action in SAYS else (), limit=PAGE,
                members=None if sight is None or subjects else sorted(sight - {""}),
                before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 0,
            )  # fmt: skip
            chain = await audit.verify(tx, last=PAGE) if signed.member.has(Role.ADMIN) else None
        names = team.names(people)
        return self._site.show(
            "trail.html", signed, about=words, action=action, actions=SAYS, chain=chain,
            rows=[(when(one.at, now, zone), names.get(one.member, one.member or "系统"),
                   say(one.action, one.told("what")), one.subject, _link(one.subject)) for one in rows],
            more=rows[-1].id if len(rows) == PAGE else 0,
        )  # fmt: skip

    async def _subjects(self, tx: Tx, request: web.Request, signed: Signed, words: str) -> list[str]:
        """The ids that belong to what was asked for. Raises Refusal 404, or 403 when it is not for this member."""
        match parse_id(words):
            case ("L" | "", number) if lead := await leads.find(tx, number):
                about, whose = lead_id(number), lead.owner
                subjects = [
                    about,
                    *(opportunity_id(one.id) for one in await opportunities.of_leads(tx, [number])),
                ]
            case ("C" | "", number) if customer := await customers.find(tx, number):
                about, whose = customer_id(customer.id), customer.owner
                under = await leads.of_customer(tx, customer.id, open_only=False)
                parts = await mergers.once_were(tx, customer.id)
                deals = await opportunities.of_customer(tx, customer.id, open_only=False)
                subjects = [about, *map(customer_id, parts), *(lead_id(one.id) for one in under),
                            *(opportunity_id(one.id) for one in deals)]  # fmt: skip
            case ("O", number) if deal := await opportunities.find(tx, number):
                about, subjects, whose = opportunity_id(number), [opportunity_id(number)], deal.owner
            case _:
                raise Refusal(
                    404, f"没有找到「{words}」。请写线索、客户或商机编号，例如 L-1024、C-0311、O-55。"
                )
        owner = await team.get(tx, whose) if whose else None
        if not self._site.sees(signed, owner):
            await self._site.denied(signed, "GET /trail", about)
            raise Refusal(403, f"{about} 不归你的团队，你没有查看权限。")
        return subjects


def _link(subject: str) -> str:
    """Where a record's id leads, "" when nowhere."""
    kind = subject[:2]
    return {"L-": f"/leads/{subject}", "C-": f"/customers/{subject}"}.get(kind, "")
