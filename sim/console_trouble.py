"""The fault panel of the console: what is broken, the bot's process, and what became of every message."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sim import console_faults
from sim.console_bot import Bot, NoAnswer
from sim.console_feed import Sim
from sim.console_phones import Wrong, body_of

ROWS = 40
NO_REFS = ("wecom_aibot",)  # gives messages no id: only cards can be known again, by their task_id
LOOKED_AT = 1000  # messages of a phone among which a sent one is looked for, from the newest


class TroublePanel:
    """The requests of the panel."""

    def __init__(self, sims: Mapping[str, Sim], bot: Bot) -> None:
        self._sims, self._bot = sims, bot

    async def show(self, _request: web.Request) -> dict[str, Any]:
        """{"panel": what can be broken, "standing": what is}."""
        return {
            "panel": console_faults.panel(self._sims),
            "standing": console_faults.standing(self._sims),
        }

    async def change(self, request: web.Request) -> dict[str, Any]:
        """{"platform", "id", "on"} breaks or mends one thing; {"mend": "all"} everything."""
        match await body_of(request):
            case {"mend": "all"}:
                console_faults.mend_all(self._sims)
            case {"platform": str(platform), "id": str(id), "on": bool(on)}:
                try:
                    await console_faults.change(self._sims, platform, id, on=on)
                except LookupError as unknown:
                    raise Wrong(str(unknown)) from None
            case _:
                raise Wrong('要写成 {"platform", "id", "on"} 或 {"mend": "all"}')
        return {"standing": console_faults.standing(self._sims)}

    async def bot(self, request: web.Request) -> dict[str, Any]:
        """{"do": "kill"} kill -9, started again at once; "kill_and_stay": not before {"do": "start"}."""
        match await body_of(request):
            case {"do": "kill"}:
                return {"pid": self._bot.kill(stay=False)}
            case {"do": "kill_and_stay"}:
                return {"pid": self._bot.kill(stay=True)}
            case {"do": "start"}:
                self._bot.revive()
                return {"pid": 0}
        raise Wrong('要写成 {"do": "kill"}、{"do": "kill_and_stay"} 或 {"do": "start"}')

    async def ledger(self, _request: web.Request) -> dict[str, Any]:
        """The bot's ledger, each row with `on_phone`: whether it really stands there; None when that cannot be told, as of
        what goes to no phone (the canary, a question to the platform).

        While the bot does not answer there are no rows, but a sentence: `why`.
        """
        try:
            rows = await self._bot.ledger(ROWS)
        except NoAnswer as silent:
            return {"rows": [], "why": str(silent)}
        there = {name: _marks(name, sim) for name, sim in self._sims.items()}
        for row in rows:
            platform = row.get("platform", "")
            mark = row.get("track" if platform in NO_REFS else "ref", "")
            told = row.get("way") in ("card", "text", "file") and bool(mark) and platform in there
            row["on_phone"] = mark in there[platform] if told else None
        return {"rows": rows, "why": ""}


def _marks(name: str, sim: Sim) -> set[str]:
    """What the newest messages on the phones can be known by."""
    newest = (seen for phone in sim.phones.values() for seen in phone.seen[-LOOKED_AT:])
    return {mark for seen in newest if (mark := seen.track if name in NO_REFS else seen.ref)}
