"""The HTTP side over a running engine without platforms: who may hand leads in, what is refused and how."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestServer

import handlers.customers
import handlers.leads
import handlers.transfer
import web.api
from bot.clock import Clock
from bot.config import Config
from bot.engine import Engine
from bot.quota import Quota
from store import tables
from store.cache import LocalShared
from store.db import INTAKE, Database
from tests.bot.kit import Recorder
from tests.world import rows
from web.app import make_app

TOKEN = "token-of-the-website"
BODY = {
    "name": "陈立",
    "phone": "139 0000 0001",
    "company": "宁波恒达汽配有限公司",
    "source": "官网询盘",
    "need": "阀块报价",
}
Answer = tuple[int, dict[str, Any]]


class Client:
    """Somebody who calls the API."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession) -> None:
        self.server, self.session = server, session

    async def post(self, body: Any, *, key: str = "", token: str = TOKEN, raw: bytes | None = None) -> Answer:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        if key:
            headers["Idempotency-Key"] = key
        data = raw if raw is not None else json.dumps(body).encode()
        async with self.session.post(
            self.server.make_url("/api/v1/leads"), data=data, headers=headers
        ) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.server.make_url(path)) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def engine(db: Database) -> AsyncIterator[Engine]:
    """The bot without a platform: forms still become leads."""
    config = Config.model_validate(
        {
            "api": {"tokens": ("", TOKEN, "another-token")},
            "team": [{"name": "华东", "manager": "zhangmin"}],
            "member": [
                {"id": "wanglei", "name": "王磊", "team": "华东", "regions": ["浙江"], "tags": ["汽配"]},
                {"id": "liqian", "name": "李倩", "team": "华东", "regions": ["江苏"]},
                {"id": "zhangmin", "name": "张敏", "team": "华东", "roles": ["manager"]},
            ],
        }
    )
    routers = [handlers.leads.router, handlers.transfer.router, handlers.customers.router]
    clock = Clock()
    running = Engine(db, config, clock, routers, [], LocalShared(), Quota(db, config.app.zone))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[Client]:
    """The API, listening."""
    server = TestServer(make_app(engine))
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        yield Client(server, session)
    await server.close()


async def test_a_lead_is_created_and_assigned_with_a_reason(client: Client, db: Database) -> None:
    status, answer = await client.post(BODY)
    assert (status, answer) == (201, {"id": "L-1001"})
    (lead,) = await rows(db, tables.lead)
    assert (lead.owner, lead.source, lead.need) == ("wanglei", "官网询盘", "阀块报价")
    assert lead.assigned_why == "浙江 / 汽配 / 今日第 1 条"
    (contact,) = await rows(db, tables.contact)
    assert (contact.phone, contact.phone_key) == ("13900000001", "13900000001")
    assert [fact.name for fact in await rows(db, tables.fact)] == ["lead.created", "lead.assigned"]


async def test_the_same_key_again_gives_the_same_answer_and_nothing_else(
    client: Client, db: Database
) -> None:
    first = await client.post(BODY, key="k-1")
    again = await client.post(BODY, key="k-1")
    spaced = await client.post(BODY | {"phone": "+86 13900000001 "}, key="k-1")
    other = await client.post(BODY | {"need": "样品"}, key="k-1")
    assert first == (201, {"id": "L-1001"})
    assert again == spaced == (200, {"id": "L-1001"})
    assert other[0] == 409
    assert other[1]["error"]["code"] == "key_reused"
    assert len(await rows(db, tables.lead)) == 1


async def test_keys_belong_to_their_token(client: Client) -> None:
    assert (await client.post(BODY, key="k-1"))[1] == {"id": "L-1001"}
    assert (await client.post(BODY, key="k-1", token="another-token")) == (201, {"id": "L-1002"})


async def test_many_at_once_with_one_key_are_one_lead(client: Client, db: Database) -> None:
    answers = await asyncio.gather(*(client.post(BODY, key="k-1") for _ in range(8)))
    assert {json.dumps(answer) for _, answer in answers} == {'{"id": "L-1001"}'}
    assert {status for status, _ in answers} <= {200, 201}
    assert len(await rows(db, tables.lead)) == 1


async def test_many_at_once_with_one_phone_are_one_customer(client: Client, db: Database) -> None:
    answers = await asyncio.gather(*(client.post(BODY, key=f"k-{n}") for n in range(6)))
    assert len({answer["id"] for _, answer in answers}) == 6
    assert len(await rows(db, tables.customer)) == 1
    assert {lead.owner for lead in await rows(db, tables.lead)} == {"wanglei"}


async def test_a_known_phone_goes_to_its_customer_and_owner(client: Client, db: Database) -> None:
    await client.post(BODY | {"owner": "liqian"})
    await client.post({"name": "陈经理", "phone": "13900000001", "city": "宁波"})
    first, second = await rows(db, tables.lead)
    assert first.customer == second.customer
    assert second.owner == "liqian"
    assert second.assigned_why == "你的老客户 C-0301"


