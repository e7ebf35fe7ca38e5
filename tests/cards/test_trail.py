"""Whoever reads the trail reads words: every action that is written down has some."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cards.trail import SAYS, say
from rules.opportunities import Step
from rules.touchpoints import Kind

ROOT = Path(__file__).parent.parent.parent
VALUES = {
    "draft.": ("saved", "merged"),
    "opportunity.": tuple(Step),
    "touch.": tuple(Kind),
    "words.": ("taken", "off"),
    "downgrade.": ("confirmed", "restored"),
    "wecom.": ("del_follow_user", "del_external_contact", "transfer_fail"),
    "undo.": (),
}
"""What follows the first part of an action that is put together: `undo.` has one sentence for all."""


def _written() -> Iterator[ast.expr]:
    """The action of every `audit.add(tx, now, member, action, …)`."""
    for room in ("bot", "handlers", "store", "web"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                called = node.func if isinstance(node, ast.Call) else None
                if isinstance(called, ast.Attribute) and ast.unparse(called) == "audit.add":
                    assert isinstance(node, ast.Call)
                    yield node.args[3]


def _actions() -> Iterator[str]:
    for action in _written():
        match action:
            case ast.Constant(value=str(said)):
                yield said
            case ast.JoinedStr(values=[ast.Constant(value=str(first)), *_]):
                yield from (first + value for value in VALUES[first])


def test_every_action_that_is_written_down_reads_as_words() -> None:
    found = set(_actions())
    assert len(found) > 60
    assert found <= SAYS.keys(), sorted(found - SAYS.keys())


def test_what_was_tried_without_the_right_to_it_is_named() -> None:
    assert say("denied", "/导出") == "没有权限，被拒绝（/导出）"
    assert say("undo.customer.merged") == "撤销了操作"
