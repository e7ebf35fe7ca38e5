"""Real databases for every test that wants one: SQLite files and PostgreSQL databases cloned from a migrated one."""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web_app
from hypothesis import settings

from bot import logs
from store import migrate
from store.db import Database
from tests.servers import Postgres, Redis
from tests.world import World, firm

logs.configure("text")
settings.register_profile("suite", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("suite")
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """aiohttp remembers the handlers of its last thousand routes, and with them every application of the suite (2 GB, over
    which the collector walks for seconds)."""
    yield
    remembered = getattr(web_app, "_cached_build_middleware", None)
    if remembered is not None:
        remembered.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One real PostgreSQL for the session, with a migrated template."""
    server = Postgres()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """One real Redis for the session."""
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _migrate(url: str) -> None:
    async def go() -> None:
        db = Database(url)
        await migrate.migrate(db)
        await db.close()

    asyncio.run(go())


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated, empty database to clone."""
    name = f"template_{os.getpid()}"
    postgres.create(name)
    _migrate(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "genjin.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture
def database_url(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, unmigrated database."""
    if store == "sqlite":
        yield f"sqlite:///{tmp_path}/genjin.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"t{os.getpid()}_{next(_numbers)}"
    server.create(name)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def migrated_url(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database."""
    if store == "sqlite":
        path = tmp_path / "genjin.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"t{os.getpid()}_{next(_numbers)}"
    server.create(name, request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def db(migrated_url: str) -> AsyncIterator[Database]:
    """An open database, migrated and empty."""
    database = Database(migrated_url)
    yield database
    await database.close()


PLATFORMS = ["wecom", "dingtalk", "wecom_aibot"]
MAIN = {
    f"test_{name}.py"
    for name in (
        "aibot", "arrival", "binding", "checkin_words", "checkins", "customers", "drafts", "forms", "help", "leads",
        "manager", "sla", "today", "undo",
    )
}  # fmt: skip
"""The stories of one lead from end to end: told on each platform and each database, and on the AI bot's long connection."""
THIRD_ON_BOTH = {"test_leads.py", "test_arrival.py"}
"""Which of them the third platform tells on PostgreSQL too: what it adds does not touch the database."""
OF_WECOM = {"test_friend_moves.py", "test_replayed.py"}
"""Stories of what only WeCom has: on each database."""
ROUND = {("wecom", "sqlite"), ("dingtalk", "postgresql")}
"""All other stories: each platform and each database once."""


def _told(file: str, platform: str, store: str) -> bool:
    if platform == "wecom_aibot":
        return file in MAIN if store == "sqlite" else file in THIRD_ON_BOTH
    if file in OF_WECOM:
        return platform == "wecom"
    return file in MAIN or (platform, store) in ROUND


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what `_told` says; GENJIN_ALL_STORIES=1 tells everything everywhere, which takes half an hour more."""
    if os.environ.get("GENJIN_ALL_STORIES"):
        return
    left, kept = [], []
    for item in items:
        params = (
            item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        both = "stories" in item.path.parts and {"platform", "store"} <= params.keys()
        out = both and not _told(item.path.name, params["platform"], params["store"])
        (left if out else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Which chat platform a story is told on."""
    return str(request.param)


@pytest.fixture
def changes(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings that differ from the shipped ones: `@pytest.mark.parametrize("changes", [{…}], indirect=True)`."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
async def world(
    platform: str, migrated_url: str, tmp_path: Path, changes: dict[str, Any]
) -> AsyncIterator[World]:
    """A small firm, running."""
    async with firm(platform, migrated_url, tmp_path / "files", **changes) as one:
        yield one
