"""A Slack app as slack-bolt's documentation shows it, on aiohttp: verify, answer the message, keep nothing. `python … PORT`.

`API` is where the Web API is played. Bolt acknowledges an event as soon as the listener has been found.
"""

import os
import sys

from aiohttp import web
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient


async def authorize() -> AuthorizeResult:
    """One workspace, known beforehand; Bolt would otherwise ask auth.test with every event."""
    return AuthorizeResult(
        enterprise_id=None, team_id="T1", bot_user_id="U1", bot_id="B1", bot_token="xoxb-bench"
    )


client = AsyncWebClient(base_url=os.environ["API"] + "/api/")
app = AsyncApp(client=client, signing_secret=os.environ["TOKEN"], authorize=authorize)


@app.event("message")
async def echo(event, say):
    """The answer, by chat.postMessage."""
    await say(f"收到：{event['text']}")


async def events(request: web.Request) -> web.Response:
    """What slack_bolt.app.async_server does, bound to loopback alone."""
    asked = AsyncBoltRequest(body=await request.text(), query=request.query_string, headers=request.headers)
    answer = await app.async_dispatch(asked)
    return web.Response(status=answer.status, text=answer.body or "")


if __name__ == "__main__":
    served = web.Application()
    served.add_routes([web.post("/wecom/callback", events)])
    web.run_app(served, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
