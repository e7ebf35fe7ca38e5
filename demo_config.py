"""The configuration of a demo: the shipped one with the demo's firm, or a deployer's own with pretend platforms under it."""

import re
import socket
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import BadConfig, Config, load
from sim.people import FIRM, Person
from sim.wecom_server import AES_KEY

HOST = "127.0.0.1"
TOKEN = "demo-token"
WORK = {
    "wanglei": ('["rep"]', "华东", '["浙江"]', '["汽配", "图纸定制"]'),
    "liqian": ('["rep"]', "华东", '["江苏"]', '["现货采购"]'),
    "zhangmin": ('["manager"]', "华东", "[]", "[]"),
    "zhougong": ('["admin", "it"]', "", "[]", "[]"),
    "chenting": ('["service"]', "", "[]", "[]"),
}
"""Roles, team, regions and tags of the people of the demo, by member id."""


class Trouble(Exception):
    """The demo cannot go on; `str(error)` is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Ports:
    """The five ports in a row, from the console's on."""

    console: int

    @property
    def bot(self) -> int:
        return self.console + 1

    @property
    def wecom(self) -> int:
        return self.console + 2

    @property
    def dingtalk(self) -> int:
        return self.console + 3

    @property
    def aibot(self) -> int:
        return self.console + 4

    def check(self) -> None:
        """Raises Trouble that names the first port that is taken."""
        for port in (self.console, self.bot, self.wecom, self.dingtalk, self.aibot):
            if not 1024 <= port <= 65535:
                raise Trouble(f"端口 {port} 不能用：请用 1024 到 65531 之间的 --port。")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    raise Trouble(
                        f"端口 {port} 已被占用：请先停掉占用它的程序，或换一个：python main.py demo --port {self.console + 100}"
                    ) from None


SECTIONS = {
    "app": """\
name       = "跟进"
timezone   = "Asia/Shanghai"
listen     = "{bot}"
public_url = "http://{bot}"
log        = "text"
""",
    "store": """\
database = {database}
files    = {files}
""",
    "wecom": """\
enabled  = true
corp_id  = "wwsim"
agent_id = 1000002
secret   = "sim-wecom-secret"
token    = "simtoken"
aes_key  = "{aes_key}"
api_base = "http://{wecom}"
""",
    "wecom_aibot": """\
enabled = true
bot_id  = "botsim"
secret  = "sim-aibot-secret"
ws_base = "ws://{aibot}"
name    = "跟进"
""",
    "dingtalk": """\
enabled        = true
client_id      = "dingsim"
client_secret  = "sim-dingtalk-secret"
api_base       = "http://{dingtalk}"
oapi_base      = "http://{dingtalk}"
monthly_calls  = 0
monthly_pushes = 0
""",
    "api": """\
tokens = ["{token}"]
""",
}
"""The sections that the demo puts in place of the shipped ones."""
HEAD = """\
# 演示用的配置：随意修改，重启演示后生效；main.py demo --fresh 会重新生成。
# 演示时端口和目录由程序指定，改这里的端口不起作用。

"""


def _sections(data: Path, ports: Ports) -> dict[str, str]:
    values = {
        "bot": f"{HOST}:{ports.bot}", "wecom": f"{HOST}:{ports.wecom}", "dingtalk": f"{HOST}:{ports.dingtalk}",
        "aibot": f"{HOST}:{ports.aibot}",
        "database": _quoted(f"sqlite:///{data}/genjin.db"), "files": _quoted(f"{data}/files"),
        "aes_key": AES_KEY, "token": TOKEN,
    }  # fmt: skip
    return {name: body.format_map(values) for name, body in SECTIONS.items()}


def configuration(shipped: str, data: Path, ports: Ports) -> str:
    """The shipped configuration with the demo's platforms, store and people in place of its own."""
    mine = _sections(data, ports)
    kept = [_section(section, mine) for section in re.split(r"(?m)^(?=\[)", shipped)[1:]]
    added = [f"[{name}]\n{body}\n" for name, body in mine.items()]
    return HEAD + "".join([*kept, *added, firm(FIRM)])


def _section(text: str, mine: dict[str, str]) -> str:
    """One section of the shipped file: ours where we have one (taken out of `mine`), else as it stands."""
    found = re.match(r"\[([a-z_]+)\]", text)
    if found is None or found[1] not in mine:
        return text
    return f"[{found[1]}]\n{mine.pop(found[1])}\n"


def firm(people: Sequence[Person]) -> str:
    """[[team]] and [[member]] of the demo."""
    rows = ['[[team]]\nname = "华东"\nmanager = "zhangmin"\n']
    for person in people:
        roles, team, regions, tags = WORK[person.id]
        rows.append(
            f'[[member]]\nid = "{person.id}"\nname = "{person.name}"\nwecom = "{person.wecom}"\n'
            f'dingtalk = "{person.dingtalk}"\nroles = {roles}\nteam = "{team}"\nregions = {regions}\ntags = {tags}\n'
        )
    return "\n".join(rows)


