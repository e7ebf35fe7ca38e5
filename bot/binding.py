"""Who is behind an id that config.toml does not name: the same id on a sister platform, or a one-time code."""

import json
import re
import secrets
from datetime import datetime, timedelta

from bot.config import PLATFORMS
from rules.team import Member
from store import settings, team
from store.db import Tx

LASTS = timedelta(minutes=30)
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read as something else
LENGTH = 8
SAID = re.compile(rf"[/／]?绑定\s*([{ALPHABET}]{{{LENGTH}}})", flags=re.IGNORECASE)


def _key(code: str) -> str:
    return f"bind:{code}"


async def offer(tx: Tx, member: str, by: str, now: datetime) -> str:
    """A code with which whoever says it on another platform within 30 minutes is this member. Works once."""
    for key, text in (await settings.starting(tx, "bind:")).items():
        told = json.loads(text)
        if told["member"] == member or datetime.fromisoformat(told["until"]) < now:
            await settings.drop(tx, key)  # a new code ends the one before
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    text = json.dumps({"member": member, "until": (now + LASTS).isoformat()})
    await settings.put(tx, _key(code), text, by, now)
    return code


async def recognise(tx: Tx, platform: str, user: str, text: str, now: datetime) -> tuple[Member | None, bool]:
    """(who it is, whether they said a code). Whoever is recognised is known from now on."""
    if (said := SAID.fullmatch(text.strip())) is not None:
        key = _key(said[1].upper())
        told = json.loads(await settings.get(tx, key) or "{}")
        await settings.drop(tx, key)
        if not told or datetime.fromisoformat(told["until"]) < now:
            return None, True
        return await _learn(tx, platform, user, told["member"]), True
    section = PLATFORMS.get(platform)
    if section is None or not section.same_ids:
        return None, False
    sister = PLATFORMS[section.same_ids]
    found = await team.by_user(tx, section.same_ids, user.lower() if sister.folds_case else user)
    if found is None or found.on(platform):
        return None, False
    return await _learn(tx, platform, user, found.id), False


async def _learn(tx: Tx, platform: str, user: str, member: str) -> Member | None:
    await team.learn(tx, platform, user, member)
    return await team.by_user(tx, platform, user)
