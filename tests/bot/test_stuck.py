"""A process that stands still ends, also when nobody takes what it would say."""

import asyncio
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STANDS_STILL = """
import asyncio, time
from datetime import timedelta
from bot import stuck
stuck.TELLING = 1.0
async def main():
    async with stuck.watched(timedelta(seconds=1)):
        time.sleep(600)
asyncio.run(main())
"""


async def _ends(stderr: int) -> int:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STANDS_STILL, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=stderr
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            return await running.wait()
    finally:
        if running.returncode is None:
            running.kill()


async def test_it_says_where_it_stood(tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as said:
        assert await _ends(said.fileno()) == 1
    assert "Timeout (0:00:01)!" in (tmp_path / "said").read_text()


async def test_it_ends_though_nobody_reads_what_it_says() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while os.write(write, b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(write, True)
    try:
        assert await _ends(write) == -signal.SIGALRM
    finally:
        os.close(read)
        os.close(write)
