"""Every role tries every command and every button on what is not theirs: refused, without a word of it, and written down."""

import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import handlers
from bot.events import Click, Incoming, Message
from bot.router import Command
from cards.actions import Action
from cards.actions_assignment import ChangeDelegate, ConfirmLeave, HandAll, PoolPage
from cards.actions_sla import PickReassign, PickWaive, Urge, pack_ids
from cards.away import Belongings
from cards.card import Button, Card, to_json
from rules.away import Leave
from rules.opportunities import Opportunity
from rules.team import Role
from store import checkins, drafts, handover, leave, opportunities, requests, screens, tasks, undo
from store.db import Database
from store.screens import NewCard
from store.tables import audit, contact, customer, followup, inbox, lead, outbox
from store.tables_opportunities import opportunity
from tests.bot.kit import Bench, config, running

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
MANY = 24
"""People of each role who take turns: a person gets so many messages a minute and no more."""
SECRETS = ("13812345678", "138 1234 5678", "陈立本人", "液压阀块三百件", "chenli@hengda.cn")
"""What is known of the record and never typed by those who try."""
OUTSIDERS = (Role.REP, Role.MANAGER, Role.SERVICE, Role.FINANCE, Role.IT)
"""Who, from another team, sees and moves nothing of it (product C.1)."""
EVERYBODY = pytest.mark.parametrize(
    ("role", "store"),
    [(Role.REP, "postgresql"), *((role, "sqlite") for role in OUTSIDERS)],
    indirect=["store"],
)
"""Who may what is the same on both stores; that it is written down on both is tried by one."""
COMMANDS: tuple[Command, ...] = tuple(one for router in handlers.ROUTERS for one in router.commands)
ACTIONS: dict[type[Action], frozenset[Role]] = {
    kind: may for router in handlers.ROUTERS for kind, (_, may) in router.clicks.items()
}


@dataclass
class Firm:
    """A lead of 王磊 with everything that hangs on it, and somebody of each role in another team."""

    bench: Bench
    ids: dict[str, int]
    n: Any

    async def says(self, who: str, *texts: str) -> str:
        """Writes this, one after the other, and gives what the bot answers."""
        return await self._tries(who, *(Message("wecom", who, text, NOW) for text in texts))

    async def presses(self, who: str, action: Action) -> str:
        """Presses a button that stands on a card of their own."""
        card = Card(kind="probe", title="probe", buttons=(Button("按", action.pack()),))
        engine = self.bench.engine
        async with engine.db.write() as tx:
            shows = NewCard(who, to_json(card), "probe", "", live=True, instance=engine.dispatcher.instance)
            screen = await screens.get(tx, await screens.add(tx, shows, NOW))
        assert screen is not None
        return await self._tries(who, Click("wecom", who, screen.track, action.pack(), NOW))

    async def _tries(self, who: str, *events: Message | Click) -> str:
        last = await self._count(outbox.c.id)
        await self.bench.engine.intake(
            [Incoming(f"try:{next(self.n)}", f"wecom:{who}", one) for one in events]
        )
        await self.bench.idle()
        async with self.bench.engine.db.read() as tx:
            dead = (await tx.execute(sa.select(inbox.c.error).where(inbox.c.state == 3))).scalars().all()
            assert not dead, f"{events}: {dead}"
            rows = await tx.execute(
                sa.select(outbox.c.body).where(outbox.c.id > last, outbox.c.member == who)
            )
            return "\n".join(json.dumps(json.loads(body), ensure_ascii=False) for body in rows.scalars())

    async def _count(self, column: Any) -> int:
        async with self.bench.engine.db.read() as tx:
            return int((await tx.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0)))).scalar_one())

    async def denied(self, who: str) -> int:
        """How many lines of the trail say that this person had no right to something."""
        async with self.bench.engine.db.read() as tx:
            query = sa.select(sa.func.count()).where(audit.c.member == who, audit.c.action == "denied")
            return int((await tx.execute(query)).scalar_one())

    async def record(self) -> list[Any]:
        """Everything of the record that nobody else may change."""
        async with self.bench.engine.db.read() as tx:
            return [
                (await tx.execute(sa.select(table).order_by(table.c.id))).all()
                for table in (lead, customer, contact, followup, opportunity)
            ]

    def words(self, command: Command) -> list[str]:
        """How somebody may try this command on the record."""
        id = f"L-{self.ids['lead']}"
        deal = f"O-{self.ids['opportunity']}"
        return [
            f"/{command.name} {id}",
            f"/{command.name} C-0{self.ids['customer']}",
            f"/{command.name} {deal}",
        ]

    def action(self, kind: type[Action], who: str) -> Action:
        """The action aimed at the record."""
        values: dict[str, Any] = {}
        for field in fields(kind):
            number = field.type is int or field.type == "int"
            if number:
                values[field.name] = self.ids.get(field.name, 0)
            elif field.type is bool or field.type == "bool":
                values[field.name] = True
            else:
                known = {"leads": pack_ids([self.ids["lead"]]), "member": who, "by": "wanglei",
                         "at": f"L-{self.ids['lead']}", "step": "channel", "value": "电话",
                         "what": "forward", "words": "王磊"}  # fmt: skip
                values[field.name] = known.get(field.name, "")
        return kind(**values)


