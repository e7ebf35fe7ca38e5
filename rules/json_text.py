"""A value as JSON text: what rows, cards and requests hold."""

import json
from collections.abc import Callable
from typing import Any

import orjson


def _unknown(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} is no JSON")


def written(value: Any, default: Callable[[Any], Any] = _unknown, *, ordered: bool = False) -> str:
    """JSON text without blanks or \\uXXXX, many times as fast as the standard library writes it; that one writes what
    orjson does not: lone surrogates, numbers of more than 64 bits, names that are no text. `default`: what stands for an
    object; `ordered`: names in their order, so that equal values are equal texts."""
    options = orjson.OPT_PASSTHROUGH_DATACLASS | (orjson.OPT_SORT_KEYS if ordered else 0)
    try:
        return orjson.dumps(value, default, options).decode()
    except TypeError:
        return json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), sort_keys=ordered, default=default
        )
