"""POST /api/v1/leads: other systems hand leads in. (B01; contract HTTP)"""

import hashlib
import hmac
import json
import re
import unicodedata
import uuid
from typing import Any

from aiohttp import web

from bot.engine import Engine, Failed, NotDone
from bot.events import Form
from bot.inbox import Full
from nlp import phones
from store import receipts, team
from store.customers import phone_key
from web.errors import Refusal, answer, read_body

LIMIT = 64 * 1024
LENGTHS = {
    "name": 64, "company": 120, "phone": 40, "email": 120, "city": 40, "source": 64, "need": 2000, "note": 2000,
    "owner": 64,
}  # fmt: skip
"""The fields of a lead and how many characters each may have."""
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


class LeadsApi:
    """The route, over a running engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tokens = [token.get_secret_value().encode() for token in engine.config.api.tokens]

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [web.post("/api/v1/leads", self.create)]

    async def create(self, request: web.Request) -> web.Response:
        """201 {"id"}; 200 for the same key again; 400/401/408/409/413/422/503 with a reason."""
        client = self._client(request)
        given = _idempotency_key(request)
        body = await read_body(request, limit=LIMIT)
        fields = await self._checked(_json(body))
        digest = _hash(json.dumps(fields, sort_keys=True))
        receipt = f"lead:{client}:{_hash(given or uuid.uuid4().hex)}"
        if given and (again := await self._known(receipt, digest)) is not None:
            return answer(again)
        # the engine handles forms whose keys begin alike one after the other: with one phone the second finds the
        # customer of the first
        who = phone_key(fields["phone"]) or fields["email"].lower()
        fields |= {"digest": digest, "receipt": receipt}
        form = Form(
            "lead", fields, self._engine.clock.now(), key=f"{_hash(who)[:40]}:{receipt}", client=client
        )
        event = await self._handed_in(form)
        made = await self._known(receipt, digest)
        if made is None:
            raise LookupError(f"event {event} is done but left no receipt")
        return answer(made, 201)

    async def _handed_in(self, form: Form) -> int:
        """The event id of the form, handled. Raises Refusal 422, 500 or 503."""
        retry = {"Retry-After": "2"}
        try:
            outcome = await self._engine.submit(form)
        except Full:
            raise Refusal(503, "系统繁忙，请稍后用同一个 Idempotency-Key 重试", headers=retry) from None
        except NotDone as late:
            raise Refusal(
                503, "已收到，还在处理；请稍后用同一个 Idempotency-Key 再问", event=late.event, headers=retry
            ) from None
        except Failed as bug:
            raise Refusal(500, "没有处理成功，已记录，内容没有丢", event=bug.event) from None
        if outcome.refused:
            raise Refusal(422, outcome.refused, event=outcome.event)
        return outcome.event

    def _client(self, request: web.Request) -> str:
        """Which token it was, as a short hash. Raises Refusal 401."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        offered = token.strip().encode("utf-8", "surrogateescape")
        known = [one for one in self._tokens if one and hmac.compare_digest(one, offered)]
        if scheme.lower() != "bearer" or not known:
            raise Refusal(
                401, "需要有效的令牌：Authorization: Bearer <token>", headers={"WWW-Authenticate": "Bearer"}
            )
        return _hash(known[0].decode())[:12]

    async def _known(self, key: str, digest: str) -> dict[str, Any] | None:
        """The answer that this key got before. Raises Refusal 409 when it was for another body."""
        async with self._engine.db.read() as tx:
            found = await receipts.find(tx, key)
        if found is None:
            return None
        if found.digest != digest:
            raise Refusal(409, "这个 Idempotency-Key 已经用于另一份内容", code="key_reused")
        return found.answer

    async def _checked(self, raw: dict[str, Any]) -> dict[str, str]:
        """The known fields, tidy. Raises Refusal 422 that names the field."""
        fields = {name: _text(raw, name) for name in LENGTHS}
        fields["phone"] = _phone(fields["phone"])
        if fields["email"] and not EMAIL.fullmatch(fields["email"]):
            raise _invalid("email", "不是邮箱地址")
        if not (fields["name"] or fields["company"]):
            raise _invalid("name", "和 company 至少要有一个")
        if not (fields["phone"] or fields["email"]):
            raise _invalid("phone", "和 email 至少要有一个")
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
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refusal(400, "内容不是合法的 JSON（UTF-8）", code="bad_json") from None
    if not isinstance(found, dict):
        raise Refusal(
            400, '内容要是一个 JSON 对象，例如 {"name": "陈立", "phone": "13900000001"}', code="bad_json"
        )
    return found


def _text(raw: dict[str, Any], name: str) -> str:
    """One field as a text without control characters. Raises Refusal 422."""
    value = raw.get(name)
    if value is None:
        return ""
    if name == "phone" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a number without its leading zero is the client's loss; a mobile has none
    if not isinstance(value, str):
        raise _invalid(name, "要是文本")
    kept = "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()
    if len(kept) > LENGTHS[name]:
        raise _invalid(name, f"最多 {LENGTHS[name]} 个字符，现在 {len(kept)} 个")
    return kept


def _phone(text: str) -> str:
    """A phone in digits ("13812345678", "0755-26881234-801"). Raises Refusal 422."""
    if not text:
        return ""
    found = phones.find(text)
    if len(found) == 1:
        return found[0].value
    plain = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"\D", "", plain)
    if not 5 <= len(digits) <= 20 or not re.fullmatch(r"[\d\s()+\-.]+", plain):
        raise _invalid("phone", "不是电话号码")
    return digits  # a foreign number: kept as it is


def _invalid(field: str, why: str) -> Refusal:
    return Refusal(422, f"{field} {why}", code=f"invalid_{field}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
