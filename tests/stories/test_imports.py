"""Marketing brings a file of leads: it is looked at, taken in without a word, and can be taken back. (B08)"""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import aiohttp
import openpyxl
import pytest
import sqlalchemy as sa

from store import tables, tables_sources
from tests.web.pages_kit import Visitor
from tests.world import World

HEAD = "姓名,公司名称,手机号,邮箱,城市,来源,需求,负责人,录入人,录入时间"


def phone(n: int) -> str:
    return f"139{n:08}"


def many(count: int) -> list[str]:
    """So many good rows, all different."""
    return [f"客户{n},,{phone(n)},,宁波,展会,液压阀块,,,2026-11-20 15:30" for n in range(count)]


class Desk:
    """The importing admin's browser on the page behind the link."""

    def __init__(self, world: World, link: str) -> None:
        self.world, self.link = world, link

    async def page(self) -> str:
        async with aiohttp.ClientSession() as http, http.get(self.world.url + self.link) as answer:
            assert answer.status == 200
            return await answer.text()

    async def sends(self, body: bytes, name: str = "leads.csv") -> tuple[int, str]:
        form = aiohttp.FormData()
        form.add_field("file", body, filename=name)
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.world.url}{self.link}/file", data=form) as answer,
        ):
            return answer.status, await answer.text()

    async def presses(self, path: str, **fields: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.world.url}{self.link}/{path}", data=fields) as answer,
        ):
            return answer.status, await answer.text()

    async def sheet(self, path: str) -> Any:
        async with aiohttp.ClientSession() as http, http.get(self.world.url + path) as answer:
            assert answer.status == 200
            return openpyxl.load_workbook(io.BytesIO(await answer.read())).active


async def opened(world: World, n: int = 1) -> Desk:
    """The admin asks for the link and opens it."""
    await world.admin.says("/导入")
    card = await world.admin.sees(f"批量导入 B-{n}", timeout=30)
    found = re.search(
        r"http://127\.0\.0\.1:8080(/import/[\w-]+)", str(card.raw) if hasattr(card, "raw") else card.text
    )
    assert found is not None, card
    return Desk(world, found[1])


async def _leads(world: World) -> Sequence[sa.Row[Any]]:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(tables.lead).order_by(tables.lead.c.id))).all()


async def test_one_file_of_a_person_at_a_time(world: World) -> None:
    """Each takes a lot of memory while it comes and is read: sixty at once would end the process for all."""
    desk, other, go = await opened(world), await opened(world, 2), asyncio.Event()
    small = "\n".join([HEAD, *many(2)]).encode()

    async def slowly() -> AsyncIterator[bytes]:
        yield (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            + HEAD.encode()
            + b"\n"
        )
        await go.wait()
        yield "\n".join(many(3)).encode() + b"\r\n--x--\r\n"

    async with aiohttp.ClientSession(headers={"Content-Type": "multipart/form-data; boundary=x"}) as http:

        def begins() -> asyncio.Task[aiohttp.ClientResponse]:
            return asyncio.create_task(http.post(f"{world.url}{desk.link}/file", data=slowly()))

        first, ahead = begins(), 0.1
        async with asyncio.timeout(60):
            while (found := await other.sends(small))[0] != 429:
                first = begins() if first.done() else first  # the small one was there before it
                await asyncio.sleep(ahead := ahead * 2)
        assert "你的另一个文件还在检查" in found[1]
        go.set()
        assert (await first).status == 200
    assert "新增 3" in re.sub(r"<[^>]+>", "", await desk.page())
    assert (await other.sends(small))[0] == 200


