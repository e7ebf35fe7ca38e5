"""How a look into the address book reads, and the question about who is new. (product C.4 2; B80)"""

from collections.abc import Sequence

from cards.actions_directory import Decide, JoinAll, JoinEach
from cards.card import Button, Card, Style, Tone
from rules.text import clip

SUBJECT = "DIRECTORY"
SHOWN = 8
WHAT_IT_MEANS = "加入以后是销售，会自动分到线索；不加入的只是不派线索，也不能用机器人。"


def result(platform: str, departments: int, people: int, new: int, gone: int, failed: str) -> str:
    """ "同步结果（企业微信）：部门 6，成员 41（新增 5，停用 1，失败 0）" """
    return (
        f"同步结果（{platform}）：部门 {departments}，成员 {people}（新增 {new}，停用 {gone}，失败 {failed}）"
    )


def new(said: str, people: Sequence[tuple[str, str]], last: int, *, at_once: bool) -> Card:
    """Who is in the address book and nobody decided about: (name, departments)."""
    lines = [f"{name}{f'（{clip(inside, 16)}）' if inside else ''}" for name, inside in people[:SHOWN]]
    more = len(people) - len(lines)
    joined = "、".join(lines) + (f" 等 {len(people)} 人" if more > 0 else "")
    buttons = [Button("逐个", JoinEach(last).pack())]
    if at_once:
        buttons.insert(0, Button("全部加入", JoinAll(last).pack(), Style.PRIMARY))
    hint = () if at_once else ("人数较多，只能逐个决定：先看看应用的可见范围是不是开大了。",)
    return Card(
        kind="directory.new",
        title="是否加入「线索分配组」？",
        subject=SUBJECT,
        lines=(*((said,) if said else ()), joined, *hint),
        buttons=tuple(buttons),
        note=WHAT_IT_MEANS,
        tone=Tone.WARN,
    )


def one(entry: int, name: str, inside: str, last: int, left: int) -> Card:
    """One of them; `left`: how many are undecided, this one included."""
    return Card(
        kind="directory.one",
        title=clip(f"{name}：加入「线索分配组」？", 26),
        subject=SUBJECT,
        lines=(*((f"部门：{clip(inside, 60)}",) if inside else ()), f"还有 {left} 人没有决定。"),
        buttons=(
            Button("加入", Decide(entry, last, yes=True).pack(), Style.PRIMARY),
            Button("不加入", Decide(entry, last, yes=False).pack()),
        ),
        note=WHAT_IT_MEANS,
    )


def decided() -> Card:
    """Nobody is left."""
    return Card(
        kind="directory.one", title="新人都决定好了", subject=SUBJECT, lines=("发 /同步 可以再对一遍。",)
    )


def joined(names: Sequence[tuple[str, str, str]]) -> str:
    """(name, member id, team) of who is in now."""
    said = "、".join(f"{name}（{id}{f'，{team}' if team else ''}）" for name, id, team in names)
    return f"已加入线索分配组：{said}。区域、标签、团队写在配置的 [[member]] 里，用这个 id。"


def welcome(by: str) -> str:
    """To somebody who is in now."""
    return f"{by} 已把你加入线索分配组：有新线索会发给你。发 /帮助 看用法。"


def left(name: str, has: str) -> str:
    """Somebody is no longer in the address book."""
    return f"{name} 已不在通讯录里，已停用：不再派线索，也不能用机器人。{has}"


def back(name: str) -> str:
    """Somebody who had left is in the address book again."""
    return f"{name} 又在通讯录里了，已恢复。"


def held(platform: str, count: int) -> str:
    """So many are missing that nobody was touched."""
    return (
        f"{platform}的通讯录里一下子少了 {count} 人，没有停用任何人：多半是应用的可见范围改小了。"
        "确实都离职了，就发 /同步 确认。"
    )
