"""What the crash stories stand on: a database of their own, and modules that are compiled once."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import migrate
from store.db import Database
from tests.servers import Postgres, Redis


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What every campaign went through: so many lives, so many tries, what was found."""
    for report in terminalreporter.stats.get("passed", []):
        for line in report.capstderr.splitlines():
            if ", seed " in line:
                terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled modules are kept: a start should cost what it costs in an installation."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL that may be killed, with a migrated database "crash"."""
    with Postgres(own=True) as server:
        _migrate(server.create("crash"))
        yield server


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis that may be killed."""
    with Redis(own=True) as server:
        yield server


@pytest.fixture
def crash_url(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A migrated, empty database that nobody else uses."""
    if store == "postgresql":
        server: Postgres = request.getfixturevalue("own_postgres")
        return server.url("crash")
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "genjin.db")
    return f"sqlite:///{tmp_path}/genjin.db"


def _migrate(url: str) -> None:
    async def go() -> None:
        db = Database(url)
        await migrate.migrate(db)
        await db.close()

    asyncio.run(go())
