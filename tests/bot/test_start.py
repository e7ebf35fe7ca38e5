"""A start loads what it needs and no more: each of these packages costs memory and time in every process. It can be ended."""

import asyncio
import contextlib
import re
import shutil
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = """
[app]
listen = "127.0.0.1:0"
[store]
database = "sqlite:///{data}/genjin.db"
[[member]]
id = "wanglei"
name = "王磊"
"""
NOT_ON_SQLITE = {
    "alembic", "aiosmtplib", "asyncpg", "dingtalk_stream", "jieba", "openpyxl", "pypinyin", "redis", "rich.console", "taskiq",
    "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "wechatpy",
}  # fmt: skip


async def test_a_process_on_sqlite_does_not_load_what_others_need(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(data=tmp_path))
    with (tmp_path / "imports").open("wb") as imports:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-X", "importtime", "main.py", "serve", "--migrate", "--config", str(config),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=imports,
        )  # fmt: skip
    try:
        assert running.stdout is not None
        assert b"/healthz" in await running.stdout.readline(), (tmp_path / "imports").read_text()[-2000:]
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()  # it has shown what is to be seen
        await running.communicate()
    loaded = set(re.findall(r"^import time:.*\| +(\S+)$", (tmp_path / "imports").read_text(), re.MULTILINE))
    assert {"sqlalchemy", "structlog", "aiohttp", "handlers.leads"} <= loaded, "this sees what is loaded"
    assert loaded & NOT_ON_SQLITE == set()


async def test_a_stop_while_dictionaries_still_load_is_in_order(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """The port is open before they are loaded, so events may be in hand."""
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(data=tmp_path))
    slowly = (
        "import sys, time, main; main.warm = lambda *_: time.sleep(2);"
        f"sys.exit(main.main(['serve', '--migrate', '--config', {str(config)!r}]))"
    )
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", slowly, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        assert b"/healthz" in await running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        _, said = await running.communicate()
        assert running.returncode == 0, said.decode()[-2000:]
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
