"""What the pages ship: as it came from its package, with its licence, complete, and asking no other host."""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from web.site import TEMPLATES
from web.static import KINDS, ROOT, Assets

VENDOR = ROOT / "vendor"
FILES: list[dict[str, Any]] = tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))["file"]
OURS = sorted(path for path in [*TEMPLATES.rglob("*.html"), *ROOT.glob("*.css"), *ROOT.glob("*.js")])
ELSEWHERE = re.compile(r"""(?:https?:)?//[\w\[][^\s"'<>)]*""")
REFERENCE = re.compile(r"""static\(\s*['"]([^'"]+)['"]\s*\)""")
COMMENTS = re.compile(r"/\*.*?\*/|^\s*//.*$|\{#.*?#\}", re.DOTALL | re.MULTILINE)


def _id(value: object) -> str:
    return value.name if isinstance(value, Path) else str(value["path"] if isinstance(value, dict) else value)


@pytest.mark.parametrize("file", FILES, ids=_id)
def test_a_shipped_file_is_the_one_that_is_named(file: dict[str, Any]):
    """Version, sum and licence: what a reader needs to fetch the same file and compare."""
    body = (VENDOR / file["path"]).read_bytes()
    assert hashlib.sha256(body).hexdigest() == file["sha256"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", file["version"])
    assert file["package"]
    assert file["within"]
    assert file["license"]
    assert file["texts"]
    for name in file["texts"]:
        assert "opyright" in (VENDOR / name).read_text("utf-8") or "Permission" in (VENDOR / name).read_text(
            "utf-8"
        )


def test_nothing_is_shipped_that_is_not_named():
    named = {
        "vendor.toml",
        *(file["path"] for file in FILES),
        *(name for file in FILES for name in file["texts"]),
    }
    assert {path.name for path in VENDOR.iterdir()} == named


@pytest.mark.parametrize("path", OURS, ids=_id)
def test_nothing_of_ours_asks_another_host(path: Path):
    """Outside of comments no address of another host stands in a template, a style sheet or a script."""
    text = COMMENTS.sub("", path.read_text("utf-8"))
    assert ELSEWHERE.findall(text) == []
    assert not re.search(r"@import|<style|\sstyle=|\son\w+=\s*[\"']", text)


def test_the_look_for_other_hosts_finds_them():
    for text in (
        '<script src="https://cdn.example/x.js">',
        "url(//fonts.example/a.woff2)",
        "fetch('http://[::1]/')",
    ):
        assert ELSEWHERE.search(text), text
    assert not ELSEWHERE.search("a / b // c")


def test_every_asset_that_a_page_names_is_there_and_every_one_is_named():
    assets, named = Assets(), set()
    for path in OURS:
        text = path.read_text("utf-8")
        for name in REFERENCE.findall(text):
            assert re.search(r"\?v=[0-9a-f]{12}$", assets.url(name)), f"{path.name}: {name}"
            named.add(name)
        if path.suffix == ".css":
            inside = re.findall(r"url\(['\"]?([^)'\"]+)", text)
            assert [one for one in inside if not (path.parent / one).is_file()] == [], path.name
    of_forms = {
        "embed.js",
        "form.css",
        "form.js",
        "track.js",
    }  # web/forms.py gives them at addresses of their own
    shipped = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.suffix in KINDS}
    licences = {f"vendor/{name}" for file in FILES for name in file["texts"]}
    assert shipped == named | of_forms | licences
    with pytest.raises(KeyError):
        assets.url("nothing.js")
