"""Finding who or what is meant: by fragment, pinyin initials, full pinyin or with a small slip."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import product
from typing import Final, TypeVar

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

from rules import syllables
from rules.readings import beside

K = TypeVar("K")

# Readings in names that a dictionary does not give first: surnames (单 is Shan), and given names of two readings.
SURNAMES: Final = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "朴": "piao", "任": "ren", "区": "ou",
    "覃": "qin", "缪": "miao", "翟": "zhai", "盖": "ge", "乐": "yue", "员": "yun", "种": "chong", "尉": "yu",
    "冼": "xian", "洗": "xian", "折": "she", "秘": "bi", "繁": "po", "万": "wan", "华": "hua", "宁": "ning",
}  # fmt: skip
ALSO: Final = {
    "乐": "le", "行": "hang", "茜": "xi", "晟": "cheng", "柏": "bai", "朝": "zhao", "长": "zhang", "重": "zhong",
    "曾": "ceng", "单": "dan", "厦": "xia", "都": "dou", "调": "tiao", "传": "zhuan", "骑": "ji", "翟": "di",
    "覃": "tan", "还": "huan", "沈": "chen", "嘎": "ga", "会": "kuai", "系": "ji", "率": "lv", "石": "dan",
}  # fmt: skip


class Fit(IntEnum):
    """How well a name fits what was typed; lower is better."""

    EXACT = 0
    PREFIX = 1
    FRAGMENT = 2
    INITIALS = 3
    PINYIN = 4
    SOUND = 5  # the right sounds in the wrong characters: 王雷 for 王磊
    SLIP = 6  # one typing slip


def match(query: str, known: Sequence[tuple[K, str]], limit: int = 5) -> list[K]:
    """The keys of the names that may be meant, best first, at most `limit`.

    Exact before prefix, fragment, initials, pinyin, same sound, one slip; guesses of the last two kinds are made only
    when nothing fits better. Equal fits: the shorter name, then the order given. An empty query finds nobody.
    """
    wanted = _bare(query)
    if not wanted:
        return []
    names = [_plain(name) for _, name in known]
    fits = [(fit, len(name), at) for at, name in enumerate(names) if (fit := _fit(wanted, name)) is not None]
    if not fits:
        fits = [
            (fit, len(name), at) for at, name in enumerate(names) if (fit := _guess(wanted, name)) is not None
        ]
    keys: dict[K, None] = dict.fromkeys(known[at][0] for _, _, at in sorted(fits))
    return list(keys)[:limit]


def sure(query: str, known: Sequence[tuple[K, str]]) -> K | None:
    """The one that is meant beyond doubt: the only exact name, else the only fit that is no guess; None otherwise."""
    wanted = _bare(query)
    named = [(key, _fit(wanted, _plain(name))) for key, name in known] if wanted else []
    exact = {key for key, fit in named if fit is Fit.EXACT}
    fitting = exact or {key for key, fit in named if fit is not None}
    return fitting.pop() if len(fitting) == 1 else None


def initials(name: str) -> str:
    """ "王磊" → "wl", "单雄信" → "sxx", "ABC公司" → "abcgs"."""
    return "".join(part if part.isascii() and len(plain) > 1 else part[:1] for plain, part in _sounds(name))


def called(word: str, commands: Sequence[str]) -> str | None:
    """The command that this word is, by name, by its initials (jr) or its pinyin (jinri); None when not just one is."""
    wanted = _bare(word)
    if wanted in commands:
        return wanted
    if not re.fullmatch("[a-z]{2,}", wanted):
        return None
    found = [name for name in commands if wanted in _typed(name)]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=1024)
def _typed(command: str) -> frozenset[str]:
    """How a command is typed in letters: no surname in front, and each character in all of its readings (查重 is cc)."""
    pieces = re.findall(r"[A-Za-z0-9]+|.", command)
    heard = list(product(*(syllables.sounds(piece) or (piece,) for piece in pieces)))
    return frozenset({"".join(one) for one in heard} | {"".join(part[:1] for part in one) for one in heard})


LIKELY: Final = 40.0  # below that a likeness is chance
EVERYDAY: Final = ("今日", "打卡", "客户")


def best_commands(text: str, commands: Sequence[str], about: Mapping[str, str] | None = None) -> list[str]:
    """The three commands that unknown text most likely meant, likeliest first; ties keep the order given.

    `about` may say in a few words what a command is for; the words count too. Where fewer than three are like it, the
    everyday ones follow: better the usual than three at random.
    """
    head = _bare((text.lstrip().lstrip("/／").split(maxsplit=1) or [""])[0])
    whole = _bare(text)
    scores = dict.fromkeys(commands, 0.0)
    if head:
        named = {command: name for command in scores if (name := _plain(command))}
        told = {command: words for command in named if (words := _plain((about or {}).get(command, "")))}
        heard = {command: _sounded(name) for command, name in named.items()}
        for command, name in named.items():
            score = _alike(head, name)
            scores[command] = max(score, 150.0) if name in whole else score
        # all at once: one by one, most of the time goes into asking
        for _, likeness, command in process.extract(
            "".join(_said(head)), heard, scorer=fuzz.ratio, limit=None
        ):
            scores[command] += 0.5 * likeness
        for _, likeness, command in process.extract(whole, told, scorer=fuzz.partial_ratio, limit=None):
            scores[command] += 0.6 * likeness
    like = [command for command in commands if scores[command] >= LIKELY]
    like.sort(key=lambda command: -scores[command])
    usual = [command for command in EVERYDAY if command in scores]
    return list(dict.fromkeys([*like, *usual, *commands]))[:3]


@lru_cache(maxsize=16384)
def _alike(head: str, name: str) -> float:
    """How well a command fits the word that was typed for one; the same few words are typed again and again."""
    fit = _fit(head, name)
    if fit is None:
        fit = _guess(head, name)
    return 0.0 if fit is None else 200.0 - 10 * fit


# ── how a name is compared ────────────────────────────────────────────────────────────────────────────────────────


def _bare(text: str) -> str:
    """Half-width, lower case, without spaces and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=65536)
