"""How an import is told: the link, what came of it, what an owner got."""

from collections.abc import Mapping

from cards.actions_imports import TakeIn
from cards.card import Button, Card, Style, Tone
from cards.pages import button
from rules.text import clip


def link(batch: int, url: str, until: str) -> Card:
    """The way to the page: for one import, until then."""
    return Card(
        kind="import.link",
        title=f"批量导入 B-{batch}",
        subject=f"B-{batch}",
        lines=(
            "支持 Excel（.xlsx）和 CSV，先看检查结果，确认后才录入。",
            "也可以直接把文件发给我（钉钉、智能机器人）。",
            f"链接只能用于这一次导入，{until} 前有效，不要转给别人。",
        ),
        buttons=(Button("打开导入页面", url, Style.PRIMARY),),
    )


def checked(batch: int, filename: str, count: Mapping[str, int]) -> Card:
    """A file that was sent in the chat: what is in it (C.4 6), and what to do with it."""
    new, repeat, wrong = (count.get(state, 0) for state in ("new", "repeat", "wrong"))
    lines = [clip(filename, 60), f"共 {sum(count.values())} 行：新增 {new}，重复 {repeat}，错误 {wrong}。"]
    if new:
        lines.append("还没有录入。仅入公海：不发消息，不计时。派发：按规则分，每位负责人收到一条汇总。")
    else:
        lines.append("没有可以录入的。")
    go = (
        (Button("仅入公海", TakeIn(batch, "pool").pack(), Style.PRIMARY), Button("派发", TakeIn(batch, "assign").pack()))
        if new else ()
    )  # fmt: skip
    return Card(
        kind="import.checked",
        title=f"导入 B-{batch}：已检查",
        subject=f"B-{batch}",
        lines=tuple(lines),
        buttons=(*go, button("import", "看明细")),
        note="重复和错误的明细、标红文件在网页上；改好再发一次也行。" if repeat or wrong else "",
    )


def finished(batch: int, filename: str, made: int, repeats: int, wrong: int, failed: int) -> Card:
    """To whoever imported."""
    said = f"新建 {made} 条，重复 {repeats} 条没有录入，错误 {wrong} 条没有录入。"
    return Card(
        kind="import.done",
        title=f"✅ 导入 B-{batch} 完成",
        subject=f"B-{batch}",
        lines=tuple(
            line for line in (filename, said, f"{failed} 条没有录成，原因在导入页面上。" if failed else "") if line
        ),
        tone=Tone.GOOD,
        note=f"不对的话：/导入 撤销 {batch}",
    )  # fmt: skip


def given(batch: int, count: int) -> Card:
    """To an owner, once for the whole batch."""
    return Card(
        kind="import.given",
        title=f"批量导入分给你 {count} 条线索",
        subject=f"B-{batch}",
        lines=("首触计时已经开始。发 /今日 逐条处理。",),
    )
