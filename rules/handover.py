"""How what somebody leaves behind is split over several colleagues. (C.4 7; C.7 leaver)"""

from collections.abc import Mapping, Sequence
from datetime import datetime


def split(customers: Mapping[int, int], takers: Sequence[str]) -> dict[str, list[int]]:
    """Customer → how many open leads, over the takers: each customer whole to one, the biggest first to who has fewest
    leads so far (then fewest customers, then who was named first). Every taker has an entry."""
    given: dict[str, list[int]] = {one: [] for one in takers}
    load = dict.fromkeys(takers, 0)
    for id in sorted(customers, key=lambda id: (-customers[id], id)):
        to = min(takers, key=lambda one: (load[one], len(given[one]), takers.index(one)))
        given[to].append(id)
        load[to] += customers[id]
    return given


def untouched(went: str, owner: str, still_open: bool, followed: datetime | None, at: datetime) -> bool:
    """Whether what a handover moved `at` then to `went` ("": the pool) can go back: it is still there, still open, and
    nobody followed it up since."""
    return still_open and owner == went and (followed is None or followed <= at)
