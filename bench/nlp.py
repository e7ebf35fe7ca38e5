"""How well, how fast and how safely is a text read? Our reading beside the peers', with the scorer, in one run.

make bench BENCH=bench/nlp.py ARGS="[--sets public,own_held] [--peers] [--robust N]"
Peers come from bench/.venv (bench/requirements-nlp.txt).
"""

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
NOW = datetime.fromisoformat("2026-11-23T10:00")
OWN = ("genjin", "jieba_posseg", "rjieba_tag")
PEERS = ("genjin_lac", "lac", "jieba_next_posseg", "jionlp", "phonenumbers", "recognizers", "cpca", "cocoNLP")
FIELDS = (
    "names", "companies", "titles", "phones", "phones_ext", "emails", "wechats", "times", "money", "cities", "turns", "noise",
    "commitments",
)  # fmt: skip
CASES = {
    "one character": lambda n: "天" * n,
    "digits": lambda n: "1" * n,
    "open brackets": lambda n: "（" * n,
    "emoji": lambda n: "👍🏽" * (n // 2),
    "right to left": lambda n: "שלום مرحبا " * (n // 11),
    "mixed scripts": lambda n: "联系Ivanов王总1３8電話①ありがとう한국\n" * (n // 23),
    "one text over and over": lambda n: (
        "我是宁波恒力有限公司的王总，电话13800138000，下周三下午三点要报价，预算20万；" * (n // 43)
    ),
}


def scorer() -> ModuleType:
    """bench/data/score.py as a module."""
    spec = importlib.util.spec_from_file_location("score", HERE / "data" / "score.py")
    if spec is None or spec.loader is None:
        raise SystemExit("bench/data/score.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(name: str) -> list[dict[str, Any]]:
    """The items of bench/data/<name>.jsonl."""
    lines = (HERE / "data" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def run(reader: str, sets: Sequence[str]) -> dict[str, Any]:
    """One reader over the sets in a process of its own; with bench/.venv where it is there."""
    own = HERE / ".venv" / "bin" / "python"
    files = [str(HERE / "data" / f"{name}.jsonl") for name in sets]
    done = subprocess.run(
        [str(own) if own.exists() else sys.executable, str(HERE / "peers" / "readers.py"), reader, *files],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    line = done.stdout.strip().splitlines()[-1:] or ['{"failed": "no output"}']
    result: dict[str, Any] = json.loads(line[0])
    return result


def scores(
    items: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], score: ModuleType
) -> dict[str, float]:
    """Field → F1, for the fields the reader gives."""
    given = {field for result in results for field in result}
    totals: dict[str, list[int]] = {}
    for item, found in zip(items, results, strict=True):
        for field, counts in score.score_item(item, found).items():
            if field.split("~")[0].split("_")[0] in given:
                total = totals.setdefault(field, [0, 0, 0])
                for n in range(3):
                    total[n] += counts[n]
    return {field: score.prf(*total)[2] for field, total in totals.items()}


def table(outputs: Sequence[Mapping[str, Any]], sets: Sequence[str]) -> str:
    """A Markdown table for each set: readers down, fields across."""
    score, parts, done = scorer(), [], 0
    for name in sets:
        items = load(name)
        parts.append(
            f"\n{name} ({len(items)} texts), F1\n\n| reader | "
            + " | ".join(FIELDS)
            + " |\n|---" * 1
            + "|---" * len(FIELDS)
            + "|"
        )
        for one in outputs:
            if "results" not in one:
                continue
            found = scores(items, one["results"][done : done + len(items)], score)
            parts.append(
                f"| {one['name']} | "
                + " | ".join(f"{found[f]:.3f}" if f in found else "–" for f in FIELDS)
                + " |"
            )
        done += len(items)
    parts.append("\n| reader | µs CPU a text | start s | memory MB | exceptions |\n|---|---|---|---|---|")
    for one in outputs:
        if "results" in one:
            parts.append(
                f"| {one['name']} | {one['us']:.0f} | {one['start']:.2f} | {one['rss']:.0f} | {one['exceptions']} |"
            )
        else:
            parts.append(f"| {one.get('name', '?')} | does not run: {one['failed']} | | | |")
    return "\n".join(parts)


def ratio() -> float:
    """Our CPU time as a part of jieba.posseg's on the public set, in rounds that take turns in one process.

    The least time of each text counts: beside other work whole rounds differ by half.
    """
    sys.path.insert(0, str(HERE / "peers"))
    import readers

    pairs = [(item["text"], datetime.fromisoformat(item["now"])) for item in load("public")]
    ours, theirs = readers.genjin(), readers.jieba_posseg()
    best = {ours: [9e9] * len(pairs), theirs: [9e9] * len(pairs)}
    for _ in range(7):
        for extract, least in best.items():
            for n, (text, now) in enumerate(pairs):
                start = time.thread_time_ns()
                extract(text, now)
                least[n] = min(least[n], (time.thread_time_ns() - start) / 1e3)
    took = {extract: sum(least) / len(pairs) for extract, least in best.items()}
    print(f"genjin {took[ours]:.0f} us, jieba.posseg {took[theirs]:.0f} us a text")
    return took[ours] / took[theirs]


def replay(name: str) -> str:
    """F1 of names and companies on a set before and after two reps corrected what was missed in it.

    The same texts are read again: the gain is that of customers who write again, not of strangers.
    """
    from nlp import cores
    from nlp.draft import as_dict
    from nlp.vocabulary import built_in, with_words
    from rules.words import Heard, entries, lessons

    score, items, heard = scorer(), load(name), []
    before = [as_dict(item["text"], item["now"]) for item in items]
    for item, found in zip(items, before, strict=True):
        for field, plural in (("company", "companies"), ("name", "names")):
            for gold in item["expected"].get(plural) or []:
                variants = gold if isinstance(gold, list) else [gold]
                if not set(variants) & set(found[plural]):
                    core = cores.core(variants[0]) if field == "company" else ""
                    taught = lessons(field, "", variants[0], item["text"], core)
                    heard += [Heard(len(heard), word, rep) for word in taught for rep in ("one", "two")]
    words = with_words(built_in(), (one.word for one in entries(heard, 2) if one.used))
    after = [as_dict(item["text"], item["now"], words) for item in items]
    was, now = scores(items, before, score), scores(items, after, score)
    return "  ".join(f"{field} {was[field]:.3f} -> {now[field]:.3f}" for field in ("names", "companies"))


def mutate(text: str, dice: random.Random) -> str:
    """The text with a few of its pieces cut, doubled, swapped or replaced by odd characters."""
    odd = "（）()[]【】「」:：,，。\n\t\u200b\u202e①９👍🏽ﾊ한ש٣年月日周点半万公司总1０-/@%"
    for _ in range(dice.randint(1, 6)):
        at, upto = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
        match dice.randrange(4):
            case 0:
                text = text[:at] + text[upto:]
            case 1:
                text = text[:upto] + text[at:upto] + text[upto:]
            case 2:
                text = text[:at] + "".join(dice.choices(odd, k=dice.randint(1, 5))) + text[at:]
            case _:
                text = text[:at] + text[at:upto][::-1] + text[upto:]
    return text[:2_000]


def robust(count: int) -> None:
    """`count` mutations raise nothing; the worst cases grow with their length (ms for each doubling)."""
    from nlp.draft import as_dict

    dice, texts = (
        random.Random(20261123),
        [item["text"] for name in ("public", "own_dev", "own_held") for item in load(name)],
    )
    for _ in range(count):
        text = mutate(dice.choice(texts), dice)
        try:
            as_dict(text, NOW)
        except Exception as error:
            raise SystemExit(f"{error!r} on {text!r}") from error
    print(f"{count} mutations: no exception")
    for name, make in CASES.items():
        took = []
        for size in (6_250, 12_500, 25_000, 50_000, 100_000):
            start = time.process_time()
            as_dict(make(size), NOW)
            took.append((time.process_time() - start) * 1e3)
        print(f"{name:24s} " + "  ".join(f"{ms:6.0f}" for ms in took) + "  ms for 6, 12, 25, 50, 100 KB")


def main() -> None:
    """Everything that was asked for, printed as Markdown."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--sets", default="public,own_dev,own_held")
    asked.add_argument("--peers", action="store_true")
    asked.add_argument("--robust", type=int, default=2_000)
    args = asked.parse_args()
    sets = args.sets.split(",")
    outputs = []
    for reader in (*OWN, *PEERS) if args.peers else OWN:
        outputs.append({"name": reader, **run(reader, sets)})
    print(table(outputs, sets))
    print(f"\nafter corrections, own_held read again: {replay('own_held')}")
    print(f"ratio to jieba.posseg: {ratio():.2f}\n")
    robust(args.robust)


if __name__ == "__main__":
    main()
