"""Addresses that come with a message lead to the platform and to the internet, never into the house."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import outward

OFFICIAL = ("https://api.dingtalk.com", "https://oapi.dingtalk.com")


@dataclass
class House:
    """A server of the house; who was there."""

    server: TestServer
    came: list[str] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server.port}{path}"


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async def answer(request: web.Request) -> web.Response:
        made.came.append(request.path)
        if request.path == "/on":
            raise web.HTTPFound(made.url("/secret", "localhost"))
        if request.path == "/round":
            raise web.HTTPFound("/round")
        return web.Response(body=b"x" * 5000, headers={"Content-Disposition": 'attachment; filename="a.csv"'})

    app = web.Application()
    app.add_routes([web.get("/{name}", answer)])
    server = TestServer(app)
    await server.start_server()
    made = House(server)
    yield made
    await server.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::1]", "[::ffff:127.0.0.1]", "a@127.0.0.1"],
)  # fmt: skip
async def test_nothing_is_fetched_inside_the_house(house: House, host: str) -> None:
    with pytest.raises((outward.Inside, OSError)) as refused:
        await outward.fetched(house.url("/secret", host), 100, OFFICIAL)
    assert isinstance(refused.value, outward.Inside), refused.value
    assert house.came == []


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://8.8.8.8/a", "//8.8.8.8/a", "http://", "gopher://x:1/"]
)
async def test_what_is_no_address_of_the_web_is_not_followed(url: str) -> None:
    with pytest.raises(outward.Inside):
        await outward.fetched(url, 100, OFFICIAL)


async def test_the_platform_s_own_host_is_fetched_as_far_as_asked_and_does_not_lead_inside(
    house: House,
) -> None:
    own = (house.url(""),)
    found = await outward.fetched(house.url("/file"), 1000, own)
    assert (found.status, len(found.body), found.disposition) == (200, 1001, 'attachment; filename="a.csv"')
    for path in ("/on", "/round"):
        with pytest.raises(outward.Inside):
            await outward.fetched(house.url(path), 1000, own)
    assert "/secret" not in house.came
    assert house.came.count("/round") == outward.HOPS + 1


@pytest.mark.parametrize(
    ("url", "answered"),
    [
        ("https://oapi.dingtalk.com/robot/sendBySession?session=5f", True),
        ("https://a.b.dingtalk.com/x", True),
        ("http://oapi.dingtalk.com/x", False),
        ("https://dingtalk.com.evil.example/x", False),
        ("https://evildingtalk.com/x", False),
        ("https://oapi.dingtalk.com@evil.example/x", False),
        ("https://evil.example/?oapi.dingtalk.com", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("https://evil.example\\.dingtalk.com/", False),
        ("", False),
    ],
)
def test_answers_go_to_the_platform_s_hosts(url: str, answered: bool) -> None:
    assert outward.of_platform(url, ("https://api.dingtalk.com",), "dingtalk.com") is answered


def test_the_host_that_the_deployer_named_is_the_platform_s() -> None:
    assert outward.of_platform("http://127.0.0.1:5001/session/1", ("http://127.0.0.1:5000",), "dingtalk.com")
    assert not outward.of_platform(
        "http://127.0.0.2:5001/session/1", ("http://127.0.0.1:5000",), "dingtalk.com"
    )
