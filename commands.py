"""Commands that do one thing and end: the database, its keys, a person forgotten, and what is asked without a running bot."""

import argparse
import asyncio
import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot import logs, rehearsal
from bot.clock import Clock
from bot.config import BadConfig, Config, load
from rules import hours
from store import failpoints, forgetting, keyring, migrate
from store.db import Busy, Database, unusable
from store.seals import Unreadable, fresh

HERE = Path(__file__).parent
Go = Callable[[Config], Coroutine[Any, Any, int]]
"""What a command does with the configuration; its exit code."""


def arm(config: Config) -> None:
    """A test may kill this process at a named place. Raises BadConfig beside a real platform, or for a place there is not."""
    if said := os.environ.get(failpoints.SWITCH, ""):
        rehearsal.only(config, failpoints.SWITCH)
        try:
            failpoints.arm(said)
        except ValueError:
            raise BadConfig(
                f"环境变量 {failpoints.SWITCH}：没有 {said!r} 这个位置，见 store/failpoints.py"
            ) from None


def say(line: str) -> int:
    """One line for the deployer; the exit code of what they have to fix."""
    print(line, file=sys.stderr)
    return 2


def run(main: Coroutine[Any, Any, int]) -> int:
    """On uvloop where there is one. Returns the exit code."""
    with contextlib.suppress(ImportError):
        import uvloop

        return int(uvloop.run(main))
    return int(asyncio.run(main))


def with_config(args: argparse.Namespace, go: Go) -> int:
    """Does it with the configuration of `--config`; what is wrong with that, or with the database, is one line and 2."""
    try:
        config = load(Path(args.config))
        arm(config)
        logs.configure("text")
        return run(go(config))
    except (BadConfig, Busy, migrate.Newer, migrate.Older) as error:
        return say(str(error))
    except Exception as error:
        if said := unusable(error):
            return say(f"store.database：{said}")
        raise


def run_migrate(args: argparse.Namespace) -> int:
    """`main.py migrate`."""

    async def go(config: Config) -> int:
        db = Database(config.store.server, pool=2, keys=config.store.secrets)
        try:
            db.own()
            old, new, kept = await migrate.upgrade(db)
            if kept:
                print(f"迁移前的副本：{kept}")
            print(f"数据库结构：{old or '空'} → {new}")
            return 0
        finally:
            await db.close()

    return with_config(args, go)


def run_backup(args: argparse.Namespace) -> int:
    """`main.py backup FILE`."""

    async def go(config: Config) -> int:
        db = Database(config.store.server, pool=2, keys=config.store.secrets)
        try:
            counts = await migrate.backup(db, Path(args.file))
        finally:
            await db.close()
        print(
            f"已备份到 {args.file}：客户 {counts['customer']}，线索 {counts['lead']}，跟进 {counts['followup']}"
        )
        return 0

    return with_config(args, go)


def run_restore(args: argparse.Namespace) -> int:
    """`main.py restore FILE`."""

    async def go(config: Config) -> int:
        db = Database(config.store.server, pool=2, keys=config.store.secrets)
        try:
            db.own()
            counts = await migrate.restore(db, Path(args.file))
        except migrate.NotABackup as error:
            return say(str(error))
        finally:
            await db.close()
        print(f"已恢复：客户 {counts['customer']}，线索 {counts['lead']}，跟进 {counts['followup']}")
        return 0

    return with_config(args, go)


def run_keys(args: argparse.Namespace) -> int:
    """`main.py keys new|status|rotate`: the keys of personal data in the database."""
    if args.do == "new":
        print(fresh())
        return 0

    async def go(config: Config) -> int:
        db = Database(config.store.server, pool=2, keys=config.store.secrets)
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

    return with_config(args, go)


