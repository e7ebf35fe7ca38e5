"""The app's menu: commands a thumb's width away (protocol 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.wecom.decode import COMMAND
from bot.wecom.limits import fits

TOP, SUB = 3, 5
TOP_BYTES, SUB_BYTES, KEY_BYTES, URL_BYTES = 16, 40, 128, 1024


@dataclass(frozen=True)
class Entry:
    """One entry: a command ("/今日"), a link, or with `under` a group of up to five."""

    name: str
    command: str = ""
    link: str = ""
    under: tuple["Entry", ...] = ()


def menu_json(entries: Sequence[Entry]) -> dict[str, object]:
    """The body of menu/create: at most three groups of five. Raises ValueError for what WeCom would refuse."""
    if not 1 <= len(entries) <= TOP:
        raise ValueError("菜单要有 1 到 3 个一级项")
    return {"button": [_group(entry) if entry.under else _leaf(entry, TOP_BYTES) for entry in entries]}


def _group(entry: Entry) -> dict[str, object]:
    if len(entry.under) > SUB:
        raise ValueError(f"菜单「{entry.name}」下面最多 5 项")
    return {"name": _name(entry, TOP_BYTES), "sub_button": [_leaf(sub, SUB_BYTES) for sub in entry.under]}


def _leaf(entry: Entry, most: int) -> dict[str, object]:
    if entry.link:
        if not fits(entry.link, URL_BYTES):
            raise ValueError(f"菜单「{entry.name}」的链接太长")
        return {"type": "view", "name": _name(entry, most), "url": entry.link}
    if not entry.command or not fits(COMMAND + entry.command, KEY_BYTES):
        raise ValueError(f"菜单「{entry.name}」没有命令，或命令太长")
    return {"type": "click", "name": _name(entry, most), "key": COMMAND + entry.command}


def _name(entry: Entry, most: int) -> str:
    if not fits(entry.name, most):
        raise ValueError(f"菜单名「{entry.name}」超过 {most} 字节（一个汉字 3 字节）")
    return entry.name
