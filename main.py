"""Wiring and command line: read the configuration, build the parts, run the loops."""

import gc
import sys

if __name__ == "__main__":
    gc.disable()  # what is imported stays: looking for garbage in it is a tenth of a start
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # structlog loads it where it finds it: 5 MB, 0.1 s

import argparse
import asyncio
import contextlib
import csv
import io
import json
import os
import signal
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web as http

from bot import config_history, defined, logs, rehearsal
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
from bot.wecom.menu import Entry
from rules import hours
from store import failpoints, forgetting, keyring, migrate
from store.cache import LocalShared
from store.db import Busy, Database, unusable
from store.seals import Unreadable, fresh

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
        again and again (0.1 s each time, in which nobody is answered)."""
        await self.warming
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
    db = Database(config.store.database, pool=config.store.pool, keys=config.store.secrets)
    shared: Store | None = None
    engine: Engine | None = None
    runner: http.AppRunner | None = None
    front: Front | None = None
    try:
        db.own()
        if migrating:
            await migrate.upgrade(db)
        await migrate.check(db)
        async with db.write() as tx:
            try:
                await keyring.enter(tx, clock.now())
            except keyring.Missing as error:
                raise BadConfig(str(error)) from None
            settled = await config_history.settle(tx, config, _origin(source), clock.now())
        if settled.store.pool != config.store.pool:
            await db.close()
            db = Database(config.store.database, pool=settled.store.pool, keys=config.store.secrets)
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
async def _until_told() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the last: its terminal was closed
        if signal.getsignal(name) is not signal.SIG_IGN:  # nohup
            loop.add_signal_handler(name, stop.set)
    await stop.wait()


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
    log.info(
        "started", version=version(), schema=migrate.head(), roles=list(config.app.roles),
        platforms=[platform.name for platform in app.engine.platforms], **await app.engine.waiting(),
    )  # fmt: skip
    print(f"genjin 正在运行：http://{config.app.host}:{app.port}/healthz", flush=True)
    await app.at_ease()
    await _until_told()
    await app.stop()
    return 0


def run_serve(args: argparse.Namespace) -> int:
    """Start-up errors are one line each; exit code 2 for what the deployer has to fix."""
    try:
        roles = {"GENJIN_APP__ROLES": json.dumps(args.roles.split(","))} if args.roles else {}
        config = load(Path(args.config), {**os.environ, **roles})
        _arm(config)
    except BadConfig as error:
        return _say(str(error))
    logs.configure(config.app.log)
    try:
        return _run(serve(config, migrating=args.migrate, source=Path(args.config)))
    except (BadConfig, Busy, migrate.Older, migrate.Newer) as error:
        return _say(str(error))
    except Exception as error:
        if said := unusable(error):
            return _say(f"store.database：{said}")
        if isinstance(error, OSError):
            return _say(f"不能在 {config.app.listen} 上监听，或连不上数据库：{error.strerror or error}")
        raise


def _arm(config: Config) -> None:
    """A test may kill this process at a named place. Raises BadConfig beside a real platform, or for a place there is not."""
    if said := os.environ.get(failpoints.SWITCH, ""):
        rehearsal.only(config, failpoints.SWITCH)
        try:
            failpoints.arm(said)
        except ValueError:
            raise BadConfig(
                f"环境变量 {failpoints.SWITCH}：没有 {said!r} 这个位置，见 store/failpoints.py"
            ) from None


def _say(line: str) -> int:
    print(line, file=sys.stderr)
    return 2


def _run(main: Any) -> int:
    with contextlib.suppress(ImportError):
        import uvloop

        return int(uvloop.run(main))
    return int(asyncio.run(main))


def run_migrate(args: argparse.Namespace) -> int:
    """`main.py migrate`."""

    async def go(config: Config) -> int:
        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        try:
            db.own()
            old, new, kept = await migrate.upgrade(db)
            if kept:
                print(f"迁移前的副本：{kept}")
            print(f"数据库结构：{old or '空'} → {new}")
            return 0
        finally:
            await db.close()

    return _with_config(args, go)


def run_backup(args: argparse.Namespace) -> int:
    """`main.py backup FILE`."""

    async def go(config: Config) -> int:
        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        try:
            counts = await migrate.backup(db, Path(args.file))
        finally:
            await db.close()
        print(
            f"已备份到 {args.file}：客户 {counts['customer']}，线索 {counts['lead']}，跟进 {counts['followup']}"
        )
        return 0

    return _with_config(args, go)


def run_restore(args: argparse.Namespace) -> int:
    """`main.py restore FILE`."""

    async def go(config: Config) -> int:
        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        try:
            db.own()
            counts = await migrate.restore(db, Path(args.file))
        except migrate.NotABackup as error:
            return _say(str(error))
        finally:
            await db.close()
        print(f"已恢复：客户 {counts['customer']}，线索 {counts['lead']}，跟进 {counts['followup']}")
        return 0

    return _with_config(args, go)


def run_keys(args: argparse.Namespace) -> int:
    """`main.py keys new|status|rotate`: the keys of personal data in the database."""
    if args.do == "new":
        print(fresh())
        return 0

    async def go(config: Config) -> int:
        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        try:
            await migrate.check(db)
            if args.do == "rotate":
                changed = await keyring.rotate(db, Clock().now(), pause=args.pause, said=_progress)
                print(f"重新加密了 {changed} 行" if db.seals.writing_id else f"解密了 {changed} 行")
            async with db.read(slow=True) as tx:
                print(_keys_said(await keyring.survey(tx), db))
        except (keyring.Missing, keyring.StillOld, Unreadable) as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            await db.close()
        return 0

    return _with_config(args, go)


def run_forget(args: argparse.Namespace) -> int:
    """`main.py forget C-0311`: a customer's personal data is erased, on request of the person."""
    from bot.events import Fact, encode
    from rules.text import customer_id, parse_id

    number = parse_id(args.customer)
    if number is None or number[0] != "C":
        return _say(f"{args.customer}：要写客户编号，例如 C-0311（发 /客户 名字 可以看到）")
    id = customer_id(number[1])

    async def go(config: Config) -> int:
        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        now = Clock().now()
        try:
            await migrate.check(db)
            async with db.read() as tx:
                person = await forgetting.look(tx, number[1])
            if person is None:
                return _say(f"{id}：没有这个客户，或者已经删除了")
            ids = "、".join(map(customer_id, person.all))
            print(f"{ids} {person.label}：联系人 {person.contacts} 位，线索 {len(person.leads)} 条")
            if not args.yes:
                print("没有删除。确认无误后加 --yes 再运行一次；删除后不能恢复。")
                return 0
            blank = encode(Fact("erased", id, now))
            counts = await forgetting.forget(db, person, now, args.by, blank)
        except Unreadable as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            await db.close()
        print("已删除：" + "，".join(f"{name} {count}" for name, count in sorted(counts.items())))
        print("备份文件、导出过的表格和平台上的聊天记录里还有，要另外处理（docs/security.md）。")
        return 0

    return _with_config(args, go)


