"""A platform with one connection, in several replicas: one holds it, the others leave errands, another takes over."""

import asyncio
import base64
import json
import math
import os
import socket
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from bot.bells import Bells
from bot.events import Alert, Incoming
from bot.platform import Check, Intake, Outgoing, Platform, SendFailed, Sent, Way, Wide
from cards.card import from_json, to_json
from store import sole
from store.db import Database, passing

log = structlog.get_logger("sole")

LEASE_MS = 4_000
EVERY = 1.0  # seconds between renewals, and between looks at whether the lease is free
PATIENCE = 12.0  # seconds that an errand may take
AT_ONCE = 16
KICKED = "kicked"


def held_by_another(held: sole.Held, name: str) -> list[Check]:
    """What a living holder last said of its connection, with who it is, since when, and its last sign of life."""
    told = json.loads(held.about) if held.about else {}
    beat = max(0.0, (LEASE_MS - held.left) / 1000)
    since = f"，拿着它 {told['held_for'] // 60} 分 {told['held_for'] % 60} 秒" if "held_for" in told else ""
    who = f"连接在{told.get('who', '一个运行中的程序')}手里{since}，{beat:.0f} 秒前续期"
    found = [Check(**one) for one in told.get("checks", [])]
    if not found:  # it has just taken it
        return [Check(f"{name} 连接", "ok", who)]
    return [replace(one, text=f"{one.text}；{who}") for one in found]


