"""Who may see what (product C.1): asked by every read that leaves the house."""

from collections.abc import Sequence

from rules.team import Member, Role, Team
from rules.text import grouped_phone, mask_phone


def leads_team(member: Member, team: str, teams: Sequence[Team]) -> bool:
    """Whether the member is the manager of this team."""
    return bool(team) and any(one.name == team and one.manager == member.id for one in teams)


def may_see(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member may see what belongs to `owner` (None: the public pool).

    A rep sees their own and the pool, a manager the team, director and sales operations everything; service,
    finance and IT see no sales records.
    """
    if member.gone:
        return False
    if member.has(Role.DIRECTOR, Role.ADMIN):
        return True
    if owner is None:
        return member.has(Role.REP, Role.MANAGER)
    if owner.id == member.id:
        return True
    return leads_team(member, owner.team, teams)


def may_move(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member may hand over what belongs to `owner`: the owner, the team's manager, sales operations."""
    if member.gone:
        return False
    if member.has(Role.ADMIN):
        return True
    if owner is None:
        return member.has(Role.MANAGER)
    return owner.id == member.id or leads_team(member, owner.team, teams)


def sees_phone(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member gets the full number: the owner; the team's manager (each time is audited). Pool numbers
    stay masked until somebody takes the lead."""
    if owner is None or member.gone:
        return False
    return owner.id == member.id or leads_team(member, owner.team, teams)


def phone_for(member: Member, owner: Member | None, phone: str, teams: Sequence[Team]) -> str:
    """The number as this member may read it: "138 1234 5678" or "138****5678"."""
    if not phone:
        return ""
    return grouped_phone(phone) if sees_phone(member, owner, teams) else mask_phone(phone)


def wechat_for(member: Member, owner: Member | None, wechat: str, teams: Sequence[Team]) -> str:
    """The WeChat id as this member may read it; for others its first letter only."""
    if not wechat or sees_phone(member, owner, teams):
        return wechat
    return wechat[:1] + "****"


def email_for(member: Member, owner: Member | None, email: str, teams: Sequence[Team]) -> str:
    """The e-mail address as this member may read it."""
    return email if sees_phone(member, owner, teams) else mask_email(email)


def mask_email(email: str) -> str:
    """ "chenli@hengda.cn" → "c****@hengda.cn"."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}****{at}{domain}" if email else ""
