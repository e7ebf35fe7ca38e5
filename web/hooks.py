"""/hooks/<name>: other systems push leads and calls, each described by a [[connector]]. (B02, B03, B07)"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from bot import connecting, defined
from bot.config_connectors import Connector
from bot.engine import Engine
from bot.events import Form
from bot.incoming import sha
from rules.errors import PutAside
from store.customers import phone_key
from web.address import Tries
from web.errors import Refusal, read_body, read_json
from web.handing import hand_in
from web.signature import Forged, Pushed, prove
from web.site import tidy
from web.troubles import Troubles

log = structlog.get_logger("hooks")
LIMIT = 256 * 1024


class Hooks:
    """One door per [[connector]], over a running engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tries = Tries(engine.shared, engine.config.api.tries, engine.config.intake.proxies)
        self._troubles = Troubles(engine, defined.CONNECTOR)

    def routes(self) -> list[web.RouteDef]:
        """What to mount. Some senders only know GET."""
        return [web.get("/hooks/{name}", self.take, allow_head=False), web.post("/hooks/{name}", self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """The sender's own answer when the message is stored and understood; 400/401/404/413/422 with a reason else.

        What is signed but does not fit is kept as a dead letter (422 names its number) and can be replayed.
        """
        self._tries.may_try(request)
        connector = await self._connector(request.match_info["name"])
        body = await read_body(request, limit=LIMIT)
        payload = _payload(request, body)
        pushed = Pushed(
            {name.lower(): value for name, value in request.headers.items()}, dict(request.query), body, payload
        )  # fmt: skip
        try:
            prove(connector.sign, pushed, self._engine.clock.now())
        except Forged as error:
            log.warning("pushed message refused", connector=connector.name, reason=str(error))
            await self._troubles.tell(connector.name, str(error))
            await self._tries.failed(request, "hook")
            raise Refusal(401, str(error)) from None
        text = body.decode("utf-8", "replace") or json.dumps(payload, ensure_ascii=False, sort_keys=True)
        try:
            await hand_in(self._engine, self._form(connector, payload, text))
        except Refusal as no:
            if no.code == "put_aside":
                await self._troubles.tell(connector.name, no.message)
            raise
        return _reply(connector)

    async def _connector(self, name: str) -> Connector:
        """The connector behind the address, as it stands now. Raises Refusal 404, or 403 while it is switched off."""
        async with self._engine.db.read() as tx:
            found = await defined.connector(tx, self._engine.config, tidy(name, 40))
        if found is None:
            raise Refusal(404, "没有这个连接")
        if not found.enabled:
            raise Refusal(403, "这个连接停用了", code="switched_off")
        return found.connector

    def _form(self, connector: Connector, payload: Mapping[str, Any], body: str) -> Form:
        """The message for the inbox. One phone's messages share a mailbox; what cannot be read has one of its own."""
        try:
            reading = connecting.read(connector, payload)
            key, who = connecting.key(connector, reading, body), phone_key(reading.fields["phone"])
        except PutAside:
            key, who = f"hook:{connector.name}:{sha(body)[:48]}", ""
        fields = {"connector": connector.name, "payload": dict(payload), "body": sha(body)}
        return Form(
            "hook", fields, self._engine.clock.now(), key=f"{sha(who or key)[:40]}:{key}", client=connector.name
        )  # fmt: skip


def _payload(request: web.Request, body: bytes) -> dict[str, Any]:
    """What the message says: a JSON object, a form, or with nothing in the body the query. Raises Refusal 400."""
    if not body.strip():
        return dict(request.query)
    return payload_of(body, form=request.content_type == "application/x-www-form-urlencoded")


def payload_of(body: bytes, *, form: bool) -> dict[str, Any]:
    """What a body says: a JSON object, or a form when it is called one. Raises Refusal 400."""
    try:
        text = body.decode("utf-8-sig")
        if form and not text.lstrip().startswith("{"):
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=300))
        found = read_json(text)
    except (ValueError, RecursionError):
        raise Refusal(400, "内容读不懂（要是 UTF-8 的 JSON 或表单）", code="bad_json") from None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise Refusal(400, "内容要是一个 JSON 对象", code="bad_json")
    return found


def _reply(connector: Connector) -> web.Response:
    kind = "application/json" if connector.reply.lstrip().startswith("{") else "text/plain"
    return web.Response(text=connector.reply, content_type=kind)
