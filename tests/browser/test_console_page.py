"""The console page in a real browser: what is typed, pressed and picked, keyboard, small screens, contrast, no outside."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sim.phone import Seen
from tests.browser.kit import browser, missing
from tests.sim.console_kit import CARD, Desk, connected, desk

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing() or "there is one")]
BOX, LOG = "#wecom .compose textarea", "#wecom .messages"

CONTRAST = """() => {
  const light = ([r, g, b]) => [r, g, b].map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; })
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const read = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return [n.slice(0, 3), n.length > 3 ? n[3] : 1]; };
  const ground = (node) => {
    const above = [];
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const image = style.backgroundImage.match(/rgba?\\([^)]*\\)/);
      const [color, alpha] = read(image ? image[0] : style.backgroundColor);
      above.push([color, alpha]);
      if (alpha === 1) break;
    }
    return above.reverse().reduce((under, [c, a]) => under.map((u, i) => u * (1 - a) + c[i] * a), [255, 255, 255]);
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.offsetParent || node.matches(":disabled, option")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(read(style.color)[0]), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)} ${node.outerHTML.slice(0, 80)}`);
  }
  return bad;
}"""


@pytest.fixture
async def here() -> AsyncIterator[Desk]:
    async with desk() as one:
        yield one


@pytest.fixture
async def page(here: Desk) -> AsyncIterator[Any]:
    """The page, opened; afterwards it must have complained about nothing and asked nobody else."""
    complaints: list[str] = []
    async with browser() as one:
        page = await one.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on(
            "request",
            lambda asked: complaints.append(asked.url) if not asked.url.startswith(here.page.url) else None,
        )
        await page.goto(here.page.url)
        await page.wait_for_selector(".bot.up")
        yield page
    assert complaints == []


async def said(here: Desk, count: int, user: str = "WangLei") -> list[str]:
    """What this person has written, once it is so much."""
    phone = here.console.wecom.phones[user]
    async with asyncio.timeout(5):
        while len(mine := [seen.text for seen in phone.seen if seen.mine]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return mine


async def test_enter_sends_and_shift_enter_breaks_the_line(here: Desk, page: Any) -> None:
    await page.fill(BOX, "")
    await page.type(BOX, "第一行")
    await page.press(BOX, "Shift+Enter")
    await page.type(BOX, "第二行")
    await page.press(BOX, "Enter")
    assert await said(here, 1) == ["第一行\n第二行"]
    assert await page.input_value(BOX) == ""
    await page.wait_for_selector(f"{LOG} .mine >> text=第二行")
    await page.press(BOX, "Enter")
    await page.type(BOX, "三")
    await page.press(BOX, "Enter")
    assert await said(here, 2) == ["第一行\n第二行", "三"], "an empty box sends nothing"


async def test_examples_are_one_click(here: Desk, page: Any) -> None:
    await page.click("#wecom .chip:has-text('同步至CRM 李四')")
    assert (await said(here, 1))[0].startswith("同步至CRM 李四 13800138000")
    await page.click("#wecom .chip:has-text('官网询盘')")
    await page.wait_for_selector(".toast.good >> text=L-1001")
    ((_, fields),) = here.bot.enquiries
    assert fields["company"] == "杭州启明自动化设备有限公司"


async def test_a_card_is_pressed_picked_and_changed_in_place(here: Desk, page: Any) -> None:
    told = await here.wecom_sends("WangLei", "template_card", CARD)
    card = f"{LOG} .wecom-card"
    await page.wait_for_selector(f"{card} h3 >> text=新线索 L-1001")
    await page.select_option(f"{card} select", label="出差")
    await page.click(f"{card} button:has-text('开始跟进')")
    async with asyncio.timeout(5):
        while not (found := here.console.wecom.wire.of("template_card_event")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert "<OptionId><![CDATA[away]]>" in found[0].sent
    wecom = here.console.wecom
    message = wecom.messages[told["msgid"]]
    token = {"access_token": next(iter(wecom.tokens))}
    body = {
        "userids": ["WangLei"], "agentid": wecom.agent_id, "response_code": wecom.issue_code(message),
        "button": {"replace_name": "已开始"},
    }  # fmt: skip
    url = f"{wecom.url}/cgi-bin/message/update_template_card"
    raw = json.dumps(body, ensure_ascii=False).encode()
    async with here.page.session.post(url, params=token, data=raw) as answer:
        assert (await answer.json(content_type=None))["errcode"] == 0
    await page.wait_for_selector(f"{card} button:disabled >> text=已开始")
    assert await page.locator(f"{card} select").is_disabled()
    assert await page.locator(card).count() == 1


async def test_markup_in_messages_stays_text(here: Desk, page: Any) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\"> **粗** [点我](javascript:alert(1))"
    await here.console.wecom.phones["WangLei"].show(Seen(0, "text", evil, 0.0))
    ding = here.console.dingtalk.phones["wanglei01"]
    await ding.show(Seen(0, "markdown", evil, 0.0, raw={"title": "x", "text": evil}))
    await page.wait_for_selector("#dingtalk .md b >> text=粗")
    assert evil in await page.inner_text(LOG)
    assert await page.locator(".messages li :is(img:not([alt='机器人']), a)").count() == 0
    assert await page.title() == "跟进 · 演示台"


async def test_people_have_badges_and_the_keyboard_switches_them(here: Desk, page: Any) -> None:
    await here.wecom_sends("LiQian", "text", {"content": "有新线索"})
    await page.wait_for_selector("#wecom .person:has-text('李倩') .badge >> text=1")
    assert await page.get_attribute("#wecom .person:has-text('李倩')", "aria-label") == "李倩，销售，1 条未读"
    await page.focus("#wecom .person[aria-selected=true]")
    await page.keyboard.press("ArrowRight")
    await page.wait_for_selector(f"{LOG} >> text=有新线索")
    assert await page.inner_text("#wecom .owner") == "李倩的企业微信"
    assert await page.locator("#wecom .badge:visible").count() == 0
    assert await page.evaluate("document.activeElement.textContent") == "倩李倩销售"


async def test_every_control_can_be_reached_with_the_keyboard_and_has_a_name(here: Desk, page: Any) -> None:
    await here.wecom_sends("WangLei", "template_card", CARD)
    await page.wait_for_selector(".wecom-card")
    unnamed = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, textarea, input, summary, [role=tab]")]
          .filter((node) => node.offsetParent)
          .filter((node) => !(node.textContent.trim() || node.getAttribute("aria-label") || node.labels?.[0]?.textContent.trim()))
          .map((node) => node.outerHTML)"""
    )
    assert unnamed == []
    reached = set()
    for _ in range(80):
        await page.keyboard.press("Tab")
        reached.add(
            await page.evaluate("document.activeElement.textContent || document.activeElement.ariaLabel")
        )
    assert {"开始跟进", "转给同事", "发送", "+4 小时", "×60", "官网询盘（接口）"} <= reached


async def test_the_ai_bot_is_a_second_chat_on_the_wecom_phone(here: Desk, page: Any) -> None:
    app, bot = (f"#wecom .kinds [data-surface={name}]" for name in ("wecom", "wecom_aibot"))
    assert await page.locator("#dingtalk .kinds button").count() == 0
    await page.click(bot)
    await page.wait_for_selector("#wecom .link >> text=长连接断了")
    async with connected(here):
        await page.wait_for_selector("#wecom .link", state="hidden")
        await page.click("#wecom .person:has-text('李倩')")
        assert await page.get_attribute(app, "aria-pressed") == "true", (
            "each person keeps the chat that was open"
        )
        await page.click(bot)
        await page.wait_for_selector(f"{LOG} .theirs >> text=欢迎")
        assert await page.locator("#wecom .menu").is_hidden()
        await page.fill(BOX, "有新线索吗")
        await page.press(BOX, "Enter")
        await page.click(f"{LOG} .wecom-card button:has-text('开始跟进')")
        await page.wait_for_selector(f"{LOG} .wecom-card h3 >> text=已开始")
        await page.click(f"{LOG} .mine .wired")
        assert "aibot_msg_callback" in await page.inner_text("dialog pre")
        await page.click("dialog >> text=关闭")
        assert await page.evaluate(CONTRAST) == []
        await page.click(app)
        await page.wait_for_selector("#wecom .messages:empty")
        await here.aibot_says("LiQian", "**主动**推送 138\\*\\*\\*\\*5678")
        await page.wait_for_selector(f"{bot} .badge >> text=1")
        await page.wait_for_selector("#wecom .person:has-text('李倩') .badge >> text=1")
        await page.focus(bot)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"{LOG} .md >> text=推送 138****5678")
        assert await page.locator("#wecom .badge:visible").count() == 0


async def test_forwarding_is_sent_on_dingtalk_and_pasted_on_wecom(here: Desk, page: Any) -> None:
    await hands_over(page, "wecom", "转发聊天记录")
    assert "平台限制" in await page.inner_text("dialog")
    await page.check("dialog .own input")
    await page.fill("dialog textarea", "陈工：要两台\n王磊：好")
    await page.click("dialog .primary")
    await page.wait_for_function(
        "([box, text]) => document.querySelector(box).value === text", arg=[BOX, "陈工：要两台\n王磊：好"]
    )
    await hands_over(page, "dingtalk", "转发聊天记录")
    await page.check("dialog .own input")
    await page.fill("dialog textarea", "没有说话人")
    await page.click("dialog .primary")
    await page.wait_for_selector(".toast.bad >> text=说话人")
    await page.fill("dialog textarea", "陈工：要两台")
    await page.click("dialog .primary")
    await page.wait_for_selector("#dingtalk .mine >> text=陈工：要两台")
    assert await page.locator("dialog").count() == 0


async def hands_over(page: Any, platform: str, what: str) -> None:
    """Opens one of the small dialogs behind the plus."""
    await page.click(f"#{platform} .more summary")
    await page.click(f"#{platform} .more .tool:has-text('{what}')")
    await page.wait_for_selector("dialog")


async def test_what_a_customer_writes_in_wechat_is_chosen_line_by_line_and_forwarded(
    here: Desk, page: Any
) -> None:
    await page.click("#wecom .person:has-text('陈立')")
    await page.wait_for_selector(f"{LOG} .mine >> text=想询一款液压阀块")
    assert await page.locator("#wecom .more").is_hidden()
    await page.fill(BOX, "样品周五前给我")
    await page.press(BOX, "Enter")
    await page.wait_for_selector(f"{LOG} .mine >> text=样品周五前给我")
    await page.select_option("#wecom .as", label="王磊")
    await page.fill(BOX, "没问题")
    await page.press(BOX, "Enter")
    await page.wait_for_selector(f"{LOG} .theirs >> text=没问题")
    assert here.console.wecom.wire.of("callback text") == [], "no bot hears it"
    await hands_over(page, "dingtalk", "转发聊天记录")
    for line in ("材料 45 钢", "收到，方便留个电话吗"):
        await page.uncheck(f"dialog .choose label:has-text('{line}') input")
    await page.click("dialog .primary")
    record = page.locator("#dingtalk .mine").last
    await record.wait_for()
    text = await record.inner_text()
    assert "陈立：样品周五前给我" in text
    assert "王磊：没问题" in text
    assert "45 钢" not in text


async def test_pictures_and_files_are_sent_and_what_the_platform_withholds_is_said(
    here: Desk, page: Any
) -> None:
    await hands_over(page, "dingtalk", "发图片")
    await page.click("dialog .primary")
    await page.wait_for_selector("#dingtalk .mine img.picture")
    await hands_over(page, "dingtalk", "发文件")
    await page.set_input_files(
        "dialog input[type=file]",
        {"name": "图纸.dwg", "mimeType": "application/octet-stream", "buffer": b"AC1032"},
    )
    await page.wait_for_selector("dialog >> text=图纸.dwg")
    await page.click("dialog .primary")
    await page.wait_for_selector("#dingtalk .mine .file >> text=图纸.dwg")
    assert here.console.dingtalk.phones["wanglei01"].seen[-1].file == b"AC1032"
    await hands_over(page, "wecom", "发图片")
    await page.click("dialog .primary")
    await page.wait_for_selector("#wecom .mine img.picture")
    await hands_over(page, "wecom", "发文件")
    await page.click("dialog .primary")
    await page.wait_for_selector(".toast.bad >> text=平台限制")
    await page.wait_for_selector("#wecom .mine .file >> text=需求清单.csv")


async def test_things_are_broken_and_mended_in_the_fault_panel(here: Desk, page: Any) -> None:
    await page.click("#tab-faults")
    drop = page.locator("#faults [data-trouble=drop]").first
    await drop.click()
    await drop.click()
    await page.wait_for_selector("#faults [data-trouble=drop] >> text=还有 2 次")
    told = await here.wecom_sends("WangLei", "text", {"content": "这条丢了"})
    row = {
        "platform": "wecom",
        "name": "王磊",
        "way": "text",
        "title": "这条丢了",
        "ledger": "accepted",
        "attempts": 1,
    }
    here.bot.ledger = [
        row | {"ref": told["msgid"], "error": "", "subject": "", "at": "2026-11-23T02:00:00+00:00"}
    ]
    await page.wait_for_selector("#faults [data-trouble=drop] >> text=还有 1 次")
    await page.click("#faults [data-trouble='60020']")
    await page.wait_for_selector("#tab-faults .badge >> text=2")
    assert here.console.wecom.faults.untrusted_ip
    assert await page.get_attribute("#faults [data-trouble='60020']", "aria-pressed") == "true"
    await page.click("#faults >> text=全部恢复")
    await page.wait_for_selector("#tab-faults .badge", state="hidden")
    assert here.console.wecom.faults == type(here.console.wecom.faults)()
    await page.wait_for_selector("#faults >> text=台账")
    assert await page.inner_text("#faults .ledger td.bad") == "✗ 没有", (
        "the ledger says accepted, the phone is empty"
    )


async def test_ten_thousand_messages_stay_quick(here: Desk, page: Any) -> None:
    phone = here.console.wecom.phones["LiQian"]
    for n in range(10_000):
        await phone.show(Seen(0, "text", f"第 {n + 1} 条", float(n)))
    await page.reload()
    await page.click("#wecom .person:has-text('李倩')")
    await page.wait_for_selector(f"{LOG} >> text=第 10000 条")
    assert await page.locator(f"{LOG} li").count() == 200
    await page.click("#wecom .older")
    await page.wait_for_selector(f"{LOG} >> text=第 9601 条")
    assert await page.locator(f"{LOG} li").count() == 400
    await page.evaluate("document.querySelector('#wecom .log').scrollTop = 1e9")
    for n in range(50):
        await phone.show(Seen(0, "text", f"新 {n + 1} 条", float(n)))
    await page.wait_for_selector(f"{LOG} >> text=新 50 条")
    assert await page.locator(f"{LOG} li").count() == 200
    assert await page.locator("#wecom .older").is_visible()


async def test_what_comes_while_a_chat_is_being_opened_is_not_lost(here: Desk, page: Any) -> None:
    phone = here.console.wecom.phones["LiQian"]
    await phone.show(Seen(0, "text", "先前的", 0.0))

    async def slowly(route: Any) -> None:
        answer = await route.fetch()
        await phone.show(Seen(0, "text", "这时来的", 0.0))
        phone.seen[0].text = "先前的，改过"
        await phone.refresh(phone.seen[0])
        await asyncio.sleep(0.5)
        await route.fulfill(response=answer)

    await page.route("**/api/wecom/LiQian/messages*", slowly)
    async with page.expect_response("**/api/wecom/LiQian/messages*") as answered:
        await page.click("#wecom .person:has-text('李倩')")
    await (await answered.value).finished()
    await page.wait_for_timeout(300)  # what the answer brings is drawn by now
    assert await page.locator(f"{LOG} li .text").all_inner_texts() == ["先前的，改过", "这时来的"]


@pytest.mark.parametrize("width", [1280, 768, 390])
async def test_it_fits_and_can_be_read_at_every_width(here: Desk, page: Any, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await here.wecom_sends("WangLei", "template_card", CARD)
    long = {"content": "很长的一行" * 40 + "a" * 300}
    await here.wecom_sends("WangLei", "text", long)
    for view in ("wecom", "dingtalk", "side"):
        if width < 1041:
            await page.click(f".views [data-view={view}]")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(CONTRAST) == [], (width, view)
    here.bot.ledger = [
        {"platform": "wecom", "name": "王磊", "way": "card", "title": "很长的标题" * 8, "ledger": ledger, "attempts": 3,
         "ref": "", "error": "出口 IP 不可信", "subject": "L-1001", "at": "2026-11-23T02:00:00+00:00"}
        for ledger in ("queued", "accepted", "refused", "folded")
    ]  # fmt: skip
    await page.click("#tab-faults")
    await page.click("#faults [data-trouble='60020']")
    await page.wait_for_selector("#faults .ledger td.bad")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(CONTRAST) == [], (width, "faults")
    if width > 1040:
        await page.click("#wecom .person:has-text('陈立')")
        await page.wait_for_selector("#wecom .phone.wechat .mine")
        assert await page.evaluate(CONTRAST) == [], "wechat"
    if width < 1041:
        await page.click(".views [data-view=wecom]")
    inside = await page.evaluate(
        "(() => { const log = document.querySelector('#wecom .log'); return log.scrollWidth <= log.clientWidth; })()"
    )
    assert inside


async def test_on_a_small_screen_a_newcomer_begins_with_the_guide(here: Desk, page: Any) -> None:
    small = await page.context.browser.new_page(viewport={"width": 390, "height": 844})
    await small.goto(here.page.url)
    await small.click("#guide .chip:has-text('企业微信上粘贴聊天')")
    await small.wait_for_selector(f"{LOG} .mine >> text=液压阀块")
    assert not await small.locator("#guide").is_visible()
    await small.reload()
    await small.wait_for_selector(f"{LOG} .mine >> text=液压阀块")
    assert not await small.locator("#guide").is_visible(), "who was here before goes on with the phones"


async def test_the_wire_shows_what_was_said(here: Desk, page: Any) -> None:
    await page.click("#tab-wire")
    await here.wecom_sends("WangLei", "text", {"content": "看得见的内容"})
    row = page.locator("#wire .exchange:has-text('message/send')").first
    await row.locator("summary").click()
    await row.locator("pre >> text=看得见的内容").wait_for()


async def test_a_message_leads_to_its_own_request_and_answer(here: Desk, page: Any) -> None:
    await here.wecom_sends("LiQian", "text", {"content": "别人的内容"})
    told = await here.wecom_sends("WangLei", "text", {"content": "看得见的内容"})
    await page.fill(BOX, "我说的话")
    await page.press(BOX, "Enter")
    await page.wait_for_selector(f"{LOG} .mine >> text=我说的话")
    await page.click(f"{LOG} .theirs .wired")
    shown = await page.inner_text("dialog")
    assert "看得见的内容" in shown.partition("message/send")[2]
    assert told["msgid"] in shown, "the answer"
    assert "别人的内容" not in shown
    assert await page.evaluate(CONTRAST) == []
    await page.click("dialog >> text=关闭")
    await page.wait_for_selector("dialog", state="detached")
    await page.focus(f"{LOG} .mine .wired")
    assert await page.locator(f"{LOG} .wired[tabindex='0']").count() == 1
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("dialog >> text=MsgType")
    assert "我说的话" in await page.inner_text("dialog pre")


async def test_the_clock_moves_and_says_so(here: Desk, page: Any) -> None:
    here.bot.timers = [3600.0]
    await page.click("[data-pass='7200']")
    await page.wait_for_selector("#now >> text=比现实快 2 小时")
    assert [timer for timer, _ in here.bot.fired] == [3600.0]
    await page.click("[data-to=real]")
    await page.wait_for_selector("#now >> text=现实时间")
