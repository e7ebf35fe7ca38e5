"""The machine watches itself: looks every minute, a canary through the whole pipe, alarms, a second channel. (B78-B86)"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot import checks
from bot.bells import Bells
from bot.clock import Clock
from bot.config import Config
from bot.events import Alert, Form, Incoming, encode
from bot.platform import Check, Intake, Outgoing, Platform, SendFailed, Way
from rules import watch as rules
from rules.hours import Calendar
from rules.text import ago, clip
from store import inbox, outbox, pool, settings
from store import watch as tables
from store.db import Database, Tx
from store.outbox import Outrow

log = structlog.get_logger("watch")

CANARY = "canary"
"""The setting that keeps what the last canary lead lived through; also the form's name."""
OWN_ALARM = frozenset({"死信", "日历", "送达", "配置"})
"""Checks that alarm by themselves or may wait for the next /诊断."""


# ── what our tables say ────────────────────────────────────────────────────────────────────────────────
async def of_tables(tx: Tx, config: Config, calendar: Calendar, now: datetime) -> list[Check]:
    """What can be read from the tables: B78 to B82, B85, the canary."""
    return [
        await _share(tx, config, now),
        await _types(tx),
        await _zone(tx, config, now),
        await _locks(tx),
        await _retries(tx, now),
        await _canary(tx, config, now),
        await _changes(tx, now, config),
    ]


async def _share(tx: Tx, config: Config, now: datetime) -> Check:
    """B78 and M11: leads come in and nobody gets them, though nothing failed."""
    watch = config.watch
    since = now - watch.window
    fresh = await tables.share(tx, since, now)
    usual = await tables.share(tx, since - watch.baseline, since)
    state, base = rules.assigned(fresh, usual, rules.Limits(watch.least, watch.drop))
    minutes = round(watch.window.total_seconds() / 60)
    said = f"近 {minutes} 分钟新增 {fresh.created} 条，分派 {fresh.assigned} 条（基线 {base:.0%}）"
    if state == rules.OK:
        return Check("分派", state, said)
    waits = await pool.waiting(tx)
    fix = "发 /为什么 L-… 看原因；看成员的销售可用性、线索分配组、类型、时区这几项；修好后发 /重试队列 全部。"
    return Check("分派", state, f"{said}，{waits} 条在等重试", fix)


async def _types(tx: Tx) -> Check:
    """B79: a yes-or-no column that somebody filled with text makes every test of it wrong."""
    raw = await tables.booleans(tx)
    odd = rules.not_boolean(raw)
    if not odd:
        return Check("类型", "ok", f"{len(raw)} 个是否字段类型正确")
    names = {"available": "销售可用性", "assignable": "线索分配组", "gone": "已离开"}
    said = "；".join(f"「{names[name]}」为文本，取值 {'/'.join(values[:5])}" for name, values in odd.items())
    fix = (
        "有人直接改了数据库的 member 表：把列改回布尔（PostgreSQL：ALTER TABLE … TYPE boolean）再重启，"
        "程序会按 config.toml 写回。"
    )
    return Check("类型", "fail", said, fix)


async def _zone(tx: Tx, config: Config, now: datetime) -> Check:
    """B81: times are stored in UTC and shown in the business zone; a lead from the future was written by a program
    that took local time for UTC."""
    server, _ = await tables.zones(tx)
    wall = now.astimezone(config.app.zone)
    offset = wall.utcoffset() or timedelta(0)
    late, alike = rules.ahead(await tables.ahead(tx, now), offset.total_seconds() / 3600)
    if late:
        hours = offset.total_seconds() / 3600
        why = f"像是把 UTC+{hours:g} 的本地时间当成 UTC 写入" if alike else "写入的程序时钟或时区不对"
        fix = "改那个程序：写 UTC，或走 /api/v1/leads。今日新增和时限都按写入的时间算。"
        return Check("时区", "fail", f"{late} 条线索的时间在未来，{why}", fix)
    said = f"业务时区 {config.app.timezone}，现在 {wall:%m-%d %H:%M}"
    if server and server not in (config.app.timezone, "UTC", "Etc/UTC", "GMT"):
        said += f"；数据库服务器是 {server}，已按业务时区换算"
    return Check("时区", "ok", said)


async def _locks(tx: Tx) -> Check:
    """B82, as it stands this moment; what happened since is in the process's own check."""
    waiting, longest = await tables.locked(tx)
    if not waiting:
        return Check("锁", "ok", "现在没有等锁的语句")
    fix = "看谁占着：清理、导入、报表任务改到别的时间；请求没有丢，等锁超时会重试。"
    return Check(
        "锁",
        rules.lock_state(rules.Load(0), waiting, longest),
        f"{waiting} 条语句在等锁，最久 {longest:.1f} 秒",
        fix,
    )