async def test_214_rows_are_looked_at_and_taken_into_the_pool_without_a_word(world: World) -> None:
    await world.api_lead()  # C-0301, of 王磊
    before = {one.name: len(one.seen) for one in world.people}
    desk = await opened(world)
    rows = [
        *many(188),
        *[f"又一个{n},,{phone(n)},,,,,,," for n in range(20)],  # in the file twice
        "陈工,宁波恒达,138 1234 5678,,,,,,,",  # known
        "少一位,,1391234567,,,,,,,", "没电话,某公司,,,,,,,,", "坏邮箱,,,a@b,,,,,,", "没这人,,13911112222,,,,,诸葛亮,,",
        "怪时间,,13911113333,,,,,,,上周",
    ]  # fmt: skip
    status, page = await desk.sends("\n".join([HEAD, *rows]).encode("gb18030"))
    assert status == 200
    plain = re.sub(r"<[^>]+>", "", page)
    assert "共 214 行，新增 188，重复 21，错误 5。还没有录入。" in plain
    assert "已有 C-0301 宁波恒达汽配有限公司（负责人 王磊，2026-11-23 录入）" in plain
    assert "与第 2 行相同" in plain
    assert len(await _leads(world)) == 1
    async with world.db.read() as tx:  # a table of numbers asks like /查重, and leaves behind as much
        query = sa.select(tables.audit.c.member, tables.audit.c.detail).where(
            tables.audit.c.action == "import.checked"
        )
        ((who, detail),) = (await tx.execute(query)).all()
    assert (who, json.loads(detail)) == ("zhougong", {"rows": 214, "hits": 1, "found": "C-0301"})

    sheet = await desk.sheet(f"{desk.link}/errors.xlsx")
    assert sheet.max_row == 27
    assert sheet["K1"].value == "问题"
    red = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"
    }
    wrong = {row[2].value: row for row in sheet.iter_rows(min_row=2) if row[2].value}
    assert wrong["1391234567"][2].coordinate in red
    assert "不是 11 位" in wrong["1391234567"][10].value

    status, page = await desk.presses("start", mode="pool")
    await desk.presses("start", mode="pool")  # pressed twice
    assert status == 200
    await world.idle()
    found = await _leads(world)
    assert len(found) == 189
    assert {lead.owner for lead in found[1:]} == {""}
    assert found[1].created_at.isoformat() == "2026-11-20T07:30:00+00:00"  # the date in the file
    assert found[1].created_by == "zhougong"
    await world.passes(hours=30)
    told = {one.name: len(one.seen) - before[one.name] for one in world.people if one is not world.admin}
    assert {name: count for name, count in told.items() if count} in (
        {},
        {"王磊": told["王磊"], "张敏": told["张敏"]},
    )
    assert world.rep.count("客户1") == world.rep2.count("新线索") == 0  # of L-1001 alone he was reminded
    done = await world.admin.sees("✅ 导入 B-1 完成", "新建 188 条，重复 21 条没有录入，错误 5 条没有录入。")
    assert "/导入 撤销 1" in done.text


async def test_given_out_each_owner_hears_once(world: World) -> None:
    desk = await opened(world)
    rows = [
        *many(12),
        "老客户,,13922223333,,,,,李倩,王磊,2026-01-05",
        "同一位,,13922224444,,,,,sunhao,离职的老赵,",
    ]
    await desk.sends("\n".join([HEAD, *rows]).encode("utf-8-sig"))
    await desk.presses("start", mode="assign")
    await world.admin.sees("✅ 导入 B-1 完成", "新建 14 条")
    await world.idle()
    found = {lead.id: lead for lead in await _leads(world)}
    kept = found[1013]
    assert (kept.owner, kept.created_by) == ("liqian", "wanglei")
    assert found[1014].created_by == "离职的老赵"
    assert all(lead.owner for lead in found.values())
    await world.rep.sees("批量导入分给你", "首触计时已经开始")
    for one in (world.rep, world.rep2, world.phone("sunhao")):
        assert one.count("🔔 新线索") == 0
        assert one.count("批量导入分给你") <= 1
    await world.passes(hours=4)
    await world.rep.sees("目标")  # the clock runs


