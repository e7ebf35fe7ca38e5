"""The test servers themselves: they start, answer, survive a kill, and leave nothing behind."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from redis import asyncio as redis

from tests import servers
from tests.servers import NoServer, Postgres, Redis

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with Postgres(own=True) as server:
        yield server


@pytest.fixture(scope="module")
def cache() -> Iterator[Redis]:
    with Redis(own=True) as server:
        yield server


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_postgres_answers_and_copies_a_template(database: Postgres) -> None:
    template = database.create("template_of_tests")
    await ask(template, "CREATE TABLE lead (name text)")
    await ask(template, "INSERT INTO lead VALUES ('王磊')")
    copy = database.create("copy", template="template_of_tests")
    assert await ask(copy, "SELECT name FROM lead") == "王磊"
    version = await ask(copy, "SHOW server_version_num")
    assert int(str(version)) >= 150000

    reader = await asyncpg.connect(copy)
    database.drop("copy")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await reader.fetchval("SELECT 1")
    await reader.close(timeout=1)
    database.drop("copy")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await ask(copy, "SELECT 1")


async def test_what_postgres_committed_survives_a_kill(database: Postgres) -> None:
    url = database.create("survivor")
    await ask(url, "CREATE TABLE fact (n int)")
    busy = await asyncpg.connect(url)  # its backend has to die with the rest
    await busy.execute("INSERT INTO fact SELECT generate_series(1, 1000)")
    process = database.process
    assert process is not None
    backends = servers._children(process.pid)
    assert len(backends) > 3
    await asyncio.to_thread(database.kill)
    assert not any(servers._alive(pid) for pid in backends)
    busy.terminate()
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the machine likes
        await ask(url, "SELECT 1")

    await asyncio.to_thread(database.start)
    assert await ask(url, "SELECT count(*) FROM fact") == 1000
    await asyncio.to_thread(database.restart)
    assert await ask(url, "SELECT count(*) FROM fact") == 1000


async def test_what_redis_acknowledged_survives_a_kill(cache: Redis) -> None:
    async with redis.Redis.from_url(cache.url) as client:
        await client.set("lead", "王磊")
        assert (await client.info("server"))["redis_version"] >= "6.2"
    await asyncio.to_thread(cache.kill)
    async with redis.Redis.from_url(cache.url, retry=None) as client:
        with pytest.raises(redis.ConnectionError):
            await client.ping()

    await asyncio.to_thread(cache.start)
    async with redis.Redis.from_url(cache.url) as client:
        assert await client.get("lead") == "王磊".encode()
    await asyncio.to_thread(cache.restart)
    async with redis.Redis.from_url(cache.url) as client:
        assert await client.get("lead") == "王磊".encode()


def test_a_stopped_server_leaves_no_files_and_no_processes() -> None:
    with Redis(own=True) as server:
        room, process = server.room, server.process
        assert room is not None
        assert process is not None
        assert (room / "pid").read_text() == str(process.pid)
    assert not room.exists()
    assert process.poll() is not None


@pytest.mark.parametrize("kind", ["Postgres", "Redis"])
def test_a_test_run_that_is_killed_takes_its_servers_along(kind: str) -> None:
    script = f"from tests.servers import *; s = {kind}(own=True).start(); print(s.process.pid, s.room, flush=True); input()"
    run = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert run.stdout is not None
    assert run.stdin is not None
    pid, room = run.stdout.readline().split()
    assert servers._alive(int(pid))
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    run.stdin.close()
    until = time.monotonic() + 10
    while (servers._alive(int(pid)) or os.path.exists(room)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not servers._alive(int(pid))
    assert not os.path.exists(room)


def test_a_server_of_somebody_else_is_used_but_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://user:secret@db.test/postgres?sslmode=require")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://cache.test/3")
    with Postgres() as database, Redis() as cache:
        assert database.url("genjin") == "postgresql://user:secret@db.test/genjin?sslmode=require"
        assert cache.url == "redis://cache.test/3"
        assert database.process is None
        with pytest.raises(
            NoServer, match=r"db\.test/postgres\?sslmode=require is not ours to kill"
        ) as refused:
            database.kill()
        assert "secret" not in str(refused.value)
        with pytest.raises(NoServer, match="not ours to restart"):
            cache.restart()


def test_without_any_server_the_tests_fail_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    servers.postgres_binaries.cache_clear()
    servers.redis_binary.cache_clear()
    try:
        with pytest.raises(NoServer, match="TEST_DATABASE_URL"), Postgres(own=True):
            pass
        with pytest.raises(NoServer, match="TEST_REDIS_URL"), Redis(own=True):
            pass
    finally:
        servers.postgres_binaries.cache_clear()
        servers.redis_binary.cache_clear()


def test_a_command_gets_both_servers_through_its_settings() -> None:
    script = (
        "import os; print(os.environ['GENJIN_STORE__DATABASE'], os.environ['GENJIN_STORE__REDIS']); exit(7)"
    )
    ended = subprocess.run(
        [sys.executable, "tests/servers.py", "run", sys.executable, "-c", script],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("TEST_")},
    )  # fmt: skip
    assert ended.returncode == 7, ended.stderr
    database, cache = ended.stdout.split()
    assert re.fullmatch(r"postgresql://postgres@127\.0\.0\.1:\d+/genjin", database)
    assert re.fullmatch(r"redis://127\.0\.0\.1:\d+/0", cache)
