"""Where an open file stands: what is written into one that was moved away, the next start would not find."""

import errno
import os
from pathlib import Path


class Place:
    """The path of a file that is open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: os.stat_result | None = None

    def note(self, found: os.stat_result) -> None:
        """This file was opened there."""
        self._found = found

    def leave(self) -> None:
        """It is closed."""
        self._found = None

    def check(self) -> None:
        """Raises OSError (ESTALE) when the path leads to another file by now, or to none."""
        if self._found is None:
            return
        try:
            if os.path.samestat(os.stat(self._path), self._found):
                return
        except OSError:
            pass
        raise OSError(errno.ESTALE, f"{self._path.name} was removed or moved while the bot runs")
