"""Two customers turn out to be one, and two again: by chat, with everything that hangs on them. (C.7 merge; B59)"""

import asyncio

import pytest
import sqlalchemy as sa

from store import mergers, timers
from store.tables import audit, contact, customer, followup, lead, meta
from tests.web.pages_kit import Visitor
from tests.world import World

CODE = "91350100M000100Y43"


@pytest.fixture(params=["wecom-sqlite", "dingtalk-postgresql"])
def place(request: pytest.FixtureRequest) -> list[str]:
    """Each platform once, each database once."""
    return str(request.param).split("-")


@pytest.fixture
def platform(place: list[str]) -> str:
    return place[0]


@pytest.fixture
def store(place: list[str]) -> str:
    return place[1]


async def two(world: World, other: str = "wanglei") -> None:
    """C-0301 (王磊, 宁波恒达汽配) and C-0302 (of `other`, 恒达汽配厂), one lead each; the second was followed up."""
    await world.api_lead(city="宁波")
    await world.api_lead(
        name="刘工", phone="13900000002", company="宁波恒达汽配厂", city="", owner=other, credit_code=CODE
    )
    phone = world.phone(other)
    await phone.says("/跟进 1002 电话 需报价 明天15:00 发方案")
    await phone.sees("L-1002")
    await world.idle()


