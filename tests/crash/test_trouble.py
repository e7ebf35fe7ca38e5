"""The servers under two replicas say no in every way they know, while people work: nothing lost, nothing twice."""

import asyncio
import random
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped,unused-ignore]
import pytest

from tests.crash.bot_process import REPS, BotProcess, Sim
from tests.crash.story import KILLS, SHORT, lives_through
from tests.crash.test_lines import ready
from tests.lines import Line, line_to
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.crash, pytest.mark.timeout(0)]
LONG = KILLS > SHORT
OTHERS = "FROM pg_stat_activity WHERE datname = 'crash' AND pid <> pg_backend_pid()"
MOODS = """
CREATE TABLE mood (code text);
CREATE FUNCTION moody() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE said text; BEGIN
  SELECT code INTO said FROM mood ORDER BY random() LIMIT 1;
  IF said IS NOT NULL AND random() < 0.3 THEN RAISE EXCEPTION 'not now' USING ERRCODE = said; END IF;
  RETURN NEW;
END $$;
"""
CODES = ("40P01", "40001", "57014", "53100", "53200", "58030", "55P03")
"""Deadlock, serialization failure, a statement that took too long, a full disk, no memory, a broken disk, a lock."""


class Server:
    """The database server in the hands of its admin; the bot is somebody with fewer rights."""

    def __init__(self, admin: Any) -> None:
        self._admin = admin

    async def prepare(self) -> None:
        """The bot's login, and triggers by which the server can be moody."""
        await self._admin.execute(
            "CREATE ROLE bot LOGIN; GRANT ALL ON SCHEMA public TO bot; GRANT ALL ON ALL TABLES IN SCHEMA public TO bot;"
            " GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO bot;" + MOODS
        )
        for table in ("inbox", "outbox", "lane", "card", "lead"):
            await self._admin.execute(
                f"CREATE TRIGGER moody BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION moody()"
            )

    async def all_hung_up_on(self) -> None:
        """As a failover does it, and whatever else holds a lock by which a replica shows that it lives."""
        await self._admin.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")

    @asynccontextmanager
    async def only_reading(self) -> AsyncIterator[None]:
        """The address leads to a server that takes no writes."""
        await self._admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await self._admin.execute("SELECT pg_reload_conf()")
        yield
        await self._admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await self._admin.execute("SELECT pg_reload_conf()")

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """One connection for all of them, and those that were there are gone."""
        await self._admin.execute("ALTER ROLE bot CONNECTION LIMIT 1")
        await self.all_hung_up_on()
        yield
        await self._admin.execute("ALTER ROLE bot CONNECTION LIMIT -1")

    @asynccontextmanager
    async def locked_out(self) -> AsyncIterator[None]:
        """The login is refused."""
        await self._admin.execute("ALTER ROLE bot NOLOGIN")
        await self.all_hung_up_on()
        yield
        await self._admin.execute("ALTER ROLE bot LOGIN")

    @asynccontextmanager
    async def a_table_locked(self) -> AsyncIterator[None]:
        """An admin looks at the hottest table and goes for a coffee: longer than a statement waits at a lock."""
        async with self._admin.transaction():
            await self._admin.execute("LOCK TABLE lane IN ACCESS EXCLUSIVE MODE")
            yield
            await asyncio.sleep(30.0 if LONG else 6.0)

    @asynccontextmanager
    async def moody(self) -> AsyncIterator[None]:
        """Three of ten writes fail, each with another reason."""
        await self._admin.executemany("INSERT INTO mood VALUES ($1)", [(code,) for code in CODES])
        yield
        await self._admin.execute("DELETE FROM mood")

    async def statements_cancelled(self, dice: random.Random) -> None:
        """Whatever is asked is taken back, again and again."""
        for _ in range(20):
            await self._admin.execute(f"SELECT pg_cancel_backend(pid) {OTHERS} AND state = 'active'")
            await asyncio.sleep(dice.uniform(0.0, 0.1))


