"""What the buttons of an import say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class TakeIn(Action):
    """仅入公海 / 派发 on a file that was looked at. `mode`: "pool" or "assign"."""

    batch: int
    mode: str
