"""Files that hold people's data: readable by the account that runs the bot, by nobody else on the machine."""

import contextlib
import os
from pathlib import Path

OTHERS = 0o077


def made(path: Path) -> None:
    """An empty file with mode 0600, unless there is one of that name already: its mode is the deployer's."""
    with contextlib.suppress(OSError):  # where nothing can be written, whoever opens it next says why
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def open_to_others(path: Path) -> bool:
    """Whether the group or everybody may read or write a file; False when there is none."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False
