"""A person's phone in a pretend platform: what they saw, press and type. Shared by both simulators."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sim.wire import appears, exchange


@dataclass
class Press:
    """A button as it stands on the screen. `link` is set when it opens a page instead of calling back."""

    label: str
    key: str
    enabled: bool = True
    link: str = ""


@dataclass
class Pick:
    """A drop-down or tick list: options are (id, label); `chosen` the ids picked so far."""

    key: str
    title: str
    options: list[tuple[str, str]]
    many: bool = False
    enabled: bool = True
    chosen: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """One message or card on the screen. `text` is all that can be read on it, also after updates."""

    n: int
    kind: str  # text · markdown · card · file · image · todo · notice …
    text: str
    at: float
    track: str = ""  # task_id / outTrackId
    buttons: list[Press] = field(default_factory=list)
    picks: list[Pick] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    file: bytes = b""
    mine: bool = False  # what the person wrote themselves
    updates: int = 0
    recalled: bool = False
    version: int = 0  # the phone's version when this last changed (for onlookers: the console)
    ref: str = ""  # the platform's id of the message (msgid, processQueryKey, carrierId)

    def button(self, label: str) -> Press | None:
        """The enabled button with this label (exact, else containing it), or None."""
        live = [press for press in self.buttons if press.enabled]
        exact = next((press for press in live if press.label == label), None)
        return exact or next((press for press in live if label in press.label), None)


class Gone(AssertionError):
    """The person waited and did not see it; the message lists what is on the screen."""


@dataclass
class Phone:
    """One person's phone. The server sets `on_say`, `on_click` …; tests and the console use the verbs.

    All verbs return when the platform has handed the event over or given up (they do not wait for an answer).
    """

    user: str
    name: str
    seen: list[Seen] = field(default_factory=list)
    send: Callable[[dict[str, Any]], Awaitable[None]] | None = None  # set by the server: one verb as a dict
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    mark: int = 0  # `sees` looks at what came or changed after this point
    version: int = 0  # grows with everything that appears or changes on the screen
    said: Seen | None = None  # own words on the screen that have not been sent yet

    async def show(self, seen: Seen) -> Seen:
        """The server puts something on the screen."""
        async with self.changed:
            seen.n = len(self.seen) + 1
            self.version += 1
            seen.version = self.version
            self.seen.append(seen)
            appears(self.user, seen.n)
            if seen.mine:
                self.said = seen
            self.changed.notify_all()
        return seen

    async def refresh(self, seen: Seen) -> None:
        """The server changed something that is on the screen already."""
        async with self.changed:
            seen.updates += 1
            self.version += 1
            seen.version = self.version
            appears(self.user, seen.n)
            self.changed.notify_all()

    async def _do(self, **verb: Any) -> None:
        if self.send is None:
            raise RuntimeError("this phone belongs to no server")
        cause, self.said = verb.get("card") or self.said, None
        with exchange(*([(self.user, cause.n)] if cause is not None else [])):
            await self.send(verb)
        self.said = None

    async def does(self, verb: str, **details: Any) -> None:
        """A verb that only one platform knows (link, location, subscribe …), with its details."""
        await self._do(verb=verb, **details)

    async def says(self, text: str) -> None:
        """Types a text into the one-to-one chat with the bot."""
        await self.show(Seen(0, "text", text, time.time(), mine=True))
        await self._do(verb="say", text=text)

    async def forwards(self, lines: list[tuple[str, str]], *, only: int | None = None) -> None:
        """Forwards a merged chat record of (speaker, text); `only`: the platform hands over just so many.

        Where the platform has no such message type (WeCom app) nothing reaches the bot: paste instead.
        """
        await self._do(verb="forward", lines=lines, only=only)

    async def speaks(self, recognised: str, seconds: float = 4.0) -> None:
        """Sends a voice message; `recognised` is the platform's recognition where it has one."""
        await self._do(verb="voice", text=recognised, seconds=seconds)

    async def sends_file(self, name: str, body: bytes) -> None:
        """Sends a file to the bot (where the platform hands files over)."""
        await self._do(verb="file", name=name, body=body)

    async def sends_picture(self, body: bytes = b"\x89PNG\r\n\x1a\nnot really") -> None:
        """Sends a picture to the bot."""
        await self._do(verb="image", body=body)

    async def enters(self) -> None:
        """Opens the chat with the bot (WeCom enter_agent); nothing where the platform does not tell."""
        await self._do(verb="enter")

    async def taps_menu(self, key: str) -> None:
        """Taps an entry of the app's menu (WeCom click event)."""
        await self._do(verb="menu", key=key)

    async def clicks(self, label: str, on: Seen | str | None = None, *, times: int = 1) -> None:
        """Presses the button `label` on the newest card that has it, or on `on` (a Seen or part of its text)."""
        card = self._card_with(label, on)
        press = card.button(label)
        if press is None:
            there = [press.label for press in card.buttons]
            raise Gone(f"{self.name}: 卡片上没有可按的「{label}」：\n{card.text}\n按钮：{there}")
        await asyncio.gather(*(self._do(verb="click", card=card, press=press) for _ in range(times)))

    async def presses_anyway(self, card: Seen, key: str) -> None:
        """Sends a click for a key that may be disabled or no longer on the card (an old client, a replay)."""
        await self._do(verb="click", card=card, press=Press("?", key))

    def chooses(self, title: str, label: str, on: Seen | str | None = None) -> None:
        """Picks an option in a drop-down of the newest card that has it (sent with the next click)."""
        for card in [on] if isinstance(on, Seen) else reversed(self.seen):
            for pick in card.picks:
                if title in pick.title and pick.enabled:
                    ids = [i for i, text in pick.options if text == label]
                    if ids:
                        pick.chosen = [*pick.chosen, *ids] if pick.many else ids
                        return
        raise Gone(f"{self.name}: 没有「{title}」里的「{label}」")

    def _card_with(self, label: str, on: Seen | str | None) -> Seen:
        if isinstance(on, Seen):
            return on
        for seen in reversed(self.seen):
            if seen.button(label) and (on is None or on in seen.text):
                return seen
        raise Gone(f"{self.name}: 没有带「{label}」的卡片{f'（{on}）' if on else ''}。\n{self.screen()}")

    def find(self, *fragments: str, after: int = 0) -> Seen | None:
        """The newest thing on the screen (not one's own words) that holds all fragments, or None."""
        for seen in reversed(self.seen[after:]):
            if not seen.mine and all(fragment in seen.text for fragment in fragments):
                return seen
        return None

    async def sees(self, *fragments: str, timeout: float = 8.0, after: int | None = None) -> Seen:
        """Waits until something on the screen holds all fragments; raises Gone with the screen otherwise."""
        start = self.mark if after is None else after
        async with self.changed:
            try:
                async with asyncio.timeout(timeout):
                    while (found := self.find(*fragments, after=start)) is None:
                        await self.changed.wait()
            except TimeoutError:
                raise Gone(f"{self.name} 没有看到 {fragments}：\n{self.screen(start)}") from None
        return found

    async def sees_nothing(self, *fragments: str, within: float = 0.6, after: int | None = None) -> None:
        """Waits `within` seconds and fails when something with all fragments shows up."""
        await asyncio.sleep(within)
        found = self.find(*fragments, after=self.mark if after is None else after)
        if found is not None:
            raise AssertionError(f"{self.name} 不该看到：\n{found.text}")

    def looks_away(self) -> None:
        """From here on `sees` counts only what is new."""
        self.mark = len(self.seen)

    def count(self, *fragments: str) -> int:
        """How many things on the screen hold all fragments (one's own words left out)."""
        return sum(1 for s in self.seen if not s.mine and all(fragment in s.text for fragment in fragments))

    def screen(self, after: int = 0) -> str:
        """The screen as text, for error messages."""
        rows = []
        for seen in self.seen[after:]:
            live = " ".join(f"［{p.label}］" if p.enabled else f"({p.label})" for p in seen.buttons)
            rows.append(f"{seen.n}. {'→' if seen.mine else '←'} {seen.text} {live}")
        return "\n".join(rows) or "（空）"
