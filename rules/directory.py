"""What changed in a platform's directory since we looked last. (B80; product C.4 2)"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import floor

ALWAYS = 3
"""So many may leave at once without anybody wondering, however small the firm is."""


@dataclass(frozen=True)
class Person:
    """Somebody in a directory: user id as we compare it, name ("" when the platform gives none), names of departments."""

    user: str
    name: str
    departments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What we know of a directory's user id. `state`: "new" (nobody decided), "member", "no"; `gone`: was not there."""

    id: int
    user: str
    name: str
    state: str
    gone: bool = False
    departments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """`new`: to be asked about; `known`: members seen for the first time; `back`: user ids that are there again; `gone`:
    that are not any more; `failed`: (who, why); `held`: so many would be gone that nobody is."""

    new: tuple[Person, ...]
    known: tuple[Person, ...]
    back: tuple[str, ...]
    gone: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    held: int = 0


def compare(
    seen: Sequence[Person], entries: Sequence[Entry], members: Collection[str], nameless: Mapping[str, str],
    *, whole: bool, most_gone: float, sure: bool = False,
) -> Changes:  # fmt: skip
    """The changes. `members`: user ids of members on this platform; `nameless`: name → name of a member who has no id here.

    Who is missing counts as gone only when they had been in the directory before and all of it could be read (`whole`).
    A member's user id that is there again under another name is not them, but for an admin who says so (`sure`).
    When more than `most_gone` (a share) are missing, somebody narrowed what the app may see, more likely than not:
    nobody is gone until an admin says that it is true (`sure`).
    """
    known = {one.user: one for one in entries}
    new, found, failed = [], [], []
    for person in seen:
        if person.user in members:
            if person.user not in known:
                found.append(person)
        elif not person.name:
            failed.append((person.user, "没有姓名"))
        elif person.name in nameless and person.user not in known:
            failed.append((person.name, "与成员同名，发 /绑定 @姓名 认人"))
        elif person.user not in known:
            new.append(person)
    here = {one.user: one.name for one in seen}
    again = [one for one in entries if one.gone and one.user in here]
    others = () if sure else tuple(one.user for one in again if _somebody_else(one, here[one.user]))
    failed += [(one.user, f"现在叫{here[one.user]}，原来是{one.name}：是本人就发 /同步 确认，不是就在 config.toml 里另写")
               for one in again if one.user in others]  # fmt: skip
    back = tuple(one.user for one in again if one.user not in others)
    before = [one.user for one in entries if not one.gone]
    gone = tuple(user for user in before if user not in here) if whole else ()
    if not sure and len(gone) > max(ALWAYS, floor(most_gone * len(before))):
        return Changes(tuple(new), tuple(found), back, (), tuple(failed), held=len(gone))
    return Changes(tuple(new), tuple(found), back, gone, tuple(failed))


def _somebody_else(was: Entry, name: str) -> bool:
    """Whether a member's user id, back in the directory, is another person's now: platforms give ids out again."""
    known = {was.name, name} - {"", was.user}
    return was.state == "member" and len(known) == 2


def member_id(user: str, taken: Collection[str]) -> str:
    """A member id for a user id: its letters and digits, with a number behind it when that is taken."""
    plain = "".join(char for char in user.lower() if char.isascii() and (char.isalnum() or char in "-_."))[
        :48
    ]
    plain = plain or "member"
    number, id = 1, plain
    while id in taken:
        number += 1
        id = f"{plain}-{number}"
    return id


def told(failed: Sequence[tuple[str, str]]) -> str:
    """ "2：没有姓名（u1、u2）" by reason; "0" when nothing failed."""
    if not failed:
        return "0"
    by_why: dict[str, list[str]] = {}
    for who, why in failed:
        by_why.setdefault(why, []).append(who)
    said = "；".join(
        f"{why}（{'、'.join(who[:3])}{f'等 {len(who)} 人' if len(who) > 3 else ''}）"
        for why, who in by_why.items()
    )
    return f"{len(failed)}：{said}"
