"""What the buttons about new people in the address book say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class JoinAll(Action):
    """全部加入: everybody undecided with a number up to `last`, as the card showed them."""

    last: int


@dataclass(frozen=True)
class JoinEach(Action):
    """逐个: one after the other."""

    last: int


@dataclass(frozen=True)
class Decide(Action):
    """加入 / 不加入 for one entry of the directory, then the next one up to `last`."""

    entry: int
    last: int
    yes: bool
