"""The HTTP side of a pretend DingTalk: routing, tokens, scopes, quotas, scripted faults, error envelopes. Section 6."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from sim.dingtalk_world import Json, World, token
from sim.wire import exchange

SECRET = frozenset({"clientSecret", "appSecret", "client_secret", "access_token", "accessToken", "appsecret"})


class Refusal(Exception):
    """An error answer. `code` is a v1.0 code ("param.invalid") or, on the oapi host, an errcode."""

    def __init__(self, status: int, code: str | int, message: str = "", **extra: object) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message, self.extra = status, code, message or str(code), extra


class Dropped(Exception):
    """The connection is reset instead of an answer."""


@dataclass
class Call:
    """One API call as a handler sees it: the parsed JSON body ({} when there is none) and the request."""

    body: Json
    request: web.Request

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def text(self, name: str) -> str:
        """A string of the body, "" when it is missing or something else."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Api:
    """One documented call. `counted`: it uses up the monthly quota; `sends`: somebody sees its effect at once."""

    method: str
    path: str
    handle: Callable[[Call], Awaitable[Json]]
    scope: str = ""
    token: bool = True
    counted: bool = True
    sends: bool = False

    @property
    def old(self) -> bool:
        """On the oapi host, where errors are HTTP 200 with an errcode."""
        return not self.path.startswith("/v1.0/")


