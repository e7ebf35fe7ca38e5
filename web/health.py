"""/healthz (alive), /readyz (can take traffic), /metrics (Prometheus)."""

import asyncio
import time

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot import checks
from bot.engine import Engine
from bot.platform import Connecting
from store import queues, replicas, timers
from store.db import INTAKE, WORK, ping, unusable
from store.queues import Queue
from web.errors import Handler, answer

QUEUES: tuple[Queue, ...] = ("inbox", "outbox")
TOOK = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Bounds in seconds: WeCom wants its answer within one, and gives up after five (protocol wecom 1.5)."""
STATES = {"ok": 0, "warn": 1, "fail": 2}
PATIENCE = 3.0  # seconds that a check may take
FAR = 60.0  # seconds between two clocks that are worth a word


class Health:
    """What watchers ask of a running engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._open = Gauge("genjin_queue_open", "Rows waiting", ["queue"], registry=self.registry)
        self._dead = Gauge("genjin_queue_dead", "Rows given up", ["queue"], registry=self.registry)
        self._hand = Gauge(
            "genjin_queue_in_hand", "Mailboxes being worked", ["queue"], registry=self.registry
        )
        self._age = Gauge(
            "genjin_queue_oldest_seconds", "Age of the oldest waiting row", ["queue"], registry=self.registry
        )
        self._late = Gauge("genjin_timer_late_seconds", "How late the next timer is", registry=self.registry)
        self._requests = Counter(
            "genjin_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._took = Histogram(
            "genjin_http_seconds", "Time to the answer", ["route"], buckets=TOOK, registry=self.registry
        )
        self._counters: dict[tuple[str, str, int], tuple[Histogram, Counter]] = {}
        self._check = Gauge("genjin_check_state", "0 ok, 1 warn, 2 fail", ["check"], registry=self.registry)
        self._replicas = Gauge("genjin_replicas", "Processes that are alive", registry=self.registry)
        self._used = Gauge(
            "genjin_quota_used",
            "Share of this month's quota, or of this day's cap",
            ["platform", "name"],
            registry=self.registry,
        )

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _request: web.Request) -> web.Response:
        """200 as long as the process answers."""
        return answer({"status": "ok"})

    async def ready(self, _request: web.Request) -> web.Response:
        """200, also with warnings (Redis, one platform of several), or 503 with every reason: stopping, the database, a
        loop that ended, no platform connected."""
        reasons = ["正在停止"] if self._engine.draining else []
        if why := await self._database():
            reasons.append(f"数据库：{why}")
        reasons += [f"{name} 停了，请重启" for name in self._engine.ended()]
        troubled = [
            (one.name, one.trouble()) for one in self._engine.platforms if isinstance(one, Connecting)
        ]
        warnings = [f"{name}：{why}" for name, why in troubled if why]
        if warnings and len(warnings) == len(self._engine.platforms):
            reasons, warnings = [*reasons, *warnings], []  # nothing at all can come in
        if not await self._redis():
            warnings.append("Redis 没有回应，副本之间不共享频率和唤醒")
        if not reasons and (off := await self._clock()):
            warnings.append(off)
        if not reasons:
            return answer({"status": "ready"} | ({"warnings": warnings} if warnings else {}))
        error = {"code": "not_ready", "message": "；".join(reasons)}
        return answer({"error": error, "reasons": reasons}, 503, {"Retry-After": "5"})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Depth and age of the queues, timers, checks, quotas, requests, the process."""
        now = self._engine.clock.now()
        async with self._engine.db.read() as tx:
            for queue in QUEUES:
                depth = await queues.depth(tx, queue)
                self._open.labels(queue).set(depth.open)
                self._dead.labels(queue).set(depth.dead)
                self._hand.labels(queue).set(depth.in_hand)
                self._age.labels(queue).set(
                    max(0.0, (now - depth.oldest).total_seconds()) if depth.oldest else 0
                )
            due = await timers.next_timer(tx)
            self._replicas.set(1 if self._engine.db.sqlite else await replicas.living(tx))
            states = [(one.name, one.state) for one in await checks.kept(tx, now)]
        self._late.set(max(0.0, (now - due).total_seconds()) if due else 0)
        self._check.clear()
        for name, state in states:
            self._check.labels(name).set(STATES[state])
        for platform in self._engine.platforms:
            for name, limit in (platform.limits.monthly | platform.limits.daily).items():
                if limit:
                    self._used.labels(platform.name, name).set(
                        self._engine.quota.used(platform.name, name) / limit
                    )
        body = generate_latest(self.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    @property
    def counting(self) -> Middleware:
        """A middleware that counts answers by route and status."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            started = time.perf_counter()
            response = await handler(request)
            resource = request.match_info.route.resource
            method = request.method if request.method in hdrs.METH_ALL else "-"
            self.counted(
                method,
                resource.canonical if resource else "-",
                response.status,
                time.perf_counter() - started,
            )
            return response

        return count

    def counted(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answer more."""
        key = method, route, status
        kept = self._counters.get(key)  # finding the two costs more than counting
        if kept is None:
            kept = self._took.labels(route), self._requests.labels(method, route, str(status))
            self._counters[key] = kept
        kept[0].observe(seconds)
        kept[1].inc()

    async def _redis(self) -> bool:
        alive = getattr(self._engine.shared, "alive", None)  # in memory there is nothing that could be away
        if alive is None:
            return True
        try:
            async with asyncio.timeout(PATIENCE):
                return bool(await alive())
        except TimeoutError:
            return False

    async def _clock(self) -> str:
        """How far this machine's clock is from the database server's, when that is far. One of the two is wrong: ours refuses
        platforms' callbacks as too old and fires timers early or late, which other replicas do not."""
        if self._engine.db.sqlite:
            return ""
        try:
            async with asyncio.timeout(PATIENCE), self._engine.db.read() as tx:
                there = await replicas.machine_ms(tx) / 1000
        except Exception:  # it was asked whether it answers
            return ""
        off = self._engine.clock.now().timestamp() - there
        if abs(off) < FAR:
            return ""
        return f"本机的钟比数据库服务器{'快' if off > 0 else '慢'} {abs(off) / 60:.0f} 分钟，请校准（NTP）"

    async def _database(self) -> str:
        """Why the database cannot be written to, "" when it can."""
        try:
            async with asyncio.timeout(PATIENCE):
                # on PostgreSQL what comes in has a connection of its own, which work does not lend
                own = self._engine.takes_in and not self._engine.db.sqlite
                await ping(self._engine.db, INTAKE if own else WORK)
        except TimeoutError:
            return f"{PATIENCE:g} 秒内没有回应"
        except Exception as error:
            return unusable(error) or type(error).__name__  # its text may hold an address or a password
        return ""
