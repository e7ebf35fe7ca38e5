"""All tables."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("action", sa.String(length=64), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "cause", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_subject", ["subject", "id"], unique=False)

    op.create_table(
        "card",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=64), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("platform", sa.String(length=16), server_default="", nullable=False),
        sa.Column("track", sa.String(length=128), server_default="", nullable=False),
        sa.Column("code", sa.String(length=200), server_default="", nullable=False),
        sa.Column("code_at", UtcDateTime(), nullable=True),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index("ix_card_member", ["member", "id"], unique=False)
        batch_op.create_index("ix_card_subject", ["subject", "id"], unique=False)
        batch_op.create_index("ix_card_track", ["track"], unique=False)

    op.create_table(
        "customer",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("company", sa.String(length=120), server_default="", nullable=False),
        sa.Column("core", sa.String(length=120), server_default="", nullable=False),
        sa.Column("city", sa.String(length=40), server_default="", nullable=False),
        sa.Column("level", sa.String(length=16), server_default="", nullable=False),
        sa.Column("owner", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index("ix_customer_core", ["core"], unique=False)
        batch_op.create_index("ix_customer_owner", ["owner"], unique=False)

    op.create_table(
        "draft",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("source", sa.String(length=32), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("original", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index("ix_draft_member", ["member", "id"], unique=False)

    op.create_table(
        "expectation",
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_expectation")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "inbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("dedup", sa.String(length=200), server_default="", nullable=False),
        sa.Column("lane", sa.String(length=200), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("dedup", name=op.f("uq_inbox_dedup")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_dead",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 3"),
            postgresql_where=sa.text("state = 3"),
        )
        batch_op.create_index(
            "ix_inbox_done",
            ["done_at"],
            unique=False,
            sqlite_where=sa.text("state = 2"),
            postgresql_where=sa.text("state = 2"),
        )
        batch_op.create_index(
            "ix_inbox_open",
            ["lane", "id"],
            unique=False,
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )

    op.create_table(
        "lane",
        sa.Column("q", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("pending", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("q", "key", name=op.f("pk_lane")),
        sqlite_autoincrement=False,
    )
    with op.batch_alter_table("lane", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lane_due",
            ["q", "due"],
            unique=False,
            sqlite_where=sa.text("pending > 0"),
            postgresql_where=sa.text("pending > 0"),
        )

    op.create_table(
        "member",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), server_default="", nullable=False),
        sa.Column("roles", sa.Text(), server_default="", nullable=False),
        sa.Column("team", sa.String(length=64), server_default="", nullable=False),
        sa.Column("wecom", sa.String(length=64), server_default="", nullable=False),
        sa.Column("dingtalk", sa.String(length=64), server_default="", nullable=False),
        sa.Column("regions", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", sa.Text(), server_default="", nullable=False),
        sa.Column("available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("assignable", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("platform", sa.String(length=16), server_default="", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index("ix_member_dingtalk", ["dingtalk"], unique=False)
        batch_op.create_index("ix_member_wecom", ["wecom"], unique=False)

    op.create_table(
        "notice",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=64), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_member_kind", ["member", "kind"], unique=False)

    op.create_table(
        "outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("dedup", sa.String(length=200), server_default="", nullable=False),
        sa.Column("lane", sa.String(length=200), server_default="", nullable=False),
        sa.Column("member", sa.String(length=100), server_default="", nullable=False),
        sa.Column("way", sa.String(length=16), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ledger", sa.String(length=16), server_default="queued", nullable=False),
        sa.Column("platform", sa.String(length=16), server_default="", nullable=False),
        sa.Column("card", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=64), server_default="", nullable=False),
        sa.Column("ref", sa.String(length=200), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("acted_at", UtcDateTime(), nullable=True),
        sa.Column(
            "cause", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedup", name=op.f("uq_outbox_dedup")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_card", ["card"], unique=False)
        batch_op.create_index(
            "ix_outbox_done",
            ["done_at"],
            unique=False,
            sqlite_where=sa.text("state != 0"),
            postgresql_where=sa.text("state != 0"),
        )
        batch_op.create_index(
            "ix_outbox_open",
            ["lane", "id"],
            unique=False,
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )
        batch_op.create_index("ix_outbox_subject", ["subject", "id"], unique=False)

    op.create_table(
        "quota",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warned", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("platform", "month", "name", name=op.f("pk_quota")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "reach",
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="unknown", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("reply_url", sa.Text(), server_default="", nullable=False),
        sa.Column("reply_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("member", "platform", name=op.f("pk_reach")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "receipt",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_receipt")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "replica",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replica")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "team",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("manager", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_team")),
        sqlite_autoincrement=False,
    )
    op.create_table(
        "timer",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.String(length=32), server_default="", nullable=False),
        sa.Column("key", sa.String(length=120), server_default="", nullable=False),
        sa.Column("due", UtcDateTime(), nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_timer_kind_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.create_index("ix_timer_due", ["due"], unique=False)

    op.create_table(
        "undo",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=32), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=64), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("undo", schema=None) as batch_op:
        batch_op.create_index("ix_undo_member", ["member", "id"], unique=False)

    op.create_table(
        "contact",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("customer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), server_default="", nullable=False),
        sa.Column("title", sa.String(length=64), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("phone_key", sa.String(length=80), server_default="", nullable=False),
        sa.Column("email", sa.String(length=120), server_default="", nullable=False),
        sa.Column("wechat", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_contact_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index("ix_contact_customer", ["customer"], unique=False)
        batch_op.create_index("ix_contact_email", ["email"], unique=False)
        batch_op.create_index("ix_contact_phone_key", ["phone_key"], unique=False)

    op.create_table(
        "lead",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("customer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner", sa.String(length=64), server_default="", nullable=False),
        sa.Column("source", sa.String(length=64), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=40), server_default="", nullable=False),
        sa.Column("need", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=32), server_default="new", nullable=False),
        sa.Column("created_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("assigned_at", UtcDateTime(), nullable=True),
        sa.Column("assigned_why", sa.Text(), server_default="", nullable=False),
        sa.Column("first_touch_at", UtcDateTime(), nullable=True),
        sa.Column("last_followup_at", UtcDateTime(), nullable=True),
        sa.Column("next_text", sa.Text(), server_default="", nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("acked_at", UtcDateTime(), nullable=True),
        sa.Column("snoozed_until", UtcDateTime(), nullable=True),
        sa.Column("snoozes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["contact"], ["contact.id"], name=op.f("fk_lead_contact")),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_lead_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index("ix_lead_customer", ["customer"], unique=False)
        batch_op.create_index("ix_lead_owner", ["owner", "status"], unique=False)

    op.create_table(
        "checkin",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("step", sa.String(length=16), server_default="channel", nullable=False),
        sa.Column("channel", sa.String(length=16), server_default="", nullable=False),
        sa.Column("conclusion", sa.String(length=32), server_default="", nullable=False),
        sa.Column("next_text", sa.Text(), server_default="", nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("card", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("nudges", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_checkin_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("checkin", schema=None) as batch_op:
        batch_op.create_index("ix_checkin_lead", ["lead"], unique=False)
        batch_op.create_index(
            "ix_checkin_open",
            ["member"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "claim",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("resource", sa.String(length=120), server_default="", nullable=False),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_claim_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index("ix_claim_member", ["member"], unique=False)

    op.create_table(
        "fact",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("followup", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_fact_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_index("ix_fact_lead_name", ["lead", "name", "id"], unique=False)

    op.create_table(
        "followup",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checkin", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("channel", sa.String(length=16), server_default="", nullable=False),
        sa.Column("conclusion", sa.String(length=32), server_default="", nullable=False),
        sa.Column("need", sa.Text(), server_default="", nullable=False),
        sa.Column("next_text", sa.Text(), server_default="", nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("before", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_followup_customer")),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_followup_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("followup", schema=None) as batch_op:
        batch_op.create_index("ix_followup_customer", ["customer", "id"], unique=False)
        batch_op.create_index("ix_followup_lead", ["lead", "id"], unique=False)
        batch_op.create_index("ix_followup_member", ["member", "recorded_at"], unique=False)

    op.create_table(
        "request",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("form", sa.String(length=40), server_default="", nullable=False),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("followup", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("fields", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="draft", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_request_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("ix_request_lead", ["lead"], unique=False)

    op.create_table(
        "task",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("lead", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.String(length=64), server_default="", nullable=False),
        sa.Column("rule", sa.String(length=64), server_default="", nullable=False),
        sa.Column("due", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("ref", sa.String(length=200), server_default="", nullable=False),
        sa.Column("dedup", sa.String(length=120), server_default="", nullable=False),
        sa.Column("outbox", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_task_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("dedup", name=op.f("uq_task_dedup")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index("ix_task_owner", ["owner", "done_at"], unique=False)

    start_ids()
    tune()


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("ix_task_owner")

    op.drop_table("task")
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_index("ix_request_lead")

    op.drop_table("request")
    with op.batch_alter_table("followup", schema=None) as batch_op:
        batch_op.drop_index("ix_followup_member")
        batch_op.drop_index("ix_followup_lead")
        batch_op.drop_index("ix_followup_customer")

    op.drop_table("followup")
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_lead_name")

    op.drop_table("fact")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_member")

    op.drop_table("claim")
    with op.batch_alter_table("checkin", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_checkin_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_checkin_lead")

    op.drop_table("checkin")
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_owner")
        batch_op.drop_index("ix_lead_customer")

    op.drop_table("lead")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_phone_key")
        batch_op.drop_index("ix_contact_email")
        batch_op.drop_index("ix_contact_customer")

    op.drop_table("contact")
    with op.batch_alter_table("undo", schema=None) as batch_op:
        batch_op.drop_index("ix_undo_member")

    op.drop_table("undo")
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.drop_index("ix_timer_due")

    op.drop_table("timer")
    op.drop_table("team")
    op.drop_table("setting")
    op.drop_table("replica")
    op.drop_table("receipt")
    op.drop_table("reach")
    op.drop_table("quota")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_subject")
        batch_op.drop_index(
            "ix_outbox_open", sqlite_where=sa.text("state = 0"), postgresql_where=sa.text("state = 0")
        )
        batch_op.drop_index(
            "ix_outbox_done", sqlite_where=sa.text("state != 0"), postgresql_where=sa.text("state != 0")
        )
        batch_op.drop_index("ix_outbox_card")

    op.drop_table("outbox")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_member_kind")

    op.drop_table("notice")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("ix_member_wecom")
        batch_op.drop_index("ix_member_dingtalk")

    op.drop_table("member")
    with op.batch_alter_table("lane", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_lane_due", sqlite_where=sa.text("pending > 0"), postgresql_where=sa.text("pending > 0")
        )

    op.drop_table("lane")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbox_open", sqlite_where=sa.text("state = 0"), postgresql_where=sa.text("state = 0")
        )
        batch_op.drop_index(
            "ix_inbox_done", sqlite_where=sa.text("state = 2"), postgresql_where=sa.text("state = 2")
        )
        batch_op.drop_index(
            "ix_inbox_dead", sqlite_where=sa.text("state = 3"), postgresql_where=sa.text("state = 3")
        )

    op.drop_table("inbox")
    op.drop_table("expectation")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index("ix_draft_member")

    op.drop_table("draft")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_owner")
        batch_op.drop_index("ix_customer_core")

    op.drop_table("customer")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index("ix_card_track")
        batch_op.drop_index("ix_card_subject")
        batch_op.drop_index("ix_card_member")

    op.drop_table("card")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_subject")

    op.drop_table("audit")


FIRST_IDS = {"lead": 1001, "customer": 301, "task": 101, "request": 101}


def start_ids() -> None:
    """Ids that people type begin at a number that looks like one."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, first in FIRST_IDS.items():
        if sqlite:
            op.execute(sa.text(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {first - 1})"))
        else:
            op.execute(sa.text(f"ALTER SEQUENCE {table}_id_seq RESTART WITH {first}"))


def tune() -> None:
    """Queue tables turn over quickly: vacuum them early, leave room for updates in place."""
    if op.get_bind().dialect.name == "postgresql":
        for table in ("inbox", "outbox", "lane", "timer"):
            op.execute(
                sa.text(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 80)")
            )
