"""Calls to DingTalk: access token with single flight, one retry on a stale one, errors as SendFailed (protocol 6)."""

import json
from collections.abc import Mapping

import aiohttp

from bot import outward
from bot.answers import unbounded, whole
from bot.calls import Calls
from bot.config import Dingtalk
from bot.dingtalk.alerts import HOUR, MONTH, Warn
from bot.dingtalk.errors import (
    BAD_TOKEN,
    BLOCKED,
    QUOTA,
    STALE_TOKEN,
    Refused,
    numbered,
    refusal,
)
from bot.dingtalk.lenient import Json, number, rows, table, words
from bot.platform import Meter, Now, SendFailed, Shared, Wide
from bot.proxies import Proxies

TIMEOUT = 10.0
CONNECT = 5.0
AWAY = 2.0  # seconds to wait for a host that cannot be reached
EARLY = 600.0  # a token is renewed so long before it ends, in seconds
DAY = 86_400.0  # seconds: no token lives longer
TOKEN_HEADER = "x-acs-dingtalk-access-token"
JSON_HEADER = {"Content-Type": "application/json"}
UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class Api:
    """Both API hosts of one app. Raises SendFailed and nothing of the HTTP library."""

    def __init__(self, settings: Dingtalk, shared: Shared, now: Now, meter: Meter, warn: Warn) -> None:
        self.settings, self.shared, self.now = settings, shared, now
        self._meter, self._warn = meter, warn
        self._session: aiohttp.ClientSession | None = None
        self._calls = Calls(lambda: self.http)
        self._proxies = Proxies(trusted=True)
        self._hosts = (settings.api_base, settings.oapi_base)
        self._token_key = f"dingtalk:token:{settings.client_id}"

    @property
    def http(self) -> aiohttp.ClientSession:
        """The one HTTP session, made on first use inside the running loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=_patience(),
                json_serialize=_dumps,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=unbounded(),
            )
            self._proxies = Proxies(trusted=True)
        return self._session

    async def close(self) -> None:
        """Closes the HTTP session."""
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, path: str, body: Json | None = None, **query: str) -> Json:
        """A call to api.dingtalk.com, counted against the monthly quota when it works. Raises SendFailed."""
        try:
            answer = await self._authorised(method, path, body, query)
        except Refused as refused:
            await self._tell(refused)
            raise
        self._meter("api", 1)
        return answer

    async def contacts(self, path: str, body: Json) -> Json:
        """A POST to oapi.dingtalk.com (contacts: not counted) → `result`. Raises SendFailed."""
        return table((await self._old(path, json=body)).get("result"))

    async def contact_rows(self, path: str, body: Json) -> list[Json]:
        """Like `contacts`, where `result` is a list. Raises SendFailed."""
        return rows((await self._old(path, json=body)).get("result"))

    async def upload(self, kind: str, name: str, body: bytes) -> str:
        """Uploads image, file, voice or video (≤ 20 MB) → media_id, which does not expire (4.6). Raises SendFailed."""
        answer = await self._old("/media/upload", media=(name, body), type=kind)
        self._meter("api", 1)
        return words(answer.get("media_id"))

    async def fetch(self, code: str, most: int) -> bytes:
        """A file that somebody sent, by its downloadCode, and one byte more than `most` of it at most: a temporary
        address is asked for and read without our token (3.4). Raises SendFailed."""
        body = {"downloadCode": code, "robotCode": self.settings.robot}
        answer = await self.call("POST", "/v1.0/robot/messageFiles/download", body)
        try:
            file = await outward.fetched(words(answer.get("downloadUrl")), most, self._hosts)
        except outward.Inside:
            raise SendFailed("文件的地址不在外网，没有去取", retry=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SendFailed(f"文件取不到（{type(error).__name__}）", retry=True) from None
        if file.status != 200:
            raise SendFailed(f"文件取不到了（HTTP {file.status}），请重发一次", retry=False)
        return file.body

    def answers_at(self, url: str) -> bool:
        """Whether a sessionWebhook is DingTalk's: what people are told goes to no other host."""
        return outward.of_platform(url, self._hosts, "dingtalk.com")

    async def webhook(self, url: str, body: Json) -> None:
        """Posts to a sessionWebhook; the answer's errcode counts, not the status (4.1). Raises SendFailed."""
        answer = await self._request("POST", url, json=body)
        if code := int(number(answer.get("errcode"))):
            raise numbered(code, words(answer.get("errmsg")), self.now())

    async def token(self) -> str:
        """The access token: from the shared cache, else fetched once for all replicas. Raises SendFailed."""
        if held := await self.shared.get(self._token_key):
            return held
        async with self.shared.lock(f"{self._token_key}:lock", TIMEOUT + 5):
            return await self.shared.get(self._token_key) or await self._fetch_token()

    async def _fetch_token(self) -> str:
        url = f"{self.settings.api_base}/v1.0/oauth2/accessToken"
        secret = self.settings.client_secret.get_secret_value()
        try:
            answer = await self._request(
                "POST", url, json={"appKey": self.settings.client_id, "appSecret": secret}
            )
        except Refused as refused:
            await self._tell(refused)
            raise
        except SendFailed as failed:  # no message was on its way yet
            raise SendFailed(
                failed.reason, retry=True, after=failed.after or AWAY, wide=Wide.APP, code=failed.code
            ) from None
        token = words(answer.get("accessToken"))
        if not token:
            raise SendFailed("钉钉没有给出 access_token", retry=True, after=30, wide=Wide.APP)
        lives = min(max(60.0, number(answer.get("expireIn")) - EARLY), DAY)
        await self.shared.put(self._token_key, token, lives)
        return token

    async def _authorised(self, method: str, path: str, body: Json | None, query: Mapping[str, str]) -> Json:
        for last in (False, True):
            token = await self.token()
            try:
                return await self._request(
                    method,
                    self.settings.api_base + path,
                    headers={TOKEN_HEADER: token},
                    json=body,
                    params=query,
                )
            except Refused as refused:
                if last or BAD_TOKEN not in refused.code:
                    raise
                await self.shared.drop(self._token_key, token)
        raise AssertionError("unreachable")

    async def _old(self, path: str, *, json: Json | None = None, media: tuple[str, bytes] | None = None,
                   **query: str) -> Json:  # fmt: skip
        for last in (False, True):
            token = await self.token()
            url = self.settings.oapi_base + path
            params = {"access_token": token, **query}
            answer = await self._request("POST", url, json=json, media=media, params=params)
            code = int(number(answer.get("errcode")))
            if not code:
                return answer
            if last or code not in STALE_TOKEN:
                sub_code = words(answer.get("sub_code"))
                refused = numbered(
                    code, words(answer.get("sub_msg") or answer.get("errmsg")), self.now(), sub_code
                )
                await self._tell(refused)
                raise refused
            await self.shared.drop(self._token_key, token)
        raise AssertionError("unreachable")

    async def _request(
        self, method: str, url: str, *, json: Json | None = None, media: tuple[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
    ) -> Json:  # fmt: skip
        """One HTTP exchange → the JSON object of the answer. Raises Refused for 4xx/5xx, SendFailed without answer."""
        try:
            # followed to another host, the header with our token would go along
            if media is not None:
                http, proxy = self.http, self._proxies.of(url)
                async with http.post(
                    url, allow_redirects=False, proxy=proxy, data=_multipart(media), params=params
                ) as response:
                    status, body = response.status, await whole(response.content)
            else:
                sent = b"" if json is None else _dumps(json).encode()
                heads = {**({} if json is None else JSON_HEADER), **(headers or {})}
                proxy = self._proxies.of(url)
                status, body = await self._calls.ask(
                    method, url, sent, heads, params=params, proxy=proxy, timeout=_patience()
                )
            text = body.decode("utf-8", "replace")
        except UNREACHED as error:
            raise SendFailed(
                f"连不上钉钉（{type(error).__name__}）", retry=True, after=AWAY, wide=Wide.APP
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SendFailed(f"钉钉没有应答（{type(error).__name__}）", retry=True, unknown=True) from None
        answer = table(text)
        if status < 400 and answer and words(answer.get("punish")) != "deny":
            return answer
        if (not answer and status < 500) or words(answer.get("punish")):
            raise SendFailed(
                f"{BLOCKED.reason}（HTTP {status}）", retry=True, after=BLOCKED.after, wide=BLOCKED.wide
            )
        scopes = table(answer.get("accessdenieddetail")).get("requiredScopes")
        named = "、".join(words(one) for one in scopes) if isinstance(scopes, list) else ""
        raise refusal(status, words(answer.get("code")), words(answer.get("message")), self.now(), named)

    async def _tell(self, refused: Refused) -> None:
        if refused.alert:
            window = MONTH if QUOTA in refused.code or "90020" in refused.code else HOUR
            await self._warn(refused.code.partition(" ")[0], refused.reason, window)


def _patience() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=TIMEOUT, connect=CONNECT)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _multipart(media: tuple[str, bytes]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("media", media[1], filename=media[0], content_type="application/octet-stream")
    return form
