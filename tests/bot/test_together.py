"""What only reads and answers takes no transaction of its own on PostgreSQL, and is answered once all the same."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from bot.events import Message
from bot.router import Router
from bot.turn import Turn
from rules.errors import Refused
from store import ends
from store.db import Database
from store.postgres import PostgresTx
from store.tables import card, lane
from tests.bot.kit import Recorder, config, running

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def _answering(stands: asyncio.Event | None = None, goes_on: asyncio.Event | None = None) -> Router:
    router = Router("answers")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        if message.text == "no":
            await turn.answer("this is taken back")
            raise Refused("不行")
        if stands is not None and goes_on is not None and not stands.is_set():
            stands.set()
            await goes_on.wait()
        await turn.answer(f"re {message.text}")

    return router


async def test_an_answer_begins_no_transaction(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[str] = []
    usual = PostgresTx._open

    async def opens(self: PostgresTx) -> None:
        began.append(self._opening)
        await usual(self)

    async with running(db, [_answering()], [Recorder()], config()) as bench:
        await bench.says("first")  # where they are is written down then
        monkeypatch.setattr(PostgresTx, "_open", opens)
        await bench.says("second")
    assert bench.out.texts() == ["re first", "re second"]
    assert [one for one in began if "advisory" in one] == []


async def test_a_refusal_takes_back_what_was_said_before_it(db: Database) -> None:
    async with running(db, [_answering()], [Recorder()], config()) as bench:
        await bench.says("hello")
        await bench.says("no")
    assert bench.out.texts() == ["re hello", "不行"]


async def test_many_who_answer_at_once_share_statements(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    usual = ends.together

    async def together(tx: Any, some: Any, *args: Any, **more: Any) -> dict[str, int]:
        batches.append(len(some))
        return await usual(tx, some, *args, **more)

    people = [{"id": f"u{n}", "name": f"u{n}", "wecom": f"u{n}"} for n in range(12)]
    async with running(db, [_answering()], [Recorder()], config(member=people)) as bench:
        await asyncio.gather(*(bench.says("one", f"u{n}", id=f"a{n}") for n in range(12)))
        monkeypatch.setattr(ends, "together", together)
        await asyncio.gather(*(bench.says("two", f"u{n}", id=f"b{n}") for n in range(12)))
    assert sum(batches) == 12
    assert len(batches) < 12
    assert sorted(out.user for out in bench.out.sent if out.text == "re two") == sorted(
        f"u{n}" for n in range(12)
    )


async def test_who_was_overtaken_while_handling_says_nothing(db: Database) -> None:
    """Its lease ran out and another handles the event: the end of the first finds the lane gone."""
    stands, goes_on = asyncio.Event(), asyncio.Event()
    async with running(db, [_answering(stands, goes_on)], [Recorder()], config()) as bench:
        says = asyncio.create_task(bench.says("hello"))
        await asyncio.wait_for(stands.wait(), 30)
        async with db.write() as tx:
            ran_out = sa.update(lane).where(lane.c.q == "inbox", lane.c.key == "wecom:wanglei")
            await tx.execute(ran_out.values(owner="another", epoch=lane.c.epoch + 1, due=0))
        async with asyncio.timeout(30):
            while not bench.out.sent:  # noqa: ASYNC110 - nothing rings at a platform
                await asyncio.sleep(0.01)
        goes_on.set()
        await says
    assert bench.out.texts() == ["re hello"]
    async with db.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(card))).scalar() == 0


async def test_one_that_cannot_be_written_does_not_hold_up_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text holds what PostgreSQL stores nowhere: it is put aside by itself, with its reason, as any bug."""
    router = Router("odd")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        await turn.answer("\x00" if message.user == "liqian" else f"re {message.text}")

    async with running(db, [router], [Recorder()], config()) as bench:
        for n in range(3):
            await asyncio.gather(bench.says(f"{n}", id=f"a{n}"), bench.says(f"{n}", "liqian", id=f"b{n}"))
    assert [text for text in bench.out.texts() if text.startswith("re ")] == ["re 0", "re 1", "re 2"]
