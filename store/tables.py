"""Every table in one place. Times are UTC; ids people type start at a number that looks like one."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.seals import Sealed


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite forgets zones, so it is put back on the way out; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        value = _aware(value)
        return value.replace(tzinfo=None) if value is not None and dialect.name == "sqlite" else value

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], Any]:
        """In one step, as most of what is bound is times."""
        return _to_text if dialect.name == "sqlite" else _aware

    def result_processor(
        self, dialect: sa.Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """In one step: most of what is read out of a row is times."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _aware(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


@lru_cache(maxsize=128)
def _to_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes a naive time into SQLite. An event writes the same moment ten times."""
    value = _aware(value)
    return None if value is None else value.isoformat(" ", "microseconds")[:26]


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


Id = sa.BigInteger().with_variant(Integer, "sqlite")

meta = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> "Column[int]":
    return Column("id", Id, primary_key=True, autoincrement=True)


def _fk(name: str, target: str, *, nullable: bool = False) -> "Column[int]":
    return Column(name, Id, ForeignKey(f"{target}.id"), nullable=nullable)


def _text(name: str, size: int = 0, *, default: str = "") -> "Column[str]":
    return Column(name, String(size) if size else Text, nullable=False, server_default=default)


def _sealed(table: str, name: str, size: int = 0) -> "Column[str]":
    """Text that is encrypted when there is a key (store/seals.py)."""
    return Column(name, Sealed(f"{table}.{name}", size), nullable=False, server_default="")


def _time(name: str, *, nullable: bool = True) -> "Column[datetime]":
    return Column(name, UtcDateTime, nullable=nullable)


def _number(name: str, *, default: int = 0) -> "Column[int]":
    return Column(name, Integer, nullable=False, server_default=str(default))


def _flag(name: str, *, default: bool = False) -> "Column[bool]":
    return Column(name, Boolean, nullable=False, server_default=sa.true() if default else sa.false())


def _where(condition: Any) -> dict[str, Any]:
    # for PostgreSQL migrations/env.py says the same: naming it here would load its dialect on SQLite, too (2 MB)
    return {"sqlite_where": condition}


# sqlite_autoincrement everywhere: an id that was ever given out is never given again.
def _table(name: str, *parts: Any) -> Table:
    return Table(
        name, meta, *parts, sqlite_autoincrement=any(getattr(p, "name", "") == "id" for p in parts[:1])
    )


# ── what drives the bot ────────────────────────────────────────────────────────────────────────────────
inbox = _table(
    "inbox", _id(), _text("dedup", 200), _text("lane", 200), _sealed("inbox", "body"),
    _number("state"),  # 0 open · 2 done · 3 dead letter
    _number("attempts"), Column("next_at", sa.BigInteger, nullable=False, server_default="0"),
    _text("error"), _time("created_at", nullable=False), _time("done_at"),
    _number("starts"),  # how often it was begun alone and the process ended before it did
    UniqueConstraint("dedup"),
)  # fmt: skip
Index("ix_inbox_open", inbox.c.lane, inbox.c.id, **_where(inbox.c.state == 0))
Index("ix_inbox_dead", inbox.c.id, **_where(inbox.c.state == 3))
Index("ix_inbox_done", inbox.c.done_at, **_where(inbox.c.state == 2))

outbox = _table(
    "outbox", _id(), _text("dedup", 200), _text("lane", 200), _text("member", 100), _text("way", 16),
    _sealed("outbox", "body"), _number("priority", default=1),  # 0 alarm · 1 card or answer · 2 digest
    _number("state"),  # 0 open · 2 done · 3 given up
    _text("ledger", 16, default="queued"),  # queued · throttled · sent · accepted · refused · expired · unknown · acted · folded
    _text("platform", 16), Column("card", Id, nullable=True), _text("subject", 64), _text("kind", 64),
    _text("ref", 200), _number("attempts"), Column("next_at", sa.BigInteger, nullable=False, server_default="0"),
    _text("error"), _time("created_at", nullable=False), _time("sent_at"), _time("done_at"), _time("acted_at"),
    Column("cause", Id, nullable=False, server_default="0"), _number("starts"),
    UniqueConstraint("dedup"),
)  # fmt: skip
Index("ix_outbox_open", outbox.c.lane, outbox.c.id, **_where(outbox.c.state == 0))
Index("ix_outbox_subject", outbox.c.subject, outbox.c.id)
Index("ix_outbox_dead", outbox.c.id, **_where(outbox.c.state == 3))
Index("ix_outbox_done", outbox.c.done_at, **_where(outbox.c.state == 2))
Index("ix_outbox_card", outbox.c.card)
Index("ix_outbox_lost", outbox.c.subject, **_where(outbox.c.ledger.in_(("refused", "expired"))))

lane = _table(
    "lane", Column("q", String(8), primary_key=True), Column("key", String(200), primary_key=True),
    _number("pending"), Column("due", sa.BigInteger, nullable=False, server_default="0"),
    Column("owner", String(40), nullable=True), _number("epoch"),
    _flag("suspect"),  # was in the hands of a process that ended
)  # fmt: skip
Index("ix_lane_due", lane.c.q, lane.c.due, **_where(lane.c.pending > 0))

timer = _table(
    "timer", _id(), _text("kind", 32), _text("key", 120), _time("due", nullable=False), _text("payload"),
    _time("created_at", nullable=False), UniqueConstraint("kind", "key"), Index("ix_timer_due", "due"),
)  # fmt: skip

replica = _table(
    "replica", Column("id", String(40), primary_key=True), Column("beat", sa.BigInteger, nullable=False)
)

expectation = _table(  # "the next thing this member writes answers this question"
    "expectation", Column("member", String(64), primary_key=True), _text("kind", 64), _sealed("expectation", "payload"),
    _time("expires_at", nullable=False),
)  # fmt: skip

card = _table(  # a card on somebody's screen: what it says now and how it can be changed
    "card", _id(), _text("member", 64), _text("subject", 64), _text("kind", 64), _number("version"),
    _sealed("card", "body"), _text("platform", 16), _text("track", 128), _text("code", 200), _time("code_at"),
    _flag("live", default=True), _time("created_at", nullable=False), _time("updated_at"),
    Index("ix_card_member", "member", "id"), Index("ix_card_subject", "subject", "id"), Index("ix_card_track", "track"),
)  # fmt: skip

notice = _table(  # something to tell somebody a little later, merged with its like
    "notice", _id(), _text("member", 64), _text("kind", 64), _text("subject", 64), _sealed("notice", "payload"),
    _time("created_at", nullable=False), Index("ix_notice_member_kind", "member", "kind"),
)  # fmt: skip

quota = _table(
    "quota", Column("platform", String(16), primary_key=True), Column("month", String(7), primary_key=True),
    Column("name", String(16), primary_key=True), _number("used"), _number("warned"),
)  # fmt: skip

# ── the team ───────────────────────────────────────────────────────────────────────────────────────────
team = _table("team", Column("name", String(64), primary_key=True), _text("manager", 64))
member = _table(
    "member", Column("id", String(64), primary_key=True), _text("name", 64), _text("roles"), _text("team", 64),
    _text("regions"), _text("tags"),
    _flag("available", default=True), _flag("assignable", default=True), _text("platform", 16), _flag("gone"),
    _flag("added"), _flag("has_left"),  # taken in by the bot, not written in config.toml; no longer in the directory
)  # fmt: skip
identity = _table(  # who a member is on a platform; `learned`: found out while running, not written in config.toml
    "identity", Column("platform", String(16), primary_key=True), Column("user_id", String(200), primary_key=True),
    _text("member", 64), _flag("learned"), UniqueConstraint("member", "platform"),
)  # fmt: skip
reach = _table(  # can this person be reached on this platform, as far as we have seen
    "reach", Column("member", String(64), primary_key=True), Column("platform", String(16), primary_key=True),
    _text("state", 16, default="unknown"),  # unknown · entered (has not written yet) · ok · refused
    _text("why"), _time("at"), _text("reply_url"), _time("reply_until"),
)  # fmt: skip

# ── the business ───────────────────────────────────────────────────────────────────────────────────────
customer = _table(
    "customer", _id(), _text("name", 120), _text("company", 120), _text("core", 120), _text("city", 40),
    _text("level", 16), _text("owner", 64), _text("created_by", 64), _time("created_at", nullable=False),
    _time("updated_at"), _time("deleted_at"), _number("version"), _text("credit_code", 18),
    Column("merged_into", Id, nullable=True),  # where a customer is now that is part of another
    Index("ix_customer_core", "core"), Index("ix_customer_owner", "owner"),
)  # fmt: skip
name_key = Table(  # by what a company is found (rules/name_keys.py)
    "name_key", meta, Column("key", Integer, primary_key=True, autoincrement=False),
    Column("customer", Id, ForeignKey("customer.id"), primary_key=True, autoincrement=False),
    Index("ix_name_key_customer", "customer"), sqlite_with_rowid=False,
)  # fmt: skip
name_near = Table(  # … written one character wrong; without a foreign key, which would look at each of nine rows
    "name_near", meta, Column("key", Integer, primary_key=True, autoincrement=False),
    Column("place", sa.SmallInteger, primary_key=True, autoincrement=False),
    Column("customer", Id, primary_key=True, autoincrement=False),
    Index("ix_name_near_customer", "customer"), sqlite_with_rowid=False,
)  # fmt: skip
contact = _table(
    "contact", _id(), _fk("customer", "customer"), _text("name", 64), _text("title", 64),
    _sealed("contact", "phone", 40), _text("phone_key", 80), _sealed("contact", "email", 120), _text("email_key", 160),
    _sealed("contact", "wechat", 64), _time("created_at", nullable=False), _time("deleted_at"),
    Index("ix_contact_customer", "customer"), Index("ix_contact_phone_key", "phone_key"),
    Index("ix_contact_email_key", "email_key"),
)  # fmt: skip
draft = _table(
    "draft", _id(), _text("member", 64), _text("source", 32), _sealed("draft", "body"),
    _sealed("draft", "original"),
    _text("state", 16, default="open"),  # open · saved · merged · discarded
    Column("lead", Id, nullable=True), _number("version"), _time("created_at", nullable=False), _time("updated_at"),
    Index("ix_draft_member", "member", "id"),
)  # fmt: skip
lead = _table(
    "lead", _id(), _fk("customer", "customer"), _fk("contact", "contact", nullable=True), _text("owner", 64),
    _text("source", 64), _text("kind", 40), _text("need"), _sealed("lead", "note"),
    _text("status", 32, default="new"), _text("created_by", 64), _time("created_at", nullable=False),
    _time("assigned_at"), _text("assigned_why"), _time("first_touch_at"), _time("last_followup_at"),
    _text("next_text"), _time("next_at"), _time("closed_at"), _time("acked_at"), _time("snoozed_until"),
    _number("snoozes"), _number("version"),
    Index("ix_lead_customer", "customer"), Index("ix_lead_owner", "owner", "status"), Index("ix_lead_status", "status", "id"),
)  # fmt: skip
fact = _table(  # what happened to a lead, for ladders and automation; `undone_at` takes it back
    "fact", _id(), _fk("lead", "lead"), _text("name", 40), _time("at", nullable=False), _text("payload"),
    _time("undone_at"), Column("followup", Id, nullable=True), Index("ix_fact_lead_name", "lead", "name", "id"),
)  # fmt: skip
checkin = _table(
    "checkin", _id(), _fk("lead", "lead"), _text("member", 64), _text("step", 16, default="channel"),
    _text("channel", 16), _text("conclusion", 32), _text("next_text"), _time("next_at"),
    _text("state", 16, default="open"),  # open · done · cancelled
    _time("opened_at", nullable=False), _time("closed_at"), Column("card", Id, nullable=True), _number("nudges"),
    _number("version"),
)  # fmt: skip
Index("ix_checkin_open", checkin.c.member, unique=True, **_where(checkin.c.state == "open"))
Index("ix_checkin_lead", checkin.c.lead)
followup = _table(
    "followup", _id(), _fk("lead", "lead"), _fk("customer", "customer"), Column("checkin", Id, nullable=True),
    _text("member", 64), _text("channel", 16), _text("conclusion", 32), _text("need"), _text("next_text"),
    _time("next_at"), _time("started_at", nullable=False), _time("recorded_at", nullable=False), _text("before"),
    _time("undone_at"), Index("ix_followup_lead", "lead", "id"), Index("ix_followup_member", "member", "recorded_at"),
    Index("ix_followup_customer", "customer", "id"),
)  # fmt: skip
request = _table(  # a linked form that was filled in (样品申请单)
    "request", _id(), _text("form", 40), _fk("lead", "lead"), Column("followup", Id, nullable=True), _text("member", 64),
    _sealed("request", "fields"), _text("state", 16, default="draft"),  # draft · submitted · cancelled
    _time("created_at", nullable=False), _time("submitted_at"), _number("version"), Index("ix_request_lead", "lead"),
)  # fmt: skip
claim = _table(  # a resource that a rep took (B23)
    "claim", _id(), _text("resource", 120), _fk("lead", "lead", nullable=True), _text("member", 64),
    _time("at", nullable=False), Index("ix_claim_member", "member"),
)  # fmt: skip
task = _table(
    "task", _id(), _fk("lead", "lead", nullable=True), _text("subject"), _text("owner", 64), _text("rule", 64),
    _time("due"), _time("created_at", nullable=False), _time("done_at"), _text("done_by", 64), _text("ref", 200),
    _text("dedup", 120), Column("outbox", Id, nullable=True), UniqueConstraint("dedup"), Index("ix_task_owner", "owner", "done_at"),
    Index("ix_task_lead", "lead"),
)  # fmt: skip
undo = _table(
    "undo", _id(), _text("member", 64), _text("kind", 32), _text("subject", 64), _sealed("undo", "payload"),
    _time("at", nullable=False), _time("expires_at", nullable=False), _time("used_at"), Index("ix_undo_member", "member", "id"),
)  # fmt: skip
receipt = _table(  # an API key that was used: the same request gives the same answer
    "receipt", Column("key", String(200), primary_key=True), _text("digest", 64), _text("answer"),
    _time("at", nullable=False),
)  # fmt: skip
audit = _table(
    "audit", _id(), _time("at", nullable=False), _text("member", 64), _text("action", 64), _text("subject", 64),
    _text("detail"), Column("cause", Id, nullable=False, server_default="0"),
    Column("seq", Id, nullable=False, server_default="0"),  # place in the chain; 0: not sealed yet
    _text("prev", 64), _text("hash", 64), Index("ix_audit_subject", "subject", "id"),
)  # fmt: skip
Index("ix_audit_seq", audit.c.seq, unique=True, **_where(audit.c.seq > 0))
Index("ix_audit_open", audit.c.id, **_where(audit.c.seq == 0))
login = _table(  # a one-time link into the pages; only the hash of its token is kept
    "login", Column("hash", String(64), primary_key=True), _text("member", 64), _text("path", 200),
    _time("created_at", nullable=False), _time("expires_at", nullable=False), _time("used_at"),
    Index("ix_login_expires_at", "expires_at"),
)  # fmt: skip
session = _table(  # somebody who is logged in to the pages; only the hash of the cookie is kept
    "session", Column("hash", String(64), primary_key=True), _text("member", 64), _time("created_at", nullable=False),
    _time("expires_at", nullable=False), _time("ended_at"), Index("ix_session_expires_at", "expires_at"),
)  # fmt: skip
setting = _table(
    "setting", Column("key", String(120), primary_key=True), _text("value"), _text("changed_by", 64), _time("at"),
)  # fmt: skip

import store.tables_assignment  # noqa: E402
import store.tables_customers  # noqa: E402
import store.tables_directory  # noqa: E402
import store.tables_mail  # noqa: E402
import store.tables_opportunities  # noqa: E402
import store.tables_sole  # noqa: E402
import store.tables_sources  # noqa: E402  (more tables of the same `meta`)
import store.tables_watch  # noqa: E402
import store.tables_words  # noqa: E402, F401
