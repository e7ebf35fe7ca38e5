"""The fair turn is booked for all who were in the running at once, however many they are."""

from datetime import UTC, datetime

from rules.assignment import Ask, Standing, Weights, decide
from rules.fairness import WHOLE
from rules.team import Member
from store import assignment
from store.db import Database

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
DAY = "2026-11-23"


async def test_a_decision_among_many_is_two_statements(db: Database, said: list[str]) -> None:
    people = [Member(id=f"r{n:03}", name=f"销售'{n}") for n in range(120)]
    for _ in range(2):
        async with db.write() as tx:
            owed = await assignment.owed(tx)
            has = {id: Standing(credit=one.credit) for id, one in owed.items()}
            made = decide(people, Ask(), has, Weights())
            said.clear()
            await assignment.settle(tx, made, DAY)
            assert len(said) == 2
    async with db.read() as tx:
        credits = {id: one.credit for id, one in (await assignment.owed(tx)).items()}
        shares = await assignment.shares(tx, DAY)
    assert sorted(credits) == [one.member for one in shares] == [one.id for one in people]
    assert sum(credits.values()) == 0
    assert sum(one.owed for one in shares) == 2 * WHOLE
    assert [one.member for one in shares if one.got] == ["r000", "r001"]
    assert {one.running for one in shares} == {2}
    assert all(credits[one.member] == one.owed - WHOLE * one.got for one in shares)
