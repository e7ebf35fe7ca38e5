"""A start loads what it needs and no more: each of these packages costs memory and time in every process. It can be ended."""

import asyncio
import contextlib
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
[app]
listen = "127.0.0.1:0"
[store]
database = "{database}"
[[member]]
id = "wanglei"
name = "王磊"
"""
NOT_ON_SQLITE = {
    "alembic", "aiosmtplib", "asyncpg", "dingtalk_stream", "jieba", "openpyxl", "pypinyin", "redis", "rich.console", "rjieba",
    "taskiq",
    "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "wechatpy",
}  # fmt: skip


NOT_ON_POSTGRESQL = NOT_ON_SQLITE - {"asyncpg", "sqlalchemy.dialects.postgresql"}


@pytest.fixture
def config(sqlite_template: Path, tmp_path: Path) -> Path:
    """Of a small firm, beside its migrated database."""
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(database=f"sqlite:///{tmp_path}/genjin.db"))
    return path


@asynccontextmanager
async def started(*words: str, errors: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of Python that has said that it serves; killed at the end. What it complains of goes to `errors`."""
    with errors.open("wb") as complaints:
        running = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=complaints
        )
    try:
        assert running.stdout is not None
        assert b"/healthz" in await running.stdout.readline(), said_last(errors)
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.communicate()


def said_last(errors: Path) -> str:
    return errors.read_text()[-2000:]


async def loads(config: Path, imports: Path) -> set[str]:
    """Every module that a process loads until it serves; `imports` is where it says so."""
    words = ("-X", "importtime", "main.py", "serve", "--migrate", "--config", str(config))
    async with started(*words, errors=imports):
        pass  # it has shown what is to be seen
    return loaded_in(imports)


def loaded_in(imports: Path) -> set[str]:
    return set(re.findall(r"^import time:.*\| +(\S+)$", imports.read_text(), re.MULTILINE))


async def test_a_process_on_sqlite_does_not_load_what_others_need(config: Path, tmp_path: Path) -> None:
    loaded = await loads(config, tmp_path / "imports")
    assert {"sqlalchemy", "structlog", "aiohttp", "handlers.leads"} <= loaded, "this sees what is loaded"
    assert loaded & NOT_ON_SQLITE == set()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
async def test_nor_does_one_on_postgresql(migrated_url: str, tmp_path: Path) -> None:
    """SQLAlchemy's asyncio brings its ORM along: 6 MB, for migrations alone."""
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(database=migrated_url))
    loaded = await loads(config, tmp_path / "imports")
    assert {"asyncpg", "handlers.leads"} <= loaded
    assert loaded & NOT_ON_POSTGRESQL == set()


async def test_a_stop_while_dictionaries_still_load_is_in_order(config: Path, tmp_path: Path) -> None:
    """The port is open before they are loaded, so events may be in hand."""
    slowly = (
        "import sys, time, main; main.warm = lambda *_: time.sleep(2);"
        f"sys.exit(main.main(['serve', '--migrate', '--config', {str(config)!r}]))"
    )
    said = tmp_path / "said"
    async with started("-c", slowly, errors=said) as running:
        running.send_signal(signal.SIGTERM)
        await running.communicate()
        assert running.returncode == 0, said_last(said)


async def test_what_cannot_be_loaded_for_the_moment_ends_nothing(config: Path, tmp_path: Path) -> None:
    """No file left, no memory: the dictionaries are loaded when somebody wants them."""
    short = (
        "import errno, os, sys, main\n"
        "def warm(*_): raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))\n"
        "main.warm = warm\n"
        f"sys.exit(main.main(['serve', '--migrate', '--config', {str(config)!r}]))"
    )
    said = tmp_path / "said"
    async with started("-c", short, errors=said) as running:
        async with asyncio.timeout(60):
            while b"not warmed" not in said.read_bytes():  # noqa: ASYNC110 (another process writes it)
                await asyncio.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        await running.communicate()
        assert running.returncode == 0, said_last(said)
