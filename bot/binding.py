"""Who is behind an id that config.toml does not name: the same id on a sister platform, its translation, or a code."""

import json
import re
import secrets
from datetime import datetime, timedelta

from bot.config import PLATFORMS
from bot.events import Arrived, Form, Incoming, Message, decode, encode
from bot.incoming import sha
from bot.turn import Turn
from rules.team import Member
from store import inbox, settings, team
from store.db import Tx

TRANSLATED = "identity.translated"
"""The form in which the sister platform says who an encrypted id is (protocol wecom 10.8)."""

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


async def warn(turn: Turn, member: Member, platform: str) -> None:
    """Where the member was known before, they hear that somebody is them elsewhere now. `member`: as before that."""
    before = member.on(member.platform) if member.platform else ""
    if before and member.platform != platform:
        title = PLATFORMS[platform].title if platform in PLATFORMS else platform
        said = f"你的绑定码刚刚在{title}上用了，那个帐号现在也是你。不是你本人的话，请马上告诉管理员。"
        await turn.send(said, to=f"@{member.platform}:{before}")


# ── encrypted ids ──────────────────────────────────────────────────────────────────────────────────────
async def inquire(turn: Turn, event: Message | Arrived) -> bool:
    """Asks the sister platform, where there is one in use, who an unknown id is: the event waits, and comes again when
    they are recognised. False when nobody can be asked."""
    section = PLATFORMS.get(event.platform)
    if section is None or section.same_ids not in turn.config.platforms():
        return False
    fields = {"platform": event.platform, "user": event.user, "said": encode(event)}
    box = sha(f"{event.platform}:{event.user}")[:40]  # what one person says stays in its order
    of = f"{section.same_ids}:{event.user}"
    await turn.ask("user", event.user, of=of, then=Form(TRANSLATED, fields, turn.now, key=box))
    return True


async def translated(turn: Turn, form: Form) -> Member | None:
    """Learns whose id it is, None when it is still unknown. What they said comes into the inbox again."""
    platform, user, said = (str(form.fields[name]) for name in ("platform", "user", "said"))
    sister = PLATFORMS[PLATFORMS[platform].same_ids]
    known = await team.by_user(turn.tx, platform, user)  # by what they said before this
    if known is None:
        theirs = str(form.fields["found"].get("user", ""))
        found = await team.by_user(turn.tx, PLATFORMS[platform].same_ids,
                                   theirs.lower() if sister.folds_case else theirs)  # fmt: skip
        if found is None:
            return None
        known = await _learn(turn.tx, platform, user, found.id)
    again = Incoming(f"again:{turn.event_id}", f"{platform}:{user}", decode(said))
    await inbox.take(turn.tx, [again], turn.now, encode=encode)
    turn.rang.add("inbox")
    return known


async def stranger(turn: Turn, platform: str, user: str, *, wrong_code: bool = False) -> None:
    """Somebody who is not in the team: one polite sentence, no data. Where ids may be such as nobody could know,
    the sentence names theirs, for the admin to write down."""
    to = f"@{platform}:{user}"
    if wrong_code:
        await turn.send("绑定码不对，或已用过、过期了。请在原来的平台上重新发 /绑定 拿一个。", to=to)
        return
    section = PLATFORMS.get(platform)
    told = f"（你在这里的 id 是 {user}）" if section is not None and section.same_ids else ""
    await turn.send(f"你好，我是销售跟进助手。你还不在使用名单里，请联系管理员把你加进来。{told}", to=to,
                    key=f"stranger:{platform}:{user}:{turn.wall:%Y-%m-%d}")  # fmt: skip
