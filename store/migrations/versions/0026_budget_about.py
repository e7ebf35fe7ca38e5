"""When a person was last told of which record."""

import sqlalchemy as sa
from alembic import op

revision = "0026_0020"
down_revision = "0025_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("budget") as batch:
        batch.add_column(sa.Column("about", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("budget") as batch:
        batch.drop_column("about")
