"""What DingTalk pushes over the Stream: robot messages, card callbacks, events. Protocol reference 1.4 and 1.5."""

import asyncio
import contextlib
import random

from sim.dingtalk_gateway import Ack, Connection, Gateway
from sim.dingtalk_world import Json, World, token

ROBOT = "/v1.0/im/bot/messages/get"
CARD = "/v1.0/card/instances/callback"


class Stream(Gateway):
    """Pushes. Each goes to one connection that is chosen at random among those that subscribed."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.repush: float | None = None  # seconds until a robot message comes again; None: fire-and-forget
        self.repush_times = 3
        self.card_deadline = 2.0
        self.event_retries = (10.0, 30.0)  # seconds to wait for an ack before the next try
        self._held: list[Json] = []

    def _route(self, kind: str, topic: str) -> Connection | None:
        fit = [connection for connection in self.connections if connection.takes(kind, topic)]
        return random.choice(fit) if fit else None

    def _twice(self) -> int:
        return 2 if random.random() < self.world.faults.duplicate_pushes else 1

    async def robot_message(self, data: Json) -> bool:
        """One robot message; True when it was handed over. With no connection it is lost for good (1.5)."""
        if self.world.faults.late:
            await asyncio.sleep(self.world.faults.late)
        if self.world.faults.take("hold_next"):
            self._held.append(data)
            self.world.note("held back", {"msgId": data.get("msgId")})
            return True
        handed = [await self._hand_over(data) for _ in range(self._twice())]
        held, self._held = self._held, []
        for late in held:
            await self._hand_over(late)
        return any(handed)

    async def _hand_over(self, data: Json) -> bool:
        connection = self._route("CALLBACK", ROBOT)
        if connection is None:
            self.world.note("lost robot message", data)
            return False
        self.world.month().pushes += 1
        waiting = await self.push_on(connection, "CALLBACK", ROBOT, data)
        if self.repush is not None:
            self._spawn(self._again(data, waiting))
        return True

    async def _again(self, data: Json, waiting: "asyncio.Future[Ack]") -> None:
        assert self.repush is not None
        for _ in range(self.repush_times):
            if await self._acked(waiting, self.repush) is not None:
                return
            connection = self._route("CALLBACK", ROBOT)
            if connection is not None:
                waiting = await self.push_on(connection, "CALLBACK", ROBOT, data)
        if await self._acked(waiting, self.repush) is None:
            self.world.note("given up: robot message", {"msgId": data.get("msgId")})

    async def _acked(self, waiting: "asyncio.Future[Ack]", seconds: float) -> Ack | None:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(waiting), seconds)
        return None

    async def card_callback(self, data: Json) -> Json | None:
        """One card callback; the `response` object when it came within 2 s, else None (then it is ignored, 5.5)."""
        if self.world.faults.late:
            await asyncio.sleep(self.world.faults.late)
        answers = [await self._card_once(data) for _ in range(self._twice())]
        return answers[0]

    async def _card_once(self, data: Json) -> Json | None:
        connection = self._route("CALLBACK", CARD)
        if connection is None:
            self.world.note("lost card callback", data)
            return None
        self.world.month().pushes += 1
        waiting = await self.push_on(connection, "CALLBACK", CARD, data)
        ack = await self._acked(waiting, self.card_deadline)
        if ack is None:
            # the deadline is over: a later ack finds nothing that waits for it
            connection.pending = {k: v for k, v in connection.pending.items() if v is not waiting}
            self.world.note("card callback timed out", {"outTrackId": data.get("outTrackId")})
            return None
        if ack.code != 200 or not isinstance(ack.data, dict):
            self.world.note("card callback failed", {"code": ack.code})
            return None
        response = ack.data.get("response")
        return response if isinstance(response, dict) else {}

    async def event(self, event_type: str, data: Json, *, event_id: str = "") -> str:
        """Pushes an event; without an ack or with LATER it comes again (at least once). Returns the eventId."""
        headers = {
            "eventType": event_type, "eventId": event_id or token(), "eventCorpId": self.world.corp_id,
            "eventBornTime": str(self.world.now_ms()), "eventUnifiedAppId": self.app_id,
        }  # fmt: skip
        first = asyncio.get_running_loop().create_future()
        self._spawn(self._event(headers, data, first))
        await first
        return headers["eventId"]

    async def _event(self, headers: Json, data: Json, first: "asyncio.Future[None]") -> None:
        times = self._twice()
        for wait in (*self.event_retries, self.event_retries[-1]):
            connection = self._route("EVENT", "*")
            waiting: asyncio.Future[Ack] | None = None
            for _ in range(times if connection else 0):
                assert connection is not None
                self.world.month().pushes += 1
                waiting = await self.push_on(connection, "EVENT", "*", data, headers)
            if not first.done():
                first.set_result(None)
            times = 1
            ack = None
            if waiting is None:
                await asyncio.sleep(wait)
            else:
                ack = await self._acked(waiting, wait)
            if ack is not None and not self._later(ack):
                return
            if ack is not None:
                await asyncio.sleep(wait)
        self.world.note("given up: event", headers)

    def _later(self, ack: Ack) -> bool:
        """Does this ack ask for the event again? The official SDK echoes the event instead of a status: taken as done."""
        if ack.code != 200 or not ack.valid:
            return True
        return isinstance(ack.data, dict) and ack.data.get("status") == "LATER"
