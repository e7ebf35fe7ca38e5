"""/绑定: one person, two surfaces. A code asked for on one tells the bot who it is on the other."""

import json

from bot import binding
from bot.events import Form
from bot.router import Router
from bot.turn import Turn
from rules.errors import Denied, Refused
from rules.team import Role
from store import audit, team

router = Router("binding")
KEEPERS = frozenset({Role.ADMIN, Role.IT})


@router.command("绑定", usage="/绑定", about="在另一个平台上用机器人：拿绑定码；管理员可以写 /绑定 @姓名")
async def code(turn: Turn, words: str) -> None:
    """A code for oneself. One for somebody else goes to them, where they can be reached: with it whoever says it is
    them. Only for who is nowhere yet an admin sees it."""
    who = turn.me
    if name := words.strip().lstrip("@"):
        if not turn.me.has(*KEEPERS):
            raise Denied("只有管理员、IT 可以替别人拿绑定码；给自己绑定直接发 /绑定。", about="")
        found = [one for one in await team.everyone(turn.tx) if name in (one.name, one.id)]
        if len(found) != 1:
            raise Refused(f"没有找到「{name}」，写成员的姓名或 id，例如 /绑定 @王磊。")
        who = found[0]
        if not who.platform and who.id != turn.me.id and not turn.me.has(Role.ADMIN):
            raise Denied(f"{who.name}还没有用过机器人，绑定码要请管理员来拿。", about="")
    made = await binding.offer(turn.tx, who.id, turn.me.id, turn.now)
    await audit.add(turn.tx, turn.now, turn.me.id, "binding.code", who.id, {}, turn.event_id)
    how = f"{made}\n30 分钟内、只能用一次。在另一个平台上给机器人发：绑定 {made}"
    if who.id != turn.me.id and who.platform:
        await turn.send(
            f"{turn.me.name} 帮你要了绑定码：{how}\n不要告诉别人：谁发了它，谁就是你。", to=who.id
        )
        await turn.answer(f"{who.name}的绑定码已经发给{who.name}本人。")
        return
    whose = "你" if who.id == turn.me.id else who.name
    await turn.answer(f"{whose}的绑定码：{how}")


@router.form(binding.TRANSLATED)
async def translated(turn: Turn, form: Form) -> None:
    """The app told who an encrypted id is, or that it does not know: then the one-time code is left."""
    who = await binding.translated(turn, form)
    if who is not None:
        about = {"platform": str(form.fields["platform"])}
        await audit.add(turn.tx, turn.now, who.id, "binding.translated", who.id, about, turn.event_id)
    elif json.loads(str(form.fields["said"]))["is"] == "message":
        await binding.stranger(turn, str(form.fields["platform"]), str(form.fields["user"]))
