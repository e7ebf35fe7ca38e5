"""What the machine looks at again and again is found by an index, whatever has been sent, pooled or done before."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _partly(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """SQLite takes an index over part of a table only for the very condition that it was made with."""
    op.drop_index("ix_outbox_done", "outbox")
    _partly("ix_outbox_done", "outbox", ["done_at"], "state = 2")
    _partly("ix_outbox_dead", "outbox", ["id"], "state = 3")
    _partly("ix_pool_waiting", "pool", ["since", "lead"], "retry_at IS NOT NULL")
    _partly("ix_pool_untold", "pool", ["since", "lead"], "alarmed_at IS NULL")
    op.create_index("ix_task_lead", "task", ["lead"])


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_task_lead", "task")
    op.drop_index("ix_pool_untold", "pool")
    op.drop_index("ix_pool_waiting", "pool")
    op.drop_index("ix_outbox_dead", "outbox")
    op.drop_index("ix_outbox_done", "outbox")
    _partly("ix_outbox_done", "outbox", ["done_at"], "state != 0")
