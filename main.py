"""Wiring and command line: read the configuration, build the parts, run the loops."""

import gc
import sys

if __name__ == "__main__":
    gc.disable()  # what is imported stays: looking for garbage in it is a tenth of a start
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # structlog loads it where it finds it: 5 MB, 0.1 s

import argparse
import asyncio
import json
import os
import signal
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web as http

import commands
from bot import config_history, defined, logs
from bot.bells import Bells
from bot.canary import CanaryPlatform
from bot.clock import Clock
from bot.config import BadConfig, Config, load
from bot.config_accounts import OfficialAccount
from bot.engine import Engine
from bot.official.platform import OfficialPlatform
from bot.platform import Platform, Posted, Shared
from bot.probe import ProbePlatform
from bot.quota import Quota
from bot.robots.platform import RobotPlatform
from bot.router import Router
from bot.sole import Sole
from bot.stuck import watched
from bot.wecom.menu import Entry
from store import keyring, migrate
from store.cache import LocalShared
from store.db import UNLIMITED, Busy, Database, passing, unusable

if TYPE_CHECKING:
    from store.carrier import Carrier
    from store.redis import RedisShared
    from web.front import Front

    Store = LocalShared | RedisShared

log = structlog.get_logger("main")
HERE = Path(__file__).parent
MENU = (
    Entry("今日", command="/今日"),
    Entry(
        "打卡",
        under=(
            Entry("继续打卡", command="/打卡"),
            Entry("我的数据", command="/我的"),
            Entry("撤销", command="/撤销"),
        ),
    ),
    Entry(
        "更多",
        under=(
            Entry("超时", command="/超时"),
            Entry("资料", command="/资料"),
            Entry("帮助", command="/帮助"),
        ),
    ),
)
"""The app menu on WeCom (B15): the commands a rep needs without typing."""


@dataclass
class App:
    """A running bot: its engine, its database, its web server."""

    engine: Engine
    db: Database
    shared: "Store"
    front: "Front"
    port: int
    warming: "asyncio.Future[None]"

    async def at_ease(self) -> None:
        """What start-up built stays for good: once the dictionaries are loaded, the collector need not walk over it
        again and again (0.1 s each time, in which nobody is answered). What the machine is short of for a moment ends
        nothing: a dictionary is loaded by the first event that wants it, then."""
        try:
            await self.warming
        except OSError as error:
            if not passing(error):
                raise
            log.warning("not warmed", error=error.strerror)
        gc.freeze()

    async def stop(self) -> None:
        """Stops in order: no new traffic, finish the rows in hand, close connections."""
        await self.engine.stop()
        await self.front.cleanup()
        await self.shared.close()
        await self.db.close()


def warm(roles: Collection[str], model: str = "") -> None:
    """Load what takes time and is not needed before the first message, for what this process does; `model`: `reading.model`."""
    if "work" in roles:
        from nlp import warm as reading
        from rules.names import initials

        reading.ready()
        initials("宁波")  # how characters sound
        _load_model(model)


def _load_model(name: str) -> None:
    from nlp import model

    if lacking := model.missing(name):
        log.warning("model_missing", model=name, module=lacking)  # /诊断 says so, too; the rules read alone
        return
    try:
        model.load(name)
    except Exception:  # whatever this machine cannot do: names are read without it
        log.exception("model_failed", model=name)


def _handlers() -> Sequence[Router]:
    import handlers

    return handlers.ROUTERS


