"""/wechat/<name>: a WeChat Official Account hands over what its followers say, and may be answered at once. (B04, B07)"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

import structlog
from aiohttp import web

from bot import defined
from bot.config_accounts import OfficialAccount
from bot.engine import Engine, Failed, NotDone
from bot.envelope import Forged, Garbled
from bot.events import Form
from bot.inbox import Full
from bot.official import wire
from bot.official.platform import seen_key
from bot.official.wire import Pushed
from store import followers
from web.address import Tries
from web.errors import Refusal, read_body
from web.site import tidy
from web.troubles import Troubles

log = structlog.get_logger("wechat")
LIMIT = 64 * 1024
READ_WITHIN, STORED_WITHIN, HANDLED_WITHIN = 2.0, 3.5, 2.5
"""Seconds of the five after which the platform gives up and sends again: for the body, for the event to be stored, and for
its answer to be known."""
GIVES_UP = 5.0
REPEATS = 120.0
"""Seconds in which a repeat may come; an answer that the platform got in time is not given to one."""
ECHO = re.compile(r"[\w.=+/-]{1,200}")
SEEN_EVERY = 60.0


class Wechat:
    """One door per Official Account, of config.toml or of the page 接入, over a running engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tries = Tries(engine.shared, engine.config.api.tries, engine.config.intake.proxies)
        self._troubles = Troubles(engine, defined.ACCOUNT)
        self._noted: dict[str, datetime] = {}

    def routes(self) -> list[web.RouteDef]:
        """GET: the platform looks whether the address is ours. POST: messages and events."""
        return [
            web.get("/wechat/{name}", self.verify, allow_head=False),
            web.post("/wechat/{name}", self.take),
        ]

    async def verify(self, request: web.Request) -> web.Response:
        """echostr back when the query is signed with our token. Raises Refusal 403, 404 or 429."""
        account = await self._proved(request)
        echo = request.query.get("echostr", "")
        if not ECHO.fullmatch(echo):
            raise Refusal(400, "没有 echostr", code="garbled")
        await self._note(account)
        await self._troubles.tell(account.name, "")  # whatever was wrong with the token before
        return _said(echo)

    async def take(self, request: web.Request) -> web.Response:
        """The answer for the follower, or "success", when the event is stored; 4xx with a reason when it is none of ours,
        503 when it could not be stored: the platform comes again."""
        began = asyncio.get_running_loop().time()
        account = await self._proved(request)
        body = await read_body(request, limit=LIMIT, seconds=READ_WITHIN)
        try:
            root = wire.opened(account, request.query, body, self._engine.clock.now())
        except Forged as error:
            raise await self._forged(request, account, error) from None
        except Garbled as error:
            raise Refusal(400, str(error), code="garbled") from None
        await self._note(account)
        pushed = wire.read(root, self._engine.clock.now())
        if pushed is None:
            return _said(wire.SUCCESS)
        answer = await self._answer(account, pushed)
        in_time = asyncio.get_running_loop().time() - began < GIVES_UP
        if answer and not await self._first(account, pushed, keep=in_time):
            answer = ""
        sealed = wire.answer(
            account, pushed, answer, self._engine.clock.now(), request.query.get("nonce", "")
        )
        return _said(sealed, "application/xml" if answer else "text/plain")

    # ── who asks ────────────────────────────────────────────────────────────────────────────────────────
    async def _proved(self, request: web.Request) -> OfficialAccount:
        """The account whose token signed the query. Raises Refusal."""
        self._tries.may_try(request)
        account = await self._account(tidy(request.match_info["name"], 40))
        try:
            wire.proved(account, request.query, self._engine.clock.now())
        except Forged as error:
            raise await self._forged(request, account, error) from None
        return account

    async def _account(self, name: str) -> OfficialAccount:
        """The account behind the address as it stands now. Raises Refusal 404, for one that is switched off as well, or 503."""
        try:
            async with asyncio.timeout(STORED_WITHIN), self._engine.db.read() as tx:
                found = await defined.account(tx, self._engine.config, name)
        except TimeoutError:
            raise Refusal(503, "系统繁忙", code="busy") from None
        if found is None or not found.enabled:
            raise Refusal(404, "没有这个公众号")
        return found.settings

    async def _forged(self, request: web.Request, account: OfficialAccount, error: Forged) -> Refusal:
        log.warning("callback refused", account=account.name, reason=str(error))
        await self._troubles.tell(account.name, str(error))
        await self._tries.failed(request, "wechat")
        return Refusal(403, str(error), code="forged")

    async def _note(self, account: OfficialAccount) -> None:
        """Remembers that the account reaches us, at most once a minute."""
        now, last = self._engine.clock.now(), self._noted.get(account.name)
        if last is None or (now - last).total_seconds() >= SEEN_EVERY:
            self._noted[account.name] = now
            await self._engine.shared.put(seen_key(account.name), now.isoformat(), 30 * 86400)

    # ── in, and what is answered ────────────────────────────────────────────────────────────────────────
    async def _answer(self, account: OfficialAccount, pushed: Pushed) -> str:
        """Stores the event and waits for its answer, as long as there is time. Raises Refusal 503."""
        form = _form(account, pushed)
        try:
            async with asyncio.timeout(STORED_WITHIN):
                await self._engine.submit(form, seconds=HANDLED_WITHIN if account.answers else 0.0)
                async with self._engine.db.read() as tx:
                    return await followers.answered(tx, account.name, pushed.openid, pushed.key)
        except (NotDone, Failed) as late:  # it is stored, or a dead letter that can be played again
            log.info("no answer in time", account=account.name, event_id=late.event)
            return ""
        except (Full, TimeoutError):
            raise Refusal(503, "暂时无法保存", code="not_stored") from None

    async def _first(self, account: OfficialAccount, pushed: Pushed, *, keep: bool) -> bool:
        """Whether this event's answer has not been given yet. `keep`: it is given now, and the platform still listens."""
        key = f"wechat:answered:{account.name}:{pushed.key}"
        if await self._engine.shared.get(key):
            return False
        if keep:
            await self._engine.shared.put(key, "1", REPEATS)
        return True


def _form(account: OfficialAccount, pushed: Pushed) -> Form:
    """The event for the inbox: one mailbox for one follower, known by what the platform calls its identity."""
    fields: Mapping[str, str] = {
        "account": account.name, "openid": pushed.openid, "kind": pushed.kind.value, "text": pushed.text,
        "scene": pushed.scene, "key": pushed.key,
    }  # fmt: skip
    box = hashlib.sha256(f"{account.name}\n{pushed.openid}".encode()).hexdigest()[:40]
    return Form("wechat", dict(fields), pushed.at, key=f"{box}:{pushed.key}", client=f"wechat:{account.name}")


def _said(text: str, kind: str = "text/plain") -> web.Response:
    return web.Response(text=text, content_type=kind)
