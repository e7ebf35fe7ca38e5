"""POST /api/v1/leads: other systems hand leads in. (B01; contract HTTP)"""

import hmac
import json
import uuid
from typing import Any

from aiohttp import web

from bot.engine import Engine
from bot.incoming import lead_form
from bot.incoming import sha as _hash
from nlp import enquiry
from nlp.enquiry import LENGTHS
from store import team
from web.address import Tries
from web.errors import Refusal, answer, read_body, read_json
from web.handing import hand_in, known

__all__ = ["LENGTHS", "LeadsApi"]
LIMIT = 64 * 1024


class LeadsApi:
    """The route, over a running engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tries = Tries(engine.shared, engine.config.api.tries, engine.config.intake.proxies)
        self._tokens = [token.get_secret_value().encode() for token in engine.config.api.tokens]

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [web.post("/api/v1/leads", self.create)]

    async def create(self, request: web.Request) -> web.Response:
        """201 {"id"}; 200 for the same key again; 400/401/408/409/413/422/503 with a reason."""
        client = await self._client(request)
        given = _idempotency_key(request)
        body = await read_body(request, limit=LIMIT)
        fields = await self._checked(_json(body))
        said = {name: value for name, value in fields.items() if value or name != "kind"}
        digest = _hash(json.dumps(said, sort_keys=True))
        receipt = f"lead:{client}:{_hash(given or uuid.uuid4().hex)}"
        if given and (again := await self._known(receipt, digest)) is not None:
            return answer(again)
        form = lead_form(fields, self._engine.clock.now(), receipt=receipt, digest=digest, client=client)
        event = await hand_in(self._engine, form)
        made = await self._known(receipt, digest)
        if made is None:
            raise LookupError(f"event {event} is done but left no receipt")
        return answer(made, 201)

    async def _client(self, request: web.Request) -> str:
        """Which token it was, as a short hash. Raises Refusal 401; 429 to who tries one wrong token after the other."""
        if "Authorization" in request.headers:
            self._tries.may_try(request)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        offered = token.strip().encode("utf-8", "surrogateescape")
        known = [one for one in self._tokens if one and hmac.compare_digest(one, offered)]
        if scheme.lower() != "bearer" or not known:
            if token:
                await self._tries.failed(request, "api")
            raise Refusal(
                401, "需要有效的令牌：Authorization: Bearer <token>", headers={"WWW-Authenticate": "Bearer"}
            )
        return _hash(known[0].decode())[:12]

    async def _known(self, key: str, digest: str) -> dict[str, Any] | None:
        """The answer that this key got before. Raises Refusal 409 when it was for another body."""
        found = await known(self._engine, key)
        if found is None:
            return None
        if found.digest != digest:
            raise Refusal(409, "这个 Idempotency-Key 已经用于另一份内容", code="key_reused")
        return found.answer

    async def _checked(self, raw: dict[str, Any]) -> dict[str, str]:
        """The known fields, tidy. Raises Refusal 422 that names the field."""
        try:
            fields = enquiry.checked(raw)
        except enquiry.Wrong as wrong:
            raise _invalid(wrong.field, wrong.why) from None
        if fields["owner"]:
            async with self._engine.db.read() as tx:
                member = await team.get(tx, fields["owner"])
            if member is None or member.gone:
                raise _invalid("owner", f"没有成员 {fields['owner']!r}")
        return fields


def _idempotency_key(request: web.Request) -> str:
    """The client's own key, "" when there is none. Raises Refusal 400."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 200:
        raise Refusal(400, "Idempotency-Key 最多 200 个字符")
    return key


def _json(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal 400."""
    try:
        found = read_json(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refusal(400, "内容不是合法的 JSON（UTF-8）", code="bad_json") from None
    if not isinstance(found, dict):
        raise Refusal(
            400, '内容要是一个 JSON 对象，例如 {"name": "陈立", "phone": "13900000001"}', code="bad_json"
        )
    return found


def _invalid(field: str, why: str) -> Refusal:
    return Refusal(422, f"{field} {why}", code=f"invalid_{field}")
