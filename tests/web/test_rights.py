"""Every route × every role × no session, own record, foreign record: what rules/access.py refuses is refused, changes
nothing, and is written down."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp import web

import handlers
from rules import access, merging
from rules.away import ON, Leave
from rules.team import Member, Role
from store import leave, sessions, team
from store.db import Database
from store.tables import audit, contact, customer, followup, lead, member
from store.tables_sources import source
from tests.bot.kit import Bench, config, running
from web import app as web_app
from web.app import SITE, make_app
from web.site import Signed

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
SECRETS = ("13812345678", "138 1234 5678", "陈立本人", "液压阀块三百件", "chenli@hengda.cn", "宁波恒达")
FREE = {
    "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/static/{name}", "/", "/login", "/forms/{name}",
    "/forms/{file}", "/forms/{name}/embed.js", "/import/template.xlsx",
}  # fmt: skip
"""What anybody may open: it holds no customer data (docs/security.md)."""
KEYED = {
    "/api/v1/leads", "/hooks/{name}", "/import/{token}", "/import/{token}/errors.xlsx", "/import/{token}/file",
    "/import/{token}/start", "/import/{token}/undo", "/m/o/{token}.gif", "/m/c/{token}/{link}", "/m/u/{token}",
    "/forms/{name}/{token}", "/wechat/{name}",
}  # fmt: skip
"""What asks for a token, a signature or a link of its own; each has its tests beside it."""


@dataclass
class Firm:
    """A running site with a lead of every owner, and a browser."""

    bench: Bench
    app: web.Application
    url: str
    leads: dict[str, int]
    contacts: dict[str, int]
    web: aiohttp.ClientSession

    async def person(self, id: str) -> Member:
        """A colleague as the rules know them."""
        async with self.bench.engine.db.read() as tx:
            found = await team.get(tx, id)
        assert found is not None
        return found

    async def enters(self, id: str) -> tuple[dict[str, str], Signed]:
        """The cookie of a new session, and what the site makes of it."""
        site, now, token = self.app[SITE], self.bench.engine.clock.now(), f"token-of-{id}"
        async with self.bench.engine.db.write() as tx:
            await sessions.start(tx, sessions.digest(token), id, now, now + timedelta(hours=1))
        cookie = {site.cookie: f"{token}.{site.mark(site.cookie, token)}"}
        return cookie, Signed(await self.person(id), sessions.digest(token), site.mark("csrf", token))

    async def asks(
        self, method: str, path: str, cookie: dict[str, str], fields: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and text of an answer, where it is not sent elsewhere."""
        async with self.web.request(
            method,
            self.url + path,
            cookies=cookie,
            data=fields if method == "POST" else None,
            allow_redirects=False,
        ) as answer:
            said = answer.status, await answer.text()
        await self.bench.idle()
        return said

    async def denied(self, id: str) -> int:
        """How many lines of the trail say that this person had no right to something."""
        async with self.bench.engine.db.read() as tx:
            query = sa.select(sa.func.count()).where(audit.c.member == id, audit.c.action == "denied")
            return int((await tx.execute(query)).scalar_one())

    async def records(self) -> list[Any]:
        """Everything that nobody without the right may change."""
        async with self.bench.engine.db.read() as tx:
            return [(await tx.execute(sa.select(table).order_by(table.c.id))).all()
                    for table in (lead, customer, contact, followup, source)]  # fmt: skip

    def fields(self, signed: Signed, of: str, csrf: str) -> dict[str, str]:
        """Everything that any form of the pages asks for, aimed at that owner's lead."""
        return {"csrf": csrf, "once": f"once-{signed.member.id}-{of}", "version": "0", "to": f"taker-{of}",
                "why": "客户出差", "gone": f"C-{self.leads[of]}", "contact": str(self.contacts[of])}  # fmt: skip


ROLES = {role: f"{role.value}-1" for role in Role}
"""Somebody of each role, in the team of Nan; `mate` is a rep of the same team, `wanglei` of another."""


