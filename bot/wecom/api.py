"""The HTTPS client: one shared token, one renewal, JSON in raw UTF-8, every failure as SendFailed (protocol 3, 13, 16)."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import cast

import aiohttp
import orjson

from bot.answers import decoded, unbounded, whole
from bot.calls import Calls
from bot.config import Wecom
from bot.platform import Meter, SendFailed, Shared, Wide
from bot.proxies import Proxies
from bot.wecom.faults import NO_CREDENTIAL, STALE, failed, refused_token
from bot.wecom.texts import legible

Answer = dict[str, object]
Form = Callable[[], aiohttp.FormData]
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(total=90, sock_connect=5)
JSON_HEADER = {"Content-Type": "application/json; charset=utf-8"}
LASTS = 7200  # seconds that a token lasts when the answer does not say
LEAST, DAY = 60, 86_400  # seconds for which a token is kept at least, and at most
EARLY = 300  # seconds before its end a token is renewed
STOPPED = 600  # seconds without asking gettoken again after it refused our credentials
BEFORE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)  # the request never left


class Api:
    """Calls of one app. Raises SendFailed, never anything of the HTTP library; no token is ever in a text."""

    def __init__(self, settings: Wecom, shared: Shared, meter: Meter) -> None:
        self._base = settings.api_base.rstrip("/")
        self._corp_id, self._secret = settings.corp_id, settings.secret.get_secret_value()
        self._shared, self._meter = shared, meter
        mark = hashlib.sha256(f"{self._corp_id}\n{self._secret}".encode()).hexdigest()[:16]
        self._key = f"wecom:token:{settings.agent_id}:{mark}"  # a new secret never meets an old token
        self._proxies = Proxies(trusted=settings.proxy_from_env)
        self._session: aiohttp.ClientSession | None = None
        self._calls = Calls(self._http)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        form: Form | None = None,
    ) -> Answer:
        """POST (with a body or form) or GET `/cgi-bin/<path>`. Raises SendFailed for every errcode but 0.

        A stale token is dropped, fetched once and the call repeated once; never more (protocol 12: an endless
        renewal gets the IP banned). `form` is built anew for each attempt.
        """
        for last in (False, True):
            token = await self.token()
            answer = await self._ask(path, body, {**(params or {}), "access_token": token}, form)
            code = number(answer, "errcode")
            if code == 0:
                return answer
            if code in STALE:
                await self._shared.drop(self._key, token)
                if not last:
                    continue
            raise failed(code, text(answer, "errmsg"))
        raise AssertionError("unreachable")

    async def token(self) -> str:
        """The access_token, fetched by one caller for all replicas. Raises SendFailed (wide=APP)."""
        held = await self._shared.get(self._key)
        if held:
            return held
        async with self._shared.lock(f"{self._key}:lock", 15):
            held = await self._shared.get(self._key)
            if held:
                return held
            if refused := await self._shared.get(f"{self._key}:refused"):
                raise refused_token(int(refused))
            return await self._fetch()

    async def forget_refusal(self) -> None:
        """Let the next call try the credentials again (an admin asks for a check)."""
        if refused := await self._shared.get(f"{self._key}:refused"):
            await self._shared.drop(f"{self._key}:refused", refused)

    async def _fetch(self) -> str:
        answer = await self._ask(
            "gettoken", None, {"corpid": self._corp_id, "corpsecret": self._secret}, None
        )
        code, token = number(answer, "errcode"), text(answer, "access_token")
        if code or not token:
            if code in NO_CREDENTIAL:
                await self._shared.put(f"{self._key}:refused", str(code), STOPPED)
            raise refused_token(code, text(answer, "errmsg"))
        lasts = number(answer, "expires_in") or LASTS
        kept = lasts - EARLY if lasts > 2 * EARLY else lasts / 2
        # whatever it says: asked for with every message it would get the IP banned, and a day is longer than any lives
        await self._shared.put(self._key, token, min(max(kept, LEAST), DAY))
        return token

    async def _ask(
        self, path: str, body: Mapping[str, object] | None, params: Mapping[str, str], form: Form | None
    ) -> Answer:
        """One request. `unknown` is set on whatever happened after it had left."""
        self._meter("api", 1)
        url = f"{self._base}/cgi-bin/{path}"
        proxy = self._proxies.of(url)
        try:
            if form is not None:
                async with self._http().post(
                    url,
                    proxy=proxy,
                    params=params,
                    data=form(),
                    timeout=UPLOAD_TIMEOUT,
                    allow_redirects=False,
                ) as response:
                    status, raw = response.status, await whole(response.content)
            else:
                method, sent, heads = (
                    ("GET", b"", {}) if body is None else ("POST", encode(body), JSON_HEADER)
                )
                status, raw = await self._calls.ask(
                    method, url, sent, heads, params=params, proxy=proxy, timeout=TIMEOUT
                )
        except BEFORE as error:
            name = type(error).__name__
            raise SendFailed(f"连不上企业微信接口（{name}）", retry=True, after=5, wide=Wide.APP) from None
        except (
            TimeoutError,
            aiohttp.ClientError,
            OSError,
        ) as error:  # their texts may hold the URL: name only
            name = type(error).__name__
            raise SendFailed(f"企业微信没有回答（{name}）", retry=True, unknown=True) from None
        return _read(raw, status)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=unbounded())
        return self._session


def _read(raw: bytes, status: int) -> Answer:
    if status == 429:
        raise SendFailed("企业微信要求稍后再试（HTTP 429）", retry=True, after=60, wide=Wide.APP)
    if status != 200:
        raise SendFailed(f"企业微信接口异常（HTTP {status}）", retry=True, unknown=status >= 500)
    answer = decoded(raw)
    if not isinstance(answer, dict) or "errcode" not in answer:
        raise SendFailed("企业微信的回答无法解析", retry=True, unknown=True)
    return cast(Answer, answer)


def encode(body: Mapping[str, object]) -> bytes:
    """A body → JSON bytes without any \\uXXXX, which WeCom refuses (40033; protocol 16.1). Byte-stable."""
    with suppress(TypeError):  # what it does not write is written below
        written = orjson.dumps(body)
        if (
            _REFUSED.search(written) is None
        ):  # nearly always: then no text of it has to be looked at by itself
            return written
    return json.dumps(_plain(body), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


_REFUSED = re.compile(rb'\\[^nrt"]')
"""In JSON: what is written as \\uXXXX, and a backslash, which may look like it."""


def _plain(value: object) -> object:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def text(answer: Answer, name: str) -> str:
    """A string of an answer, "" when it is missing or something else."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def number(answer: Answer, name: str) -> int:
    """An integer of an answer, 0 when it is missing; -1 (busy, try again) when it is not a number."""
    value = answer.get(name, 0)
    try:
        return int(value) if isinstance(value, int | str) else -1
    except ValueError:
        return -1


def names(answer: Answer, name: str) -> frozenset[str]:
    """A list of userids of an answer, lower-cased: "a|b" from a send, ["a"] from an update (protocol 16.3)."""
    value = answer.get(name)
    parts = value.split("|") if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(str(one).strip().lower() for one in parts if str(one).strip())
