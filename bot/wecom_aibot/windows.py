"""What may still be answered: each callback opens a window, named by its req_id (protocol 10.4, 10.5)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

REPLY_FOR = 24 * 3600.0  # seconds in which a message may be answered
CARD_FOR = 4.5  # of the 5 s in which a card may be changed or a newcomer welcomed
MOST = 20_000


@dataclass(frozen=True)
class Window:
    """A callback that may be answered until `until` (loop time). `task`: the card that was pressed."""

    req_id: str
    until: float
    task: str = ""


class Windows:
    """Open windows of one process. They live as long as it does: a req_id says nothing to another connection.

    `card_for`: seconds in which a card may be changed."""

    def __init__(self, clock: Callable[[], float] | None = None, card_for: float = CARD_FOR) -> None:
        self.card_for = card_for
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._messages: OrderedDict[str, Window] = OrderedDict()  # user → their newest message
        self._arrivals: OrderedDict[str, Window] = OrderedDict()  # user → their entering the chat
        self._presses: OrderedDict[str, Window] = OrderedDict()  # req_id → a press

    def message(self, user: str, req_id: str) -> None:
        """Somebody wrote: the next thing said to them may answer it."""
        self._keep(self._messages, user, Window(req_id, self._clock() + REPLY_FOR))

    def arrival(self, user: str, req_id: str) -> None:
        """Somebody opened the chat: one welcome, within seconds."""
        self._keep(self._arrivals, user, Window(req_id, self._clock() + CARD_FOR))

    def press(self, req_id: str, task: str) -> None:
        """Somebody pressed a card: it may be changed once, within seconds."""
        self._keep(self._presses, req_id, Window(req_id, self._clock() + self.card_for, task))

    def open_message(self, user: str, req_id: str) -> bool:
        """Whether this message of theirs still waits for its answer."""
        found = self._messages.get(user)
        return found is not None and found.req_id == req_id

    def take_message(self, user: str) -> Window | None:
        """The message that is still unanswered, once."""
        return self._take(self._messages, user)

    def take_arrival(self, user: str) -> Window | None:
        """The arrival that is still open, once."""
        return self._take(self._arrivals, user)

    def take_press(self, req_id: str) -> Window | None:
        """The press that is still open, once."""
        return self._take(self._presses, req_id)

    def _take(self, kept: OrderedDict[str, Window], key: str) -> Window | None:
        found = kept.pop(key, None)
        return found if found is not None and found.until > self._clock() else None

    @staticmethod
    def _keep(kept: OrderedDict[str, Window], key: str, window: Window) -> None:
        kept.pop(key, None)
        kept[key] = window
        if len(kept) > MOST:
            kept.popitem(last=False)
