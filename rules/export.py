"""How much of the books somebody may take along: reps so many rows a day, sales operations a lot only with a second
person's consent. (product C.1)"""

from collections.abc import Sequence

from rules.access import Sight, sight
from rules.team import Member, Role, Team


def left(member: Member, teams: Sequence[Team], taken: int, a_day: int) -> int | None:
    """How many rows the member may still take today, when `taken` went already; None: as many as there are.

    Only those who see nothing but their own are counted.
    """
    return max(0, a_day - taken) if sight(member, teams) is Sight.OWN else None


def needs_second(member: Member, rows: int, most: int) -> bool:
    """Whether so many rows need somebody else's word first: of sales operations, more than `most`."""
    return member.has(Role.ADMIN) and rows > most


def may_agree(member: Member, asked_by: str) -> bool:
    """Whether the member may give that word: a director or somebody of sales operations, never the one who asks."""
    return not member.gone and member.id != asked_by and member.has(Role.DIRECTOR, Role.ADMIN)
