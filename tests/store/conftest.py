"""What the tests of the store share: a look at the SQL that is said."""

from typing import Any

import pytest

from store.statements import Statements


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL of every statement from here on."""
    found: list[str] = []
    usual = Statements.prepare

    def prepare(self: Statements, statement: Any, given: Any) -> Any:
        prepared = usual(self, statement, given)
        found.append(prepared[1])
        return prepared

    monkeypatch.setattr(Statements, "prepare", prepare)
    return found
