"""What all pages share: who is logged in, who may, templates, headers, and forms that go to the inbox."""

import hashlib
import hmac
import ipaddress
import secrets
import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
import structlog
from aiohttp import web

from bot.engine import Engine, Failed, NotDone
from bot.events import Form, Incoming
from bot.inbox import Full
from rules import access
from rules.team import Member, Role
from store import leave, sessions, team
from store.db import passing
from web.address import address
from web.errors import Handler, Refusal, read_fields
from web.static import Assets

log = structlog.get_logger("pages")
TEMPLATES = Path(__file__).parent / "templates"
SALES = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
MANAGERS = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class Signed:
    """Somebody who is logged in. `session` is the hash that the database knows, `csrf` what their forms must carry."""

    member: Member
    session: str
    csrf: str


def tidy(value: object, most: int) -> str:
    """What a visitor typed, at most so many characters, without what no database keeps (NUL, half characters)."""
    return "".join(c for c in str(value) if unicodedata.category(c) not in {"Cc", "Cs"}).strip()[:most]


Page = Callable[[web.Request, Signed], Awaitable[web.StreamResponse]]


class Site:
    """The pages of one running engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.assets = Assets()
        self.rights: dict[tuple[str, str], frozenset[Role]] = {}
        self.teams = engine.config.teams()
        secure = engine.config.app.public_url.startswith("https://")
        self.secure, self.cookie = secure, "__Host-genjin" if secure else "genjin"
        self._proxies = [ipaddress.ip_network(one, strict=False) for one in engine.config.intake.proxies]
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._pages.globals |= {"static": self.assets.url, "brand": engine.config.app.name}

    # ── signing ─────────────────────────────────────────────────────────────────────────────────────────
    def mark(self, what: str, value: str) -> str:
        """A signature that only this installation can make."""
        key = f"{what}:{self.engine.secret}".encode()
        return hmac.new(key, value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:40]

    def fits(self, what: str, value: str, given: str) -> bool:
        """Whether a signature is ours."""
        return hmac.compare_digest(self.mark(what, value).encode(), given.encode("utf-8", "replace"))

    def give(self, response: web.Response, name: str, value: str, seconds: int) -> None:
        """Sets a cookie that scripts cannot read and other sites cannot send along with a form."""
        response.set_cookie(
            name, f"{value}.{self.mark(name, value)}", max_age=seconds, httponly=True, samesite="Lax",
            secure=self.secure, path="/",
        )  # fmt: skip

    def take_back(self, response: web.Response, name: str) -> None:
        """Ends a cookie; a browser hears of a "__Host-" one over Secure alone."""
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=self.secure)

    def given(self, request: web.Request, name: str) -> str:
        """The value of a signed cookie, "" when there is none or it is not ours."""
        value, _, mark = request.cookies.get(name, "").rpartition(".")
        return value if value and self.fits(name, value, mark) else ""

    # ── who ─────────────────────────────────────────────────────────────────────────────────────────────
    async def who(self, request: web.Request) -> Signed | None:
        """Who is logged in, with those for whom they stand in now; None when nobody is. Asked anew with every request:
        roles change, people leave."""
        token = self.given(request, self.cookie)
        if not token:
            return None
        hash = sessions.digest(token)
        now = self.engine.clock.now()
        async with self.engine.db.read() as tx:
            id = await sessions.member_of(tx, hash, now)
            member = await team.get(tx, id) if id else None
            if member is None or member.gone:
                return None
            member = replace(member, covers=await leave.covered_by(tx, member.id, now))
        return Signed(member, hash, self.mark("csrf", token))

    def address(self, request: web.Request) -> str:
        """Where a request came from, seen through our proxies (`intake.proxies`)."""
        return address(request.remote or "", request.headers.getall("X-Forwarded-For", []), self._proxies)

    # ── routes ──────────────────────────────────────────────────────────────────────────────────────────
    def open(self, method: str, path: str, handler: Handler) -> web.RouteDef:
        """A page for everybody."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._shown(request, None, handler)

        return web.route(method, path, answer)

    def page(self, method: str, path: str, handler: Page, *, may: Iterable[Role] = SALES) -> web.RouteDef:
        """A page for those of these roles who are logged in. What it shows of whom, the page asks itself."""
        roles = frozenset(may)
        self.rights[method, path] = roles

        async def answer(request: web.Request) -> web.StreamResponse:
            signed = await self.who(request)
            if signed is None:
                return self._no_one(request)

            async def inner(request: web.Request) -> web.StreamResponse:
                if request.method == "POST":
                    await self._checked(request, signed)
                if not signed.member.has(*roles):
                    await self.denied(signed, f"{method} {path}", "")
                    raise Refusal(403, "这个页面不对你的角色开放。需要的话，请联系管理员。")
                return await handler(request, signed)

            return await self._shown(request, signed, inner)

        return web.route(method, path, answer)

    async def _checked(self, request: web.Request, signed: Signed) -> None:
        """Every form carries the session's own mark. Raises Refusal 403, and what reading the form raises."""
        given = (await read_fields(request)).get("csrf", "")
        if not hmac.compare_digest(signed.csrf.encode(), given.encode("utf-8", "replace")):
            raise Refusal(403, "页面已经过期，请返回上一页刷新后再试。", code="csrf")

    def _no_one(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("HX-Request"):
            return web.Response(status=200, headers={"HX-Redirect": "/login", **HEADERS})
        if request.method == "GET":
            return web.Response(status=303, headers={"Location": "/login", **HEADERS})
        return self.show("error.html", None, code=401, title="登录已过期",
                         said="请在聊天里发 /看板 重新打开。")  # fmt: skip

    async def _shown(
        self, request: web.Request, signed: Signed | None, handler: Handler
    ) -> web.StreamResponse:
        """Runs a page; a "no" and a bug leave as pages too, not as JSON."""
        try:
            return await handler(request)
        except Refusal as no:
            return self.show("error.html", signed, code=no.status, title=TITLES.get(no.status, "没有成功"),
                             said=no.message, headers=no.headers)  # fmt: skip
        except web.HTTPException:
            raise
        except Exception as error:
            resource = request.match_info.route.resource
            route = resource.canonical if resource else ""
            if passing(error):
                log.warning("database away", route=route, error=type(error).__name__)
                return self.show("error.html", signed, code=503, title="系统忙",
                                 said="系统暂时不可用，请过几秒再刷新。")  # fmt: skip
            log.error("page failed", route=route, exc_info=error)
            return self.show("error.html", signed, code=500, title="出错了",
                             said="服务器内部错误，已经记下来了。请稍后再试。")  # fmt: skip

    def show(
        self, template: str, signed: Signed | None, *, code: int = 200, headers: dict[str, str] | None = None,
        **values: Any,
    ) -> web.Response:  # fmt: skip
        """A template as a page."""
        menu = self._menu(signed.member) if signed else []
        text = self._pages.get_template(template).render(signed=signed, menu=menu, **values)
        return web.Response(
            text=text, status=code, content_type="text/html", headers={**HEADERS, **(headers or {})}
        )

    def _menu(self, member: Member) -> list[tuple[str, str]]:
        entries = (
            ("/board", "看板"),
            ("/board?state=pool", "公海"),
            ("/import", "导入"),
            ("/trail", "审计"),
            ("/sources", "接入"),
        )
        paths = {
            path.partition("?")[0]: self.rights.get(("GET", path.partition("?")[0])) for path, _ in entries
        }
        return [(path, name) for path, name in entries
                if (may := paths[path.partition("?")[0]]) and member.has(*may)]  # fmt: skip

    def back(self, to: str) -> web.Response:
        """After a form: the page itself, fetched anew."""
        return web.Response(status=303, headers={"Location": to, **HEADERS})

    # ── to the inbox ────────────────────────────────────────────────────────────────────────────────────
    async def hand_in(self, name: str, fields: dict[str, Any], *, key: str, client: str = "") -> None:
        """Hands a form to the inbox and waits until it is handled. Raises Refusal with what a rule said."""
        form = Form(name, fields, self.engine.clock.now(), key=key, client=client)
        try:
            outcome = await self.engine.submit(form)
        except Full:
            raise Refusal(503, "系统繁忙，请过几秒再试。") from None
        except NotDone as late:
            raise Refusal(
                503, f"已收到（编号 E-{late.event}），还在处理，过一会儿刷新看结果。", event=late.event
            ) from None
        except Failed as bug:
            raise Refusal(
                500, f"没有处理成功，已记录（编号 E-{bug.event}），请告诉管理员。", event=bug.event
            ) from None
        if outcome.refused:
            raise Refusal(422, outcome.refused, event=outcome.event)

    async def note(
        self, name: str, signed: Signed, about: str, *, what: str = "", hourly: bool = False
    ) -> None:
        """Hands a form to the inbox and waits only until it is stored: what was seen or tried. `hourly`: the same again
        within the hour says nothing new."""
        now = self.engine.clock.now()
        key = f"{signed.session[:20]}:{about}:{now:%Y%m%d%H}" if hourly else secrets.token_hex(12)
        fields = {"session": signed.session, "about": about, "what": what}
        form = Form(name, fields, now, key=key)
        await self.engine.intake([Incoming(f"form:{name}:{key}", f"form:{name}:{signed.session[:20]}", form)])

    async def denied(self, signed: Signed, what: str, about: str) -> None:
        """Somebody asked for what is not theirs: the audit trail will say so."""
        await self.note("web.denied", signed, about, what=what)

    def sees(self, signed: Signed, owner: Member | None) -> bool:
        """Whether the member may see what belongs to `owner` (None: the pool)."""
        return access.may_see(signed.member, owner, self.teams)


TITLES = {
    400: "内容不对", 401: "请先登录", 403: "没有权限", 404: "没有找到", 408: "太慢了", 413: "太大了", 415: "内容不对",
    422: "没有成功", 429: "太频繁了", 503: "系统忙",
}  # fmt: skip
