"""What the buttons on opportunities say. `version` is the opportunity's at rendering."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class StepOpportunity(Action):
    """推进到…, 退回上一步, 赢单, 丢单: `what` is one of rules/opportunities.Step."""

    opportunity: int
    version: int
    what: str


@dataclass(frozen=True)
class ShowOpportunity(Action):
    """One out of a list."""

    opportunity: int


@dataclass(frozen=True)
class TakeOpportunity(Action):
    """接手: an opportunity that nobody has becomes mine, with the customer when nobody has that either."""

    opportunity: int
    version: int


@dataclass(frozen=True)
class OpportunityPage(Action):
    """下一页 of a list: rows from this one on. `words` is the filter."""

    start: int
    words: str
