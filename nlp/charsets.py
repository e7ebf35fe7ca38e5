"""Sets of characters in expressions, worked out once each: most of what compiling four hundred expressions takes.

Python's compiler ticks off the characters of a set one by one each time one stands in an expression: 0.7 ms for [一-龥], as
much for the surnames, and either stands in a hundred of them.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

_known: dict[tuple[object, ...], Any] = {}


def remember() -> None:
    """From now on a set that was compiled before is not worked out again; nothing else changes.

    It stands in for a function that is Python's own: where there is none of that name, all is compiled as ever.
    """
    compiler = vars(import_module("re._compiler"))
    work_out = compiler.get("_optimize_charset")
    if work_out is not None and not hasattr(work_out, "remembers"):
        compiler["_optimize_charset"] = _remembering(work_out)


def forget() -> None:
    """Give back the memory (2 MB) once nearly all expressions are compiled."""
    _known.clear()


def _remembering(work_out: Callable[..., Any]) -> Callable[..., Any]:
    def of(
        charset: Sequence[tuple[object, object]],
        iscased: object = None,
        fixup: object = None,
        fixes: Mapping[int, object] | None = None,
    ) -> Any:
        key = (tuple(charset), iscased, fixup, id(fixes))
        if key not in _known:
            _known[key] = work_out(charset, iscased, fixup, fixes)
        return _known[key]

    vars(of)["remembers"] = True
    return of
