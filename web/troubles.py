"""What was wrong at the door of a source, handed over for the page 接入, not more than once a minute. (B07)"""

from datetime import UTC, datetime, timedelta

from bot import defined
from bot.engine import Engine

AGAIN, MANY = timedelta(minutes=1), 1000
EVER = datetime.min.replace(tzinfo=UTC)


class Troubles:
    """The doors of one kind of source (bot/defined.py), over a running engine."""

    def __init__(self, engine: Engine, kind: str) -> None:
        self._engine, self._kind = engine, kind
        self._told: dict[
            tuple[str, str], datetime
        ] = {}  # (source, what was wrong) → when that was handed over

    async def tell(self, name: str, why: str) -> None:
        """Something was refused, or with "" all is well again; the same again within a minute says nothing new."""
        now = self._engine.clock.now()
        if now - self._told.get((name, why), EVER) < AGAIN:
            return
        if len(self._told) > MANY:
            self._told.clear()
        for one in [each for each in self._told if each[0] == name and bool(each[1]) != bool(why)]:
            del self._told[one]
        self._told[name, why] = now
        await defined.report(self._engine.intake, self._kind, name, why, now)
