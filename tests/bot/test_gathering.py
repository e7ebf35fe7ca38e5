"""Writes that come close together become one, and who comes alone does not wait for others."""

import asyncio

import pytest

from bot import together
from bot.together import Together


async def test_the_busy_gather_what_comes_and_who_comes_alone_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[list[str]] = []

    async def write(batch: list[str]) -> list[str]:
        written.append(batch)
        return batch

    writer = Together("writer", write)
    writer._written = -1000.0  # the loop's clock may have begun a moment ago
    monkeypatch.setattr(together, "GATHER", 30.0)
    async with asyncio.timeout(20):
        await writer("alone")
    monkeypatch.setattr(together, "GATHER", 0.5)
    waiting = [asyncio.ensure_future(writer("a"))]
    for _ in range(5):
        await asyncio.sleep(0)
    waiting.append(asyncio.ensure_future(writer("b")))
    assert await asyncio.gather(*waiting) == ["a", "b"]
    assert written == [["alone"], ["a", "b"]]