async def test_nobody_there_puts_it_into_the_pool(client: Client, engine: Engine, db: Database) -> None:
    async with db.write() as tx:
        await tx.execute(sa.update(tables.member).values(available=False))
    assert (await client.post(BODY))[0] == 201
    (lead,) = await rows(db, tables.lead)
    assert lead.owner == ""
    told = [row for row in await rows(db, tables.card) if row.kind == "lead.unassigned"]
    held = await rows(db, tables.notice)  # at night it waits for the morning
    assert [row.member for row in [*told, *held]] == ["zhangmin"]
    assert "王磊：浙江/汽配，今日 0 条，不在岗" in (
        told[0].body if told else held[0].payload.replace('\\"', '"')
    )


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"name": "", "company": None}, "invalid_name", "company 至少要有一个"),
        ({"phone": None}, "invalid_phone", "email 至少要有一个"),
        ({"phone": "abc"}, "invalid_phone", "不是电话号码"),
        ({"phone": "123"}, "invalid_phone", "不是电话号码"),
        ({"phone": True}, "invalid_phone", "要是文本"),
        ({"email": "nobody"}, "invalid_email", "不是邮箱"),
        ({"need": ["a"]}, "invalid_need", "要是文本"),
        ({"name": "王" * 65}, "invalid_name", "最多 64 个字符，现在 65 个"),
        ({"owner": "nobody"}, "invalid_owner", "没有成员"),
    ],
)
async def test_a_wrong_field_is_named(
    client: Client, db: Database, changes: dict[str, Any], code: str, words: str
) -> None:
    status, answer = await client.post(BODY | changes)
    assert status == 422
    assert answer["error"]["code"] == code
    assert words in answer["error"]["message"]
    assert await rows(db, tables.lead) == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 30_000])
async def test_what_is_no_object_is_a_bad_request(client: Client, raw: bytes) -> None:
    status, answer = await client.post(None, raw=raw)
    assert (status, answer["error"]["code"]) == (400, "bad_json")


@pytest.mark.parametrize("phone", [13900000001, "0574-87654321-801", "+1 (415) 555-2671", "４００ 123 4567"])
async def test_phones_of_all_kinds_are_taken(client: Client, phone: object) -> None:
    assert (await client.post(BODY | {"phone": phone}))[0] == 201


@pytest.mark.parametrize("token", ["", "wrong", "token-of-the-websit", "令牌".encode().decode("latin-1")])
async def test_without_the_token_nothing_goes(client: Client, db: Database, token: str) -> None:
    status, answer = await client.post(BODY, token=token)
    assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert [row.dedup for row in await rows(db, tables.inbox) if not row.dedup.startswith("started:")] == []


