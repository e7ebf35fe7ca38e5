"""How an import is told: the link, what came of it, what an owner got."""

from cards.card import Button, Card, Style, Tone


def link(batch: int, url: str, until: str) -> Card:
    """The way to the page: for one import, until then."""
    return Card(
        kind="import.link",
        title=f"批量导入 B-{batch}",
        subject=f"B-{batch}",
        lines=(
            "支持 Excel（.xlsx）和 CSV，先看检查结果，确认后才录入。",
            f"链接只能用于这一次导入，{until} 前有效，不要转给别人。",
        ),
        buttons=(Button("打开导入页面", url, Style.PRIMARY),),
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
