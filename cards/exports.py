"""How a large export is asked for and agreed to. (product C.1)"""

from cards.actions_pages import GrantExport
from cards.card import Button, Card, Style, Tone
from cards.pages import button
from rules.text import clip

ASK = "export.ask"


def subject(member: str) -> str:
    """What the cards about one person's request are filed under."""
    return f"X-{member}"[:60]


def request(member: str, name: str, rows: int, lasts: str) -> Card:
    """To those who may agree."""
    return Card(
        kind=ASK,
        title=clip(f"{name} 想导出 {rows} 条线索", 26),
        subject=subject(member),
        lines=(
            "这么多条要另一位同意。号码打码，文件第一行写着谁、什么时候导出的。",
            f"同意以后 {lasts}内有效，只能用一次，都会记进审计。",
        ),
        buttons=(
            Button("同意", GrantExport(member, True).pack(), Style.PRIMARY),
            Button("不同意", GrantExport(member, False).pack()),
        ),
        tone=Tone.WARN,
    )


def answered(name: str, *, yes: bool, until: str) -> Card:
    """To the one who asked."""
    return Card(
        kind="export.answered",
        title=clip(f"{name} {'同意' if yes else '没有同意'}你导出", 26),
        lines=(f"{until} 前有效，只能用一次。" if yes else "有疑问请直接问他。",),
        buttons=(button("export", "去导出"),) if yes else (),
        tone=Tone.GOOD if yes else Tone.PLAIN,
    )
