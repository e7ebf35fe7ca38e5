"""Mailboxes as a source: new mail is read over IMAP in a thread, stored, and only then marked as seen. (B06)"""

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import cast

import structlog
from imap_tools import AND, MailBox, MailBoxUnencrypted, MailMessage, MailMessageFlags

from bot.config_sources import Mailbox
from bot.events import Form, Incoming
from bot.platform import Intake, Now, Shared

log = structlog.get_logger("mailbox")
FORM = "mail"
LONGEST = 20_000  # characters of a mail that are kept
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
        found = opened.fetch(AND(seen=False), limit=AT_ONCE, mark_seen=False)
        return [Letter(str(mail.uid), letter(box.name, mail, now)) for mail in found]


def _seen(box: Mailbox, uids: list[str]) -> None:
    with _open(box) as opened:
        opened.flag(uids, [MailMessageFlags.SEEN], True)


def letter(box: str, mail: MailMessage, now: datetime) -> Incoming:
    """A mail → a form in its sender's mailbox; its Message-ID makes it once."""
    id = _head(mail, "message-id")
    sender = mail.from_.strip().lower()
    mark = sha256(
        (id or f"{sender}|{mail.date_str}|{mail.subject}|{mail.text[:2000]}").encode("utf-8", "replace")
    )
    at = mail.date.astimezone(UTC) if mail.date.tzinfo and mail.date.year > 2000 else now
    fields = {
        "mailbox": box, "id": mark.hexdigest()[:48], "from": sender, "name": mail.from_values.name if mail.from_values else "",
        "subject": _tidy(mail.subject)[:200], "text": _text(mail)[:LONGEST], "machine": _machine(mail),
        "files": [_tidy(one.filename)[:100] for one in mail.attachments if one.filename][:20],
        "at": min(at, now).isoformat(),
    }  # fmt: skip
    lane = sha256(sender.encode("utf-8", "replace")).hexdigest()[:40]
    form = Form(FORM, fields, now, key=f"{lane}:{box}:{fields['id']}")
    return Incoming(f"form:{FORM}:{form.key}", f"form:{FORM}:{lane}", form)


def _head(mail: MailMessage, name: str) -> str:
    """The first header of that name, "" for none."""
    headers = cast(Mapping[str, tuple[str, ...]], mail.headers)
    return next(iter(headers.get(name, ())), "").strip()


def _machine(mail: MailMessage) -> bool:
    """Whether no person wrote it: automatic answers, bounces, bulk."""
    auto = _head(mail, "auto-submitted").lower() or "no"
    bulk = _head(mail, "precedence").lower()
    return auto != "no" or bulk in {"bulk", "junk", "list", "auto_reply"} or bool(MACHINES.match(mail.from_))


def _text(mail: MailMessage) -> str:
    """The words of a mail; of an HTML mail without a plain part the text between the tags."""
    if mail.text.strip():
        return _tidy(mail.text)
    bare = re.sub(r"(?is)<(script|style|head).*?</\1>", " ", mail.html)
    bare = re.sub(r"(?i)<br\s*/?>|</p>|</div>|</tr>", "\n", bare)
    return _tidy(
        re.sub(r"<[^>]+>", " ", bare).replace("&nbsp;", " ").replace("&lt;", "<").replace("&amp;", "&")
    )


def _tidy(text: str) -> str:
    return "".join(char for char in text if char in "\n\t" or char.isprintable()).strip()
