"""`doctor` and the checks behind /诊断: every fault has a name, a reason and a way to fix it."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from aiohttp import web

from bot import checks, doctor
from bot.bells import Bells
from bot.clock import Clock
from bot.config import Config
from bot.events import Incoming, Message, encode
from bot.platform import Check, Intake, Limits, Outgoing, Sent
from bot.sole import Sole
from store import audit, migrate
from store import inbox as arrivals
from store.db import Database
from store.tables import inbox, timer

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


class Platform:
    """A platform that only answers `check`."""

    def __init__(self, name: str, says: Sequence[Check] | None, *, alone: bool = False) -> None:
        self.name, self.limits, self._says = name, Limits(one_connection=alone), says

    def routes(self) -> list[web.RouteDef]:
        return []

    async def start(self, intake: Intake) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, out: Outgoing) -> Sent:
        raise AssertionError("a check sends nothing")

    async def check(self) -> list[Check]:
        if self._says is None:
            raise RuntimeError("boom")
        return list(self._says)


def config(database: str, **more: object) -> Config:
    return Config.model_validate({"store": {"database": database}, "team": [{"name": "华东"}], **more})


def states(found: Sequence[Check]) -> dict[str, str]:
    return {one.name: one.state for one in found}


def faults_are_explained(found: Sequence[Check]) -> None:
    assert all(one.text and (one.fix or one.state == "ok") for one in found)


async def test_a_missing_database_is_not_made(tmp_path: Path):
    path = tmp_path / "no.db"
    found = await doctor.checks(config(f"sqlite:///{path}"))
    assert states(found)["数据库"] == "warn"
    assert not path.exists()
    faults_are_explained(found)


async def test_a_migrated_one_is_well_and_an_empty_one_is_not(database_url: str):
    empty = Database(database_url)
    async with empty.write() as tx:
        await tx.execute(sa.text("SELECT 1"))
    await empty.close()
    assert states(await doctor.checks(config(database_url)))["数据库"] == "fail"


async def test_the_head_is_recognised(migrated_url: str):
    found = await doctor.checks(config(migrated_url))
    assert states(found)["数据库"] == "ok"
    careless = {"写盘": "warn"} if migrated_url.startswith("postgresql") else {}  # tests do without fsync
    assert {name: state for name, state in states(found).items() if name == "写盘"} == careless
    faults_are_explained(found)


async def test_nobody_at_home(tmp_path: Path):
    away = config(
        "postgresql://u:secret@127.0.0.1:9/x",
        member=[{"id": "a", "name": "甲", "assignable": False, "team": "华东"}],
        wecom={
            "enabled": True,
            "corp_id": "c",
            "agent_id": 1,
            "secret": "s",
            "token": "t",
            "aes_key": "a" * 43,
        },
    )
    ours = [Platform("wecom", [Check("企微凭证", "fail", "密钥不对", "换密钥")]), Platform("dingtalk", None)]
    found = await doctor.checks(away, ours)
    said = states(found)
    assert said["数据库"] == said["成员"] == said["企微凭证"] == said["dingtalk 检查"] == "fail"
    assert said["平台账号"] == said["线索分配组"] == said["主管"] == "warn"
    assert "secret" not in " ".join(one.text + one.fix for one in found)
    faults_are_explained(found)


async def test_redis_that_is_away_is_said(tmp_path: Path):
    database = f"sqlite:///{tmp_path}/x.db"
    away = config(database, store={"database": database, "redis": "redis://127.0.0.1:9/0"})
    assert states(await doctor.checks(away))["Redis"] == "warn"


async def test_what_the_tables_say(db: Database):
    calm = config("sqlite:///x.db", dingtalk={"enabled": True, "client_id": "c", "client_secret": "s"})
    calendar = calm.calendar.calendar(calm.app.zone)
    async with db.read() as tx:
        before = states(await checks.gather(tx, calm, calendar, NOW))
    assert before["收件队列"] == before["死信"] == before["定时"] == before["送达"] == before["日历"] == "ok"
    assert before["平台"] == "warn"  # nobody has asked yet
    await checks.keep(db, [Platform("dingtalk", [Check("长连接", "ok", "11 秒前有帧")])], NOW)
    async with db.write() as tx:
        for n, state in enumerate((0, 3)):
            await tx.execute(sa.insert(inbox).values(dedup=str(n), lane="x", body="{}", state=state, error="Boom: why",
                                                     created_at=NOW - timedelta(hours=1)))  # fmt: skip
        await tx.execute(sa.insert(timer).values(kind="sla", key="1", due=NOW - timedelta(minutes=5), payload="{}",
                                                 created_at=NOW))  # fmt: skip
    async with db.read() as tx:
        found = await checks.gather(tx, calm, calendar, NOW)
    after = states(found)
    assert (after["收件队列"], after["死信"], after["定时"], after["长连接"]) == (
        "fail",
        "fail",
        "warn",
        "ok",
    )
    assert any("Boom: why" in one.text for one in found)
    assert "平台" not in after
    faults_are_explained(found)
    async with db.read() as tx:
        stale = await checks.gather(tx, calm, calendar, NOW + timedelta(hours=1))
    assert states(stale)["平台"] == "warn"


def test_a_year_without_a_table_is_a_warning_not_an_error():
    calendar = config("sqlite:///x.db").calendar.calendar(ZoneInfo("Asia/Shanghai"))
    (found,) = checks.calendar_years(calendar, datetime(2040, 6, 1, tzinfo=UTC))
    assert found.state == "warn"
    assert "2040" in found.text
    assert checks.calendar_years(calendar, NOW)[0].state == "ok"


async def test_a_changed_audit_trail_is_found_and_named(migrated_url: str) -> None:
    db = Database(migrated_url)
    try:
        async with db.write() as tx:
            await audit.add(tx, NOW, "wanglei", "lead.viewed", "L-1001")
            await audit.seal(tx)
        assert states(await doctor.checks(config(migrated_url)))["审计"] == "ok"
        async with db.write() as tx:
            await tx.execute(sa.text("DROP TRIGGER audit_no_update" + ("" if db.sqlite else " ON audit")))
            await tx.execute(sa.text("UPDATE audit SET member = 'liqian'"))
    finally:
        await db.close()
    found = await doctor.checks(config(migrated_url))
    assert states(found)["审计"] == "fail"
    faults_are_explained(found)


def _alone() -> Platform:
    """As the doctor sees a platform with one connection: its own part of it is not connected."""
    return Platform("solo", [Check("独线连接", "fail", "没有连上", "等")], alone=True)


def _solo(found: Sequence[Check]) -> Check:
    (one,) = [one for one in found if "独线" in one.name or "solo" in one.name]
    return one


async def test_beside_a_running_bot_its_word_on_the_connection_counts(migrated_url: str):
    """Two bots cannot hold it: the doctor must neither connect nor call it broken."""
    settings = config(migrated_url, wecom_aibot=AIBOT)
    assert _solo(await doctor.checks(settings, [_alone()])).text == "没有程序在运行，没有连接"
    db, bot = Database(migrated_url), Platform("solo", [Check("独线连接", "ok", "3 秒前有帧")], alone=True)
    keeper = Sole(bot, db, Bells(), Clock().ms)
    try:
        if db.sqlite:
            db.own()
            await checks.keep(db, [bot], datetime.now(UTC))
            said = _solo(await doctor.checks(settings, [_alone()]))
            assert (said.state, said.text) == ("ok", "3 秒前有帧")
        else:
            await keeper.start(_nobody)
            await keeper._turn(_nobody)  # a renewal tells what the holder says
            said = _solo(await doctor.checks(settings, [_alone()]))
            assert said.state == "ok"
            assert re.fullmatch(
                rf"3 秒前有帧；连接在.+ 上的进程 {os.getpid()}手里，拿着它 0 分 \d 秒，[0-4] 秒前续期",
                said.text,
            )
    finally:
        if not db.sqlite:
            await keeper.stop()
        await db.close()
    assert _solo(await doctor.checks(settings, [_alone()])).state == "warn"


async def _nobody(events: object) -> None:
    """Takes nothing in."""


AIBOT = {"enabled": True, "bot_id": "b", "secret": "s"}


def _modes_in(folder: Path) -> dict[str, str]:
    return {one.name: oct(one.stat().st_mode & 0o777) for one in folder.iterdir() if one.suffix != ".lock"}


async def test_nobody_else_on_the_machine_reads_the_data(tmp_path: Path):
    """Whatever the umask of the account is: the file, its log, its copy and its backup are the bot's alone."""
    before = os.umask(0o000)
    try:
        db = Database(f"sqlite:///{tmp_path}/genjin.db")
        await migrate.migrate(db)
        await migrate.backup(db, tmp_path / "b.zip")
        migrate.snapshot(tmp_path / "genjin.db", tmp_path / "genjin.db.before-0009")
        modes = _modes_in(tmp_path)
        await db.close()
    finally:
        os.umask(before)
    assert {"genjin.db", "genjin.db-wal", "b.zip", "genjin.db.before-0009"} <= set(modes)
    assert set(modes.values()) == {"0o600"}, modes
    settings = config(f"sqlite:///{tmp_path}/genjin.db")
    assert "文件权限" not in states(await doctor.checks(settings))
    (tmp_path / "genjin.db.before-0009").chmod(0o644)
    found = {one.name: one for one in await doctor.checks(settings)}
    assert found["文件权限"].state == "warn"
    assert found["文件权限"].text.endswith("genjin.db.before-0009")


