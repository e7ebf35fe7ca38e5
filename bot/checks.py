"""The state of the bot as checks: queues, dead letters, timers, calendar, quota, people; and what platforms say of themselves."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.config import Config
from bot.platform import NEVER, Check, Platform
from bot.quota import NAMES, WARN_AT, day_of, month_of
from bot.shares import PACES
from nlp import model, vocabulary
from rules import hours
from rules.hours import Calendar, midnight
from rules.team import Member, Role
from rules.text import ago, clip
from store import audit, directory, inbox, ledger, outbox, queues, settings, team, timers, usage
from store.db import Database, Tx

log = structlog.get_logger("checks")

KEY = "checks"
"""The setting under which the last look at the platforms is kept."""
SLOW = timedelta(minutes=2)
"""A queue whose oldest open row is older than this, or a timer that is so much overdue, is worth a word."""
STUCK = timedelta(minutes=15)
RECENT = 500
"""So many of the newest lines of the audit trail are recomputed for /诊断; `doctor` recomputes all."""
STALE = timedelta(minutes=10)
"""A look at the platforms that is older says nothing about now."""


HEARD = {"企业微信回调": "wecom"}
"""Checks that tell what never came from a platform → the platform: what came since the look is in the inbox."""


# ── what platforms say, kept by the housekeeping ───────────────────────────────────────────────────────
async def ask(platforms: Sequence[Platform]) -> list[Check]:
    """Asks every platform (network I/O). A platform whose check itself fails is a failed check, never an error."""
    found: list[Check] = []
    for platform in platforms:
        try:
            found += await platform.check()
        except Exception:
            log.exception("platform check failed", platform=platform.name)
            fix = "看日志里 platform check failed 那一行；多半是网络或平台地址不通。"
            found.append(Check(f"{platform.name} 检查", "fail", "检查本身没有完成", fix))
    return found


async def keep(db: Database, platforms: Sequence[Platform], now: datetime) -> None:
    """Asks the platforms and keeps the answer for /诊断, which must not wait for the network."""
    await put(db, await ask(platforms), now)


def loads(text: str | None) -> dict[str, Any]:
    """A setting that holds JSON; {} when it was never set."""
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


async def put(db: Database, found: Sequence[Check], now: datetime) -> None:
    """Keeps what was found, for /诊断."""
    text = json.dumps({"at": now.isoformat(), "checks": [asdict(one) for one in found]}, ensure_ascii=False)
    async with db.write() as tx:
        await settings.put(tx, KEY, text, "", now)


async def kept(tx: Tx, now: datetime) -> list[Check]:
    """What the platforms said when they were asked last."""
    text = await settings.get(tx, KEY)
    if text is None:
        return [Check("平台", "warn", "还没有检查过", "程序启动一分钟后会自动检查，再发一次 /诊断。")]
    said = json.loads(text)
    at = datetime.fromisoformat(said["at"])
    found = [await _since(tx, Check(**one), at, now) for one in said["checks"]]
    if now - at > STALE:
        fix = "确认运行中的进程 roles 里有 timers。"
        found.insert(0, Check("平台", "warn", f"{ago(at, now)}检查的，之后没有再查", fix))
    return found


async def _since(tx: Tx, one: Check, at: datetime, now: datetime) -> Check:
    """The check, unless something came after the look that says otherwise: the question for it, perhaps."""
    if one.name not in HEARD or not one.text.startswith(NEVER):
        return one
    last = await inbox.last_from(tx, HEARD[one.name])
    if last is None or last < at:
        return one
    refused = one.text.removeprefix(NEVER)
    text = f"{ago(last, now)}收到过回调{refused}"
    return Check(one.name, "warn", text, one.fix) if refused else Check(one.name, "ok", text)


# ── what our own tables say ────────────────────────────────────────────────────────────────────────────
async def gather(tx: Tx, config: Config, calendar: Calendar, now: datetime) -> list[Check]:
    """Everything that can be read from the tables, the platforms' last answers among it."""
    return [
        *await _queues(tx, now),
        await _timers(tx, now),
        await _undelivered(tx, now),
        *await kept(tx, now),
        *await _quota(tx, config, calendar, now),
        *await _today(tx, config, calendar, now),
        *calendar_years(calendar, now),
        *people(await team.everyone(tx), config),
        *await address_books(tx, config, now),
        *words(config),
        *model_installed(config),
        *await silent(tx, config),
        await trail(tx, last=RECENT),
    ]


