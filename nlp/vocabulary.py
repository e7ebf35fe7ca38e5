"""The words of one installation: the built-in lexicon, the admin's file read again whenever it changes, and what was learned."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from nlp.lexicon import Need, needs, not_names, places, titles
from rules import toml_mistakes
from rules.words import Kind, Word

_FIELDS = {"keyword", "words", "kind", "intent", "weight", "deny"}
_TABLES = {"need", "company", "competitor", "people", "deny"}
_PEOPLE = {"names", "not_names", "titles"}
LARGEST = 1_000_000  # bytes of the admin's file


class BadWords(Exception):
    """The admin's file cannot be used. The text says where, what and how to put it right."""


@dataclass(frozen=True)
class Vocabulary:
    """What is looked for beside the rules. Hashable: the automata over it are built once.

    `companies` and `rivals` (competitors): pairs of a short form and the full name. `deny`: words that turn a need
    that follows into its opposite.
    """

    needs: tuple[Need, ...]
    deny: tuple[str, ...]
    companies: tuple[tuple[str, str], ...] = ()
    names: frozenset[str] = frozenset()
    not_names: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    rivals: tuple[tuple[str, str], ...] = ()

    @cached_property
    def _hash(self) -> int:
        return hash(
            (self.needs, self.deny, self.companies, self.names, self.not_names, self.titles, self.rivals)
        )

    def __hash__(self) -> int:
        return self._hash  # asked for with every text, of some hundreds of words


@cache
def built_in() -> Vocabulary:
    """The lexicon that comes with the bot."""
    return Vocabulary(needs().needs, needs().deny)


