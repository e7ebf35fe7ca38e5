"""`keys rotate` is killed at each of its steps and run again: nothing becomes unreadable, nothing is left out."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from store import customers, keyring, tables
from store.db import Database
from store.failpoints import SWITCH, At
from store.seals import Seals
from tests.crash.bot_process import ROOT
from tests.crash.story import KILLS, SHORT

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
OLD, NEW = (base64.b64encode(bytes(range(at, at + 32))).decode() for at in (0, 32))
RAW = keyring.raw(tables.contact)
PEOPLE = keyring.AT_ONCE + 50  # two transactions
LEFT: dict[str, int] = {
    At.KEYS_ENTERED: PEOPLE, At.KEYS_SEALED: PEOPLE, f"{At.KEYS_SEALED}:2": 50, At.KEYS_STEP: 50, f"{At.KEYS_STEP}:2": 0,
    At.KEYS_LEFT: 0, At.KEYS_DONE: 0,
}  # fmt: skip
"""Each step → how many are sealed with the old key when it ends there."""
STEPS = list(LEFT)


def test_no_step_of_it_is_left_out() -> None:
    assert {step.partition(":")[0] for step in STEPS} == {at for at in At if at.startswith("keys.")}


@pytest.mark.crash
@pytest.mark.parametrize("step", STEPS)
async def test_killed_while_the_key_changes(
    step: str, store: str, migrated_url: str, tmp_path: Path, compiled: Path
) -> None:
    """`make test` takes each step on one of the databases in turn, `make crash` on both."""
    if KILLS <= SHORT and (STEPS.index(step) % 2 == 0) != (store == "sqlite"):
        pytest.skip("the other database has it")
    await filled(migrated_url)
    written = tmp_path / "config.toml"
    written.write_text(f'[store]\ndatabase = "{migrated_url}"\nkeys = ["{NEW}", "{OLD}"]\n')
    words = [
        sys.executable,
        str(ROOT / "main.py"),
        "keys",
        "rotate",
        "--pause",
        "0",
        "--config",
        str(written),
    ]
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(compiled)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=ROOT, env={**env, **more}, capture_output=True, text=True, check=False
        )

    killed = await asyncio.to_thread(run, **{SWITCH: step})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert await readable(migrated_url, NEW, OLD) == PEOPLE, "half of it is as good as all"
    old, needed = await kept(migrated_url)
    assert old == LEFT[step]
    if step == At.KEYS_DONE:
        assert needed == [Seals([NEW]).writing_id]
    else:  # the old key counts as used until all is done, and nothing starts without it
        assert Seals([OLD]).writing_id in needed
        with pytest.raises(keyring.Missing):
            await readable(migrated_url, NEW)
    again = await asyncio.to_thread(run)
    assert again.returncode == 0, again.stderr
    assert await kept(migrated_url) == (0, [Seals([NEW]).writing_id])
    assert await readable(migrated_url, NEW) == PEOPLE


async def filled(url: str) -> None:
    """Contacts with phones from 13800000000 on, under the old key."""
    db = Database(url, keys=(OLD,))
    async with db.write() as tx:
        await keyring.enter(tx, NOW)
        firm = await customers.add(tx, name="恒达", now=NOW)
        for n in range(PEOPLE):
            await customers.add_contact(tx, firm.id, now=NOW, name=f"陈{n}", phone=f"138{n:08d}")
    await db.close()


async def readable(url: str, *keys: str) -> int:
    """How many of them are found by their phone, and by it alone, after a start with these keys. Raises Missing."""
    db = Database(url, keys=keys)
    try:
        async with db.write() as tx:
            await keyring.enter(tx, NOW)
        found = 0
        async with db.read() as tx:
            for n in range(PEOPLE):
                got = [one.phone for _, one in await customers.by_phone(tx, f"138{n:08d}")]
                found += got == [f"138{n:08d}"]
        return found
    finally:
        await db.close()


async def kept(url: str) -> tuple[int, list[str]]:
    """How many contacts are sealed with the old key, and the ids of the keys that count as used."""
    db = Database(url)
    head = Seals([OLD]).keys[Seals([OLD]).writing_id].head
    try:
        async with db.read() as tx:
            phones = (await tx.execute(sa.select(RAW.c.phone).order_by(RAW.c.id))).scalars()
            return sum(one.startswith(head) for one in phones), await keyring.known(tx)
    finally:
        await db.close()
