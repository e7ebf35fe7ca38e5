"""The pages in a real browser, 1280 and 390 pixels wide: scripts, pictures, keyboard, contrast, nothing from outside."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.browser.board_kit import NOW, fill
from tests.browser.kit import missing, visit
from tests.browser.test_console_page import CONTRAST
from tests.web.pages_kit import link_of
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing() or "there is one")]


@pytest.fixture(params=["wecom"])
def platform(request: pytest.FixtureRequest) -> str:
    """Pages know no platform."""
    return str(request.param)


@pytest.fixture(params=[1280, 390])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
async def page(world: World, width: int) -> AsyncIterator[Any]:
    """A manager who came in through the chat's link; afterwards nothing may have complained or been asked elsewhere."""
    await world.at("2026-11-26 15:20")
    assert abs((world.clock.now() - NOW).total_seconds()) < 60
    await fill(world.db, world.clock.now(), 46)
    entrance = f"{world.url}/login?token={await link_of(world.boss)}"
    async with visit(world.url, width, entrance) as page:
        await page.wait_for_selector("#board")
        yield page


async def listed(page: Any, count: int) -> None:
    """Waits until the list has so many rows (the page's own policy forbids to wait with an expression)."""
    async with asyncio.timeout(20):
        while await page.locator("#list tbody tr").count() != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def fits(page: Any) -> bool:
    """Whether nothing sticks out to the right of the screen."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_the_board_draws_filters_and_pages(world: World, page: Any) -> None:
    await page.wait_for_selector("[data-drawn='2']")
    painted = """c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v)"""
    for canvas in await page.query_selector_all(".chart canvas"):
        assert await canvas.evaluate(painted)
    assert await fits(page)
    assert await page.evaluate(CONTRAST) == []
    await page.select_option("select[name=status]", "quoting")
    await listed(page, 5)
    assert "status=quoting" in page.url
    assert set(await page.locator("#list .tag").all_inner_texts()) == {"等待报价"}
    await page.wait_for_selector("[data-drawn='2']")  # drawn again in the new inside
    await page.fill("input[name=q]", "L-2005")
    await page.keyboard.press("Enter")
    await listed(page, 1)
    await page.go_back()
    await listed(page, 5)
    await page.click("text=清除")
    await page.click("text=下一页")
    await page.wait_for_selector("text=第 2 页，共 3 页")
    assert await fits(page)


async def test_a_lead_can_be_worked_on_by_keyboard(world: World, page: Any) -> None:
    await page.goto(f"{world.url}/leads/L-2005")
    assert await fits(page)
    assert await page.evaluate(CONTRAST) == []
    await page.focus("summary >> text=转派给别人")
    await page.keyboard.press("Enter")
    await page.select_option("select[name=to]", "liqian")
    await page.fill("input[name=why] >> nth=0", "她熟汽配")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=已转派。")
    assert "负责人 李倩" in await page.inner_text(".head")
    await page.click("text=显示号码")
    await page.wait_for_selector("text=已显示完整号码")
    assert "139 0000 0004" in await page.inner_text("main")
    assert await fits(page)


async def test_the_other_pages_fit_and_can_be_read(world: World, page: Any) -> None:
    for path in ("/customers/C-2005", "/trail", "/board?state=overdue&q=zzz", "/login", "/board?state=pool"):
        await page.goto(world.url + path)
        assert await fits(page), path
        assert await page.evaluate(CONTRAST) == [], path


async def test_a_session_that_ended_leads_back_to_the_door(world: World, page: Any) -> None:
    await page.context.clear_cookies()
    await page.select_option("select[name=sort]", "newest")
    await page.wait_for_selector("text=还没有登录")
