"""What a button says: typed values that pack into a short string and find their handler by type.

Packed form: `Name:field:field…`, fields in order, ":" and "%" escaped. A packed action stays under 128 bytes
so that it fits WeCom keys and option ids (protocol wecom 4.3).
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class Action:
    """Base of all actions. Subclasses are frozen dataclasses with int, str or bool fields only."""

    registry: ClassVar[dict[str, type["Action"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Action.registry[cls.__name__] = cls

    def pack(self) -> str:
        """Action → "Name:a:b". Raises ValueError above 128 bytes."""
        values = (getattr(self, field.name) for field in fields(self))
        packed = ":".join((type(self).__name__, *(quote(str(value), safe="-_.@") for value in values)))
        if len(packed.encode()) > 128:
            raise ValueError(f"action too long: {packed[:40]}…")
        return packed

    @classmethod
    def _read(cls, parts: list[str]) -> Self:
        kinds = {field.name: field.type for field in fields(cls)}
        if len(parts) != len(kinds):
            raise ValueError(f"{cls.__name__} wants {len(kinds)} values, got {len(parts)}")
        values: dict[str, object] = {}
        for (name, kind), raw in zip(kinds.items(), parts, strict=True):
            text = unquote(raw)
            values[name] = int(text) if kind is int else text == "True" if kind is bool else text
        return cls(**values)


def unpack(packed: str) -> Action:
    """ "Name:a:b" → the action. Raises ValueError for an unknown name or fields that do not fit (foreign input)."""
    name, *parts = packed.split(":")
    kind = Action.registry.get(name)
    if kind is None:
        raise ValueError(f"unknown action {name[:40]!r}")
    return kind._read(parts)
