"""`python main.py doctor`: is this installation fit to run? Every check with what, why and how to fix it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot import checks as state
from bot import watch
from bot.clock import Clock
from bot.config import PLATFORMS, Config
from bot.platform import Check, Platform
from bot.sole import held_by_another
from store import keyring, migrate, private, replicas, sole
from store.db import UNLIMITED, Busy, Database, unusable


async def checks(config: Config, platforms: Sequence[Platform] = ()) -> list[Check]:
    """Looks at configuration, database, Redis, the platforms (each asked once; the caller owns them), calendar and
    people. Raises nothing for what is wrong: that is a failed check."""
    calendar = config.calendar.calendar(config.app.zone)
    now = Clock().now()
    found = [_config(config), _zone(config, now), *_files(config)]
    database = await _database(config)
    found += [database, await _redis(config)]
    found += _modes(config)
    if database.state == "ok":
        found += [*await _careless(config), await _trail(config), await _keys(config)]
        said = {one.name for one in found}
        found += [one for one in await _inside(config, now) if one.name not in said or one.state != "ok"]
    if config.platforms():
        alone = [one for one in platforms if one.limits.one_connection]
        found += await state.ask([one for one in platforms if one not in alone])
        if alone and database.state == "ok":
            found += await _connections(config, alone, now)
    else:
        found.append(
            Check(
                "平台",
                "warn",
                f"{'、'.join(one.title for one in PLATFORMS.values())}都没有启用",
                f"在 {' 或 '.join(f'[{name}]' for name in PLATFORMS)} 里填好并写 enabled = true。",
            )
        )
    found += state.calendar_years(calendar, now)
    found += state.people(config.members(), config)
    found += state.words(config) + state.model_installed(config)
    return found


def _config(config: Config) -> Check:
    tokens = [one for one in config.api.tokens if one.get_secret_value()]
    if not tokens:
        return Check(
            "配置", "warn", "读到了；没有 /api/v1 的令牌，接口不能用", "设置环境变量 GENJIN_API_TOKEN。"
        )
    return Check("配置", "ok", f"读到了；{len(config.member)} 名成员，{len(config.sla)} 条时限规则")


def _zone(config: Config, now: datetime) -> Check:
    """The server may live in any zone; people see the business zone (B81)."""
    wall = now.astimezone(config.app.zone)
    return Check(
        "时区",
        "ok",
        f"业务时区 {config.app.timezone}，现在 {wall:%Y-%m-%d %H:%M}（服务器时间 {now.astimezone(UTC):%H:%M} UTC）",
    )


def _files(config: Config) -> list[Check]:
    """Files that resources name but the files directory does not have."""
    root = Path(config.store.files)
    missing = [one.name for one in config.resource if one.file and not (root / one.file).is_file()]
    if not missing:
        return []
    return [
        Check(
            "资料文件",
            "warn",
            f"找不到：{'、'.join(missing)}",
            f"把文件放进 {config.store.files}，或改 [[resource]] 的 file。",
        )
    ]


def _modes(config: Config) -> list[Check]:
    """A SQLite file that others on the machine may read, with the copies that lie beside it."""
    path = config.store.database.removeprefix("sqlite:///")
    if path == config.store.database:
        return []
    here = Path(path)
    shown = [one.name for one in sorted(here.parent.glob(f"{here.name}*")) if private.open_to_others(one)]
    shown = [name for name in shown if not name.endswith(".lock")]
    if not shown:
        return []
    text = f"本机的其他账号也能读：{'、'.join(shown[:5])}"
    return [Check("文件权限", "warn", text, f"运行 chmod 600 {here}*（备份文件也一样）。")]


async def _database(config: Config) -> Check:
    """Reachable, and with the schema of this version. A SQLite file that is not there yet is not made."""
    path = config.store.database.removeprefix("sqlite:///")
    if path != config.store.database and not await asyncio.to_thread(Path(path).exists):
        return Check("数据库", "warn", f"{path} 还没有", "运行 python main.py migrate，或 serve --migrate。")
    db = Database(config.store.database, pool=2, keys=config.store.secrets, direct=config.store.direct)
    try:
        found = await migrate.version(db)
        limited = await db.limited()
        await db.live("doctor")
    except Exception as error:  # whatever the driver says, the answer is the same
        why = unusable(error) or type(error).__name__
        return Check("数据库", "fail", f"连不上（{why}）", "检查 [store] database 的地址、账号、密码和网络。")
    finally:
        await db.close()
    if not limited:
        return Check("数据库", "fail", "经过连接池（PgBouncer），没有写 store.direct", UNLIMITED)
    if found == migrate.head():
        return Check("数据库", "ok", f"连得上，结构 {found}")
    if not found:
        return Check("数据库", "fail", "连得上，还是空的", "运行 python main.py migrate。")
    if migrate.expanded(found):
        return Check(
            "数据库", "warn", f"结构 {found} 比程序（{migrate.head()}）新，还能一起用", "把程序升级完。"
        )
    return Check(
        "数据库",
        "fail",
        f"结构 {found}，程序要 {migrate.head()}",
        "先备份，再运行 python main.py migrate；程序旧了就升级程序。",
    )


async def _inside(config: Config, now: datetime) -> list[Check]:
    """What /诊断 reads from the tables and the disk; the waits of a running process are known only to itself."""
    db = Database(config.store.server, pool=2, keys=config.store.secrets)
    try:
        async with db.read() as tx:
            tables = await watch.of_tables(tx, config, config.calendar.calendar(config.app.zone), now)
        process = await watch.of_process(db, config)
    finally:
        await db.close()
    return [*tables, *(one for one in process if one.name not in {"连接池", "锁等待"})]


async def _careless(config: Config) -> list[Check]:
    """A server that says "committed" of what is not on its disk."""
    db = Database(config.store.database, pool=2, direct=config.store.direct)
    try:
        off = await db.loses()
    finally:
        await db.close()
    if not off:
        return []
    text = f"{'、'.join(off)} 是 off：数据库或机器突然停掉，收下的会丢，库可能坏"
    return [Check("写盘", "warn", text, "在 postgresql.conf 里改成 on，重新加载。")]


async def _trail(config: Config) -> Check:
    """The whole audit trail, recomputed."""
    db = Database(config.store.server, pool=2, keys=config.store.secrets)
    try:
        async with db.read() as tx:
            return await state.trail(tx)
    finally:
        await db.close()


async def _keys(config: Config) -> Check:
    """Personal data under a key, all of it, and under keys that are there."""
    db = Database(config.store.server, pool=2, keys=config.store.secrets)
    try:
        async with db.read(slow=True) as tx:
            found = await keyring.survey(tx)
    finally:
        await db.close()
    counts = {id: sum(tables.values()) for id, tables in found.items()}
    if lost := sorted(set(counts) - set(db.seals.keys) - {""}):
        fix = "把这把密钥写回 [store] keys；丢了就读不出来了，只能从别处再录。"
        return Check(
            "密钥", "fail", f"{sum(counts[id] for id in lost)} 格资料的密钥不在：{'、'.join(lost)}", fix
        )
    mine = db.seals.writing_id
    if not mine:
        fix = "运行 python main.py keys new，写进环境变量 GENJIN_DATA_KEY，重启，再运行 keys rotate；密钥另外保管一份。"
        return Check("密钥", "warn", "没有设：号码、聊天、消息在数据库和备份里是明文", fix)
    if others := sum(count for id, count in counts.items() if id != mine):
        return Check(
            "密钥", "warn", f"用密钥 {mine} 写；还有 {others} 格不是", "运行 python main.py keys rotate。"
        )
    return Check("密钥", "ok", f"个人资料都用密钥 {mine} 加密")


async def _connections(config: Config, platforms: Sequence[Platform], now: datetime) -> list[Check]:
    """Platforms with one connection: asking would take it away from the running bot, so that one is believed."""
    db = Database(config.store.server, pool=2, keys=config.store.secrets)
    found: list[Check] = []
    try:
        async with db.read() as tx:
            kept = await state.kept(tx, now)
            ms = 0 if db.sqlite else await replicas.common_ms(tx)  # SQLite has no other holder
            for platform in platforms:
                names = {one.name for one in await platform.check()}
                if (held := await sole.held(tx, platform.name, ms)).owner:
                    found += held_by_another(held, platform.name)
                elif db.sqlite and _in_use(db):
                    said = [one for one in kept if one.name in names]
                    found += said or [
                        Check(name, "ok", "运行中的程序拿着连接，稍后发 /诊断 看") for name in names
                    ]
                else:
                    fix = "启动 python main.py serve，再发 /诊断；这里不去连，免得把别处正在用的连接挤下线。"
                    found += [Check(name, "warn", "没有程序在运行，没有连接", fix) for name in names]
    finally:
        await db.close()
    return found


def _in_use(db: Database) -> bool:
    """Whether a running bot has this SQLite file."""
    try:
        db.own()
    except Busy:
        return True
    return False


async def _redis(config: Config) -> Check:
    if not config.store.redis:
        return Check("Redis", "ok", "没有用（单进程）")
    from store.redis import RedisShared

    shared = RedisShared(config.store.redis)
    try:
        alive = await shared.alive()
    finally:
        await shared.close()
    if alive:
        return Check("Redis", "ok", "连得上")
    return Check(
        "Redis",
        "warn",
        "连不上，先按单进程方式限流，不丢数据",
        "检查 [store] redis 的地址；多副本时应尽快修好。",
    )