def version() -> str:
    """The version of this program, "?" where pyproject.toml was left out of the installation."""
    try:
        return str(tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "?"


def platforms_of(config: Config, shared: Shared, clock: Clock, quota: Quota) -> list[Platform]:
    """The platforms that the configuration switches on."""
    made: list[Platform] = []
    if config.wecom.enabled:
        from bot.wecom.platform import WecomPlatform

        made.append(
            WecomPlatform(
                config.wecom, shared, clock.now, quota.meter("wecom"), menu=MENU, daily=config.wecom_daily(),
                public_url=config.app.public_url, brand=config.app.name,
            )
        )  # fmt: skip
    if config.wecom_aibot.enabled:
        from bot.wecom_aibot.platform import WecomAibotPlatform

        made.append(
            WecomAibotPlatform(
                config.wecom_aibot, shared, clock.now, quota.meter("wecom_aibot"),
                public_url=config.app.public_url, brand=config.app.name,
            )
        )  # fmt: skip
    if config.dingtalk.enabled:
        from bot.dingtalk.platform import DingtalkPlatform

        meter = quota.meter("dingtalk")
        made.append(DingtalkPlatform(config.dingtalk, shared, clock.now, meter, config.app.public_url))
    if config.mail.host:
        from bot.mail import MailPlatform

        made.append(MailPlatform(config.mail, config.app.name))
    if config.robot:
        made.append(RobotPlatform(config.robot, clock.now))
    return made


def _database(config: Config) -> Database:
    found = config.store
    return Database(found.database, pool=found.pool, keys=found.secrets, direct=found.direct)


def _carrier(config: Config) -> "Carrier | None":
    """The engine that carries lane keys, where one is switched on. Raises BadConfig when it is not installed."""
    if not config.store.carrier:
        return None
    try:
        from store.carrier import Carrier
    except ModuleNotFoundError as error:
        raise BadConfig(
            f"store.carrier：要先安装 {error.name}（pip install taskiq taskiq-redis），或者留空"
        ) from None
    return Carrier(config.store.redis)


async def start(
    config: Config, *, clock: Clock | None = None, migrating: bool = False, source: Path | None = None
) -> App:
    """Builds and starts everything. `source`: the file that the configuration came from.

    Raises BadConfig, Busy, migrate.Older or migrate.Newer before it touches anything.
    """
    from nlp import workdays
    from web.app import HEALTH, make_app
    from web.dev import dev_routes
    from web.front import Front

    clock = clock or Clock()
    workdays.use(frozenset(config.calendar.extra_holidays), frozenset(config.calendar.extra_workdays))
    db = _database(config)
    shared: Store | None = None
    engine: Engine | None = None
    runner: http.AppRunner | None = None
    front: Front | None = None
    try:
        db.own()
        if migrating:
            await migrate.upgrade(db)
        await migrate.check(db)
        if not await db.limited():
            raise BadConfig(f"store.database：{UNLIMITED}")
        if off := await db.loses():
            log.warning("the database may lose commits", settings=off)
        async with db.write() as tx:
            try:
                await keyring.enter(tx, clock.now())
            except keyring.Missing as error:
                raise BadConfig(str(error)) from None
            settled = await config_history.settle(tx, config, _origin(source), clock.now())
        if settled.store.pool != config.store.pool:
            await db.close()
            db = _database(settled)
            db.own()
        config = settled
        bells = Bells()
        if config.store.redis:
            from store.redis import RedisShared

            shared = RedisShared(config.store.redis)
            shared.listen(bells.ring_here)
            bells.reach_others(shared.ring)
        else:
            shared = LocalShared()
        quota = Quota(db, config.app.zone)
        official = OfficialPlatform(partial(defined.accounts_now, db, config), shared, clock.now)
        probe = ProbePlatform(defined.page_trust(config), shared, config.intake.wechat_api)
        platforms = [*platforms_of(config, shared, clock, quota), official, CanaryPlatform(), probe]
        if not db.sqlite:  # several replicas may run
            platforms = [
                Sole(one, db, bells, clock.ms) if one.limits.one_connection else one for one in platforms
            ]
        engine = Engine(db, config, clock, _handlers, platforms, shared, quota, bells, _carrier(config))
        pages = make_app(engine)
        pages.add_routes(dev_routes(engine))
        runner = http.AppRunner(pages, shutdown_timeout=15)
        await runner.setup()
        doors = {
            path: door for one in platforms if isinstance(one, Posted) for path, door in one.doors().items()
        }
        front = Front(runner, doors, pages[HEALTH].counted)
        await engine.open()
        port = await front.start(config.app.host, config.app.port)
        await engine.work()
    except BaseException:
        if engine is not None:
            await engine.stop()
        if front is not None:
            await front.cleanup()
        elif runner is not None:
            await runner.cleanup()
        if shared is not None:
            await shared.close()
        await db.close()
        raise
    # what is wanted now and then loads beside the first events, not before them
    warming = asyncio.get_running_loop().run_in_executor(None, warm, config.app.roles, config.reading.model)
    return App(engine, db, shared, front, port, warming)


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────
def _told() -> asyncio.Event:
    """Set once the process is asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the last: its terminal was closed
        if signal.getsignal(name) is not signal.SIG_IGN:  # nohup
            loop.add_signal_handler(name, stop.set)
    return stop


def _origin(source: Path | None) -> dict[str, str]:
    """Who owns the configuration file: the nearest thing to who changed it."""
    if source is None or not source.exists():
        return {}
    try:
        return {"who": f"{source.owner()}（{source.name}）"}
    except (KeyError, OSError):
        return {"who": source.name}


async def serve(config: Config, *, migrating: bool, source: Path | None = None) -> int:
    """`main.py serve`."""
    app = await start(config, migrating=migrating, source=source)
    stop = _told()  # from now on events may be in hand
    async with watched(config.watch.stuck):
        log.info(
            "started", version=version(), schema=migrate.head(), roles=list(config.app.roles),
            platforms=[platform.name for platform in app.engine.platforms], **await app.engine.waiting(),
        )  # fmt: skip
        print(f"genjin 正在运行：http://{config.app.host}:{app.port}/healthz", flush=True)
        await app.at_ease()
        await stop.wait()
        await app.stop()
    return 0


def run_serve(args: argparse.Namespace) -> int:
    """Start-up errors are one line each; exit code 2 for what the deployer has to fix."""
    try:
        roles = {"GENJIN_APP__ROLES": json.dumps(args.roles.split(","))} if args.roles else {}
        config = load(Path(args.config), {**os.environ, **roles})
        commands.arm(config)
    except BadConfig as error:
        return commands.say(str(error))
    logs.configure(config.app.log)
    try:
        return commands.run(serve(config, migrating=args.migrate, source=Path(args.config)))
    except (BadConfig, Busy, migrate.Older, migrate.Newer) as error:
        return commands.say(str(error))
    except Exception as error:
        if said := unusable(error):
            return commands.say(f"store.database：{said}")
        if isinstance(error, OSError):
            return commands.say(
                f"不能在 {config.app.listen} 上监听，或连不上数据库：{error.strerror or error}"
            )
        raise


async def _in_file(config: Config) -> Mapping[str, OfficialAccount]:
    """The Official Accounts of config.toml: those of the page are looked at by the running bot (/诊断)."""
    return {one.name: one for one in config.official_account}


def run_doctor(args: argparse.Namespace) -> int:
    """`main.py doctor`: every check with what, why and how to fix."""
    from bot.doctor import checks

    async def go(config: Config) -> int:
        db = Database("sqlite:///:memory:")  # nothing is counted while only looking
        shared, clock = LocalShared(), Clock()
        platforms = platforms_of(config, shared, clock, Quota(db, config.app.zone))
        platforms.append(OfficialPlatform(partial(_in_file, config), shared, clock.now))
        found = await checks(config, platforms)
        for platform in platforms:
            await platform.stop()
        await db.close()
        if args.json:
            print(json.dumps([vars(one) for one in found], ensure_ascii=False, indent=1))
        else:
            marks = {"ok": "✅", "warn": "⚠️ ", "fail": "❌"}
            for one in found:
                print(
                    f"{marks[one.state]} {one.name}：{one.text}" + (f"\n     → {one.fix}" if one.fix else "")
                )
        return 1 if any(one.state == "fail" for one in found) else 0

    return commands.with_config(args, go)


def run_demo(args: argparse.Namespace) -> int:
    """`main.py demo`: simulated platforms, a console to chat in, SQLite."""
    from demo import demo

    own = Path(args.config) if args.config else None
    data = Path(args.data or ("var/demo" if own is None else f"var/demo-{own.stem}"))
    return commands.run(demo(port=args.port, data=data, fresh=args.fresh, config=own))


def parser() -> argparse.ArgumentParser:
    """The command line (docs/operations.md)."""
    top = argparse.ArgumentParser(
        prog="main.py", description="genjin（跟进）：企业微信和钉钉里的销售跟进助手"
    )
    each = top.add_subparsers(dest="command", required=True)

    def add(name: str, run: Any, about: str, *, config: bool = True) -> argparse.ArgumentParser:
        one = each.add_parser(name, help=about, description=about)
        one.set_defaults(run=run)
        if config:
            one.add_argument("--config", default="config.toml")
        return one

    one = add("demo", run_demo, "在本机试用：模拟的企业微信和钉钉，浏览器里聊天", config=False)
    one.add_argument("--port", type=int, default=8080)
    one.add_argument(
        "--data", metavar="DIR", help="数据放在哪里（var/demo；有 --config 时 var/demo-它的名字）"
    )
    one.add_argument(
        "--config", metavar="FILE.toml", help="演练自己的配置：人、规则、用语取自它，平台和数据库是模拟的"
    )
    one.add_argument("--fresh", action="store_true", help="从头开始，清掉上次的数据")
    one = add("serve", run_serve, "正式运行")
    one.add_argument("--migrate", action="store_true", help="启动前升级数据库结构")
    one.add_argument("--roles", default="", help="这个进程做什么，逗号隔开：intake,work,timers,web")
    add("migrate", commands.run_migrate, "升级数据库结构")
    add("backup", commands.run_backup, "备份到一个文件").add_argument("file")
    add("restore", commands.run_restore, "从备份恢复到一个空库").add_argument("file")
    add("doctor", run_doctor, "检查配置、数据库、平台").add_argument("--json", action="store_true")
    one = add("keys", commands.run_keys, "库里个人资料的密钥：做一把新的，看用着哪些，全部换成新的")
    one.add_argument("do", choices=("new", "status", "rotate"))
    one.add_argument("--pause", type=float, default=0.02, metavar="SECONDS", help="换密钥时每两批之间停多久")
    one = add("forget", commands.run_forget, "应本人要求，删除一个客户的个人资料")
    one.add_argument("customer", metavar="C-0311")
    one.add_argument("--yes", action="store_true", help="真的删除；不写只看会删什么")
    one.add_argument("--by", default="命令行", metavar="NAME", help="审计里写谁删的")
    one = add("preview-assignment", commands.run_preview, "换一份配置，近来的线索会怎么分")
    one.add_argument("--days", type=int, default=30)
    one = add("fairness", commands.run_fairness, "把分派依据导出成 CSV")
    one.add_argument("file")
    one.add_argument("--days", type=int, default=30)
    one = add("extract", commands.run_extract, "从聊天文本里提取客户信息（JSON 行）", config=False)
    one.add_argument(
        "--words", default="", metavar="FILE.toml", help="自己的词库；不写就用当前目录的 words.toml（有的话）"
    )
    one.add_argument("--model", default="", choices=("lac",), help="再请一个模型认人名（要另装）")
    add("due", commands.run_due, "期限是怎么算的（JSON 行）").add_argument(
        "--hours", choices=("working", "calendar"), default="working"
    )
    one = add("hook-test", commands.run_hook_test, "拿一份样例试连接的字段映射")
    one.add_argument("name")
    one.add_argument("sample")
    one = add("sim", commands.run_sim, "单独运行一个模拟平台", config=False)
    one.add_argument("platform", choices=("wecom", "wecom_aibot", "dingtalk"))
    one.add_argument("--port", type=int, default=0)
    one.add_argument("--scenario", default="")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    args = parser().parse_args(words)
    gc.freeze()
    gc.enable()
    return int(args.run(args))


if __name__ == "__main__":
    sys.exit(main())
