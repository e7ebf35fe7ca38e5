"""The way in and out: one-time links, sessions, and the first page of the port."""

import math
import secrets

from aiohttp import web

from rules.team import Role
from store import sessions, team
from web.errors import Refusal, read_fields
from web.site import Signed, Site

VISIT = "genjin-visit"
"""A cookie (with "__Host-" before it on https) that ties the confirmation to the browser that opened the link."""
HOW = "在企业微信或钉钉里给机器人发 /看板，点它回的链接就能进来。"


class Door:
    """/, /login, /logout."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._visit = f"__Host-{VISIT}" if site.secure else VISIT

    def routes(self, *, index: bool) -> list[web.RouteDef]:
        """What to mount. `index` False leaves "/" to the caller."""
        site = self._site
        found = [
            site.open("GET", "/login", self.ask),
            site.open("POST", "/login", self.enter),
            site.page("POST", "/logout", self.leave, may=Role),
        ]
        return [*found, site.open("GET", "/", self.home)] if index else found

    async def home(self, request: web.Request) -> web.StreamResponse:
        """The board for those who are logged in; what this is for everybody else."""
        signed = await self._site.who(request)
        if signed is not None:
            return self._site.back("/board")
        return self._site.show("home.html", None, how=HOW)

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """A link was opened: who it is for, and one tap. Nothing is used up yet: chats look at links before people do."""
        token = request.query.get("token", "")
        if not token:
            if await self._site.who(request) is not None:
                return self._site.back("/board")
            return self._site.show("login.html", None, name="", token="", mark="", how=HOW)
        await self._not_too_often(request)
        async with self._site.engine.db.read() as tx:
            found = await sessions.find(tx, sessions.digest(token))
            member = await team.get(tx, found.member) if found else None
        if found is None or member is None or member.gone or not found.good(self._site.engine.clock.now()):
            return self._site.show("error.html", None, code=410, title="链接不能用了",
                                   said=f"它已经用过，或者过了有效期。{HOW}")  # fmt: skip
        visit = self._site.given(request, self._visit) or secrets.token_urlsafe(16)
        mark = self._site.mark("login", visit + token)
        page = self._site.show("login.html", None, name=member.name, token=token, mark=mark, how=HOW)
        self._site.give(page, self._visit, visit, 3600)
        return page

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """The tap: the link is used up and a session begins."""
        await self._not_too_often(request)
        fields = await read_fields(request)
        token, mark = fields.get("token", ""), fields.get("csrf", "")
        visit = self._site.given(request, self._visit)
        if not visit or not self._site.fits("login", visit + token, mark):
            raise Refusal(403, "这一页不是从你的链接打开的。请重新点聊天里的链接。", code="csrf")
        hash, fresh = sessions.digest(token), secrets.token_urlsafe(32)
        async with self._site.engine.db.read() as tx:
            found = await sessions.find(tx, hash)
        await self._site.hand_in(
            "web.login", {"login": hash, "session": sessions.digest(fresh)},
            key=f"{hash[:40]}:{secrets.token_hex(8)}", client=self._site.address(request),
        )  # fmt: skip
        answer = self._site.back(found.path if found else "/board")
        lasts = self._site.engine.config.web.session
        self._site.give(answer, self._site.cookie, fresh, int(lasts.total_seconds()))
        self._site.take_back(answer, self._visit)
        return answer

    async def leave(self, _request: web.Request, signed: Signed) -> web.StreamResponse:
        """退出: the session ends here and on the server."""
        key = f"{signed.session[:40]}:{secrets.token_hex(8)}"
        await self._site.hand_in("web.logout", {"session": signed.session}, key=key)
        answer = self._site.back("/login")
        self._site.take_back(answer, self._site.cookie)
        return answer

    async def _not_too_often(self, request: web.Request) -> None:
        """Raises Refusal 429 when this address tries more than `web.tries` a minute."""
        tries = self._site.engine.config.web.tries
        bucket = f"web:login:{self._site.address(request)}"
        wait = await self._site.engine.shared.take(bucket, tries / 60, tries)
        if wait > 0:
            raise Refusal(
                429, "试得太频繁了，请过一会儿再试。", headers={"Retry-After": str(math.ceil(wait))}
            )
