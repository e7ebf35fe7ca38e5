"""A pretend DingTalk on the real wire format: Stream gateway, OpenAPI and oapi host on one port. Run it with `-m`."""

import argparse
import asyncio
import json
from pathlib import Path

from aiohttp import web

from sim.control import control_routes, people_from
from sim.dingtalk_api import Gate
from sim.dingtalk_cards import Cards
from sim.dingtalk_chat import Chat
from sim.dingtalk_contacts import Contacts
from sim.dingtalk_gateway import Connection
from sim.dingtalk_robot import Robot
from sim.dingtalk_screen import echo
from sim.dingtalk_stream import Stream
from sim.dingtalk_todos import Todos
from sim.dingtalk_world import Json, World
from sim.phone import Press, Seen
from sim.running import fields, run


class DingtalkServer(World):
    """One organisation with one app. `url` serves as api_base and as oapi_base.

    The people are in `phones` (create them with `person`); trouble is in `faults` and `limits`; everything that went
    over the wire in `wire`; breaches that DingTalk would swallow in `complaints`; the gateway's timings in `stream`.
    """

    def __init__(
        self,
        *,
        client_id: str = "dingsim",
        client_secret: str = "sim-dingtalk-secret",
        corp_id: str = "dingcorp",
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(client_id, client_secret, corp_id)
        self._host, self._port = host, port
        self.gate = Gate(self)
        self.stream = Stream(self)
        self.chat = Chat(self, self.stream)
        self.cards = Cards(self, self.stream)
        self.robot = Robot(self)
        self.contacts = Contacts(self)
        self._todos = Todos(self)
        self._runner: web.AppRunner | None = None
        self.verb = self._verb

    async def start(self) -> None:
        """Listens; afterwards `url` is known."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        parts = (self.gate, self.robot, self.cards, self._todos, self.contacts)
        app.add_routes(self.gate.routes(api for part in parts for api in part.apis()))
        app.add_routes(self.stream.routes())
        app.add_routes(self.robot.routes())
        app.add_routes(control_routes(self))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://{self._host}:{self._port}"

    async def stop(self) -> None:
        """Drops all connections and frees the port (a later `start` takes the same one)."""
        await self.stream.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def todos(self) -> dict[str, Json]:
        """To-dos by id, each with `done`, `subject`, `sourceId`, `executorIds` …"""
        return self._todos.todos

    @property
    def templates(self) -> dict[str, tuple[str, ...]]:
        """Card templates by id ("….schema"): the variables that can be read on the card. Add own ones here."""
        return self.cards.templates

    @property
    def connections(self) -> list[Connection]:
        """Live stream connections."""
        return self.stream.connections

    async def connected(self, count: int = 1, timeout: float = 10.0) -> None:
        """Waits until exactly so many connections take pushes; raises TimeoutError."""
        await self.stream.connected(count, timeout)

    async def disconnect_frame(self) -> None:
        """Tells every client to reconnect; closes the old connections after `stream.grace` seconds."""
        await self.stream.disconnect_frame()

    async def cut(self) -> None:
        """Drops every stream connection with a TCP reset."""
        await self.stream.cut()

    async def half_open(self) -> None:
        """Every present stream connection goes dead without either side being told."""
        await self.stream.half_open()

    async def close_clean(self) -> None:
        """Closes every stream connection with code 1000."""
        await self.stream.close_clean()

    async def event(self, event_type: str, data: Json, *, event_id: str = "") -> str:
        """Pushes an EVENT (1.4); returns its eventId after the first try."""
        return await self.stream.event(event_type, data, event_id=event_id)

    def forget_tokens(self) -> None:
        """All access tokens become invalid at once."""
        self.gate.forget_tokens()

    def expire_sessions(self) -> None:
        """All sessionWebhooks answer 300001 from now on."""
        self.sessions.clear()

    def auth_code(self, user: str) -> str:
        """A login code for H5 pages, as this person."""
        return self.contacts.auth_code(user)

    # what people do ---------------------------------------------------------------------------------------------------

    async def _verb(self, user: str, verb: Json) -> None:
        match verb["verb"]:
            case "click":
                await self._click(user, verb["card"], verb["press"])
            case "enter" | "menu":
                self.note("DingTalk does not tell", {"verb": verb["verb"], "user": user})
            case "read":
                self.members[user].read_at = self.now()
            case _:
                await self.chat.verb(user, verb)

    async def _click(self, user: str, card: Seen, press: Press) -> None:
        """dtmd makes the person say something; a link opens a page; the rest calls back."""
        link = press.link or next((p.link for p in card.buttons if p.key and p.key == press.key), "")
        said = echo(link)
        if said is not None:
            await self.phones[user].says(said)
        elif link:
            self.note("opens a page", {"user": user, "url": link})
        elif card.track and card.kind == "card":
            await self.cards.click(self.members[user], card, press.key)
        else:
            self.note("click leads nowhere", {"user": user, "key": press.key})


def load(server: DingtalkServer, scenario: str) -> None:
    """People, and where present departments and groups, of a scenario file."""
    people_from(server, scenario)
    told = json.loads(Path(scenario).read_text(encoding="utf-8"))
    for department in told.get("departments", []):
        server.department(**department)
    for group in told.get("groups", []):
        server.group(**group)


async def serve(server: DingtalkServer, scenario: str = "") -> None:
    """Runs until SIGTERM or SIGINT; prints one JSON line when it listens."""
    if scenario:
        load(server, scenario)
    await run(server, lambda: fields(server, "url", "client_id", "corp_id"))


def main() -> None:
    """Command line: `python -m sim.dingtalk_server --port 9002 [--scenario FILE.json]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9002)
    parser.add_argument("--client-id", default="dingsim")
    parser.add_argument("--client-secret", default="sim-dingtalk-secret")
    parser.add_argument("--scenario", default="")
    given = parser.parse_args()
    server = DingtalkServer(
        client_id=given.client_id, client_secret=given.client_secret, host=given.host, port=given.port
    )
    asyncio.run(serve(server, given.scenario))


if __name__ == "__main__":
    main()
