"""Structured logs with event ids; secrets and full phone numbers never get through."""

import logging
import re
import select
import sys
import time
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO, cast

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from rules.text import mask_phones_in

_SECRET_KEY = re.compile(r"secret|token|aes|password|ticket|authorization|webhook", re.IGNORECASE)
_WORDS = r"(?:access_?token|corpsecret|appsecret|client_?secret|secret|password|session|ticket|token|key)"
_SECRETS = (
    # access_token=…, "accessToken": "…", x-acs-dingtalk-access-token: …
    (re.compile(rf"({_WORDS}[\"']?\s*[=:]\s*[\"']?)[^&\s'\"<>,}}]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"(Bearer\s+)\S+", re.IGNORECASE), r"\1***"),
    # scheme://user:password@host, also with an @ in the password or no user
    (re.compile(r"(://[^:/@\s]*:)[^/\s]+@"), r"\1***@"),
)


_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, or turns a line around, where people read the log."""


def clean(text: str) -> str:
    """A text without secrets, without the middle of phone numbers and without control characters."""
    text = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return mask_phones_in(text)


def _clean(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {key: "***" if _SECRET_KEY.search(str(key)) else _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
        case _:
            return clean(str(value))


def masked(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: hides secrets by key and by shape, and the middle of phone numbers."""
    for key in list(event):
        event[key] = "***" if _SECRET_KEY.search(key) else _clean(event[key])
    return event


PIECE = 1000
"""Characters that are written at once: no more bytes than whatever says that it has room takes without waiting."""
PATIENCE = 200
"""Milliseconds for which a line waits for whoever reads the log; none any more while they do not."""


class Lasting:
    """A stream whose writes neither raise nor last: a full disk, or a reader that stands still (a log driver, `| tee`, a
    paused terminal), must not hold up what was only to be told. When it takes lines again, the first says how many were
    lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lost, self._last = stream, 0, "\n"
        self._room: select.poll | None = select.poll()
        try:
            self._room.register(stream.fileno(), select.POLLOUT)
        except (OSError, ValueError):  # no file is behind it
            self._room = None

    def write(self, text: str) -> int:
        """Writes, or counts what could not be written."""
        try:
            if self._lost:
                begin = "" if self._last == "\n" else "\n"
                self._put(f"{begin}({self._lost} log writes were lost)\n", 0)
                self._lost = 0
            self._put(text, PATIENCE)
        except (OSError, ValueError):  # ValueError: closed
            self._lost += 1
        return len(text)

    def _put(self, text: str, patience: int) -> None:
        for at in range(0, len(text), PIECE):
            if self._room is not None and not self._room.poll(patience):
                raise BlockingIOError
            piece = text[at : at + PIECE]
            self._stream.write(piece)
            self._stream.flush()
            self._last = piece[-1]

    def flush(self) -> None:
        """Every write is flushed already."""


def _ours(record: logging.LogRecord) -> bool:
    """Requests that are no HTTP get their 400; a traceback for each would let strangers fill the log, and quotes the
    request line with what stands in it."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | RequestPayloadError))


def configure(style: str, *, level: int = logging.INFO, quiet: Iterable[str] = ("aiohttp.access",)) -> None:
    """Logs go to stderr as JSON lines ("json") or readable lines ("text")."""
    out = cast("TextIO", Lasting(sys.stderr))
    render: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        masked,
    ]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, masked, render],
            foreign_pre_chain=shared[:-1],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger("aiohttp.server").filters[:] = [_ours]
    for name in quiet:
        logging.getLogger(name).disabled = True


class Rarely:
    """How often the same happened since it was last said: what comes in hundreds is one line."""

    def __init__(self, every: float) -> None:
        """`every`: seconds between two lines."""
        self._every, self._at, self._unsaid = every, float("-inf"), 0

    def count(self) -> int:
        """Once more. Returns how often since the last line, when it is time for one; else 0."""
        self._unsaid += 1
        now = time.monotonic()
        if now - self._at < self._every:
            return 0
        said, self._at, self._unsaid = self._unsaid, now, 0
        return said


class Unstored:
    """Says what could not be stored: one line a second with how many, where it went wrong once a minute. A database that is
    away is not to fill the disk, which may be what is full."""

    def __init__(self) -> None:
        self._lines, self._traces = Rarely(1.0), Rarely(60.0)

    def tell(self, log: Any, said: str, error: Exception, dedup: str) -> None:
        """One more. `said`: what the line is called in `log`; `dedup`: by which key the event is known."""
        if count := self._lines.count():
            traced = error if self._traces.count() else None
            log.warning(said, dedup=dedup, count=count, error=type(error).__name__, exc_info=traced)
