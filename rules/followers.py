"""Followers of an Official Account: what they said, when that is a lead, and what they are answered at once. (B04)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules.text import clip, mask_phones_in


class LeadOn(StrEnum):
    """What makes a follower a lead: a way to reach them, that or a need, or following alone."""

    CONTACT = "contact"
    MESSAGE = "message"
    SUBSCRIBE = "subscribe"


class Kind(StrEnum):
    """What a follower sent or did."""

    TEXT = "text"
    VOICE = "voice"
    IMAGE = "image"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    OTHER = "other"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SCAN = "scan"
    CLICK = "click"
    VIEW = "view"


SILENT = frozenset({Kind.CLICK, Kind.VIEW})
"""What is kept beside the words and is no news by itself."""
DONE = frozenset({Kind.SUBSCRIBE, Kind.UNSUBSCRIBE, Kind.SCAN, *SILENT})
"""What a follower did, not said."""
READ = frozenset({Kind.TEXT, Kind.VOICE})
"""What is their own words."""
LINE = 60
"""Characters of a need on a card."""
MOST, LONGEST = 30, 2000
"""How many entries are kept for a follower who is no lead yet, and how many characters of each."""


@dataclass(frozen=True)
class Said:
    """One entry of a conversation. `at` UTC; `text` as a person reads it."""

    at: datetime
    kind: Kind
    text: str


@dataclass(frozen=True)
class Follower:
    """Somebody who follows an account. `said`: what the owner was not told yet; `lead`: theirs, once it is known;
    `handed`: how many leads were handed in for them; `reached`: they left a way to reach them; `answer`: what was
    answered to the event `answer_key`."""

    id: int
    account: str
    openid: str
    since: datetime
    unionid: str = ""
    here: bool = True
    channel: str = ""
    said: tuple[Said, ...] = ()
    lead: int | None = None
    handed: int = 0
    reached: bool = False
    asked_at: datetime | None = None
    answer_key: str = ""
    answer: str = ""
    version: int = 1

    @property
    def ref(self) -> str:
        """By what the origin of a lead names them; the OpenID itself stands nowhere else."""
        return f"wechat:{self.id}"

    @property
    def known(self) -> bool:
        """Whether there is a lead of theirs, or one on its way."""
        return self.lead is not None or self.handed > 0


def heard(said: Sequence[Said], new: Said) -> tuple[Said, ...]:
    """The conversation with one more entry; the oldest fall off."""
    kept = Said(new.at, new.kind, clip(new.text, LONGEST))
    return (*said, kept)[-MOST:] if kept.text else tuple(said)


def words(said: Sequence[Said]) -> str:
    """What the follower wrote or spoke, for reading; pictures, links and what they only did are left out."""
    return "\n".join(one.text for one in said if one.kind in READ)


def own_words(words: str, need: str) -> str:
    """The line in which the need stands, as long as it is short; else the need alone."""
    line = next((one.strip() for one in words.splitlines() if need and need in one), "")
    return line if 0 < len(line) <= LINE else need


def news(said: Sequence[Said]) -> bool:
    """Whether there is something among it that the owner should hear of."""
    return any(one.kind not in SILENT for one in said)


def story(said: Sequence[Said]) -> str:
    """Everything, one line each."""
    return "\n".join(one.text for one in said)


def title(said: Sequence[Said], left: str) -> str:
    """What the entries are in one phrase, numbers masked: "3 条消息", "想问液压阀块多少钱"; `left` names what was left, "" for
    nothing."""
    spoken = [one for one in said if one.kind not in DONE]
    if left:
        return f"留下了{left}"
    if len(spoken) > 1:
        return f"{len(spoken)} 条消息"
    first = next(iter(spoken), None) or next((one for one in said if one.kind not in SILENT), None)
    return mask_phones_in(clip(first.text.replace("\n", " "), 60)) if first else ""


def wanted(lead_on: LeadOn, *, reachable: bool, asks: bool) -> bool:
    """Whether what was said so far is a lead. `reachable`: a phone, mail or WeChat id was left; `asks`: a need was told."""
    match lead_on:
        case LeadOn.CONTACT:
            return reachable
        case LeadOn.MESSAGE:
            return reachable or asks
        case LeadOn.SUBSCRIBE:
            return True


@dataclass(frozen=True)
class Answers:
    """The words for each occasion; "" says nothing."""

    welcome: str = ""
    ask: str = ""
    thanks: str = ""


def answer(
    one: Follower, kind: Kind, texts: Answers, *, left: bool, now: datetime, again: timedelta
) -> tuple[str, bool]:
    """(what is answered at once, whether that asks for a way to reach them). `left`: this very message left one.

    A follower is asked once in `again`, never after they can be reached, and thanked once.
    """
    if kind is Kind.SUBSCRIBE:
        return texts.welcome, False
    if kind in DONE:
        return "", False
    if left:
        return ("" if one.reached else texts.thanks), False
    if one.reached or (one.asked_at is not None and now - one.asked_at < again):
        return "", False
    return texts.ask, bool(texts.ask)
