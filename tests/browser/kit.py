"""A headless browser for tests and pictures: the machine's own Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing() -> str:
    """Why there can be no browser here, "" when there can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed (make shots or, with a browser, make test does it)"
    return "" if program() else f"no browser on this machine (looked for {', '.join(NAMES)})"


def program() -> str:
    """The path of the browser, "" when there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), "")


@asynccontextmanager
async def browser() -> AsyncIterator[Any]:
    """A running browser; pages are opened with `new_page`."""
    from playwright.async_api import async_playwright

    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as player:
        one = await player.chromium.launch(executable_path=program(), args=flags)
        try:
            yield one
        finally:
            await one.close()


@asynccontextmanager
async def visit(url: str, width: int, entrance: str, *, console: bool = True) -> AsyncIterator[Any]:
    """A page of the site at `url`, logged in by the one-time link `entrance` with the keyboard. Afterwards no script may have
    failed, nothing been asked elsewhere and, with `console`, no error been written there."""
    complaints: list[str] = []
    async with browser() as one:
        page = await one.new_page(viewport={"width": width, "height": 844})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if console:
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith(url) else complaints.append(asked.url))
        await page.goto(entrance)
        await page.focus("main button")
        await page.keyboard.press("Enter")
        yield page
    assert complaints == []
