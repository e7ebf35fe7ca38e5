"""/词库: the words drafts are read with; an admin adds, takes and withdraws them without a restart. (B05)"""

import re
from pathlib import Path

from bot.router import Router
from bot.turn import Turn
from nlp import vocabulary
from nlp.vocabulary import Vocabulary, Watched
from rules.errors import Refused
from rules.team import Role
from rules.words import LABELS, Entry, Heard, Kind, Stage, Word, entries, learnable
from store import audit, corrections

router = Router("words")
SHOWN = 12
USAGE = "/词库 [加 词=含义 · 公司 简称=全称 · 姓名 词 · 不是姓名 词 · 职务 词 · 竞品 简称=名称 · 确认 编号 · 撤销 编号]"
_STAGES = {Stage.TAKEN: "管理员确认", Stage.OFF: "已撤销"}
_KINDS = {
    "加": Kind.NEED,
    "需求": Kind.NEED,
    "公司": Kind.COMPANY,
    "姓名": Kind.NAME,
    "不是姓名": Kind.NOT_NAME,
    "职务": Kind.TITLE,
    "竞品": Kind.RIVAL,
}


def file_of(turn: Turn) -> Watched:
    """The admin's file as it is now: it is looked at with every draft, so an edit counts from the next message on."""
    return vocabulary.watch(Path(turn.config.reading.words))


async def current(turn: Turn) -> Vocabulary:
    """The words to read a text with: built in, from the file, and learned."""
    return together(turn, await corrections.all_heard(turn.tx))


_last: list[tuple[Vocabulary, tuple[Heard, ...], int, Vocabulary]] = []
"""What was put together last, and of what: both parts are the same objects until somebody changes them."""


def together(turn: Turn, heard: tuple[Heard, ...]) -> Vocabulary:
    """The file's words with those that were learned: hundreds of words are not weighed again for every draft."""
    written, agree = file_of(turn).vocabulary, turn.config.reading.agree
    if not heard:
        return written
    for was, said, by, made in _last:
        if was is written and said is heard and by == agree:
            return made
    made = vocabulary.with_words(written, (one.word for one in entries(heard, agree) if one.used))
    _last[:] = [(written, heard, agree, made)]
    return made


@router.command(
    "词库", usage=USAGE, about="看和改识别用的词：需求词、公司简称、姓名、职务、竞品", may=(Role.ADMIN,)
)
async def words(turn: Turn, text: str) -> None:
    """What is in use, or one change to it."""
    verb, _, rest = text.strip().partition(" ")
    match verb:
        case "" | "重载":
            await turn.answer(await _overview(turn))
        case "确认" | "撤销":
            await _decide(turn, verb, rest)
        case _ if verb in _KINDS:
            await _add(turn, _KINDS[verb], rest)
        case _:
            raise Refused(f"没看懂。可以这样写：{USAGE}")


async def _overview(turn: Turn) -> str:
    """The file, how much is in it, and the newest words learned with their numbers."""
    file = file_of(turn)
    now = await current(turn)
    own = sum(need.own for need in now.needs)
    lines = [
        f"词库：{len(now.needs)} 个需求词类（其中自己的 {own} 个），公司简称 {len(now.companies)} 个，"
        f"姓名 {len(now.names)} 个，不是姓名 {len(now.not_names)} 个，职务 {len(now.titles)} 个，竞品 {len(now.rivals)} 个。",
        f"文件 {turn.config.reading.words}：" + _state(file),
    ]
    learned = entries(await corrections.all_heard(turn.tx), turn.config.reading.agree)
    if learned:
        lines.append("从更正里学到的：")
        lines += [_line(one, turn.config.reading.agree) for one in learned[-SHOWN:]]
        lines.append("「/词库 确认 编号」马上用，「/词库 撤销 编号」不用。")
    return "\n".join(lines)


def _state(file: Watched) -> str:
    if file.problem:
        return f"有错，还在用改之前的内容。{file.problem}"
    return "正常，改完保存就生效，不用重启。" if file.stamp != (0, 0) else "还没有，建一个就会用上。"


def _line(one: Entry, agree: int) -> str:
    """ "3 公司简称 恒力 → 宁波恒力液压有限公司：2 人说过，在用"."""
    meant = f" → {one.word.meant}" if one.word.meant != one.word.said else ""
    reason = vocabulary.spoils(one.word)
    if one.stage is Stage.HEARD and not one.used:
        state = f"{len(one.members)} 人说过，满 {agree} 人或确认后才用"
    else:
        state = _STAGES.get(one.stage, f"{len(one.members)} 人说过")
    state = f"不用：{reason}" if reason else f"{state}，在用" if one.used else state
    return f"{one.id} {LABELS[one.word.kind]} {one.word.said}{meant}：{state}"


async def _decide(turn: Turn, verb: str, rest: str) -> None:
    number = re.fullmatch(r"\s*(\d{1,12})\s*", rest)
    if number is None:
        raise Refused(f"要写编号，例如：/词库 {verb} 3")
    stage = Stage.TAKEN if verb == "确认" else Stage.OFF
    word = await corrections.decide(turn.tx, int(number[1]), stage, turn.me.id, turn.now)
    if stage is Stage.TAKEN and (reason := vocabulary.spoils(word)):
        raise Refused(f"{reason}，学了会到处认错，没有确认")
    await audit.add(turn.tx, turn.now, turn.me.id, f"words.{stage}", word.said,
                    {"kind": word.kind, "meant": word.meant}, turn.event_id)  # fmt: skip
    await turn.answer(
        f"「{word.said}」{'从现在起会用' if stage is Stage.TAKEN else '不再用了，有人再说也不用'}。"
    )


async def _add(turn: Turn, kind: Kind, rest: str) -> None:
    """One word, in use at once."""
    said, _, meant = (part.strip() for part in re.sub(r"[＝]", "=", rest).partition("="))
    word = Word(kind, said, meant or said)
    if kind is Kind.COMPANY and not meant:
        raise Refused("要写全称，例如：/词库 公司 恒力=宁波恒力液压有限公司")
    if not learnable(word):
        raise Refused("词要 2 到 30 个字，不能带标点、号码或邮箱。例如：/词库 加 激光除锈=激光清洗")
    if reason := vocabulary.spoils(word):
        raise Refused(f"{reason}，加了会到处认错")
    number = await corrections.take(turn.tx, word, turn.me.id, turn.now)
    await audit.add(turn.tx, turn.now, turn.me.id, "words.taken", said,
                    {"kind": kind, "meant": word.meant}, turn.event_id)  # fmt: skip
    await turn.answer(f"已加：{LABELS[kind]}「{said}」，从现在起会用。不要了发：/词库 撤销 {number}")
