"""Customers in WeChat: what they and the reps write to each other there. No bot ever sees it; reps forward and paste it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sim.phone import Phone, Seen
from sim.wire import Wire

Lines = Sequence[tuple[str, str]]


@dataclass
class Faults:
    """Nothing can go wrong here."""


@dataclass
class Wechat:
    """The customers' phones, in the shape of a platform: what one writes stands there, and nothing is called."""

    skew: float = 0.0
    faults: Faults = field(default_factory=Faults)
    wire: Wire = field(default_factory=Wire)
    phones: dict[str, Phone] = field(default_factory=dict)

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self.skew

    async def start(self) -> None:
        """No port is needed."""

    async def stop(self) -> None:
        """Nothing to close."""

    def person(self, user: str, name: str) -> Phone:
        """A customer's phone; created when new."""
        if user not in self.phones:
            phone = Phone(user, name)
            phone.send = partial(self._verb, phone)
            self.phones[user] = phone
        return self.phones[user]

    async def says(self, user: str, speaker: str, text: str) -> Seen:
        """Somebody writes into this customer's chat; the customer's own words stand on their side of it."""
        phone = self.phones[user]
        own = speaker == phone.name
        return await phone.show(Seen(0, "text", text, self.now(), mine=own, raw={"speaker": speaker}))

    async def remember(self, user: str, lines: Lines) -> None:
        """What was written before the story begins, a minute apart."""
        start = self.now() - 60.0 * (len(lines) + 1)
        for n, (speaker, text) in enumerate(lines):
            seen = await self.says(user, speaker, text)
            seen.at = start + 60.0 * n

    async def _verb(self, phone: Phone, verb: dict[str, Any]) -> None:
        """There is no bot to be told."""