async def test_the_database_server_refuses_in_every_way(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """Read-only, full, locked out, a lock that stays, deadlocks, cancelled statements, connections ended by the server, and
    commits of the second replica that were done and whose answer never came."""
    parts = urlsplit(own_postgres.url("crash"))
    url = urlunsplit(parts._replace(netloc=f"bot@127.0.0.1:{own_postgres.port}"))
    admin = await asyncpg.connect(own_postgres.url("crash"))
    server = Server(admin)
    await server.prepare()

    async with line_to(url) as line:

        async def trouble(bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
            states: list[Callable[[], Any]] = [
                server.only_reading, server.full, server.locked_out, server.a_table_locked, server.moody,
                lambda: unanswered(line),
            ]  # fmt: skip
            acts: list[Callable[[], Awaitable[None]]] = [
                server.all_hung_up_on, lambda: server.statements_cancelled(dice)
            ]  # fmt: skip
            rounds = [*states, *acts] * (max(1, KILLS // 20) if LONG else 1)
            dice.shuffle(rounds)
            for one in rounds:
                await asyncio.sleep(dice.uniform(0.3, 1.0))
                if one in acts:
                    await one()
                    continue
                async with one():
                    await asyncio.sleep(dice.uniform(1.0, 2.5))
            for bot in bots:
                await ready(bot)

        async def through(_sim: Sim) -> dict[str, str]:
            return {"GENJIN_STORE__DATABASE": line.through(url)}

        try:
            checker, bots = await lives_through(
                trouble, "dingtalk", url, tmp_path, compiled, replicas=2, redis=own_redis.url, lines=through
            )
        finally:
            await admin.close()
        sys.stderr.write(f"commits that nobody heard of: {line.cuts}\n")
    assert [bot.starts for bot in bots] == [1, 1]
    assert checker.counted["records"] >= len(REPS) // 2


@asynccontextmanager
async def unanswered(line: Line) -> AsyncIterator[None]:
    """What the second replica commits is committed, and it does not learn so."""
    before, line.unanswered = line.cuts, b"COMMIT\0"
    yield
    while line.cuts == before:  # noqa: ASYNC110 - it beats every three seconds: there is always a commit
        await asyncio.sleep(0.05)
    line.unanswered = b""


def tell(redis: Redis, *commands: str) -> None:
    """Says these to the server, one after the other."""
    with socket.create_connection(("127.0.0.1", redis.port), timeout=30) as line:
        for command in commands:
            line.sendall(command.encode() + b"\r\n")
            assert not (said := line.recv(200)).startswith(b"-"), (command, said)


REDIS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a replica": (("REPLICAOF 127.0.0.1 1",), ("REPLICAOF NO ONE",)),
    "no memory": (("CONFIG SET maxmemory 1",), ("CONFIG SET maxmemory 0",)),
    "slow": (("CLIENT PAUSE 3000 ALL",), ()),
    "another password": (
        ("CONFIG SET requirepass other", "CLIENT KILL TYPE normal SKIPME yes", "CLIENT KILL TYPE pubsub"),
        ("AUTH other", 'CONFIG SET requirepass ""'),
    ),
    "emptied": (("FLUSHALL", "SCRIPT FLUSH"), ()),
}
"""What the server is made to be, and what makes it well again."""


async def test_redis_is_there_and_of_no_use(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """It costs speed only, and a word in the log when it begins and when it ends, not one for each message."""
    kinds = list(REDIS) * (max(1, KILLS // 20) if LONG else 1)

    async def trouble(_bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        dice.shuffle(kinds)
        for kind in kinds:
            bad, good = REDIS[kind]
            await asyncio.sleep(dice.uniform(0.3, 1.0))
            await asyncio.to_thread(tell, own_redis, *bad)
            await asyncio.sleep(dice.uniform(1.0, 3.0))
            await asyncio.to_thread(tell, own_redis, *good)

    checker, bots = await lives_through(
        trouble, "dingtalk", own_postgres.url("crash"), tmp_path, compiled, replicas=2, redis=own_redis.url
    )
    assert [bot.starts for bot in bots] == [1, 1]
    assert checker.counted["records"] >= len(REPS) // 2
    for bot in bots:
        log = bot.log.read_text("utf-8")
        assert log.count("redis away") <= 2 * len(kinds), bot.last_words()
        assert "Traceback" not in log, bot.last_words()
