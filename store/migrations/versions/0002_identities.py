"""An identity is a row for each platform, not a column."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
contract = "programs from 0002 on read ids from `identity` alone"


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("learned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "user_id", name=op.f("pk_identity")),
        sa.UniqueConstraint("member", "platform", name=op.f("uq_identity_member_platform")),
    )
    for platform in ("wecom", "dingtalk"):
        # who is still with us first: an id may have been handed on by somebody who left
        op.execute(
            sa.text(
                f"INSERT INTO identity (platform, user_id, member) SELECT '{platform}', {platform}, id FROM member"
                f" WHERE {platform} <> '' ORDER BY gone, id ON CONFLICT (platform, user_id) DO NOTHING"
            )
        )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index("ix_member_dingtalk")
        batch_op.drop_index("ix_member_wecom")
        batch_op.drop_column("dingtalk")
        batch_op.drop_column("wecom")


def downgrade() -> None:
    with op.batch_alter_table("member", schema=None) as batch_op:
        for platform in ("wecom", "dingtalk"):
            batch_op.add_column(sa.Column(platform, sa.String(length=64), server_default="", nullable=False))
            batch_op.create_index(f"ix_member_{platform}", [platform], unique=False)
    for platform in ("wecom", "dingtalk"):
        op.execute(
            sa.text(
                f"UPDATE member SET {platform} = COALESCE((SELECT user_id FROM identity"
                f" WHERE identity.member = member.id AND identity.platform = '{platform}'), '')"
            )
        )
    op.drop_table("identity")
