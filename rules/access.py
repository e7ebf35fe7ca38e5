"""Who may see what (product C.1): asked by every read that leaves the house."""

from collections.abc import Sequence
from enum import StrEnum

from rules.team import Member, Role, Team
from rules.text import grouped_phone, mask_contacts_in, mask_phone


class Sight(StrEnum):
    """How far a member sees (C.1): nothing of sales, what is theirs, their team's, everything."""

    NONE = "none"
    OWN = "own"
    TEAM = "team"
    ALL = "all"


def sight(member: Member, teams: Sequence[Team]) -> Sight:
    """How far this member sees. Whoever manages a team sees it, whatever else they are."""
    if member.gone:
        return Sight.NONE
    if member.has(Role.DIRECTOR, Role.ADMIN):
        return Sight.ALL
    if any(one.manager == member.id for one in teams):
        return Sight.TEAM
    return Sight.OWN if member.has(Role.REP, Role.MANAGER) else Sight.NONE


def owners_in_sight(
    member: Member, everyone: Sequence[Member], teams: Sequence[Team]
) -> frozenset[str] | None:
    """The owners whose records a list may show to this member ("" is the public pool); None: of everybody.

    The same people as `may_see` lets pass one by one; `everyone` has those who left, too.
    """
    if sight(member, teams) is Sight.ALL:
        return None
    found = {one.id for one in everyone if may_see(member, one, teams)}
    return frozenset(found | ({""} if may_see(member, None, teams) else set()))


def leads_team(member: Member, team: str, teams: Sequence[Team]) -> bool:
    """Whether the member is the manager of this team."""
    return bool(team) and any(one.name == team and one.manager == member.id for one in teams)


def may_see(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member may see what belongs to `owner` (None: the public pool).

    A rep sees their own, what they stand in for, and the pool, a manager the team, director and sales operations
    everything; service, finance and IT see no sales records.
    """
    if member.gone:
        return False
    if member.has(Role.DIRECTOR, Role.ADMIN):
        return True
    if owner is None:
        return member.has(Role.REP, Role.MANAGER)
    if owner.id == member.id or owner.id in member.covers:
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


def may_change(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member may put right what is known of `owner`'s customer: who may hand it over, and who stands in."""
    return may_move(member, owner, teams) or (
        owner is not None and owner.id in member.covers and not member.gone
    )


def sees_phone(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member gets the full number: the owner, who stands in for them; the team's manager (each time is
    audited). Pool numbers stay masked until somebody takes the lead."""
    if owner is None or member.gone:
        return False
    return owner.id == member.id or owner.id in member.covers or leads_team(member, owner.team, teams)


def may_reveal(member: Member, owner: Member | None, teams: Sequence[Team]) -> bool:
    """Whether the member may ask for a full number, each time written down: those who see it anyway, and, where they
    read it masked, directors (not in the pool) and sales operations (C.1)."""
    if member.gone:
        return False
    if sees_phone(member, owner, teams) or member.has(Role.ADMIN):
        return True
    return owner is not None and member.has(Role.DIRECTOR)


def phone_for(member: Member, owner: Member | None, phone: str, teams: Sequence[Team]) -> str:
    """The number as this member may read it: "138 1234 5678" or "138****5678"."""
    if not phone:
        return ""
    return grouped_phone(phone) if sees_phone(member, owner, teams) else mask_phone(phone)


def label_for(member: Member | None, owner: Member | None, label: str, teams: Sequence[Team]) -> str:
    """What a customer is called, as this member may read it: whole, or of somebody else's "宁波恒某" (C.2 R9). Whoever
    has but a number to show (a chat, a table) does not learn whose it is."""
    if member is not None and may_see(member, owner, teams):
        return label
    return label[: 3 if len(label) > 4 else 1] + "某"


def wechat_for(member: Member, owner: Member | None, wechat: str, teams: Sequence[Team]) -> str:
    """The WeChat id as this member may read it; for others its first letter only."""
    if not wechat or sees_phone(member, owner, teams):
        return wechat
    return wechat[:1] + "****"


def email_for(member: Member, owner: Member | None, email: str, teams: Sequence[Team]) -> str:
    """The e-mail address as this member may read it."""
    return email if sees_phone(member, owner, teams) else mask_email(email)


def words_for(member: Member, owner: Member | None, text: str, teams: Sequence[Team]) -> str:
    """Free words as this member may read them: a number that somebody wrote into them is read like the number itself."""
    return text if sees_phone(member, owner, teams) else mask_contacts_in(text)


def mask_email(email: str) -> str:
    """ "chenli@hengda.cn" → "c****@hengda.cn"."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}****{at}{domain}" if email else ""
