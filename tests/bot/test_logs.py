"""Nothing that must stay secret gets into a log line, whoever wrote it."""

import io
import json
import logging
import os
import re
import threading
import time

import pytest
import structlog

from bot import logs

SECRETS = (
    "https://qyapi.weixin.qq.com/cgi-bin/message/send?access_token=SECRET124&x=1",
    'body {"accessToken": "SECRET124", "expireIn": 7200}',
    "x-acs-dingtalk-access-token: SECRET124",
    "postgresql://genjin:SECRET124@db/genjin",
    "postgresql://genjin:p@SECRET124@db/genjin",
    "redis://:SECRET124@host:6379/0",
    "Authorization: Bearer SECRET124",
    "wss://host/connect?ticket=SECRET124",
)


@pytest.fixture
def json_logs():
    logs.configure("json", level=logging.INFO)
    yield
    logs.configure("text")


@pytest.mark.usefixtures("json_logs")
@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_hidden_in_our_lines_and_in_those_of_libraries(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("json", level=logging.INFO)
    structlog.get_logger("ours").warning(
        "trouble", detail=text, error=ValueError(text), more={"client_secret": "SECRET124"}
    )
    logging.getLogger("library").warning("they say %s", text)
    said = capsys.readouterr().err
    assert "SECRET124" not in said
    assert len([json.loads(line) for line in said.splitlines()]) == 2


@pytest.mark.usefixtures("json_logs")
def test_phone_numbers_lose_their_middle(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", level=logging.INFO)
    structlog.get_logger("ours").info("call 13812345678", who=["0755-26881234"])
    logging.getLogger("library").warning("call %s", "13812345678")
    said = capsys.readouterr().err
    assert "13812345678" not in said
    assert "26881234" not in said
    assert "138****5678" in said


class FullDisk(io.StringIO):
    """Takes nothing while `full`."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_log_that_cannot_be_written_ends_nothing_and_is_counted() -> None:
    disk = FullDisk()
    out = logs.Lasting(disk)
    out.write("one\n")
    out.write("two\n")
    disk.full = False
    out.write("three\n")
    out.write("four\n")
    assert disk.getvalue() == "(2 log writes were lost)\nthree\nfour\n"
    disk.close()
    out.write("five\n")


def test_a_reader_that_stands_still_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody empties would stop the event loop in the middle of a line."""
    monkeypatch.setattr(logs, "PATIENCE", 1)
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as reader, os.fdopen(write, "w", encoding="utf-8") as stream:
        out = logs.Lasting(stream)
        lines = threading.Thread(
            target=lambda: [out.write(f"一行 {n} {'x' * 2500}\n") for n in range(60)], daemon=True
        )
        lines.start()
        lines.join(30)
        assert not lines.is_alive()
        there = reader.read(1 << 20).decode()
        assert "一行 20 " in there
        assert "一行 59 " not in there
        out.write("again\n")
        said = reader.read(1 << 20).decode().splitlines()
        assert said[-1] == "again"
        assert re.fullmatch(r"\(\d+ log writes were lost\)", said[-2])


@pytest.mark.parametrize("piece", ["x", "-", "1", "token", "key ", "://a:", "Bearer ", "138", " "])
def test_a_long_line_from_a_stranger_is_cleaned_in_no_time(piece: str) -> None:
    """A broken request line of 64 KB stands in aiohttp's error text: each character may be looked at a few times, no more."""
    began = time.process_time()
    logs.clean(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 5


@pytest.mark.usefixtures("json_logs")
def test_nobody_outside_moves_the_cursor_of_who_reads_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("text", level=logging.INFO)
    structlog.get_logger("ours").info("said", words="a\x1b[2Jb\u202ec\rd\ne")
    logging.getLogger("library").warning("they say %s", "\x1b]0;title\x07")
    said = capsys.readouterr().err
    assert not [one for one in ("\x1b", "\u202e", "\r", "\x07") if one in said]
    assert len(said.splitlines()) == 2, "nor does anybody make lines of their own"


def test_what_comes_in_hundreds_is_one_line_that_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    often = logs.Rarely(1.0)
    assert [often.count() for _ in range(5)] == [1, 0, 0, 0, 0]
    now += 1.0
    assert [often.count() for _ in range(2)] == [5, 0]
