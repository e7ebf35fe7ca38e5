"""One row of an import becomes a customer and a lead, with its original author and date; and goes again. (B08)"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.turn import Turn
from handlers import assigning, origins
from handlers import leads as desk
from handlers.happened import happened
from nlp import cores
from rules.leads import Lead, Status
from rules.text import customer_id
from store import batches, customers, facts, leads, mergers, newcomers, opportunities, pool
from store.batches import Batch, Row
from store.pool import Pooled


@dataclass(frozen=True)
class Made:
    """What a row became. `fresh` False: somebody wrote this person down since the file was looked at (`why`)."""

    lead: int
    customer: int
    fresh: bool = True
    why: str = ""


def pack(headings: Sequence[str]) -> str:
    """The headings as the table keeps them."""
    return json.dumps(list(headings), ensure_ascii=False)


def with_state(row: Row, state: str, why: str) -> Row:
    """The row, looked at."""
    return replace(row, state=state, why=why)


async def alone(turn: Turn, rows: Sequence[Row]) -> None:
    """Nobody else decides meanwhile who these people are: asked once for all rows of a transaction, before the first."""
    said = [row.fields for row in rows]
    codes = [one.get("credit_code", "") for one in said]
    await newcomers.alone(turn.tx, [one["phone"] for one in said], [one["email"] for one in said], codes)


async def take(turn: Turn, batch: Batch, row: Row) -> Made:
    """Customer, contact and lead of a row. In mode "pool" nobody hears of it and no clock starts; an owner in the file
    stays the owner either way. Raises Refused."""
    said = row.fields
    for known, _ in [
        *await customers.by_phone(turn.tx, said["phone"]),
        *await customers.by_email(turn.tx, said["email"]),
        *((one, None) for one in await customers.by_code(turn.tx, said.get("credit_code", ""))),
    ]:
        return Made(0, known.id, fresh=False, why=f"已有 {customer_id(known.id)}")
    at = moment(said["at"], turn)
    author = said["author"] or batch.member
    customer = await customers.add(
        turn.tx, name=said["name"] or said["company"], company=said["company"], core=cores.core(said["company"]),
        city=said["city"], owner=said["owner"], credit_code=said.get("credit_code", ""), created_by=author, now=at,
    )  # fmt: skip
    contact = await desk.contact_for(
        turn, customer, name=said["name"], phone=said["phone"], email=said["email"]
    )
    lead = await leads.add(
        turn.tx, customer=customer.id, contact=contact.id if contact else None, owner=said["owner"], now=at,
        source=said["source"] or "批量导入", kind=said["kind"], need=said["need"], note=said["note"],
        created_by=author, assigned_why="导入时已有负责人" if said["owner"] else "",
    )  # fmt: skip
    door = {"kind": "import", "name": f"B-{batch.id}", "ref": f"B-{batch.id}#{row.n}"}
    await origins.keep(turn, lead.id, {"origin": door})
    await facts.add(turn.tx, lead.id, "lead.created", at, payload={"source": lead.source, "by": author})
    await _place(turn, batch, lead)
    return Made(lead.id, customer.id)


async def _place(turn: Turn, batch: Batch, lead: Lead) -> None:
    """Whose it is now: its owner's, whose turn it is, or the pool's."""
    if batch.mode == "assign":
        if lead.owner:
            lead = await leads.save(turn.tx, replace(lead, assigned_at=turn.now))
            await happened(
                turn,
                lead.id,
                "lead.assigned",
                owner=lead.owner,
                by=batch.member,
                why="批量导入",
                restart=True,
            )
        else:
            await assigning.assign(turn, lead)
    elif not lead.owner:
        await pool.put(
            turn.tx, Pooled(lead.id, turn.now, "imported", f"批量导入 B-{batch.id}", put_by=batch.member)
        )


def moment(text: str, turn: Turn) -> datetime:
    """The original date of a row (a wall clock of the business zone) → UTC; now for none or one to come."""
    return min(turn.utc(datetime.fromisoformat(text)), turn.now) if text else turn.now


async def take_back(turn: Turn, batch: int) -> tuple[int, int]:
    """Closes the leads of a batch that nobody has touched and forgets their customers. Returns (closed, kept)."""
    gone = kept = 0
    for row in await batches.rows(turn.tx, batch, ["made"]):
        lead = await leads.find(turn.tx, row.lead or 0)
        used = lead and await opportunities.of_leads(turn.tx, [lead.id])
        if lead is None or not lead.open or lead.first_touch_at or lead.last_followup_at or used:
            kept += 1
            await batches.note(turn.tx, batch, row.n, "kept", why="已有跟进")
            continue
        await leads.save(turn.tx, replace(lead, status=Status.INVALID, closed_at=turn.now))
        await pool.take(turn.tx, lead.id)
        await happened(turn, lead.id, "lead.closed", by=turn.me.id, why=f"撤销导入 B-{batch}")
        await desk.close(turn, lead.id, "已撤销导入")
        alone = len(await leads.of_customer(turn.tx, lead.customer, open_only=False)) == 1
        if alone and not await mergers.joined_with(turn.tx, lead.customer):
            await customers.remove(turn.tx, lead.customer, turn.now)
        await batches.note(turn.tx, batch, row.n, "undone")
        gone += 1
    return gone, kept
