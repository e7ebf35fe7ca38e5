"""/帮助, and an answer to everything that nobody else understood: never silence."""

import re
from collections.abc import Sequence

from bot.events import Kind, Message
from bot.router import Command, Router
from bot.turn import Turn
from cards import help as cards
from cards.actions_sla import AboutQuiet, ShowHelp
from handlers import checkins
from rules.names import best_commands, called
from rules.team import Role
from rules.text import clip, parse_id
from store import team

router = Router("help")

UNREADABLE = {
    Kind.IMAGE: "图片我还读不了，请把上面的文字发给我。",
    Kind.VIDEO: "视频我还读不了，请用文字告诉我。",
    Kind.FILE: "文件我还读不了，请把要紧的内容复制成文字发给我。",
    Kind.VOICE: "这段语音没有识别出文字，请打字，或再说一遍。",
    Kind.LINK: "网页里的内容我读不到，请把要紧的文字复制给我。",
    Kind.LOCATION: "位置我还用不上，请用文字告诉我。",
    Kind.UNKNOWN: "这类消息平台没有把内容交给我（例如名片、小程序），请复制成文字发给我。",
}
"""What to do with a message that holds no words."""
NO_SPEECH = {"wecom": "企业微信不提供语音文字，请打字。"}
"""Platforms that hand over the sound alone: saying it again would not help."""
EMPTY = "收到的消息里没有文字。想看我能做什么，发 /帮助。"


INVISIBLE = re.compile(r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
                       r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffc\x00-\x1f\x7f]+")  # fmt: skip
"""What takes part in a text and shows nothing."""
GREETING = re.compile(
    r"(?:你好|您好|哈[喽啰罗]|嗨|在[吗么]|在不在|有人吗|早|[早晚]上好|[上中下]午好|hi|hello|hey)[\W_啊呀哦]*",
    re.IGNORECASE,
)
"""How people try whether anybody is there."""


def unreadable(message: Message) -> str:
    """What to do with a message whose content cannot be read; a link is named by its title."""
    if message.kind is Kind.VOICE and message.platform in NO_SPEECH:
        return NO_SPEECH[message.platform]
    title = clip(next(iter(message.text.split("\n")), "").strip(), 40)
    if message.kind is Kind.LINK and title:
        return f"看到链接「{title}」了。{UNREADABLE[Kind.LINK]}"
    return UNREADABLE[message.kind]


def commands_for(turn: Turn) -> list[Command]:
    """Every command that this member may use, in routing order."""
    import handlers  # the list of all routers, this one among them

    everything = (command for one in handlers.ROUTERS for command in one.commands)
    return [command for command in everything if not command.may or turn.me.has(*command.may)]


def nearly(text: str, known: Sequence[Command]) -> tuple[Command, str] | None:
    """The command that was typed without its slash (今日) or in letters (/jr, jinri), and its words; None if none was.

    Without a slash only a number may follow: a sentence that begins like a command is a sentence.
    """
    slash = text.startswith(("/", "／"))
    word, _, rest = text.lstrip("/／").strip().partition(" ")
    if not slash and rest and parse_id(rest) is None:
        return None
    name = called(word, [one.name for one in known])
    found = next((one for one in known if one.name == name), None)
    return (found, rest.strip()) if found else None


@router.command("帮助", usage="/帮助", about="看全部用法", aliases=("help", "?", "？"))
async def show(turn: Turn, _words: str) -> None:
    """What this person can do, and nothing else."""
    await turn.answer(cards.help(turn.me.name, [(one.usage, one.about) for one in commands_for(turn)]))


@router.click(ShowHelp)
async def show_by_button(turn: Turn, _action: ShowHelp) -> None:
    """看帮助."""
    await show(turn, "")


@router.click(AboutQuiet)
async def about_quiet(turn: Turn, _action: AboutQuiet) -> None:
    """设置勿扰: when it is quiet and who can change that."""
    admins = [one.name for one in await team.with_role(turn.tx, Role.ADMIN)]
    await turn.answer(cards.quiet(turn.config.calendar.quiet.replace("-", "–"), admins))


@router.message(lambda _turn, _message: True)
async def unknown(turn: Turn, message: Message) -> None:
    """A command that was nearly typed runs; other words get three likely ones; what to do instead for everything else."""
    text = message.text.strip()
    if message.kind in UNREADABLE and not (message.kind is Kind.VOICE and text):
        await turn.answer(unreadable(message))
        return
    if not INVISIBLE.sub("", text):
        await turn.answer(EMPTY)
        return
    if text and not text.startswith(("/", "／")) and await checkins.answered(turn, message):
        return  # the open check-in asked first (A.3), whatever was asked or has run out since
    if GREETING.fullmatch(text):
        if not turn.welcomed:
            await turn.answer(cards.greeting(turn.me.name))
        return
    known = commands_for(turn)
    if found := nearly(text, known):
        await found[0].handler(turn, found[1])
        return
    about = {one.name: one.about for one in known}
    likely = best_commands(text, [one.name for one in known], about)
    usage = {one.name: one.usage for one in known}
    await turn.answer(cards.unknown(clip(text, 20), [(usage[name], about[name]) for name in likely]))
