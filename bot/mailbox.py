"""Mailboxes as a source: new mail is read over IMAP in a thread, stored, and only then marked as seen. (B06)"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from typing import TypeVar, cast

import structlog
from imap_tools import AND, BaseMailBox, MailMessage, MailMessageFlags

from bot import imap
from bot.bells import Bells
from bot.config_sources import Mailbox
from bot.defined import Box
from bot.events import Form, Incoming
from bot.imap import Trust
from bot.platform import Intake, Now, Shared
from store.db import passing

log = structlog.get_logger("mailbox")
T = TypeVar("T")
FORM = "mail"
LONGEST = 20_000  # characters of a mail that are kept
FETCHED = 512 * 1024  # bytes of a mail that are read: its words stand before what is attached
WRITTEN = 200_000  # characters of HTML that are looked at
UNREAD = "（这封邮件的正文读不懂，请到邮箱里看原件）"
AT_ONCE = 20  # mails that are read before they are stored
BELL, LOOK = "sources", 5.0  # rings when a source was saved; seconds until one looks without it
MACHINES = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """One mail as it lies in the box."""

    uid: str
    incoming: Incoming


Known = Callable[[], Awaitable[list[Box]]]
"""Which mailboxes there are now."""
Told = Callable[[str, str], Awaitable[None]]
"""Hears the name of a mailbox and what is wrong with it, "" when all is well again."""


class Mailboxes:
    """Looks into every mailbox again and again, those that are defined on the page from the moment they are. One replica at
    a time looks into one box."""

    def __init__(
        self, known: Known, told: Told, intake: Intake, shared: Shared, bells: Bells, now: Now, page: Trust
    ) -> None:
        """`page`: how far boxes that were defined on the page may lead."""
        self._known, self._told, self._intake, self._shared = known, told, intake, shared
        self._bells, self._now, self._page = bells, now, page
        self._looking: dict[Box, asyncio.Task[None]] = {}
        self._minding: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look."""
        self._minding = asyncio.create_task(self._mind(), name="mailboxes")

    async def stop(self) -> None:
        """Ends; a mail that is not stored yet is still unseen, and read again next time."""
        tasks = [*([self._minding] if self._minding else []), *self._looking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _mind(self) -> None:
        """Begins and ends to look into boxes as they come and go."""
        while True:
            bell = self._bells.hear(BELL)
            try:
                wanted = set(await self._known())
                for box in self._looking.keys() - wanted:
                    self._looking.pop(box).cancel()
                for box in wanted - self._looking.keys():
                    name = f"mailbox {box.settings.name}"
                    self._looking[box] = asyncio.create_task(self._run(box), name=name)
            except Exception as error:
                if not passing(error):
                    log.exception("mailboxes could not be found")
            await self._bells.wait(bell, LOOK)

    async def _run(self, box: Box) -> None:
        said: str | None = None  # what was told last; None: nothing yet
        name = box.settings.name
        while True:
            wrong = ""
            try:
                async with self._shared.lock(f"mailbox:{name}", 300):
                    while await self.look(box):
                        pass
            except Exception as error:  # the library's errors may quote the password: their name only
                log.warning("mailbox could not be read", box=name, error=type(error).__name__)
                wrong = imap.why(error, box.settings)
            if wrong != said:
                with contextlib.suppress(Exception):  # told the next time
                    await self._told(name, wrong)
                    said = wrong
            await asyncio.sleep(box.settings.every.total_seconds())

    async def look(self, box: Box) -> bool:
        """Reads what is unseen, stores it, marks it as seen. Returns whether there may be more."""
        one, trust = box.settings, self._page if box.guarded else Trust.FILE
        letters = await asyncio.to_thread(_unseen, one, trust, self._now())
        if letters:
            await self._intake([letter.incoming for letter in letters])
            await asyncio.to_thread(_seen, one, trust, [letter.uid for letter in letters])
        return len(letters) == AT_ONCE


def _unseen(box: Mailbox, trust: Trust, now: datetime) -> list[Letter]:
    with imap.opened(box, trust) as opened:
        return [Letter(uid, letter(box.name, mail, now)) for uid, mail in _begun(opened)]


def _begun(box: BaseMailBox) -> Iterator[tuple[str, MailMessage]]:
    """(uid, the first FETCHED bytes) of what is unseen, one mail after the other."""
    for uid in box.uids(AND(seen=False))[:AT_ONCE]:
        _, parts = box.client.uid("fetch", uid, f"(BODY.PEEK[]<0.{FETCHED}>)")
        for part in parts:
            if isinstance(part, tuple):
                yield uid, MailMessage.from_bytes(part[1])


def _seen(box: Mailbox, trust: Trust, uids: list[str]) -> None:
    with imap.opened(box, trust) as opened:
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
    return _tidy(unescape(kept).replace("\xa0", " "))


def _tidy(text: str) -> str:
    return "".join(char for char in text if char in "\n\t" or char.isprintable()).strip()