async def _retries(tx: Tx, now: datetime) -> Check:
    """B85: what failed and is tried again."""
    found, leads = await tables.retrying(tx), await pool.waiting(tx)
    if not found.count and not leads:
        return Check("重试", "ok", "队列 0")
    said = []
    if leads:
        said.append(f"{leads} 条线索等重新分派")
    if found.count and found.oldest:
        said.append(f"{found.count} 个事件待重试，最早 {ago(found.oldest, now)}，原因 {clip(found.why, 60)}")
    old = bool(found.oldest) and now - (found.oldest or now) > checks.STUCK
    return Check(
        "重试", "fail" if old else "warn", "；".join(said), "发 /重试队列 看；/诊断 恢复进度 看积压少了多少。"
    )


async def _canary(tx: Tx, config: Config, now: datetime) -> Check:
    """A lead that goes the whole way every few minutes: the first to notice that nothing moves."""
    every = config.watch.canary
    if not every:
        return Check("金丝雀", "ok", "没有启用")
    last = checks.loads(await settings.get(tx, CANARY))
    if not last:
        return Check("金丝雀", "ok", "还没有发出第一条")
    sent = datetime.fromisoformat(last["sent"])
    if last.get("nobody"):
        fix = "没有一名销售可接：看成员、线索分配组、类型这几项；发 /为什么 看最近一条线索。"
        return Check("金丝雀", "fail", f"金丝雀线索没有人可接（{last['nobody']}）", fix)
    done = await tables.canary_arrived(tx, str(last.get("key", ""))) if last.get("key") else None
    if done is not None and done[1] is not None:
        took = (done[1] - sent).total_seconds()
        if now - sent > 3 * every:
            fix = "确认一个 roles 里有 timers 和 work 的进程在运行。"
            return Check("金丝雀", "fail", f"最近一次在{ago(sent, now)}，之后没有再走通", fix)
        return Check("金丝雀", "ok", f"金丝雀线索 {took:.1f} 秒到达")
    if now - sent > every:
        where = "没有处理" if not last.get("key") else "没有发出"
        return Check(
            "金丝雀",
            "fail",
            f"金丝雀线索 {ago(sent, now)}进来，{where}",
            "看收件队列、发件队列、锁、连接池这几项。",
        )
    return Check("金丝雀", "ok", "正在路上")


async def _changes(tx: Tx, now: datetime, config: Config) -> Check:
    """B83: what was changed lately is the first thing to look at."""
    found = await tables.changes(tx, 3, since=now - timedelta(days=7))
    if not found:
        return Check("配置", "ok", "近 7 天没有变更")
    lines = [f"{one.at.astimezone(config.app.zone):%m-%d %H:%M} {one.who} {one.key} {clip(one.old, 20)}→{clip(one.new, 20)}"
             for one in found]  # fmt: skip
    return Check("配置", "ok", f"近 7 天变更：{'；'.join(lines)}。发 /配置 历史 看全部、回滚")


# ── what only this process knows ───────────────────────────────────────────────────────────────────────
async def of_process(db: Database, config: Config) -> list[Check]:
    """Connections, locks since the last hour, disk, the second channel."""
    most = None
    if not db.sqlite:
        async with db.read() as tx:
            most = (await tables.zones(tx))[1]
    load = db.load.recent()
    found = [_pool(load, most, sqlite=db.sqlite), _lock_history(load)]
    found.append(await asyncio.to_thread(_disk, config))
    if not config.watch.alarm_to:
        fix = '在 [watch] 里写 alarm_to（例如 "mail:it@example.com"），邮件还要配 [mail]。'
        found.append(Check("备用通道", "warn", "聊天断了没有别的办法通知：未配置邮件", fix))
    else:
        found.append(Check("备用通道", "ok", "、".join(config.watch.alarm_to)))
    return found


def _pool(load: rules.Load, most: int | None, *, sqlite: bool) -> Check:
    """B84: the pool against the load it carries."""
    state = rules.pool_state(load)
    said = f"连接池 {load.size}，近 1 小时最多同时用 {load.peak}，等待 {load.waits} 次"
    if load.waits:
        said += f"，最久 {load.longest:.1f} 秒"
    if sqlite:
        return Check(
            "连接池", "ok" if state == rules.OK else rules.WARN, said.replace("连接池", "SQLite 读连接"), ""
        )
    if most and load.size > most * 0.8:
        fix = f"数据库只允许 {most} 个连接：把 store.pool 改小，或加大 max_connections。"
        return Check("连接池", "warn", said, fix)
    fix = "把 store.pool 加大（例如 150，不超过数据库的 max_connections）；先看 /配置 历史 是不是有人改小了。"
    return Check("连接池", state, said, fix if state != rules.OK else "")


def _lock_history(load: rules.Load) -> Check:
    state = rules.lock_state(load, 0, 0)
    if state == rules.OK:
        return Check("锁等待", "ok", "近 1 小时 0 次")
    said = f"近 1 小时 {load.locks} 次，最久 {load.lock_longest:.1f} 秒；请求没有丢，已自动重试"
    return Check(
        "锁等待", state, said, "清理、导入、报表任务和分派撞在一起：把它们改到 03:30 之类的空闲时间。"
    )


