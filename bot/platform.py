"""What every chat platform fulfils, and how a send can fail."""

import base64
import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from aiohttp import web

from bot.events import Incoming
from cards.card import Card

NEVER = "还没有收到过回调"
"""How a check begins that waits for the first word of a platform; see bot/checks.kept."""


class Intake(Protocol):
    """Stores events durably; returns when they are committed (then acknowledge), raises when they are not: TimeoutError
    when it takes longer than `within` seconds."""

    def __call__(self, events: Sequence[Incoming], within: float = math.inf) -> Awaitable[None]: ...


class Wide(StrEnum):
    """How much a failure says about others: this message only, this person, or the whole app."""

    MESSAGE = "message"
    PERSON = "person"
    APP = "app"


class SendFailed(Exception):
    """A send did not work.

    `retry`: may the same bytes be sent again; `after`: seconds to wait first (None: the outbox's back-off);
    `wide`: who else must wait; `unknown`: it may have arrived all the same (timeout after the request left);
    `busy`: the platform is overloaded, which says nothing about this message.
    `str(error)` is a Chinese reason for the ledger and for admins: no secret, no full phone number.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool,
        after: float | None = None,
        wide: Wide = Wide.MESSAGE,
        unknown: bool = False,
        code: str = "",
        busy: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason, self.retry, self.after = reason, retry, after
        self.wide, self.unknown, self.code, self.busy = wide, unknown, code, busy


class Way(StrEnum):
    """What an outbox row asks of a platform."""

    TEXT = "text"
    CARD = "card"
    UPDATE = "update"  # replace a card that was sent before
    FILE = "file"
    TODO = "todo"  # a native to-do where there is one
    TODO_DONE = "todo_done"
    ASK = "ask"  # look something up; the answer comes back as a form
    FRIENDS = "friends"  # hand somebody's friends outside the firm on to a colleague; answered like ASK


DIRECTORY = "directory"
"""What an ASK looks up: everybody in the platform's address book."""
FILE = "file"
"""What an ASK looks up: a file that somebody sent (`ref` is events.Media.ref); found: `name` (may be ""), `body` in base64."""
FRIENDS_MOVED, LEAVERS_FRIENDS_MOVED = "friends_moved", "leavers_friends_moved"
"""What an ASK looks up: how far the friends of `user` (in service, or gone) have come who are handed on to `ref`; found:
who they are outside → a step of rules/friends.py, or "" when the platform knows nothing."""
LARGEST = 5 * 1024 * 1024
"""The most bytes of a file that is fetched: it travels through the inbox. The page takes larger ones."""


def fetched(body: bytes, name: str = "") -> "Sent":
    """A file as an ASK's answer. Raises SendFailed when it is too large."""
    if len(body) > LARGEST:
        raise SendFailed(f"文件超过 {LARGEST // 1024 // 1024} MB", retry=False)
    return Sent(found={"name": name, "body": base64.b64encode(body).decode()})


@dataclass(frozen=True)
class Outgoing:
    """One thing to send to one person.

    `id` is the outbox row (stable over retries, the idempotency key); `track` the id of the card for its life
    ("L-1024-88", [0-9A-Za-z_@-], unique for ever); `code` the newest WeCom response_code for UPDATE ("" if none left);
    `reply_url` a sessionWebhook that is still open, or ""; `file` bytes + `filename`, for FILE.
    For TODO: `text` is the subject, `link` where a tap leads, `due` UTC or None; `ref` what TODO returned, for TODO_DONE.
    For ASK: `text` is what to look up ("external_contact", "user", DIRECTORY, FILE …), `ref` its id, `user` whose view of it.
    For FRIENDS: `friends` of `user` go to the user `ref`, with `text` to say to them; `left`: `user` has left the firm.
    """

    id: int
    way: Way
    user: str
    text: str = ""
    card: Card | None = None
    track: str = ""
    code: str = ""
    reply_url: str = ""
    file: bytes = b""
    filename: str = ""
    link: str = ""
    due: datetime | None = None
    ref: str = ""
    letter: Mapping[str, str] = field(default_factory=dict)  # mail only: subject, html, unsubscribe, after
    friends: tuple[str, ...] = ()
    left: bool = False
    again: bool = False  # tried before: it may have arrived, so "used up" or "exists already" means it did
    same: bool = (
        False  # UPDATE: the screen says this already; no need to send a copy when it cannot be updated
    )