async def test_a_kill_in_the_middle_loses_nothing_and_makes_nothing_twice(world: World) -> None:
    desk = await opened(world)
    await desk.sends("\n".join([HEAD, *many(400)]).encode())
    await desk.presses("start", mode="pool")
    for _ in range(3):
        await world.kill()
        await world.start()
    await world.idle(60)
    found = await _leads(world)
    assert len(found) == 400
    async with world.db.read() as tx:
        keys = (await tx.execute(sa.select(tables.contact.c.phone_key))).scalars().all()
    assert len(set(keys)) == 400
    assert world.admin.count("✅ 导入 B-1 完成") == 1


async def test_a_batch_is_taken_back_but_not_what_was_worked_on(world: World) -> None:
    desk = await opened(world)
    await desk.sends("\n".join([HEAD, *many(3), "跟过的,,13922223333,,,,,王磊,,"]).encode())
    await desk.presses("start", mode="pool")
    await world.admin.sees("✅ 导入 B-1 完成", "新建 4 条")
    await world.rep.says("/跟进 1004 电话 等待报价 明天上午发报价")
    await world.rep.sees("已记录")
    await world.boss.says("/导入 撤销 1")
    await world.boss.sees("没有你的导入 B-1")
    await world.admin.says("/导入 撤销 1")
    await world.admin.sees("已撤销 B-1：3 条线索作废，1 条已有跟进，保留。")
    assert [lead.status for lead in await _leads(world)] == ["invalid"] * 3 + ["quoting"]
    async with world.db.read() as tx:
        alive = sa.select(sa.func.count()).where(tables.customer.c.deleted_at.is_(None))
        assert (await tx.execute(alive)).scalar_one() == 1
    await world.admin.says("/导入 撤销 1")
    await world.admin.sees("B-1 已经撤销过")
    again = await opened(world, 2)  # the same people can come in again
    status, page = await again.sends("\n".join([HEAD, *many(3)]).encode())
    assert status == 200
    assert "新增 <strong>3</strong>" in page


async def test_wrong_files_say_what_to_do(world: World) -> None:
    desk = await opened(world)
    for body, name, said in (
        (b"", "a.csv", "请选一个文件"),
        (b"\xd0\xcf\x11\xe0old", "a.xls", "旧的 .xls 格式"),
        (b"PK\x03\x04broken", "a.xlsx", "打不开"),
        ("姓名,手机".encode(), "a.csv", "里面没有数据"),
        ("甲,乙\n1,2".encode(), "a.csv", "没有认出「手机」或「邮箱」这一列"),
        (b"\xff\x00\x81\x00\n\x00\xff", "a.csv", "文字读不懂"),
    ):
        status, page = await desk.sends(body, name)
        assert status == 422, name
        assert said in page
    good = "\n".join([HEAD, *many(2)]).encode()
    await desk.sends(good)
    await desk.presses("start", mode="pool")
    await world.admin.sees("✅ 导入 B-1 完成")
    other = await opened(world, 2)
    status, page = await other.sends(good)
    assert status == 422
    assert "这个文件已经导入过（B-1" in page


async def test_a_file_whose_name_is_not_utf_8_is_taken(world: World) -> None:
    desk = await opened(world)
    head = 'Content-Disposition: form-data; name="file"; filename="展会名单.csv"\r\n\r\n'.encode("gb18030")
    file = "\n".join([HEAD, *many(2)]).encode()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with aiohttp.ClientSession() as http:
        body = b"--x\r\n" + head + file + b"\r\n--x--\r\n"
        async with http.post(f"{world.url}{desk.link}/file", data=body, headers=kind) as answer:
            assert (answer.status, "新增 <strong>2</strong>" in await answer.text()) == (200, True)