async def picture(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row that belongs to customers, and they themselves, without versions."""
    found = {}
    async with world.db.read() as tx:
        found_by = [meta.tables["name_key"], meta.tables["name_near"]]
        for table in [customer, *found_by, *(table for table, _ in mergers.holders())]:
            columns = [one for one in table.c if one.name != "version"]
            keys = list(table.primary_key.columns)
            rows = await tx.execute(sa.select(*columns).order_by(*keys))
            found[table.name] = [tuple(row) for row in rows]
    return found


async def test_two_customers_become_one_field_by_field_and_two_again(world: World) -> None:
    await two(world)
    before = await picture(world)
    await world.rep.says("/合并 C-0301 C-0302")
    seen = await world.rep.sees("C-0302 并入 C-0301：公司 1/1", "宁波恒达汽配有限公司", "宁波恒达汽配厂")
    assert "回复 1" in seen.text or seen.buttons
    await world.rep.says("1")
    card = await world.rep.sees(
        "确认", "公司：宁波恒达汽配有限公司", f"信用代码：{CODE}", "联系人 1 · 线索 1（在跟 1） · 跟进记录 1"
    )
    await world.rep.clicks("确认合并", on=card, times=2)
    await world.rep.sees("C-0302 已并入 C-0301", "可撤销到", "12-23")
    await world.restart()
    for words in ("C-0302", "C-0301", "13900000002"):
        world.rep.looks_away()
        await world.rep.says(f"/客户 {words}")
        shown = await world.rep.sees(
            "C-0301 宁波恒达汽配有限公司", "陈工 138 1234 5678", "刘工 139 0000 0002"
        )
        assert "L-1001" in shown.text
        assert "L-1002" in shown.text
    await world.rep.says("/客户 C-0302")
    await world.rep.sees("C-0302 已并入 C-0301")
    await world.rep.says("/合并 C-0301 C-0302")
    await world.rep.sees("C-0302 已经并入 C-0301")
    world.rep.looks_away()
    await world.at("2026-11-24 15:01")  # what was promised comes back under the one that stayed
    await world.rep.sees("L-1002")
    await world.rep.says("/撤销合并 C-0302")
    await world.rep.sees("已撤销：C-0302 宁波恒达汽配厂 又是单独的客户")
    await world.idle()
    assert await picture(world) == before
    await world.rep.says("/客户 C-0302")
    await world.rep.sees("C-0302 宁波恒达汽配厂", "刘工")
    async with world.db.read() as tx:
        done = (
            await tx.execute(
                sa.select(audit.c.action, audit.c.subject)
                .where(audit.c.action.like("customer.%merged"))
                .order_by(audit.c.id)
            )
        ).all()
    assert [tuple(row) for row in done] == [
        ("customer.merged", "C-0301"), ("customer.merged", "C-0302"),
        ("customer.unmerged", "C-0301"), ("customer.unmerged", "C-0302"),
    ]  # fmt: skip


async def test_who_lost_the_customer_does_not_take_it_apart(world: World) -> None:
    """The way back is open for thirty days; it would bring half of the customer back to who had it then."""
    await two(world)
    await world.rep.says("/合并 301 302")
    await world.rep.sees("C-0302 并入 C-0301")
    await world.rep.says("1")
    await world.rep.clicks("确认合并", on=await world.rep.sees("：确认"))
    done = await world.rep.sees("C-0302 已并入 C-0301")
    await world.boss.says("/交接 王磊 → 李倩")
    await world.boss.sees("王磊")
    await world.boss.clicks("全部给李倩")
    await world.boss.sees("已交接")
    await world.rep.clicks("撤销合并", on=done)
    await world.rep.sees("C-0301 由李倩负责，你不能合并它")
    for words in ("/撤销合并 C-0302", "/撤销"):
        world.rep.looks_away()
        await world.rep.says(words)
        await world.rep.sees("C-0301 由李倩负责，你不能合并它")
    async with world.db.read() as tx:
        owners = (await tx.execute(sa.select(customer.c.owner).where(customer.c.owner == "wanglei"))).all()
    assert owners == []
    await world.boss.says("/撤销合并 C-0302")
    await world.boss.sees("又是单独的客户")


async def test_what_was_written_since_goes_with_whom_it_is_about(world: World) -> None:
    await two(world)
    await world.rep.says("/合并 302 301")
    await world.rep.sees("C-0301 并入 C-0302")
    await world.rep.clicks("用 C-0302 的")
    card = await world.rep.sees("：确认", "城市：宁波")
    await world.rep.clicks("确认合并", on=card)
    done = await world.rep.sees("C-0301 已并入 C-0302")
    await world.rep.says("/跟进 1001 微信 需报价 明天16:00 发报价")  # about a lead that came along
    await world.rep.sees("L-1001")
    await world.api_lead(name="周总", phone="13700000003", company="", credit_code=CODE)  # about the firm
    await world.api_lead(name="陈工", phone="13812345678")  # about a contact who came along
    await world.rep.clicks("撤销合并", on=done, times=2)
    await world.rep.sees("已撤销：C-0301 宁波恒达汽配有限公司 又是单独的客户")
    await world.idle()
    assert world.rep.count("又是单独的客户") == 1
    async with world.db.read() as tx:
        under = {row.id: row.customer for row in await tx.execute(sa.select(lead.c.id, lead.c.customer))}
        records = {
            row.lead: row.customer for row in await tx.execute(sa.select(followup).order_by(followup.c.id))
        }
        people = {row.name: row.customer for row in await tx.execute(sa.select(contact))}
        cities = {row.id: row.city for row in await tx.execute(sa.select(customer))}
    assert under == {1001: 301, 1002: 302, 1003: 302, 1004: 301}
    assert records == {1001: 301, 1002: 302}
    assert people == {"陈工": 301, "刘工": 302, "周总": 302}
    assert cities == {301: "宁波", 302: ""}


async def test_who_may_and_who_hears_of_it(world: World) -> None:
    await two(world, other="liqian")
    await world.rep.says("/合并 C-0301 C-0302")
    await world.rep.sees("C-0302 由李倩负责，你不能合并它")
    await world.rep.says("/合并 C-0301")
    seen = await world.rep.sees("可能重复：C-0302（公司相近，负责人 李倩）")
    assert "刘工" not in seen.text
    assert not [press for press in seen.buttons if not press.link]
    await world.boss.says("/合并 C-0301")
    card = await world.boss.sees("可能重复：C-0302")
    await world.boss.clicks("合并 C-0302", on=card)
    await world.boss.sees("公司 1/2")
    await world.boss.says("2")
    await world.boss.sees("负责人 2/2", "王磊", "李倩")
    await world.boss.says("1")
    await world.boss.sees("确认", "公司：宁波恒达汽配厂", "负责人：王磊")
    await world.boss.says("1")
    await world.boss.sees("C-0302 已并入 C-0301")
    for phone in (world.rep, world.rep2):
        await phone.sees("张敏 把 C-0302 并入了 C-0301")
    async with world.db.read() as tx:
        owners = {row.id: row.owner for row in await tx.execute(sa.select(lead.c.id, lead.c.owner))}
    assert owners == {1001: "wanglei", 1002: "liqian"}  # leads keep their owners
    await world.rep2.says("/撤销合并 C-0302")
    await world.rep2.sees("C-0301 由王磊负责，你不能合并它")
    await world.boss.says("/撤销合并 C-0301")
    await world.boss.sees("并入它的是 C-0302")
    await world.rep.says("/撤销合并 C-0302")
    await world.rep.sees("又是单独的客户")
    await world.rep2.sees("王磊 撤销了合并")


@pytest.mark.parametrize("changes", [{"customers": {"merge_undo": "2h"}}], indirect=True)
async def test_two_at_once_and_a_change_in_between_and_too_late(world: World) -> None:
    await two(world)
    for phone in (world.rep, world.boss):
        await phone.says("/合并 C-0301 C-0302")
        await phone.clicks("用 C-0301 的", on=await phone.sees("公司 1/1"))
        await phone.sees("：确认")
    await asyncio.gather(world.rep.clicks("确认合并"), world.boss.clicks("确认合并"))
    await world.idle()
    assert world.rep.count("可撤销到") + world.boss.count("可撤销到") == 1
    assert world.rep.count("已经并入") + world.boss.count("已经并入") == 1
    async with world.db.read() as tx:
        assert len(await mergers.into(tx, 301)) == 1
    await world.api_lead(name="孙总", phone="13700000009", company="宁波恒达汽车配件有限公司")
    await world.rep.says("/合并 C-0303 C-0301")
    await world.rep.clicks("用 C-0303 的", on=await world.rep.sees("公司 1/1"))
    card = await world.rep.sees("C-0301 并入 C-0303：确认")
    await world.rep.clicks("确认合并", on=card)
    await world.rep.sees("C-0301 已并入 C-0303")
    await world.rep.says("/客户 C-0302")  # through both
    await world.rep.sees("C-0303", "刘工", "C-0302 已并入 C-0303")
    await world.rep.says("/撤销合并 C-0302")
    await world.rep.sees("C-0301 之后又并入了 C-0303，请先发 /撤销合并 C-0301")
    await world.kill()
    await world.start()
    await world.passes(hours=2, minutes=1)
    world.rep.looks_away()
    await world.rep.says("/撤销合并 C-0301")
    await world.rep.sees("C-0301 的上一步已超过 2 小时，不能撤销了")


async def test_pages_lead_from_the_old_id_and_name_what_may_be_the_same(world: World) -> None:
    await two(world)
    async with Visitor(world) as visitor:
        await visitor.enters(world.rep)
        await visitor.opens("/customers/C-0301")
        assert "可能重复 C-0302 公司相近 王磊 并排看、合并" in visitor.words
        await world.boss.says("/合并 C-0301 C-0302")
        await world.boss.clicks("用 C-0301 的", on=await world.boss.sees("公司 1/1"))
        await world.boss.clicks("确认合并", on=await world.boss.sees("：确认"))
        await world.boss.sees("C-0302 已并入")
        await visitor.opens("/customers/C-0302")
        assert visitor.path.startswith("/customers/C-0301")
        assert "C-0302 已并入 C-0301" in visitor.words
        assert "前可以分开" in visitor.words
        assert f"信用代码 {CODE}" in visitor.words
        await visitor.opens("/board?q=C-0302")
        assert "L-1001" in visitor.words
        assert "L-1002" in visitor.words
        await visitor.enters(world.boss)
        await visitor.opens("/trail?about=C-0302")
        assert "合并了客户" in visitor.words
    await world.boss.says("/谁看过 C-0302")
    await world.boss.sees("C-0301 最近谁看过、改过", "张敏 合并了客户")


async def test_side_by_side_on_a_page_and_apart_again(world: World) -> None:
    await two(world, other="liqian")
    before = await picture(world)
    async with Visitor(world) as visitor:
        await visitor.enters(world.rep)
        await visitor.opens("/customers/C-0301/merge?with=C-0302")
        assert visitor.status == 403
        assert "刘工" not in visitor.words
        await visitor.opens("/customers/C-0301/merge")
        assert "C-0302 公司相近 李倩 不归你，请主管来合并" in visitor.words
        await visitor.enters(world.boss)
        await visitor.opens("/customers/C-0301/merge")
        assert "C-0302 公司相近 李倩 并排看、合并" in visitor.words
        await visitor.opens("/customers/C-0301/merge?with=C-0302")
        for words in (
            "公司 宁波恒达汽配有限公司 宁波恒达汽配厂", f"信用代码 {CODE}", "城市 宁波", "负责人 王磊 李倩",
            "陈工 138****5678", "刘工 139****0002", "30 天内可以分开",
        ):  # fmt: skip
            assert words in visitor.words, visitor.words
        await visitor.sends("/merge", **{"pick-company": "g"})
        assert "「负责人」两边不一样，请选用哪一个" in visitor.words
        assert await picture(world) == before
        await visitor.opens("/customers/C-0301/merge?with=C-0302")
        page = visitor.forms()
        await visitor.sends("/merge", **{"pick-company": "g", "pick-owner": "k"})
        assert visitor.path == "/customers/C-0301?done=merge"
        assert "已合并。" in visitor.words
        assert "C-0301 宁波恒达汽配厂 负责人 王磊" in visitor.words
        await world.boss.sees("C-0302 已并入 C-0301")
        await world.rep2.sees("张敏 把 C-0302 并入了 C-0301")
        action, values = next(one for one in page if one[0].endswith("/merge"))
        await visitor.posts(action, values | {"pick-company": "k", "pick-owner": "g"})  # sent twice
        assert "C-0301 宁波恒达汽配厂 负责人 王磊" in visitor.words
        await visitor.sends("/unmerge")
        assert "已分开，又是两个客户。" in visitor.words
        await world.idle()
        assert await picture(world) == before
        await visitor.posts(action, values | {"once": "another-once", "kept_version": "0"})
        assert "客户资料刚刚有变化" in visitor.words
        await visitor.opens("/customers/C-0301/merge?with=恒达")
        assert "「恒达」不是客户编号" in visitor.words


async def test_the_same_person_at_both_is_one_contact_while_it_lasts(world: World) -> None:
    await two(world)
    async with world.db.write() as tx:
        await tx.execute(
            sa.insert(contact).values(
                customer=302, name="陈工", title="采购", phone="138-1234-5678", phone_key="13812345678",
                created_at=world.clock.now(),
            )
        )  # fmt: skip
    before = await picture(world)
    await world.rep.says("/合并 C-0301 C-0302")
    await world.rep.clicks("用 C-0301 的", on=await world.rep.sees("公司 1/1"))
    await world.rep.clicks("确认合并", on=await world.rep.sees("同一个人合成一个：陈工"))
    await world.rep.sees("已并入")
    await world.rep.says("/客户 C-0301")
    card = await world.rep.sees("C-0301", "陈工 采购 138 1234 5678", "刘工")
    assert card.text.count("陈工") == 1
    await world.rep.says("/撤销")
    await world.rep.sees("已撤销")
    await world.idle()
    assert await picture(world) == before


async def test_what_a_slower_writer_hangs_on_the_old_id_comes_along(world: World) -> None:
    """Somebody read the customer before it was merged and writes afterwards."""
    await two(world)
    await world.rep.says("/合并 C-0301 C-0302")
    await world.rep.clicks("用 C-0301 的", on=await world.rep.sees("公司 1/1"))
    await world.rep.clicks("确认合并", on=await world.rep.sees("：确认"))
    await world.rep.sees("已并入")
    await world.idle()
    async with world.db.write() as tx:
        late = sa.insert(contact).values(customer=302, name="慢工", created_at=world.clock.now())
        await tx.execute(late)
        assert await timers.next_timer(tx) is not None
    await world.passes(minutes=4)
    await world.rep.says("/客户 C-0301")
    await world.rep.sees("慢工")
    await world.rep.says("/撤销合并 C-0302")
    await world.rep.sees("又是单独的客户")
    await world.rep.says("/客户 C-0302")
    await world.rep.sees("C-0302", "慢工")


async def test_what_cannot_be_merged_says_why(world: World) -> None:
    await world.api_lead()
    for words, said in (
        ("", "这样写：/合并"),
        ("C-0301 C-0301", "要写两个不同的客户编号"),
        ("C-0301 C-9999", "没有这个客户"),
        ("C-0301 恒达", "「恒达」不是客户编号"),
        ("C-0301 C-0302 C-0303", "这样写：/合并"),
        ("C-0301", "没有找到和 C-0301 重复的客户"),
    ):
        world.rep.looks_away()
        await world.rep.says(f"/合并 {words}")
        await world.rep.sees(said)
