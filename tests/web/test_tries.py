"""Wrong tokens: a few a minute and address are looked at, then the address waits."""

import asyncio

import aiohttp
import pytest

from tests.world import TOKEN, World


@pytest.mark.parametrize(("platform", "store"), [("wecom", "sqlite")], indirect=True)
@pytest.mark.parametrize("changes", [{"api": {"tokens": (TOKEN,), "tries": 5}}], indirect=True)
async def test_wrong_tokens_are_looked_at_a_few_times_a_minute(world: World) -> None:
    body = {"name": "陈立", "phone": "13900000001"}

    async def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with session.post(f"{world.url}/api/v1/leads", json=body, headers=headers) as answer:
            if answer.status == 429:
                assert int(answer.headers["Retry-After"]) > 0
                assert (await answer.json())["error"]["code"] == "too_many"
            return answer.status

    async with aiohttp.ClientSession() as session:
        assert [await status("") for _ in range(8)] == [401] * 8, "who shows nothing tries nothing"
        assert [await status("guess") for _ in range(4)] == [401] * 4
        assert await status(TOKEN) == 201
        seen: list[int] = []
        while 429 not in seen:
            assert len(seen) < 50
            seen.append(await status("guess"))
        last = 429  # the right one waits with the others from there, and not for long
        for _ in range(100):
            if (last := await status(TOKEN)) != 429:
                break
            await asyncio.sleep(0.2)
        assert last == 201
