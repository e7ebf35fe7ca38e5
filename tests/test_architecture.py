"""The rules of the tree that no linter checks: who imports whom, sizes, openings, lock files, and what is left unsaid."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = frozenset(PROJECT["tool"]["importlinter"]["root_packages"])
LOCKS = ("run", "dev", "web", "uv")
OTHERS_WORK = ("web/static/vendor/",)  # shipped as it came
DATA = ("bench/data/", "nlp/words/", "requirements/")

# What is said here has to make sense to someone who has this repository alone. Each pattern is written so that it
# does not find itself.
UNSAID = {
    "a place on one machine": r"(?<![\w.])/(?:work|root)/",
    "a package registry": r"pypi\.org|pythonhosted\.|npmjs\.|(?:file|https?)://[^\s\"'`]*/simple\b",
    "notes that are not shipped": r"\bseeds\b|\bS[02](?:§|-[a-z])|\b(?:product|contract|anchors|stack|perf)\.md\b",
    "a number in a tracker": r"(?i)\bissue\s*#?\d+",
    "who typed it": r"(?i)\b(?:an|the|this|other) (?:helper|coding) (?:agent|session|writes|owns)"
    + "".join(
        f"|{head}{tail}"
        for head, tail in (("cl", "aude"), ("anth", "ropic"), ("chat", "gpt"), ("co", "pilot"))
    ),
}


@cache
def repository() -> tuple[str, ...]:
    """Files that are, or with the next commit will be, in the repository; what is ignored is left out."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    else:
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if ".venv" not in path.parts]
    return tuple(
        sorted(name for name in listed if (ROOT / name).is_file() and not name.startswith(OTHERS_WORK))
    )


def texts(*endings: str) -> Iterator[tuple[str, str]]:
    """(name, text) of every text file, of these endings if any are given."""
    for name in repository():
        if endings and not name.endswith(endings):
            continue
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, a document
        except FileNotFoundError:
            continue  # removed while we looked


def imports(text: str) -> set[str]:
    """First names of all imported modules; "." for a relative import."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").partition(".")[0])
    return found


def test_the_look_at_the_tree_sees_it() -> None:
    names = repository()
    assert {"pyproject.toml", "Makefile", "rules/hours.py", "tests/test_architecture.py"} <= set(names)
    assert not any(name.startswith(".venv/") for name in names)
    assert imports("import a.b, c\nfrom d.e import f\ndef g():\n    from h import i") == {"a", "c", "d", "h"}


def test_the_pretend_platforms_know_nothing_of_the_product() -> None:
    guilty = {
        name: sorted(wrong)
        for name, text in texts(".py")
        if name.startswith("sim/") and (wrong := imports(text) & (OURS | {"main", ".", "tests", "bench"}))
    }
    assert guilty == {}


def test_the_product_knows_no_pretend_platform_and_not_its_own_main() -> None:
    guilty = {
        name: sorted(wrong)
        for name, text in texts(".py")
        if name.partition("/")[0] in OURS
        and (wrong := imports(text) & {"sim", "main", ".", "tests", "bench"})
    }
    assert guilty == {}


def test_a_platform_is_named_where_it_is_wired_and_nowhere_else_in_the_product() -> None:
    """docs/adding-a-platform.md names these files; wecom_aibot is the measure."""
    wired = {"main.py", "bot/config.py", "demo.py", "demo_config.py"}
    naming = {
        path
        for path in repository()
        if path.endswith(".py")
        and path.split("/")[0] not in {"sim", "tests", "bench"}
        and not path.startswith("bot/wecom_aibot/")
        and "aibot" in (ROOT / path).read_text(encoding="utf-8").lower()
    }
    assert naming == wired


def test_every_python_file_says_first_what_is_in_it() -> None:
    silent = [name for name, text in texts(".py") if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []


def test_no_file_has_outgrown_its_noun() -> None:
    written = texts(".py", ".md", ".toml", ".html", ".js", ".css", "Makefile")
    long = {
        name: lines
        for name, text in written
        if not name.startswith(DATA) and (lines := text.count("\n")) > 1000
    }
    assert long == {}


def test_tests_are_no_packages() -> None:
    """An `__init__.py` there would shadow a folder of the product."""
    assert [name for name in repository() if re.fullmatch(r"tests/(?:.*/)?__init__\.py", name)] == []


@pytest.mark.parametrize("what", UNSAID)
def test_the_repository_speaks_of_the_product_alone(what: str) -> None:
    said = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(UNSAID[what], line)
    ]
    assert said == []


# ── lock files ────────────────────────────────────────────────────────────────────────────────────────────────────


def pins(lock: str) -> dict[str, str]:
    """Name → version. Raises AssertionError when a line is anything but a pin with hashes."""
    found: dict[str, str] = {}
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in filter(None, (line.strip() for line in text.splitlines())):
        pin = re.fullmatch(
            r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.!+]+)(?: ?;[^#]*?)?((?: +--hash=sha256:[0-9a-f]{64})+)", line
        )
        assert pin is not None, f"{lock}.lock: {line[:100]}"
        found[canonicalize_name(pin[1])] = pin[2]
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_is_pins_and_hashes_without_any_address(lock: str) -> None:
    assert len(pins(lock)) > (0 if lock == "uv" else 20)
    assert "://" not in (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")


def test_the_lock_files_agree_with_each_other() -> None:
    run, dev, web = pins("run"), pins("dev"), pins("web")
    assert run.items() <= dev.items() <= web.items()


def test_the_lock_files_fulfil_the_project() -> None:
    groups = PROJECT["dependency-groups"]
    wanted = {
        "run": PROJECT["project"]["dependencies"],
        "dev": groups["dev"],
        "web": groups["web"],
    }
    for lock, lines in wanted.items():
        locked = pins(lock)
        for wish in map(Requirement, lines):
            version = locked.get(canonicalize_name(wish.name))
            assert version is not None, f"{lock}.lock lacks {wish.name}: make lock"
            assert wish.specifier.contains(version), (
                f"{lock}.lock has {wish.name} {version}, not {wish}: make lock"
            )
