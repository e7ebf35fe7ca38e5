"""cgi-bin of an Official Account: the token, and who is behind an OpenID (unionid). Every failure as SendFailed."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.answers import decoded, whole
from bot.config_accounts import OfficialAccount
from bot.platform import SendFailed, Shared, Wide

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
EARLY = 300  # seconds before its end a token is renewed
STALE = frozenset({40001, 40014, 42001})
NO_CREDENTIAL = frozenset({40013, 40125, 40164, 41002, 41004, 50004, 50007})
CLOSED = frozenset({48001, 50002})
STOPPED, CLOSED_FOR = 600.0, 86400.0
"""Seconds without another try: after wrong credentials, and when the account has no right to the interface."""
SAYS = {
    -1: "公众平台繁忙",
    40001: "AppSecret 不对，或 access_token 失效",
    40003: "公众平台不认得这个 OpenID",
    40013: "AppID 不对，请到公众平台的「基本配置」核对",
    40125: "AppSecret 不对；在公众平台重置过的话，旧的已经作废，请填新的",
    40164: "服务器 IP 不在公众平台的「IP白名单」里，请到「基本配置」加进去",
    41004: "没有填 AppSecret",
    45009: "今天的接口调用次数用完了",
    45011: "调用太频繁",
    48001: "这个公众号没有「获取用户基本信息」接口的权限（没有认证）",
    50002: "公众号的接口被限制了",
    50004: "公众号的接口被禁用了",
    50007: "公众号已冻结",
}


class Api:
    """Calls of one account. No token is ever in a text."""

    def __init__(self, settings: OfficialAccount, shared: Shared) -> None:
        self._settings, self._shared = settings, shared
        mark = hashlib.sha256(
            f"{settings.app_id}\n{settings.app_secret.get_secret_value()}\n{settings.api_base}".encode()
        ).hexdigest()[:16]
        self._key = f"wechat:token:{mark}"  # a new secret never meets an old token

    async def person(self, openid: str) -> Mapping[str, str]:
        """user/info: `unionid` and `scene` (subscribe_scene), "" where the platform does not say. A name and a picture are
        not given any more. Raises SendFailed."""
        if why := await self.stopped():
            raise SendFailed(why, retry=False, code="stopped")
        for last in (False, True):
            token = await self.token(force=last)
            query = {"access_token": token, "openid": openid, "lang": "zh_CN"}
            answer = await self._ask("GET", "/cgi-bin/user/info", query, None)
            code = _code(answer)
            if code in STALE and not last:
                await self._shared.drop(self._key, token)
                continue
            if code:
                raise await self._failed(code)
            return {"unionid": _text(answer, "unionid"), "scene": _text(answer, "subscribe_scene")}
        raise AssertionError("unreachable")

    async def token(self, *, force: bool = False) -> str:
        """The access_token of cgi-bin/stable_token, which other programs of the same account may fetch too. Raises
        SendFailed."""
        held = await self._shared.get(self._key)
        if held and not force:
            return held
        async with self._shared.lock(f"{self._key}:lock", 15):
            held = await self._shared.get(self._key)
            if held and not force:
                return held
            return await self._fetch(force=force)

    async def probe(self) -> None:
        """Asks for a token whatever is held or was refused before: AppID, AppSecret and the list of addresses are well.
        Without force, so that a token which others use goes on being good. Raises SendFailed."""
        await self._fetch(force=False)
        if why := await self.stopped():
            await self._shared.drop(f"{self._key}:stopped", why)

    async def _fetch(self, *, force: bool) -> str:
        body = {
            "grant_type": "client_credential", "appid": self._settings.app_id,
            "secret": self._settings.app_secret.get_secret_value(), "force_refresh": force,
        }  # fmt: skip
        answer = await self._ask("POST", "/cgi-bin/stable_token", {}, body)
        token = _text(answer, "access_token")
        if not token:
            raise await self._failed(_code(answer) or -1, at_token=True, address=_address(answer))
        lasts = float(answer.get("expires_in") or 7200)
        await self._shared.put(self._key, token, lasts - EARLY if lasts > 2 * EARLY else lasts / 2)
        return token

    async def stopped(self) -> str:
        """Why this account is not asked for a while, "" when it is."""
        return await self._shared.get(f"{self._key}:stopped") or ""

    async def _failed(self, code: int, *, at_token: bool = False, address: str = "") -> SendFailed:
        """An errcode → how the outbox goes on. What nobody but an admin can mend is not asked again for a while. `address`:
        ours, as the platform sees it."""
        text = f"{SAYS.get(code, '公众平台返回了没见过的错误')}（{code}）"
        if code == 40164 and address:
            text = text.replace("服务器 IP ", f"服务器 IP {address} ", 1)
        if code in NO_CREDENTIAL or code in CLOSED or (code in STALE and at_token):
            lasts = CLOSED_FOR if code in CLOSED else STOPPED
            await self._shared.put(f"{self._key}:stopped", text, lasts)
            return SendFailed(text, retry=False, code=str(code))
        if code in {45009, 45011}:
            return SendFailed(
                text, retry=True, after=3600 if code == 45009 else 60, wide=Wide.PERSON, code=str(code)
            )
        if code == -1 or code in STALE:
            return SendFailed(text, retry=True, after=5, busy=True, code=str(code))
        return SendFailed(text, retry=False, code=str(code))

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, object] | None
    ) -> dict[str, Any]:
        url = f"{self._settings.api_base}{path}"
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT) as http,
                http.request(
                    method,
                    url,
                    params=query,
                    data=json.dumps(body).encode() if body else None,
                    allow_redirects=False,
                ) as response,
            ):
                raw, status = await whole(response.content), response.status
        except (
            TimeoutError,
            aiohttp.ClientError,
            OSError,
        ) as error:  # their texts may hold the URL: name only
            raise SendFailed(f"公众平台没有回答（{type(error).__name__}）", retry=True, after=30) from None
        answer = decoded(raw)
        if status != 200 or not isinstance(answer, dict):
            raise SendFailed(f"公众平台接口异常（HTTP {status}）", retry=True, after=30)
        return answer


def _code(answer: Mapping[str, Any]) -> int:
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else -1


def _address(answer: Mapping[str, Any]) -> str:
    """The address of ours that the platform refuses ("invalid ip 1.2.3.4 ipv6 …, not in whitelist"), "" when it names none."""
    found = re.search(r"invalid ip (\d{1,3}(?:\.\d{1,3}){3})\b", _text(answer, "errmsg"))
    return found[1] if found else ""


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value.strip()[:500] if isinstance(value, str) else ""
