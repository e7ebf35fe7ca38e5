"""What the buttons of assignment, the public pool and leave say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class Decline(Action):
    """退回: the lead goes to the next one; asks for the reason. `version` is the lead's at rendering."""

    lead: int
    version: int
