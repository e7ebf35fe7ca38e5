"""Mail that came in: forwarded by a colleague it becomes a draft, of a customer a touchpoint, of anybody else a lead. (B06)"""

import asyncio
import re
from datetime import datetime

from bot import defined
from bot.events import Form
from bot.incoming import lead_form
from bot.router import Router
from bot.turn import Turn
from handlers import drafts, touchpoints
from handlers.words import current as words_to_read_with
from nlp import enquiry
from nlp.draft import read
from rules.errors import PutAside
from rules.text import clip, mask_phones_in
from rules.touchpoints import Kind, Touch
from store import customers, sources, team

router = Router("mails")
FORWARDED = re.compile(
    r"(?im)^[^\S\n]{0,20}-{2,40}[^\n-]{0,60}(?:forwarded|转发|原始邮件|original)[^\n-]{0,60}-{2,40}[^\S\n]*$"
    r"|^[^\S\n]{0,20}(?:begin forwarded message|转发的?邮件)[:：].*$"
)
HEADER = re.compile(
    r"(?im)^[^\S\n]{0,20}(?:发件人|发送时间|日期|收件人|抄送|主题|from|sent|date|to|cc|subject)[^\S\n]{0,20}[:：].*$"
)


@router.form("mail")
async def take(turn: Turn, form: Form) -> None:
    """One mail of a [[mailbox]]. What a machine wrote is left."""
    said = form.fields
    box = await defined.mailbox(turn.tx, turn.config, str(said["mailbox"]))
    if box is None:
        raise PutAside(f"没有 {said['mailbox']!r} 这个邮箱（config.toml 的 [[mailbox]]，或网页「接入」）")
    await sources.heard(turn.tx, defined.MAILBOX, box.name, f"{turn.wall:%Y-%m-%d}", turn.now)
    if said["machine"]:
        return
    sender = str(said["from"])
    colleague = next((one for one in turn.config.member if one.email and one.email.lower() == sender), None)
    if colleague:
        turn.member = await team.get(turn.tx, colleague.id)
        if turn.member and not turn.member.gone:
            await drafts.from_mail(turn, unforwarded(str(said["text"])), str(said["subject"]))
        return
    for customer, contact in await customers.by_email(turn.tx, sender):
        owner = await touchpoints.owner_of(turn, customer)
        if owner is None:
            continue
        touch = Touch(
            kind=Kind.MAIL, at=datetime.fromisoformat(said["at"]), dedup=f"mail:{said['id']}", title=str(said["subject"]),
            body=str(said["text"]), source=box.source, detail={"files": "、".join(said["files"])},
        )  # fmt: skip
        await touchpoints.add(turn, customer, contact, touch, tell=owner)
        return
    await _lead(turn, form, box.source, box.group)


async def _lead(turn: Turn, form: Form, source: str, group: str) -> None:
    """A stranger's mail: what its signature says of them, and the words as the need."""
    said, text = form.fields, str(form.fields["text"])
    own = await team.own_names(turn.tx)
    words = await words_to_read_with(turn)
    found = await asyncio.to_thread(read, text[:5000], turn.wall, own_names=own, vocabulary=words)
    name = (
        found.name
        or enquiry.line(str(said["name"]))[:64]
        or str(said["from"]).partition("@")[0][:64]
        or "未署名的邮件"
    )
    files = f"附件：{'、'.join(said['files'])}" if said["files"] else ""
    fields = {
        "name": name, "company": found.company[:120], "phone": found.phone, "email": str(said["from"])[:120],
        "city": found.city[:40], "source": source, "group": group,
        "need": clip(_need(str(said["subject"]), found.need or text), 500), "note": files[:2000],
        "origin": {"kind": "mail", "name": str(said["mailbox"]), "ref": str(said["id"]),
                   "extra": {"subject": str(said["subject"]), "text": text[:5000]}},
    }  # fmt: skip
    receipt = f"mail:{said['mailbox']}:{said['id']}"
    await turn.hand(lead_form(fields, turn.now, receipt=receipt, digest=str(said["id"]), client="mail"))


def _need(subject: str, words: str) -> str:
    """Subject and words in one line, numbers masked: it stands on cards."""
    return mask_phones_in(re.sub(r"\s+", " ", "：".join(filter(None, [subject, words]))))


def unforwarded(text: str) -> str:
    """The words of a forwarded mail: what follows the mark of forwarding, without the heads that were copied in."""
    marks = list(FORWARDED.finditer(text))
    kept = text[marks[0].end() :] if marks else text
    return HEADER.sub("", kept).strip()
