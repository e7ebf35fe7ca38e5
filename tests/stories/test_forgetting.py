"""Somebody asks to be forgotten, or a firm keeps nobody longer than it has to: who it was is gone, what happened stays."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import main
from store import audit, forgetting, queues, tables, tables_sources
from store.seals import fresh
from tests.world import World, told

COMBINATIONS = [("wecom", "sqlite"), ("dingtalk", "postgresql")]
KEY = fresh()
WORDS = ("13812345678", "c@hengda.cn", "恒达", "陈工", "chenli-hd")
CHAT = "同步至CRM 我是宁波恒达汽配有限公司的陈工，电话13812345678，微信 chenli-hd，想要液压阀块报价"


async def forget(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    """`main.py forget`, beside the running bot."""
    written = tmp_path / "config.toml"
    keys = [one.get_secret_value() for one in world.config.store.keys]
    written.write_text(f'[store]\ndatabase = "{world.database}"\nkeys = {keys!r}\n')
    capsys.readouterr()
    code = await asyncio.to_thread(main.main, ["forget", *more, "--config", str(written)])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.mark.parametrize(("platform", "store"), COMBINATIONS, indirect=True)
@pytest.mark.parametrize("changes", [{"store": {"keys": [KEY]}}], indirect=True)
async def test_a_customer_is_forgotten_everywhere(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.api_lead(email="c@hengda.cn")
    await world.api_lead(phone="13700000001", name="王佳", company="苏州明达电子有限公司", need="轴承")
    world.rep.looks_away()
    await world.rep.says(CHAT)
    await world.rep.sees("识别到联系人（草稿）")
    world.rep.looks_away()
    await world.rep.says("/客户 138 1234 5678")
    profile = await world.rep.sees("C-0301 宁波恒达汽配有限公司")
    await world.idle()

    code, said = await forget(world, tmp_path, capsys, "C-0301")
    assert (code, "联系人 1 位，线索 1 条" in said, "没有删除" in said) == (0, True, True)
    code, said = await forget(world, tmp_path, capsys, "C-0301", "--yes", "--by", "周工")
    assert (code, "已删除：" in said) == (0, True), said
    assert await told(world, *WORDS) == []
    async with world.db.read() as tx:
        kept = await world_of_words(tx)
        left = [line for line in kept.splitlines() if any(word in line for word in WORDS)]
        assert not left, "nor with the key"
        _, _, action, detail = (await audit.about(tx, "C-0301"))[0]
        assert (action, '"by": "周工"' in detail) == (forgetting.ACTION, True)
        assert (await audit.verify(tx)).broken == 0
        assert "王佳" in kept

    assert (await forget(world, tmp_path, capsys, "C-0301", "--yes"))[0] == 2
    world.rep.looks_away()
    await world.rep.says("/客户 C-0301")
    await world.rep.sees("没有")
    if any(press.enabled for press in profile.buttons):
        await world.rep.presses_anyway(profile, profile.buttons[0].key)
    await world.passes(hours=3)  # a rung of the ladder
    async with world.db.read() as tx:
        assert (await queues.depth(tx, "inbox")).dead == 0
    world.rep.looks_away()
    await world.api_lead()
    await world.rep.sees("新线索 L-1003")
    async with world.db.read() as tx:
        numbers = (await tx.execute(sa.select(tables.lead.c.customer).order_by(tables.lead.c.id))).scalars()
        assert list(numbers) == [301, 302, 303], "who was forgotten is a new customer"


@pytest.mark.parametrize(("platform", "store"), COMBINATIONS[:1], indirect=True)
async def test_who_is_forgotten_is_gone_from_the_file_too(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite leaves what was deleted where it stood, in the file and in its log, until something else needs the room."""
    await world.api_lead(email="c@hengda.cn")
    await world.rep.says(CHAT)
    await world.rep.sees("识别到联系人（草稿）")
    await world.rep.says("/跟进 1001 电话 需报价 明天15:00 发方案")
    await world.rep.sees("已记录")
    await world.idle()
    assert _in_files(world) == set(WORDS), "the looks look"
    code, said = await forget(world, tmp_path, capsys, "C-0301", "--yes")
    assert code == 0, said
    assert await told(world, *WORDS) == []
    assert _in_files(world) == set()


def _in_files(world: World) -> set[str]:
    """The words that stand in the database file or its log, wherever."""
    file = Path(world.database.removeprefix("sqlite:///"))
    bytes = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    return {word for word in WORDS if word.encode() in bytes or json.dumps(word)[1:-1].encode() in bytes}