async def address_books(tx: Tx, config: Config, now: datetime) -> list[Check]:
    """Whether the last look into each platform's address book worked, and who is still waiting for a decision (B80)."""
    found = []
    for name, section in config.platforms().items():
        last = loads(await settings.get(tx, f"directory:{name}")) if section.directory else {}
        if not last:
            continue
        title, at = f"{section.title}通讯录", ago(datetime.fromisoformat(last["at"]), now)
        waiting = [one.name for _, one in await directory.undecided(tx, platform=name)]
        if last["why"]:
            fix = "给应用开通通讯录的读权限（docs/platforms.md），再发 /同步。"
            found.append(Check(title, "warn", f"{at}没有读到：{last['why']}", fix))
        elif waiting:
            fix = "管理员发 /同步，在卡片上决定加入还是不加入。"
            found.append(Check(title, "warn", f"还没决定是否加入线索分配组：{_some(waiting)}", fix))
        else:
            found.append(Check(title, "ok", f"{at}对过"))
    return found


def words(config: Config) -> list[Check]:
    """A mistake in the installation's own words, which keeps what was good before in use; nothing when there is none."""
    problem = vocabulary.watch(Path(config.reading.words)).problem
    fix = "改好保存就生效，不用重启；在那之前用的是改之前的词。写法见 docs/extraction.md。"
    return [Check("词库", "warn", problem, fix)] if problem else []


def model_installed(config: Config) -> list[Check]:
    """The model that is to read names (`reading.model`), asked for but not there; nothing when all is well."""
    lacking = model.missing(config.reading.model)
    fix = "照 docs/operations.md「识别人名的模型」安装后重启，或者把 reading.model 留空。"
    return (
        [Check("识别模型", "warn", f"要用 {config.reading.model}，没装 {lacking}：人名只按规则认", fix)]
        if lacking
        else []
    )


def invited(platform: str) -> str:
    """Under which settings it is kept who was asked to write to a platform first: this and the member's id."""
    return f"invited:{platform}:"


async def silent(tx: Tx, config: Config) -> list[Check]:
    """Who cannot be written to because they never wrote first, for each platform that asks for that."""
    found = []
    for name, section in config.platforms().items():
        if section.speaks_first:
            continue
        wrote = await team.reached_on(tx, name)
        missing = [one for one in await team.everyone(tx) if one.id not in wrote]
        if missing:
            asked = await settings.starting(tx, invited(name))
            times = sum(f"{invited(name)}{one.id}" in asked for one in missing)
            said = _some([one.name for one in missing]) + (f"；已请过其中 {times} 人" if times else "")
            fix = f"请他们在手机上打开「{section.called}」，给机器人发一句话；"
            fix += "在那之前消息走别的平台，没有就发到他的邮箱，再没有就送不到。"
            found.append(Check(f"{section.title}没有先开口的人", "warn", said, fix))
    return found


async def trail(tx: Tx, *, last: int = 0) -> Check:
    """Whether the audit trail is as it was written (its newest `last` lines; 0: from the beginning)."""
    chain = await audit.verify(tx, last=last)
    if chain.broken:
        fix = "有人直接改了数据库。保留现场，用最近的备份核对这一条之后的记录。"
        return Check("审计", "fail", f"第 {chain.broken} 号记录{chain.why}", fix)
    said = f"{chain.length} 条，核对了 {chain.checked} 条，没有改动"
    return Check("审计", "ok", f"{said}；最新 {chain.head[:12]}" if chain.head else "还没有记录")


async def _queues(tx: Tx, now: datetime) -> list[Check]:
    found = []
    names: tuple[tuple[queues.Queue, str], ...] = (("inbox", "收件队列"), ("outbox", "发件队列"))
    for q, name in names:
        depth = await queues.depth(tx, q)
        age = now - depth.oldest if depth.oldest else timedelta(0)
        state = "fail" if age > STUCK else "warn" if age > SLOW else "ok"
        waits = f"{depth.open} 条，最早 {ago(depth.oldest, now)}" if depth.oldest else "0 条"
        if q == "outbox" and depth.in_hand:
            waits += f"，正在发给 {depth.in_hand} 人"
        fix = "数据库忙或平台在限流；看日志里 failed 的行。" if state != "ok" else ""
        found.append(Check(name, state, waits, fix))
    letters = await inbox.dead_letters(tx, 3)
    if not letters:
        return [*found, Check("死信", "ok", "0 条")]
    total = (await queues.depth(tx, "inbox")).dead
    why = "；".join(
        f"E-{one.id} {clip(one.error.splitlines()[-1] if one.error else '', 60)}" for one in letters
    )
    return [*found, Check("死信", "fail", f"{total} 条：{why}", "修好原因后发 /重试队列，点「重放」。")]


async def _timers(tx: Tx, now: datetime) -> Check:
    first = await timers.next_timer(tx)
    if first is None or now - first <= SLOW:
        return Check("定时", "ok", "没有逾期")
    state = "fail" if now - first > STUCK else "warn"
    return Check(
        "定时", state, f"最早一个逾期 {ago(first, now)}", "确认有一个进程的 roles 里有 timers 并且在运行。"
    )