@pytest.fixture
async def firm(db: Database) -> AsyncIterator[Firm]:
    people = [
        {"id": "wanglei", "name": "王磊", "wecom": "wanglei", "team": "华东"},
        {"id": "zhangmin", "name": "张敏", "wecom": "zhangmin", "team": "华东", "roles": ["manager"]},
        *({"id": f"{role.value}{n}", "name": f"华南{role.value}{n}", "wecom": f"{role.value}{n}",
           "team": "华南", "roles": [role.value]}
          for role in Role for n in range(MANY)),
    ]  # fmt: skip
    teams = [{"name": "华东", "manager": "zhangmin"}, {"name": "华南", "manager": "manager0"}]
    async with running(db, handlers.ROUTERS, settings=config(member=people, team=teams)) as bench:
        yield Firm(bench, await _record(db), itertools.count())


async def _record(db: Database) -> dict[str, int]:
    """The lead, and on it a contact, a draft, an open check-in, a form, a task, something to take back."""
    async with db.write() as tx:
        c = (await tx.execute(sa.insert(customer).values(
            name="宁波恒达", company="宁波恒达汽配有限公司", core="恒达汽配", owner="wanglei", created_at=NOW,
        ).returning(customer.c.id))).scalar_one()  # fmt: skip
        p = (await tx.execute(sa.insert(contact).values(
            customer=c, name="陈立本人", phone="13812345678", phone_key="13812345678", email="chenli@hengda.cn",
            created_at=NOW,
        ).returning(contact.c.id))).scalar_one()  # fmt: skip
        one = (await tx.execute(sa.insert(lead).values(
            customer=c, contact=p, owner="wanglei", need="液压阀块三百件", status="intent", source="官网",
            created_at=NOW, assigned_at=NOW,
        ).returning(lead.c.id))).scalar_one()  # fmt: skip
        checkin = await checkins.add(tx, one, "wanglei", NOW)
        request = await requests.add(tx, form="样品申请单", lead=one, member="wanglei", fields=[("电话", "13812345678")],
                                     now=NOW)  # fmt: skip
        body = {"name": "陈立本人", "phone": "13812345678", "need": "液压阀块三百件"}
        draft = await drafts.add(
            tx, member="wanglei", source="text", body=body, original="液压阀块三百件", now=NOW
        )
        task = await tasks.add(
            tx, lead=one, subject="液压阀块三百件", owner="wanglei", rule="r", dedup="d", now=NOW
        )
        kept = await undo.remember(
            tx, "wanglei", "lead.invalid", f"L-{one}", {"lead": one}, NOW, NOW + timedelta(days=1)
        )
        assert task is not None
        deal = await opportunities.add(tx, Opportunity(
            0, int(c), "wanglei", "液压阀块三百件", NOW, NOW, lead=int(one), opened_by="wanglei"))  # fmt: skip
    return {"lead": int(one), "customer": int(c), "checkin": checkin.id, "request": request.id, "draft": draft.id,
            "task": task.id, "undo": kept, "last": int(one), "opportunity": deal.id}  # fmt: skip


def silent_about_it(said: str) -> bool:
    return not [one for one in SECRETS if one in said]


