"""A whole check-in in one line: `/跟进 1024 电话 需报价 周二发方案`, arguments in any order (C.8)."""

import re
from dataclasses import dataclass
from typing import Final

from rules import names
from rules.checkins import Choices
from rules.text import parse_id


@dataclass(frozen=True)
class Shortcut:
    """What was found in the line; "" for what is missing. `lead` is an id or a name as it was typed."""

    lead: str = ""
    channel: str = ""
    conclusion: str = ""
    next_text: str = ""


def read(line: str, choices: Choices, known_leads: tuple[str, ...] = ()) -> Shortcut:
    """The line → what it says. `known_leads`: names that a word may mean when no id is given.

    An id comes first wherever it stands; a channel and a conclusion are matched exactly, then by fragment, pinyin or
    slip, a conclusion also by what most of a word has in common with it (需报价 → 等待报价); the rest, in order, is
    the next step. A negated word never means its opposite: 没有意向 is 无意向, 不需要样品 is nothing.
    """
    words = line.replace("，", " ").replace("、", " ").replace(",", " ").split()
    lead = _take(words, [w for w in words if (found := parse_id(w)) and found[0] in ("", "L")])
    channel = _pick(words, choices.channels)
    conclusion = _conclusion(words, tuple(one.name for one in choices.conclusions))
    if not lead and words and known_leads:
        lead = _take(words, [w for w in words if names.match(w, [(n, n) for n in known_leads])])
    return Shortcut(lead, channel, conclusion, " ".join(words))


def _take(words: list[str], candidates: list[str]) -> str:
    if not candidates:
        return ""
    words.remove(candidates[0])
    return candidates[0]


def _pick(words: list[str], known: tuple[str, ...]) -> str:
    """Takes the word that means one of `known` out of `words` and says which one it means."""
    for at, word in enumerate(words):
        if word in known and not _denied(words, at):
            del words[at]
            return word
    for at, word in enumerate(words):
        meant = "" if _denied(words, at) else _named(word, known)
        if meant:
            del words[at]
            return meant
    return ""


def _named(word: str, known: tuple[str, ...]) -> str:
    """The one name that a short word is a fragment, the pinyin or a slip of."""
    if not 2 <= len(word) <= 6 or re.search(r"\d", word):
        return ""
    found = names.match(word, [(name, name) for name in _alike(word, known)], limit=2)
    return found[0] if len(found) == 1 else ""


def _conclusion(words: list[str], known: tuple[str, ...]) -> str:
    for at, word in enumerate(words):
        if word in known and not _denied(words, at):
            del words[at]
            return word
    for reading in (_named, _denying, _share):
        for at, word in enumerate(words):
            meant = reading(word, known)
            if meant and not _doubtful(words, at, meant):
                del words[at]
                return meant
    return ""


# ── yes and no ─────────────────────────────────────────────────────────────────────────────────────────
_NOT: Final = re.compile("没有|[没不无别未]")
_AROUND: Final = re.compile("^(?:客户|对方|目前|现在|暂时|暂|还|他|她|说|电话)+|[了的啊呢吧]+$")
_SAME: Final = {
    "感兴趣": "意向",
    "兴趣": "意向",
    "打通": "接通",
    "人接": "接通",
    "接": "接通",
    "接电话": "接通",
}
"""What people say, without its "not" → the word in the conclusion."""


def _negated(word: str) -> bool:
    return _NOT.search(word) is not None


def _alike(word: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names that say yes or no as the word does; letters (wjt) may be either."""
    if not re.search("[一-龥]", word):
        return known
    return tuple(name for name in known if _negated(name) is _negated(word))


def _denied(words: list[str], at: int) -> bool:
    """Whether a "not" of its own stands before the word: 没有 样品."""
    return at > 0 and _NOT.fullmatch(words[at - 1]) is not None


def _doubtful(words: list[str], at: int, meant: str) -> bool:
    """Whether a neighbouring word may turn a guessed yes into a no: 样品 不要."""
    beside = words[max(0, at - 1) : at] + words[at + 1 : at + 2]
    return _denied(words, at) or (not _negated(meant) and any(_negated(word) for word in beside))


def _denying(word: str, known: tuple[str, ...]) -> str:
    """The negated name that denies the same thing: 没有意向, 不感兴趣 → 无意向."""
    if not _negated(word):
        return ""
    fitting = [name for name in known if _negated(name) and _denies(name) == _denies(word)]
    return fitting[0] if len(fitting) == 1 else ""


def _denies(word: str) -> str:
    bare = _AROUND.sub("", _NOT.sub("", _AROUND.sub("", word)))
    return _SAME.get(bare, bare)


def _share(word: str, known: tuple[str, ...]) -> str:
    """The one name that has two neighbouring characters, and more than half of a short word, in common with it."""
    if not 2 <= len(word) <= 5:
        return ""
    fitting = [name for name in _alike(word, known) if 2 * _common(word, name) > len(word)]
    return fitting[0] if len(fitting) == 1 else ""


def _common(word: str, name: str) -> int:
    """How many characters of the word stand in a neighbouring pair that the name has too."""
    shared: set[int] = set()
    for at in range(len(word) - 1):
        if word[at : at + 2] in name:
            shared |= {at, at + 1}
    return len(shared)
