"""How the end of a WeCom friendship reads to those who are not the owner, and how friends are handed on. (C.4 7)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cards.actions_assignment import FriendsHanded
from cards.actions_leads import ShowCustomer
from cards.card import Button, Card, Tone
from rules.friends import LOST, OPEN, Step, tally
from rules.text import clip, customer_id

NAMED = 5
LISTED = 30
KIND = "friends.handed"
ENDS = {
    Step.REFUSED: "客户拒绝", Step.FULL: "接替人客户数已满", Step.FAILED: "企业微信没有接受", Step.KEPT: "转不了",
    Step.UNKNOWN: "一直没有结果",
}  # fmt: skip
STEPS = {
    Step.WAITING: "还没提交", Step.ASKED: "正在提交", Step.RUNNING: "等客户 24 小时", Step.DONE: "已接替",
    Step.WITHDRAWN: "已撤销", **ENDS,
}  # fmt: skip


def ended(customer: int, label: str, said: str) -> Card:
    """To the manager, or the admins: what happened with which customer."""
    return Card(
        kind="friend.ended",
        title=clip(f"⚠ {customer_id(customer)} {label}", 26),
        subject=customer_id(customer),
        lines=(said, "客户和线索都还在。"),
        buttons=(Button("看客户", ShowCustomer(customer).pack()),),
        tone=Tone.WARN,
    )


@dataclass(frozen=True)
class Handed:
    """The friends of a handover as the one who pressed may read them. `names` and `whys` by the id outside."""

    batch: int
    former: str
    steps: Mapping[str, Step]
    names: Mapping[str, str] = field(default_factory=dict)
    whys: Mapping[str, str] = field(default_factory=dict)
    to: Sequence[str] = ()
    begins: str = ""  # when they are handed to WeCom, while the handover can be taken back

    def named(self, step: Step) -> str:
        """ "陈女士、刘先生 等 7 位" of those at a step, with why where it is known."""
        ids = [id for id, one in self.steps.items() if one is step]
        shown = [
            f"{self.names.get(id) or '微信客户'}{f'（{self.whys[id]}）' if self.whys.get(id) else ''}"
            for id in ids[:NAMED]
        ]
        return "、".join(shown) + (f" 等 {len(ids)} 位" if len(ids) > NAMED else "")


def handed(view: Handed) -> Card:
    """How far it has come: before, on the way and after."""
    counts = tally(view.steps)
    all, open = sum(counts.values()), sum(counts[one] for one in OPEN)
    tried = all - counts[Step.KEPT]
    lines = []
    if counts[Step.WAITING]:
        lines.append(f"{view.begins} 撤销时间过后提交给企业微信，转给{'、'.join(view.to)}。")
    elif counts[Step.ASKED]:
        lines.append(f"正在提交给企业微信，转给{'、'.join(view.to)}。")
    if open:
        lines.append(f"企业微信好友关系 24 小时后生效，客户可能拒绝：{counts[Step.REFUSED]}/{tried}")
    if counts[Step.DONE]:
        lines.append(f"已接替 {counts[Step.DONE]}/{tried}")
    lines += [
        f"{word} {counts[step]}/{all if step is Step.KEPT else tried}：{view.named(step)}"
        for step, word in ENDS.items()
        if counts[step] and not (open and step is Step.REFUSED)
    ]
    lost = sum(counts[one] for one in LOST)
    return Card(
        kind=KIND,
        title=clip(f"{view.former} 的企业微信好友 {all} 位", 26),
        subject=f"F-{view.batch}",
        lines=tuple(lines),
        buttons=(Button("看名单", FriendsHanded(view.batch).pack()),),
        note="客户和线索已经归新负责人；这里说的只是微信里的好友关系。"
        + ("没转过去的，请接手的同事打电话，让客户重新加。" if lost and not open else ""),
        tone=Tone.WARN if lost else Tone.PLAIN if open else Tone.GOOD,
    )


def listed(view: Handed) -> str:
    """看名单: one line for each, the troubles first."""
    order = sorted(view.steps, key=lambda id: (view.steps[id] not in LOST, view.steps[id] not in OPEN))
    rows = [
        f"{view.names.get(id) or '微信客户'}：{STEPS[view.steps[id]]}" + (f"（{why}）" if (why := view.whys.get(id)) else "")
        for id in order[:LISTED]
    ]  # fmt: skip
    more = (f"另有 {len(order) - LISTED} 位。",) if len(order) > LISTED else ()
    return "\n".join((f"{view.former} 的企业微信好友：", *rows, *more))


def missing(former: str, names: Sequence[tuple[str, str]]) -> Card:
    """To who took over: these customers are theirs but no friends of theirs. (name, why)"""
    shown = [f"{name}：{why}" for name, why in names[:NAMED]]
    more = (f"另有 {len(names) - NAMED} 位。",) if len(names) > NAMED else ()
    return Card(
        kind="friends.missing",
        title=clip(f"{former} 的 {len(names)} 位好友没转过来", 26),
        subject="FRIENDS",
        lines=(*shown, *more),
        note="客户仍归你，请打电话联系，让客户加你的企业微信。",
        tone=Tone.WARN,
    )


def line(friends: Sequence[str], to: str, step: Step | None) -> str:
    """Of a customer: "企业微信好友：王磊（正在转给李倩，客户可能拒绝）"; "" when there is nothing to say."""
    who = "、".join(friends) or "（没有）"
    match step:
        case Step.WAITING | Step.ASKED | Step.RUNNING:
            return f"企业微信好友：{who}（正在转给{to}，提交后 24 小时生效，客户可能拒绝）"
        case Step.REFUSED | Step.FULL | Step.FAILED | Step.KEPT | Step.UNKNOWN if to not in friends:
            return f"企业微信好友：{who}（没有转给{to}：{ENDS[step]}）"
        case _:
            return f"企业微信好友：{who}" if friends else ""