def run_forget(args: argparse.Namespace) -> int:
    """`main.py forget C-0311`: a customer's personal data is erased, on request of the person."""
    from bot.events import Fact, encode
    from rules.text import customer_id, parse_id

    number = parse_id(args.customer)
    if number is None or number[0] != "C":
        return say(f"{args.customer}：要写客户编号，例如 C-0311（发 /客户 名字 可以看到）")
    id = customer_id(number[1])

    async def go(config: Config) -> int:
        db = Database(config.store.server, pool=2, keys=config.store.secrets)
        now = Clock().now()
        try:
            await migrate.check(db)
            async with db.read() as tx:
                person = await forgetting.look(tx, number[1])
            if person is None:
                return say(f"{id}：没有这个客户，或者已经删除了")
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
        if counts.pop(forgetting.LOG, 0):
            print("SQLite 的日志（-wal 文件）正忙，里面还有旧内容；机器人下次写回日志或停止时就没有了。")
        print("已删除：" + "，".join(f"{name} {count}" for name, count in sorted(counts.items())))
        print("备份文件、导出过的表格和平台上的聊天记录里还有，要另外处理（docs/security.md）。")
        return 0

    return with_config(args, go)


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


def run_preview(args: argparse.Namespace) -> int:
    """`main.py preview-assignment`: the leads of the last days under the settings of another file. Changes nothing."""

    async def go(config: Config) -> int:
        from handlers import preview

        db = Database(config.store.server, pool=2, keys=config.store.secrets)
        try:
            await migrate.check(db)
            async with db.read() as tx:
                since = Clock().now() - timedelta(days=args.days)
                found = await preview.rehearse(tx, config, config.members(), since, config.app.zone)
        finally:
            await db.close()
        print(preview.said(found, {one.id: one.name for one in config.members()}, args.days, args.config))
        return 0

    return with_config(args, go)


def run_fairness(args: argparse.Namespace) -> int:
    """`main.py fairness FILE`: every decision, a line per candidate, as CSV: the report can be computed again from it."""

    async def go(config: Config) -> int:
        from store import assignment as turns

        db = Database(config.store.server, pool=2, keys=config.store.secrets)
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

    return with_config(args, go)


def run_extract(args: argparse.Namespace) -> int:
    """`main.py extract`: JSON lines in, JSON lines out, read with the installation's own words where there are any."""
    from nlp import model, vocabulary
    from nlp.draft import as_dict

    own = Path(args.words or "words.toml")
    if args.words and not own.exists():
        return say(f"{own}：没有这个词库文件")
    words = vocabulary.watch(own)
    if words.problem:
        return say(words.problem)
    if model.missing(args.model):
        return say(f"--model {args.model}：要先安装 {model.missing(args.model)}，见 docs/operations.md")
    model.load(args.model)
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            found = as_dict(item["text"], item["now"], words.vocabulary)
        except (ValueError, KeyError, TypeError) as error:
            return say(f'第 {number} 行不是 {{"id", "text", "now"}}：{error}')
        print(json.dumps({"id": item.get("id", ""), **found}, ensure_ascii=False), flush=True)
    return 0


def run_due(args: argparse.Namespace) -> int:
    """`main.py due`: how a deadline is counted, JSON lines in and out."""
    try:
        path = Path(args.config)
        config = load(path if path.exists() or args.config != "config.toml" else None)
    except BadConfig as error:
        return say(str(error))
    calendar = config.calendar.calendar(config.app.zone)
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            print(json.dumps(hours.due_line(calendar, json.loads(line), args.hours)), flush=True)
        except (ValueError, KeyError, TypeError) as error:
            return say(f"第 {number} 行：{error}")
    return 0


def run_hook_test(args: argparse.Namespace) -> int:
    """`main.py hook-test NAME sample.json`: what a pushed message would make, without making it."""
    from bot.connecting import read
    from rules.errors import PutAside

    try:
        config = load(Path(args.config))
        payload = json.loads(Path(args.sample).read_text("utf-8-sig"))
    except BadConfig as error:
        return say(str(error))
    except (OSError, ValueError) as error:
        return say(f"{args.sample}：读不了，或不是合法的 JSON：{error}")
    connector = next((one for one in config.connector if one.name == args.name), None)
    if connector is None:
        names = "、".join(one.name for one in config.connector) or "一个也没有"
        return say(f"{args.config} 里没有 [[connector]] {args.name!r}（有的：{names}）")
    if not isinstance(payload, dict):
        return say(f"{args.sample}：要是一个 JSON 对象")
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
    """`main.py sim PLATFORM`: one simulated platform alone."""
    words = [sys.executable, "-m", f"sim.{args.platform}_server", "--port", str(args.port)]
    if args.scenario:
        words += ["--scenario", args.scenario]
    os.chdir(HERE)
    os.execv(sys.executable, words)