async def test_a_look_from_before_the_first_callback_does_not_say_that_none_came(db: Database) -> None:
    """/诊断 comes in by a callback itself: what was seen a minute ago must not deny it."""
    look = datetime(2026, 11, 23, 2, tzinfo=UTC)
    never = Check("企业微信回调", "warn", "还没有收到过回调", "填 URL")

    async def said(after: int) -> tuple[str, str]:
        async with db.read() as tx:
            (one,) = await checks.kept(tx, look + timedelta(seconds=after))
        return one.state, one.text

    async def comes(lane: str, after: int) -> None:
        at = look + timedelta(seconds=after)
        async with db.write() as tx:
            event = Message("wecom", "zhou", "/诊断", at)
            await arrivals.take(tx, [Incoming(f"{lane}-{after}", lane, event)], at, encode=encode)

    await comes("wecom:zhou", -60)  # of a life before, of whose callbacks nothing is known any more
    await checks.put(db, [never], look)
    assert await said(20) == ("warn", "还没有收到过回调")
    await comes("wecom_aibot:zhou", 25)
    await comes("form:draft:1", 26)
    assert await said(30) == ("warn", "还没有收到过回调")
    await comes("wecom:zhou", 40)
    assert await said(45) == ("ok", "刚刚收到过回调")
    await checks.put(db, [replace(never, text="还没有收到过回调；有 3 次没有通过验证")], look)
    assert await said(45) == ("warn", "刚刚收到过回调；有 3 次没有通过验证")
