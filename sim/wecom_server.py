"""A pretend WeCom with one self-built app: its HTTP API, its callbacks, the phones of its people.

Page numbers in the simulator are those of developer.work.weixin.qq.com/document/path/…; error codes are of page 90313.
"""

import argparse
import asyncio
import json
import re
from functools import partial
from typing import Any

from aiohttp import ClientSession, web

from sim import (
    wecom_callbacks,
    wecom_customers,
    wecom_directory,
    wecom_media,
    wecom_messages,
    wecom_transfers,
)
from sim.control import control_routes, people_from
from sim.phone import Phone
from sim.refusal import Refusal
from sim.running import fields, run
from sim.wecom_crypto import key_of
from sim.wecom_events import contact_change, happening
from sim.wecom_world import Body, Call, Member, World
from sim.wire import WireEntry, exchange

ROUTES: dict[str, tuple[str, Any]] = {
    **wecom_directory.ROUTES,
    **wecom_messages.ROUTES,
    **wecom_media.ROUTES,
    **wecom_customers.ROUTES,
    **wecom_transfers.ROUTES,
}
AES_KEY = "SimKeyForLocalTestsOnly0123456789ABCDEFGHIJ"
ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
MOST_BYTES = 64 * 1024 * 1024


class WecomServer(World):
    """One company, one app, on one port. `url` goes into `[wecom] api_base`."""

    def __init__(
        self,
        *,
        corp_id: str = "wwsim",
        agent_id: int = 1000002,
        secret: str = "sim-wecom-secret",
        token: str = "simtoken",
        aes_key: str = AES_KEY,
        callback_url: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        key_of(aes_key)
        super().__init__(corp_id, agent_id, secret, token, aes_key, callback_url)
        self.host, self.port, self.url = host, port, ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Opens the port; from here on `url` is known and callbacks can be delivered."""
        self.session = ClientSession()
        app = web.Application(client_max_size=MOST_BYTES)
        app.add_routes(control_routes(self))
        app.router.add_route("*", "/{path:cgi-bin/.*}", self._api)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://{self.host}:{self.port}"

    async def stop(self) -> None:
        """Closes the port and all connections."""
        if self.session is not None:
            await self.session.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self.session, self._runner = None, None

    def person(
        self, user: str, name: str, *, visible: bool = True, licensed: bool = True, **more: Any
    ) -> Phone:
        """The phone of a member; created when new. `more`: further fields of Member (departments, position …)."""
        if user.lower() not in self.members:
            self.members[user.lower()] = Member(user, name, visible, licensed, **more)
            phone = Phone(user, name)
            phone.send = partial(self._verb, self.members[user.lower()])
            self.phones[user] = phone
        return self.phones[self.members[user.lower()].user]

    async def verify_callback(self, tamper: str = "") -> bool:
        """The GET echostr check of the console; see wecom_callbacks.verify."""
        return await wecom_callbacks.verify(self, tamper)

    async def release(self) -> bool:
        """Delivers at once what `faults.hold` keeps back."""
        return await wecom_callbacks.release(self)

    async def customer(
        self, user: str, external: str, change: str = "add_external_contact", **more: Any
    ) -> None:
        """A change_external_contact event for this member; `more`: state, name, source, reason, remark."""
        await self.phones[user].does("customer", external=external, change=change, **more)

    async def contact(self, user: str, change: str) -> None:
        """A change_contact event (create_user, delete_user …) about this member; delete_user takes them out."""
        member = self.members[user.lower()]
        if change == "delete_user":
            del self.members[user.lower()]
            self.left[user.lower()] = self.now()
        await wecom_callbacks.deliver(self, contact_change(self, member, change))

    def lose_tokens(self) -> None:
        """Invalidates every token before its time."""
        wecom_directory.lose_tokens(self)

    def delivered(self) -> list[WireEntry]:
        """The callbacks that were answered with 200, oldest first."""
        return [entry for entry in self.wire if entry.way == "out" and entry.status == 200]

    async def _verb(self, member: Member, verb: Body) -> None:
        event = happening(self, member, verb)
        if event is None:
            shown = {name: value for name, value in verb.items() if name not in ("body", "card")}
            self.note(f"not delivered: {verb['verb']}", {"user": member.user} | shown)
        else:
            await wecom_callbacks.deliver(self, event)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        with exchange():
            return await self._one(request)

    async def _one(self, request: web.Request) -> web.StreamResponse:
        """Every API call: faults first, then the token, then the endpoint; all written to the wire."""
        faults, path = self.faults, request.path
        if faults.cut:
            return self._break(request)
        if faults.hang_next:
            seconds, faults.hang_next = faults.hang_next, 0.0
            await asyncio.sleep(seconds)
            if request.transport is None or request.transport.is_closing():
                return self._break(request)
        if faults.http_503_next > 0:
            faults.http_503_next -= 1
            self._log(request, {}, "503", 503)
            return web.Response(status=503, text="service unavailable")
        body, answer = await self._answer(request)
        if faults.latency:
            await asyncio.sleep(faults.latency)
        if path in wecom_messages.ROUTES and faults.deliver_but_fail_next > 0 and answer_code(answer) == 0:
            faults.deliver_but_fail_next -= 1
            self._log(request, body, "done, but the answer is lost", 0)
            return self._break(request) if faults.fail_how == "reset" else web.Response(status=500)
        self._log(request, body, answer if isinstance(answer, dict) else "<bytes>", 200)
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response(text=json.dumps(answer, ensure_ascii=False))

    async def _answer(self, request: web.Request) -> tuple[Body, Body | web.StreamResponse]:
        body: Body = {}
        try:
            method, endpoint = ROUTES.get(request.path, ("", None))
            if endpoint is None:
                raise Refusal(40058, f"no such api in this simulator: {request.path}")
            self._fail_on_purpose(request.path)
            ip = request.remote or ""
            if request.path != "/cgi-bin/gettoken":
                if self.faults.lose_tokens_next > 0:
                    self.faults.lose_tokens_next -= 1
                    self.lose_tokens()
                wecom_directory.check_token(self, Call(request.path, request.query, body, request, ip))
            if method == "POST" and request.method != "POST":
                raise Refusal(40058, "POST is expected")
            if method == "POST" and not request.content_type.startswith("multipart/"):
                body = await read_object(request)
            call = Call(request.path, request.query, body, request, ip)
            answer: Body | web.StreamResponse = await endpoint(self, call)
        except Refusal as refusal:
            return body, self._refused(refusal, request)
        return body, answer

    def _fail_on_purpose(self, path: str) -> None:
        for number, fault in enumerate(self.faults.fail_next):
            wanted = fault[2] if len(fault) == 3 else ""
            if wanted in path:
                del self.faults.fail_next[number]
                raise Refusal(fault[0], fault[1])

    def _refused(self, refusal: Refusal, request: web.Request) -> Body:
        hint = f"hint: [{self.new_id('')}], from ip: {request.remote}"
        more = f"more info at https://open.work.weixin.qq.com/devtool/query?e={refusal.code}"
        return {"errcode": refusal.code, "errmsg": f"{refusal.message}, {hint}, {more}"}

    def _break(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _log(self, request: web.Request, body: Body, answer: object, status: int) -> None:
        query = {k: v for k, v in request.query.items() if k not in ("access_token", "corpsecret")}
        sent = {"query": query, "body": body}
        self.wire.log("in", f"{request.method} {request.path}", sent, answer, status=status, at=self.now())


def answer_code(answer: Body | web.StreamResponse) -> int:
    """The errcode of an answer; 0 for bytes."""
    return int(answer["errcode"]) if isinstance(answer, dict) else 0


async def read_object(request: web.Request) -> Body:
    """The JSON object in a body; raw UTF-8 only, escapes of the form \\uXXXX are refused (40033)."""
    try:
        text = (await request.read()).decode()
        body = json.loads(text) if text else {}
    except ValueError:
        raise Refusal(47001, "data format error") from None
    if ESCAPED.search(text):
        raise Refusal(40033, "invalid charset: no \\uxxxx in the body")
    if not isinstance(body, dict):
        raise Refusal(47001, "data format error")
    return body


async def serve(server: WecomServer, scenario: str = "") -> None:
    """Runs until SIGTERM or SIGINT; prints one JSON line when it listens."""
    if scenario:
        people_from(server, scenario)
    shown = ("url", "corp_id", "agent_id", "secret", "token", "aes_key", "callback_url")
    await run(server, lambda: fields(server, *shown))


def main(argv: list[str] | None = None) -> None:
    """`python -m sim.wecom_server --port 9001 --callback URL [--scenario FILE.json]`."""
    parser = argparse.ArgumentParser(prog="sim.wecom_server")
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument("--callback", default="", metavar="URL")
    parser.add_argument("--scenario", default="", metavar="FILE")
    chosen = parser.parse_args(argv)
    asyncio.run(serve(WecomServer(port=chosen.port, callback_url=chosen.callback), chosen.scenario))


if __name__ == "__main__":
    main()
