"""What the demo's page costs with few and with very many messages in it: opening, scrolling, a new message, memory.

make bench BENCH=bench/console.py ARGS="[--rounds 3] [--sizes 100,10000] [--write]"
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.throughput import cell, machine, table, write
from sim.console import Console
from sim.console_bot import Bot
from sim.dingtalk_server import DingtalkServer
from sim.people import FIRM
from sim.phone import Phone, Seen
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_screen import paint_card
from sim.wecom_server import WecomServer
from tests.browser.kit import browser, missing

WIDE = {"width": 1280, "height": 800}
FRAMES = 90
NEW = 20
BURST = 1000
CARD = {
    "card_type": "button_interaction", "main_title": {"title": "🔔 新线索", "desc": "宁波某汽配 · 陈工 · 138****5678"},
    "sub_title_text": "来源：官网询盘 10:02　需求：液压阀块，月 300 件\n目标 13:32 前首触，最晚 15:32",
    "button_list": [{"text": "开始跟进", "style": 1, "key": "start"}, {"text": "转给同事", "style": 2, "key": "give"}],
}  # fmt: skip
LOG = "document.querySelector('#wecom .log')"
SHOWN = f"""text => {{ const last = {LOG}.querySelector('li:last-child');
  return last && last.textContent.includes(text) && last.getBoundingClientRect().bottom <= innerHeight && performance.now(); }}"""
SCROLL = f"""frames => new Promise(done => {{ const log = {LOG}, gaps = []; log.scrollTop = log.scrollHeight; let last = 0;
  const step = now => {{ if (last) gaps.push(now - last); last = now; log.scrollTop -= 400;
    gaps.length < frames ? requestAnimationFrame(step) : done(gaps); }};
  requestAnimationFrame(step); }})"""
WATCH = f"""() => {{ window.late = []; new MutationObserver(list => {{ for (const one of list) for (const node of one.addedNodes) {{
  const sent = /发于 ([\\d.]+)/.exec(node.textContent || "");
  if (sent) requestAnimationFrame(() => window.late.push(Date.now() - Number(sent[1]))); }} }})
  .observe({LOG}.querySelector('.messages'), {{ childList: true }}); }}"""

Row = dict[str, list[float]]


async def fill(phone: Phone, number: int, at: float) -> None:
    """So many messages, one in five a card, one in five the person's own."""
    for n in range(number):
        seen = Seen(
            0, "text", f"第 {n + 1} 条：上次说的那批液压阀块，想再确认一下交期", at + n, mine=n % 5 == 2
        )
        if n % 5 == 4:
            paint_card(seen, CARD)
        await phone.show(seen)


async def look(window: Any, console: Console, newest: Phone) -> dict[str, float]:
    """One visit: milliseconds, except `memory` (MB) and `nodes`."""
    page = await window.new_page(viewport=WIDE)
    found: dict[str, float] = {}
    await page.goto(console.url)
    opened = await page.wait_for_function(SHOWN, arg=newest.seen[-1].text.split("\n")[0])
    found["open"] = float(await opened.json_value())
    found["paint"] = float(
        await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    )
    gaps: list[float] = sorted(await page.evaluate(SCROLL, FRAMES))
    found["frame"], found["worst frame"] = statistics.mean(gaps), gaps[int(len(gaps) * 0.95)]
    if await page.locator("#wecom .older").is_visible():
        begun = time.perf_counter()
        count = await page.locator("#wecom .messages li").count()
        await page.click("#wecom .older")
        await page.wait_for_function(f"n => {LOG}.querySelectorAll('li').length > n", arg=count)
        found["older"] = (time.perf_counter() - begun) * 1000
    await page.evaluate(f"{LOG}.scrollTop = 1e9")
    await page.evaluate(WATCH)
    for n in range(NEW):
        await newest.show(Seen(0, "text", f"新 {n} 发于 {time.time() * 1000:.0f}", time.time()))
        await page.wait_for_function("n => window.late.length > n", arg=n)
    found["new"] = statistics.median(await page.evaluate("window.late"))
    begun = time.perf_counter()
    for n in range(BURST):
        await newest.show(Seen(0, "text", f"一下子来的 {n + 1}", time.time()))
    await page.wait_for_function(SHOWN, arg=f"一下子来的 {BURST}")
    found["burst"] = (time.perf_counter() - begun) * 1000
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("HeapProfiler.collectGarbage")
    await devtools.send("Performance.enable")
    told = {row["name"]: row["value"] for row in (await devtools.send("Performance.getMetrics"))["metrics"]}
    found["memory"], found["nodes"] = told["JSHeapUsedSize"] / 2**20, told["Nodes"]
    await page.close()
    return found


async def measure(number: int, rounds: int) -> Row:
    """`number` messages in all, half of them on each phone of the person who is shown first."""
    console = Console(WecomServer(), DingtalkServer(), FIRM, Bot("", ""), aibot=WecomAibotServer(), port=0)
    await console.start()
    rows: Row = {}
    try:
        wecom, ding = console.wecom.phones[FIRM[0].wecom], console.dingtalk.phones[FIRM[0].dingtalk]
        start = time.time() - 2 * number
        await fill(wecom, number // 2, start)
        await fill(ding, number // 2, start)
        async with browser() as window:
            for _ in range(rounds):
                for name, value in (await look(window, console, wecom)).items():
                    rows.setdefault(name, []).append(value)
    finally:
        await console.stop()
    return rows


COLUMNS = {
    "paint": "first paint, ms", "open": "newest in view, ms", "frame": "a frame while scrolling, ms",
    "worst frame": "95 % of frames, ms", "older": "200 older, ms", "new": "a new one in view, ms",
    "burst": f"{BURST:,} at once, ms", "memory": "JS heap, MB", "nodes": "DOM nodes",
}  # fmt: skip


def main() -> int:
    """Prints the table; `--write` puts it into results.md. Returns 2 where there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="100,10000")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if why := missing():
        sys.stderr.write(f"{why}\n")
        return 2
    before = os.getloadavg()[0]
    made = {int(size): asyncio.run(measure(int(size), given.rounds)) for size in given.sizes.split(",")}
    lines = (
        [f"{size:,}", *(cell(row.get(key, []), 1 if key in ("frame", "memory") else 0) for key in COLUMNS)]
        for size, row in made.items()
    )
    loads = f"load average {before:.1f}–{os.getloadavg()[0]:.1f}"
    text = f"{time.strftime('%Y-%m-%d %H:%M')}, {machine()}; {given.rounds} visits each, {loads}. Median [lowest..highest].\n\n"
    text += table("|".join(["messages", *COLUMNS.values()]), lines)
    sys.stdout.write(text + "\n")
    if given.write:
        write(text, Path(__file__).stem)
    return 0


if __name__ == "__main__":
    sys.exit(main())
