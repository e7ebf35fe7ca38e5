"""Opportunities and what happened to them."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0024_0020"
down_revision = "0023_0020"
branch_labels = None
depends_on = None
FIRST = 11
"""Ids that people type begin at a number that looks like one: O-11."""


def _text(name: str, size: int = 0, default: str = "") -> "sa.Column[str]":
    return sa.Column(name, sa.String(size) if size else sa.Text(), server_default=default, nullable=False)


def upgrade() -> None:
    """Two tables; the second holds each stage with its time."""
    op.create_table(
        "opportunity",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("customer", Id, nullable=False),
        sa.Column("lead", Id, nullable=True),
        _text("title", 120),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        _text("amount_words", 40),
        _text("stage", 16, "talk"),
        sa.Column("stage_since", UtcDateTime(), nullable=False),
        _text("owner", 64),
        _text("opened_by", 64),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        _text("outcome", 8),
        _text("why"),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_opportunity_customer")),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_opportunity_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_opportunity_customer", "opportunity", ["customer"])
    op.create_index("ix_opportunity_lead", "opportunity", ["lead"])
    still = sa.text("outcome = ''")
    op.create_index(
        "ix_opportunity_open", "opportunity", ["owner", "id"], sqlite_where=still, postgresql_where=still
    )
    op.create_table(
        "opportunity_step",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("opportunity", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        *(_text(name, size) for name, size in (
            ("member", 64), ("kind", 16), ("was", 64), ("became", 64), ("why", 0))),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["opportunity"], ["opportunity.id"], name=op.f("fk_opportunity_step_opportunity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity_step")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_opportunity_step_opportunity", "opportunity_step", ["opportunity", "id"])
    first = (
        f"INSERT INTO sqlite_sequence (name, seq) VALUES ('opportunity', {FIRST - 1})"
        if op.get_bind().dialect.name == "sqlite"
        else f"SELECT setval('opportunity_id_seq', {FIRST}, false)"
    )
    op.execute(sa.text(first))


def downgrade() -> None:
    """Without them."""
    op.drop_table("opportunity_step")
    op.drop_table("opportunity")
