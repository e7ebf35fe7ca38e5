"""The Stream client: one live connection at all times, replaced before it ends (protocol 1)."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from yarl import URL

from bot.answers import whole
from bot.config import Dingtalk
from bot.dingtalk import frames
from bot.dingtalk.inbound import CARD_TOPIC, ROBOT_TOPIC
from bot.dingtalk.lenient import number, table, words
from bot.dingtalk.link import Answer, Link
from bot.platform import Now

log = structlog.get_logger(__name__)
SUBSCRIPTIONS = [
    {"type": frames.EVENT, "topic": "*"},
    {"type": frames.CALLBACK, "topic": ROBOT_TOPIC},
    {"type": frames.CALLBACK, "topic": CARD_TOPIC},
]
CLIENT = "genjin-sdk-python/0.1.0"
LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Pace:
    """How patient the client is, in seconds. `first` … `cap` bound the jittered back-off; a connection that held for
    `healthy` starts it anew; `refused` is the wait after wrong credentials; `grace` how long a replaced one is read."""

    open: float = 10.0
    first: float = 1.0
    cap: float = 60.0
    healthy: float = 60.0
    refused: float = 60.0
    grace: float = 10.0
    heartbeat: float = 20.0
    rotations: int = 5  # so many replacements a `healthy` span go without any wait


class WrongCredentials(Exception):
    """The gateway answered 4xx: waiting does not help, an admin must look. `str` says why, in Chinese."""


class Stream:
    """Keeps a connection to the gateway until stopped. Frames go to `answer`, at most 1,000 at once.

    `on_refused(reason)` is awaited for each refusal of our credentials.
    """

    def __init__(
        self,
        http: Callable[[], aiohttp.ClientSession],
        settings: Dingtalk,
        answer: Answer,
        on_refused: Callable[[str], Awaitable[None]],
        now: Now,
        pace: Pace | None = None,
    ) -> None:
        self._http, self._settings, self._answer = http, settings, answer
        self._on_refused, self._now, self.pace = on_refused, now, pace or Pace()
        self._links: set[Link] = set()
        self._room = asyncio.Semaphore(1000)
        self._failures = 0
        self._rotated: deque[float] = deque(maxlen=self.pace.rotations)
        self._task: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self.opened = 0  # connections since the start
        self.refused = ""  # why the gateway does not let us in, "" when it does
        self.last_frame: datetime | None = None

    @property
    def up(self) -> bool:
        """Whether a connection is there that the gateway still sends to."""
        return any(not link.leave.is_set() for link in self._links)

    async def start(self, patience: float = 3.0) -> None:
        """Begins to connect; returns once connected or refused, at the latest after `patience` seconds."""
        self._task = asyncio.create_task(self._keep(), name="dingtalk-stream")
        try:
            async with asyncio.timeout(patience):
                await self._tried.wait()
        except TimeoutError:
            log.warning("dingtalk.stream.slow_start")

    async def stop(self) -> None:
        """Stops reading, lets frames in hand be stored and acknowledged (≤ 5 s), closes with 1000."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*(link.stop() for link in tuple(self._links)))

    async def _keep(self) -> None:
        while True:
            link = await self._reach()
            why = await link.left()
            pause = self._pause(why == "rotate", link.age)
            log.info("dingtalk.stream.leaving", why=why, age=round(link.age, 1), wait=round(pause, 2))
            await asyncio.sleep(pause)

    async def _reach(self) -> Link:
        """A new connection, however long it takes."""
        while True:
            try:
                ws = await self._connect()
            except WrongCredentials as error:
                self.refused = str(error)
                self._tried.set()
                log.error("dingtalk.stream.refused", reason=self.refused)
                await self._on_refused(self.refused)
                await asyncio.sleep(self.pace.refused * (1 + random.random() / 10))
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                pause = self._pause(rotation=False, age=0.0)
                log.warning("dingtalk.stream.unreached", error=type(error).__name__, wait=round(pause, 2))
                await asyncio.sleep(pause)
            else:
                return self._adopt(ws)

    def _adopt(self, ws: aiohttp.ClientWebSocketResponse) -> Link:
        idle = self._settings.idle.total_seconds()
        link = Link(ws, self._answer, self._room, idle=idle, grace=self.pace.grace, on_frame=self._saw)
        self._links.add(link)
        link.ended(self._links.discard)
        self.opened += 1
        self.refused = ""
        self._saw()
        self._tried.set()
        return link

    def _saw(self) -> None:
        self.last_frame = self._now()

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        """Opens with a fresh single-use ticket (never logged) and connects to the endpoint that came with it (1.1)."""
        body = {
            "clientId": self._settings.client_id,
            "clientSecret": self._settings.client_secret.get_secret_value(),
            "subscriptions": SUBSCRIPTIONS,
            "ua": CLIENT,
        }
        url = f"{self._settings.api_base}/v1.0/gateway/connections/open"
        async with asyncio.timeout(self.pace.open):
            # without Accept the gateway may answer XML
            async with self._http().post(url, json=body, headers={"Accept": "application/json"},
                                         allow_redirects=False) as response:  # fmt: skip
                status, answer = (
                    response.status,
                    table((await whole(response.content)).decode("utf-8", "replace")),
                )
        if 400 <= status < 500 and status not in (408, 429):
            code = words(answer.get("code"))[:60] or f"HTTP {status}"
            raise WrongCredentials(f"钉钉不接受 client_id / client_secret，机器人收不到消息（{code}）")
        endpoint, ticket = words(answer.get("endpoint")), words(answer.get("ticket"))
        if status >= 400 or not endpoint or not ticket:
            raise ValueError(f"gateway answered {int(number(status))}")
        async with asyncio.timeout(self.pace.open):
            return await self._http().ws_connect(
                URL(endpoint).update_query(ticket=ticket),
                heartbeat=self.pace.heartbeat,
                max_msg_size=LARGEST,
                autoping=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )

    def _pause(self, rotation: bool, age: float) -> float:
        """Seconds to wait before the next connection: none for a rotation, full jitter otherwise, also after a clean
        close (a gateway that closes at once must not be stormed)."""
        clock = asyncio.get_running_loop().time()
        if age >= self.pace.healthy:
            self._failures = 0
        if rotation:
            spent = len(self._rotated) == self._rotated.maxlen
            if not spent or clock - self._rotated[0] > self.pace.healthy:
                self._rotated.append(clock)
                return 0.0
        cap = min(self.pace.cap, self.pace.first * 2 ** min(self._failures, 10))
        self._failures += 1
        return random.uniform(0, cap)
