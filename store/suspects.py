"""What a process had in hand when it ended: perhaps one of these ended it. How often each was begun alone since, without an end.

A lane that is taken from a process that is gone is marked (`lane.suspect`, in the statements that take it); its rows are
begun one at a time, each counted before it begins (`starts`). The count goes back to nothing when the row has come to an
end, whichever: only a row that ends the process each time keeps it.
"""

import sqlalchemy as sa

from store.queues import OPEN, Queue
from store.tables import inbox, outbox
from store.tx import Tx

_MINE = {
    q: sa.update(table).where(table.c.id == sa.bindparam("row"), table.c.state == OPEN)
    for q, table in (("inbox", inbox), ("outbox", outbox))
}
_UNTIL = sa.bindparam("until", type_=sa.BigInteger)
_BEGINS = {q: mine.values(starts=sa.bindparam("n"), next_at=_UNTIL) for q, mine in _MINE.items()}
# what the row was told meanwhile of its next try stands
_LIVED = {
    q: _MINE[q].values(
        starts=0,
        next_at=sa.case(
            (table.c.next_at == _UNTIL, sa.bindparam("then", type_=sa.BigInteger)), else_=table.c.next_at
        ),
    )
    for q, table in (("inbox", inbox), ("outbox", outbox))
}


async def begins(tx: Tx, q: Queue, row: int, n: int, until_ms: int) -> None:
    """The row is begun alone for the n-th time next; if nobody sees the end of that, not again before `until_ms`."""
    await tx.execute(_BEGINS[q], {"row": row, "n": n, "until": until_ms})


async def lived(tx: Tx, q: Queue, row: int, until_ms: int, then_ms: int) -> None:
    """It came to an end, whichever: if it is still open, it may be tried again at `then_ms`."""
    await tx.execute(_LIVED[q], {"row": row, "until": until_ms, "then": then_ms})
