"""When a failure is the database's and waits for it to end, and when it is the event's own and puts it aside at last."""

from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.events import Message
from bot.router import Router
from bot.turn import Turn
from store import postgres
from store.db import Database, Tx, passing, too_much
from store.tables import inbox
from tests.bot.kit import Bench, running

Ask = Callable[[Tx], Awaitable[object]]


def asking(what: str, ask: Ask, times: int = 10**6) -> Router:
    """Says hello, and asks the database first when somebody writes `what`, so many times."""
    router, left = Router("asking"), times

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        nonlocal left
        await turn.answer(f"hello {message.text}")
        if message.text == what and left:
            left -= 1
            await ask(turn.tx)

    return router


async def sleep(tx: Tx) -> None:
    await tx.execute(sa.text("SELECT pg_sleep(20)"))


async def no_memory(_tx: Tx) -> None:
    raise MemoryError


async def no_thread(_tx: Tx) -> None:
    raise RuntimeError("can't start new thread")


def saying(code: str) -> Ask:
    """The server answers with this code."""

    async def ask(tx: Tx) -> None:
        await tx.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"))

    return ask


async def put_aside(bench: Bench) -> list[str]:
    """Why, of each dead letter."""
    async with bench.engine.db.read() as tx:
        return list((await tx.execute(sa.select(inbox.c.error).where(inbox.c.state == 3))).scalars())


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second between two tries takes a millisecond."""
    monkeypatch.setattr("random.uniform", lambda a, b: a if a < 500 else 1)


@pytest.mark.parametrize("store", ["postgresql"])
async def test_a_statement_that_is_always_too_slow_is_put_aside_and_the_chat_goes_on(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres.SETTINGS, "statement_timeout", "300")
    db = Database(migrated_url)
    try:
        async with running(db, [asking("slow", sleep)]) as bench:
            await bench.says("slow")
            (why,) = await put_aside(bench)
            assert "57014" in why
            assert "编号 E-" in bench.out.texts()[0]
            await bench.says("and now")
            assert bench.out.texts()[-1] == "hello and now"
    finally:
        await db.close()


@pytest.mark.parametrize("ask", [no_memory, no_thread])
async def test_work_that_always_runs_out_of_something_is_put_aside(db: Database, ask: Ask) -> None:
    async with running(db, [asking("much", ask)]) as bench:
        await bench.says("much")
        assert len(await put_aside(bench)) == 1
        await bench.says("and now")
        assert bench.out.texts()[-1] == "hello and now"


@pytest.mark.parametrize("store", ["postgresql"])
@pytest.mark.parametrize("code", ["55P03", "40P01", "40001", "53100", "57P03", "25006"])
async def test_what_others_are_to_blame_for_is_waited_for_however_often(db: Database, code: str) -> None:
    """A lock, a deadlock, a full disk: more tries than an event has, and it is handled once."""
    async with running(db, [asking("x", saying(code), times=7)]) as bench:
        await bench.says("x")
        assert bench.out.texts() == ["hello x"]
        assert await put_aside(bench) == []


@pytest.mark.parametrize("store", ["postgresql"])
async def test_a_short_want_of_time_or_memory_puts_nothing_aside(db: Database) -> None:
    """Four tries, over ten minutes."""
    async with running(db, [asking("x", saying("53200"), times=4)]) as bench:
        await bench.says("x")
        assert bench.out.texts() == ["hello x"]
        assert await put_aside(bench) == []


@pytest.mark.parametrize("store", ["postgresql"])
async def test_the_server_says_which_is_which(db: Database) -> None:
    for code, much in (("57014", True), ("53200", True), ("55P03", False), ("57P01", False)):
        with pytest.raises(DBAPIError) as caught:
            async with db.write() as tx:
                await saying(code)(tx)
        assert passing(caught.value)
        assert too_much(caught.value) is much
