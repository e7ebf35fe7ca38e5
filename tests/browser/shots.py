"""The pictures of the README, taken from a running demo: `make shots`, or this file with where to put them."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.kit import browser, missing
from tests.demo_kit import BOSS, USERS, Demo, running

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


async def draft(one: Demo) -> None:
    """A chat becomes a draft on both platforms."""
    await one.does(
        "wecom", USERS["wecom"], "say",
        text="陈工：你好，我是宁波恒达汽配有限公司的陈立，想询一款液压阀块\n陈工：月用量 300 件，图纸可以发你\n"
        "王磊：收到，方便留个电话吗？\n陈工：13812345678，下周三前能给报价吗",
    )  # fmt: skip
    await one.sees("wecom", USERS["wecom"], "识别到联系人（草稿）")
    lines = [
        ["赵经理", "我是无锡华泰机械的赵强，想先要两件阀块样品"],
        ["赵经理", "电话 13770001234，周五前给我回复"],
    ]
    await one.does("dingtalk", USERS["dingtalk"], "forward", lines=lines)
    await one.sees("dingtalk", USERS["dingtalk"], "识别到联系人（草稿）")


async def checkin(one: Demo) -> None:
    """WeCom: the check-in to its end; DingTalk: its second step."""
    rep, ding = USERS["wecom"], USERS["dingtalk"]
    await one.clicks("wecom", rep, "存为新客户")
    await one.sees("wecom", rep, "已存为 C-")
    await one.clicks("wecom", rep, "开始跟进")
    await one.sees("wecom", rep, "1/3")
    await one.clicks("wecom", rep, "电话")
    await one.sees("wecom", rep, "2/3")
    await one.clicks("wecom", rep, "需要样品")
    await one.sees("wecom", rep, "3/3")
    await one.post("/api/clock", {"pass_seconds": 41})  # as long as it takes a person
    await one.does("wecom", rep, "say", text="周二前发测试报告")
    await one.sees("wecom", rep, "已记录")
    await one.clicks("dingtalk", ding, "存为新客户")
    await one.sees("dingtalk", ding, "已存为 C-")
    await one.clicks("dingtalk", ding, "开始跟进")
    await one.sees("dingtalk", ding, "1/3")
    await one.clicks("dingtalk", ding, "微信")
    await one.sees("dingtalk", ding, "2/3")


async def climb(one: Demo) -> None:
    """An enquiry that nobody touched reaches the manager."""
    await one.does("dingtalk", "zhangmin03", "say", text="/帮助")  # from now on she is told on DingTalk
    await one.sees("dingtalk", "zhangmin03", "/超时")
    await one.does("wecom", "LiQian", "enter")
    await one.sees("wecom", "LiQian", "你好，李倩")
    fields = {"name": "周海燕", "phone": "13905710001", "company": "苏州启明自动化设备有限公司", "city": "苏州",
              "source": "官网询盘", "need": "阀岛配套油路块 80 件，月底前打样", "owner": "liqian"}  # fmt: skip
    made = await one.post("/api/lead", fields)
    await one.sees("wecom", "LiQian", "新线索", made["answer"]["id"])
    await one.post("/api/clock", {"pass_seconds": 6.5 * 3600})
    await one.sees("wecom", "LiQian", "已通知张敏")
    await one.sees("dingtalk", "zhangmin03", "超时未首触", made["answer"]["id"])


async def aibot(one: Demo, page: Any) -> None:
    """The same on the AI bot's long connection, with its frames beside it."""
    await page.click("#wecom .person:has-text('王磊')")
    await page.click("#wecom .kinds [data-surface=wecom_aibot]")
    await page.click("#tab-wire")
    await one.does(
        "wecom_aibot",
        USERS["wecom"],
        "say",
        text="上海睿恒自动化科技有限公司\n高俊杰  技术总监\n137 6420 8899",
    )
    await one.sees("wecom_aibot", USERS["wecom"], "识别到联系人（草稿）")
    await page.locator(
        "#wire .exchange:has(.tag.wecom_aibot):has-text('callback text') summary"
    ).first.click()


async def trouble(one: Demo, page: Any) -> None:
    """A message that the platform lost, one that it refuses, and the ledger beside it."""
    await page.click("#wecom .kinds [data-surface=wecom]")
    await page.click("#tab-faults")
    await page.click("#faults [data-trouble=drop]")
    await one.does("wecom", USERS["wecom"], "say", text="/今日")
    await page.wait_for_timeout(2500)
    await page.click("#faults [data-trouble='60020']")
    await one.does("wecom", USERS["wecom"], "say", text="/帮助")
    await page.wait_for_selector("#faults .ledger td:has-text('60020')")


async def board(one: Demo, window: Any, to: Path) -> None:
    """The product's own pages, by the one-time link that the bot hands out in the chat."""
    await one.does("dingtalk", BOSS["dingtalk"], "say", text="/看板")
    host = one.url.rpartition(":")[0]
    link = ""
    for _ in range(60):
        for row in await one.screen("dingtalk", BOSS["dingtalk"]):
            for press in row["buttons"]:
                link = press["link"] if press["link"].startswith(host) else link
        if link:
            break
        await asyncio.sleep(0.3)
    if not link:
        raise AssertionError("the bot gave no link to its pages")
    page = await window.new_page(viewport=WIDE)
    await page.goto(link)
    if await page.locator("form button").count():
        await page.locator("form button").first.click()
        await page.wait_for_load_state()
    await take(page, "board", to)
    await page.set_viewport_size(NARROW)
    await take(page, "board-narrow", to)


async def take(page: Any, name: str, to: Path) -> None:
    """One picture, when everything has come to rest."""
    await page.wait_for_timeout(1600)
    await page.screenshot(path=to / f"{name}.png")
    sys.stdout.write(f"{to / name}.png\n")


async def shots(to: Path) -> None:
    """The story, with a picture where something is to be seen."""
    with tempfile.TemporaryDirectory() as room:
        async with running(Path(room) / "demo", "--fresh") as one, browser() as window:
            await one.bot_up()
            await one.post("/api/clock", {"to": "morning"})
            page = await window.new_page(viewport=WIDE)
            await page.goto(one.url)
            await draft(one)
            await take(page, "draft", to)
            await checkin(one)
            await take(page, "checkin", to)
            await page.click("#tab-wire")
            await page.locator("#wire .exchange:has-text('callback text') summary").first.click()
            await take(page, "wire", to)
            await page.click("#tab-guide")
            await climb(one)
            await page.click("#wecom .person:has-text('李倩')")
            await page.click("#dingtalk .person:has-text('张敏')")
            await take(page, "escalation", to)
            await board(one, window, to)
            phone = await window.new_page(viewport=NARROW)
            await phone.goto(one.url)
            await take(phone, "narrow-guide", to)
            await phone.click(".views [data-view=wecom]")
            await take(phone, "narrow-wecom", to)
            await phone.click(".views [data-view=dingtalk]")
            await take(phone, "narrow-dingtalk", to)
            await aibot(one, page)
            await take(page, "aibot", to)
            await trouble(one, page)
            await take(page, "faults", to)


def main() -> int:
    """Returns 2 where no picture can be taken."""
    if why := missing():
        sys.stderr.write(f"不能截图：{why}\n")
        return 2
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    to.mkdir(parents=True, exist_ok=True)
    asyncio.run(shots(to))
    return 0


if __name__ == "__main__":
    sys.exit(main())