class Gate:
    """Everything that happens to a call before and after its handler."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens: dict[str, float] = {}  # token → good until
        self._calls: dict[str, deque[float]] = {}

    def routes(self, apis: Iterable[Api]) -> list[web.RouteDef]:
        """aiohttp routes for the calls."""
        return [web.route(api.method, api.path, self._route(api)) for api in apis]

    def _route(self, api: Api) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def route(request: web.Request) -> web.StreamResponse:
            with exchange():
                return await self._one(api, Call({}, request))

        return route

    async def _one(self, api: Api, call: Call) -> web.StreamResponse:
        try:
            answer = await self._through(api, call)
            response = web.json_response(text=json.dumps(answer, ensure_ascii=False))
        except Refusal as refusal:
            response = envelope(refusal, old=api.old)
        except Dropped:
            response = web.Response(status=499)
            if call.request.transport is not None:
                call.request.transport.abort()
        self._log(call, response)
        return response

    def _log(self, call: Call, response: web.Response) -> None:
        sent = {key: "…" if key in SECRET else value for key, value in call.body.items()}
        try:
            answer = json.loads(response.text or "null")
        except ValueError:
            answer = response.text
        if isinstance(answer, dict):
            answer = {key: "…" if key in SECRET else value for key, value in answer.items()}
        what = f"{call.request.method} {call.request.path}"
        self.world.wire.log("in", what, sent, answer, status=response.status, at=self.world.now())

    async def _through(self, api: Api, call: Call) -> Json:
        faults, path = self.world.faults, call.request.path
        if faults.cut:
            raise Dropped
        if faults.latency:
            await asyncio.sleep(faults.latency)
        await self._read(api, call)
        if api.token and faults.hang_next:
            hang, faults.hang_next = faults.hang_next, 0.0
            await asyncio.sleep(hang)
            raise Refusal(504, "ServiceTimeout")
        if failure := faults.failure(path, plain=api.token):
            raise Refusal(*failure)
        if api.token and faults.take("html_next"):
            raise Refusal(200, "html")
        if api.token and faults.take("http_500_next"):
            raise Refusal(500, "system.error")
        if api.token:
            self._admit(api, call)
        answer = await self._handle(api, call)
        if api.counted:
            self.world.month().api_calls += 1  # failed and throttled calls are not counted (11.1)
        if api.sends and faults.take("deliver_but_fail_next"):
            raise Dropped
        return answer

    async def _handle(self, api: Api, call: Call) -> Json:
        """A body of the wrong shape is the caller's mistake, not a 500 that invites a retry."""
        try:
            return await api.handle(call)
        except (TypeError, ValueError, LookupError, AttributeError) as wrong:
            self.world.complain(f"{api.method} {api.path}: malformed body: {wrong!r}")
            raise (
                Refusal(200, 40035, "不合法的参数") if api.old else Refusal(400, "InvalidParameter")
            ) from wrong

    async def _read(self, api: Api, call: Call) -> None:
        if call.request.method in ("GET", "DELETE") or "multipart" in call.request.content_type:
            return
        if call.request.content_type != "application/json":
            raise (
                Refusal(200, 43004, "无效的HTTP HEADER Content-Type")
                if api.old
                else Refusal(400, "invalid.contentType")
            )
        try:
            body = json.loads(await call.request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise (
                Refusal(200, 40035, "缺少参数 json")
                if api.old
                else Refusal(400, "InvalidParameter", "body is no JSON object")
            )
        call.body = body

    def _admit(self, api: Api, call: Call) -> None:
        if api.path == "/robot/sendBySession":
            return  # the session in the URL is its own permission
        given = (call.request.query.get("access_token", "") if api.old
                 else call.request.headers.get("x-acs-dingtalk-access-token", ""))  # fmt: skip
        if self.tokens.get(given, 0.0) < self.world.now():
            text = "不合法的access_token"
            raise Refusal(200, 40014, text) if api.old else Refusal(400, "InvalidAuthentication", text)
        if api.scope and api.scope not in self.world.scopes:
            text = "应用尚未开通所需的权限"
            raise Refusal(200, 60011, text) if api.old else Refusal(
                403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", text,
                accessdenieddetail={"requiredScopes": [api.scope]},
            )  # fmt: skip
        self._throttle(api)
        limit = self.world.limits.api_calls
        if api.counted and limit is not None and self.world.month().api_calls >= limit:
            raise Refusal(403, "Forbidden.AccessDenied.ApiCountLimitForOrg", "本月API调用量已用尽")

    def _throttle(self, api: Api) -> None:
        """20 calls a second for one app and API (6.3)."""
        qps, now = self.world.limits.qps, time.monotonic()
        recent = self._calls.setdefault(f"{api.method} {api.path}", deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if qps is not None and len(recent) >= qps:
            text = "触发接口QPS限流"
            raise (
                Refusal(200, 88, text, sub_code="90018", sub_msg=text)
                if api.old
                else Refusal(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", text)
            )
        recent.append(now)

    # tokens (6.1) -----------------------------------------------------------------------------------------------------

    def apis(self) -> list[Api]:
        """The three ways to a token."""
        return [
            Api("POST", "/v1.0/oauth2/accessToken", self._access_token, token=False, counted=False),
            Api("POST", "/v1.0/oauth2/{corp}/token", self._corp_token, token=False, counted=False),
            Api("GET", "/gettoken", self._gettoken, token=False, counted=False),
        ]

    def forget_tokens(self) -> None:
        """Invalidates every token that was given out."""
        self.tokens.clear()

    def _issue(self) -> str:
        """The same token while it is valid, and renewed by being asked for."""
        now = self.world.now()
        current = next((key for key, until in self.tokens.items() if until > now), None) or token()
        self.tokens = {current: now + self.world.limits.token_age}
        return current

    def _known(self, key: object, secret: object) -> bool:
        return (key, secret) == (self.world.client_id, self.world.client_secret)

    async def _access_token(self, call: Call) -> Json:
        if not self._known(call.body.get("appKey"), call.body.get("appSecret")):
            raise Refusal(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        return {"accessToken": self._issue(), "expireIn": int(self.world.limits.token_age)}

    async def _corp_token(self, call: Call) -> Json:
        if call.body.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported.grant.type")
        if not self._known(call.body.get("client_id"), call.body.get("client_secret")):
            raise Refusal(400, "invalid.client")
        return {"access_token": self._issue(), "expires_in": int(self.world.limits.token_age)}

    async def _gettoken(self, call: Call) -> Json:
        query = call.request.query
        if not self._known(query.get("appkey"), query.get("appsecret")):
            raise Refusal(200, 40001, "获取access_token时Secret错误，或者access_token无效")
        return {
            "errcode": 0,
            "errmsg": "ok",
            "access_token": self._issue(),
            "expires_in": int(self.world.limits.token_age),
        }


def envelope(refusal: Refusal, *, old: bool) -> web.Response:
    """The error body of the host (6.2): v1.0 code/message/requestid, oapi HTTP 200 with errcode."""
    if refusal.code == "html":
        return web.Response(status=200, text="<html><body>访问被拒绝</body></html>", content_type="text/html")
    body: Json
    if old and refusal.status == 200:
        code = int(refusal.code)
        body = {"errcode": code, "errmsg": refusal.message, "request_id": token(8), **refusal.extra}
    else:
        body = {"code": str(refusal.code), "message": refusal.message, "requestid": token(8), **refusal.extra}
    return web.json_response(text=json.dumps(body, ensure_ascii=False), status=refusal.status)
