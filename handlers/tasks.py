"""Tasks that a ladder asks for: a card with a tick, a native to-do where the platform has one. (B27)"""

from bot.events import Fact
from bot.router import Router
from bot.turn import Turn
from cards import sla as cards
from cards.actions_sla import DoneTask
from handlers import leads as desk
from rules.errors import Refused
from rules.leads import Lead
from rules.text import lead_id
from store import audit, leads, ledger, tasks
from store.tasks import Task

router = Router("tasks")


async def create(turn: Turn, lead: Lead, subject: str, rule: str, dedup: str) -> str:
    """A task for the lead's owner, once per `dedup`: the card everywhere (third-party to-dos cannot be ticked on
    DingTalk itself, protocol dingtalk 7.1), the native to-do beside it. Returns its id "T-3", "" when there was
    nothing to make."""
    if not lead.owner:
        return ""
    task = await tasks.add(
        turn.tx, lead=lead.id, subject=subject, owner=lead.owner, rule=rule, dedup=dedup, now=turn.now
    )
    if task is None:
        return ""
    name = await desk.label(turn, lead)
    await turn.tell(cards.task(task.id, subject, lead.id, name, rule), to=lead.owner)
    sent = await turn.todo(f"{subject}（{lead_id(lead.id)} {name}）", to=lead.owner, due=None,
                           link=turn.config.app.public_url, key=f"todo:{task.id}", task=task.id)  # fmt: skip
    await tasks.sent(turn.tx, task.id, sent)
    return f"T-{task.id}"


@router.click(DoneTask)
async def tick(turn: Turn, action: DoneTask) -> None:
    """完成 on the card."""
    task = await tasks.get(turn.tx, action.task)
    if task.done_at is not None:
        await turn.again()
        return
    await finish(turn, task, by=turn.me.id, word="已完成")


@router.command("完成", usage="/完成 T-3", about="勾掉一个任务")
async def tick_by_words(turn: Turn, words: str) -> None:
    """/完成 T-3; alone it ticks the only open task."""
    mine = await tasks.open_of(turn.tx, [turn.me.id])
    digits = words.strip().upper().removeprefix("T").removeprefix("-")
    found = [task for task in mine if not words or (digits.isdigit() and task.id == int(digits))]
    if len(found) != 1:
        shown = "、".join(f"T-{task.id} {task.subject}" for task in mine[:5])
        raise Refused(f"哪一个任务？{shown}" if mine else "你没有未完成的任务")
    await finish(turn, found[0], by=turn.me.id, word="已完成")
    await turn.answer(f"已完成：{found[0].subject}")


async def finish(turn: Turn, task: Task, *, by: str, word: str) -> None:
    """Ticks a task off: row, cards and native to-do."""
    await tasks.done(turn.tx, task.id, by, turn.now)
    await turn.close(f"T-{task.id}", word)
    ref = await ledger.ref(turn.tx, task.outbox) if task.outbox else ""
    if ref:
        await turn.todo_done(to=task.owner, ref=ref, task=task.id)
    await audit.add(turn.tx, turn.now, by, "task.done", f"T-{task.id}", {"lead": task.lead}, turn.event_id)


# ── the lead moves or ends ─────────────────────────────────────────────────────────────────────────────
@router.fact("lead.assigned")
async def moved(turn: Turn, fact: Fact) -> None:
    """The lead's open tasks go along to its new owner."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if lead is None or not lead.owner or not lead.open:
        return
    for task in await tasks.open_on(turn.tx, lead.id):
        if task.owner != lead.owner:
            await finish(turn, task, by="", word="已转走")
            await create(turn, lead, task.subject, task.rule, f"moved:{task.id}")


@router.fact("lead.closed")
async def closed(turn: Turn, fact: Fact) -> None:
    """A closed lead asks for nothing."""
    for task in await tasks.open_on(turn.tx, int(fact.payload["lead"])):
        await finish(turn, task, by="", word="线索已关闭")