def _disk(config: Config) -> Check:
    path = Path(config.store.database.removeprefix("sqlite:///"))
    at = path.parent if config.store.database.startswith("sqlite") else Path(config.store.files)
    while not at.exists() and at != at.parent:
        at = at.parent
    usage = shutil.disk_usage(at)
    state = rules.disk_state(usage.free, usage.total, config.watch.disk_mb * 1024 * 1024)
    said = f"剩余 {usage.free / 2**30:.1f} GB（共 {usage.total / 2**30:.0f} GB）"
    return Check(
        "磁盘", state, said, "清理备份和日志，或扩容：写满后什么都存不下来。" if state != rules.OK else ""
    )


# ── the loop ───────────────────────────────────────────────────────────────────────────────────────────
class Watch:
    """Looks, keeps what it saw for /诊断, and alarms."""

    def __init__(
        self,
        db: Database,
        config: Config,
        clock: Clock,
        bells: Bells,
        platforms: Sequence[Platform],
        intake: Intake,
    ) -> None:
        self._db, self._config, self._clock, self._bells = db, config, clock, bells
        self._platforms, self._intake = platforms, intake
        self._calendar = config.calendar.calendar(config.app.zone)
        self._failing: Mapping[str, int] = {}
        self._blind = 0
        self._told_blind = 0

    async def look(self) -> list[Check]:
        """One look. Raises what the database raises, after telling of it by the second channel."""
        try:
            found = await self._look()
            self._blind = 0
            return found
        except Exception as error:
            self._blind += 1
            if self._blind >= 2:
                await self._without_database(type(error).__name__)
            raise

    async def _look(self) -> list[Check]:
        now = self._clock.now()
        platforms = await checks.ask([one for one in self._platforms if one.name != CANARY])
        process = await of_process(self._db, self._config)
        await checks.put(self._db, [*platforms, *process], now)
        async with self._db.read() as tx:
            found = await of_tables(tx, self._config, self._calendar, now)
            stuck = await tables.alerts_stuck(tx, now - timedelta(hours=6), now - timedelta(minutes=5))
        everything = [*platforms, *process, *found]
        bad = {one.name: one for one in everything if one.state == "fail" and one.name not in OWN_ALARM}
        counts, loud = rules.worth_alarm(self._failing, list(bad))
        self._failing = counts
        chat_dead = stuck > 0 or any(one.name in counts and counts[one.name] >= 2 for one in platforms)
        if loud or stuck:
            await self._alarm([bad[name] for name in loud], chat_dead=chat_dead, stuck=stuck)
        return everything

    async def _alarm(self, bad: Sequence[Check], *, chat_dead: bool, stuck: int) -> None:
        """Each finding once an hour to those who run the bot; by the second channel too when chat itself is dead."""
        now = self._clock.now()
        hour = now.astimezone(self._config.app.zone).strftime("%Y-%m-%d %H")
        async with self._db.write() as tx:
            events = [
                Incoming(f"watch:{one.name}:{hour}", "alert:genjin",
                         Alert("genjin", f"check.{one.name}", _line(one), now))
                for one in bad
            ]  # fmt: skip
            if events:
                await inbox.take(tx, events, now, encode=encode)
            if chat_dead:
                lines = [_line(one) for one in bad] or [f"{stuck} 条告警没有送到任何人"]
                text, subject = _letter(self._config.app.name, lines)
                body = {"text": text, "letter": {"subject": subject}}
                for to in self._config.watch.alarm_to:
                    row = Outrow(dedup=f"alarm:{to}:{hour}"[:200], member=f"@{to}", way=Way.TEXT, kind="alarm",
                                 body=body, priority=0)  # fmt: skip
                    await outbox.put(tx, row, now=now, cause=0)
        self._bells.ring("inbox", "outbox")

    async def _without_database(self, why: str) -> None:
        """The database is away: nothing can be queued, so the second channel is asked directly, once an hour."""
        if self._told_blind and self._clock.ms() - self._told_blind < 3_600_000:
            return
        by_name = {one.name: one for one in self._platforms}
        said = f"数据库没有回应（{why}）：收不进、发不出。检查数据库和网络。"
        text, subject = _letter(self._config.app.name, [said])
        for to in self._config.watch.alarm_to:
            name, _, address = to.partition(":")
            if name not in by_name:
                continue
            out = Outgoing(id=0, way=Way.TEXT, user=address, text=text, letter={"subject": subject})
            try:
                await by_name[name].send(out)
                self._told_blind = self._clock.ms()
            except SendFailed as failed:
                log.warning("second channel failed", reason=failed.reason)

    async def canary(self) -> None:
        """Hands in a canary lead, as a web form would."""
        now = self._clock.now()
        key = now.isoformat(timespec="seconds")
        await self._intake([Incoming(f"form:{CANARY}:{key}", f"form:{CANARY}", Form(CANARY, {}, now, key))])


def _line(one: Check) -> str:
    return f"{one.name}：{one.text}" + (f" → {one.fix}" if one.fix else "")


def _letter(name: str, lines: Sequence[str]) -> tuple[str, str]:
    """(text, subject) of an alarm on the second channel."""
    said = "\n".join(lines)
    why = "聊天可能已经断了，所以走备用通道。在服务器上运行 python main.py doctor 看全部状态。"
    return f"【{name}】告警\n{said}\n\n{why}", f"【{name}】机器人告警：{clip(lines[0], 40)}"
