"""What a configuration means that does not say everything."""

import tomllib
from pathlib import Path

import pytest

from bot.config import BadConfig, Config, load

ROOT = Path(__file__).parents[2]


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return load(path, {})


def test_whoever_names_no_ladder_conclusion_or_form_gets_those_of_the_shipped_file(tmp_path: Path) -> None:
    mine, shipped = loaded(tmp_path, ""), load(ROOT / "config.toml", {})
    assert mine.conclusion
    assert mine.sla
    assert (mine.sla, mine.conclusion, mine.form) == (shipped.sla, shipped.conclusion, shipped.form)
    assert load(None, {}).conclusion == mine.conclusion


def test_an_own_ladder_replaces_all_of_them_and_leaves_the_conclusions(tmp_path: Path) -> None:
    mine = loaded(
        tmp_path,
        '[[sla]]\nname = "快"\nstarts = "lead.assigned"\nunless = "lead.first_touch"\n'
        'ladder = [{ after = "2s", tell = ["owner"] }]\n',
    )
    assert [sla.name for sla in mine.sla] == ["快"]
    assert "未接通" in [one.name for one in mine.conclusion]


def test_an_empty_list_means_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, "sla = []\n").sla == ()


def test_forms_of_the_usual_conclusions_come_along_beside_own_ones(tmp_path: Path) -> None:
    mine = loaded(tmp_path, '[[form]]\nname = "试用申请"\nfields = [{ name = "天数" }]\n')
    assert [form.name for form in mine.form] == ["试用申请", "样品申请单"]
    own = loaded(tmp_path, '[[form]]\nname = "样品申请单"\nfields = [{ name = "颜色" }]\n')
    assert [field.name for form in own.form for field in form.fields] == ["颜色"]


def test_own_conclusions_bring_no_foreign_form(tmp_path: Path) -> None:
    mine = loaded(
        tmp_path, '[[conclusion]]\nname = "成了"\n[[form]]\nname = "合同"\nfields = [{ name = "号" }]\n'
    )
    assert [one.name for one in mine.conclusion] == ["成了"]
    assert [form.name for form in mine.form] == ["合同"]


def test_a_check_in_needs_a_conclusion_to_end_with(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="conclusion"):
        loaded(tmp_path, "conclusion = []\n")
    with pytest.raises(BadConfig, match="channels"):
        loaded(tmp_path, "[checkin]\nchannels = []\n")


def test_the_defaults_file_holds_nothing_else() -> None:
    held = tomllib.loads((ROOT / "bot" / "defaults.toml").read_text("utf-8"))
    assert set(held) == {"sla", "conclusion", "form"}
