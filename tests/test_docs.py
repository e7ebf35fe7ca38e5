"""The documents name everything there is, nothing that is not, and what they quote is what the program says."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import unquote

import pytest
from pydantic import BaseModel, TypeAdapter

import handlers
import main
from bot.clock import Clock
from bot.config import BadConfig, Config, Dingtalk, Wecom, WecomAibot, load
from bot.dingtalk.platform import DingtalkPlatform
from bot.dispatch import roles_text
from bot.platform import Limits, Platform, Way
from bot.wecom.platform import WecomPlatform
from bot.wecom_aibot.platform import WecomAibotPlatform
from store.cache import LocalShared
from store.tables import meta
from tests.test_architecture import UNSAID

ROOT = Path(__file__).parents[1]
IGNORED = {".venv", ".git", "node_modules", "var"}
STATES = {"done", "partly", "open"}
CODE = re.compile(r"`([^`]+)`")


@cache
def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(name: str, under: str = "") -> list[list[str]]:
    """The cells of every table row of a document (of one section, if `under` begins its heading), headings left out."""
    found: list[list[str]] = []
    section = not under
    for line in read(name).splitlines():
        if under and re.match(r"#{2,3} ", line):
            section = line.lstrip("# ").startswith(under)
        if section and line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
    return found


def documents() -> list[str]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(str(path) for path in paths if not IGNORED & set(path.parts))


def words_of(name: str) -> set[str]:
    """Everything that stands in backticks, outside of blocks."""
    return set(CODE.findall(re.sub(r"```.*?```", "", read(name), flags=re.DOTALL)))


def test_the_look_at_a_table_sees_its_rows() -> None:
    table = rows("docs/platforms.md", "Side by side")
    assert ["`needs_code`", "yes", "yes", "no"] in [row[:4] for row in table]
    assert rows("docs/platforms.md", "No such heading") == []
    assert {"README.md", "README.zh-CN.md", "docs/coverage.md"} <= set(documents())


# ── what is done ───────────────────────────────────────────────────────────────────────────────────────────────────
def coverage() -> list[list[str]]:
    return [row for row in rows("docs/coverage.md") if re.fullmatch(r"B\d\d", row[0])]


@cache
def told_in(name: str) -> dict[str, set[str]]:
    """Test → the names of its arguments, for every test of a file."""
    return {
        node.name: {argument.arg for argument in node.args.args}
        for node in ast.walk(ast.parse(read(name)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_behaviour_has_one_row() -> None:
    assert [row[0] for row in coverage()] == [f"B{number:02}" for number in range(1, 92)]


@pytest.mark.parametrize("row", coverage(), ids=lambda row: row[0])
def test_a_row_of_the_coverage_is_proved_by_tests_and_files_that_exist(row: list[str]) -> None:
    _, behaviour, state, proofs, places = row
    assert behaviour
    assert state in STATES
    named = [proof.split("::") for proof in CODE.findall(proofs)]
    for file, test in named:
        assert test in told_in(file), f"{file} has no {test}"
    for place in CODE.findall(places):
        assert (ROOT / place).exists(), f"there is no {place}"
    if state == "open":
        assert not named, "what is open is not proved by anything"
    else:
        assert named, "what works has a test"
        assert CODE.findall(places), "what works lives somewhere"
    if state == "done" and any(file.startswith("tests/stories/") for file, _ in named):
        assert any("world" in told_in(file)[test] for file, test in named), (
            "a story is told on both platforms"
        )


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_command_stands_in_the_order_of_the_help_with_what_it_does_and_who_may() -> None:
    commands = [command for router in handlers.ROUTERS for command in router.commands]
    expected = [[f"`{one.usage}`", one.about, roles_text(one.may) or "所有人"] for one in commands]
    assert [row[:3] for row in rows("docs/commands.md", "命令")[1:]] == expected
    assert all(len(row) == 4 and row[3] for row in rows("docs/commands.md", "命令"))
    for command in commands:
        for alias in command.aliases:
            assert f"`/{alias}`" in read("docs/commands.md")


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────────────────
def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside of a type: `tuple[X, ...]` → X."""
    if get_origin(annotation) in (tuple, Union, UnionType):
        for inner in get_args(annotation):
            yield from models_in(inner)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """ "app.name" and the model it stands in, for every key at any depth."""
    for key, field in model.model_fields.items():
        inner = list(models_in(field.annotation))
        if prefix or not inner:
            yield f"{prefix}{key}", model
        for one in inner:
            yield from settings(one, f"{prefix}{key}.")


