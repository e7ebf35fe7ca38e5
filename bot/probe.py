"""Where 「连一下」 ends: connects to a mailbox as the bot would, and says what it found. (B07)"""

import asyncio
import json

from aiohttp import web
from imap_tools import AND

from bot import imap
from bot.config_sources import Mailbox
from bot.defined import MAILBOX, section
from bot.imap import Trust
from bot.platform import Check, Intake, Limits, Outgoing, SendFailed, Sent, Way

SECONDS = 10.0
"""How long one step of it may take: somebody looks at the page and waits."""


class ProbePlatform:
    """Answers an ASK about a mailbox. No member has an id here, so nothing else is ever sent to it."""

    name = "probe"

    def __init__(self, trust: Trust) -> None:
        self.limits = Limits(person_per_minute=60, app_per_second=5.0)
        self._trust = trust

    def routes(self) -> list[web.RouteDef]:
        """None."""
        return []

    async def start(self, intake: Intake) -> None:
        """Receives nothing."""

    async def stop(self) -> None:
        """Keeps no connection."""

    async def send(self, out: Outgoing) -> Sent:
        """`ref` holds the section with its password, as JSON. Found: `unseen`, how many mails wait, or `wrong`, a
        sentence for an admin. That a mailbox cannot be opened is an answer, not a send that failed."""
        if out.way is not Way.ASK or out.text != MAILBOX:
            raise SendFailed("这里只能试连邮箱", retry=False)
        said = json.loads(out.ref)
        box = section(MAILBOX, said["body"], said["secret"])
        assert isinstance(box, Mailbox)
        try:
            unseen = await asyncio.wait_for(asyncio.to_thread(_unseen, box, self._trust), SECONDS + 5)
        except Exception as error:  # the library raises whatever the server said
            return Sent(found={"wrong": imap.why(error, box)})
        return Sent(found={"unseen": str(unseen)})

    async def check(self) -> list[Check]:
        """Nothing of its own."""
        return []


def _unseen(box: Mailbox, trust: Trust) -> int:
    with imap.opened(box, trust, SECONDS) as opened:
        return len(opened.uids(AND(seen=False)))
