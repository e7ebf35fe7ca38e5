"""A Telegram bot as aiogram's documentation shows it, on its aiohttp webhook: answer the message, keep nothing. `python … PORT`.

`API` is where the Bot API is played. Updates are handled beside the answer (`handle_in_background`), its default.
"""

import os
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

dispatcher = Dispatcher()


@dispatcher.message()
async def echo(message: Message) -> None:
    """The answer, by sendMessage."""
    await message.answer(f"收到：{message.text}")


if __name__ == "__main__":
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["API"]))
    handler = SimpleRequestHandler(
        dispatcher, Bot("42:bench", session=session), secret_token=os.environ["TOKEN"]
    )
    served = web.Application()
    handler.register(served, path="/wecom/callback")
    web.run_app(served, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
