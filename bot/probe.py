"""Where 「连一下」 ends: connects to a mailbox, or asks for an account's token, as the bot would, and says what came. (B07)"""

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web
from imap_tools import AND

from bot import imap
from bot.config_accounts import OfficialAccount
from bot.config_sources import Mailbox
from bot.defined import ACCOUNT, MAILBOX, section
from bot.imap import Trust
from bot.official.api import Api
from bot.platform import Check, Intake, Limits, Outgoing, SendFailed, Sent, Shared, Way

SECONDS = 10.0
"""How long one step of it may take: somebody looks at the page and waits."""


class ProbePlatform:
    """Answers an ASK about a mailbox or an Official Account. No member has an id here, so nothing else is ever sent to it."""

    name = "probe"

    def __init__(self, trust: Trust, shared: Shared, wechat_api: str) -> None:
        self.limits = Limits(person_per_minute=60, app_per_second=5.0)
        self._trust, self._shared, self._wechat_api = trust, shared, wechat_api

    def routes(self) -> list[web.RouteDef]:
        """None."""
        return []

    async def start(self, intake: Intake) -> None:
        """Receives nothing."""

    async def stop(self) -> None:
        """Keeps no connection."""

    async def send(self, out: Outgoing) -> Sent:
        """`ref` holds the section with its secrets, as JSON. Found: `unseen`, how many mails wait ("" for an account), or
        `wrong`, a sentence for an admin. That there is no way in is an answer, not a send that failed."""
        if out.way is not Way.ASK or out.text not in (MAILBOX, ACCOUNT):
            raise SendFailed("这里只能试连邮箱和公众号", retry=False)
        said = json.loads(out.ref)
        one = section(out.text, said["body"], said["secret"])
        if isinstance(one, OfficialAccount):
            return Sent(found=await self._token(one))
        assert isinstance(one, Mailbox)
        return Sent(found=await self._box(one))

    async def _box(self, box: Mailbox) -> Mapping[str, str]:
        try:
            unseen = await asyncio.wait_for(asyncio.to_thread(_unseen, box, self._trust), SECONDS + 5)
        except Exception as error:  # the library raises whatever the server said
            return {"wrong": imap.why(error, box)}
        return {"unseen": str(unseen)}

    async def _token(self, account: OfficialAccount) -> Mapping[str, str]:
        try:
            await Api(account.model_copy(update={"api_base": self._wechat_api}), self._shared).probe()
        except SendFailed as error:
            return {"wrong": error.reason}
        return {"unseen": ""}

    async def check(self) -> list[Check]:
        """Nothing of its own."""
        return []


def _unseen(box: Mailbox, trust: Trust) -> int:
    with imap.opened(box, trust, SECONDS) as opened:
        return len(opened.uids(AND(seen=False)))