def setting_rows() -> dict[str, list[str]]:
    found = [row for row in rows("docs/config.md") if re.fullmatch(r"`[a-z_]+(?:\.[a-z_]+)+`", row[0])]
    assert len({row[0] for row in found}) == len(found), "a key stands twice"
    return {row[0].strip("`"): row for row in found}


def test_every_setting_has_a_row_and_every_row_a_setting() -> None:
    assert set(setting_rows()) == {key for key, _ in settings(Config)}


@pytest.mark.parametrize("key", [key for key, _ in settings(Config)])
def test_the_default_of_a_setting_is_what_its_row_says(key: str) -> None:
    _, written, meaning = setting_rows()[key]
    name = key.rpartition(".")[2]
    field = dict(settings(Config))[key].model_fields[name]
    assert meaning
    if field.is_required():
        assert written == "必填"
    elif field.default is None:
        assert written == "无"
    else:
        said = tomllib.loads(f"value = {written.strip('`')}")["value"]
        given = TypeAdapter(field.rebuild_annotation()).validate_python(said)
        assert given == field.default


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", read(name), flags=re.DOTALL)


def test_a_wrong_setting_says_what_the_document_quotes(tmp_path: Path) -> None:
    wrong = "## 写错时看到什么"
    part = read("docs/config.md").partition(wrong)[2]
    pairs = re.findall(r"```toml\n(.*?)```\s+```text\n(.*?)\n```", part, flags=re.DOTALL)
    assert len(pairs) >= 5
    for toml, said in pairs:
        path = tmp_path / "config.toml"
        path.write_text(toml, encoding="utf-8")
        with pytest.raises(BadConfig) as refused:
            load(path, {})
        assert str(refused.value) == said


@pytest.mark.parametrize(
    "name", [name for name in documents() if blocks(name, "toml") and name != "docs/config.md"]
)
def test_what_the_documents_say_to_write_into_the_configuration_can_be_read(
    name: str, tmp_path: Path
) -> None:
    """Each block alone, below the shipped file where it only adds tables of a list."""
    for block in blocks(name, "toml"):
        adds = all(line.startswith("[[") for line in re.findall(r"^\[.*", block, flags=re.MULTILINE))
        path = tmp_path / "config.toml"
        path.write_text((read("config.toml") if adds else "") + "\n" + block, encoding="utf-8")
        load(
            path,
            {
                "WECOM_SECRET": "s",
                "WECOM_TOKEN": "t",
                "WECOM_AES_KEY": "a" * 43,
                "DINGTALK_CLIENT_SECRET": "s",
                "WECOM_AIBOT_SECRET": "s",
                "WECHAT_MP_TOKEN": "t" * 8,
                "WECHAT_MP_AES_KEY": "a" * 43,
            },
        )


def test_the_shipped_configuration_is_explained() -> None:
    """Whatever config.toml sets has its row; it is a subset of what there is."""
    shipped = load(ROOT / "config.toml", {})
    assert shipped.sla
    assert shipped.conclusion
    for section, keys in tomllib.loads(read("config.toml")).items():
        for table in keys if isinstance(keys, list) else [keys]:
            assert {f"{section}.{key}" for key in table} <= set(setting_rows())


# ── platforms ──────────────────────────────────────────────────────────────────────────────────────────────────────
def platforms() -> dict[str, Platform]:
    """All of them, with the shipped settings; nothing is started."""
    now, shared = Clock().now, LocalShared()
    wecom = Wecom.model_validate({"aes_key": "a" * 43, "token": "t", "corp_id": "ww1"})
    return {
        "wecom": WecomPlatform(wecom, shared, now, lambda _name, _n: None),
        "wecom_aibot": WecomAibotPlatform(WecomAibot(), shared, now, lambda _name, _n: None),
        "dingtalk": DingtalkPlatform(
            Dingtalk(), shared, now, lambda _name, _n: None, "http://127.0.0.1:8080"
        ),
    }


