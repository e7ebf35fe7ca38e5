"""The guided tour from end to end in a real browser over the real demo, on both phones, with the bot killed on the way."""

from pathlib import Path

import pytest

from tests.browser.kit import browser, missing
from tests.demo_kit import running

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is one"),
    pytest.mark.timeout(400),
]
PATIENT = 60_000.0  # milliseconds


async def test_six_steps_are_walked_and_ticked_and_a_kill_changes_nothing(tmp_path: Path) -> None:
    asked: set[str] = set()
    async with running(tmp_path / "demo", "--fresh") as one, browser() as window:
        await one.bot_up()
        host = one.url.removeprefix("http://")
        page = await window.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENT)
        page.on("request", lambda request: asked.add(request.url.split("/")[2]))
        await page.goto(one.url)
        await page.wait_for_selector(".bot.up")

        async def done(step: str) -> None:
            await page.wait_for_selector(f"#guide [data-step={step}].done")

        async def press(label: str) -> None:
            await page.click(f"#guide .chip:has-text('{label}')")

        await press("到工作日早上")
        await page.wait_for_selector("#now >> text=08:45")
        await press("企业微信上粘贴聊天")
        await done("chat")
        await page.click("#wecom button:has-text('存为新客户')")
        await page.click("#wecom button:has-text('开始跟进')")
        await page.wait_for_selector("#wecom h3:has-text('1/3')")
        await press("去「故障」")
        await page.click("#faults button:has-text('kill -9')")
        await page.wait_for_selector(".bot.down")
        await page.wait_for_selector(".bot.up")
        await page.click("#tab-guide")
        await page.click("#wecom button:has-text('电话')")
        await page.wait_for_selector("#wecom h3:has-text('2/3')")
        await press("发这段语音")
        await done("expo")
        await press("贴名片文字")
        await done("card")
        await press("提交一条询盘")
        await done("web")
        await press("过 2 小时")
        await page.wait_for_selector("#now >> text=10:45")
        await press("再过 4 小时")
        await done("silence")
        await press("发 /诊断")
        await done("admin")
        assert "6/6" in await page.inner_text("#guide .hint >> nth=0")
        assert "--config" in await page.inner_text("#guide .ended")
        await page.reload()
        await page.wait_for_selector("#guide [data-step=admin].done")
    assert asked == {host}, "nothing is asked of another host"