@pytest.fixture
async def firm(db: Database) -> AsyncIterator[Firm]:
    people = [
        *({"id": id, "name": f"南{role.value}", "wecom": id, "team": "华南", "roles": [role.value]}
          for role, id in ROLES.items()),
        *({"id": id, "name": id, "wecom": id, "team": where, "roles": ["rep"]}
          for id, where in (("mate", "华南"), ("taker-mate", "华南"), ("wanglei", "华东"), ("taker-wanglei", "华东"))),
        {"id": "zhangmin", "name": "张敏", "wecom": "zhangmin", "team": "华东", "roles": ["manager"]},
    ]  # fmt: skip
    teams = [{"name": "华东", "manager": "zhangmin"}, {"name": "华南", "manager": ROLES[Role.MANAGER]}]
    erp = {"name": "erp", "map": {"phone": "$.tel"}, "sign": {"secret": "s"}}
    settings = config(member=people, team=teams, connector=[erp])
    async with running(db, handlers.ROUTERS, settings=settings) as bench:
        app = make_app(bench.engine)
        runner = web.AppRunner(app)
        await runner.setup()
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        leads, contacts = await _records(db)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
            yield Firm(bench, app, f"http://127.0.0.1:{runner.addresses[0][1]}", leads, contacts, browser)
        await runner.cleanup()


async def _records(db: Database) -> tuple[dict[str, int], dict[str, int]]:
    """For every owner ("": the pool) a lead and its customer, all called alike. Ids of leads and contacts by owner."""
    leads, contacts = {}, {}
    async with db.write() as tx:
        for n, owner in enumerate(["", "mate", "wanglei", *ROLES.values()]):
            id = 4001 + n
            await tx.execute(sa.insert(customer).values(
                id=id, name="宁波恒达", company="宁波恒达汽配有限公司", core="恒达汽配", owner=owner, created_at=NOW))  # fmt: skip
            await tx.execute(sa.insert(contact).values(
                id=id, customer=id, name="陈立本人", phone="13812345678", phone_key=f"1381234{id}",
                email="chenli@hengda.cn", created_at=NOW))  # fmt: skip
            await tx.execute(sa.insert(lead).values(
                id=id, customer=id, contact=id, owner=owner, need="液压阀块三百件", status="intent", source="官网",
                created_at=NOW, assigned_at=NOW if owner else None))  # fmt: skip
            leads[owner], contacts[owner] = id, id
    return leads, contacts


def _routes(firm: Firm) -> set[tuple[str, str]]:
    """(method, path) of everything that is mounted."""
    return {(one.method, one.resource.canonical) for one in firm.app.router.routes()
            if one.resource is not None and one.method != "HEAD"}  # fmt: skip


def _at(path: str, id: int) -> str:
    path = path.replace("{id}", f"{'C' if path.startswith('/customers') else 'L'}-{id}")
    return path.replace("{preset}", "douyin").replace("{kind}", "connector").replace("{name}", "erp")


async def _may(firm: Firm, method: str, path: str, who: Member, owner: str) -> bool:
    """What product C.1 says of this person, this route and a record of that owner ("": the pool)."""
    site = firm.app[SITE]
    if not who.has(*site.rights[method, path]):
        return False
    if "{id}" not in path:
        return True
    whose = await firm.person(owner) if owner else None
    if path.endswith("merge"):
        return merging.may_merge(who, [whose], site.teams)
    if path.endswith("/reveal"):
        return access.may_reveal(who, whose, site.teams) and access.may_see(who, whose, site.teams)
    if method == "POST":
        return access.may_move(who, whose, site.teams)
    return access.may_see(who, whose, site.teams)


async def test_every_route_is_a_page_with_rights_or_open_on_purpose(firm: Firm):
    """A new route that nobody thought about fails here."""
    mounted = _routes(firm)
    rights = set(firm.app[SITE].rights)
    assert rights <= mounted
    rest = {path for method, path in mounted - rights}
    assert rest - FREE - KEYED == set()


def test_every_form_is_read_in_the_one_way_that_has_its_limits():
    """web.errors.read_fields has the cap, the time and the refusals; aiohttp's own reading has none of them."""
    pages = Path(web_app.__file__).parent.glob("*.py")
    assert [one.name for one in pages if ".post()" in one.read_text("utf-8")] == []