@EVERYBODY
async def test_no_command_shows_or_moves_what_is_not_theirs(firm: Firm, role: Role):
    before, wrong = await firm.record(), []
    for n, command in enumerate(COMMANDS):
        who, words = f"{role.value}{n % MANY}", firm.words(command)
        tried = await firm.denied(who)
        said = await firm.says(who, *words)
        if not silent_about_it(said):
            wrong.append(f"shows: {words}: {said}")
        if (now := await firm.record()) != before:
            wrong.append(f"moves: {words}: {said}")
            before = now
        if command.may and role not in command.may and await firm.denied(who) != tried + len(words):
            wrong.append(f"not written down: {words}: {said}")
    assert wrong == []


@EVERYBODY
async def test_no_button_shows_or_moves_what_is_not_theirs(firm: Firm, role: Role):
    before, wrong = await firm.record(), []
    for n, (kind, may) in enumerate(ACTIONS.items()):
        who = f"{role.value}{n % MANY}"
        tried = await firm.denied(who)
        action = firm.action(kind, who)
        said = await firm.presses(who, action)
        if not silent_about_it(said):
            wrong.append(f"shows: {action}: {said}")
        if (now := await firm.record()) != before:
            wrong.append(f"moves: {action}: {said}")
            before = now
        if may and role not in may and await firm.denied(who) != tried + 1:
            wrong.append(f"not written down: {action}: {said}")
    assert wrong == []


async def test_work_on_what_somebody_else_owns_is_written_down(firm: Firm):
    """A rep may follow up, but their own leads; the attempt on another's stands in the trail with its id."""
    lead = firm.ids["lead"]
    for n, words in enumerate(
        (f"/跟进 L-{lead} 电话 等待报价 周五上午发方案", f"/放回 L-{lead} 不在我的区域")
    ):
        said = await firm.says(f"rep{n}", words)
        assert "王磊" in said
        assert await firm.denied(f"rep{n}") == 1, words
    async with firm.bench.engine.db.read() as tx:
        query = sa.select(audit.c.subject).where(audit.c.action == "denied")
        assert set((await tx.execute(query)).scalars()) == {f"L-{lead}"}


async def test_a_card_that_is_older_than_the_team_opens_nothing(firm: Firm):
    """What a manager got while the people were theirs, pressed when they are somebody else's: several leads at once,
    a handover of all of it with the very number that the preview said, and a leave in which the manager stands in."""
    async with firm.bench.engine.db.write() as tx:
        row = (await tx.execute(sa.select(lead).where(lead.c.id == firm.ids["lead"]))).one()
        kept = {name: value for name, value in row._mapping.items() if name != "id"}
        second = (await tx.execute(sa.insert(lead).values(**kept).returning(lead.c.id))).scalar_one()
        total = Belongings(*await handover.counts(tx, "wanglei")).total
        off = await leave.add(
            tx, Leave(0, "wanglei", NOW, NOW + timedelta(days=9), "manager0", by="manager0"), NOW
        )
    both, before = pack_ids([firm.ids["lead"], int(second)]), await firm.record()
    for n, action in enumerate(
        (
            Urge(both),
            PickReassign(both),
            PickWaive(both),
            HandAll("wanglei", "rep0", total),
            ConfirmLeave(off.id),
            ChangeDelegate(off.id),
        )
    ):
        said = await firm.presses("manager0", action)
        assert silent_about_it(said), said
        assert "宁波恒达" not in said
        assert await firm.denied("manager0") == n + 1, action
        assert await firm.record() == before


@pytest.mark.parametrize("role", [Role.SERVICE, Role.FINANCE, Role.IT])
async def test_a_card_from_another_role_turns_no_page_of_the_pool(firm: Firm, role: Role):
    """Somebody who was in sales kept the card of /公海: it is asked for as the command is."""
    said = await firm.presses(f"{role.value}0", PoolPage(0, ""))
    assert "只有" in said
    assert await firm.denied(f"{role.value}0") == 1


async def test_the_looks_look(firm: Firm):
    """The owner is shown what the others are not: the tests above could fail."""
    said = await firm.says("wanglei", f"/客户 L-{firm.ids['lead']}")
    assert not silent_about_it(said)
    assert {"转派", "客户", "诊断"} <= {one.name for one in COMMANDS}
    assert len(ACTIONS) > 30
