"""What was in the hands of a process that ended, and how often it was begun alone since."""

import sqlalchemy as sa
from alembic import op

revision = "0029_0020"
down_revision = "0028_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for queue in ("inbox", "outbox"):
        op.add_column(queue, sa.Column("starts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("lane", sa.Column("suspect", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("lane", "suspect")
    for queue in ("inbox", "outbox"):
        op.drop_column(queue, "starts")