async def test_an_excel_sheet_and_the_template(world: World) -> None:
    desk = await opened(world)
    template = await desk.sheet("/import/template.xlsx")
    assert [cell.value for cell in template[1]][:3] == ["姓名", "公司", "手机"]
    assert template["C2"].number_format == "@"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["姓名*", "手机（必填）", "备注", "录入时间"])
    sheet.append(["陈立", 13900000001, "=1+1", datetime(2026, 11, 20, 15, 30)])  # noqa: DTZ001
    sheet.append(["坏的", 139, "=cmd|' /C calc'!A0", None])
    out = io.BytesIO()
    book.save(out)
    status, page = await desk.sends(out.getvalue(), "线索.xlsx")
    assert status == 200
    assert "新增 <strong>1</strong>" in page
    await desk.presses("start", mode="pool")
    await world.admin.sees("✅ 导入 B-1 完成", "新建 1 条")
    (lead,) = await _leads(world)
    assert lead.created_at.isoformat() == "2026-11-20T07:30:00+00:00"


async def test_who_may_and_how_long(world: World) -> None:
    await world.rep.says("/导入")
    await world.rep.sees("只有主管、总监、管理员可以用")
    desk = await opened(world)
    async with aiohttp.ClientSession() as http, http.get(f"{world.url}/import/guessed") as answer:
        assert answer.status == 404
    for roles, status in (('["it"]', 404), ('["admin", "it"]', 200)):  # the page goes with the role
        async with world.db.write() as tx:
            await tx.execute(
                sa.update(tables.member).where(tables.member.c.id == "zhougong").values(roles=roles)
            )
        async with aiohttp.ClientSession() as http, http.get(world.url + desk.link) as answer:
            assert answer.status == status
    await world.passes(hours=3)
    async with aiohttp.ClientSession() as http, http.get(world.url + desk.link) as answer:
        assert answer.status == 404
    async with world.db.read() as tx:
        tokens = (await tx.execute(sa.select(tables_sources.batch.c.token))).scalars().all()
    assert desk.link.rpartition("/")[2] not in tokens  # only its hash is kept


@pytest.mark.parametrize("changes", [{"intake": {"import_rows": 50}}], indirect=True)
async def test_a_file_that_is_too_long(world: World) -> None:
    desk = await opened(world)
    status, page = await desk.sends("\n".join([HEAD, *many(51)]).encode())
    assert status == 422
    assert "一次最多 50 行" in page


async def test_who_is_logged_in_imports_on_a_page_and_finds_it_again(world: World) -> None:
    body = "\n".join([HEAD, *many(3), "少一位,,1391234567,,,,,,,"]).encode()
    async with Visitor(world) as visitor:
        await visitor.enters(world.rep)
        await visitor.opens("/import")
        assert visitor.status == 403
        await visitor.enters(world.boss)
        assert "导入" in visitor.words
        await visitor.opens("/import")
        assert "还没有导入过" in visitor.words
        await visitor.sends("/import")
        assert "批量导入 B-1" in visitor.words
        desk = Desk(world, visitor.path)
        status, _ = await desk.sends(body)
        assert status == 200
        await visitor.opens("/import")
        assert "B-1 leads.csv 已检查，还没有录入" in visitor.words
        assert "新增 3 · 重复 0 · 错误 1" in visitor.words
        await world.passes(hours=3)  # the link is over, the import is not
        await visitor.opens(desk.link)
        assert visitor.status == 404
        await visitor.opens("/import")
        await visitor.sends("/import/open")
        assert "还没有录入" in visitor.words
        status, _ = await Desk(world, visitor.path).presses("start", mode="pool")
        assert status == 200
        await world.boss.sees("✅ 导入 B-1 完成", "新建 3 条")
        await visitor.enters(world.admin)
        await visitor.opens("/import")
        assert "leads.csv" not in visitor.words  # everybody finds their own
        fields = dict(visitor.forms()[-1][1])
        await visitor.posts("/import/open", fields | {"batch": "1"})
        assert "没有你的导入 B-1" in visitor.words
