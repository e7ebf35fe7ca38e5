"""How a foreign message becomes the fields of a lead or call: paths, constants, templates (B02, B03, B07)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.errors import PutAside

Source = str | Sequence[str]
"""Where a field comes from: a path, "=constant", a template with {path}, or several of these: the first with something."""
_BRACES = re.compile(r"\{([^{}]+)\}")
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass(frozen=True)
class Mapped:
    """What was read out of a message. `left`: names on the first level that nothing asked for."""

    fields: dict[str, str]
    left: tuple[str, ...] = ()


def mapped(
    sources: Mapping[str, Source], payload: Mapping[str, Any], *, must: Sequence[Sequence[str]] = ()
) -> Mapped:
    """Every field of the mapping, as text ("" where the message has nothing).

    `must` holds groups of which one has to be there, for example (("phone", "email"),). Raises PutAside that names what is
    missing, where it was looked for, and what the message has.
    """
    fields = {name: _first(source, payload) for name, source in sources.items()}
    for group in must:
        if not any(fields.get(name) for name in group):
            looked = "、".join(str(one) for name in group for one in _each(sources.get(name, ())))
            has = "、".join(sorted(map(str, payload))[:30]) or "没有内容"
            raise PutAside(f"缺少 {' 或 '.join(group)}（找的是 {looked or '没有写映射'}；收到的字段：{has}）")
    asked = {_STEP.findall(path)[0] for source in sources.values() for path in _paths(source)}
    return Mapped(fields, tuple(name for name in payload if name not in asked))


def _each(source: Source) -> Sequence[str]:
    return (source,) if isinstance(source, str) else source


def _first(source: Source, payload: Mapping[str, Any]) -> str:
    return next((found for one in _each(source) if (found := _one(one, payload))), "")


def _one(source: str, payload: Mapping[str, Any]) -> str:
    if source.startswith("="):
        return source[1:]
    paths = _BRACES.findall(source)
    if not paths:
        return at(payload, source)
    found = {path: at(payload, path) for path in paths}
    if not any(found.values()):
        return ""  # a template of nothing but its own words says nothing
    return _BRACES.sub(lambda match: found[match[1]], source).strip()


def _paths(source: Source) -> list[str]:
    """Every path that a source looks at."""
    found = []
    for one in _each(source):
        if not one.startswith("="):
            found += _BRACES.findall(one) or [one]
    return [path.removeprefix("$.") for path in found]


def at(payload: object, path: str) -> str:
    """ "$.data.items[0].phone" (or without "$.") → what stands there as text, "" for nothing, a list joined by 、."""
    here: Any = payload
    for step in _STEP.findall(path.strip().removeprefix("$.").removeprefix("$")):
        if step.startswith("["):
            index = int(step[1:-1])
            here = here[index] if isinstance(here, list) and index < len(here) else None
        else:
            here = here.get(step) if isinstance(here, Mapping) else None
    return _text(here)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return "、".join(filter(None, map(_text, value)))
        case Mapping():
            return "；".join(f"{key}：{said}" for key, one in value.items() if (said := _text(one)))
        case _:
            return str(value).strip()


def path_ok(source: str) -> bool:
    """Whether a source can be read at all (for the check of the configuration)."""
    if source.startswith("="):
        return True
    return all(
        re.fullmatch(r"(?:\$\.?)?[^.\[\]{}]+(?:\[\d+\]|\.[^.\[\]{}]+)*", path)
        for path in _BRACES.findall(source) or [source]
    ) and source.count("{") == source.count("}") == len(_BRACES.findall(source))
