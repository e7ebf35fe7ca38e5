"""How what somebody leaves behind is split over several colleagues. (C.4 7; C.7 leaver)"""

from collections.abc import Mapping, Sequence


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
