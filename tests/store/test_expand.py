"""Expand, migrate, contract: what takes something away from programs that still run says so, and no other migration does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import migrate

FILES = sorted((migrate.HERE / "versions").glob("[0-9]*.py"))


def _word(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else ast.unparse(node) if node else None


def taken_away(source: str) -> Iterator[str]:
    """What an upgrade does that a program of the version before cannot live with."""
    upgrade = next(
        n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == "upgrade"
    )
    made = {
        _word(n.args[0])
        for n in ast.walk(upgrade)
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "op.create_table"
    }
    for call in (
        n for n in ast.walk(upgrade) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    ):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        how = {word.arg: _word(word.value) for word in call.keywords}
        told = ast.unparse(call)
        match name:
            case "drop_column" | "drop_table" | "rename_table":
                yield told
            case "alter_column" if how.get("nullable") is False or "new_column_name" in how:
                yield told
            case "alter_column" if "type_" in how and how["type_"] != "sa.Text()":
                yield told
            case "add_column":
                column = next(a for a in call.args if isinstance(a, ast.Call))
                said = {word.arg: _word(word.value) for word in column.keywords}
                if said.get("nullable") is False and "server_default" not in said:
                    yield told
            case "create_unique_constraint" | "create_index" if name[7] == "u" or how.get("unique") is True:
                if len(call.args) < 2 or _word(call.args[1]) not in made:
                    yield told
            case "execute" if any(word in told.upper() for word in ("DROP ", "DELETE ", "ALTER ", "RENAME ")):
                yield told


def marker(source: str) -> str:
    """The words of `contract = "…"`, "" when there are none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "contract":
            return str(_word(node.value))
    return ""


@pytest.mark.parametrize("file", FILES[1:], ids=lambda file: file.stem)
def test_a_migration_that_takes_something_away_says_so_and_stops_older_programs(file: Path) -> None:
    source = file.read_text("utf-8")
    lost, why = list(taken_away(source)), marker(source)
    assert bool(lost) == bool(why), f"contract = … names why nobody needs this any more: {lost}"
    revision = next(one for one in migrate._revisions() if migrate.number(one) == file.stem.partition("_")[0])
    if why:
        assert migrate.floor(revision) == revision, "older programs cannot work beside it"


def test_a_revision_reaches_back_over_nothing_that_was_taken_away() -> None:
    taken = {file.stem.partition("_")[0] for file in FILES if marker(file.read_text("utf-8"))}
    numbers = {migrate.number(one) for one in migrate._revisions()}
    for revision in migrate._revisions():
        floor = migrate.floor(revision)
        assert floor in numbers
        assert floor <= migrate.number(revision)
        assert not {one for one in taken if floor < one <= migrate.number(revision)}, revision


@pytest.mark.parametrize(
    ("does", "destructive"),
    [
        ("op.drop_column('lead', 'note')", True),
        ("with op.batch_alter_table('lead') as batch:\n        batch.drop_column('note')", True),
        ("op.drop_table('lead')", True),
        ("op.rename_table('lead', 'leads')", True),
        ("op.alter_column('lead', 'note', new_column_name='words')", True),
        ("op.alter_column('lead', 'note', nullable=False)", True),
        ("op.alter_column('lead', 'note', type_=sa.Integer())", True),
        ("op.add_column('lead', sa.Column('n', sa.Integer(), nullable=False))", True),
        ("op.create_unique_constraint('uq', 'lead', ['note'])", True),
        ("op.create_index('ix', 'lead', ['note'], unique=True)", True),
        ("op.execute('DELETE FROM lead')", True),
        ("op.add_column('lead', sa.Column('n', sa.Integer(), server_default='0', nullable=False))", False),
        ("op.add_column('lead', sa.Column('n', sa.Integer(), nullable=True))", False),
        ("op.alter_column('lead', 'note', type_=sa.Text())", False),
        ("op.create_table('x')\n    op.create_index('ix', 'x', ['note'], unique=True)", False),
        ("op.create_index('ix', 'lead', ['note'])", False),
        ("op.drop_index('ix')", False),
    ],
)
def test_the_look_tells_what_takes_something_away(does: str, destructive: bool) -> None:
    assert bool(list(taken_away(f"def upgrade():\n    {does}\n"))) is destructive