async def _undelivered(tx: Tx, now: datetime) -> Check:
    lost = await ledger.undelivered(tx, now - timedelta(days=1))
    if not lost:
        return Check("送达", "ok", "24 小时内都送达了")
    names = team.names(await team.everyone(tx))
    said = "；".join(
        f"{names.get(one.member, one.member)} {one.count} 条：{clip(one.why, 30)}" for one in lost
    )
    return Check(
        "送达",
        "warn",
        said,
        "请本人激活账号、打开应用，或检查应用的可见范围；修好后发 /重试队列，点「重发」。",
    )


async def _quota(tx: Tx, config: Config, calendar: Calendar, now: datetime) -> list[Check]:
    billed = [
        (platform, section, name, key)
        for platform, section in config.platforms().items()
        for name, key in section.metered.items()
    ]
    if not billed:
        return []
    used = await usage.of(tx, month_of(now, calendar.zone))
    found = []
    for platform, section, name, key in billed:
        n, limit = used.get((platform, name), 0), int(getattr(section, key))
        label = f"{section.title}本月{NAMES[name].strip()}"
        if not limit:
            found.append(Check(label, "ok", f"{n}（不限）"))
            continue
        state = "fail" if n >= limit else "warn" if n >= WARN_AT * limit else "ok"
        fix = f"之后只发必要消息；在开放平台买额度，或改 [{platform}] 里的数。" if state != "ok" else ""
        found.append(Check(label, state, f"{n}/{limit}", fix))
    return found


async def _today(tx: Tx, config: Config, calendar: Calendar, now: datetime) -> list[Check]:
    """How many messages went out today of those that WeCom takes (200 for each account that the firm may have)."""
    limit = config.wecom_daily()
    if not config.wecom.enabled or not limit:
        return []
    n = (await usage.of(tx, day_of(now, calendar.zone))).get(("wecom", "recipients"), 0)
    state = "fail" if n >= limit else "warn" if n >= WARN_AT * limit else "ok"
    fix = (
        "同时要发给一个人的几条合成一条；账号上限比这多，就写在 wecom.accounts 里。" if state != "ok" else ""
    )
    text = f"{n}/{limit}"
    if n >= PACES[-1][0] * limit:
        over = await outbox.had_more(tx, "wecom", midnight(now.astimezone(calendar.zone)), limit)
        names = team.names(await team.everyone(tx))
        told = "、".join(sorted(names.get(one, one) for one in over))
        text += f"；超过自己那份的，合并着发：{told}" if told else ""
    return [Check(f"{config.wecom.title}今天{NAMES['recipients']}", state, text, fix)]


def calendar_years(calendar: Calendar, now: datetime) -> list[Check]:
    """Whether the national table of holidays is known for this year and, from December on, for the next (C.4)."""
    today = now.astimezone(calendar.zone)
    years = [today.year, *([today.year + 1] if today.month == 12 else [])]
    missing = [str(year) for year in years if not hours.known_year(year)]
    if not missing:
        return [Check("日历", "ok", f"{'、'.join(str(year) for year in years)} 有效")]
    fix = "先按周一至周五计算，不会出错；公布后升级 chinesecalendar，或在 [calendar] 里写 extra_holidays / extra_workdays。"
    return [Check("日历", "warn", f"{'、'.join(missing)} 年的放假安排还没有", fix)]


def people(members: Sequence[Member], config: Config) -> list[Check]:
    """Whether everybody can be reached and leads can be given to somebody (B79, B80)."""
    on = list(config.platforms())
    nowhere = [one.name for one in members if on and not any(one.on(name) for name in on)]
    reps = [one for one in members if one.has(Role.REP)]
    takers = [one for one in reps if one.assignable and one.available]
    left_out = [one.name for one in reps if not one.assignable]
    bossless = [one.name for one in config.team if not one.manager]
    found = [Check("成员", "ok", f"{len(members)} 人，{len(takers)}/{len(reps)} 名销售可接线索")]
    if not members:
        found = [Check("成员", "fail", "一个成员也没有", "在 config.toml 里写 [[member]]。")]
    elif reps and not takers:
        found = [
            Check("成员", "fail", "没有一名销售可接线索", "检查 [[member]] 的 available 和 assignable。")
        ]
    if nowhere:
        found.append(
            Check(
                "平台账号",
                "warn",
                f"没有平台账号：{_some(nowhere)}",
                f"在 [[member]] 里写 {' 或 '.join(on)}。",
            )
        )
    if left_out:
        found.append(
            Check("线索分配组", "warn", f"不在组：{_some(left_out)}", "要接线索就把 assignable 改成 true。")
        )
    if bossless:
        found.append(Check("主管", "warn", f"没有主管的团队：{_some(bossless)}，超时会升级给总监或管理员",
                           "在 [[team]] 里写 manager。"))  # fmt: skip
    return found


def _some(names: Sequence[str]) -> str:
    return "、".join(names[:8]) + (f" 等 {len(names)} 个" if len(names) > 8 else "")