def _plain(name: str) -> str:
    """`_bare` of a name that is compared again and again. Not of what somebody says: that never comes again, and stays."""
    return _bare(name)


def _heard(plain: str) -> tuple[tuple[str, str], ...]:
    """(character or foreign word, its pinyin or itself), the surname read as a surname."""
    pieces = re.findall(r"[a-z0-9]+|.", plain)
    heard = beside(pieces, [syllables.sound(piece) or piece for piece in pieces])
    if 2 <= len(plain) <= 4 and plain[0] in SURNAMES:
        heard[0] = SURNAMES[plain[0]]
    return tuple(zip(pieces, heard, strict=True))


@lru_cache(maxsize=65536)
def _sounds(name: str) -> tuple[tuple[str, str], ...]:
    """`_heard` of a name, as with `_plain`."""
    return _heard(_plain(name))


@lru_cache(maxsize=64)
def _said(wanted: str) -> list[str]:
    """How that sounds which is compared with all names now."""
    return [sound for _, sound in _heard(wanted)]


@lru_cache(maxsize=16384)
def _spellings(char: str, sound: str) -> tuple[str, ...]:
    """All ways to type one character in letters."""
    sounds = {sound, ALSO.get(char, sound), SURNAMES.get(char, sound)}
    for heard in tuple(sounds):
        if "v" in heard:  # 吕 is typed lv, lü, lu and printed lyu in passports
            sounds |= {heard.replace("v", "u"), heard.replace("v", "yu"), heard.replace("v", "ü")}
    return tuple(sorted(sounds))


@lru_cache(maxsize=16384)
def _sounded(text: str) -> str:
    return "".join(_reading(text))


def _reading(text: str) -> list[str]:
    return [sound for _, sound in _sounds(text)]


def _fit(wanted: str, name: str) -> Fit | None:
    """How a name fits without guessing, or None. Both are plain."""
    if wanted == name:
        return Fit.EXACT
    if name.startswith(wanted):
        return Fit.PREFIX
    if wanted in name:
        return Fit.FRAGMENT
    if not re.search("[a-zü]", wanted):
        return None
    pieces = _sounds(name)
    starts = range(len(pieces))
    if any(_types(wanted, pieces[start:], whole=False) for start in starts):
        return Fit.INITIALS
    return Fit.PINYIN if any(_types(wanted, pieces[start:], whole=True) for start in starts) else None


def _types(wanted: str, pieces: Sequence[tuple[str, str]], whole: bool) -> bool:
    """Whether `wanted` types the beginning of these characters, each by itself or its initial and, if `whole`, by
    its full pinyin; the last syllable may be half typed ("wangl", "wlei", "王lei")."""
    reached = {0}
    for char, sound in pieces:
        following: set[int] = set()
        for at in reached:
            rest = wanted[at:]
            if rest.startswith(char):
                following.add(at + len(char))
            if char.isascii():
                continue
            for spelling in _spellings(char, sound):
                if rest.startswith(spelling[0]):
                    following.add(at + 1)
                if spelling[1:2] == "h" and rest.startswith(spelling[:2]):  # zh, ch, sh
                    following.add(at + 2)
                if whole and rest.startswith(spelling):
                    following.add(at + len(spelling))
                if whole and spelling.startswith(rest):
                    return True
        if len(wanted) in following:
            return True
        reached = following
        if not reached:
            return False
    return False


def _guess(wanted: str, name: str) -> Fit | None:
    """A homophone or one slip of the hand, or None. Both are plain."""
    if re.fullmatch("[a-zü0-9]+", wanted):
        typed = "".join(_reading(name))
        return Fit.SLIP if len(wanted) >= 4 and OSA.distance(wanted, typed, score_cutoff=1) <= 1 else None
    said, heard = _said(wanted), _reading(name)
    if len(said) >= 2 and any(heard[at : at + len(said)] == said for at in range(len(heard) - len(said) + 1)):
        return Fit.SOUND
    if len(wanted) < 3:
        return None
    if Levenshtein.distance(wanted, name, score_cutoff=1) <= 1:
        return Fit.SLIP
    # One wrong character inside a fragment: all but one of a window of the same length agree.
    agree = 100 * (len(wanted) - 1) / len(wanted)
    return (
        Fit.SLIP if len(name) > len(wanted) > 3 and fuzz.partial_ratio(wanted, name) >= agree - 0.01 else None
    )