def _progress(table: str, count: int) -> None:
    print(f"  {table}：{count} 行", file=sys.stderr, flush=True)


def _keys_said(found: Mapping[str, Mapping[str, int]], db: Database) -> str:
    lines = [f"写入用：{'密钥 ' + db.seals.writing_id if db.seals.writing_id else '明文（没有密钥）'}"]
    for id, tables in sorted(found.items()):
        name = f"密钥 {id}" if id else "明文"
        lost = "（配置里没有这把密钥）" if id and id not in db.seals.keys else ""
        counts = "，".join(f"{table} {count}" for table, count in sorted(tables.items()))
        lines.append(f"{name}{lost}：{sum(tables.values())} 格（{counts}）")
    return "\n".join(lines)


def _with_config(args: argparse.Namespace, go: Any) -> int:
    try:
        config = load(Path(args.config))
        _arm(config)
        logs.configure("text")
        return _run(go(config))
    except (BadConfig, Busy, migrate.Newer, migrate.Older) as error:
        return _say(str(error))
    except Exception as error:
        if said := unusable(error):
            return _say(f"store.database：{said}")
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

    return _with_config(args, go)


def run_preview(args: argparse.Namespace) -> int:
    """`main.py preview-assignment`: the leads of the last days under the settings of another file. Changes nothing."""

    async def go(config: Config) -> int:
        from handlers import preview

        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        try:
            await migrate.check(db)
            async with db.read() as tx:
                since = Clock().now() - timedelta(days=args.days)
                found = await preview.rehearse(tx, config, config.members(), since, config.app.zone)
        finally:
            await db.close()
        print(preview.said(found, {one.id: one.name for one in config.members()}, args.days, args.config))
        return 0

    return _with_config(args, go)


