"""The people of a demo: one id per platform, so that everybody can act on either phone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """Somebody with two phones. `title` is what the console shows beside the name; an empty id: no phone there.

    `wecom_aibot` is how WeCom's AI bot names them; empty: by the same id as `wecom`.
    """

    id: str
    name: str
    title: str
    wecom: str
    dingtalk: str
    wecom_aibot: str = ""

    def on(self, surface: str) -> str:
        """The id on "wecom", "wecom_aibot" or "dingtalk", "" for none."""
        return (self.wecom_aibot or self.wecom) if surface == "wecom_aibot" else str(getattr(self, surface))


@dataclass(frozen=True)
class Customer:
    """Somebody outside who writes to one of us in WeChat. `knows` is that person's id."""

    id: str
    name: str
    title: str
    knows: str


FIRM = (
    Person("wanglei", "王磊", "销售", "WangLei", "wanglei01"),
    Person("liqian", "李倩", "销售", "LiQian", "liqian02"),
    Person("zhangmin", "张敏", "主管", "ZhangMin", "zhangmin03"),
    Person("zhougong", "周工", "管理员", "ZhouGong", "zhougong04"),
    Person("chenting", "陈婷", "客服", "ChenTing", "chenting05"),
)
"""The firm that the console shows when no file names another."""
CUSTOMER = Customer("chenli", "陈立", "微信客户", "wanglei")
TALK = (
    (CUSTOMER.name, "你好，我是宁波恒达汽配有限公司的陈立，想询一款液压阀块"),
    (CUSTOMER.name, "材料 45 钢，月用量 300 件左右，图纸可以发你"),
    ("", "收到，方便留个电话吗？"),
    (CUSTOMER.name, "13812345678，下周三前能给报价吗"),
)
"""What the customer and the rep wrote before anybody opened the console; "" is the rep."""


def write(path: Path, people: Sequence[Person]) -> None:
    """Writes the file that `read` takes."""
    rows = [asdict(person) for person in people]
    path.write_text(json.dumps({"people": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[Person, ...]:
    """`{"people": [{"id", "name", "title", "wecom", "dingtalk"[, "wecom_aibot"]}]}`. Raises ValueError that names what is wrong."""
    told = json.loads(path.read_text(encoding="utf-8"))
    rows = told.get("people") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not rows:
        raise ValueError(f'{path.name}: {{"people": […]}} is expected')
    return tuple(_person(row, path.name) for row in rows)


def _person(row: object, where: str) -> Person:
    if not isinstance(row, dict) or not row.get("id") or not row.get("name"):
        raise ValueError(f"{where}: every person needs an id and a name")
    words = {
        key: str(row.get(key) or "") for key in ("id", "name", "title", "wecom", "dingtalk", "wecom_aibot")
    }
    return Person(**words)
