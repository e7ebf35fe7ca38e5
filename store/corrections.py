"""What reps put right on drafts, word by word, as rows; rules/words.py decides which are used. (B05)"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, text, update

from rules.errors import Refused
from rules.words import Heard, Kind, Stage, Word
from store import settings
from store.db import Tx
from store.tables_words import learned
from store.tx import upsert

MOST = 5_000  # words that are kept in mind; older ones beyond that are not looked at
STAMP = "words.stamp"
"""The setting that says which words these are: another random text after every change, in the same transaction, so that
two databases never have the same one and what was rolled back never comes again."""
STATE = (
    f"(SELECT value FROM setting WHERE key = '{STAMP}') AS stamp, EXISTS (SELECT 1 FROM learned) AS taught"
)
"""What to ask before the words, so that they need not be read again."""
_STATE = text(f"SELECT {STATE}")
_HEARD = select(learned).order_by(learned.c.id.desc()).limit(MOST)
_kept: dict[str, tuple[Heard, ...]] = {}
_KEPT = 4
"""How many stamps' words are kept: a process has one database, and tests a few."""


async def hear(tx: Tx, words: Sequence[Word], member: str, draft: int, now: datetime) -> None:
    """Keeps what a correction by `member` taught; the same word from the same member counts once."""
    changed = 0
    for word in words:
        made = upsert(tx, learned).values(
            kind=word.kind.value, said=word.said, meant=word.meant, member=member, draft=draft, at=now,
            stage=Stage.HEARD.value,
        )  # fmt: skip
        done = await tx.execute(
            made.on_conflict_do_nothing(index_elements=["kind", "said", "meant", "member"])
        )
        changed += max(done.rowcount, 0)
    if changed:
        await _changed(tx, member, now)


async def take(tx: Tx, word: Word, member: str, now: datetime) -> int:
    """A word of an admin's own, in use at once. Returns its number."""
    found = await _of(tx, word)
    if found:
        await _stage(tx, word, Stage.TAKEN, member, now)
        return min(one.id for one in found)
    made = await tx.execute(
        insert(learned)
        .values(kind=word.kind.value, said=word.said, meant=word.meant, member=member, draft=0, at=now,
                stage=Stage.TAKEN.value, decided_by=member, decided_at=now)
        .returning(learned.c.id)
    )  # fmt: skip
    await _changed(tx, member, now)
    return int(made.scalar_one())


async def decide(tx: Tx, id: int, stage: Stage, member: str, now: datetime) -> Word:
    """An admin takes or withdraws the word with this number, whoever said it. Raises Refused when there is none."""
    row = (await tx.execute(select(learned).where(learned.c.id == id))).one_or_none()
    if row is None:
        raise Refused(f"词库里没有编号 {id}，发 /词库 看现有的编号")
    word = Word(Kind(row.kind), row.said, row.meant)
    await _stage(tx, word, stage, member, now)
    return word


async def all_heard(tx: Tx) -> tuple[Heard, ...]:
    """Every word that was heard, the oldest first: the same tuple for as long as nobody teaches or decides anything."""
    state = (await tx.execute(_STATE)).one()
    return await heard(tx, state.stamp, taught=bool(state.taught))


async def heard(tx: Tx, stamp: str | None, *, taught: bool) -> tuple[Heard, ...]:
    """The same, for who has asked for STATE together with something else in this transaction."""
    if not taught:
        return ()
    if stamp in _kept:
        return _kept[stamp]
    # read after the stamp: at least as new as it says
    rows = await tx.execute(_HEARD)
    found = [
        Heard(row.id, Word(Kind(row.kind), row.said, row.meant), row.member, Stage(row.stage)) for row in rows
    ]
    words = tuple(reversed(found))
    if stamp:
        while len(_kept) >= _KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[stamp] = words
    return words


async def _of(tx: Tx, word: Word) -> list[Heard]:
    return [one for one in await all_heard(tx) if one.word == word]


async def _stage(tx: Tx, word: Word, stage: Stage, member: str, now: datetime) -> None:
    await tx.execute(
        update(learned)
        .where(learned.c.kind == word.kind.value, learned.c.said == word.said, learned.c.meant == word.meant)
        .values(stage=stage.value, decided_by=member, decided_at=now)
    )
    await _changed(tx, member, now)


async def _changed(tx: Tx, by: str, now: datetime) -> None:
    await settings.put(tx, STAMP, secrets.token_hex(8), by, now)
