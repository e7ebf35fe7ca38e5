"""Reading foreign JSON without trusting its shape: every function takes anything and never raises."""

import json
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
EARLIEST_MS, LATEST_MS = 946_684_800_000, 4_102_444_800_000  # 2000 … 2100; anything else is not a time


def decoded(value: object, depth: int = 3) -> object:
    """Undoes JSON strings inside JSON (up to `depth` times); text that is no JSON stays as it is."""
    while isinstance(value, str) and depth > 0 and value.lstrip()[:1] in ("{", "[", '"'):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            break
        depth -= 1
    return value


def table(value: object) -> Json:
    """An object, also when it came as a JSON string; {} for anything else."""
    value = decoded(value)
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Json]:
    """A list of objects, also when it came as a JSON string; other members are left out."""
    value = decoded(value)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def words(value: object) -> str:
    """A text that any database takes: no NUL, no lone surrogates. Numbers become text, the rest ""."""
    if type(value) is str and value.isascii():
        return value.replace("\x00", "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def first(found: Json, *keys: str) -> str:
    """The first of the keys that holds some text."""
    return next((text for key in keys if (text := words(found.get(key)).strip())), "")


def number(value: object) -> float:
    """A number, also from text; 0.0 for anything else."""
    try:
        amount = float(value) if isinstance(value, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return amount if abs(amount) < 1e18 else 0.0


def moment(value: object) -> datetime | None:
    """Milliseconds (number or text) → UTC, or None when it is no time of this century."""
    ms = number(value)
    return datetime.fromtimestamp(ms / 1000, UTC) if EARLIEST_MS <= ms <= LATEST_MS else None
