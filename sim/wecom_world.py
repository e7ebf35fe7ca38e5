"""What the simulated WeCom knows: members, tokens, media, cards, codes, faults and its own clock."""

import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import ClientSession, web

from sim.phone import Phone, Seen
from sim.refusal import Refusal
from sim.wire import Wire

HOUR, DAY = 3600.0, 86400.0
Body = dict[str, Any]


@dataclass
class Faults:
    """What goes wrong on purpose. Counters are used up one by one."""

    drop_next: int = 0  # message/send answers errcode 0 and nothing arrives
    fail_next: list[tuple[int, str] | tuple[int, str, str]] = field(
        default_factory=list
    )  # errcode, errmsg[, path]
    http_503_next: int = 0
    hang_next: float = (
        0.0  # seconds before the next API call is looked at (not at all when the caller hangs up)
    )
    latency: float = 0.0  # seconds before every API answer
    deliver_but_fail_next: int = 0  # send or update is done, then the connection breaks
    fail_how: str = "reset"  # how it breaks: "reset" or "500"
    lose_tokens_next: int = 0  # tokens are invalidated early, before so many business calls
    untrusted_ip: bool = False  # 60020 on every business call
    cut: bool = False  # every connection to the API is broken at once
    duplicate_callbacks: bool | float = False  # True, or a probability
    late: float = 0.0  # seconds by which callbacks are late
    hold: int = 0  # the next N callbacks are kept back, then delivered in reverse order
    agent_id_spelling: str = "AgentID"  # older samples write "AgentId" inside card events


@dataclass
class Member:
    """A member of the company, as the directory and the visibility table know them."""

    user: str
    name: str
    visible: bool = True
    licensed: bool = True
    departments: list[int] = field(default_factory=lambda: [1])
    leads: list[int] = field(default_factory=list)  # departments led
    direct_leader: list[str] = field(default_factory=list)
    position: str = ""
    alias: str = ""
    status: int = 1  # 1 active, 2 disabled, 4 inactive, 5 left
    real_name: bool = True
    customer_contact: bool = True  # 客户联系 is switched on for them
    most_customers: int = 20_000


@dataclass
class Media:
    """An uploaded or received file, kept for three days."""

    id: str
    kind: str  # image · voice · video · file
    name: str
    body: bytes
    born: float


@dataclass
class Message:
    """A message that was sent, with the screens it is on."""

    id: str
    at: float
    kind: str
    shown: dict[str, Seen] = field(default_factory=dict)  # by member id, lower case
    card: Body = field(default_factory=dict)
    task_id: str = ""


@dataclass
class Code:
    """A response_code: one use within 72 hours."""

    code: str
    born: float
    message: Message
    used: bool = False


@dataclass
class Customer:
    """An external contact and the members who know them; half: the rep has not added back yet."""

    id: str
    name: str
    follow: dict[str, Body] = field(default_factory=dict)  # by member id
    half: set[str] = field(default_factory=set)
    corp_name: str = ""
    type: int = 1  # 1 WeChat, 2 WeCom


@dataclass
class Transfer:
    """A customer on the way from one member to another; both by id in lower case. `status` as transfer_result has it."""

    former: str
    taker: str
    external: str
    at: float
    resigned: bool
    message: str = ""
    status: int = 2  # 1 done, 2 waiting, 3 refused by the customer, 4 the taker has too many


@dataclass
class Welcome:
    """A welcome_code: one use within 20 seconds."""

    born: float
    user: str
    customer: str
    used: bool = False


@dataclass(frozen=True)
class Call:
    """One API call: `body` is the parsed JSON object, empty for GET and uploads."""

    path: str
    query: Mapping[str, str]
    body: Body
    request: web.Request
    ip: str = ""


@dataclass
class World:
    """The state of one simulated company with one self-built app."""

    corp_id: str
    agent_id: int
    secret: str
    token: str
    aes_key: str
    callback_url: str = ""
    skew: float = 0.0  # seconds by which this platform's clock is ahead
    faults: Faults = field(default_factory=Faults)
    wire: Wire = field(default_factory=Wire)
    phones: dict[str, Phone] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)  # by user id in lower case
    departments: dict[int, tuple[str, int]] = field(default_factory=lambda: {1: ("总部", 0)})  # name, parent
    tokens: dict[str, float] = field(default_factory=dict)  # token → when it ends; 0: invalidated
    token_life: float = 7200.0
    bad_secrets: dict[str, int] = field(default_factory=dict)  # by IP
    bad_secret_limit: int = 20
    banned_until: dict[str, float] = field(default_factory=dict)  # by IP
    media: dict[str, Media] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    task_ids: set[str] = field(default_factory=set)
    codes: dict[str, Code] = field(default_factory=dict)
    sent_bodies: dict[str, float] = field(default_factory=dict)  # duplicate check: digest → when
    sent_to: dict[str, deque[float]] = field(default_factory=dict)  # per member: when, for 30/min and 1000/h
    per_minute: int = 30
    per_hour: int = 1000
    accounts: int = 500  # how many the firm may have: an app sends to 200 × as many recipients a day
    today: tuple[int, int] = (0, 0)  # the day, counted from 1970, and its recipients
    soft_warnings: list[str] = field(default_factory=list)
    menu: Body | None = None
    customers: dict[str, Customer] = field(default_factory=dict)
    welcomes: dict[str, Welcome] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    transfer_page: int = 1000  # customers on one page of transfer_result
    left: dict[str, float] = field(default_factory=dict)  # who left the company and when, by id in lower case
    deadline: float = 5.0  # seconds a callback may take
    retries: int = 3  # beyond the first delivery
    retry_pause: float = 0.05
    retry_on_status: bool = True  # page 90238 retries any non-200, page 90930 only network errors
    honour_passive_update: bool = (
        False  # page 90241 against itself: update_button as an answer to a card click
    )
    held: list[Any] = field(default_factory=list)  # callbacks kept back by faults.hold
    dice: random.Random = field(default_factory=random.Random)
    session: ClientSession | None = None
    serial: "count[int]" = field(default_factory=lambda: count(1))

    def now(self) -> float:
        """This platform's clock, Unix seconds."""
        return time.time() + self.skew

    def new_id(self, prefix: str) -> str:
        """An id that was never given out before."""
        return f"{prefix}{next(self.serial)}-{self.dice.getrandbits(48):012x}"

    def note(self, what: str, detail: Any = None) -> None:
        """Writes down something that did not travel."""
        self.wire.log("note", what, detail, at=self.now())

    def member(self, user: str) -> Member | None:
        """The visible member with this id, whatever its case, or None."""
        found = self.members.get(user.lower())
        return found if found and found.visible else None

    def phone(self, member: Member) -> Phone:
        """The phone of a member."""
        return self.phones[member.user]

    def issue_code(self, message: Message) -> str:
        """A fresh response_code for a card."""
        code = self.new_id("RC")
        self.codes[code] = Code(code, self.now(), message)
        return code

    def file(self, media_id: str, kind: str = "") -> Media:
        """A live media file of this kind; raises Refusal 40007."""
        found = self.media.get(media_id)
        if found is None or self.now() - found.born > 3 * DAY or (kind and found.kind != kind):
            raise Refusal(40007, "invalid media_id")
        return found

    def keep_file(self, kind: str, name: str, body: bytes) -> Media:
        """Stores a file and gives it a media_id."""
        media = Media(self.new_id("MEDIA"), kind, name, body, self.now())
        self.media[media.id] = media
        return media
