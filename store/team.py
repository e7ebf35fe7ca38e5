"""Members and teams as rows: loaded from the configuration, enriched by what the platforms tell."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from rules.team import Member, Role, Team
from store.db import Tx
from store.statements import PerDialect, gathered
from store.tables import identity, member, reach, team

# {platform: user id} of a member as JSON text, in the same round trip as the member.
_IdsOf = gathered("ids_of", sqlite="json_group_object", postgresql="json_object_agg")
_all_ids = identity.alias("all_ids")
IDS = (
    sa.select(_IdsOf(_all_ids.c.platform, _all_ids.c.user_id))
    .where(_all_ids.c.member == member.c.id)
    .correlate(member)
    .scalar_subquery()
    .label("ids")
)
_WHOLE = sa.select(member, IDS)


@lru_cache(maxsize=1024)
def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in json.loads(text))


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def of_row(row: Any) -> Member:
    """The member of a row that has its columns and IDS."""
    return Member(
        id=row.id,
        name=row.name,
        roles=_roles(row.roles),
        team=row.team,
        regions=_words(row.regions),
        tags=_words(row.tags),
        available=row.available,
        assignable=row.assignable,
        platform=row.platform,
        gone=row.gone,
        ids=json.loads(row.ids or "{}"),
    )


async def sync(tx: Tx, members: Iterable[Member], teams: Iterable[Team]) -> None:
    """Makes the rows match the configuration. Who is not in it any more is marked as gone, never deleted; whom the bot
    took in itself stays, and who left stays gone.

    What is so already is not written again: a replica that starts must not wait for rows which others are working with.
    SQLite has no others, and may hold a text where a flag belongs, which reads as one: there all rows are written.
    """
    members = list(members)
    there = {row.id: row._mapping for row in (await tx.execute(sa.select(member))).all()}
    keep = {one.id for one in members}
    rows = [{**_values(one), "gone": False, "added": False} for one in members]
    sqlite = tx.dialect.name == "sqlite"
    changed = [row for row in rows if sqlite or not _is_so(there.get(row["id"]), row)]
    if changed:
        await tx.execute(_SYNCED[tx.dialect.name], changed)
    dropped = sa.update(member).where(
        member.c.id.not_in(keep), sa.not_(member.c.added), sa.not_(member.c.gone)
    )
    await tx.execute(dropped.values(gone=True))
    await _sync_ids(tx, members)
    # whose user id is written under another name now was taken in by mistake
    with_id = sa.select(identity.c.member)
    mistaken = sa.update(member).where(member.c.added, member.c.id.not_in(with_id), sa.not_(member.c.gone))
    await tx.execute(mistaken.values(gone=True))
    wanted = {each.name: each.manager for each in teams}
    if {row.name: row.manager for row in await tx.execute(sa.select(team))} != wanted:
        await tx.execute(sa.delete(team))
        for name, manager in wanted.items():
            await tx.execute(sa.insert(team).values(name=name, manager=manager))


def _is_so(was: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    """Whether a member's row says this already; who left stays gone."""
    return was is not None and all(was[name] == new for name, new in {**row, "gone": was["has_left"]}.items())


def _values(one: Member) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "roles": json.dumps(sorted(one.roles)),
        "team": one.team,
        "regions": json.dumps(one.regions, ensure_ascii=False),
        "tags": json.dumps(one.tags, ensure_ascii=False),
        "available": one.available,
        "assignable": one.assignable,
    }


def _syncing(row: Any) -> Any:
    names = ("name", "roles", "team", "regions", "tags", "available", "assignable", "added")
    changes = {name: row.excluded[name] for name in names}
    return row.on_conflict_do_update(index_elements=["id"], set_={**changes, "gone": member.c.has_left})


_SYNCED = PerDialect(lambda insert: _syncing(insert(member)))
_SYNCED_ID = PerDialect(
    lambda insert: (row := insert(identity)).on_conflict_do_update(
        index_elements=["platform", "user_id"],
        set_={"member": row.excluded.member, "learned": row.excluded.learned},
    )
)


