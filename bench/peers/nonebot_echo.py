"""A bot as NoneBot2's documentation shows it, on its FastAPI driver with the adapter for WeChat's Official Accounts: verify, answer
the message, keep nothing. `python … PORT`.

The adapter speaks what is nearest to WeCom's callbacks: XML under a SHA-1 signature, not sealed. The answer goes back in the
acknowledgement, as WeChat wants it of an account that is not certified.
"""

import os
import sys

import nonebot
from nonebot.adapters.wxmp import Adapter, MessageEvent

nonebot.init(
    driver="~fastapi+~aiohttp",
    log_level="ERROR",
    wxmp_bots=[
        {"appid": os.environ["CORP"], "token": os.environ["TOKEN"], "secret": "bench", "type": "official"}
    ],
)
nonebot.get_driver().register_adapter(Adapter)
echo = nonebot.on_message()


@echo.handle()
async def answer(event: MessageEvent) -> None:
    """The answer, by a passive reply."""
    await echo.finish(f"收到：{event.get_plaintext()}")


if __name__ == "__main__":
    nonebot.run(host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
