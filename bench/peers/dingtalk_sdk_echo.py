"""DingTalk's own Python SDK as its examples show it: an echo in Stream mode. `python … example|async`.

`example` overrides `process` of ChatbotHandler, as its README shows; `async` uses AsyncChatbotHandler with its eight threads.
Both reply by `reply_text`. `DINGTALK_OPENAPI_ENDPOINT` is where DingTalk is played.
"""

import logging
import os
import sys
import time

from dingtalk_stream import (
    AckMessage,
    AsyncChatbotHandler,
    ChatbotHandler,
    ChatbotMessage,
    Credential,
    DingTalkStreamClient,
)

quiet = logging.getLogger("quiet")
quiet.addHandler(logging.NullHandler())
quiet.propagate = False


class Example(ChatbotHandler):
    """The example."""

    async def process(self, callback):
        incoming = ChatbotMessage.from_dict(callback.data)
        self.reply_text("收到：" + incoming.text.content, incoming)
        return AckMessage.STATUS_OK, "OK"


class Threads(AsyncChatbotHandler):
    """The same in the SDK's own threads."""

    def process(self, callback):
        incoming = ChatbotMessage.from_dict(callback.data)
        self.reply_text("收到：" + incoming.text.content, incoming)


if __name__ == "__main__":
    client = DingTalkStreamClient(
        Credential(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]), logger=quiet
    )
    client.register_callback_handler(
        ChatbotMessage.TOPIC, {"example": Example, "async": Threads}[sys.argv[1]]()
    )
    client.logger = quiet
    while True:
        client.start_forever()
        time.sleep(1)