async def _sync_ids(tx: Tx, members: Sequence[Member]) -> None:
    """Makes the identities match the configuration; what was learned stays where it does not contradict it."""
    wanted = {(name, user): one.id for one in members for name, user in one.ids.items() if user}
    taken = {(one, name) for (name, _), one in wanted.items()}
    keep = {one.id for one in members}
    keep |= set((await tx.execute(sa.select(member.c.id).where(member.c.added))).scalars())
    there: set[tuple[str, str]] = set()
    for row in (await tx.execute(sa.select(identity))).all():
        key = (row.platform, row.user_id)
        stays = row.learned and row.member in keep and (row.member, row.platform) not in taken
        if wanted.get(key, row.member if stays else None) == row.member:
            there.add(key)
        else:
            await tx.execute(
                sa.delete(identity).where(
                    identity.c.platform == row.platform, identity.c.user_id == row.user_id
                )
            )
    missing = sorted(wanted.keys() - there)
    await tx.execute(
        _SYNCED_ID[tx.dialect.name],
        [
            {"platform": name, "user_id": user, "member": wanted[name, user], "learned": False}
            for name, user in missing
        ],
    )


async def learn(tx: Tx, platform: str, user: str, id: str) -> None:
    """From now on this user id is that member, in place of what they had there before."""
    await tx.execute(
        sa.delete(identity).where(
            identity.c.platform == platform, sa.or_(identity.c.member == id, identity.c.user_id == user)
        )
    )
    await tx.execute(sa.insert(identity).values(platform=platform, user_id=user, member=id, learned=True))


async def add(tx: Tx, one: Member) -> None:
    """A member whom the bot takes in itself, with their user ids: kept over restarts until config.toml names them."""
    await tx.execute(sa.insert(member).values(**_values(one), gone=False, added=True))
    for platform, user in one.ids.items():
        await learn(tx, platform, user, one.id)


async def left(tx: Tx, id: str, *, gone: bool = True) -> None:
    """Somebody is no longer in the directory (or is again): gone, whatever config.toml says of them."""
    await tx.execute(sa.update(member).where(member.c.id == id).values(gone=gone, has_left=gone))


_EVERYONE = _WHOLE.where(sa.not_(member.c.gone)).order_by(member.c.id)


async def everyone(tx: Tx) -> list[Member]:
    """All members who are still with us, by id."""
    return [of_row(row) for row in await tx.execute(_EVERYONE)]


async def roster(tx: Tx) -> list[Member]:
    """All members by id, those who left too: their records are still there."""
    return [of_row(row) for row in await tx.execute(_WHOLE.order_by(member.c.id))]


NAMES = {
    "sqlite": "SELECT json_group_array(name) FROM member WHERE gone = 0",
    "postgresql": "SELECT CAST(json_agg(name) AS text) FROM member WHERE NOT gone",
}
"""In one value: hundreds of rows would be made for every chat, of names that hardly ever change."""


_NAMES = {dialect: sa.text(sql) for dialect, sql in NAMES.items()}


@lru_cache(maxsize=8)
def names_in(text: str | None) -> frozenset[str]:
    """What NAMES brought."""
    return frozenset(json.loads(text or "[]"))


async def own_names(tx: Tx) -> frozenset[str]:
    """The names of all members who are still with us: who is never the customer in a chat."""
    return names_in((await tx.execute(_NAMES[tx.dialect.name])).scalar())


async def get(tx: Tx, id: str) -> Member | None:
    """A member by id (also one who left), None when unknown."""
    row = (await tx.execute(_BY_ID, {"who": id})).first()
    return of_row(row) if row else None


# Statements on the path of every message are built once.
_BY_USER = _WHOLE.join(identity, identity.c.member == member.c.id).where(
    identity.c.platform == sa.bindparam("platform_"),
    identity.c.user_id == sa.bindparam("user"),
    sa.not_(member.c.gone),
)
_BY_ID = _WHOLE.where(member.c.id == sa.bindparam("who"))
_REACHES = sa.select(reach).where(reach.c.member == sa.bindparam("who"))


def _reaching(insert: Any, *names: str) -> Any:
    row = insert(reach)
    changes = {name: row.excluded[name] for name in names}
    return row.on_conflict_do_update(index_elements=["member", "platform"], set_=changes)


