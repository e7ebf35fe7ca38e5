"""What reps put right on drafts, word by word, as rows; rules/words.py decides which are used. (B05)"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from rules.errors import Refused
from rules.words import Heard, Kind, Stage, Word
from store.db import Tx
from store.tables_words import learned
from store.tx import upsert

MOST = 5_000  # words that are kept in mind; older ones beyond that are not looked at


_HEARD = select(learned).order_by(learned.c.id.desc()).limit(MOST)


async def hear(tx: Tx, words: Sequence[Word], member: str, draft: int, now: datetime) -> None:
    """Keeps what a correction by `member` taught; the same word from the same member counts once."""
    for word in words:
        made = upsert(tx, learned).values(
            kind=word.kind.value, said=word.said, meant=word.meant, member=member, draft=draft, at=now,
            stage=Stage.HEARD.value,
        )  # fmt: skip
        await tx.execute(made.on_conflict_do_nothing(index_elements=["kind", "said", "meant", "member"]))


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
    """Every word that was heard, the oldest first."""
    rows = await tx.execute(_HEARD)
    found = [
        Heard(row.id, Word(Kind(row.kind), row.said, row.meant), row.member, Stage(row.stage)) for row in rows
    ]
    return tuple(reversed(found))


async def _of(tx: Tx, word: Word) -> list[Heard]:
    return [one for one in await all_heard(tx) if one.word == word]


async def _stage(tx: Tx, word: Word, stage: Stage, member: str, now: datetime) -> None:
    await tx.execute(
        update(learned)
        .where(learned.c.kind == word.kind.value, learned.c.said == word.said, learned.c.meant == word.meant)
        .values(stage=stage.value, decided_by=member, decided_at=now)
    )
