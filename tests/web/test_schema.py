"""The API as docs/openapi.json describes it, tried by schemathesis: whatever is sent gets an answer that is described."""

import asyncio
import contextlib
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

ROOT = Path(__file__).parents[2]
TOKEN = "token-of-the-schema"
HELD = [status_code_conformance, content_type_conformance, response_schema_conformance]
SETTINGS = hypothesis.settings(
    max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)  # fmt: skip
CONFIG = """
[app]
listen = "127.0.0.1:{port}"
[store]
database = "sqlite:///{data}/genjin.db"
[api]
tokens = ["{token}"]
[[member]]
id = "wanglei"
name = "王磊"
[intake]
per_minute = 600
[[webform]]
name = "contact"
title = "留下您的需求"
fields = [{{ key = "name", label = "称呼" }}, {{ key = "phone", label = "手机", type = "phone" }}]
[[connector]]
name = "shop"
sign = {{ kind = "token", secret = "secret-of-the-shop", where = "query:token" }}
map = {{ name = "$.name", phone = "$.phone" }}
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
async def served(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[str]:
    """A bot of its own process; its address."""
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(data=tmp_path, token=TOKEN, port=free_port()))
    running = await asyncio.create_subprocess_exec(
        sys.executable, "main.py", "serve", "--config", str(config), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert running.stdout is not None
    try:
        said = (await running.stdout.readline()).decode()
        assert "/healthz" in said
        yield said.split("：")[1].strip().removesuffix("/healthz")
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        await running.communicate()


def tried(url: str, mode: GenerationMode) -> list[str]:
    """Sends what the description allows, or what it does not; returns what was tried."""
    described = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    found = []
    for each in schemathesis.openapi.from_dict(described).get_all_operations():
        operation = each.ok()
        if mode is GenerationMode.NEGATIVE and operation.method != "post":
            continue  # what takes nothing cannot be given anything wrong
        trial(operation, url, mode)()
        found.append(operation.label)
    return found


def trial(operation: Any, url: str, mode: GenerationMode) -> Callable[[], None]:
    """One operation as a property."""
    headers, pushed = {"Authorization": f"Bearer {TOKEN}"}, operation.path == "/hooks/{name}"
    params = {"token": "secret-of-the-shop"} if pushed else {}

    @SETTINGS
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        if operation.path.startswith(("/hooks", "/forms")):
            case.path_parameters = {"name": "shop" if pushed else "contact"}
        answer = case.call(base_url=url, headers=headers, params=params, timeout=30, allow_redirects=False)
        case.validate_response(answer, checks=HELD)
        assert answer.status_code != 500  # 503 is "come again", which a machine in trouble may say

    return send


@pytest.mark.timeout(300)  # hundreds of requests, perhaps on a busy machine
async def test_every_answer_is_one_that_is_described(served: str) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        found = await asyncio.to_thread(tried, served, mode)
        assert {"POST /api/v1/leads", "POST /hooks/{name}", "POST /forms/{name}"} <= set(found)
