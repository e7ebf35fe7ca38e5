"""What the buttons of the silence ladder say: a lowered level is given back or accepted."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class RestoreLevel(Action):
    """恢复: the level that the fact `fact` took."""

    lead: int
    fact: int


@dataclass(frozen=True)
class ConfirmLevel(Action):
    """确认: the lower level is right."""

    lead: int
    fact: int
