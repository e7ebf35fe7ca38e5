"""Login links and sessions of the pages as rows. Only hashes are kept: who reads the table cannot log in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.tables import login, session

KEPT = timedelta(days=7)
"""How long a link or session is remembered after its end."""


def digest(secret: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Login:
    """A one-time link: whose, where to, until when, and when it was used."""

    hash: str
    member: str
    path: str
    expires_at: datetime
    used_at: datetime | None = None

    def good(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and now < self.expires_at


async def offer(tx: Tx, hash: str, member: str, path: str, now: datetime, until: datetime) -> None:
    """Keeps a new link; forgets those that ended long ago."""
    await tx.execute(sa.delete(login).where(login.c.expires_at < now - KEPT))
    await tx.execute(
        sa.insert(login).values(hash=hash, member=member, path=path, created_at=now, expires_at=until)
    )


async def find(tx: Tx, hash: str) -> Login | None:
    """The link of a token, None when there never was one."""
    query = sa.select(login.c.hash, login.c.member, login.c.path, login.c.expires_at, login.c.used_at)
    row = (await tx.execute(query.where(login.c.hash == hash))).first()
    return Login(**row._mapping) if row else None


async def use(tx: Tx, hash: str, now: datetime) -> bool:
    """Marks a link as used; False when somebody was faster or its time is over."""
    fresh = sa.update(login).where(login.c.hash == hash, login.c.used_at.is_(None), login.c.expires_at > now)
    done: Any = await tx.execute(fresh.values(used_at=now))
    return bool(done.rowcount == 1)


async def start(tx: Tx, hash: str, member: str, now: datetime, until: datetime) -> None:
    """Keeps a new session; forgets those that ended long ago."""
    await tx.execute(sa.delete(session).where(session.c.expires_at < now - KEPT))
    await tx.execute(sa.insert(session).values(hash=hash, member=member, created_at=now, expires_at=until))


async def member_of(tx: Tx, hash: str, now: datetime) -> str:
    """Whose session it is, "" when it ended or never was."""
    query = sa.select(session.c.member).where(
        session.c.hash == hash, session.c.ended_at.is_(None), session.c.expires_at > now
    )
    return (await tx.execute(query)).scalar() or ""


async def end(tx: Tx, hash: str, now: datetime) -> None:
    """Ends a session."""
    await tx.execute(
        sa.update(session).where(session.c.hash == hash, session.c.ended_at.is_(None)).values(ended_at=now)
    )