async def test_nobody_gets_in_without_a_session(firm: Firm):
    before = await firm.records()
    for method, path in firm.app[SITE].rights:
        for cookie in ({}, {"genjin": "forged.0000"}):
            status, said = await firm.asks(method, _at(path, firm.leads["wanglei"]), cookie, {"csrf": "x"})
            assert status == (401 if method == "POST" else 303), path
            assert not [one for one in SECRETS if one in said], path
    assert await firm.records() == before


@pytest.mark.parametrize("role", Role)
async def test_what_access_refuses_is_refused_and_written_down(firm: Firm, role: Role):
    me, wrong = ROLES[role], []
    cookie, signed = await firm.enters(me)
    before = await firm.records()
    for method, path in sorted(firm.app[SITE].rights):
        if path == "/logout":
            continue
        for owner in ("wanglei", "", "mate", me):
            at, may = _at(path, firm.leads[owner]), await _may(firm, method, path, signed.member, owner)
            if may and method == "POST":
                continue  # what may be done is done in the test below
            tried = await firm.denied(me)
            status, said = await firm.asks(method, at, cookie, firm.fields(signed, owner, signed.csrf))
            if may != (status < 400):
                wrong.append(f"{method} {at} of {owner or 'the pool'}: {status}, may {may}")
            if not may and [one for one in SECRETS if one in said]:
                wrong.append(f"{method} {at} of {owner or 'the pool'} shows")
            if (await firm.denied(me) - tried) != (0 if may else 1):
                wrong.append(f"{method} {at} of {owner or 'the pool'}: {status} is not written down once")
            if (now := await firm.records()) != before:
                wrong.append(f"{method} {at} of {owner or 'the pool'} moves")
                before = now
    assert wrong == []


@pytest.mark.parametrize("role", Role)
async def test_a_form_without_the_mark_of_the_session_does_nothing(firm: Firm, role: Role):
    cookie, signed = await firm.enters(ROLES[role])
    before = await firm.records()
    for method, path in firm.app[SITE].rights:
        if method == "POST":
            for mark in ("", "x" * 40):
                status, _ = await firm.asks(
                    method, _at(path, firm.leads["mate"]), cookie, firm.fields(signed, "mate", mark)
                )
                assert status == 403, path
    assert await firm.records() == before


async def test_the_team_s_manager_may_do_all_of_it(firm: Firm):
    """The looks look: the same forms do their work in the hands of whom they are for."""
    cookie, signed = await firm.enters(ROLES[Role.MANAGER])
    for name in ("urge", "waive", "reassign"):
        status, said = await firm.asks(
            "POST", f"/leads/L-{firm.leads['mate']}/{name}", cookie,
            firm.fields(signed, "mate", signed.csrf) | {"once": f"{name}-once", "version": await _version(firm)},
        )  # fmt: skip
        assert status == 303, said
    status, said = await firm.asks(
        "POST", f"/customers/C-{firm.leads['mate']}/reveal", cookie, firm.fields(signed, "mate", signed.csrf)
    )
    assert "138 1234 5678" in said
    async with firm.bench.engine.db.read() as tx:
        query = sa.select(lead.c.owner).where(lead.c.id == firm.leads["mate"])
        assert (await tx.execute(query)).scalar_one() == "taker-mate"


async def _version(firm: Firm) -> str:
    async with firm.bench.engine.db.read() as tx:
        return str(
            (await tx.execute(sa.select(lead.c.version).where(lead.c.id == firm.leads["mate"]))).scalar_one()
        )


