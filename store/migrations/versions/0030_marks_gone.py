"""That a competitor, a price or somebody who decides is no more."""

import sqlalchemy as sa
from alembic import op

revision = "0030_0020"
down_revision = "0029_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mark", sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("mark", "gone")
