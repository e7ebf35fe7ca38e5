"""A speaker's firm stands beside his name in the headers of a log; a department or a town there is none."""

from datetime import datetime

import pytest

from nlp import draft

NOW = datetime.fromisoformat("2026-11-23T10:00")


def _log(first: str) -> str:
    return f"{first} 11-20 09:12\n打样要几天\n小邓 11-20 09:13\n五到七天"


@pytest.mark.parametrize(
    ("header", "firms"),
    [
        ("苏莉（恒生电子）", ["恒生电子"]),
        ("郑凯@泰顺机电", ["泰顺机电"]),
        ("盛虹石化-罗工", ["盛虹石化"]),
        ("罗工-盛虹石化", ["盛虹石化"]),
        ("王主任-妇幼保健院", ["妇幼保健院"]),
        ("苏莉（研发中心）", []),
        ("苏莉（采购部）", []),
        ("温州-老吕", []),
        ("售后-小何", []),
        ("苏莉@微信", []),
    ],
)
def test_a_speaker_carries_his_firm(header: str, firms: list[str]) -> None:
    assert draft.as_dict(_log(header), NOW)["companies"] == firms


def test_our_own_firm_is_not_the_customers() -> None:
    log = _log("郑凯@泰顺机电")
    assert draft.read(log, NOW, own_names=frozenset({"郑凯"})).company == ""
    assert draft.read(log, NOW).company == "泰顺机电"