def _quoted(text: str) -> str:
    """A TOML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ── a configuration of one's own ──────────────────────────────────────────────────────────────────────────────────────

NOWHERE = f"http://{HOST}:9/"
"""Nobody listens there."""
TITLES = {
    "rep": "销售",
    "manager": "主管",
    "director": "总监",
    "admin": "管理员",
    "service": "客服",
    "finance": "财务",
    "it": "IT",
}
NOBODY = """\
里没有 [[member]]：演练要有人。至少写一个，例如
[[member]]
id    = "lisi"
name  = "李四"
roles = ["rep"]"""


@dataclass(frozen=True)
class Rehearsal:
    """A deployer's configuration made fit for the demo: the file to run, its people, where its material lies."""

    file: Path
    people: tuple[Person, ...]
    files: str


def rehearsal(own: Path, data: Path, ports: Ports) -> Rehearsal:
    """Writes DATA/rehearsal/NAME: rules, people and words as in `own`, store and platforms the demo's.

    Who has no id on a platform gets one there. Raises Trouble with one sentence that names the file and the key.
    """
    try:
        text = own.read_text("utf-8")
        raw = tomllib.loads(text)
    except FileNotFoundError:
        raise Trouble(f"{own}：没有这个文件。可以从仓库里的 config.toml 复制一份再改。") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"{own.name}：不是合法的 TOML（UTF-8）：{error}") from None
    except OSError as error:
        raise Trouble(f"{own}：读不了这个文件：{error.strerror}") from None
    store, rows = raw.get("store"), raw.get("member")
    if not rows:
        raise Trouble(f"{own.name} {NOBODY}")
    files = str(store.get("files", "")) if isinstance(store, dict) else ""
    file = data / "rehearsal" / own.name  # of the same name: complaints about it name what was written
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_staged(text, rows, own.name, data, ports), "utf-8")
        config = load(file, {})
    except BadConfig as wrong:
        raise Trouble(str(wrong)) from None
    except OSError as error:
        raise Trouble(
            f"不能写入演示目录 {data}：{error.strerror or error}。可以用 --data 换一个目录。"
        ) from None
    return Rehearsal(file, _people(config), str(Path(files).resolve()) if files else str(data / "files"))


def _staged(text: str, rows: Any, name: str, data: Path, ports: Ports) -> str:
    """The text with the demo's sections and an id on each platform for everybody."""
    mine = {key: body for key, body in _sections(data, ports).items() if key != "app"}
    first, *pieces = re.split(r"(?m)^(?=\[)", text)
    places = [at for at, piece in enumerate(pieces) if re.match(r"\[\[member\]\]", piece)]
    if not isinstance(rows, list) or len(places) != len(rows):
        raise Trouble(f"{name}：演练要求每个成员写成一段 [[member]]，从行首开始")
    taken = {key: {str(row.get(key, "")).lower() for row in rows} for key in ("wecom", "dingtalk")}
    for at, row in zip(places, rows, strict=True):
        for key, used in taken.items():
            if str(row.get(key, "")).strip() in ("", "${}") or str(row[key]).startswith("${"):
                pieces[at] = _with_id(pieces[at], key, _unused(str(row.get("id", "x")), used))
        if str(row.get("wecom_aibot", "")).startswith("${"):
            pieces[at] = _without(pieces[at], "wecom_aibot")
    kept = [_section(_indoors(piece), mine) for piece in pieces]
    return first + "".join(kept) + "".join(f"\n[{key}]\n{body}" for key, body in mine.items())


def _indoors(piece: str) -> str:
    """A section that leads outside, led nowhere: a rehearsal opens no mailbox, sends no mail, writes into no group."""
    match re.match(r"\[+[a-z_]+", piece):
        case re.Match() as found if found[0] == "[[mailbox":
            return ""
        case re.Match() as found if found[0] == "[[robot":
            return _with_id(_without(piece, "secret"), "url", NOWHERE)
        case re.Match() as found if found[0] == "[mail" and re.search(
            r"(?m)^\s*host\s*=\s*[\"'][^\"']", piece
        ):
            for key in ("port", "security", "user", "password"):
                piece = _without(piece, key)
            return _with_id(piece, "host", HOST).rstrip() + '\nport = 9\nsecurity = "none"\n\n'
    return piece


def _with_id(piece: str, key: str, user: str) -> str:
    head, _, rest = _without(piece, key).partition("\n")
    return f'{head}\n{key} = "{user}"\n{rest}'


def _without(piece: str, key: str) -> str:
    return re.sub(rf"(?m)^\s*{key}\s*=.*\n?", "", piece)


def _unused(wish: str, used: set[str]) -> str:
    """`wish`, or with a number behind it; noted as used."""
    found, n = wish, 1
    while found.lower() in used:
        n += 1
        found = f"{wish}-{n}"
    used.add(found.lower())
    return found


def _people(config: Config) -> tuple[Person, ...]:
    return tuple(
        Person(
            id=one.id, name=one.name, wecom=one.on("wecom"), dingtalk=one.on("dingtalk"),
            wecom_aibot=one.on("wecom_aibot"),
            title="、".join(word for role, word in TITLES.items() if role in one.roles),
        )
        for one in config.members()
    )  # fmt: skip
