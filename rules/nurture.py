"""Nurture mail: who may get one, how its links are signed, what an open means. (B29; product A.2 #14)"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

SCANNER = timedelta(seconds=10)
"""An open so soon after the sending is a mail scanner's, not a reader's."""
SIGNS = 20
DIGITS = 5
"""So many digits are a number to call or to pay to."""
_LEADS = re.compile(r"[@/\\]|www|(?<=[^\W_])[.。](?=[a-z]{2})", re.IGNORECASE)


@dataclass(frozen=True)
class Standing:
    """What is known of an address: whether mail was agreed to or stopped, when it got the last letter (UTC), and how
    many letters went out to everybody today."""

    agreed: bool = False
    stopped: bool = False
    last_at: datetime | None = None
    today: int = 0


def why_not(one: Standing, *, address: str, per_day: int, every: timedelta, now: datetime) -> str:
    """Why the address gets no letter, "" when it may have one."""
    if "@" not in address:
        return "没有邮箱"
    if one.stopped:
        return "已退订"
    if not one.agreed:
        return "没有同意收邮件"
    if one.last_at is not None and now - one.last_at < every:
        return "最近发过"
    if one.today >= per_day:
        return "今天的上限已到"
    return ""


def harmless(words: str) -> bool:
    """Whether a stranger's words may stand in a mail of ours: nothing in them leads anywhere, neither an address nor a number
    to call. Anybody can hand in somebody else's mail address with words of their own."""
    plain = unicodedata.normalize("NFKC", words)
    digits = sum(char.isdigit() for char in plain)
    return digits < DIGITS and _LEADS.search(plain) is None


def sign(secret: str, what: str, letter: int) -> str:
    """A token that names a letter and cannot be guessed: "12.9f3c…". `what`: which of its links."""
    digest = hmac.new(secret.encode(), f"{what}:{letter}".encode(), hashlib.sha256).hexdigest()
    return f"{letter}.{digest[:SIGNS]}"


def read(secret: str, what: str, token: str) -> int | None:
    """The letter of a token, None for one that we did not sign."""
    number, _, _ = token.partition(".")
    if not number.isdigit() or len(number) > 18:
        return None
    letter = int(number)
    return letter if hmac.compare_digest(sign(secret, what, letter), token) else None


def by_a_reader(sent: datetime | None, at: datetime) -> bool:
    """Whether an open was a person's."""
    return sent is None or at - sent >= SCANNER
