"""JSON text as rows hold it: the same by either writer."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.json_text import written

LEAVES = some.none() | some.booleans() | some.integers() | some.text() | some.characters(categories=["Cs"])
VALUES = some.recursive(LEAVES, lambda one: some.lists(one) | some.dictionaries(some.text(), one))


@given(VALUES)
def test_it_reads_back_as_it_was_and_is_written_as_the_standard_library_does(value: Any) -> None:
    text = written(value, ordered=True)
    assert json.loads(text) == value
    assert text == json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Spot:
    y: int
    colour: Colour
    x: int = 2**70


def test_what_stands_for_an_object_is_ordered_too() -> None:
    assert (
        written({"spot": Spot(1, Colour.RED)}, vars, ordered=True)
        == f'{{"spot":{{"colour":"red","x":{2**70},"y":1}}}}'
    )
    assert (
        written({"spot": Spot(1, Colour.RED, 2)}, vars, ordered=True)
        == '{"spot":{"colour":"red","x":2,"y":1}}'
    )


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, Spot(1, Colour.RED)])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        written(value)
