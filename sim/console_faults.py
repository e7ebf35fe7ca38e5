"""What a person at the console may break: for each platform a short list of troubles, switched or counted."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sim.console_feed import Sim

LATE = 8.0  # seconds


class Kind(StrEnum):
    """NEXT: so many calls to come. WHILE: on until it is switched off. NOW: happens once, at once."""

    NEXT = "next"
    WHILE = "while"
    NOW = "now"


@dataclass(frozen=True)
class Trouble:
    """One entry of the panel. `field` is the fault's name in the platform's `faults`, `value` what it is set to.

    A NEXT whose value is a tuple is put into the list `field`; else the number there grows. `act` is done as well.
    """

    id: str
    label: str
    about: str
    kind: Kind
    field: str = ""
    value: Any = True
    act: Callable[[Any], Awaitable[None]] | None = None


async def _cut_stream(sim: Any) -> None:
    await sim.stream.cut()


async def _cut_socket(sim: Any) -> None:
    await sim.socket.cut()


async def _kick(sim: Any) -> None:
    await sim.socket.kick()


WECOM = (
    Trouble("drop", "丢掉下一条消息", "平台答复成功，手机上却没有", Kind.NEXT, "drop_next"),
    Trouble("45009", "下一次答 45009", "接口调用超过限制，机器人要停一停再发", Kind.NEXT, "fail_next",
            (45009, "reach max api daily quota limit", "/message/")),
    Trouble("60020", "答 60020", "出口 IP 不在可信名单里，所有发送都被拒绝", Kind.WHILE, "untrusted_ip"),
    Trouble("half", "下一次答复丢失", "消息送到了，答复却断在路上：重试不能让人看到两条", Kind.NEXT, "deliver_but_fail_next"),
    Trouble("cut", "断网", "机器人连不上平台的接口", Kind.WHILE, "cut"),
    Trouble("twice", "回调送两遍", "每一条话、每一次点击都来两次", Kind.WHILE, "duplicate_callbacks"),
    Trouble("late", "回调晚到 8 秒", "人已经点了，机器人过一会儿才知道", Kind.WHILE, "late", LATE),
)  # fmt: skip
WECOM_AIBOT = (
    Trouble("drop", "丢掉下一条推送", "平台答复成功，手机上却没有", Kind.NEXT, "drop_next"),
    Trouble("45009", "下一次答 45009", "这个会话发得太多，机器人要停一停再发", Kind.NEXT, "fail_next",
            (45009, "api freq out of limit")),
    Trouble("half", "下一次应答丢失", "帧生效了，应答却没有来：重试不能让人看到两条", Kind.NEXT, "swallow_acks"),
    Trouble("socket", "切断长连接", "连接被重置一次，机器人自己连回来", Kind.NOW, act=_cut_socket),
    Trouble("cut", "断开长连接，不让连回来", "这段时间里发的话会丢，平台就是这样", Kind.WHILE, "cut", act=_cut_socket),
    Trouble("kick", "挤下线", "另一个程序用同一个机器人连上来：我们让开，告诉管理员；重启（kill -9）才会回来", Kind.NOW,
            act=_kick),
    Trouble("853000", "凭证不对", "断开一次，再连时答 853000；恢复后要等机器人下一次再试", Kind.WHILE, "refuse_subscribe",
            853000, _cut_socket),
    Trouble("twice", "回调来两遍", "每一条话、每一次点击都来两次", Kind.WHILE, "duplicate_callbacks"),
    Trouble("late", "回调晚到 8 秒", "卡片只能在点击后 5 秒内改：过了就换一张新的", Kind.WHILE, "late", LATE),
)  # fmt: skip
DINGTALK = (
    Trouble("drop", "丢掉下一条消息", "平台答复成功，手机上却没有", Kind.NEXT, "drop_next"),
    Trouble("auth", "下一次令牌作废", "平台答 InvalidAuthentication，机器人要换一个 access token 再发", Kind.NEXT, "fail_next",
            (400, "InvalidAuthentication")),
    Trouble("qps", "下一次限流", "平台答 QpsLimitForAppkeyAndApi，机器人要停一停再发", Kind.NEXT, "fail_next",
            (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")),
    Trouble("half", "下一次答复丢失", "消息送到了，答复却断在路上：重试不能让人看到两条", Kind.NEXT, "deliver_but_fail_next"),
    Trouble("stream", "切断 Stream", "长连接被重置一次，机器人自己连回来", Kind.NOW, act=_cut_stream),
    Trouble("closed", "断开 Stream，不让连回来", "这段时间里发的话会丢，平台就是这样", Kind.WHILE, "refuse_open", 429, _cut_stream),
    Trouble("cut", "断网", "机器人连不上平台的接口", Kind.WHILE, "cut"),
    Trouble("twice", "推送来两遍", "每一条话、每一次点击都来两次", Kind.WHILE, "duplicate_pushes", 1.0),
    Trouble("late", "推送晚到 8 秒", "人已经点了，机器人过一会儿才知道", Kind.WHILE, "late", LATE),
)  # fmt: skip
LISTS: Mapping[str, tuple[Trouble, ...]] = {"wecom": WECOM, "wecom_aibot": WECOM_AIBOT, "dingtalk": DINGTALK}
"""By surface; one that is not here has nothing to break."""


def panel(sims: Mapping[str, Sim]) -> list[dict[str, Any]]:
    """What the page draws: [{"platform", "troubles": [{"id", "label", "about", "kind"}]}]."""
    shown = []
    for name in sims:
        rows = [{"id": t.id, "label": t.label, "about": t.about, "kind": t.kind} for t in LISTS.get(name, ())]
        if rows:
            shown.append({"platform": name, "troubles": rows})
    return shown


def standing(sims: Mapping[str, Sim]) -> dict[str, dict[str, int]]:
    """What is broken at this moment: platform → id → how many calls it will hit, 1 for a switch that is on."""
    return {
        name: {t.id: n for t in LISTS.get(name, ()) if (n := _left(sim, t)) > 0} for name, sim in sims.items()
    }


async def change(sims: Mapping[str, Sim], platform: str, id: str, *, on: bool) -> None:
    """Breaks something, or mends it. Raises LookupError for a trouble that is not on the list."""
    sim = sims.get(platform)
    trouble = next((t for t in LISTS.get(platform, ()) if t.id == id), None)
    if sim is None or trouble is None:
        raise LookupError(f"{platform} 没有「{id}」这种故障")
    if trouble.field:
        _write(sim.faults, trouble, on=on)
    if on and trouble.act is not None:
        await trouble.act(sim)


def mend_all(sims: Mapping[str, Sim]) -> None:
    """Puts everything on the lists back to order."""
    for name, sim in sims.items():
        for trouble in LISTS.get(name, ()):
            if trouble.field:
                _write(sim.faults, trouble, on=False)


def _write(faults: Any, trouble: Trouble, *, on: bool) -> None:
    before = getattr(faults, trouble.field)
    if isinstance(before, list):
        rest = [one for one in before if one != trouble.value]
        setattr(faults, trouble.field, [*before, trouble.value] if on else rest)
    elif trouble.kind is Kind.NEXT:
        setattr(faults, trouble.field, before + 1 if on else 0)
    else:
        setattr(faults, trouble.field, trouble.value if on else type(before)())


def _left(sim: Sim, trouble: Trouble) -> int:
    if not trouble.field:
        return 0
    now = getattr(sim.faults, trouble.field)
    if isinstance(now, list):
        return now.count(trouble.value)
    return int(now) if trouble.kind is Kind.NEXT else int(bool(now))