def shown(value: object) -> str:
    """A limit as the table writes it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case frozenset():
            return ", ".join(way.value for way in Way if way in value) or "–"
        case dict():
            return ", ".join(f"{name} {limit}" for name, limit in value.items()) or "–"
        case _:
            return f"{value:g}" if isinstance(value, int | float) else str(value)


def test_every_ability_of_a_platform_is_in_the_table_as_the_platform_declares_it() -> None:
    said = {row[0].strip("`"): row[1:4] for row in rows("docs/platforms.md", "Side by side")}
    all_ = platforms()
    assert set(said) - {"ability"} == {field.name for field in fields(Limits)}
    for field in fields(Limits):
        declared = [shown(getattr(one.limits, field.name)) for one in all_.values()]
        assert said[field.name] == declared, field.name
    ways = {row[0].strip("`") for row in rows("docs/platforms.md", "What a row asks for")}
    assert ways - {"way"} == {way.value for way in Way}


# ── operating, building ────────────────────────────────────────────────────────────────────────────────────────────
def test_every_metric_is_explained() -> None:
    metrics = set(re.findall(r'"(genjin_[a-z_]+)"', read("web/health.py")))
    assert metrics
    said = {word.partition("{")[0].removesuffix("_total") for word in words_of("docs/operations.md")}
    assert metrics <= said


def test_every_command_of_the_program_is_explained() -> None:
    usage = main.parser().format_help()
    listed = re.search(r"\{([a-z,-]+)\}", usage)
    assert listed is not None
    for name in listed[1].split(","):
        assert f"main.py {name}" in read("docs/operations.md"), name


def test_every_target_of_the_makefile_is_explained() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", read("Makefile"), flags=re.MULTILINE)
    assert {"run", "test", "check"} <= set(targets)
    for name in set(targets) - {"help"}:
        assert f"make {name}" in read("CONTRIBUTING.md"), name


def test_every_environment_variable_is_explained() -> None:
    sources = [
        path for folder in ("bot", "web", "store", "handlers") for path in (ROOT / folder).rglob("*.py")
    ]
    used = {
        name
        for path in (*sources, ROOT / "main.py", ROOT / "config.toml")
        for name in re.findall(
            r'"(?:\$\{)?((?:GENJIN|WECOM|DINGTALK)_[A-Z_]+[A-Z])\}?"', path.read_text("utf-8")
        )
    }
    assert {"GENJIN_API_TOKEN", "WECOM_SECRET"} <= used
    assert used <= words_of("docs/config.md")


def test_every_table_is_explained() -> None:
    said = {row[0].strip("`") for row in rows("docs/architecture.md", "Tables")}
    assert said - {"table"} == set(meta.tables)


def test_what_the_architecture_names_is_there() -> None:
    """Every file that stands in backticks in the pages for those who build."""
    for name in ("docs/architecture.md", "docs/platforms.md", "docs/adding-a-card.md", "docs/adding-a-platform.md",
                 "docs/adding-a-rule.md", "docs/security.md", "CONTRIBUTING.md"):  # fmt: skip
        for word in words_of(name):
            if re.fullmatch(r"(?:bot|handlers|rules|nlp|cards|store|web|sim|tests|bench|docs)/[\w/.-]+\.(?:py|md|toml)",
                            word) and "lark" not in word:  # fmt: skip
                assert (ROOT / word).exists(), f"{name}: there is no {word}"


# ── the pages themselves ───────────────────────────────────────────────────────────────────────────────────────────
def anchors(name: str) -> set[str]:
    """What `#…` may point at, as code hosts make it from the headings."""
    text = re.sub(r"```.*?```", "", read(name), flags=re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+)$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(slug if slug not in found else f"{slug}-1")
    return found


def links(name: str) -> list[str]:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", read(name), flags=re.DOTALL)
    return [link.strip("<>") for link in re.findall(r"\]\(([^)\s]+)[^)]*\)", text)]


@pytest.mark.parametrize("name", documents())
def test_links_lead_somewhere(name: str) -> None:
    for link in links(name):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), f"{link} leads nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(str(target.resolve().relative_to(ROOT))), f"{link}: no such heading"


def test_the_look_at_links_sees_them() -> None:
    assert "docs/architecture.md" in links("README.md")
    assert "多副本" in anchors("docs/operations.md")


@pytest.mark.parametrize("name", documents())
@pytest.mark.parametrize("what", UNSAID)
def test_a_document_speaks_of_the_product_alone(name: str, what: str) -> None:
    assert re.findall(UNSAID[what], read(name)) == []


def test_both_front_pages_tell_the_same() -> None:
    """As many sections, the same things to type."""
    english, chinese = read("README.md"), read("README.zh-CN.md")
    assert len(re.findall(r"^## ", english, flags=re.MULTILINE)) == len(
        re.findall(r"^## ", chinese, flags=re.MULTILINE)
    )

    def typed(text: str) -> list[str]:
        found = re.findall(r"```(?:sh|toml|nginx)\n(.*?)```", text, flags=re.DOTALL)
        return [re.sub(r"\s+#.*", "", block).strip() for block in found]

    assert typed(english) == typed(chinese)
    assert {"make run", "make test"} <= set(re.findall(r"make \w+", english))


def test_each_promise_about_security_is_held_by_a_test_that_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text("utf-8"))
    assert len(named) > 20
    assert not [one for one in named if f"def {one[1]}(" not in (ROOT / one[0]).read_text("utf-8")]
