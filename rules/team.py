"""Who is who: members, roles, teams."""

from dataclasses import dataclass
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
    """A person of the firm with an identity per platform ("" where there is none).

    `platform` is the one they last wrote on ("" before the first word). `gone`: left or disabled.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset({Role.REP})
    team: str = ""
    wecom: str = ""
    dingtalk: str = ""
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    available: bool = True
    assignable: bool = True
    platform: str = ""
    gone: bool = False

    def on(self, platform: str) -> str:
        """The member's user id on a platform, or ""."""
        return {"wecom": self.wecom, "dingtalk": self.dingtalk}.get(platform, "")

    def has(self, *roles: Role) -> bool:
        """Whether the member has any of the roles."""
        return not self.roles.isdisjoint(roles)


@dataclass(frozen=True)
class Team:
    """A team and its manager's member id ("" for none)."""

    name: str
    manager: str = ""
