"""/导入: a file of leads is looked at, then taken in piece by piece, and can be taken back. (B08; product C.4)"""

import asyncio
import base64
import hashlib
import re
import secrets
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from bot import sheets
from bot.events import Fact, Form, Kind, Message
from bot.platform import FILE
from bot.router import Router
from bot.turn import Turn
from cards import imports as cards
from cards.actions_imports import TakeIn
from cards.card import from_json
from handlers import importing
from handlers.pages import signed_in
from nlp import columns, cores
from rules import access
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.team import Member, Role
from rules.text import customer_id, when
from store import audit, batches, customers, leads, team
from store.batches import Batch, Known, Row

router = Router("imports")
KEEPERS = (Role.ADMIN, Role.MANAGER, Role.DIRECTOR)
CHUNK = 10
"""How many rows are taken in by one transaction: others get their turn in between."""
UNDO = timedelta(days=30)
TOLD = 100
"""How many customers that a table found stand in its line of the trail."""
LISTS = (".xlsx", ".xls", ".csv")


# ── the link ───────────────────────────────────────────────────────────────────────────────────────────
@router.command("导入", usage="/导入", about="批量导入线索（Excel、CSV）", may=KEEPERS)
async def start(turn: Turn, words: str) -> None:
    """/导入 gives the link; /导入 撤销 3 takes a batch back."""
    if found := re.fullmatch(r"撤销\s*(?:B-?)?(\d+)", words.strip(), re.IGNORECASE):
        await turn.answer(await _undo(turn, int(found[1])))
        return
    if words.strip():
        raise Refused("这样写：/导入，或 /导入 撤销 3")
    token = secrets.token_urlsafe(24)
    batch = await open_batch(turn, digest(token))
    url = f"{turn.config.app.public_url.rstrip('/')}/import/{token}"
    await turn.answer(cards.link(batch, url, when(_until(turn), turn.now, turn.zone)))


def _until(turn: Turn) -> datetime:
    return turn.now + turn.config.intake.import_link


async def open_batch(turn: Turn, token: str) -> int:
    """A new import of mine behind a link (by its hash). Returns its number."""
    batch = await batches.open(turn.tx, token, turn.me.id, turn.now, _until(turn))
    await audit.add(turn.tx, turn.now, turn.me.id, "import.opened", f"B-{batch}", "", turn.event_id)
    return batch