@dataclass(frozen=True)
class Sent:
    """The platform took it. `ref`: its id for the message; `code`: a response_code for a later update, or "".

    `fresh` is True when an UPDATE could not be done in place and a new card was sent instead under `track`. `found` is
    what an ASK learned; of FRIENDS, each of them → why not, "" for whom it was taken.
    """

    ref: str = ""
    code: str = ""
    fresh: bool = False
    track: str = ""
    found: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One line of `/诊断` and `doctor`: state is "ok", "warn" or "fail"; what, why and how to fix, in Chinese."""

    name: str
    state: str
    text: str
    fix: str = ""


@dataclass
class Limits:
    """How fast a platform takes messages: per person and minute, per app and second; what can be done natively."""

    person_per_minute: int = 20
    app_per_second: float = 20.0
    idempotent: frozenset[Way] = field(
        default_factory=frozenset
    )  # ways whose repeat the platform itself swallows
    todo: bool = False
    one_shot: frozenset[Way] = field(
        default_factory=frozenset
    )  # ways that use something up: noted before they are tried
    needs_code: bool = False  # a card can be updated in place only with a code that a send or a click brought
    code_lasts: float = 0.0  # seconds such a code is good for (0: the platform says when it is not)
    speaks_first: bool = True  # may write to somebody who never wrote to it
    down: bool = False  # cannot send now and will not soon: whoever can be reached elsewhere is
    one_connection: bool = False  # of several replicas only one may be connected
    monthly: dict[str, int] = field(
        default_factory=dict
    )  # what is billed by the month ("api": 5000), empty: nothing
    daily: dict[str, int] = field(default_factory=dict)  # what is capped by the day, 0: not known


class Platform(Protocol):
    """A chat platform. One folder each under bot/; wired in main.py only."""

    name: str
    limits: Limits

    def routes(self) -> list[web.RouteDef]:
        """HTTP routes that the platform needs on our server (callbacks), possibly none."""
        ...

    async def start(self, intake: Intake) -> None:
        """Begin to receive. Every event goes through `intake` before it is acknowledged."""
        ...

    async def stop(self) -> None:
        """Stop receiving, finish what is being acknowledged, close connections."""
        ...

    async def send(self, out: Outgoing) -> Sent:
        """Send one thing. Raises SendFailed, never anything of the HTTP library."""
        ...

    async def check(self) -> list[Check]:
        """Look at credentials, connection and quota, for `/诊断`; raises nothing."""
        ...


@runtime_checkable
class Connecting(Protocol):
    """A platform that holds a connection of its own to receive by, and can lose it."""

    name: str

    def trouble(self) -> str:
        """Why nothing can come in now, in Chinese; "" while it is connected."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a callback: an HTTP status, and a body of `kind` (UTF-8), mostly none."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"

    @staticmethod
    def refused(status: int, code: str, message: str) -> "Reply":
        """A "no" in the shape that all refusals have."""
        said = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False)
        return Reply(status, said.encode())


Door = Callable[[Mapping[str, str], bytes], Awaitable[Reply]]
"""Takes a callback that was read whole: its query (the first value of each name) and its body. Raises nothing."""


@runtime_checkable
class Posted(Protocol):
    """A platform whose callbacks may be read without aiohttp (web/front.py); its `routes` take them as well."""

    name: str

    def doors(self) -> Mapping[str, Door]:
        """What takes the POSTs of which path."""
        ...


class Shared(Protocol):
    """What replicas share and may lose at any time: tokens, buckets, locks. In memory: store/cache.py, on Redis: store/redis.py."""

    async def get(self, key: str) -> str | None:
        """The value, or None when absent or expired."""
        ...

    async def put(self, key: str, value: str, seconds: float) -> None:
        """Keep a value for some seconds."""
        ...

    async def drop(self, key: str, value: str) -> None:
        """Forget the key if it still holds this value (a token that was just refused)."""
        ...

    async def take(self, bucket: str, per_second: float, burst: float) -> float:
        """Take one token. 0.0: go; else the seconds until one is there (nothing was taken)."""
        ...

    def lock(self, key: str, seconds: float) -> AbstractAsyncContextManager[None]:
        """One holder at a time across replicas, given up after `seconds` at the latest."""
        ...


Meter = Callable[[str, int], None]
"""meter("api", 1): counts what the platform bills by the month; kept in SQL by the outbox."""

Now = Callable[[], datetime]
"""The business clock (UTC, aware)."""
