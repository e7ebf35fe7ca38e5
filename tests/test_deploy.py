"""deploy/: what deployers copy. Its files name commands, packages, settings and metrics that exist."""

import configparser
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml

import main
from bot.config import load

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
ALWAYS = {"up", "process_resident_memory_bytes"}
"""What Prometheus and its client add themselves."""


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def exported() -> set[str]:
    """Every metric that /metrics has, with the endings that the client gives counters and histograms."""
    health = (ROOT / "web" / "health.py").read_text("utf-8")
    ends = {"Gauge": ("",), "Counter": ("_total",), "Histogram": ("_bucket", "_count", "_sum")}
    found = re.findall(r'(Gauge|Counter|Histogram)\(\s*"(genjin_\w+)"', health)
    assert found
    return ALWAYS | {name + end for kind, name in found for end in ends[kind]}


def expressions() -> Iterator[str]:
    alerts = yaml.safe_load(text("prometheus-alerts.yml"))
    for group in alerts["groups"]:
        for rule in group["rules"]:
            assert {"summary", "action"} <= set(rule["annotations"]), rule["alert"]
            yield rule["expr"]
    for panel in json.loads(text("grafana-dashboard.json"))["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_alerts_and_the_dashboard_ask_for_metrics_that_exist() -> None:
    known, asked = exported(), set()
    for one in expressions():
        promql_parser.parse(one)
        asked |= set(re.findall(r"\b(?:genjin_\w+|process_\w+|up)\b", re.sub(r'"[^"]*"', "", one)))
    assert asked <= known
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known}
    assert ours <= {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}, (
        "each is looked at somewhere"
    )


def test_the_image_is_linted_and_has_every_package_of_the_program() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("there is no hadolint for this machine")
    said = subprocess.run([linter, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    copied = set(re.findall(r"^COPY (\w+) \1$", text("Dockerfile"), re.MULTILINE))
    packages = {path.name for path in ROOT.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert packages - {"sim", "bench", "tests"} == copied
    let_in = {line[1:] for line in text("Dockerfile.dockerignore").split() if line.startswith("!")}
    files = set(re.findall(r"^COPY (.*) \./$", text("Dockerfile"), re.MULTILINE)[0].split())
    loaded = {
        one for one in re.findall(r"^import (\w+)$", (ROOT / "main.py").read_text("utf-8"), re.MULTILINE)
    }
    assert {f"{one}.py" for one in loaded if (ROOT / f"{one}.py").exists()} | {"main.py"} <= files
    assert copied | files <= let_in


def commands() -> Iterator[list[str]]:
    """Each way in which a file starts the program, without the program's name."""
    compose = yaml.safe_load(text("compose.yaml"))
    for service in compose["services"].values():
        if service.get("image") == "genjin":
            yield service["command"]
    for name in ("genjin.service", "genjin@.service"):
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.optionxform = str  # type: ignore[assignment]
        unit.read_string(text(name))
        yield unit["Service"]["ExecStart"].split("main.py ")[1].split()
    image = re.search(r"^CMD (\[.*\])$", text("Dockerfile"), re.MULTILINE)
    assert image is not None
    yield json.loads(image[1])


def test_every_file_starts_the_program_as_it_can_be_started() -> None:
    started = [main.parser().parse_args(words) for words in commands()]
    assert len(started) == 6
    roles = [set(one.roles.split(",")) for one in started if getattr(one, "roles", "")]
    assert set().union(*roles) == {"intake", "work", "timers", "web"}


def test_settings_in_the_image_and_the_compose_file_are_settings(tmp_path: Path) -> None:
    named = set(re.findall(r"\b(GENJIN_[A-Z_]+)[=:]", text("Dockerfile") + text("compose.yaml")))
    assert named
    file = tmp_path / "config.toml"
    file.write_text("", "utf-8")
    sections = load(file, {}).model_dump()
    for name in named:
        section, _, key = name.removeprefix("GENJIN_").lower().partition("__")
        assert key in sections[section], name


def test_the_image_runs_a_python_that_the_project_allows() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    versions = re.findall(r"^FROM python:3\.(\d+)-slim", text("Dockerfile"), re.MULTILINE)
    assert len(versions) == 2
    assert asked == ">=3.11"
    assert all(int(minor) >= 11 for minor in versions)
