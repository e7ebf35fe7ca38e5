"""The processes under load: the product in its roles, the peers, the floor; each started afresh in a directory of its own."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.peers import load

ROOT = Path(__file__).parent.parent.parent
PEERS = ROOT / "bench" / "peers"
PEER_PYTHON = ROOT / "bench" / ".venv" / "bin" / "python"
COMPILED = Path(tempfile.gettempdir()) / "genjin-bench-compiled"
PATIENCE = 30.0  # seconds for a server to take its first connection


@dataclass(frozen=True)
class Served:
    """How to start one server: words after the interpreter, with {port}, {data} and {config} filled in."""

    name: str
    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    product: bool = False
    body: Callable[[str, str], bytes] = load.text_message  # (user, text) in the envelope it understands


GENJIN = Served("genjin", (sys.executable, "main.py", "serve", "--config", "{config}"), product=True)
GENJIN_INTAKE = Served("genjin, intake alone", GENJIN.words, {"GENJIN_APP__ROLES": '["intake", "web"]'}, True)
UNHURRIED = Served("genjin", (sys.executable, "bench/peers/genjin_unhurried.py", "{config}"), product=True)
QUICK_API = replace(UNHURRIED, name="genjin, /今日, an API of 0 ms")
SLOW_API = replace(UNHURRIED, name="genjin, /今日, an API of 80 ms")
FLOOR = Served("floor: bare aiohttp", (sys.executable, str(PEERS / "floor_aiohttp.py"), "{port}", "{data}"))
_GUNICORN = (
    str(PEER_PYTHON), "-m", "gunicorn", "--preload", "-w", "2", "--threads", "8", "--log-level", "error",
    "-b", "127.0.0.1:{port}", "--chdir", str(PEERS), "wechatpy_flask:app",
)  # fmt: skip
FLASK = (
    Served("wechatpy+Flask, stores nothing", _GUNICORN, {"STORE": ""}),
    Served("wechatpy+Flask+SQLAlchemy/SQLite as it comes", _GUNICORN, {"STORE": "asis"}),
    Served("wechatpy+Flask+SQLAlchemy/SQLite WAL+FULL", _GUNICORN, {"STORE": "wal"}),
)
OTHERS = (
    Served("slack-bolt, stores nothing", (str(PEER_PYTHON), str(PEERS / "slack_bolt_echo.py"), "{port}"), body=load.slack_message),
    Served("aiogram, stores nothing", (str(PEER_PYTHON), str(PEERS / "aiogram_echo.py"), "{port}"), body=load.telegram_message),
    Served("nonebot2, stores nothing", (str(PEER_PYTHON), str(PEERS / "nonebot_echo.py"), "{port}"), body=load.account_message),
)  # fmt: skip


@dataclass
class Running:
    """A started server."""

    port: int
    pid: int
    data: Path
    started: float  # seconds to the first connection


def config(data: Path, users: int = 200) -> Path:
    """The shipped settings and a firm of `users` reps."""
    text = (ROOT / "config.toml").read_text("utf-8") + "\n"
    for n in range(users):
        text += f'[[member]]\nid = "u{n:04d}"\nname = "销售{n:04d}"\nwecom = "u{n:04d}"\n'
    path = data / "config.toml"
    path.write_text(text, "utf-8")
    return path


def settings(data: Path, port: int, sink: str, database: str = "") -> dict[str, str]:
    """The product's settings as environment."""
    return {
        "GENJIN_APP__LISTEN": f"127.0.0.1:{port}",
        "GENJIN_STORE__DATABASE": database or f"sqlite:///{data}/genjin.db",
        "GENJIN_STORE__FILES": str(data / "files"),
        "GENJIN_CALENDAR__QUIET": '""',
        "GENJIN_WECOM__ENABLED": "true",
        "GENJIN_WECOM__CORP_ID": load.CORP,
        "GENJIN_WECOM__AGENT_ID": str(load.AGENT),
        "GENJIN_WECOM__SECRET": load.SECRET,
        "GENJIN_WECOM__TOKEN": load.TOKEN,
        "GENJIN_WECOM__AES_KEY": load.AES_KEY,
        "GENJIN_WECOM__API_BASE": sink,
    }


def environment(**more: str) -> dict[str, str]:
    """The environment of every server: compiled modules are kept (aside, not in the checkout), as an installation would."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(COMPILED)} | more
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def migrate(env: Mapping[str, str], path: Path) -> None:
    """Brings the product's database to its newest shape. Raises CalledProcessError."""
    subprocess.run(
        [sys.executable, "main.py", "migrate", "--config", str(path)], cwd=ROOT, env=environment(**env),
        check=True, capture_output=True, text=True,
    )  # fmt: skip


PRODUCT = "import main, handlers, web.app, bot.wecom.platform, openpyxl, store.postgres, store.redis, uvloop; main.warm(('work',))"


def template(at: Path) -> Path:
    """A migrated, empty SQLite file to copy. Compiles every module, too: else the first start would be another than all
    that follow."""
    subprocess.run([sys.executable, "-c", PRODUCT], cwd=ROOT, env=environment(), check=True)
    migrate(settings(at, 1, "http://127.0.0.1:1"), config(at, 1))
    return at / "genjin.db"


@asynccontextmanager
async def running(
    served: Served, *, sink: str, empty: Path, database: str = "", before: Sequence[str] = ()
) -> AsyncIterator[Running]:
    """Starts the server, waits until it takes connections, stops it. `empty` is the template; `before` runs it under
    another program (a profiler). Raises RuntimeError with its last words when it does not come up."""
    with tempfile.TemporaryDirectory(prefix="genjin-bench-") as room:
        data, port = Path(room), free_port()
        env = environment(
            CORP=load.CORP, TOKEN=load.TOKEN, AES_KEY=load.AES_KEY, DATA=room, API=sink, **served.env
        )
        path = ""
        if served.product:
            env |= settings(data, port, sink, database)
            path = str(config(data))
            if database:
                migrate(env, Path(path))
            else:
                shutil.copy(empty, data / "genjin.db")
        words = [word.format(port=port, data=room, config=path) for word in served.words]
        begun = time.perf_counter()
        with (data / "log").open("wb") as log:
            process = subprocess.Popen([*before, *words], cwd=ROOT, env=env, stdout=log, stderr=log)  # noqa: ASYNC220
        try:
            await _takes_connections(process, port, data)
            yield Running(port, process.pid, data, time.perf_counter() - begun)
        finally:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def _takes_connections(process: "subprocess.Popen[bytes]", port: int, data: Path) -> None:
    until = time.perf_counter() + PATIENCE
    while process.poll() is None and time.perf_counter() < until:
        try:
            (await load.connect(port)).close()
            return
        except OSError:
            await asyncio.sleep(0.02)
    raise RuntimeError(f"the server did not come up:\n{(data / 'log').read_text('utf-8', 'replace')[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
