"""Personal data under a key: what stands in the database, how it is found, and how the key is changed."""

import asyncio
import base64
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bot import doctor
from bot.config import Config
from store import customers, keyring, migrate, tables
from store.db import Database
from store.seals import CLEAR, ESCAPED, SEALED, BadKey, Seals, Unreadable

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
OLD, NEW = (
    base64.b64encode(bytes(range(at, at + 32))).decode() for at in (0, 32)
)  # test names hold them: no dice
PLACE = b"contact.phone"
RAW = keyring.raw(tables.contact)


# ── values ─────────────────────────────────────────────────────────────────────────────────────────────
@given(st.text(st.characters(codec=None)), st.sampled_from([(), (OLD,), (OLD, NEW), (CLEAR, OLD)]))
def test_whatever_is_sealed_comes_back(text: str, keys: tuple[str, ...]) -> None:
    seals = Seals(keys)
    kept = seals.seal(PLACE, text)
    assert seals.open(PLACE, kept) == text
    if text and seals.writing:
        assert kept.startswith(f"{SEALED}{seals.writing_id}:")
        assert kept != seals.seal(PLACE, text)


@given(st.sampled_from([SEALED, ESCAPED]), st.text(max_size=20), st.sampled_from([(), (OLD,)]))
def test_words_that_look_sealed_come_back_as_written(head: str, rest: str, keys: tuple[str, ...]) -> None:
    seals = Seals(keys)
    assert seals.open(PLACE, seals.seal(PLACE, head + rest)) == head + rest


def test_a_sealed_value_opens_with_its_key_in_its_column_and_unchanged_only() -> None:
    seals = Seals([OLD])
    kept = seals.seal(PLACE, "13812345678")
    with pytest.raises(Unreadable, match=seals.writing_id):
        Seals([NEW]).open(PLACE, kept)
    with pytest.raises(Unreadable, match="没有这把密钥"):
        Seals().open(PLACE, kept)
    with pytest.raises(Unreadable, match="打不开"):
        seals.open(b"contact.email", kept)
    with pytest.raises(Unreadable, match="打不开"):
        seals.open(PLACE, kept[:-6] + ("AAAAA=" if not kept.endswith("AAAAA=") else "BBBBB="))
    assert Seals([NEW, OLD]).open(PLACE, kept) == "13812345678"


def test_a_mark_tells_nothing_and_finds_everything() -> None:
    old, both = Seals([OLD]), Seals([NEW, OLD])
    assert old.mark("13812345678") in both.marks("13812345678")
    assert "13812345678" in both.marks("13812345678"), "rows from before the first key are found too"
    assert both.mark("13812345678") != old.mark("13812345678")
    assert "13812345678" not in old.mark("13812345678")
    assert both.mark("") == ""


@pytest.mark.parametrize("text", ["", "abc", OLD[:-2], OLD + "AAAA", "é" * 44])
def test_what_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadKey, match="keys new") as refused:
        Seals([text])
    assert not text or text not in str(refused.value)


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────
async def filled(url: str, keys: tuple[str, ...], count: int = 1) -> None:
    """Contacts with phones from 13800000000 on."""
    db = Database(url, keys=keys)
    async with db.write() as tx:
        await keyring.enter(tx, NOW)
        firm = await customers.add(tx, name="恒达", now=NOW)
        for n in range(count):
            await customers.add_contact(
                tx, firm.id, now=NOW, name=f"陈{n}", phone=f"138{n:08d}", email=f"C{n}@hengda.cn", wechat="chen-li"
            )  # fmt: skip
    await db.close()


async def found(url: str, keys: tuple[str, ...], n: int = 0) -> list[tuple[str, str, str]]:
    """(phone, email, wechat) of whoever has the n-th phone, and the n-th address."""
    db = Database(url, keys=keys)
    try:
        async with db.read() as tx:
            by_phone = await customers.by_phone(tx, f"+86 138 {n // 10000:04d} {n % 10000:04d}")
            by_email = await customers.by_email(tx, f"c{n}@HENGDA.cn ")
        assert by_phone == by_email
        return [(one.phone, one.email, one.wechat) for _, one in by_phone]
    finally:
        await db.close()


