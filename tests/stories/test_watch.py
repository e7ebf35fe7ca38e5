"""The machine watches itself: the five causes of a silent stop found by name, the canary, alarms, recovery, history."""

import asyncio
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from store import settings
from store.db import Database
from store.tables import customer, inbox, lead, member
from tests.world import World

NOBODY = {"owner": None}


class Postbox:
    """What the mail server got."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


async def looks(world: World, times: int = 1) -> None:
    assert world.app is not None
    for _ in range(times):
        await world.app.engine.watch.look()
    await world.idle()


async def diagnosis(world: World) -> str:
    await looks(world)
    await world.admin.says("/诊断")
    await world.idle()
    return next(seen.text for seen in reversed(world.admin.seen) if "诊断：" in seen.text)


def line(text: str, name: str) -> str:
    return next(one for one in text.splitlines() if name in one.partition("：")[0])


async def leads_in(world: World, n: int, start: int = 0) -> None:
    for number in range(start, start + n):
        await world.api_lead(phone=f"1370000{number:04}", company=f"宁波第{number}号有限公司", **NOBODY)


async def test_all_is_well(world: World):
    text = await diagnosis(world)
    for name in ("分派", "类型", "时区", "锁", "重试", "金丝雀", "配置", "锁等待", "磁盘"):
        assert line(text, name).startswith("✅"), line(text, name)
    assert "未配置邮件" in line(text, "备用通道")


async def handed_in(world: World, body: dict[str, Any], key: str) -> int:
    """Hands a lead in as a client does: whoever is told "not now" comes again with the same key."""
    for _ in range(30):
        status, _ = await world.api(body, key=key)
        if status not in (202, 503):
            return status
        await asyncio.sleep(0.2)
    return status


# ── the five causes ────────────────────────────────────────────────────────────────────────────────────
async def test_cause_1_availability_as_text(world: World):
    sqlite = world.db.sqlite
    async with world.db.write() as tx:
        if not sqlite:
            await tx.execute(sa.text("ALTER TABLE member ALTER COLUMN available DROP DEFAULT"))
            await tx.execute(
                sa.text("ALTER TABLE member ALTER COLUMN available TYPE text USING available::text")
            )
        await tx.execute(sa.text("UPDATE member SET available = '否' WHERE id = 'wanglei'"))
    text = await diagnosis(world)
    assert line(text, "类型").startswith("❌ 类型：「销售可用性」为文本")
    assert "否" in line(text, "类型")
    if not sqlite:
        async with world.db.write() as tx:
            await tx.execute(
                sa.text(
                    "ALTER TABLE member ALTER COLUMN available TYPE boolean USING available NOT IN ('否', 'false')"
                )
            )
    await world.restart()
    assert line(await diagnosis(world), "类型").startswith("✅")


async def test_cause_2_a_new_rep_is_not_in_the_group(world: World):
    async with world.db.write() as tx:
        await tx.execute(sa.update(member).where(member.c.id == "liqian").values(assignable=False))
    found = line(await diagnosis(world), "线索分配组")
    assert not found.startswith("✅")
    assert "李倩" in found
    assert "王磊" not in found
    async with world.db.write() as tx:
        await tx.execute(sa.update(member).where(member.c.id == "liqian").values(assignable=True))
    await world.idle()
    assert "不在组：" not in await diagnosis(world)


async def test_cause_3_local_time_written_as_utc(world: World):
    later = world.clock.now() + timedelta(hours=8)
    async with world.db.write() as tx:
        made = await tx.execute(
            sa.insert(customer).values(name="外部", created_at=later).returning(customer.c.id)
        )
        await tx.execute(
            sa.insert(lead).values(customer=made.scalar_one(), created_at=later - timedelta(minutes=3))
        )
    found = line(await diagnosis(world), "时区")
    assert found.startswith("❌ 时区：1 条线索的时间在未来，像是把 UTC+8 的本地时间当成 UTC 写入")


async def test_cause_4_a_job_that_locks_the_leads_drops_nothing(world: World):
    held = asyncio.Event()

    async def job() -> None:
        """The clean-up of 02:00, by another program."""
        if world.db.sqlite:
            other = sqlite3.connect(str(world.db.path), isolation_level=None, check_same_thread=False)
            other.execute("BEGIN IMMEDIATE")
            held.set()
            await asyncio.to_thread(_release, other, world)
            return
        other_db = Database(world.database, pool=1)
        async with other_db.write() as tx:
            await tx.execute(sa.text("LOCK TABLE lead IN ACCESS EXCLUSIVE MODE"))
            held.set()
            await asyncio.sleep(6.0)
        await other_db.close()

    task = asyncio.create_task(job())
    await held.wait()
    asked = asyncio.create_task(
        world.api({"name": "陈工", "phone": "13812345678", "need": "阀块"}, key="locked")
    )
    await task
    status, _ = await asked
    assert status in (201, 202)
    await world.idle()
    async with world.db.read() as tx:
        rows = (await tx.execute(sa.select(lead.c.owner))).all()
        dead = (await tx.execute(sa.select(sa.func.count()).where(inbox.c.state == 3))).scalar_one()
    assert len(rows) == 1
    assert rows[0].owner
    assert dead == 0
    found = line(await diagnosis(world), "锁等待")
    assert not found.startswith("✅")
    assert "请求没有丢" in found


def _release(other: sqlite3.Connection, world: World) -> None:
    """Lets go when the request has stood at the lock for a while."""
    assert world.app is not None
    for _ in range(1000):
        if world.app.engine.intake.storing:
            break
        time.sleep(0.02)
    time.sleep(1.2)
    other.execute("COMMIT")
    other.close()


async def test_cause_5_somebody_cut_the_pool_and_it_is_rolled_back(world: World):
    await world.stop()
    world.changes["store"] = {"pool": 1}
    await world.start()
    changed = line(await diagnosis(world), "配置")  # when, who, what, from what to what
    assert re.search(r"11-23 10:0\d \S+ store\.pool 8→1", changed), changed

    async def hog() -> None:
        async with world.db.read():
            await asyncio.sleep(3)  # the queues have connections of their own: only handling waits

    if not world.db.sqlite:
        hogs = asyncio.create_task(hog())
        await asyncio.sleep(0.05)
        body = {"name": "陈工", "need": "阀块"}
        answers = await asyncio.gather(
            *(handed_in(world, {**body, "phone": f"1380000{n:04}"}, f"p{n}") for n in range(20)), hogs
        )
        assert all(one in (200, 201) for one in answers[:-1]), answers
        await world.idle()
        async with world.db.read() as tx:
            assert (await tx.execute(sa.select(sa.func.count()).select_from(lead))).scalar_one() == 20
        found = line(await diagnosis(world), "连接池")
        assert not found.startswith("✅"), found
        assert "连接池 1，近 1 小时最多同时用 1" in found
    await world.admin.says("/配置 历史")
    await world.admin.sees("配置变更", "store.pool 8→1")
    await world.admin.clicks("回滚 1")
    await world.idle()
    await world.admin.sees("store.pool 1→8，已记录，重启后生效")
    await world.restart()
    await world.admin.says("/配置 store.pool")
    await world.admin.sees("store.pool = 8")
    assert world.app is not None
    assert world.app.engine.config.store.pool == 8
    await world.admin.says("/配置 历史")
    await world.admin.sees("周工 store.pool 1→8")


# ── the alarm and the way back ─────────────────────────────────────────────────────────────────────────
async def test_leads_that_nobody_gets_raise_the_alarm_and_are_driven_again(world: World):
    async with world.db.write() as tx:
        await tx.execute(sa.update(member).values(available=False))
    await leads_in(world, 6)
    await looks(world)
    assert world.admin.count("近 60 分钟") == 0  # one look proves nothing
    await looks(world, 2)
    await world.admin.sees("告警", "近 60 分钟新增 6 条，分派 0 条（基线 100%）")
    cards = [one for one in world.admin.seen if one.kind == "card" and "近 60 分钟新增" in one.text]
    assert len(cards) == 1
    assert world.rep.count("近 60 分钟") == 0
    async with world.db.write() as tx:
        await tx.execute(sa.update(member).values(available=True))
    await world.admin.says("/诊断 恢复进度")
    await world.admin.sees("恢复进度 0 %", "积压 6 条，还剩 6 条")
    await world.admin.says("/重试队列 全部")
    await world.admin.sees("已重新排队：0 个事件，6 条线索")
    await world.passes(seconds=5)
    await world.admin.says("/诊断 恢复进度")
    await world.admin.sees("恢复进度 100 %", "还剩 0 条")
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).where(lead.c.owner == ""))).scalar_one() == 0
    assert line(await diagnosis(world), "分派").startswith("✅")


async def test_the_canary_goes_the_whole_way_and_leaves_nothing(world: World):
    assert world.app is not None
    await world.app.engine.watch.canary()
    await world.idle()
    found = line(await diagnosis(world), "金丝雀")
    assert found.startswith("✅")
    assert "秒到达" in found
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(lead.c.id))).all() == []
        assert (await tx.execute(sa.select(customer.c.id))).all() == []
    assert sum(len(one.seen) for one in (world.rep, world.rep2, world.boss)) == 0
    assert await world.api_lead() == "L-1001"


async def test_a_canary_that_nobody_could_take_says_so(world: World):
    async with world.db.write() as tx:
        await tx.execute(sa.update(member).values(assignable=False))
    assert world.app is not None
    await world.app.engine.watch.canary()
    await world.idle()
    assert line(await diagnosis(world), "金丝雀").startswith("❌ 金丝雀：金丝雀线索没有人可接")


class TestSecondChannel:
    @pytest.fixture
    def changes(self, postbox: tuple[Postbox, int]) -> dict[str, Any]:
        mail = {"host": "127.0.0.1", "port": postbox[1], "security": "none", "sender": "crm@example.com"}
        return {"mail": mail, "watch": {"alarm_to": ("mail:it@example.com",)}}

    async def test_when_chat_is_dead_the_alarm_comes_by_mail(
        self, world: World, postbox: tuple[Postbox, int]
    ):
        box, _ = postbox
        await looks(world, 2)
        assert box.mails == []
        assert world.app is not None
        await world.sim.stop()
        for _ in range(3):
            await world.app.engine.watch.look()
        for _ in range(200):
            if box.mails:
                break
            await asyncio.sleep(0.02)
        assert len(box.mails) == 1
        to, mail = box.mails[0]
        assert to == ["it@example.com"]
        assert mail["Subject"].startswith("【跟进】机器人告警")
        assert "备用通道" in mail.get_content()
        assert "凭证" in mail.get_content() or "连接" in mail.get_content()


FILE_ONLY = (
    ("wecom.api_base", "https://evil.example"), ("dingtalk.oapi_base", "https://evil.example"),
    ("app.public_url", "https://evil.example"), ("mail.host", "evil.example"), ("store.files", "/"),
    ("store.redis", "redis://evil.example"), ("intake.private_hosts", "true"), ("web.export_second", "900000"),
    ("privacy.keep_lost", "1d"), ("reading.model", "/tmp/x"), ("nurture.template", "../config.toml"),
)  # fmt: skip


async def test_a_setting_changed_in_the_chat_is_checked_and_kept(world: World):
    await world.admin.says("/配置 messages.per_day 五")
    await world.admin.sees("messages.per_day")
    assert world.admin.count("已记录") == 0
    await world.admin.says("/配置 messages.per_day 30")
    await world.admin.sees("messages.per_day 20→30，已记录")
    await world.admin.says("/配置 api.tokens x")
    await world.admin.sees("聊天里不能改这一项")
    for key, value in FILE_ONLY:  # secrets, links and files lead elsewhere; one's own limits go
        await world.admin.says(f"/配置 {key} {value}")
        await world.admin.sees(f"{key}：聊天里不能改这一项，请改 config.toml 后重启")
    async with world.db.write() as tx:  # as a version wrote it that took this
        await settings.put(tx, "config.set.web.export_second", "900000", "zhougong", world.clock.now())
    await world.rep.says("/配置 历史")
    await world.rep.sees("只有管理员、IT可以用")
    await world.restart()
    assert world.app is not None
    assert world.app.engine.config.messages.per_day == 30
    assert world.app.engine.config.web.export_second == 1000
    await world.admin.says("/配置 历史")
    await world.admin.sees("web.export_second 900000→1000", "messages.per_day 20→30")
