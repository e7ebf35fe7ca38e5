"""接入 in a real browser, 1280 and 390 pixels wide: by keyboard, with the scripts, readable, nothing from outside."""

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.kit import missing, visit
from tests.browser.test_board_page import fits
from tests.browser.test_console_page import CONTRAST
from tests.web.pages_kit import link_of
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing() or "there is one")]
SHOTS = os.environ.get("GENJIN_SHOTS", "")


@pytest.fixture(params=["wecom"])
def platform(request: pytest.FixtureRequest) -> str:
    """Pages know no platform."""
    return str(request.param)


@pytest.fixture(params=[1280, 390])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
async def page(world: World, width: int) -> AsyncIterator[Any]:
    """An admin who came in through the chat's link; afterwards nothing may have complained or been asked elsewhere."""
    entrance = f"{world.url}/login?token={await link_of(world.admin, '/接入')}"
    async with visit(world.url, width, entrance, console=False) as page:
        await page.wait_for_selector("text=现有的来源")
        yield page


async def looks(page: Any, name: str) -> None:
    """Nothing sticks out, everything can be read; a picture where somebody wants one."""
    assert await fits(page), name
    assert await page.evaluate(CONTRAST) == [], name
    if SHOTS:
        size = page.viewport_size["width"]
        await page.screenshot(path=str(Path(SHOTS) / f"{name}-{size}.png"), full_page=True)


async def test_a_connector_is_added_by_keyboard(world: World, page: Any) -> None:
    await looks(page, "list")
    await page.focus(".choices a >> nth=0")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=4. 用样例试一下")
    await page.wait_for_selector("[data-copy=secret]:visible")
    secret = await page.input_value("#secret")
    assert len(secret) >= 24
    await page.focus("[data-fresh=secret]")
    await page.keyboard.press("Enter")
    assert await page.input_value("#secret") != secret
    await page.fill("input[name=name]", "douyin-2")
    assert (await page.input_value("#address")).endswith("/hooks/douyin-2")
    await looks(page, "new")
    await page.fill("textarea[name=map_phone]", "$.a{")
    await page.focus("button[value=save]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("[aria-invalid]")
    assert await page.evaluate("document.activeElement.name") == "map_phone"
    await looks(page, "wrong")
    await page.fill("textarea[name=map_phone]", "$.telphone")
    await page.fill(
        "textarea[name=sample]", json.dumps({"name": "陈立", "telphone": "13900000001", "age": 3})
    )
    await page.focus("button[value=try]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#outcome >> text=会成为一条线索")
    await page.wait_for_selector("#outcome >> text=没有用到的字段：age")
    await looks(page, "tried")
    await page.focus("button[value=save]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=已保存，马上生效")
    assert await page.input_value("#secret") == ""
    await page.focus("summary >> text=停用")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=确定停用")
    await looks(page, "saved")
    await page.click("text=确定停用")
    await page.wait_for_selector("text=已停用，不再收新的")
    await page.goto(f"{world.url}/sources/new/mailbox")
    await page.wait_for_selector("text=连一下")
    await looks(page, "mailbox")
    await page.goto(f"{world.url}/sources")
    await page.wait_for_selector("tr >> text=已停用")
    await looks(page, "list-after")


async def test_an_official_account_is_added_with_secrets_that_the_page_chose(world: World, page: Any) -> None:
    await page.goto(f"{world.url}/sources/new/official")
    await page.wait_for_selector("[data-copy=aes_key]:visible")
    for name, length in (("token", 32), ("aes_key", 43)):
        offered = await page.input_value(f"#{name}")
        await page.focus(f"[data-fresh={name}]")
        await page.keyboard.press("Enter")
        chosen = await page.input_value(f"#{name}")
        assert chosen != offered
        assert re.fullmatch(rf"[A-Za-z0-9]{{{length}}}", chosen)
    assert re.search("[AEIMQUYcgkosw048]$", chosen), "no bit is left over"
    await page.fill("input[name=name]", "main")
    assert (await page.input_value("#address")).endswith("/wechat/main")
    await looks(page, "official-new")
    await page.fill("input[name=app_id]", "公众号")
    await page.click("button[value=save]")
    await page.wait_for_selector("[aria-invalid]")
    assert await page.evaluate("document.activeElement.name") == "app_id"
    assert await page.input_value("#aes_key") == chosen
    await page.fill("input[name=app_id]", "wx0123456789")
    await page.click("button[value=save]")
    await page.wait_for_selector("text=现在到公众平台的「服务器配置」里提交")
    assert await page.input_value("#aes_key") == ""
    await looks(page, "official-saved")