def parse(text: str, where: str = "词库") -> Vocabulary:
    """The built-in lexicon with a file's entries added. Raises BadWords."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadWords(f"{where}：不是合法的 TOML：{toml_mistakes.told(text, error)}") from None
    _known_keys(table, _TABLES, where, "")
    base = built_in()
    people = table.get("people", {})
    if not isinstance(people, dict):
        raise BadWords(f"{where}：people：要写成 [people] 一节")
    _known_keys(people, _PEOPLE, where, "people.")
    deny = table.get("deny", {})
    if not isinstance(deny, dict):
        raise BadWords(f"{where}：deny：要写成 [deny] 一节")
    _known_keys(deny, {"words"}, where, "deny.")
    return replace(
        base,
        needs=_needs(base.needs, _rows(table, "need", where), where),
        deny=(*base.deny, *_words(deny, "words", f"{where}：deny.words")),
        companies=tuple(_called(_rows(table, "company", where), where, "company")),
        rivals=tuple(_called(_rows(table, "competitor", where), where, "competitor")),
        names=frozenset(_words(people, "names", f"{where}：people.names")),
        not_names=frozenset(_words(people, "not_names", f"{where}：people.not_names")),
        titles=_words(people, "titles", f"{where}：people.titles"),
    )


def _known_keys(table: Mapping[str, Any], known: set[str], where: str, prefix: str) -> None:
    for key in table:
        if key not in known:
            raise BadWords(f"{where}：{prefix}{key}：没有这一项，可以是 {'、'.join(sorted(known))}")


def _rows(table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadWords(f"{where}：{key}：要写成 [[{key}]]，每条一节")
    return rows


def _words(row: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> tuple[str, ...]:
    """A list of words of at least two characters: one character would be found everywhere."""
    found = row.get(key, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise BadWords(f'{where}：写的是 {found!r}，要写成 ["词一", "词二"]')
    if needed and not found:
        raise BadWords(f"{where}：至少要有一个词")
    for word in found:
        if len(word.strip()) < 2:
            raise BadWords(f"{where}：{word!r} 太短，至少两个字，不然到处都会认出它")
    return tuple(word.strip() for word in found)


def _text(row: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> str:
    value = row.get(key, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise BadWords(f'{where}.{key}：写的是 {value!r}，要写成 "文字"')
    return value.strip()


def _needs(base: tuple[Need, ...], rows: list[dict[str, Any]], where: str) -> tuple[Need, ...]:
    """Rows of a keyword that is there already add words to it; others are new."""
    found = {need.keyword: need for need in base}
    for number, row in enumerate(rows, start=1):
        here = f"{where}：need.{number}"
        _known_keys(row, _FIELDS, where, f"need.{number}.")
        keyword = _text(row, "keyword", here, needed=True)
        words = _words(row, "words", f"{here}.words", needed=True)
        weight = row.get("weight", None)
        if weight is not None and (
            not isinstance(weight, (int, float)) or isinstance(weight, bool) or not 0 < weight <= 10
        ):
            raise BadWords(f"{here}.weight：写的是 {weight!r}，要写成 0 到 10 之间的数")
        old = found.get(keyword, Need(keyword, (), "", "", 1.0))
        found[keyword] = Need(
            keyword,
            tuple(dict.fromkeys((*old.words, *words))),
            _text(row, "kind", here) or old.kind,
            _text(row, "intent", here) or old.intent,
            float(weight) if weight is not None else old.weight,
            (*old.deny, *_words(row, "deny", f"{here}.deny")),
            own=True,
        )
    seen: dict[str, str] = {}
    for need in found.values():
        for word in need.words:
            if seen.setdefault(word, need.keyword) != need.keyword:
                raise BadWords(f"{where}：「{word}」同时写给了 {seen[word]} 和 {need.keyword}，只能属于一个")
    return tuple(found.values())


def _called(rows: list[dict[str, Any]], where: str, key: str) -> Iterable[tuple[str, str]]:
    """How each firm of a table is called, with its name."""
    seen: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        here = f"{where}：{key}.{number}"
        _known_keys(row, {"name", "aliases"}, where, f"{key}.{number}.")
        name = _text(row, "name", here, needed=True)
        for alias in (name, *_words(row, "aliases", f"{here}.aliases")):
            if seen.setdefault(alias, name) != name:
                raise BadWords(f"{here}：「{alias}」同时是 {seen[alias]} 和 {name} 的简称，只能属于一家")
            yield alias, name


@dataclass(frozen=True)
class Watched:
    """A file as it was last read. `problem`: why its newest state is not used ("" when it is); then the one before stays."""

    stamp: tuple[int, int]
    vocabulary: Vocabulary
    problem: str = ""


_watched: dict[Path, Watched] = {}
_ABSENT = (0, 0)


def watch(path: Path) -> Watched:
    """The admin's file, read again when it has changed since the last look; without the file, the built-in lexicon.

    A file that cannot be used changes nothing: what was good before stays in use, and `problem` says why.
    """
    try:
        found = path.stat()
        stamp = (found.st_mtime_ns, found.st_size)
    except OSError:
        stamp = _ABSENT
    last = _watched.get(path)
    if last is not None and last.stamp == stamp:
        return last
    good = last.vocabulary if last is not None else built_in()
    _watched[path] = now = _read(path, stamp, good)
    return now


def _read(path: Path, stamp: tuple[int, int], good: Vocabulary) -> Watched:
    if stamp == _ABSENT:
        return Watched(stamp, built_in())
    if stamp[1] > LARGEST:
        return Watched(stamp, good, f"{path.name}：超过 {LARGEST // 1_000_000} MB，没有读")
    try:
        return Watched(stamp, parse(path.read_text("utf-8"), path.name))
    except BadWords as error:
        return Watched(stamp, good, str(error))
    except UnicodeDecodeError:
        return Watched(stamp, good, f"{path.name}：{toml_mistakes.NOT_UTF8}")
    except OSError as error:
        return Watched(stamp, good, f"{path.name}：读不出来：{error.strerror or error}")


@cache
def _everyday() -> frozenset[str]:
    """Words that mean something else: learned as a company or a name they would spoil every text."""
    listed = {word for need in built_in().needs for word in need.words}
    return frozenset(listed | not_names() | places().cities | places().provinces | set(titles().role))


def spoils(word: Word) -> str:
    """Why this word must not be learned as what it is meant to be; "" when it may."""
    if word.kind in (Kind.COMPANY, Kind.NAME, Kind.RIVAL) and word.said in _everyday():
        return f"「{word.said}」是常用词"
    if word.kind is Kind.NEED and (word.said in places().cities or word.said in set(titles().role)):
        return f"「{word.said}」是地名或职务"
    return ""


def with_words(base: Vocabulary, words: Iterable[Word]) -> Vocabulary:
    """The vocabulary with what was learned. What the admin's file says of a word wins."""
    learned = [word for word in words if not spoils(word)]
    if not learned:
        return base
    written = {alias for alias, _ in base.companies}
    added: dict[str, list[str]] = {}
    for word in learned:
        if word.kind is Kind.NEED:
            added.setdefault(word.meant, []).append(word.said)
    taken = {word for need in base.needs for word in need.words}
    kept = [
        replace(
            need, words=(*need.words, *(word for word in added[need.keyword] if word not in taken)), own=True
        )
        if need.keyword in added
        else need
        for need in base.needs
    ]
    have = {need.keyword for need in base.needs}
    fresh = [
        Need(keyword, tuple(dict.fromkeys(word for word in said if word not in taken)), "", "", 1.0, own=True)
        for keyword, said in added.items()
        if keyword not in have
    ]
    pairs = [
        (word.said, word.meant) for word in learned if word.kind is Kind.COMPANY and word.said not in written
    ]
    return replace(
        base,
        needs=(*kept, *(need for need in fresh if need.words)),
        companies=(*base.companies, *dict(pairs).items()),
        names=base.names | {word.said for word in learned if word.kind is Kind.NAME} - base.not_names,
        not_names=base.not_names | {word.said for word in learned if word.kind is Kind.NOT_NAME} - base.names,
        titles=(*base.titles, *(word.said for word in learned if word.kind is Kind.TITLE)),
        rivals=(*base.rivals, *((word.said, word.meant) for word in learned if word.kind is Kind.RIVAL)),
    )
