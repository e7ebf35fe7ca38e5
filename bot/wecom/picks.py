"""Buttons that had to become options, because a card holds only so many: how they travel and are read back.

A submit key `pick` or `pick:<action>` says: an option chosen in a marked question may itself be the action; if none
is, it is `<action>` (protocol 4.3: at most six buttons; option ids of at most 128 bytes). Marks in front of a question
key: `~` all its options are actions, `+` actions stand among values.
"""

import re
from collections.abc import Mapping, Sequence

PICK = "pick"
ALL, SOME = "~", "+"
NONE = "-"  # the option that stands for "none of these"
_PACKED = re.compile(r"[A-Z][A-Za-z0-9]*(:[^:]*)*")


def is_action(value: str) -> bool:
    """True when an option's value has the form of a packed action (`Assign:1024:lisi`, `Cancel`)."""
    return _PACKED.fullmatch(value) is not None


def submit_key(action: str = "") -> str:
    """The key of a submit button whose card offers actions as options; `action` applies when none is chosen."""
    return f"{PICK}:{action}" if action else PICK


def is_pick(key: str) -> bool:
    """True for the keys that `submit_key` makes."""
    return key == PICK or key.startswith(f"{PICK}:")


def bare(question: str) -> str:
    """A question key without its mark."""
    return question[1:] if question[:1] in (ALL, SOME) else question


def resolve(key: str, chosen: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, list[str]]]:
    """What was pressed and what was chosen → (packed action, values of the card's own selects)."""
    picked: list[str] = []
    values: dict[str, list[str]] = {}
    for question, ids in chosen.items():
        kept = list(ids)
        if question[:1] in (ALL, SOME):
            kept = [one for one in ids if one != NONE]
            if is_pick(key):
                actions = [one for one in kept if question.startswith(ALL) or is_action(one)]
                picked += actions
                kept = [one for one in kept if one not in actions]
        if kept:
            values[bare(question)] = kept
    if not is_pick(key):
        return key, values
    return (picked[0] if picked else key.removeprefix(f"{PICK}:")), values
