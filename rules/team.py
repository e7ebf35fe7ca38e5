"""Who is who: members, roles, teams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a member may be (contract: [[member]] roles)."""

    REP = "rep"
    MANAGER = "manager"
    DIRECTOR = "director"
    ADMIN = "admin"
    SERVICE = "service"
    FINANCE = "finance"
    IT = "it"


@dataclass(frozen=True)
class Member:
    """A person of the firm; `ids` holds their user id for each platform they are on.

    `platform` is the one they last wrote on ("" before the first word). `gone`: left or disabled.
    `covers`: for whom they stand in now, known of whoever wrote or clicked.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset({Role.REP})
    team: str = ""
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    available: bool = True
    assignable: bool = True
    platform: str = ""
    gone: bool = False
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)
    covers: frozenset[str] = frozenset()

    def on(self, platform: str) -> str:
        """The member's user id on a platform, or ""."""
        return self.ids.get(platform, "")

    def has(self, *roles: Role) -> bool:
        """Whether the member has any of the roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class Team:
    """A team and its manager's member id ("" for none)."""

    name: str
    manager: str = ""