async def kept(url: str, keys: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """The contacts as they stand in the database."""
    db = Database(url, keys=keys)
    async with db.read() as tx:
        rows = [dict(row._mapping) for row in await tx.execute(sa.select(RAW).order_by(RAW.c.id))]
    await db.close()
    return rows


async def test_contacts_stand_sealed_and_are_found(migrated_url: str) -> None:
    await filled(migrated_url, (OLD,))
    (row,) = await kept(migrated_url)
    for name in ("phone", "email", "wechat"):
        assert row[name].startswith(SEALED)
    whole = json.dumps(row, default=str)
    assert not [word for word in ("13800000000", "hengda", "chen-li") if word in whole.lower()]
    assert await found(migrated_url, (OLD,)) == [("13800000000", "c0@hengda.cn", "chen-li")]


async def test_the_first_key_the_next_key_and_back_to_clear(migrated_url: str) -> None:
    """Each time the rows of before are found at once, and after the change the old key is not needed any more."""
    person = [("13800000000", "c0@hengda.cn", "chen-li")]
    await filled(migrated_url, ())
    for keys in ((OLD,), (NEW, OLD), (CLEAR, NEW)):
        assert await found(migrated_url, keys) == person
        db = Database(migrated_url, keys=keys)
        assert await keyring.rotate(db, NOW, pause=0) == 1
        assert await keyring.rotate(db, NOW, pause=0) == 0
        await db.close()
        (row,) = await kept(migrated_url)
        wanted = f"{SEALED}{db.seals.writing_id}:" if db.seals.writing_id else "13800000000"
        assert row["phone"].startswith(wanted)
        assert await found(migrated_url, keys[:1]) == person
        late = Database(migrated_url, keys=keys[:1])
        async with late.write() as tx:
            await keyring.enter(tx, NOW)
        await late.close()


async def test_without_the_key_nothing_starts(migrated_url: str) -> None:
    await filled(migrated_url, (OLD,))
    id = Seals([OLD]).writing_id
    for keys in ((), (NEW,)):
        db = Database(migrated_url, keys=keys)
        with pytest.raises(keyring.Missing, match=id):
            async with db.write() as tx:
                await keyring.enter(tx, NOW)
        with pytest.raises(keyring.Missing, match=id):
            await keyring.rotate(db, NOW)
        await db.close()


async def test_a_backup_holds_what_is_sealed_and_needs_the_key(migrated_url: str, tmp_path: Path) -> None:
    await filled(migrated_url, (OLD,))
    db = Database(migrated_url, keys=(OLD,))
    await migrate.backup(db, tmp_path / "b.zip")
    await db.close()
    other = f"sqlite:///{tmp_path}/other.db"
    strange = Database(other, keys=(NEW,))
    with pytest.raises(migrate.NotABackup, match=Seals([OLD]).writing_id):
        await migrate.restore(strange, tmp_path / "b.zip")
    await strange.close()
    db = Database(other, keys=(OLD,))
    await migrate.restore(db, tmp_path / "b.zip")
    await db.close()
    assert await kept(other) == await kept(migrated_url)
    assert await found(other, (OLD,)) == [("13800000000", "c0@hengda.cn", "chen-li")]


# ── the change of keys as a process ────────────────────────────────────────────────────────────────────
async def test_a_change_that_is_killed_goes_on_where_it_was(migrated_url: str, tmp_path: Path) -> None:
    await filled(migrated_url, (OLD,), 450)
    written = tmp_path / "config.toml"
    written.write_text(f'[store]\ndatabase = "{migrated_url}"\nkeys = ["{NEW}", "{OLD}"]\n')
    command = (sys.executable, "main.py", "keys", "rotate", "--config", str(written), "--pause")
    head = Seals([NEW]).keys[Seals([NEW]).writing_id].head

    async def changed() -> int:
        return sum(row["phone"].startswith(head) for row in await kept(migrated_url))

    running = await asyncio.create_subprocess_exec(*command, "600", cwd=ROOT)
    try:
        while await changed() == 0:
            assert running.returncode is None
            await asyncio.sleep(0.05)
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGKILL)
        await running.wait()
    assert await changed() == keyring.AT_ONCE, "one transaction was through, the next waited"
    for n in (0, 449):
        assert len(await found(migrated_url, (NEW, OLD), n)) == 1, "half of it is as good as all"
    running = await asyncio.create_subprocess_exec(
        *command, "0", cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await running.communicate()
    assert running.returncode == 0
    assert "重新加密了 250 行" in out.decode()
    assert await changed() == 450
    assert [len(await found(migrated_url, (NEW,), n)) for n in (0, 200, 449)] == [1, 1, 1]


async def test_doctor_says_how_it_stands(migrated_url: str) -> None:
    await filled(migrated_url, ())

    async def said(*keys: str) -> tuple[str, str]:
        store = {"database": migrated_url, "keys": keys}
        one = await doctor._keys(Config.model_validate({"store": store}))
        return one.state, one.text

    assert await said() == ("warn", "没有设：号码、聊天、消息在数据库和备份里是明文")
    state, text = await said(OLD)
    assert (state, "还有 3 格不是" in text) == ("warn", True)
    db = Database(migrated_url, keys=(OLD,))
    await keyring.rotate(db, NOW, pause=0)
    await db.close()
    assert (await said(OLD))[0] == "ok"
    state, text = await said(NEW)
    assert (state, Seals([OLD]).writing_id in text) == ("fail", True)
