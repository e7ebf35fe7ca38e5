"""What is skipped for speed could not have matched: every text is read alike when nothing is skipped."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from re import Match, Pattern

import pytest

from nlp import (
    clocks,
    companies,
    courtesies,
    days,
    emails,
    english_names,
    festivals,
    headers,
    heads,
    institutions,
    keywords,
    money,
    name_rules,
    name_starts,
    nicknames,
    noise,
    passing,
    people,
    phones,
    sheets,
    signs,
    spans,
    speakers,
    titles,
    told,
    wechats,
)
from nlp.draft import as_dict

DATA = Path(__file__).parents[2] / "bench" / "data"
NOW = datetime.fromisoformat("2026-11-23T10:00")


def _everywhere(
    _: Pattern[str], pattern: Pattern[str], text: str, at: int = 0, end: int = sys.maxsize
) -> Iterator[Match[str]]:
    return pattern.finditer(text, at, end)


class _Any:
    """A set of characters that every text holds."""

    def isdisjoint(self, _: object) -> bool:
        return False

    def __contains__(self, _: object) -> bool:
        return True


@pytest.mark.parametrize("name", sorted(path.stem for path in DATA.glob("*.jsonl")))
def test_skipping_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines if line.strip()]
    quick = [as_dict(text, NOW) for text in texts]
    for module in (
        clocks, companies, emails, english_names, institutions, keywords, money, name_starts, nicknames, people, sheets, spans,
        titles, wechats,
    ):  # fmt: skip
        monkeypatch.setattr(module, "matches", _everywhere)
    monkeypatch.setattr(signs, "of", lambda _: -1)
    monkeypatch.setattr(headers, "_may_be", lambda line: -1)
    monkeypatch.setattr(days, "_BEGINS", {})
    monkeypatch.setattr(days, "_readers", days._readers.__wrapped__)
    monkeypatch.setattr(festivals, "named", lambda _: True)
    monkeypatch.setattr(heads, "_HEADED", ("",))
    monkeypatch.setattr(heads, "_WORKING", ("",))
    monkeypatch.setattr(institutions, "_KINDS", ("",))
    monkeypatch.setattr(name_starts, "_marks", dict)
    monkeypatch.setattr(name_starts, "_finder", name_starts._finder.__wrapped__)
    monkeypatch.setattr(people, "finders", name_starts.finders.__wrapped__)
    monkeypatch.setattr(passing, "_MARK", re.compile("(?s:.)"))
    monkeypatch.setattr(passing, "_surrounded", passing._pair)
    monkeypatch.setattr(passing, "_CUED", re.compile(""))
    monkeypatch.setattr(told, "_TOLD_MARKS", ("",))
    monkeypatch.setattr(noise, "_may_be_empty", lambda clause: True)
    monkeypatch.setattr(noise, "NOTICE_CHARS", _Any())
    monkeypatch.setattr(noise, "ALONE_CHARS", _Any())
    monkeypatch.setattr(courtesies, "_TO_ENDS", _Any())
    monkeypatch.setattr(courtesies, "_TO_LONGEST", 99)
    monkeypatch.setattr(phones, "_more", lambda *_: True)
    monkeypatch.setattr(phones, "_SAID_RUN", re.compile(""))
    monkeypatch.setattr(phones, "_MISREAD_BEGINS", re.compile(""))
    monkeypatch.setattr(phones, "_COMMAS_BEGIN", re.compile(""))
    monkeypatch.setattr(companies, "_BUREAU_MARKS", re.compile(""))
    monkeypatch.setattr(speakers, "_DAY_ENDS", _Any())
    monkeypatch.setattr(name_rules, "of_text", lambda contact, *_: name_rules._of_bits(contact, -1))
    monkeypatch.setattr(name_starts, "AT_NAME", {})
    monkeypatch.setattr(name_starts, "_REACH", {})
    for text, found in zip(texts, quick, strict=True):
        assert as_dict(text, NOW) == found, text
