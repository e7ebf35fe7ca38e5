"""Mailboxes as a source: new mail is read over IMAP in a thread, stored, and only then marked as seen. (B06)"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar, cast

import structlog
from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted, MailMessage, MailMessageFlags

from bot.config_sources import Mailbox
from bot.events import Form, Incoming
from bot.platform import Intake, Now, Shared

log = structlog.get_logger("mailbox")
T = TypeVar("T")
FORM = "mail"
LONGEST = 20_000  # characters of a mail that are kept
FETCHED = 512 * 1024  # bytes of a mail that are read: its words stand before what is attached
WRITTEN = 200_000  # characters of HTML that are looked at
UNREAD = "（这封邮件的正文读不懂，请到邮箱里看原件）"
AT_ONCE = 20  # mails that are read before they are stored
MACHINES = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """One mail as it lies in the box."""

    uid: str
    incoming: Incoming


class Mailboxes:
    """Looks into every [[mailbox]] again and again. One replica at a time looks into one box."""

    def __init__(self, boxes: Sequence[Mailbox], intake: Intake, shared: Shared, now: Now) -> None:
        self._boxes, self._intake, self._shared, self._now = boxes, intake, shared, now
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to look."""
        self._tasks = [asyncio.create_task(self._run(box), name=f"mailbox {box.name}") for box in self._boxes]

    async def stop(self) -> None:
        """Ends; a mail that is not stored yet is still unseen, and read again next time."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, box: Mailbox) -> None:
        while True:
            try:
                async with self._shared.lock(f"mailbox:{box.name}", 300):
                    while await self.look(box):
                        pass
            except Exception as error:  # the library's errors may quote the password: their name only
                log.warning("mailbox could not be read", box=box.name, error=type(error).__name__)
            await asyncio.sleep(box.every.total_seconds())

    async def look(self, box: Mailbox) -> bool:
        """Reads what is unseen, stores it, marks it as seen. Returns whether there may be more."""
        letters = await asyncio.to_thread(_unseen, box, self._now())
        if letters:
            await self._intake([letter.incoming for letter in letters])
            await asyncio.to_thread(_seen, box, [letter.uid for letter in letters])
        return len(letters) == AT_ONCE


def _open(box: Mailbox) -> contextlib.AbstractContextManager[MailBox | MailBoxUnencrypted]:
    made = (
        MailBox(box.host, box.port, timeout=30)
        if box.tls
        else MailBoxUnencrypted(box.host, box.port, timeout=30)
    )
    opened: contextlib.AbstractContextManager[MailBox | MailBoxUnencrypted] = made.login(
        box.user, box.password.get_secret_value(), box.folder
    )
    return opened


def _unseen(box: Mailbox, now: datetime) -> list[Letter]:
    with _open(box) as opened:
        return [Letter(uid, letter(box.name, mail, now)) for uid, mail in _begun(opened)]


def _begun(box: BaseMailBox) -> Iterator[tuple[str, MailMessage]]:
    """(uid, the first FETCHED bytes) of what is unseen, one mail after the other."""
    for uid in box.uids(AND(seen=False))[:AT_ONCE]:
        _, parts = box.client.uid("fetch", uid, f"(BODY.PEEK[]<0.{FETCHED}>)")
        for part in parts:
            if isinstance(part, tuple):
                yield uid, MailMessage.from_bytes(part[1])


def _seen(box: Mailbox, uids: list[str]) -> None:
    with _open(box) as opened:
        opened.flag(uids, [MailMessageFlags.SEEN], True)


def letter(box: str, mail: MailMessage, now: datetime) -> Incoming:
    """A mail → a form in its sender's mailbox; its Message-ID makes it once."""
    id = _head(mail, "message-id")
    sender, name = _legible(lambda: _sender(mail), ("", ""))
    subject = _tidy(_legible(lambda: mail.subject, _head(mail, "subject")))[:200]
    text = _legible(lambda: _text(mail), UNREAD)[:LONGEST]
    nothing: list[str] = []
    mark = sha256(
        (id or f"{sender}|{_head(mail, 'date')}|{subject}|{text[:2000]}").encode("utf-8", "replace")
    )
    fields = {
        "mailbox": box, "id": mark.hexdigest()[:48], "from": sender, "name": name, "subject": subject, "text": text,
        "machine": _machine(mail, sender), "at": _legible(lambda: _at(mail, now), now).isoformat(),
        "files": _legible(lambda: _files(mail), nothing),
    }  # fmt: skip
    lane = sha256(sender.encode("utf-8", "replace")).hexdigest()[:40]
    form = Form(FORM, fields, now, key=f"{lane}:{box}:{fields['id']}")
    return Incoming(f"form:{FORM}:{form.key}", f"form:{FORM}:{lane}", form)


def _legible(read: Callable[[], T], instead: T) -> T:
    """What a part of a mail says, or `instead`: whatever strangers write, the mails behind it are read too."""
    try:
        return read()
    except Exception:  # the library raises whatever the broken part was
        return instead


def _sender(mail: MailMessage) -> tuple[str, str]:
    """(address, name) of who wrote it."""
    found = mail.from_values
    return (_tidy(found.email).lower(), _tidy(found.name)) if found else ("", "")


def _files(mail: MailMessage) -> list[str]:
    return [_tidy(one.filename)[:100] for one in mail.attachments if one.filename][:20]


def _at(mail: MailMessage, now: datetime) -> datetime:
    at = mail.date.astimezone(UTC) if mail.date.tzinfo and mail.date.year > 2000 else now
    return min(at, now)


def _head(mail: MailMessage, name: str) -> str:
    """The first header of that name, "" for none."""
    headers = cast(Mapping[str, tuple[str, ...]], mail.headers)
    return _tidy(str(next(iter(headers.get(name, ())), "")))


def _machine(mail: MailMessage, sender: str) -> bool:
    """Whether no person wrote it: automatic answers, bounces, bulk."""
    auto = _head(mail, "auto-submitted").lower() or "no"
    bulk = _head(mail, "precedence").lower()
    return auto != "no" or bulk in {"bulk", "junk", "list", "auto_reply"} or bool(MACHINES.match(sender))


def _text(mail: MailMessage) -> str:
    """The words of a mail; of an HTML mail without a plain part the text between the tags."""
    if mail.text.strip():
        return _tidy(mail.text)
    kept, hidden = "", ""
    for part in re.split(r"(<[^<>]*>)", mail.html[:WRITTEN]):  # once through: a mail may be nothing but "<"
        tag = re.match(r"</?(script|style|head|br|p|div|tr)\b", part, re.IGNORECASE)
        name = tag[1].lower() if tag else ""
        if hidden:
            hidden = "" if name == hidden and part.startswith("</") else hidden
        elif name in {"script", "style", "head"} and not part.startswith("</"):
            hidden = name
        elif not part.startswith("<") or not part.endswith(">"):
            kept += part
        else:
            kept += "\n" if name == "br" or (name in {"p", "div", "tr"} and part.startswith("</")) else " "
    return _tidy(kept.replace("&nbsp;", " ").replace("&lt;", "<").replace("&amp;", "&"))


def _tidy(text: str) -> str:
    return "".join(char for char in text if char in "\n\t" or char.isprintable()).strip()