@pytest.mark.parametrize(("platform", "store"), COMBINATIONS, indirect=True)
async def test_who_was_made_one_of_two_is_forgotten_as_both(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.api_lead(credit_code="91350100M000100Y43")
    await world.api_lead(
        name="刘工", phone="13900000002", company="宁波亨达配件厂", owner="wanglei", email="l@hengda.cn"
    )
    async with (
        world.db.write() as tx
    ):  # the same person, whose number is known at both: one contact is folded away
        contacts = tables.contact
        row = {"phone": "13812345678", "phone_key": tx.seals.mark("13812345678")}
        await tx.execute(sa.update(contacts).where(contacts.c.customer == 302).values(**row))
        await tx.execute(sa.insert(tables_sources.friend).values(
            external="wo-1", user="WANGLEI", name="恒达陈工", state="full", at=world.clock.now()))  # fmt: skip
        await tx.execute(sa.insert(tables_sources.origin).values(
            lead=1002, kind="wecom", name="", ref="wo-1", at=world.clock.now()))  # fmt: skip
    await world.rep.says("/合并 C-0301 C-0302")
    await world.rep.sees("C-0302 并入 C-0301：公司")
    await world.rep.says("1")
    card = await world.rep.sees("确认")
    await world.rep.clicks("确认合并", on=card)
    await world.rep.sees("C-0302 已并入 C-0301")
    await world.idle()
    code, said = await forget(world, tmp_path, capsys, "C-0302", "--yes")
    assert (code, "C-0301、C-0302" in said, "已删除：" in said) == (0, True, True), said
    words = (*WORDS, "13900000002", "亨达", "刘工", "l@hengda.cn", "91350100M000100Y43")
    async with world.db.read() as tx:
        kept = await world_of_words(tx)
    assert not [line for line in kept.splitlines() if any(word in line for word in words)]
    world.rep.looks_away()
    for words_of_it in ("/撤销合并 C-0302", "/客户 C-0302", "/撤销"):
        await world.rep.says(words_of_it)
        await world.idle()
    async with world.db.read() as tx:
        assert (await queues.depth(tx, "inbox")).dead == 0


async def world_of_words(tx: object) -> str:
    """Everything that the bot itself can still read."""
    found = []
    for table in tables.meta.sorted_tables:
        rows = await tx.execute(sa.select(table))  # type: ignore[attr-defined]
        found += [f"{table.name}: {value}" for row in rows for value in row]
    return "\n".join(found)


@pytest.mark.parametrize(("platform", "store"), COMBINATIONS, indirect=True)
async def test_nobody_is_kept_longer_than_the_firm_wants(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        forgetting, "AT_A_TIME", 200
    )  # the first customer is C-0301: found in the second pass
    await world.api_lead(email="c@hengda.cn")
    await world.api_lead(phone="13700000001", name="王佳", company="苏州明达电子有限公司", need="轴承")
    world.rep.looks_away()
    await world.rep.says(CHAT)
    await world.rep.sees("识别到联系人（草稿）")
    await world.idle()
    month, now = timedelta(days=30), world.clock.now()
    async with world.db.write() as tx:
        ended = {"status": "lost", "closed_at": now}
        await tx.execute(sa.update(tables.lead).where(tables.lead.c.id == 1001).values(**ended))

    async def passed(at: timedelta, lost: timedelta, drafts: timedelta) -> list[str]:
        place: forgetting.Place | None = None
        while place != forgetting.Place():  # a whole round
            async with world.db.write() as tx:
                place, more = await forgetting.expire(tx, now + at, lost=lost, drafts=drafts, place=place)
            assert not more
        async with world.db.read() as tx:
            names = await tx.execute(sa.select(tables.customer.c.name).order_by(tables.customer.c.id))
            chats = await tx.execute(sa.select(tables.draft.c.original))
            return [*names.scalars(), *("chat" for one in chats.scalars() if one)]

    nothing = timedelta(0)
    before = await passed(month * 99, nothing, nothing)
    assert before[2:] == ["chat"]
    assert await passed(month - timedelta(minutes=1), month, month) == before
    assert await passed(month + timedelta(minutes=1), month, nothing) == [forgetting.ERASED, *before[1:]]
    assert await passed(month + timedelta(minutes=1), month, month) == [forgetting.ERASED, before[1]]
    async with world.db.read() as tx:
        assert (await audit.about(tx, "C-0301"))[0][2] == forgetting.ACTION
        assert (await audit.verify(tx)).broken == 0
