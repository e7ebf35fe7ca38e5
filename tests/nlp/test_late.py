"""Expressions that are compiled at their first use: all of them can be, and they do what compiled ones do."""

import gc
import pkgutil
import re
from importlib import import_module

import nlp
from nlp import late, name_patterns, name_starts


def test_every_late_expression_compiles() -> None:
    for module in pkgutil.iter_modules(nlp.__path__):
        import_module(f"nlp.{module.name}")
    name_patterns.patterns()
    name_starts.starts_of()
    gc.unfreeze()  # what main.main froze earlier in this process
    found = [one for one in gc.get_objects() if type(one) in (late._Late, late._Made)]
    assert len(found) > 100
    for one in found:
        re.compile(one.pattern, one.flags)


def test_a_late_expression_does_what_a_compiled_one_does() -> None:
    words, pattern = "报价 A，报价 b", late.late(r"报价 (?P<what>[a-z])", re.I)
    assert pattern.search(words, 1)["what"] == "b"  # type: ignore[index]
    assert [match["what"] for match in pattern.finditer(words)] == ["A", "b"]
    assert pattern.sub("…", words) == "…，…"
    assert pattern.match(words) is not None
    assert pattern.fullmatch(words) is None
    assert "what" in pattern.groupindex
