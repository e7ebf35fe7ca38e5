"""Router: finds the one handler for an event. An explicit list, first that fits wins."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.events import Alert, Arrived, Click, Fact, Form, Message, Timer
from bot.turn import Turn
from cards.actions import Action
from rules.team import Role

Handler = Callable[[Turn, Any], Awaitable[None]]
Test = Callable[[Turn, Message], bool]


@dataclass(frozen=True)
class Command:
    """A text command: `/name words`. `usage` and `about` are shown by /帮助; `may` empty: everybody."""

    name: str
    handler: Handler
    usage: str
    about: str
    may: frozenset[Role] = frozenset()
    aliases: tuple[str, ...] = ()


@dataclass
class Router:
    """The handlers of one file. `main` joins them in routing order."""

    name: str
    commands: list[Command] = field(default_factory=list)
    clicks: dict[type[Action], tuple[Handler, frozenset[Role]]] = field(default_factory=dict)
    answers: dict[str, Handler] = field(default_factory=dict)
    messages: list[tuple[Test, Handler]] = field(default_factory=list)
    timers: dict[str, Handler] = field(default_factory=dict)
    facts: dict[str, list[Handler]] = field(default_factory=dict)
    forms: dict[str, Handler] = field(default_factory=dict)
    arrivals: list[Handler] = field(default_factory=list)
    alerts: list[Handler] = field(default_factory=list)
    steps: dict[str, Handler] = field(default_factory=dict)

    def command(
        self, name: str, *, usage: str, about: str, may: Iterable[Role] = (), aliases: tuple[str, ...] = ()
    ) -> Callable[[Handler], Handler]:
        """Handler(turn, words: str) for `/name words`."""

        def register(handler: Handler) -> Handler:
            self.commands.append(Command(name, handler, usage, about, frozenset(may), aliases))
            return handler

        return register

    def click(self, action: type[Action], *, may: Iterable[Role] = ()) -> Callable[[Handler], Handler]:
        """Handler(turn, action) for a press of a button that carries `action`; choices of selects: turn.event.values."""

        def register(handler: Handler) -> Handler:
            self.clicks[action] = (handler, frozenset(may))
            return handler

        return register

    def answer(self, kind: str) -> Callable[[Handler], Handler]:
        """Handler(turn, message) for the answer to turn.expect(kind, …); its payload is turn.expected."""

        def register(handler: Handler) -> Handler:
            self.answers[kind] = handler
            return handler

        return register

    def message(self, test: Test) -> Callable[[Handler], Handler]:
        """Handler(turn, message) for a message that passes `test` (no command, no open question)."""

        def register(handler: Handler) -> Handler:
            self.messages.append((test, handler))
            return handler

        return register

    def timer(self, kind: str) -> Callable[[Handler], Handler]:
        """Handler(turn, timer) for turn.remind(kind, …)."""

        def register(handler: Handler) -> Handler:
            self.timers[kind] = handler
            return handler

        return register

    def fact(self, name: str) -> Callable[[Handler], Handler]:
        """Handler(turn, fact) for turn.record(name, …). Several may listen; they share the fact's transaction."""

        def register(handler: Handler) -> Handler:
            self.facts.setdefault(name, []).append(handler)
            return handler

        return register

    def form(self, name: str) -> Callable[[Handler], Handler]:
        """Handler(turn, form) → dict for a Form; the dict is the answer the web page or API client gets."""

        def register(handler: Handler) -> Handler:
            self.forms[name] = handler
            return handler

        return register

    def step(self, name: str) -> Callable[[Handler], Handler]:
        """Handler(turn, refused) after a rule raised Refused(step=name): shows what would help instead.

        The refused handler's rows are rolled back and the sentence is said first.
        """

        def register(handler: Handler) -> Handler:
            self.steps[name] = handler
            return handler

        return register

    def arrival(self, handler: Handler) -> Handler:
        """Handler(turn, arrived) when somebody becomes reachable or leaves."""
        self.arrivals.append(handler)
        return handler

    def alert(self, handler: Handler) -> Handler:
        """Handler(turn, alert) when a platform tells of itself."""
        self.alerts.append(handler)
        return handler


__all__ = ["Alert", "Arrived", "Click", "Command", "Fact", "Form", "Handler", "Message", "Router", "Timer"]
