"""What takes time is loaded before the first message, not while one is handled: then nobody is answered."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import sys
from datetime import datetime

import handlers  # what the bot imports at its start
import main
from nlp import draft
from rules import names, resources, shortcuts

main.warm(("work",))
late = []


def heard(event, what):
    if event == "import" and what[0] not in sys.modules:
        late.append(what[0])
    elif event == "open" and isinstance(what[0], str):
        late.append(what[0])


sys.addaudithook(heard)
chat = "张三：我是宁波恒达汽配有限公司的采购经理陈立，电话13900001234，想要液压阀块报价，月300件，预算48万，周三下午三点打给我"
assert draft.read(chat, datetime.fromisoformat("2026-01-05T10:00")).phone
assert names.match("wl", [(1, "王磊")]) == [1]
assert names.called("jr", ["今日", "打卡"]) == "今日"
assert names.sure("宁波恒达", [(1, "宁波恒达汽配"), (2, "苏州宏远")]) == 1
assert names.best_commands("dak", ["今日", "打卡", "客户"])[0] == "打卡"
assert names.match("重庆红岩", [(1, "重庆红岩机械"), (2, "上海")]) == [1]
print("late:", *late)
"""


def test_nothing_is_loaded_once_it_is_warm() -> None:
    """The first chat, the first name by its initials, the first mistyped command: no module and no file is opened."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["late:"]
