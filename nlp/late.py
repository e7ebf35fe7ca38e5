"""Expressions that most texts do not need: each is compiled when it is first used, half a millisecond to five."""

import re
from typing import Any, cast

_USED = ("search", "match", "fullmatch", "finditer", "sub", "split", "groupindex")


class _Made:
    """Holds the methods of an expression: they are found in a quarter of the time where no __getattr__ might be asked."""


class _Late:
    """Stands for a compiled expression until one of its methods is asked for; then it holds them itself."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        made = re.compile(self.pattern, self.flags)
        self.__dict__.update({used: getattr(made, used) for used in _USED})
        object.__setattr__(self, "__class__", _Made)
        return getattr(made, name)


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The same as re.compile for all that is done with it here, but the work is done at its first use.

    A mistake in it shows only then, so tests/nlp/test_late.py compiles every one.
    """
    return cast("re.Pattern[str]", _Late(pattern, flags))