@pytest.mark.parametrize("role", Role)
async def test_lists_show_what_may_be_seen_one_by_one(firm: Firm, role: Role):
    """The board and 审计 against may_see, owner by owner."""
    site, me = firm.app[SITE], ROLES[role]
    cookie, signed = await firm.enters(me)
    if not signed.member.has(*site.rights["GET", "/board"]):
        status, said = await firm.asks("GET", "/board", cookie)
        assert (status, [one for one in SECRETS if one in said]) == (403, [])
        return
    for state in ("open", "pool", "overdue", "today", "closed"):
        for query in (
            f"state={state}",
            f"state={state}&owner=wanglei",
            f"state={state}&team=华东",
            f"state={state}&q=宁波",
        ):
            _, said = await firm.asks("GET", f"/board?{query}", cookie)
            shown = {owner for owner, id in firm.leads.items() if f"L-{id}" in said}
            for owner in shown:
                whose = await firm.person(owner) if owner else None
                assert access.may_see(signed.member, whose, site.teams), (query, owner)
    _, said = await firm.asks("GET", "/board?state=open", cookie)
    for owner, id in firm.leads.items():
        whose = await firm.person(owner) if owner else None
        assert (f"L-{id}" in said) == access.may_see(signed.member, whose, site.teams), owner


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN])
async def test_a_number_in_words_is_the_owner_s_alone(firm: Firm, role: Role):
    """Need, next step and company of a lead hold what people wrote: numbers among them are read by the owner."""
    me, number, address = ROLES[role], "13712349876", "li.gong@hengli.cn"
    async with firm.bench.engine.db.write() as tx:
        await tx.execute(
            sa.update(lead).values(need=f"阀块，打 {number}", next_text=f"回 {number}，发到{address}")
        )
        await tx.execute(sa.update(customer).values(company=f"恒达 {number}"))
    cookie, signed = await firm.enters(me)
    seen = False
    for state in ("open", "pool", "new", "closed"):
        _, said = await firm.asks("GET", f"/board?state={state}", cookie)
        others = [one for one in said.split("<tr") if f"L-{firm.leads[me]}" not in one]
        assert not [one for one in others if number in one or address in one], state
        seen |= "137****9876" in said and "l****@hengli.cn" in said
    assert seen, "the looks look"
    for owner in ("mate", ""):
        if access.may_see(signed.member, await firm.person(owner) if owner else None, firm.app[SITE].teams):
            _, said = await firm.asks("GET", f"/leads/L-{firm.leads[owner]}", cookie)
            assert "137****9876" in said
            assert number not in said
            assert address not in said
            _, said = await firm.asks("GET", f"/customers/C-{firm.leads[owner]}", cookie)
            assert number not in said
            assert address not in said


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN])
async def test_the_board_finds_what_its_reader_can_read(firm: Firm, role: Role):
    """A search that finds hidden digits says them one after the other, and no trail says that a number was read."""
    async with firm.bench.engine.db.write() as tx:
        await tx.execute(sa.update(lead).values(need="要 300 件阀块，打 13712349876"))
    cookie, _ = await firm.enters(ROLES[role])
    own = {f"L-{firm.leads[ROLES[role]]}"}
    for words, others in (("300 件", True), ("打 137", True), ("打 13712", False), ("1371234987", False)):
        found = set()
        for state in ("open", "pool"):
            _, said = await firm.asks("GET", f"/board?state={state}&q={words}", cookie)
            found |= {f"L-{id}" for id in firm.leads.values() if f"L-{id}" in said}
        assert own <= found, "one's own words are found whole"
        assert (found > own) is others, words


async def test_a_stand_in_sees_what_they_cover_and_no_longer_than_that(firm: Firm):
    """代班: on the pages as in the chat."""
    path = f"/leads/L-{firm.leads['wanglei']}"
    cookie, _ = await firm.enters("mate")
    assert (await firm.asks("GET", path, cookie))[0] == 403
    now = firm.bench.engine.clock.now()
    async with firm.bench.engine.db.write() as tx:
        away = Leave(
            0, "wanglei", now - timedelta(hours=1), now + timedelta(minutes=30), "mate", ON, "wanglei"
        )
        await leave.add(tx, away, now)
    assert (await firm.asks("GET", path, cookie))[0] == 200
    assert f"L-{firm.leads['wanglei']}" in (await firm.asks("GET", "/board", cookie))[1]
    firm.bench.engine.clock.jump(timedelta(minutes=31))
    assert (await firm.asks("GET", path, cookie))[0] == 403


async def test_who_left_opens_nothing(firm: Firm):
    cookie, _ = await firm.enters("mate")
    async with firm.bench.engine.db.write() as tx:
        await tx.execute(sa.update(member).where(member.c.id == "mate").values(gone=True))
    assert (await firm.asks("GET", "/board", cookie))[0] == 303