def run_fairness(args: argparse.Namespace) -> int:
    """`main.py fairness FILE`: every decision, a line per candidate, as CSV: the report can be computed again from it."""

    async def go(config: Config) -> int:
        from store import assignment as turns

        db = Database(config.store.database, pool=2, keys=config.store.secrets)
        text = io.StringIO(newline="")
        out = csv.writer(text)
        out.writerow(turns.CSV_HEAD)
        lines, after = 0, 0
        try:
            await migrate.check(db)
            since = Clock().now() - timedelta(days=args.days)
            async with db.read() as tx:
                while page := await turns.since(tx, since, after=after):
                    out.writerows(turns.csv_rows(page))
                    after, lines = page[-1].id, lines + len(page)
        finally:
            await db.close()
        await asyncio.to_thread(Path(args.file).write_text, text.getvalue(), "utf-8-sig", None, "")
        print(f"近 {args.days} 天的 {lines} 次分派写到 {args.file}")
        return 0

    return _with_config(args, go)


def run_extract(args: argparse.Namespace) -> int:
    """`main.py extract`: JSON lines in, JSON lines out, read with the installation's own words where there are any."""
    from nlp import model, vocabulary
    from nlp.draft import as_dict

    own = Path(args.words or "words.toml")
    if args.words and not own.exists():
        return _say(f"{own}：没有这个词库文件")
    words = vocabulary.watch(own)
    if words.problem:
        return _say(words.problem)
    if model.missing(args.model):
        return _say(f"--model {args.model}：要先安装 {model.missing(args.model)}，见 docs/operations.md")
    model.load(args.model)
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            found = as_dict(item["text"], item["now"], words.vocabulary)
        except (ValueError, KeyError, TypeError) as error:
            return _say(f'第 {number} 行不是 {{"id", "text", "now"}}：{error}')
        print(json.dumps({"id": item.get("id", ""), **found}, ensure_ascii=False), flush=True)
    return 0


def run_due(args: argparse.Namespace) -> int:
    """`main.py due`: how a deadline is counted, JSON lines in and out."""
    try:
        path = Path(args.config)
        config = load(path if path.exists() or args.config != "config.toml" else None)
    except BadConfig as error:
        return _say(str(error))
    calendar = config.calendar.calendar(config.app.zone)
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            print(json.dumps(hours.due_line(calendar, json.loads(line), args.hours)), flush=True)
        except (ValueError, KeyError, TypeError) as error:
            return _say(f"第 {number} 行：{error}")
    return 0


