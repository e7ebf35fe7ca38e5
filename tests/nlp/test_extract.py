"""`main.py extract` as its user runs it: JSON lines in and out, with the installation's own words; `doctor` on the same file."""

import io
import json
from pathlib import Path

import pytest

import main
from bot import checks
from bot.config import load

LINE = {"id": "1", "text": "我是恒力的，想了解激光除锈，下周三联系", "now": "2026-11-23T10:00"}
# As docs/extraction.md gives it: four lines make a need category, two a short name.
WORDS = """
[[need]]
keyword = "激光清洗"
words   = ["激光清洗", "激光除锈"]
kind    = "设备采购"

[[company]]
name    = "宁波恒力液压有限公司"
aliases = ["恒力"]
"""


def extracted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """The exit code, what was printed, and what went to the error output, for one line of input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(LINE, ensure_ascii=False) + "\n"))
    code = main.main(["extract", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_own_words_are_read_beside_the_built_in_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(WORDS, "utf-8")
    monkeypatch.chdir(tmp_path)
    code, without, _ = extracted(monkeypatch, capsys)
    assert code == 0
    assert json.loads(without)["companies"] == ["恒力"]
    code, found, _ = extracted(monkeypatch, capsys, "--words", str(own))
    assert code == 0
    answer = json.loads(found)
    assert answer["id"] == "1"
    assert answer["companies"] == ["宁波恒力液压有限公司"]
    assert "激光清洗" in answer["keywords"]
    assert [when["start"] for when in answer["times"]] == ["2026-12-02T00:00:00"]


def test_the_words_beside_it_are_found_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words.toml").write_text(WORDS, "utf-8")
    monkeypatch.chdir(tmp_path)
    _, found, _ = extracted(monkeypatch, capsys)
    assert json.loads(found)["companies"] == ["宁波恒力液压有限公司"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "没有这个词库文件"),
        ('[[need]]\nkeyword = "x"\nwords = ["激"]\n', "need.1.words"),
        ("[[need", "ours.toml"),
    ],
)
def test_a_mistake_in_the_file_is_told_in_one_line(
    written: str | None,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = tmp_path / "ours.toml"
    if written is not None:
        own.write_text(written, "utf-8")
    code, found, error = extracted(monkeypatch, capsys, "--words", str(own))
    assert (code, found) == (2, "")
    assert told in error
    assert error.count("\n") == 1


def test_a_line_that_is_no_item_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('\n{"text": 3}\n'))
    assert main.main(["extract"]) == 2
    assert "第 2 行" in capsys.readouterr().err


def test_doctor_tells_of_the_mistake_and_is_silent_about_a_good_file(tmp_path: Path) -> None:
    own = tmp_path / "words.toml"
    own.write_text(WORDS, "utf-8")
    config = load(None)
    config = config.model_copy(update={"reading": config.reading.model_copy(update={"words": str(own)})})
    assert checks.words(config) == []
    own.write_text(WORDS + '\n[[need]]\nkeyword = "x"\nwords = ["激"]\n', "utf-8")
    (said,) = checks.words(config)
    assert (said.name, said.state) == ("词库", "warn")
    assert "need.2.words" in said.text
    assert "docs/extraction.md" in said.fix
