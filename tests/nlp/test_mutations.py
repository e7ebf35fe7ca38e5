"""Texts with pieces cut, doubled, reversed and spoilt raise nothing: a short run of what bench/nlp.py does at length."""

import importlib.util
import random
import time
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

from nlp.draft import as_dict

NOW = datetime.fromisoformat("2026-11-23T10:00")
BENCH = Path(__file__).parents[2] / "bench" / "nlp.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reading_bench", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_three_hundred_mutations_raise_nothing(bench: ModuleType) -> None:
    dice = random.Random(7)
    texts = [item["text"] for item in bench.load("own_held")]
    for _ in range(300):
        text = bench.mutate(dice.choice(texts), dice)
        assert set(as_dict(text, NOW)) >= {"names", "phones", "times"}


def test_the_worst_cases_grow_no_faster_than_their_length(bench: ModuleType) -> None:
    for make in bench.CASES.values():
        as_dict(make(1_000), NOW)
        took = []
        for size in (5_000, 20_000):
            runs = []
            for _ in range(2):
                start = time.process_time()
                as_dict(make(size), NOW)
                runs.append(time.process_time() - start)
            took.append(min(runs))
        assert took[1] < took[0] * 4 * 2.5 + 0.05
