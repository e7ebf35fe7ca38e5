"""The audit trail becomes a chain: each line holds the hash of the one before, and a sealed line cannot be changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
contract = "what an older program writes stands outside the chain of hashes"

GUARDS = {"update": "BEFORE UPDATE ON audit", "delete": "BEFORE DELETE ON audit"}


def upgrade() -> None:
    """Old lines are sealed by the bot at its next start."""
    with op.batch_alter_table("audit") as batch:
        batch.add_column(sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                                   server_default="0", nullable=False))  # fmt: skip
        batch.add_column(sa.Column("prev", sa.String(64), server_default="", nullable=False))
        batch.add_column(sa.Column("hash", sa.String(64), server_default="", nullable=False))
    sealed, waiting = sa.text("seq > 0"), sa.text("seq = 0")
    op.create_index(
        "ix_audit_seq", "audit", ["seq"], unique=True, sqlite_where=sealed, postgresql_where=sealed
    )
    op.create_index("ix_audit_open", "audit", ["id"], sqlite_where=waiting, postgresql_where=waiting)
    guard()


def guard() -> None:
    """Whoever holds the application's password can neither change nor remove a sealed line by mistake."""
    if op.get_bind().dialect.name == "sqlite":
        for name, event in GUARDS.items():
            op.execute(
                f"CREATE TRIGGER audit_no_{name} {event} WHEN OLD.seq > 0 "
                "BEGIN SELECT RAISE(ABORT, 'audit is append only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_sealed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append only'; END $$"
    )
    for name, event in GUARDS.items():
        op.execute(
            f"CREATE TRIGGER audit_no_{name} {event} FOR EACH ROW WHEN (OLD.seq > 0) EXECUTE FUNCTION audit_sealed()"
        )


def downgrade() -> None:
    """Back to lines without a chain."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in GUARDS:
        op.execute(f"DROP TRIGGER audit_no_{name}" + ("" if sqlite else " ON audit"))
    if not sqlite:
        op.execute("DROP FUNCTION audit_sealed()")
    op.drop_index("ix_audit_open", "audit")
    op.drop_index("ix_audit_seq", "audit")
    with op.batch_alter_table("audit") as batch:
        for column in ("hash", "prev", "seq"):
            batch.drop_column(column)
