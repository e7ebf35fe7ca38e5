"""How merging two customers looks: one question for each field they differ in, what will move, what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cards.actions_checkins import Undo
from cards.actions_customers import MergeNot, MergeNow, MergePick, MergeWith
from cards.card import Button, Card, Field, Style, Tone
from rules.text import clip, customer_id


@dataclass(frozen=True)
class Pair:
    """The two customers of a merge, their versions, and the letters picked so far."""

    kept: int
    gone: int
    kept_version: int
    gone_version: int
    picks: str = ""

    @property
    def title(self) -> str:
        return f"{customer_id(self.gone)} 并入 {customer_id(self.kept)}"


@dataclass(frozen=True)
class Twin:
    """A customer that may be the same: its id, why, whose it is ("" for nobody's). `button`: the reader may merge."""

    id: int
    why: str
    owner: str
    button: bool = False


def twin_line(one: Twin) -> str:
    """ "可能重复：C-0298（手机相同，负责人 李倩）" – an owner, no data of theirs."""
    owner = f"负责人 {one.owner}" if one.owner else "在公海，暂无负责人"
    return f"可能重复：{customer_id(one.id)}（{one.why}，{owner}）"


def twin_buttons(customer: int, twins: Sequence[Twin]) -> tuple[Button, ...]:
    """One for each that the reader may merge into this customer."""
    return tuple(
        Button(f"合并 {customer_id(one.id)}", MergeWith(customer, one.id).pack())
        for one in twins
        if one.button
    )


def candidates(customer: int, label: str, twins: Sequence[Twin]) -> Card:
    """/合并 C-0311 alone: who may be the same."""
    return Card(
        kind="merge.candidates",
        title=clip(f"{customer_id(customer)} {label}", 26),
        subject=customer_id(customer),
        lines=tuple(twin_line(one) for one in twins),
        buttons=twin_buttons(customer, twins),
        note=f"要和别的客户合并，发 /合并 {customer_id(customer)} C-编号",
    )


def ask(pair: Pair, number: int, of: int, field: str, values: tuple[str, str]) -> Card:
    """One field that both say differently: whose value stays."""
    here, there = customer_id(pair.kept), customer_id(pair.gone)

    def pick(letter: str) -> str:
        return MergePick(
            pair.kept, pair.gone, pair.kept_version, pair.gone_version, pair.picks + letter
        ).pack()

    return Card(
        kind="merge.ask",
        title=clip(f"{pair.title}：{field} {number}/{of}", 26),
        subject=here,
        lines=(f"{field}用哪一个？", f"{here}：{values[0]}", f"{there}：{values[1]}"),
        buttons=(
            Button(f"用 {here} 的", pick("k"), Style.PRIMARY),
            Button(f"用 {there} 的", pick("g")),
            Button("不合并", MergeNot(pair.kept, pair.gone).pack()),
        ),
    )


def preview(
    pair: Pair,
    result: Sequence[tuple[str, str]],
    moves: str,
    folded: Sequence[str],
    days: str,
    *,
    chosen: bool,
) -> Card:
    """What the customer will say, what moves there, and how long it can be taken back."""
    lines = (f"合并后 {customer_id(pair.kept)}：",)
    same = (f"同一个人合成一个：{'、'.join(folded[:5])}",) if folded else ()
    again = (Button("重选", MergeWith(pair.kept, pair.gone).pack()),) if chosen else ()
    return Card(
        kind="merge.preview",
        title=clip(f"{pair.title}：确认", 26),
        subject=customer_id(pair.kept),
        lines=(*lines, *(f"{name}：{value}" for name, value in result), f"搬过去：{moves}", *same,
               "线索的负责人、计时和提醒都不变。"),
        buttons=(
            Button("确认合并", MergeNow(
                pair.kept, pair.gone, pair.kept_version, pair.gone_version, pair.picks).pack(), Style.PRIMARY),
            *again,
            Button("反过来并", MergeWith(pair.gone, pair.kept).pack()),
            Button("不合并", MergeNot(pair.kept, pair.gone).pack()),
        ),
        note=f"{days}内可以撤销。",
    )  # fmt: skip


def moves(counts: Mapping[str, int]) -> str:
    """ "联系人 2 · 线索 3（在跟 1）· 跟进记录 5 · 任务 1"; "没有别的" when nothing does."""
    parts = [
        f"{name} {counts[key]}" + (f"（在跟 {counts['open']}）" if key == "leads" and counts["open"] else "")
        for key, name in MOVES.items()
        if counts.get(key)
    ]
    return " · ".join(parts) or "没有别的"


MOVES = {
    "contacts": "联系人", "leads": "线索", "followups": "跟进记录", "touches": "触点",
    "opportunities": "商机", "tasks": "任务", "forms": "申请单",
    "timers": "提醒和计时",
}  # fmt: skip


def done(pair: Pair, label: str, moved: str, undo: int, until: str) -> Card:
    """It is one customer now."""
    return Card(
        kind="merge.done",
        title=clip(f"{customer_id(pair.gone)} 已并入 {customer_id(pair.kept)}", 26),
        subject=customer_id(pair.kept),
        lines=(label, f"搬过来：{moved}"),
        fields=(Field("可撤销到", until),),
        buttons=(Button("撤销合并", Undo(undo).pack()),),
        note=f"旧编号照样能用：/客户 {customer_id(pair.gone)} 会打开 {customer_id(pair.kept)}。",
        tone=Tone.GOOD,
    )


def told(kept: int, gone: int, label: str, by: str, *, undone: bool = False) -> Card:
    """To an owner of either, when somebody else did it."""
    here, there = customer_id(kept), customer_id(gone)
    said = f"{by} 撤销了合并：{there} 和 {here} 又是两个客户" if undone else f"{by} 把 {there} 并入了 {here}"
    return Card(
        kind="merge.told",
        title=clip(f"{there} {'不再属于' if undone else '已并入'} {here}", 26),
        subject=here,
        lines=(said, label),
        note="" if undone else f"线索、跟进、提醒都在，负责人不变。有异议请找 {by}，可以撤销。",
    )
