"""`main.py demo`: both platforms pretended, a console in the browser, and the bot itself, each in its own process."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from aiohttp import ClientError, ClientSession, ClientTimeout

from demo_config import HOST, TOKEN, Ports, Rehearsal, Trouble, configuration, rehearsal
from sim.people import FIRM, write

HERE = Path(__file__).parent
OURS = ("config.toml", "people.json", "ahead", "bot.log", "bot.pid", "bot.pid.hold", "console.log", "files", "rehearsal",
        "genjin.db", "genjin.db-wal", "genjin.db-shm", "genjin.db.lock")  # fmt: skip
"""What the demo keeps in its directory; `--fresh` removes this and nothing else."""
PATIENCE = 60.0  # seconds that a part may take to come up
STOPPING = 20.0  # seconds that a part may take to end
SHORT_LIFE = 5.0  # a bot that lived for less is started again more slowly


async def demo(*, port: int, data: Path, fresh: bool, config: Path | None = None) -> int:
    """Runs until Ctrl-C or SIGTERM. Returns 0 after a clean stop, 2 when it cannot start (one sentence says why).

    `config`: a deployer's own configuration, whose people, rules and words are rehearsed.
    """
    run = Demo(Ports(port), await asyncio.to_thread(data.resolve), config)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        run.ports.check()
        run.prepare(fresh=fresh)
        await run.start(stop)
        if not stop.is_set():
            say(run.welcome())
        return await run.keep(stop)
    except Trouble as trouble:
        say(str(trouble), sys.stderr)
        return 2
    finally:
        await run.stop()


def say(line: str, to: TextIO | None = None) -> None:
    """A line for the person at the terminal."""
    stream = to or sys.stdout
    stream.write(line + "\n")
    stream.flush()


@dataclass
class Demo:
    """The directory, the ports and the two child processes."""

    ports: Ports
    data: Path
    config: Path | None = None  # a configuration of one's own
    console: asyncio.subprocess.Process | None = None
    bot: asyncio.subprocess.Process | None = None
    again: bool = False  # there are data of an earlier run
    own: Rehearsal | None = None  # what was made of `config`

    # the directory ----------------------------------------------------------------------------------------------------

    def prepare(self, *, fresh: bool) -> None:
        """Writes what is not there yet. The configuration is the reader's to change: it is written once."""
        if fresh:
            for name in OURS:
                path = self.data / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
        self.again = (self.data / "genjin.db").exists()
        try:
            (self.data / "files").mkdir(parents=True, exist_ok=True)
            for name in ("bot.pid", "bot.pid.hold"):  # of a run that was killed
                (self.data / name).unlink(missing_ok=True)
            if self.config is not None:
                self.own = rehearsal(self.config, self.data, self.ports)
            write(self.data / "people.json", self.own.people if self.own else FIRM)
            if self.own is None and not (self.data / "config.toml").exists():
                shipped = (HERE / "config.toml").read_text(encoding="utf-8")
                (self.data / "config.toml").write_text(
                    configuration(shipped, self.data, self.ports), encoding="utf-8"
                )
        except OSError as error:
            raise Trouble(
                f"不能写入演示目录 {self.data}：{error.strerror or error}。可以用 --data 换一个目录。"
            ) from None

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The bot's: the places that depend on port and directory, and the development clock. A given store stays."""
        wecom, dingtalk = f"http://{HOST}:{self.ports.wecom}", f"http://{HOST}:{self.ports.dingtalk}"
        mine = {
            "GENJIN_APP__LISTEN": f"{HOST}:{self.ports.bot}",
            "GENJIN_APP__PUBLIC_URL": f"http://{HOST}:{self.ports.bot}",
            "GENJIN_WECOM__API_BASE": wecom,
            "GENJIN_WECOM_AIBOT__WS_BASE": f"ws://{HOST}:{self.ports.aibot}",
            "GENJIN_DINGTALK__API_BASE": dingtalk,
            "GENJIN_DINGTALK__OAPI_BASE": dingtalk,
            "GENJIN_DEV_CLOCK": "1",
            "GENJIN_DEV_CLOCK_AHEAD": self._ahead(),
            "PYTHONUNBUFFERED": "1",
        }
        store = {
            "GENJIN_STORE__DATABASE": f"sqlite:///{self.data / 'genjin.db'}",
            "GENJIN_STORE__FILES": self.own.files if self.own else str(self.data / "files"),
        }
        return {**store, **environ, **mine}

    def _ahead(self) -> str:
        """How far the console's clock is ahead: the bot goes on from there after a restart."""
        with contextlib.suppress(OSError, ValueError):
            return str(float((self.data / "ahead").read_text(encoding="utf-8")))
        return "0"

    # the processes ----------------------------------------------------------------------------------------------------

    async def start(self, stop: asyncio.Event) -> None:
        """Both side by side: the page is there first and says that the bot is starting, the bot finds its platforms
        by trying again. Returns when both answer. Raises Trouble."""
        ports = self.ports
        console = [
            "-m", "sim.console", "--port", str(ports.console), "--wecom-port", str(ports.wecom),
            "--dingtalk-port", str(ports.dingtalk), "--aibot-port", str(ports.aibot), "--callback", f"http://{HOST}:{ports.bot}/wecom/callback",
            "--bot-url", f"http://{HOST}:{ports.bot}", "--api-token", TOKEN,
            "--people", str(self.data / "people.json"), "--clock-file", str(self.data / "ahead"),
            "--bot-pid-file", str(self._pid_file),
        ]  # fmt: skip
        self.console = await self._spawn(console, "console.log", dict(os.environ))
        await self._start_bot()
        assert self.bot is not None
        await self._until(f"http://{HOST}:{ports.console}/api/clock", self.console, "演示台", stop)
        if not stop.is_set():
            say(f"  页面开了： http://{HOST}:{ports.console}/ （机器人正在启动，几秒钟）")
        await self._until(f"http://{HOST}:{ports.bot}/readyz", self.bot, "机器人", stop)

    async def _start_bot(self) -> None:
        words = ["main.py", "serve", "--config", str(self._config_file), "--migrate"]
        self.bot = await self._spawn(words, "bot.log", self.environment(os.environ))
        self._pid_file.write_text(f"{self.bot.pid}\n", encoding="utf-8")

    @property
    def _config_file(self) -> Path:
        """What the bot reads."""
        return self.own.file if self.own else self.data / "config.toml"

    @property
    def _pid_file(self) -> Path:
        """Tells the console which process is the bot."""
        return self.data / "bot.pid"

    async def _released(self, stop: asyncio.Event) -> None:
        """Waits while the console asks that the bot stays away."""
        hold = self._pid_file.with_name("bot.pid.hold")
        if hold.exists():
            say("按故障面板的要求先不启动，点「启动机器人」再来。")
        while hold.exists() and not stop.is_set():  # noqa: ASYNC110 (a file tells nobody)
            await asyncio.sleep(0.1)

    async def _spawn(self, words: Sequence[str], log: str, env: dict[str, str]) -> asyncio.subprocess.Process:
        """A child in a session of its own, so that Ctrl-C reaches us alone and we stop it in order."""
        out = (self.data / log).open("ab")
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable, *words, cwd=HERE, env=self._quick(env), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip
        finally:
            out.close()

    def _quick(self, env: dict[str, str]) -> dict[str, str]:
        """Where Python is told to write no bytecode it compiles all at every start: then let it do so in our place."""
        if not env.pop("PYTHONDONTWRITEBYTECODE", ""):
            return env
        return env | {"PYTHONPYCACHEPREFIX": str(HERE / "var" / "pycache")}

    async def _until(
        self, url: str, process: asyncio.subprocess.Process, name: str, stop: asyncio.Event
    ) -> None:
        """Waits until `url` answers 200. Raises Trouble when the process ends first or takes too long."""
        end = asyncio.get_running_loop().time() + PATIENCE
        async with ClientSession(timeout=ClientTimeout(total=2.0)) as session:
            while not stop.is_set():
                if process.returncode is not None:
                    raise Trouble(f"{name}没有启动成功：{self._last_words(name)}")
                with contextlib.suppress(ClientError, TimeoutError, OSError):
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                if asyncio.get_running_loop().time() > end:
                    raise Trouble(
                        f"{name}在 {PATIENCE:.0f} 秒内没有就绪，日志在 {self.data / _log_of(name)}。"
                    )
                await asyncio.sleep(0.1)

    def _last_words(self, name: str) -> str:
        path = self.data / _log_of(name)
        lines = [
            line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
        return f"{lines[-1] if lines else '没有留下日志'}（日志：{path}）"

    async def keep(self, stop: asyncio.Event) -> int:
        """Starts the bot again whenever it ends, until told to stop. Raises Trouble when it cannot be kept alive."""
        pause, failed = 0.2, 0
        while True:
            assert self.bot is not None
            assert self.console is not None
            started = asyncio.get_running_loop().time()
            done = await _first(stop.wait(), self.bot.wait(), self.console.wait())
            if done == 0:
                return 0
            if done == 2:
                raise Trouble(f"演示台退出了：{self._last_words('演示台')}")
            short = asyncio.get_running_loop().time() - started < SHORT_LIFE
            failed, pause = (failed + 1, min(pause * 2, 5.0)) if short else (0, 0.2)
            if self.bot.returncode == 2 or failed >= 8:
                raise Trouble(f"机器人起不来：{self._last_words('机器人')}")
            say(f"机器人退出了（{_how(self.bot.returncode)}），正在重启…")
            await self._released(stop)
            if stop.is_set():
                return 0
            await asyncio.sleep(pause)
            await self._start_bot()
            say(f"机器人已重启，进程号 {self.bot.pid}。")

    async def stop(self) -> None:
        """Ends the bot first, then the platforms under it."""
        for process in (self.bot, self.console):
            if process is None or process.returncode is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOPPING)
            except TimeoutError:
                process.kill()
                await process.wait()

    def welcome(self) -> str:
        """What the person at the terminal reads first."""
        assert self.bot is not None
        again = (
            "继续上次的数据（手机屏幕从空白开始，发 /今日 看看；从头开始用 --fresh）。\n\n  "
            if self.again
            else ""
        )
        name = (self.own.people if self.own else FIRM)[0].name
        return f"""
  跟进 · 演示已就绪： http://{HOST}:{self.ports.console}/

  {again}打开它，跟着右边「上手」走六步。或者自己来：
  1. 在左边{name}的手机上点「同步至CRM 李四…」，草稿卡片出来后点「存为新客户」，再点「开始跟进」。
  2. 点「官网询盘（接口）」来一条新线索，再点右上角「下一个工作日早上」「+4 小时」：超时提醒会到负责人和主管的手机上。
  3. 「故障」里拔网线、丢消息；或者另开一个终端 kill -9 {self.bot.pid}（机器人进程）：它会自己回来，接着聊。

  机器人 http://{HOST}:{self.ports.bot}/   日志 {self.data / "bot.log"}   配置 {self.config or self._config_file}
  按 Ctrl-C 停止。"""


def _log_of(name: str) -> str:
    return "console.log" if name == "演示台" else "bot.log"


def _how(code: int | None) -> str:
    """How a process ended."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"信号 {signal.Signals(-code).name}"
    return f"退出码 {code}"


async def _first(*waits: Coroutine[object, object, object]) -> int:
    """Which of these is done first; the others are cancelled."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(n for n, task in enumerate(tasks) if task.done())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _die_with_parent() -> None:
    """Linux: a demo that is killed takes its children along. Elsewhere they have to be stopped by hand."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
