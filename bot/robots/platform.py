"""[[robot]] as a platform that only sends: to "@group:name", for alarms and leaderboards."""

import json
from collections.abc import Sequence

import aiohttp
from aiohttp import web

from bot.answers import decoded, whole
from bot.config_robots import Robot
from bot.platform import Check, Intake, Limits, Now, Outgoing, SendFailed, Sent, Way
from bot.robots import wire
from bot.robots.wire import Said
from cards.card import Card

PER_MINUTE = 20
TIMEOUT = aiohttp.ClientTimeout(total=10)


class RobotPlatform:
    """All channels of the configuration. Nothing comes back from them: a card is shown without its buttons."""

    name = "group"

    def __init__(self, channels: Sequence[Robot], now: Now) -> None:
        self._channels = {one.name: one for one in channels}
        self._now = now
        self.limits = Limits(person_per_minute=PER_MINUTE)

    def routes(self) -> list[web.RouteDef]:
        """None."""
        return []

    async def start(self, intake: Intake) -> None:
        """Receives nothing."""

    async def stop(self) -> None:
        """Keeps no connection."""

    async def check(self) -> list[Check]:
        """What is set; asking would be a message in the group."""
        return [Check("群通道", "ok", "、".join(self._channels))]

    async def send(self, out: Outgoing) -> Sent:
        """One message into the group. Raises SendFailed; the address is in none of its texts."""
        channel = self._channels.get(out.user)
        if channel is None:
            raise SendFailed(f"没有「{out.user}」这个通道", retry=False)
        if out.way not in {Way.TEXT, Way.CARD}:
            raise SendFailed("群通道只能发文字和卡片", retry=False)
        said = Said(out.card.title, words(out.card)) if out.card else Said(out.text.split("\n")[0], out.text)
        url, body = channel.url.get_secret_value(), wire.wecom(said)
        if channel.kind == "dingtalk":
            ms = int(self._now().timestamp() * 1000)
            url, body = wire.signed(url, channel.secret.get_secret_value(), ms), wire.dingtalk(said, out.id)
        try:
            raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
            headers = {"Content-Type": "application/json; charset=utf-8"}
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as http,
                http.post(url, data=raw, headers=headers, allow_redirects=False) as answer,
            ):
                told = decoded(await whole(answer.content))
        except aiohttp.ClientConnectorError as error:
            raise SendFailed(f"连不上群机器人（{type(error).__name__}）", retry=True, after=5) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SendFailed(
                f"群机器人没有回答（{type(error).__name__}）", retry=True, unknown=True
            ) from None
        code = told.get("errcode") if isinstance(told, dict) else None
        if code != 0:
            raise wire.failed(code if isinstance(code, int) else -1)
        return Sent(ref=f"{channel.name}-{out.id}")


def words(card: Card) -> str:
    """What a card says, for those who cannot press anything."""
    lines = [f"**{card.title}**", *card.lines, *(f"{field.name}：{field.value}" for field in card.fields)]
    return "\n".join([*lines, card.note] if card.note else lines)
