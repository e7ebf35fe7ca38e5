"""What only a rehearsal may switch on; and that every place to be killed at lies on somebody's way."""

import re
from pathlib import Path

import pytest

import commands
from bot.config import BadConfig, Config
from bot.rehearsal import only
from store import failpoints
from store.failpoints import At

ROOT = Path(commands.__file__).parent
SIMULATED = {
    "enabled": True,
    "corp_id": "ww1",
    "agent_id": 1,
    "secret": "s",
    "token": "t",
    "aes_key": "k" * 43,
}


def test_beside_a_real_platform_nothing_of_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.SWITCH, "outbox.sent")
    with pytest.raises(BadConfig, match=r"GENJIN_FAIL_AT.*\[wecom\].*api_base"):
        commands.arm(Config.model_validate({"wecom": SIMULATED}))
    only(Config.model_validate({"wecom": {**SIMULATED, "api_base": "http://127.0.0.1:1"}}), failpoints.SWITCH)


@pytest.mark.parametrize("said", ["outbox.nowhere", "outbox.sent:often"])
def test_a_place_that_there_is_not_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.SWITCH, said)
    with pytest.raises(BadConfig, match="GENJIN_FAIL_AT"):
        commands.arm(Config())


def test_every_place_is_in_the_code_once() -> None:
    text = "".join(
        file.read_text("utf-8") for folder in ("bot", "store") for file in (ROOT / folder).rglob("*.py")
    )
    together_or_alone = [At.OUTBOX_ENTERED.name, At.OUTBOX_RECORDED.name]  # bot/ledger.py, bot/outbox.py
    found = re.findall(r"reach\(At\.(\w+)\)", text)
    assert sorted(found) == sorted([at.name for at in At] + together_or_alone)