def digest(token: str) -> str:
    """What the database keeps of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


@router.form("web.import")
async def start_on_page(turn: Turn, form: Form) -> None:
    """新的导入 on the page of those who are logged in."""
    await _keeper(turn, form)
    await open_batch(turn, str(form.fields["token"]))


@router.form("web.import_open")
async def open_on_page(turn: Turn, form: Form) -> None:
    """打开 there: one of mine gets a fresh link."""
    person = await _keeper(turn, form)
    batch = await batches.get(turn.tx, int(form.fields["batch"]))
    if batch is None or batch.member != person.id:
        raise Denied(f"没有你的导入 B-{form.fields['batch']}", about="")
    await batches.relink(turn.tx, batch.id, str(form.fields["token"]), _until(turn))


async def _keeper(turn: Turn, form: Form) -> Member:
    person = await signed_in(turn, form)
    if not person.has(*KEEPERS):
        raise Denied("导入不对你的角色开放。", about="")
    return person


async def _mine(turn: Turn, form: Form) -> Batch:
    """The batch behind the link, its member still allowed. Raises Refused."""
    found = await batches.by_token(turn.tx, str(form.fields["token"]))
    person = await team.get(turn.tx, found.member) if found else None
    if found is None or person is None or person.gone or not person.has(*KEEPERS):
        raise Refused("这个链接不能用了，请发 /导入 取一个新的")
    if turn.now >= found.expires_at and found.state in ("empty", "ready"):
        raise Refused("这个链接过了有效期，请发 /导入 取一个新的")
    turn.member = person
    return found


# ── a file is looked at ────────────────────────────────────────────────────────────────────────────────
@router.form("import.upload")
async def upload(turn: Turn, form: Form) -> None:
    """The cells of a file: every row is checked and nothing is made yet. Another file takes the place of the first."""
    batch = await _mine(turn, form)
    await _look_over(
        turn, batch, form.fields["rows"], str(form.fields["filename"]), str(form.fields["digest"])
    )


async def _look_over(turn: Turn, batch: Batch, cells: list[list[str]], filename: str, sum: str) -> None:
    """Every row of a file is checked and kept with what is wrong; `sum` tells the same file again. Raises Refused."""
    fields = columns.fields_of(cells[0])
    if not {"phone", "email"} & set(fields):
        raise Refused(
            f"第一行里没有认出「手机」或「邮箱」这一列。标题是：{'、'.join(filter(None, cells[0]))[:200]}"
        )
    earlier = await batches.same_file(turn.tx, sum, batch.id)
    if earlier:
        raise Refused(
            f"这个文件已经导入过（B-{earlier.id}，{when(earlier.created_at, turn.now, turn.zone)}）"
        )
    people = {key: one.id for one in await team.everyone(turn.tx) for key in (one.id.lower(), one.name)}
    rows = await asyncio.to_thread(_looked, cells, fields, people)  # thousands of rows take a second
    rows, found = await _repeats(turn, rows)
    moved = await batches.move(
        turn.tx, batch.id, ["empty", "ready"], "ready", filename=filename[:200], digest=sum,
        columns=importing.pack(cells[0]),
    )  # fmt: skip
    if not moved:
        raise Refused("这一批已经开始录入，不能换文件了")
    await batches.fill(turn.tx, batch.id, rows)
    said = "、".join(map(customer_id, found[:TOLD]))
    await audit.add(turn.tx, turn.now, turn.me.id, "import.checked", f"B-{batch.id}",
                    {"rows": len(rows), "hits": len(found), "found": said}, turn.event_id)  # fmt: skip


def _looked(cells: list[list[str]], fields: tuple[str, ...], people: dict[str, str]) -> list[Row]:
    return [_look(n, row, fields, people) for n, row in enumerate(cells[1:], start=2) if any(row)]


def _look(n: int, row: list[str], fields: tuple[str, ...], people: dict[str, str]) -> Row:
    raw = {field: value for field, value in zip(fields, row, strict=False) if field}
    kept, errors = columns.checked(raw)
    if kept.get("owner") and kept["owner"].lower() not in people:
        errors["owner"] = f"负责人「{kept['owner']}」不在成员里"
    elif kept.get("owner"):
        kept["owner"] = people[kept["owner"].lower()]
    if kept.get("author"):
        kept["author"] = people.get(kept["author"].lower(), kept["author"])
    return Row(n, tuple(row), kept, errors, "wrong" if errors else "new", "；".join(errors.values()))


async def _repeats(turn: Turn, rows: list[Row]) -> tuple[list[Row], list[int]]:
    """Marks whom we know already, by phone, mail or credit code, with who has them; and who stands twice in the file. Gives
    the customers of ours that it told of, too."""
    fine = [row for row in rows if row.state == "new"]
    keys = {
        row.n: (
            customers.phone_key(row.fields["phone"]),
            row.fields["email"].lower(),
            row.fields["credit_code"],
        )
        for row in fine
    }
    phones = await batches.known(turn.tx, "phone", [phone for phone, _, _ in keys.values()])
    mails = await batches.known(turn.tx, "email", [mail for _, mail, _ in keys.values()])
    codes = await batches.known(turn.tx, "credit_code", [code for _, _, code in keys.values()])
    kernels = {row.n: cores.core(row.fields["company"]) for row in fine if row.fields["company"]}
    firms = await batches.known(turn.tx, "core", list(kernels.values()))
    people = {one.id: one for one in await team.roster(turn.tx)}
    seen: dict[str, int] = {}
    found: list[Row] = []
    told: dict[int, None] = {}
    for row in rows:
        if row.state == "new":
            phone, mail, code = keys[row.n]
            twin = next((seen[key] for key in keys[row.n] if key and key in seen), 0)
            known = phones.get(phone) or mails.get(mail) or codes.get(code)
            if twin or known:
                told |= {known.customer: None} if known and not twin else {}
                why = f"与第 {twin} 行相同" if twin else _said(turn, known, people) if known else ""
                row = importing.with_state(row, "repeat", why)
            elif firm := firms.get(kernels.get(row.n, "")):
                told[firm.customer] = None
                row = importing.with_state(row, "new", "公司名称相同：" + _said(turn, firm, people))
            seen |= {key: row.n for key in keys[row.n] if key and key not in seen}
        found.append(row)
    return found, list(told)


def _said(turn: Turn, known: Known, people: dict[str, Member]) -> str:
    """ "C-0301 宁波恒达（负责人 王磊，2026-11-20 由 张敏 录入）" – what is there stays as it is, and a file of numbers does
    not tell whose they are."""
    owner = people.get(known.owner)
    label = access.label_for(turn.me, owner, known.label, turn.config.teams())
    by = people[known.created_by].name if known.created_by in people else known.created_by
    at = known.created_at.astimezone(turn.zone).date().isoformat()
    who = f"负责人 {owner.name}" if owner and not owner.gone else "暂无负责人"
    return f"已有 {customer_id(known.customer)} {label}（{who}，{at}{f' 由 {by}' if by else ''} 录入）"


# ── a file that was sent in the chat ───────────────────────────────────────────────────────────────────
def _is_list(turn: Turn, message: Message) -> bool:
    """A spreadsheet of somebody who may import; where a platform tells no name, any file."""
    if message.kind is not Kind.FILE or message.media is None or not turn.me.has(*KEEPERS):
        return False
    return not message.media.name or message.media.name.lower().endswith(LISTS)


@router.message(_is_list)
async def sent(turn: Turn, message: Message) -> None:
    """The file is fetched from the platform; with its bytes `came` is called."""
    assert message.media is not None
    batch = await open_batch(turn, digest(secrets.token_urlsafe(24)))
    box = hashlib.sha256(f"import:{batch}".encode()).hexdigest()[:40]
    fields = {"batch": batch, "name": message.media.name}
    await turn.ask(FILE, message.media.ref, of=f"{message.platform}:{message.user}",
                   then=Form("import.file", fields, turn.now, key=box))  # fmt: skip
    await turn.answer(
        f"收到{f'「{message.media.name}」' if message.media.name else '文件'}，正在检查，不会马上录入。"
    )


@router.form("import.file")
async def came(turn: Turn, form: Form) -> None:
    """The bytes of a file that was sent in the chat, or why there are none: looked over, nothing made yet."""
    batch = await batches.get(turn.tx, int(form.fields["batch"]))
    person = await team.get(turn.tx, batch.member) if batch else None
    if batch is None or person is None or person.gone or not person.has(*KEEPERS) or batch.state != "empty":
        return
    turn.member = person
    found = form.fields["found"]
    name = str(found.get("name") or form.fields["name"] or "文件")
    try:
        if not found.get("body"):
            raise Refused(f"{form.fields['why']}。可以再发一次，或发 /导入 在网页上传")
        if not name.lower().endswith(LISTS):  # a platform that tells the name only now
            raise Refused("能导入的是 Excel（.xlsx）和 CSV。别的文件请把要紧的内容复制成文字发给我")
        body = base64.b64decode(found["body"])
        cells = await asyncio.to_thread(sheets.read, name, body, turn.config.intake.import_rows)
        await _look_over(turn, batch, cells, name, hashlib.sha256(body).hexdigest())
    except (sheets.Unreadable, Refused) as no:
        await turn.answer(f"「{name}」没有导入：{no}")
        return
    await turn.answer(cards.checked(batch.id, name, await batches.counts(turn.tx, batch.id)))


@router.click(TakeIn, may=KEEPERS)
async def take_in(turn: Turn, action: TakeIn) -> None:
    """仅入公海 / 派发 on the card."""
    batch = await batches.get(turn.tx, action.batch)
    if batch is None or batch.member != turn.me.id:
        raise Refused(f"没有你的导入 B-{action.batch}")
    if batch.state == "ready" and turn.now >= batch.expires_at:
        raise Refused(f"B-{batch.id} 检查过了太久，客户可能有了变化，请把文件再发一次")
    assert turn.on is not None
    if not await _begin(turn, batch, action.mode):
        await turn.again()
        return
    how = "派发" if action.mode == "assign" else "仅入公海"
    await turn.update(replace(from_json(turn.on.body), closed=f"正在录入：{how}"))


# ── it is taken in ─────────────────────────────────────────────────────────────────────────────────────
@router.form("import.start")
async def go(turn: Turn, form: Form) -> None:
    """录入: into the pool without a word, or given out."""
    batch = await _mine(turn, form)
    await _begin(turn, batch, str(form.fields["mode"]))


async def _begin(turn: Turn, batch: Batch, mode: str) -> bool:
    """The rows that were found new begin to be taken in; False when they do already."""
    mode = "assign" if mode == "assign" else "pool"
    if not await batches.move(turn.tx, batch.id, ["ready"], "running", mode=mode, started_at=turn.now):
        return False  # pressed twice
    count = await batches.counts(turn.tx, batch.id)
    await audit.add(turn.tx, turn.now, batch.member, "import.started", f"B-{batch.id}",
                    {"rows": sum(count.values()), "new": count.get("new", 0), "mode": mode}, turn.event_id)  # fmt: skip
    await turn.record("import.chunk", f"B-{batch.id}", batch=batch.id)
    return True


@router.fact("import.chunk")
async def chunk(turn: Turn, fact: Fact) -> None:
    """The next rows; then the next piece. A kill in between loses nothing: the piece is the event."""
    batch = await batches.get(turn.tx, int(fact.payload["batch"]))
    if batch is None or batch.state != "running":
        return
    rows = await batches.rows(turn.tx, batch.id, ["new"], CHUNK)
    await importing.alone(turn, rows)
    for row in rows:
        try:
            async with turn.tx.begin_nested():
                made = await importing.take(turn, batch, row)
        except Refused as no:
            await batches.note(turn.tx, batch.id, row.n, "failed", why=no.sentence)
            continue
        state = "made" if made.fresh else "repeat"
        await batches.note(
            turn.tx, batch.id, row.n, state, why=row.why if made.fresh else made.why,
            lead=made.lead if made.fresh else None, customer=made.customer,
        )  # fmt: skip
    if rows:
        await turn.record("import.chunk", fact.subject, batch=batch.id)
        return
    await _finish(turn, batch)


async def _finish(turn: Turn, batch: Batch) -> None:
    """Says once what came of it; owners hear of theirs only when the leads were to be given out."""
    if not await batches.move(turn.tx, batch.id, ["running"], "done", finished_at=turn.now):
        return
    count = await batches.counts(turn.tx, batch.id)
    await turn.send(
        cards.finished(batch.id, batch.filename, count.get("made", 0), count.get("repeat", 0), count.get("wrong", 0),
                       count.get("failed", 0)),
        to=batch.member, key=f"import:{batch.id}",
    )  # fmt: skip
    if batch.mode == "assign":
        made = [row.lead for row in await batches.rows(turn.tx, batch.id, ["made"]) if row.lead]
        owners = Counter([(await leads.get(turn.tx, lead)).owner for lead in made])
        for owner, number in owners.items():
            if owner:
                await turn.tell(cards.given(batch.id, number), to=owner, key=f"import:{batch.id}:{owner}",
                                weight=Weight.DUE)  # fmt: skip


# ── and taken back ─────────────────────────────────────────────────────────────────────────────────────
@router.form("import.undo")
async def undo_by_page(turn: Turn, form: Form) -> None:
    """撤销 on the page."""
    batch = await _mine(turn, form)
    await _undo(turn, batch.id)


async def _undo(turn: Turn, id: int) -> str:
    """Closes what the batch made and nobody has worked on since; what was worked on stays. Raises Refused."""
    batch = await batches.get(turn.tx, id)
    if batch is None or (batch.member != turn.me.id and not turn.me.has(Role.ADMIN)):
        raise Refused(f"没有你的导入 B-{id}")
    if batch.state != "done":
        raise Refused(f"B-{id} {'已经撤销过' if batch.state == 'undone' else '还没有录完，不能撤销'}")
    if turn.now > (batch.finished_at or turn.now) + UNDO:
        raise Refused(f"B-{id} 过了 {UNDO.days} 天，不能整批撤销了")
    await batches.move(turn.tx, id, ["done"], "undone", undone_at=turn.now)
    gone, kept = await importing.take_back(turn, id)
    await audit.add(turn.tx, turn.now, turn.me.id, "import.undone", f"B-{id}", {"gone": gone, "kept": kept},
                    turn.event_id)  # fmt: skip
    return f"已撤销 B-{id}：{gone} 条线索作废" + (f"，{kept} 条已有跟进，保留。" if kept else "。")
