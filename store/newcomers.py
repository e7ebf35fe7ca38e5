"""Who a newcomer is gets decided by one event at a time: two that meet the same person at once make one customer."""

from collections.abc import Iterable
from hashlib import blake2b

import sqlalchemy as sa

from store.customers import phone_key
from store.tx import NEWCOMER, Tx

SLOTS = 1 << 20
"""So few that a lock tells nobody a number: some ten thousand mobiles share each. Two people in one slot only wait."""

# PostgreSQL takes them in the order of the array, so that two events with the same numbers cannot hold up each other
_LOCK = sa.text(
    f"SELECT pg_advisory_xact_lock({NEWCOMER}, slot) FROM unnest(CAST(:slots AS integer[])) AS slot"
)


def slots(phones: Iterable[str], emails: Iterable[str] = (), codes: Iterable[str] = ()) -> list[int]:
    """The locks of what people are known by, however it is written, in the order in which they are taken."""
    marks = {*(phone_key(one) for one in phones), *(one.strip().lower() for one in emails), *codes}
    digests = (blake2b(one.encode("utf-8", "surrogatepass"), digest_size=4) for one in marks if one)
    return sorted({int.from_bytes(one.digest()) % SLOTS for one in digests})


async def alone(tx: Tx, phones: Iterable[str], emails: Iterable[str] = (), codes: Iterable[str] = ()) -> None:
    """Waits until nobody else decides who has one of these phones, addresses or credit codes; until the commit nobody else
    will, and what they wrote is seen. Called before the first look at the customers. SQLite has one writer."""
    wanted = slots(phones, emails, codes)
    if wanted and tx.dialect.name == "postgresql":
        await tx.execute(_LOCK, {"slots": wanted})
