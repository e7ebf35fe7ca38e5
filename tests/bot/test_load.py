"""A customer with very many messages, and an hour without the platform: nobody starves, nothing is lost, nobody is flooded.

GENJIN_HOT and GENJIN_OUTAGE make them as long as wanted; bench/hot.py runs 100,000 and 10,000.
"""

import os

from store.db import Database
from tests.bot.load import hot, outage

WAITING = int(os.environ.get("GENJIN_HOT", "500"))
SENDS = int(os.environ.get("GENJIN_OUTAGE", "400"))


async def test_many_messages_of_one_customer_do_not_starve_the_others(db: Database) -> None:
    found = await hot(db, WAITING, at_least=5)
    assert found.in_order, "worked off in the order in which they came"
    assert found.left == 0
    assert min(found.took) < found.seconds, "others were answered while the mailbox was being worked off"


async def test_an_hour_without_the_platform_loses_nothing_and_floods_nobody(db: Database) -> None:
    found = await outage(db, SENDS, people=max(8, SENDS // 50), per_second=40.0)
    assert set(found.ledger) == {"accepted", "folded"}, found.ledger
    assert found.ledger["accepted"] + found.ledger["folded"] == SENDS + found.digests
    assert found.digests, "too much for one person becomes a digest"
    assert found.told, "each digest counts what it stands for"
    assert found.in_order
    assert found.busiest_minute <= 20 + 1, "the cap, and one that had its place before"
    assert found.busiest_second <= 80 + 32, (
        "the bucket, what flows into it within a second, and what was in hand"
    )
