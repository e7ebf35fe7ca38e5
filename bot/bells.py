"""Wake-ups: after a commit the next loop starts at once; other replicas hear it through the cache, if there is one."""

import asyncio
from collections.abc import Callable


class Bells:
    """Named bells. Losing a ring costs the time to the next poll, never work."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}
        self._far: Callable[[str], None] | None = None

    def _event(self, name: str) -> asyncio.Event:
        return self._events.setdefault(name, asyncio.Event())

    def hear(self, name: str) -> asyncio.Event:
        """Silences a bell before looking for work; what rings after this is not missed."""
        event = self._event(name)
        event.clear()
        return event

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Sleeps until the bell rings, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass

    def ring(self, *names: str) -> None:
        """Wakes the loops here and in the other replicas."""
        for name in names:
            self._event(name).set()
            if self._far is not None:
                self._far(name)

    def ring_here(self, name: str) -> None:
        """Wakes the loops here only: somebody else rang."""
        self._event(name).set()

    def reach_others(self, far: Callable[[str], None]) -> None:
        """Sends rings on to other replicas."""
        self._far = far
