"""Settings over time: what the file says, what was changed in the chat on top of it, and who changed what. (B83)"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from bot.config import BadConfig, Config, PlatformSection
from store import settings
from store import watch as tables
from store.db import Tx

SNAPSHOT, PREFIX = "config.snapshot", "config.set."
UNNAMED = ("name", "id", "does")
FILE_ONLY: Mapping[str, frozenset[str]] = {
    "app": frozenset({"name", "timezone", "log"}),
    "store": frozenset({"pool"}),
    "api": frozenset(),
    "web": frozenset({"page"}),
    "intake": frozenset({"per_minute", "import_rows"}),
    "mail": frozenset({"per_second"}),
    "nurture": frozenset({"enabled", "subject", "opening", "offer", "per_day", "every", "look"}),
    "reading": frozenset({"agree"}),
    "privacy": frozenset(),
}
"""Sections that say where secrets, links and files go, who gets in, what may leave and what is removed: whoever may write to
the bot cannot change them, but for these of their settings. That takes the file, and with it the deployer."""
UNIT = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def flat(config: Config) -> dict[str, str]:
    """Every setting as "section.key" → text as it would be written. Secrets become a fingerprint; the rows of
    `[[member]]` and its like are named by their id or name."""
    found: dict[str, str] = {}
    _flatten(config.model_dump(mode="python"), "", found)
    return found


def flat_of(section: BaseModel, at: str) -> dict[str, str]:
    """One section, its keys below `at`, as `flat` writes them."""
    found: dict[str, str] = {}
    _flatten(section.model_dump(mode="python"), at, found)
    return found


def _flatten(value: Any, at: str, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            _flatten(one, f"{at}.{key}" if at else str(key), found)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        for number, one in enumerate(value, start=1):
            name = next((one[key] for key in UNNAMED if one.get(key)), number)
            _flatten(one, f"{at}.{name}", found)
    else:
        found[at] = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return f"密钥 {hashlib.sha256(secret.encode()).hexdigest()[:6]}" if secret else ""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        size, unit = next((one for one in UNIT if seconds % one[0] == 0), UNIT[-1])
        return f"{seconds // size}{unit}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return json.dumps([_text(one) for one in value], ensure_ascii=False)
    return re.sub(r"(://[^:/@\s]*:)[^@\s]*@", r"\1…@", str(value))


def may_set(key: str, config: Config) -> bool:
    """Whether a setting can be changed in the chat: one value of one section, no secret, and not FILE_ONLY."""
    section, _, name = key.partition(".")
    part = getattr(config, section, None)
    if not name or "." in name or part is None or isinstance(part, tuple):
        return False
    value = getattr(part, name, None)
    free = part.chat if isinstance(part, PlatformSection) else FILE_ONLY.get(section)
    return (free is None or name in free) and isinstance(value, str | int | float | bool | timedelta)


def apply(config: Config, changes: Mapping[str, str]) -> Config:
    """The configuration with these settings changed ("store.pool" → "100", as it would be written). Raises BadConfig."""
    if not changes:
        return config
    raw = config.model_dump(mode="python", exclude_unset=True)
    for key, text in changes.items():
        section, _, name = key.partition(".")
        if not may_set(key, config):
            raise BadConfig(f"{key}：聊天里不能改这一项，请改 config.toml 后重启")
        raw.setdefault(section, {})[name] = _value(text, getattr(getattr(config, section), name))
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadConfig(f"{place or '整体'}：{first['msg'].removeprefix('Value error, ')}") from None


def _value(text: str, before: object) -> object:
    if isinstance(before, str | timedelta):
        return text
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


async def settle(tx: Tx, config: Config, origin: Mapping[str, str], now: datetime) -> Config:
    """At a start: writes down what differs in the file since the last one, and gives the configuration with what was
    changed in the chat. A setting that somebody changed in the file since then follows the file again.

    `origin`: "who" (the file's owner) and "at" of the file (both may be missing). Raises BadConfig.
    """
    fresh = flat(config)
    kept = await settings.get(tx, SNAPSHOT)
    changed = await settings.starting(tx, PREFIX)
    if kept is not None:
        for key, old, new in tables.differences(json.loads(kept), fresh):
            await tables.changed(tx, now, origin.get("who", "config.toml"), key, old, new, "file")
            if changed.pop(PREFIX + key, None) is not None:
                await settings.drop(tx, PREFIX + key)
    for name in [one for one in changed if not may_set(one.removeprefix(PREFIX), config)]:
        key, was = name.removeprefix(PREFIX), changed.pop(name)  # of a version that let the chat change it
        await settings.drop(tx, name)
        await tables.changed(tx, now, origin.get("who", "config.toml"), key, was, fresh.get(key, ""), "file")
    text = json.dumps(fresh, ensure_ascii=False, sort_keys=True)
    if text != kept:
        await settings.put(tx, SNAPSHOT, text, "", now)
    return apply(config, {key.removeprefix(PREFIX): value for key, value in changed.items()})
