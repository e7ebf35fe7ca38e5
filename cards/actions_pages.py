"""What the buttons that lead to web pages say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class OpenPage(Action):
    """看板: a fresh one-time link. `at`: "board", "overdue", "import", or the id of a record ("L-1024", "C-0311")."""

    at: str


@dataclass(frozen=True)
class GrantExport(Action):
    """同意 / 不同意 on the request of `member` to take a lot along."""

    member: str
    yes: bool