def run_hook_test(args: argparse.Namespace) -> int:
    """`main.py hook-test NAME sample.json`: what a pushed message would make, without making it."""
    from bot.connecting import read
    from rules.errors import PutAside

    try:
        config = load(Path(args.config))
        payload = json.loads(Path(args.sample).read_text("utf-8-sig"))
    except BadConfig as error:
        return _say(str(error))
    except (OSError, ValueError) as error:
        return _say(f"{args.sample}：读不了，或不是合法的 JSON：{error}")
    connector = next((one for one in config.connector if one.name == args.name), None)
    if connector is None:
        names = "、".join(one.name for one in config.connector) or "一个也没有"
        return _say(f"{args.config} 里没有 [[connector]] {args.name!r}（有的：{names}）")
    if not isinstance(payload, dict):
        return _say(f"{args.sample}：要是一个 JSON 对象")
    try:
        found = read(connector, payload)
    except PutAside as error:
        print(f"❌ 收不了：{error}")
        return 1
    print(
        "✅ 会成为一条线索"
        if connector.kind == "lead"
        else "✅ 号码是有负责人的客户就记一次来电，否则成为一条线索"
    )
    print(f"  唯一编号：{found.id or '没有（按内容去重；建议写 id）'}")
    for name, value in {**found.fields, **found.call}.items():
        if value:
            print(f"  {name}：{value}")
    if found.left:
        print("  没有用到的字段：" + "、".join(found.left))
    print("  签名没有检查；地址：" + f"{config.app.public_url.rstrip('/')}/hooks/{connector.name}")
    return 0


def run_sim(args: argparse.Namespace) -> int:
    """`main.py sim wecom|wecom_aibot|dingtalk`: one simulated platform alone."""
    words = [sys.executable, "-m", f"sim.{args.platform}_server", "--port", str(args.port)]
    if args.scenario:
        words += ["--scenario", args.scenario]
    os.chdir(HERE)
    os.execv(sys.executable, words)


def run_demo(args: argparse.Namespace) -> int:
    """`main.py demo`: simulated platforms, a console to chat in, SQLite."""
    from demo import demo

    own = Path(args.config) if args.config else None
    data = Path(args.data or ("var/demo" if own is None else f"var/demo-{own.stem}"))
    return _run(demo(port=args.port, data=data, fresh=args.fresh, config=own))


def parser() -> argparse.ArgumentParser:
    """The command line (docs/operations.md)."""
    top = argparse.ArgumentParser(
        prog="main.py", description="genjin（跟进）：企业微信和钉钉里的销售跟进助手"
    )
    commands = top.add_subparsers(dest="command", required=True)

    def add(name: str, run: Any, about: str, *, config: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about)
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
    add("migrate", run_migrate, "升级数据库结构")
    add("backup", run_backup, "备份到一个文件").add_argument("file")
    add("restore", run_restore, "从备份恢复到一个空库").add_argument("file")
    add("doctor", run_doctor, "检查配置、数据库、平台").add_argument("--json", action="store_true")
    one = add("keys", run_keys, "库里个人资料的密钥：做一把新的，看用着哪些，全部换成新的")
    one.add_argument("do", choices=("new", "status", "rotate"))
    one.add_argument("--pause", type=float, default=0.02, metavar="SECONDS", help="换密钥时每两批之间停多久")
    one = add("forget", run_forget, "应本人要求，删除一个客户的个人资料")
    one.add_argument("customer", metavar="C-0311")
    one.add_argument("--yes", action="store_true", help="真的删除；不写只看会删什么")
    one.add_argument("--by", default="命令行", metavar="NAME", help="审计里写谁删的")
    one = add("preview-assignment", run_preview, "换一份配置，近来的线索会怎么分")
    one.add_argument("--days", type=int, default=30)
    one = add("fairness", run_fairness, "把分派依据导出成 CSV")
    one.add_argument("file")
    one.add_argument("--days", type=int, default=30)
    one = add("extract", run_extract, "从聊天文本里提取客户信息（JSON 行）", config=False)
    one.add_argument(
        "--words", default="", metavar="FILE.toml", help="自己的词库；不写就用当前目录的 words.toml（有的话）"
    )
    one.add_argument("--model", default="", choices=("lac",), help="再请一个模型认人名（要另装）")
    add("due", run_due, "期限是怎么算的（JSON 行）").add_argument(
        "--hours", choices=("working", "calendar"), default="working"
    )
    one = add("hook-test", run_hook_test, "拿一份样例试连接的字段映射")
    one.add_argument("name")
    one.add_argument("sample")
    one = add("sim", run_sim, "单独运行一个模拟平台", config=False)
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
