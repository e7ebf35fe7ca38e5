"""How well and how fast is a text read? Our reading beside what the segmenters give as they come, in one run."""

import importlib.util
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

warnings.filterwarnings("ignore", category=UserWarning)
warnings.filterwarnings("ignore", category=DeprecationWarning)
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

Extractor = Callable[[str, datetime], dict[str, Any]]


def scorer() -> ModuleType:
    """bench/data/score.py as a module."""
    spec = importlib.util.spec_from_file_location("score", HERE / "data" / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit("bench/data/score.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours() -> Extractor:
    """nlp.draft.as_dict, warmed."""
    from nlp.draft import as_dict
    from nlp.warm import warm

    warm()
    return as_dict


def by_tags(tag: Callable[[str], Sequence[tuple[str, str]]]) -> Extractor:
    """What a tagger gives by itself: nr is a name, ns a city."""

    def extract(text: str, now: datetime) -> dict[str, Any]:
        pairs = tag(text)
        return {
            "names": [word for word, flag in pairs if flag == "nr"],
            "cities": [word for word, flag in pairs if flag == "ns"],
        }

    return extract


def jieba_alone() -> Extractor:
    """jieba's part-of-speech tags, as most tutorials use them."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel("ERROR")
    jieba.initialize()
    return by_tags(lambda text: [(pair.word, pair.flag) for pair in jieba.posseg.lcut(text)])


def rjieba_alone() -> Extractor:
    """The same tags from rjieba."""
    import rjieba

    return by_tags(rjieba.Jieba().tag)


def measure(
    name: str, extract: Extractor, items: list[dict[str, Any]], score: ModuleType, rounds: int
) -> None:
    """Print F1 of each field and the CPU time of one message (the best round: other work only ever adds)."""
    clocks = [datetime.fromisoformat(item["now"]) for item in items]
    totals: dict[str, list[int]] = {}
    for item, now in zip(items, clocks, strict=True):
        found = extract(item["text"], now)
        for field, result in score.score_item(item, found).items():
            if field.split("~")[0].split("_")[0] in found:
                total = totals.setdefault(field, [0, 0, 0])
                for n in range(3):
                    total[n] += result[n]
    took = []
    for _ in range(rounds):
        start = time.process_time()
        for item, now in zip(items, clocks, strict=True):
            extract(item["text"], now)
        took.append((time.process_time() - start) / len(items) * 1e6)
    scores = "  ".join(f"{field} {score.prf(*total)[2]:.3f}" for field, total in sorted(totals.items()))
    print(f"{name:14s} {min(took):7.0f} us/message   {scores}")


def main() -> None:
    """Score everything that is installed on the public set."""
    lines = (HERE / "data" / "public.jsonl").read_text("utf-8").splitlines()
    items = [json.loads(line) for line in lines if line.strip()]
    score = scorer()
    for name, build in (("genjin", ours), ("jieba posseg", jieba_alone), ("rjieba tag", rjieba_alone)):
        try:
            extract = build()
        except ImportError:
            print(f"{name:14s} not installed")
            continue
        measure(name, extract, items, score, rounds=5)


if __name__ == "__main__":
    main()
