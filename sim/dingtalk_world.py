"""The state of a pretend DingTalk: people, departments, groups, sent messages, files, usage, clock."""

import base64
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sim.dingtalk_faults import Faults, Limits
from sim.phone import Phone, Seen
from sim.wire import Wire

Json = dict[str, Any]
SCOPES = frozenset({
    "qyapi_robot_sendmsg", "Card.Instance.Write", "Card.Streaming.Write", "qyapi_get_member",
    "qyapi_get_member_by_mobile", "qyapi_get_department_list", "Todo.Todo.Write", "Todo.Todo.Read",
    "Robot.SingleChat.ReadWrite", "fieldMobile",
})  # fmt: skip
CHINA = timedelta(hours=8)


def token(size: int = 16) -> str:
    """A fresh random id in hex."""
    return secrets.token_hex(size)


def opaque(prefix: str = "") -> str:
    """A fresh id in base64 (ends with "=="), as DingTalk's message and conversation ids look."""
    return prefix + base64.b64encode(secrets.token_bytes(13)).decode()


@dataclass
class Member:
    """A person. `published` False: the app is not published for them, so their messages carry no senderStaffId.

    `visible` False: outside the app's visible range (invalidStaffIdList). `outsider`: of another organisation.
    """

    user: str
    name: str
    union: str
    visible: bool = True
    published: bool = True
    outsider: bool = False
    manager: str = ""
    mobile: str = ""
    title: str = ""
    departments: list[int] = field(default_factory=lambda: [1])
    sender: str = field(default_factory=lambda: opaque("$:LWCP_v1:$"))
    chat: str = field(default_factory=lambda: opaque("cid"))
    read_at: float = 0.0


@dataclass
class Department:
    """A department; the root has id 1 and parent 0. `managers` are user ids."""

    id: int
    name: str
    parent: int = 1
    managers: list[str] = field(default_factory=list)


@dataclass
class Group:
    """An internal group with the robot in it (unless `robot` is False)."""

    id: str
    title: str
    members: list[str]
    robot: bool = True


@dataclass
class Told:
    """One message of the robot as it was sent; `seen` is what stands on whose phone."""

    key: str  # processQueryKey or a card's carrierId
    at: float
    users: list[str]
    group: str = ""
    seen: list[tuple[str, Seen]] = field(default_factory=list)
    recalled: bool = False


@dataclass
class Stored:
    """A file at the platform: uploaded media or something that a person sent."""

    name: str
    kind: str
    body: bytes
    at: float


@dataclass
class Session:
    """Where a sessionWebhook leads and until when (Unix seconds)."""

    user: str
    group: str
    until: float
    sent: list[float] = field(default_factory=list)


@dataclass
class Usage:
    """What one month has used up of the organisation's quota; `webhooks` are counted but limit nothing."""

    api_calls: int = 0
    pushes: int = 0
    webhooks: int = 0


class World:
    """Everything that the parts of the simulator share. `now()` is Unix seconds of DingTalk's own clock."""

    def __init__(self, client_id: str, client_secret: str, corp_id: str) -> None:
        self.client_id, self.client_secret, self.corp_id = client_id, client_secret, corp_id
        self.url = ""
        self.skew = 0.0
        self.faults, self.limits, self.wire = Faults(), Limits(), Wire()
        self.phones: dict[str, Phone] = {}
        self.members: dict[str, Member] = {}
        self.departments: dict[int, Department] = {1: Department(1, "总公司", 0)}
        self.groups: dict[str, Group] = {}
        self.scopes: set[str] = set(SCOPES)
        self.sessions: dict[str, Session] = {}
        self.told: dict[str, Told] = {}
        self.media: dict[str, Stored] = {}
        self.downloads: dict[str, Stored] = {}
        self.auth_codes: dict[str, tuple[str, float]] = {}
        self.usage: dict[str, Usage] = {}
        self.complaints: list[str] = []
        self.verb: Callable[[str, Json], Awaitable[None]] | None = None

    def now(self) -> float:
        """Unix seconds, `skew` ahead of the machine."""
        return time.time() + self.skew

    def now_ms(self) -> int:
        """Unix milliseconds, as payloads carry them."""
        return int(self.now() * 1000)

    def person(
        self,
        user: str,
        name: str = "",
        *,
        union: str = "",
        visible: bool = True,
        published: bool = True,
        manager: str = "",
        mobile: str = "",
        title: str = "",
        departments: list[int] | None = None,
        outsider: bool = False,
    ) -> Phone:
        """A person and their phone: created, or the one that is there already (then nothing is changed)."""
        if user not in self.phones:
            self.members[user] = Member(
                user, name or user, union or f"uni{user}", visible, published, outsider, manager, mobile, title,
                departments or [1],
            )  # fmt: skip
            phone = Phone(user, name or user)

            async def send(verb: Json) -> None:
                if self.verb is None:
                    raise RuntimeError("the simulator is not running")
                await self.verb(user, verb)

            phone.send = send
            self.phones[user] = phone
        return self.phones[user]

    def department(
        self, id: int, name: str, *, parent: int = 1, managers: list[str] | None = None
    ) -> Department:
        """Adds or replaces a department."""
        self.departments[id] = Department(id, name, parent, managers or [])
        return self.departments[id]

    def group(self, title: str, members: list[str], *, id: str = "", robot: bool = True) -> Group:
        """Creates an internal group; its id is an openConversationId."""
        made = Group(id or opaque("cid"), title, members, robot)
        self.groups[made.id] = made
        return made

    def by_union(self, union: str) -> Member | None:
        """The person with this unionId, or None."""
        return next((member for member in self.members.values() if member.union == union), None)

    def reachable(self, user: str) -> bool:
        """May the robot write to this user id?"""
        member = self.members.get(user)
        return (
            member is not None and member.visible and not member.outsider and user not in self.faults.invalid
        )

    def month(self) -> Usage:
        """The counters of the running month (China time)."""
        key = f"{datetime.fromtimestamp(self.now(), UTC) + CHINA:%Y-%m}"
        return self.usage.setdefault(key, Usage())

    def complain(self, text: str) -> None:
        """Notes a breach of the protocol that DingTalk would swallow; tests look at `complaints`."""
        self.complaints.append(text)
        self.note("complaint", text)

    def note(self, what: str, sent: object = None) -> None:
        """Puts something on the wire that did not travel."""
        self.wire.log("note", what, sent, at=self.now())

    async def show(self, told: Told, make: Callable[[str], Seen]) -> None:
        """Puts a message on the phones of its users; a `drop_next` keeps it from one phone silently."""
        self.told[told.key] = told
        for user in told.users:
            if self.faults.take("drop_next"):
                self.note("dropped silently", {"user": user})
                continue
            fresh = make(user)
            fresh.ref = told.key
            seen = await self.phones[user].show(fresh)
            told.seen.append((user, seen))
