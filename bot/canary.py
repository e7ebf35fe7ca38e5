"""Where the canary's message ends: a platform that takes it and shows it to nobody."""

from aiohttp import web

from bot.platform import Check, Intake, Limits, Outgoing, Sent


class CanaryPlatform:
    """The end of the pipe. No member has an id here, so nothing else is ever sent to it."""

    name = "canary"

    def __init__(self) -> None:
        self.limits = Limits(person_per_minute=600, app_per_second=100.0)

    def routes(self) -> list[web.RouteDef]:
        """None."""
        return []

    async def start(self, intake: Intake) -> None:
        """Receives nothing."""

    async def stop(self) -> None:
        """Has nothing to close."""

    async def send(self, out: Outgoing) -> Sent:
        """Takes it."""
        return Sent(ref=f"canary-{out.id}")

    async def check(self) -> list[Check]:
        """Nothing of its own: bot/watch.py reads the ledger."""
        return []