async def test_a_body_has_a_limit_in_size_and_in_time(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, answer = await client.post(None, raw=b'{"need": "' + b"x" * 70_000 + b'"}')
    assert (status, answer["error"]["code"]) == (413, "too_large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * 10_000

    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = client.server.make_url("/api/v1/leads")
    async with client.session.post(url, data=pieces(), headers=headers) as chunked:
        assert chunked.status == 413

    real = web.api.read_body
    monkeypatch.setattr(
        web.api, "read_body", lambda request, *, limit: real(request, limit=limit, seconds=0.05)
    )
    host, port = client.server.host, client.server.port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        f"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 50\r\n\r\n{{".encode()
    )
    line = await asyncio.wait_for(reader.readline(), 5)
    assert b"408" in line
    writer.close()
    await writer.wait_closed()


async def test_what_is_not_there_is_refused_in_the_same_shape(client: Client) -> None:
    status, text = await client.get("/nothing")
    assert (status, json.loads(text)["error"]["code"]) == (404, "not_found")
    status, text = await client.get("/api/v1/leads")
    assert (status, json.loads(text)["error"]["code"]) == (405, "method_not_allowed")


async def test_a_refusal_of_the_business_carries_the_event(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unchecked(self: web.api.LeadsApi, raw: dict[str, Any]) -> dict[str, str]:
        return {name: str(raw.get(name, "")) for name in web.api.LENGTHS}

    monkeypatch.setattr(web.api.LeadsApi, "_checked", unchecked)  # the member leaves right after the check
    status, answer = await client.post(BODY | {"owner": "nobody"})
    assert status == 422
    assert answer["error"]["message"] == "没有成员 nobody"
    assert re.fullmatch(r"E-\d+", answer["error"]["event_id"])


async def test_health(client: Client, engine: Engine, db: Database) -> None:
    assert await client.get("/healthz") == (200, '{"status": "ok"}')
    assert (await client.get("/readyz"))[0] == 200
    engine.draining = True
    status, text = await client.get("/readyz")
    engine.draining = False
    assert (status, json.loads(text)["reasons"]) == (503, ["正在停止"])


async def test_ready_with_warnings_and_not_ready_without_any_connection(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(Recorder):
        why = "连接断开"

        def trouble(self) -> str:
            return self.why

    lost = Lost()
    monkeypatch.setattr(engine, "platforms", [lost, Recorder()])
    status, text = await client.get("/readyz")
    assert (status, json.loads(text)["warnings"]) == (200, ["wecom：连接断开"])
    monkeypatch.setattr(engine, "platforms", [lost])
    status, text = await client.get("/readyz")
    assert (status, json.loads(text)["reasons"]) == (503, ["wecom：连接断开"])
    lost.why = ""

    async def silent() -> bool:
        return False

    monkeypatch.setattr(engine.shared, "alive", silent, raising=False)
    status, text = await client.get("/readyz")
    assert status == 200
    assert json.loads(text)["warnings"] == ["Redis 没有回应，副本之间不共享频率和唤醒"]
    monkeypatch.setattr(engine, "ended", lambda: ["Pump.run"])
    status, text = await client.get("/readyz")
    assert (status, json.loads(text)["reasons"]) == (503, ["Pump.run 停了，请重启"])


async def test_not_ready_while_nothing_that_comes_can_be_stored(client: Client, db: Database) -> None:
    """Work may still be done: on PostgreSQL what comes in has a connection of its own."""
    async with db.write(INTAKE):
        status, text = await client.get("/readyz")
    assert (status, json.loads(text)["reasons"]) == (503, ["数据库：3 秒内没有回应"])
    assert (await client.get("/readyz"))[0] == 200


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("minutes", "how"), [(10, "快 10 分钟"), (-7, "慢 7 分钟")])
async def test_a_clock_that_is_off_is_told_to_whoever_watches(
    client: Client, engine: Engine, minutes: int, how: str
) -> None:
    """The replica refuses callbacks as too old; it stays in traffic, for the wrong clock may be the server's."""
    assert json.loads((await client.get("/readyz"))[1]) == {"status": "ready"}
    engine.clock.jump(timedelta(minutes=minutes))
    status, text = await client.get("/readyz")
    assert (status, json.loads(text)["warnings"]) == (200, [f"本机的钟比数据库服务器{how}，请校准（NTP）"])


async def test_not_ready_names_the_database_but_not_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_db: Database, _way: int) -> None:
        raise ConnectionRefusedError("postgresql://user:secret@host")

    monkeypatch.setattr("web.health.ping", away)
    status, text = await client.get("/readyz")
    assert status == 503
    assert json.loads(text)["reasons"] == ["数据库：连不上数据库服务器：看地址、端口、服务器在不在运行"]
    assert "secret" not in text


async def test_metrics_count_what_waits_and_what_was_asked(client: Client) -> None:
    await client.post(BODY)
    await client.post({}, token="wrong")
    _, text = await client.get("/metrics")
    assert 'genjin_queue_dead{queue="inbox"} 0.0' in text
    assert 'genjin_queue_in_hand{queue="outbox"} ' in text
    assert "genjin_timer_late_seconds 0.0" in text
    assert 'genjin_http_requests_total{method="POST",route="/api/v1/leads",status="201"} 1.0' in text
    assert 'genjin_http_requests_total{method="POST",route="/api/v1/leads",status="401"} 1.0' in text
    assert 'genjin_http_seconds_count{route="/api/v1/leads"} 2.0' in text
    assert re.search(r"^genjin_replicas [1-9]", text, re.MULTILINE)
    assert re.search(r'^genjin_check_state\{check="平台"\} [012]\.0', text, re.MULTILINE), (
        "asked soon, not yet"
    )


async def test_the_page_and_the_description(client: Client) -> None:
    status, text = await client.get("/")
    assert status == 200
    assert "跟进" in text
    status, text = await client.get("/api/v1/openapi.json")
    assert status == 200
    assert json.loads(text)["openapi"] == "3.1.0"


def test_the_description_knows_every_field_and_route() -> None:
    docs = Path(__file__).parents[2] / "docs"
    described = json.loads((docs / "openapi.json").read_text("utf-8"))
    fields = described["components"]["schemas"]["NewLead"]["properties"]
    assert {name: field["maxLength"] for name, field in fields.items()} == web.api.LENGTHS
    assert set(described["paths"]) == {
        "/api/v1/leads", "/hooks/{name}", "/healthz", "/readyz", "/metrics", "/forms/{name}", "/forms/{name}/embed.js",
        "/import/template.xlsx", "/import/{token}", "/import/{token}/file", "/import/{token}/start",
        "/import/{token}/undo", "/import/{token}/errors.xlsx",
    }  # fmt: skip
    text = (docs / "api.md").read_text("utf-8")
    for name, length in web.api.LENGTHS.items():
        assert re.search(rf"\| `{name}` \|.*\| {length} \|", text), name
