"""An app on the official dingtalk-stream SDK, run as a process of its own against the simulator (argv: id, secret).

DINGTALK_OPENAPI_ENDPOINT must be set before the start: the SDK reads it on import.
"""

import json
import sys
from typing import Any

import dingtalk_stream
import websockets.exceptions  # noqa: F401  (the SDK uses it as an attribute without importing it)


class Talk(dingtalk_stream.ChatbotHandler):
    """Answers a text with a text, "卡片" with a card of two buttons."""

    async def process(self, callback: Any) -> tuple[int, str]:
        """One robot message."""
        message = dingtalk_stream.ChatbotMessage.from_dict(callback.data)
        if message.message_type == "text":
            said = message.text.content.strip()
            if said == "卡片":
                buttons = [{"text": "同意", "color": "blue", "id": "a1", "request": True}]
                self.reply_markdown_button(message, "**华联科技**", buttons, "点一下", "新线索")
            else:
                self.reply_text(f"收到 {said}", message)
        else:
            self.reply_text(f"收到 {message.message_type} {sorted(message.extensions)}", message)
        return dingtalk_stream.AckMessage.STATUS_OK, "OK"


class Clicked(dingtalk_stream.CallbackHandler):
    """Answers a click by patching the card."""

    async def process(self, callback: Any) -> tuple[int, dict[str, Any]]:
        """One card callback."""
        click = dingtalk_stream.CardCallbackMessage.from_dict(callback.data)
        action = click.content["cardPrivateData"]["actionIds"][0]
        values = {
            "tips": f"{click.user_id} 按了 {action}",
            "sys_full_json_obj": json.dumps({"msgButtons": []}),
        }
        answer = {"cardUpdateOptions": {"updateCardDataByKey": True}, "cardData": {"cardParamMap": values}}
        return dingtalk_stream.AckMessage.STATUS_OK, answer


class Told(dingtalk_stream.EventHandler):
    """Takes every event."""

    async def process(self, event: Any) -> tuple[int, str]:
        """One event."""
        return dingtalk_stream.AckMessage.STATUS_OK, "OK"


def main() -> None:
    """Runs until it is killed."""
    client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(sys.argv[1], sys.argv[2]))
    client.register_all_event_handler(Told())
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Talk())
    client.register_callback_handler(dingtalk_stream.CallbackHandler.TOPIC_CARD_CALLBACK, Clicked())
    client.start_forever()


if __name__ == "__main__":
    main()