_REACHED = PerDialect(lambda insert: _reaching(insert, "state", "why", "at"))
_REACHED_URL = PerDialect(lambda insert: _reaching(insert, "state", "why", "at", "reply_url", "reply_until"))
_MOVED = sa.update(member).where(member.c.id == sa.bindparam("who")).values(platform=sa.bindparam("now_on"))


async def by_user(tx: Tx, platform: str, user: str) -> Member | None:
    """The member behind a platform's user id, None for a stranger. Where a platform's ids compare without
    case, both the configuration and the platform's folder write them small."""
    if not user:
        return None
    row = (await tx.execute(_BY_USER, {"platform_": platform, "user": user})).first()
    return of_row(row) if row else None


async def manager_of(tx: Tx, id: str) -> str:
    """The manager's member id of somebody's team, "" when there is none (or it is the person themselves)."""
    query = sa.select(team.c.manager).select_from(member.join(team, member.c.team == team.c.name))
    found = (await tx.execute(query.where(member.c.id == id))).scalar()
    return found if found and found != id else ""


async def teams_of(tx: Tx, manager: str) -> list[str]:
    """Names of the teams that somebody manages."""
    return list((await tx.execute(sa.select(team.c.name).where(team.c.manager == manager))).scalars())


async def team_members(tx: Tx, manager: str) -> list[Member]:
    """Everybody in the teams that somebody manages (without the manager)."""
    names = await teams_of(tx, manager)
    return [one for one in await everyone(tx) if one.team in names and one.id != manager]


async def with_role(tx: Tx, *roles: Role) -> list[Member]:
    """Members who have any of the roles."""
    return [one for one in await everyone(tx) if one.has(*roles)]


# ── where a person can be reached ──────────────────────────────────────────────────────────────────────
async def _reached(tx: Tx, one: str, platform: str, values: dict[str, Any]) -> None:
    statement = (_REACHED_URL if "reply_url" in values else _REACHED)[tx.dialect.name]
    await tx.execute(statement, {"member": one, "platform": platform, **values})


async def seen_on(
    tx: Tx,
    one: Member,
    platform: str,
    now: datetime,
    *,
    state: str = "ok",
    reply_url: str = "",
    reply_until: datetime | None = None,
    known: tuple[str, str] | None = None,
) -> None:
    """The member wrote or clicked there: that is where they are now. `state` "entered": they have not written yet. `known`:
    the state and reply address there, when they were read in this transaction (Caller)."""
    if one.platform != platform:
        await tx.execute(_MOVED, {"who": one.id, "now_on": platform})
    if known is None:
        had = (await reaches(tx, one.id)).get(platform)
        known = (had[0], had[2]) if had else ("", "")
    if known[0] == "ok" and (not reply_url or known[1] == reply_url):
        return  # nothing new
    values: dict[str, Any] = {"state": state, "why": "", "at": now}
    if reply_url or reply_until:
        values |= {"reply_url": reply_url, "reply_until": reply_until}
    await _reached(tx, one.id, platform, values)


async def set_reach(tx: Tx, id: str, platform: str, state: str, why: str, now: datetime) -> None:
    """Remembers whether a platform could reach the member ("ok" / "refused" and why)."""
    await _reached(tx, id, platform, {"state": state, "why": why, "at": now})


async def reaches(tx: Tx, id: str) -> dict[str, tuple[str, str, str, datetime | None]]:
    """platform → (state, why, reply_url, reply_until) for a member."""
    rows = await tx.execute(_REACHES, {"who": id})
    return {row.platform: (row.state, row.why, row.reply_url, row.reply_until) for row in rows}


async def reached_on(tx: Tx, platform: str) -> set[str]:
    """Members who can be reached on a platform, as far as we have seen."""
    query = sa.select(reach.c.member).where(reach.c.platform == platform, reach.c.state == "ok")
    return set((await tx.execute(query)).scalars())


def names(members: Sequence[Member]) -> dict[str, str]:
    """id → name."""
    return {one.id: one.name for one in members}
