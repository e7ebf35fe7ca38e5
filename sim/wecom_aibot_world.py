"""What the simulated AI bot (智能机器人) knows: chats, windows, cards, uploads, faults and its own clock."""

import hashlib
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sim.phone import Phone, Seen
from sim.refusal import Refusal
from sim.wire import Wire

Body = dict[str, Any]
DAY, HOUR = 86400.0, 3600.0


@dataclass
class Faults:
    """What goes wrong on purpose. Counters are used up one by one."""

    fail_next: list[tuple[int, str] | tuple[int, str, str]] = field(
        default_factory=list
    )  # errcode, errmsg[, cmd]
    cut: bool = False  # connections are dropped and refused
    refuse_subscribe: int = 0  # errcode of every subscribe
    deaf: bool = False  # frames are read, nothing is answered: missing pongs and acks
    swallow_acks: int = 0  # so many frames take effect without an acknowledgement
    drop_next: int = 0  # so many pushes are acknowledged and never shown
    latency: float = 0.0  # seconds before every acknowledgement
    duplicate_callbacks: bool = False  # every callback comes twice, with the same msgid
    late: float = 0.0  # seconds by which callbacks are late
    unknown_frames: bool = False  # frames of unknown kinds and control characters in between


@dataclass
class Limits:
    """Protocol 10.1, 10.5, 10.6. Times are seconds."""

    per_minute: int = 30
    per_hour: int = 1000
    reply_window: float = DAY
    card_window: float = 5.0
    stream_life: float = 360.0
    in_hand: int = 3  # messages of one person that wait for an answer
    stream_bytes: int = 20480
    media_life: float = 3 * DAY
    upload_life: float = 1800.0
    uploads_per_minute: int = 30
    uploads_per_hour: int = 1000
    url_life: float = 300.0
    subscribes_per_minute: int = 60  # not published; storms are refused with 45009


@dataclass
class Callback:
    """A callback that may be answered: message · enter_chat · template_card_event · other."""

    req_id: str
    kind: str
    at: float
    user: str
    chat: str  # user id of a single chat, chatid of a group
    task_id: str = ""
    used: bool = False
    streams: dict[str, "Shown"] = field(default_factory=dict)


@dataclass
class Shown:
    """A stream on the screens."""

    seen: list[tuple[Phone, Seen]]
    begun: float
    finished: bool = False


@dataclass
class CardShown:
    """A card by its task_id, with the screens it is on."""

    chat: str
    screens: list[tuple[Phone, Seen]]
    card: Body


@dataclass
class Upload:
    """An upload that has begun."""

    kind: str
    name: str
    size: int
    chunks: int
    md5: str
    born: float
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Stored:
    """A file: what the bot uploaded, or what a person sent (with its key)."""

    name: str
    body: bytes
    born: float
    kind: str = "file"
    key: bytes = b""


@dataclass
class World:
    """One AI bot and the people who can see it."""

    bot_id: str
    secret: str
    bot_name: str = "跟进"
    corp_id: str = "wwsim"
    encrypted: bool = False  # callbacks name people by open_userid: the bot's creator is no super admin
    skew: float = 0.0
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    wire: Wire = field(default_factory=Wire)
    phones: dict[str, Phone] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)  # chatid → user ids
    wrote: set[str] = field(default_factory=set)  # chats in which somebody wrote to the bot
    callbacks: dict[str, Callback] = field(default_factory=dict)  # by req_id
    cards: dict[str, CardShown] = field(default_factory=dict)  # by task_id
    sent_in: dict[str, "deque[float]"] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    uploaded_at: "deque[float]" = field(default_factory=deque)
    media: dict[str, Stored] = field(default_factory=dict)
    soft_warnings: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # what the bot did against the protocol
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(time.time_ns() // 1000))

    def now(self) -> float:
        """This platform's clock, Unix seconds."""
        return time.time() + self.skew

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers)}"

    def note(self, what: str, told: object = None) -> None:
        """Writes what did not travel into the wire log."""
        self.wire.log("note", what, told, at=self.now())

    def complain(self, what: str) -> None:
        self.complaints.append(what)
        self.note(f"complaint: {what}")

    def id_of(self, user: str) -> str:
        """How callbacks name a person."""
        return open_userid(self.corp_id, user) if self.encrypted else user

    def user_by(self, id: str) -> str | None:
        """The person behind an id as callbacks give it; ids are case-sensitive."""
        return next((user for user in self.phones if self.id_of(user) == id), None)

    def count_in(self, chat: str) -> None:
        """One more message in a conversation; raises 45009 above 30 a minute or 1,000 an hour."""
        now, times = self.now(), self.sent_in.setdefault(chat, deque())
        while times and now - times[0] >= HOUR:
            times.popleft()
        if len(times) >= self.limits.per_hour or sum(now - at < 60 for at in times) >= self.limits.per_minute:
            raise Refusal(45009, "api freq out of limit")
        times.append(now)


def open_userid(corp_id: str, user: str) -> str:
    """The encrypted id of a member: the same for ever, says nothing, is case-sensitive."""
    return "woAJ2GCAAA" + hashlib.sha256(f"{corp_id}/{user.lower()}".encode()).hexdigest()[:22].swapcase()