class Sole:
    """Fulfils Platform around another. Only for databases that several processes share."""

    def __init__(self, inner: Platform, db: Database, bells: Bells, ms: Callable[[], int]) -> None:
        self.inner, self.name, self.limits = inner, inner.name, inner.limits
        self._ms = ms  # the clock that replicas share (bot/clock.py)
        self._seen, self._seen_at = (
            -1,
            0.0,
        )  # the end of another's lease, and since when it did not move (loop time)
        self._db, self._bells, self._me = db, bells, uuid.uuid4().hex
        self._bell = f"errands:{inner.name}"
        self._holding = False
        self._since = 0.0  # loop time since when the connection is ours
        self._renewed = 0.0  # loop time of the last renewal that worked
        self._tasks: list[asyncio.Task[None]] = []
        self._errands: set[asyncio.Task[None]] = set()

    @property
    def holding(self) -> bool:
        """Whether the connection is ours."""
        return self._holding

    def routes(self) -> list[web.RouteDef]:
        """Those of the platform."""
        return self.inner.routes()

    async def start(self, intake: Intake) -> None:
        """Takes the lease if it is free, and with it the connection; else waits for it."""

        async def guarded(events: Sequence[Incoming], within: float = math.inf) -> None:
            """A kick by a replica of ours that took over is no news."""
            kicked = [e for e in events if isinstance(e.event, Alert) and e.event.code == KICKED]
            if kicked and not await self._still_mine():
                events = [event for event in events if event not in kicked]
            await intake(events, within)

        await self._turn(guarded)
        self._tasks = [asyncio.create_task(self._keep(guarded)), asyncio.create_task(self._serve())]

    async def stop(self) -> None:
        """Ends the connection, then gives the lease back."""
        for task in (*self._tasks, *self._errands):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._errands, return_exceptions=True)
        was, self._holding = self._holding, False
        await self.inner.stop()
        if was:
            try:
                async with self._db.write() as tx:
                    await sole.release(tx, self.name, self._me)
            except Exception as error:
                log.warning("lease not given back", platform=self.name, error=type(error).__name__)

    async def send(self, out: Outgoing) -> Sent:
        """Over our connection, or through the replica that has it. Raises SendFailed."""
        if self._holding:
            return await self.inner.send(out)
        key = f"{self.name}:{out.id}"
        try:
            async with self._db.write() as tx:
                await sole.leave(tx, self.name, key, _pack(out))
            self._bells.ring(self._bell)
            answer = await self._answer(key)
            if answer is None:
                async with self._db.write() as tx:
                    begun = not await sole.withdraw(tx, key)
                raise SendFailed("没有副本拿着长连接，正在接管", retry=True, after=1.0, unknown=begun)
        except SendFailed:
            raise
        except Exception as error:
            if not passing(error):
                raise
            raise SendFailed("数据库暂时不可用", retry=True, after=1.0) from None
        return await self._read(key, answer)

    async def check(self) -> list[Check]:
        """What the holder says."""
        if self._holding or not self._tasks:
            return await self.inner.check()
        async with self._db.read() as tx:
            held = await sole.held(tx, self.name, self._ms())
        told = json.loads(held.about) if held.about else {}
        if not held.owner:
            return [
                Check(
                    f"{self.name} 连接",
                    "fail",
                    "没有副本拿着长连接",
                    "几秒后会有副本接管；没有就看日志里 sole 的行",
                )
            ]
        return [Check(**one) for one in told.get("checks", [])]

    # ── the lease ───────────────────────────────────────────────────────────────────────────────────────
    async def _keep(self, intake: Intake) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._turn(intake)

    async def _turn(self, intake: Intake) -> None:
        """Renews or tries to take the lease; starts or ends the connection as it came or went."""
        loop = asyncio.get_running_loop()
        try:
            about = await self._about() if self._holding else ""
            async with self._db.write(durable=False) as tx:
                over = self._seen if loop.time() - self._seen_at > 2 * EVERY - 0.1 else -1
                ms = self._ms()
                mine = await sole.take(
                    tx, self.name, self._me, ms, lease_ms=LEASE_MS, about=about, stale=over
                )
                if not mine:
                    held = await sole.held(tx, self.name, ms)
                    if held.until != self._seen:
                        self._seen, self._seen_at = held.until, loop.time()
                    self.limits.down = bool(held.about and json.loads(held.about).get("down"))
                elif not self._holding:
                    await sole.orphans(tx, self.name, self._me, _lost())
        except Exception as error:
            log.warning("lease not renewed", platform=self.name, error=type(error).__name__)
            # the others count from our last renewal: before they may connect, we must have gone
            mine = self._holding and loop.time() - self._renewed < LEASE_MS / 1000 - EVERY
        else:
            self._renewed = loop.time() if mine else 0.0
        if mine and not self._holding:
            log.info("lease taken", platform=self.name)
            self.limits.down = False
            await self.inner.start(intake)
            self._holding, self._since = True, loop.time()
            self._bells.ring_here(self._bell)
        elif self._holding and not mine:
            log.warning("lease lost", platform=self.name)
            self._holding = False
            await self.inner.stop()

    async def _about(self) -> str:
        checks = [asdict(one) for one in await self.inner.check()]
        who = f"{socket.gethostname()} 上的进程 {os.getpid()}"
        told = {"checks": checks, "down": self.limits.down, "who": who, "held_for": round(self._held_for())}
        return json.dumps(told, ensure_ascii=False)

    def _held_for(self) -> float:
        """Seconds since the connection became ours."""
        return asyncio.get_running_loop().time() - self._since

    async def _still_mine(self) -> bool:
        try:
            async with self._db.read() as tx:
                return (await sole.held(tx, self.name, self._ms())).owner in ("", self._me)
        except Exception:
            return True

    # ── errands ─────────────────────────────────────────────────────────────────────────────────────────
    async def _serve(self) -> None:
        """Does what the others left, for as long as we hold the connection."""
        while True:
            bell = self._bells.hear(self._bell)
            try:
                free = AT_ONCE - len(self._errands)
                rows = []
                if self._holding and free > 0:
                    async with self._db.write(durable=False) as tx:
                        rows = await sole.next_errands(tx, self.name, self._me, free)
            except Exception as error:
                if not passing(error):
                    log.exception("errands failed", platform=self.name)
                rows = []
            for id, body in rows:
                task = asyncio.create_task(self._do(id, body))
                self._errands.add(task)
                task.add_done_callback(self._errands.discard)
            if not rows:
                await self._bells.wait(bell, 0.1 if self._holding else EVERY)

    async def _do(self, id: int, body: str) -> None:
        try:
            answer = {"sent": asdict(await self.inner.send(_unpack(body)))}
        except SendFailed as failed:
            answer = {"failed": _failure(failed)}
        except Exception:
            log.exception("errand broke", platform=self.name, errand=id)
            answer = {"failed": _failure(SendFailed("内部错误", retry=True, code="internal"))}
        try:
            async with self._db.write() as tx:
                await sole.finish(tx, id, json.dumps(answer, ensure_ascii=False))
        except Exception as error:
            log.warning("errand not answered", errand=id, error=type(error).__name__)
        self._bells.ring(f"{self._bell}:done")

    async def _answer(self, key: str) -> str | None:
        """The answer of our errand, None when it took too long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while loop.time() < until:
            bell = self._bells.hear(f"{self._bell}:done")
            async with self._db.read() as tx:
                state, answer = await sole.answer_of(tx, key)
            if state == sole.DONE:
                return answer
            await self._bells.wait(bell, 0.1)
        return None

    async def _read(self, key: str, answer: str) -> Sent:
        told = json.loads(answer)
        if "sent" in told:
            return Sent(**told["sent"])
        async with self._db.write() as tx:
            await sole.forget(tx, key)  # the next try is a new errand
        failed = told["failed"]
        raise SendFailed(**{**failed, "wide": Wide(failed["wide"])})


def _failure(failed: SendFailed) -> dict[str, Any]:
    return {
        "reason": failed.reason, "retry": failed.retry, "after": failed.after, "wide": failed.wide.value,
        "unknown": failed.unknown, "code": failed.code,
    }  # fmt: skip


def _lost() -> str:
    gone = SendFailed("拿着长连接的副本停了，不知道有没有发出去", retry=True, unknown=True)
    return json.dumps({"failed": _failure(gone)}, ensure_ascii=False)


def _pack(out: Outgoing) -> str:
    """An Outgoing as JSON text."""
    body = asdict(replace(out, card=None, file=b"", due=None))
    return json.dumps(
        body | {
            "way": out.way.value, "card": to_json(out.card) if out.card else "",
            "file": base64.b64encode(out.file).decode(), "due": out.due.isoformat() if out.due else "",
        },
        ensure_ascii=False,
    )  # fmt: skip


def _unpack(text: str) -> Outgoing:
    body: dict[str, Any] = json.loads(text)
    return Outgoing(**body | {
        "way": Way(body["way"]), "card": from_json(body["card"]) if body["card"] else None,
        "file": base64.b64decode(body["file"]), "friends": tuple(body["friends"]),
        "due": datetime.fromisoformat(body["due"]) if body["due"] else None,
    })  # fmt: skip
