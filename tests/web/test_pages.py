"""The pages: the way in, who sees what, the board, a lead's timeline, and what a manager does there."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import sqlalchemy as sa

from sim.wecom_server import WecomServer
from store.tables import audit, lead, login, session
from tests.web.pages_kit import Visitor, link_of
from tests.world import World


@pytest.fixture(params=["wecom"])
def platform(request: pytest.FixtureRequest) -> str:
    """Pages know no platform: one is enough here, the way in is told on both in tests/stories."""
    return str(request.param)


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    async with Visitor(world) as one:
        yield one


async def trail(world: World, action: str) -> list[tuple[str, str, str]]:
    """(member, subject, detail) of the audit lines of an action."""
    async with world.db.read() as tx:
        rows = await tx.execute(
            sa.select(audit.c.member, audit.c.subject, audit.c.detail)
            .where(audit.c.action == action)
            .order_by(audit.c.id)
        )
        return [(row.member, row.subject, row.detail) for row in rows]


# ── the way in ─────────────────────────────────────────────────────────────────────────────────────────
async def test_a_link_from_the_chat_logs_in_once(world: World, visitor: Visitor):
    token = await link_of(world.boss)
    await visitor.opens(f"/login?token={token}")
    assert "张敏，你好" in visitor.words
    await visitor.opens(
        f"/login?token={token}"
    )  # looking uses nothing up: chats look at links before people do
    await visitor.sends("/login")
    assert (visitor.status, visitor.path) == (200, "/board")
    assert "看板" in visitor.words
    async with Visitor(world) as other:
        await other.opens(f"/login?token={token}")
        assert other.status == 410
        assert "已经用过" in other.words
    assert [who for who, _, _ in await trail(world, "web.login")] == ["zhangmin"]


@pytest.mark.parametrize("changes", [{"web": {"tries": 1000}}], indirect=True)
async def test_one_link_tapped_fifty_times_at_once_lets_one_in(world: World):
    """From one browser and from fifty: whoever is first is in, the others have no session."""
    token = await link_of(world.boss)
    page = f"{world.url}/login?token={token}"

    async def taps(http: aiohttp.ClientSession) -> tuple[int, str]:
        async with http.get(page) as answer:
            mark = re.search(r'name="csrf" value="([0-9a-f]+)"', await answer.text())
        if mark is None:
            return answer.status, ""
        form = {"token": token, "csrf": mark[1]}
        async with http.post(f"{world.url}/login", data=form, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async with contextlib.AsyncExitStack() as stack:
        one = [
            await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
        ]
        others = [
            await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
            for _ in range(25)
        ]
        found = await asyncio.gather(*(taps(http) for http in (one * 25 + others)))
    assert sorted(where for _, where in found if where) == ["/board"], found
    assert {status for status, where in found if not where} <= {410, 422, 403}
    async with world.db.read() as tx:
        assert len((await tx.execute(sa.select(session))).all()) == 1
    assert [who for who, _, _ in await trail(world, "web.login")] == ["zhangmin"]


async def test_nothing_secret_is_kept_in_the_database(world: World, visitor: Visitor):
    token = await link_of(world.boss)
    await visitor.opens(f"/login?token={token}")
    await visitor.sends("/login")
    cookie = next(iter(visitor.jar)).value
    async with world.db.read() as tx:
        for table in (login, session):
            rows = (await tx.execute(sa.select(table))).all()
            assert rows
            assert token not in str(rows)
            assert cookie.partition(".")[0] not in str(rows)


async def test_a_link_runs_out(world: World, visitor: Visitor):
    token = await link_of(world.boss)
    await world.passes(minutes=11)
    await visitor.opens(f"/login?token={token}")
    assert visitor.status == 410


async def test_a_guess_leads_nowhere_and_guessing_is_slowed(world: World, visitor: Visitor):
    seen = set()
    for n in range(14):
        await visitor.opens(f"/login?token=guess{n}")
        seen.add(visitor.status)
    assert seen == {410, 429}
    assert int(visitor.headers["Retry-After"]) >= 1


async def test_a_session_ends_with_its_time_a_goodbye_or_the_job(world: World, visitor: Visitor):
    await visitor.enters(world.boss)
    await visitor.opens("/board")
    kept = visitor.forms()
    await visitor.sends("/logout")
    assert "还没有登录" in visitor.words
    await visitor.opens("/board")
    assert visitor.path == "/login"
    await visitor.posts(*kept[0])  # an old page in another tab
    assert visitor.status == 401
    await visitor.enters(world.boss)
    await world.passes(hours=12.1)
    await visitor.opens("/board")
    assert visitor.path == "/login"
    async with Visitor(world) as leaver:
        await leaver.enters(world.rep2)
        async with world.db.write() as tx:
            await tx.execute(sa.text("UPDATE member SET gone = :yes WHERE id = 'liqian'"), {"yes": True})
        await leaver.opens("/board")
        assert leaver.path == "/login"


async def test_a_session_outlives_a_restart_and_a_forged_cookie_is_nobody(world: World, visitor: Visitor):
    await visitor.enters(world.boss)
    await world.restart()
    await visitor.opens("/board")
    assert visitor.path == "/board"
    cookie = next(iter(visitor.jar))
    flags = (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"])
    assert flags == (True, "Lax", "", "/")
    value, _, mark = cookie.value.partition(".")
    for forged in (value, f"{value}.{mark[:-1]}x", f"x{value}.{mark}", f".{mark}", "中.文"):
        async with Visitor(world) as other:
            await other.opens("/board", headers={"Cookie": f"genjin={forged}".encode().decode("latin-1")})
            assert other.path == "/login"


@pytest.mark.parametrize(
    "changes", [{"app": {"public_url": "https://crm.example.com", "listen": "127.0.0.1:0"}}], indirect=True
)
async def test_behind_tls_the_cookie_is_secure(world: World, visitor: Visitor):
    token = await link_of(world.boss)
    await visitor.opens(f"/login?token={token}")
    said = visitor.headers["Set-Cookie"]
    assert "; Secure" in said
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert said.startswith("__Host-"), "no other site of the domain can put one in its place"
    assert visitor.headers["Strict-Transport-Security"] == "max-age=31536000"
    page = re.search(r'name="csrf" value="([0-9a-f]+)"', visitor.text)
    assert page
    entered = {"Cookie": said.partition(";")[0]}
    async with aiohttp.ClientSession() as http:
        form = {"token": token, "csrf": page[1]}
        async with http.post(
            f"{world.url}/login", data=form, headers=entered, allow_redirects=False
        ) as answer:
            given = answer.headers.getall("Set-Cookie")
        session = next(one for one in given if one.startswith("__Host-genjin="))
        async with http.get(f"{world.url}/board", headers={"Cookie": session.partition(";")[0]}) as answer:
            mark = re.search(r'name="csrf" value="([0-9a-f]+)"', await answer.text())
        assert mark
        headers = {"Cookie": session.partition(";")[0]}
        async with http.post(
            f"{world.url}/logout", data={"csrf": mark[1]}, headers=headers, allow_redirects=False
        ) as answer:
            ended = answer.headers["Set-Cookie"]
    assert ended.startswith('__Host-genjin=""')
    assert "; Secure" in ended, "else a browser would keep it"


async def test_a_link_of_somebody_else_cannot_be_slipped_in(world: World, visitor: Visitor):
    """Without the page that its own browser opened a token logs nobody in."""
    token = await link_of(world.rep2)
    await visitor.posts("/login", {"token": token, "csrf": "x"})
    assert visitor.status == 403
    async with Visitor(world) as other:
        await other.opens(f"/login?token={token}")
        _, values = other.forms()[0]
        await visitor.posts("/login", values)
        assert visitor.status == 403


async def test_every_page_has_its_headers_and_nothing_from_outside(world: World, visitor: Visitor):
    id = await world.api_lead()
    await visitor.enters(world.boss)
    for path in ("/board", f"/leads/{id}", "/customers/C-0301", "/trail", "/leads/L-9999", "/login"):
        await visitor.opens(path)
        policy = visitor.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "unsafe" not in policy
        assert visitor.headers["Cache-Control"] == "no-store"
        assert visitor.headers["X-Content-Type-Options"] == "nosniff"
        assert visitor.headers["Referrer-Policy"] == "no-referrer"
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', visitor.text)
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", visitor.text)


# ── the board ──────────────────────────────────────────────────────────────────────────────────────────
async def test_the_board_counts_what_is_open_overdue_and_untouched(world: World, visitor: Visitor):
    first = await world.api_lead()
    await world.api_lead(name="王工", phone="13700000002", company="绍兴某阀门厂", owner="liqian")
    await world.at("2026-11-23 15:34")
    third = await world.api_lead(name="赵工", phone="13700000003", company="宁波新来的厂")
    await visitor.enters(world.boss)
    assert re.search(r"3 在跟 2 超时 0 未送达 3 待首触", visitor.words), visitor.words
    await visitor.opens("/board?state=overdue")
    assert first in visitor.words
    assert third not in visitor.words
    assert "4:02 首次触达" in visitor.words
    await visitor.opens("/board?state=overdue&owner=liqian")
    assert "绍兴某阀门厂" in visitor.words
    assert first not in visitor.words
    await visitor.opens("/board?q=新来")
    assert "1 条" in visitor.words
    await visitor.opens("/board?q=13700000003")  # numbers are found in the chat, not spread by a list
    assert "没有符合条件的线索" in visitor.words
    await visitor.opens("/board/charts.json")
    found = json.loads(visitor.text)
    assert {one["name"]: (one["fine"], one["first"], one["last"]) for one in found["ladder"]} == {
        "王磊": (1, 0, 1), "李倩": (0, 0, 1),
    }  # fmt: skip


async def test_a_board_and_the_chat_say_the_same_is_overdue(world: World, visitor: Visitor):
    ids = [await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙丙'[n]}厂") for n in range(3)]
    await world.rep.says(f"/跟进 {ids[0]} 电话 等待报价 周五上午发方案")
    await world.idle()
    await world.at("2026-11-24 14:00")
    await world.rep.says(f"/跟进 {ids[1]} 电话 有意向 12月15日回访")
    await world.idle()
    for wall in ("2026-11-25 10:01", "2026-11-25 10:03", "2026-11-26 14:05", "2026-11-27 09:30"):
        await world.at(wall)
        world.boss.looks_away()
        await world.boss.says("/超时")
        card = await world.boss.sees("超时")
        said = set(re.findall(r"L-\d+", card.text))
        async with Visitor(world) as one:
            await one.enters(world.boss)
            await one.opens("/board?state=overdue")
            assert set(re.findall(r"L-\d+", one.words)) == said, wall


async def test_a_message_that_did_not_arrive_is_on_the_board(world: World, visitor: Visitor):
    assert isinstance(world.sim, WecomServer)
    world.sim.members["wanglei"].visible = False
    id = await world.api_lead()
    await visitor.enters(world.boss)
    assert "1 未送达" in visitor.words
    await visitor.opens("/board?state=undelivered")
    assert id in visitor.words
    await visitor.opens(f"/leads/{id}?show=message")
    assert "未送达：" in visitor.words
    world.sim.members["wanglei"].visible = True
    await world.rep.says(f"/跟进 {id} 电话 等待报价 周五上午发方案")
    await world.idle()
    await visitor.opens("/board?state=undelivered")
    assert "消息都送到了" in visitor.words


async def test_many_pages_and_odd_queries_are_answered(world: World, visitor: Visitor):
    await world.api_lead()
    await visitor.enters(world.boss)
    for query in ("page=99", "page=-1", "page=x", "page=99999999999999999999", "state=nothing", "sort=;drop", "owner=' OR 1=1",
                  "q=%25", "q=%27%22%3Cscript%3E", "status=zzz", "team=%F0%9F%98%80", "q=L-99999999999", "q=%00"):  # fmt: skip
        await visitor.opens(f"/board?{query}")
        assert visitor.status == 200, query
        assert "<script>" not in visitor.text.replace("</script>", "")


# ── a lead ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_timeline_tells_everything_that_happened(world: World, visitor: Visitor):
    id = await world.api_lead()
    await world.at("2026-11-23 15:34")
    await world.rep.says(f"/跟进 {id} 电话 等待报价 周五上午发方案")
    await world.idle()
    await visitor.enters(world.boss, f"/看板 {id}")
    assert visitor.path == f"/leads/{id}"
    for words in ("线索进来 官网询盘", "分给 王磊", "发给 王磊「🔔 新线索", "已送达", "超时提醒「首次触达」", "已告诉主管",
                  "王磊 跟进 · 电话 · 等待报价", "下一步：", "首次触达", "2026-11-23 周一", "15:34", "接下来"):  # fmt: skip
        assert words.split("「")[0] in visitor.words, words
    await visitor.opens(f"/leads/{id}?show=clock")
    assert "超时提醒" in visitor.words
    assert "线索进来" not in visitor.words
    await world.idle()
    assert ("zhangmin", id) in [(who, what) for who, what, _ in await trail(world, "lead.viewed")]


async def test_numbers_are_masked_until_asked_for_and_each_look_is_written_down(
    world: World, visitor: Visitor
):
    id = await world.api_lead(note="也可以打 13900001111")
    await visitor.enters(world.boss, f"/看板 {id}")
    assert "138****5678" in visitor.words
    assert "13812345678" not in visitor.text
    assert "13900001111" not in visitor.text
    before = len(await trail(world, "customer.phone_shown"))
    await visitor.sends("/reveal")
    assert "138 1234 5678" in visitor.words
    shown = (await trail(world, "customer.phone_shown"))[before:]
    assert [(who, what) for who, what, _ in shown] == [("zhangmin", "C-0301")]
    assert "5678" not in shown[0][2]


async def test_a_manager_urges_reassigns_and_lets_pass(world: World, visitor: Visitor):
    id = await world.api_lead()
    await world.at("2026-11-23 15:34")
    await visitor.enters(world.boss, f"/看板 {id}")
    urge = next(one for one in visitor.forms() if "/urge" in one[0])
    await visitor.sends("/urge")
    assert "已催负责人" in visitor.words
    await visitor.posts(*urge)  # the same press again
    await world.idle()
    await world.rep.sees(f"张敏 催你跟进 {id}")
    assert world.rep.count("催你跟进") == 1
    await visitor.opens(f"/leads/{id}")
    await visitor.sends("/waive", why=" ")
    assert (visitor.status, "请写一句放过的理由" in visitor.words) == (422, True)
    await visitor.opens(f"/leads/{id}")
    old = next(one for one in visitor.forms() if "/reassign" in one[0])
    await visitor.sends("/waive", why="客户出差，下周回")
    assert "已放过" in visitor.words
    await world.rep.sees(f"张敏 放过了 {id}", "客户出差，下周回")
    await visitor.opens("/board?state=overdue")
    assert id not in visitor.words
    await visitor.opens(f"/leads/{id}")
    await visitor.sends("/reassign", to="liqian", why="她熟汽配")
    assert "已转派" in visitor.words
    await world.idle()
    await world.rep2.sees(f"新线索 {id}")
    await visitor.posts(old[0], old[1] | {"to": "wanglei"})  # a page from before
    assert visitor.status == 422
    async with world.db.read() as tx:
        owner = (await tx.execute(sa.select(lead.c.owner).where(lead.c.id == int(id[2:])))).scalar_one()
    assert owner == "liqian"


async def test_a_form_from_elsewhere_changes_nothing(world: World, visitor: Visitor):
    id = await world.api_lead()
    await visitor.enters(world.boss, f"/看板 {id}")
    action, values = next(one for one in visitor.forms() if "/reassign" in one[0])
    for csrf in ("", "x", values["csrf"][:-1]):
        await visitor.posts(action, values | {"csrf": csrf, "to": "liqian"})
        assert visitor.status == 403
    async with world.db.read() as tx:
        owner = (await tx.execute(sa.select(lead.c.owner).where(lead.c.id == int(id[2:])))).scalar_one()
    assert owner == "wanglei"
    for fields in ({"version": "x"}, {"once": "!"}, {"version": ""}, {"to": "nobody"}, {"to": "sunhao"}):
        await visitor.posts(
            action,
            values | {"to": "liqian", "once": f"again-{len(fields)}-{next(iter(fields.values()))}"} | fields,
        )
        assert visitor.status in (400, 422), fields


async def test_empty_pages_say_what_to_do(world: World, visitor: Visitor):
    await visitor.opens("/")
    assert "给机器人发 /看板" in visitor.words
    await visitor.enters(world.rep)
    assert "把客户的聊天发给机器人" in visitor.words
    await visitor.opens("/board?state=overdue")
    assert "都在期限内" in visitor.words
    await visitor.opens("/leads/L-4711")
    assert (visitor.status, "没有 L-4711 这条线索" in visitor.words) == (404, True)
    await visitor.opens("/leads/x")
    assert visitor.status == 404
