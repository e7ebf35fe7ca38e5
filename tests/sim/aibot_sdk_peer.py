"""An app on one of the two published bot SDKs, a process of its own against the simulated long connection.

argv: "official" or "community", address, bot id, secret. The official one cannot speak plain ws:// until its TLS context
is taken away.
"""

import asyncio
import sys
from typing import Any

CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "新线索", "desc": "宁波恒达"},
    "button_list": [{"text": "认领", "style": 1, "key": "claim"}],
    "task_id": "lead-42@1",
}


def client_of(kind: str, url: str, bot_id: str, secret: str) -> Any:
    """The SDK's client, not connected yet."""
    if kind == "official":
        import aibot
        import aibot.ws

        aibot.ws._SSL_CONTEXT = None
        return aibot.WSClient(
            aibot.WSClientOptions(bot_id=bot_id, secret=secret, ws_url=url, heartbeat_interval=300)
        )
    from wecom_aibot_sdk import WSClient

    return WSClient(bot_id, secret, ws_url=url, heartbeat_interval=300)


async def main() -> None:
    """Answers until it is killed."""
    kind, url, bot_id, secret = sys.argv[1:]
    client = client_of(kind, url, bot_id, secret)

    async def said(frame: Any) -> None:
        text = frame["body"]["text"]["content"]
        if text == "卡片":
            await client.reply_template_card(frame, CARD)
        elif text == "推送":
            await client.send_message(frame["body"]["from"]["userid"],
                                      {"msgtype": "markdown", "markdown": {"content": "**主动**说一句"}})  # fmt: skip
        elif text == "文件" and kind == "community":
            found = await client.upload_media(b"%PDF" + b"x" * 600_000, type="file", filename="报价.pdf")
            media = found["media_id"] if isinstance(found, dict) else found.media_id
            await client.reply_media(frame, "file", media)
        else:
            await client.reply_stream(frame, "s1", "查询中…", False)
            await client.reply_stream(frame, "s1", f"收到 {text}", True)

    async def entered(frame: Any) -> None:
        await client.reply_welcome(frame, {"msgtype": "text", "text": {"content": "欢迎"}})

    async def pressed(frame: Any) -> None:
        task = frame["body"]["event"]["template_card_event"]["task_id"]
        changed = {**CARD, "main_title": {"title": "已认领"}, "task_id": task}
        await client.update_template_card(frame, changed)

    client.on("message.text", said)
    client.on("event.enter_chat", entered)
    client.on("event.template_card_event", pressed)
    await client.connect()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
