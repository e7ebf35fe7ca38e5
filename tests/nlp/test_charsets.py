"""Sets of characters that are worked out once: what comes of an expression is what Python makes of it by itself."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from nlp import charsets, name_patterns, name_starts, passing

COMPILER = vars(import_module("re._compiler"))
WRITTEN = (
    (r"[一-龥]{2,4}(?![一-龥])|[^一-龥\s]|[\w.]", 0), (r"[a-zſ](?i:[a-z一-龥])|[K\d]", 0), (r"[a-zſ][A-Z一-龥]|[K\d]", re.I),
    ("[\U00020000-\U0002A6DF一]|[\U00020000-\U0002A6DFa]", re.I), (r"[\w一]|[^\w一]", re.ASCII),
)  # fmt: skip


@pytest.fixture
def working_out() -> Iterator[list[object]]:
    """What the compiler's own function is asked for."""
    asked: list[object] = []
    before = COMPILER["_optimize_charset"]
    assert before.remembers  # nlp has been imported

    def own(charset: Any, *rest: Any) -> Any:
        asked.append(charset)
        return plain(charset, *rest)

    plain = before.__closure__[0].cell_contents
    charsets.forget()
    COMPILER["_optimize_charset"] = charsets._remembering(own)
    yield asked
    COMPILER["_optimize_charset"] = before
    charsets.forget()


def _code(pattern: str, flags: int) -> list[int]:
    parsed = vars(import_module("re._parser"))["parse"](pattern, flags)
    return list(COMPILER["_code"](parsed, flags))


def test_expressions_come_out_as_ever(working_out: list[object]) -> None:
    rules = (*name_patterns.patterns().values(), *name_starts.starts_of().values(), passing.right())
    written = [*WRITTEN, *((one.pattern, getattr(one, "flags", 0)) for one in rules)]
    once, again = [[_code(*one) for one in written] for _ in range(2)]
    remembering = COMPILER["_optimize_charset"]
    COMPILER["_optimize_charset"] = remembering.__closure__[0].cell_contents
    plain = [_code(*one) for one in written]
    assert once == again == plain


def test_a_set_is_worked_out_once(working_out: list[object]) -> None:
    for _ in range(2):
        _code(r"[一-龥][一-龥丁]", 0)
    assert len(working_out) == 2
    _code(r"[一-龥]", re.I)  # another set: the case counts
    assert len(working_out) == 3
    charsets.forget()
    _code(r"[一-龥]", 0)
    assert len(working_out) == 4


def test_without_that_function_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = vars(import_module("re._compiler"))
    monkeypatch.delitem(compiler, "_optimize_charset")
    charsets.remember()
    assert "_optimize_charset" not in compiler
