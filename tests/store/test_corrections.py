"""The words that drafts taught are kept in mind, and never older than they are."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from rules.words import Heard, Kind, Stage, Word
from store import corrections
from store.db import Database

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
ONE, OTHER = Word(Kind.NEED, "激光除锈", "激光清洗"), Word(Kind.NAME, "爨亮", "爨亮")


async def heard(db: Database) -> tuple[Heard, ...]:
    async with db.read() as tx:
        return await corrections.all_heard(tx)


async def test_words_are_read_once_for_as_long_as_nobody_changes_them(db: Database) -> None:
    assert await heard(db) == ()
    async with db.write() as tx:
        await corrections.hear(tx, [ONE], "anna", 1, NOW)
    first = await heard(db)
    assert [one.word for one in first] == [ONE]
    async with db.write() as tx:  # said again by the same rep: nothing changed
        await corrections.hear(tx, [ONE], "anna", 2, NOW)
    assert await heard(db) is first


async def test_every_change_is_seen_at_once_here_and_in_another_process(
    db: Database, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = db if db.sqlite else Database(migrated_url)  # SQLite's file has one process
    theirs: dict[str, tuple[Heard, ...]] = {}
    ours = corrections._kept

    async def both(*wanted: tuple[Word, str, Stage]) -> None:
        for mind, base in ((ours, db), (theirs, other)):
            monkeypatch.setattr(corrections, "_kept", mind)
            for _ in range(2):
                found = await heard(base)
                assert [(one.word, one.member, one.stage) for one in found] == list(wanted)
        monkeypatch.setattr(corrections, "_kept", ours)

    await both()
    async with db.write() as tx:
        await corrections.hear(tx, [ONE], "anna", 1, NOW)
        assert len(await corrections.all_heard(tx)) == 1, "whoever taught it has it in the same event"
    await both((ONE, "anna", Stage.HEARD))
    async with db.write() as tx:
        await corrections.hear(tx, [ONE, OTHER], "bert", 2, NOW)
    await both((ONE, "anna", Stage.HEARD), (ONE, "bert", Stage.HEARD), (OTHER, "bert", Stage.HEARD))
    async with db.write() as tx:
        number = await corrections.take(tx, OTHER, "boss", NOW)
    await both((ONE, "anna", Stage.HEARD), (ONE, "bert", Stage.HEARD), (OTHER, "bert", Stage.TAKEN))
    async with db.write() as tx:
        await corrections.decide(tx, number, Stage.OFF, "boss", NOW)
    await both((ONE, "anna", Stage.HEARD), (ONE, "bert", Stage.HEARD), (OTHER, "bert", Stage.OFF))
    if other is not db:
        await other.close()


async def test_what_was_taken_back_was_never_learned(db: Database) -> None:
    async with db.write() as tx:
        await corrections.hear(tx, [ONE], "anna", 1, NOW)
    async with db.write() as tx:
        with suppress(LookupError):
            async with tx.begin_nested():
                await corrections.hear(tx, [OTHER], "anna", 2, NOW)
                assert len(await corrections.all_heard(tx)) == 2
                raise LookupError
        assert len(await corrections.all_heard(tx)) == 1
    assert [one.word for one in await heard(db)] == [ONE]


async def test_few_states_are_kept(db: Database) -> None:
    for n in range(3 * corrections._KEPT):
        async with db.write() as tx:
            await corrections.take(tx, Word(Kind.TITLE, f"跟单{n}", f"跟单{n}"), "boss", NOW)
        assert len(await heard(db)) == n + 1
    assert len(corrections._kept) <= corrections._KEPT
