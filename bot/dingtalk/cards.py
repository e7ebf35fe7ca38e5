"""Sending and changing cards: template cards, and ActionCards where there is no template (protocol 5.1, 5.2, 5.8)."""

import re

from bot.dingtalk import actioncard, render
from bot.dingtalk.alerts import HOUR, Warn
from bot.dingtalk.api import Api
from bot.dingtalk.errors import CARD_EXISTS, CARD_MISSING, NO_SCOPE, NO_TEMPLATE
from bot.dingtalk.lenient import Json, rows, table, words
from bot.dingtalk.messages import Messages
from bot.platform import Outgoing, SendFailed, Sent, Wide
from cards.card import Card

PLAIN_FOR = 3600.0  # seconds without templates after one was refused
REMEMBERED = 7 * 86_400.0
BASE = "/v1.0/card/instances"


class Cards:
    """Cards of one app. The id of a card is ours (outTrackId): sending it twice is sending it once."""

    def __init__(self, api: Api, messages: Messages, warn: Warn) -> None:
        self._api, self._messages, self._warn = api, messages, warn
        self._plain_key = f"dingtalk:plain-cards:{api.settings.client_id}:{api.settings.card_template}"

    async def plain(self) -> bool:
        """Whether ActionCards have to do: by configuration, or because the template was refused within the hour."""
        return (
            self._api.settings.cards == "actioncard"
            or await self._api.shared.get(self._plain_key) is not None
        )

    async def add(self, out: Outgoing, card: Card, track: str) -> Sent:
        """A new card under `track`, idempotent unless it becomes an ActionCard. Raises SendFailed."""
        if not await self.plain():
            try:
                return await self._deliver(out.user, card, track)
            except SendFailed as failed:
                if not _no_cards(failed):
                    raise
                await self._without_templates(failed)
        key, param = actioncard.message(card, track)
        sent = await self._messages.batch(out.user, key, param)
        return Sent(ref=sent.ref, track=track)

    async def change(self, out: Outgoing, card: Card) -> Sent:
        """The card `out.track` says something else; where it cannot be changed, a new one comes. Raises SendFailed."""
        if self._api.settings.cards != "actioncard":
            body: Json = {
                "outTrackId": out.track,
                "cardData": {"cardParamMap": render.params(card)},
                "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
                "userIdType": 1,
            }
            try:
                await self._api.call("PUT", BASE, body)
                return Sent(track=out.track)
            except SendFailed as failed:
                if _no_cards(failed):
                    await self._without_templates(failed)
                elif CARD_MISSING not in failed.code:
                    raise
        sent = await self.add(out, card, renewed(out.track, out.id))
        return Sent(ref=sent.ref, fresh=True, track=sent.track)

    async def _without_templates(self, failed: SendFailed) -> None:
        await self._api.shared.put(self._plain_key, "1", PLAIN_FOR)
        await self._warn("cards", f"{failed.reason}，一小时内改用不能更新的 ActionCard", HOUR)

    async def _deliver(self, user: str, card: Card, track: str) -> Sent:
        body: Json = {
            "cardTemplateId": self._api.settings.card_template,
            "outTrackId": track,
            "callbackType": "STREAM",
            "userIdType": 1,
            "cardData": {"cardParamMap": render.params(card)},
            "imRobotOpenSpaceModel": {
                "supportForward": False,
                "lastMessageI18n": {"ZH_CN": render.last_message(card)},
                "notification": {"alertContent": render.last_message(card), "notificationOff": False},
            },
            **_space(user),
        }
        try:
            answer = await self._api.call("POST", f"{BASE}/createAndDeliver", body)
        except SendFailed as failed:
            if CARD_EXISTS not in failed.code:
                raise
            return await self._again(user, track)
        return await self._arrived(table(answer.get("result")).get("deliverResults"), track)

    async def _again(self, user: str, track: str) -> Sent:
        """The card exists: an earlier try made it. Delivered then, unless we know better."""
        if await self._api.shared.get(_undelivered(track)) is None:
            return Sent(track=track)
        answer = await self._api.call(
            "POST", f"{BASE}/deliver", {"outTrackId": track, "userIdType": 1, **_space(user)}
        )
        return await self._arrived(answer.get("result"), track)

    async def _arrived(self, results: object, track: str) -> Sent:
        """HTTP 200 with success true can still hold a delivery that failed (5.1)."""
        found = rows(results)
        failed = next((result for result in found if result.get("success") is not True), None)
        if failed is not None or not found:
            await self._api.shared.put(_undelivered(track), "1", REMEMBERED)
            why = words((failed or {}).get("errorMsg"))[:80] or "没有投放结果"
            if "spaceid" in why.lower():  # the space is the person's chat: the person is out of reach
                raise SendFailed(f"卡片没有送达（{why}）", retry=False, wide=Wide.PERSON, code="deliver")
            raise SendFailed(f"卡片已创建但没有送达（{why}）", retry=True, code="deliver")
        await self._api.shared.drop(_undelivered(track), "1")
        return Sent(ref=words(found[0].get("carrierId")), track=track)


def _space(user: str) -> Json:
    return {
        "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
    }


def _no_cards(failed: SendFailed) -> bool:
    return any(code in failed.code for code in (*NO_TEMPLATE, NO_SCOPE))


def _undelivered(track: str) -> str:
    return f"dingtalk:undelivered:{track}"


def renewed(track: str, id: int) -> str:
    """The id of the card that takes the place of `track`: its own, with the outbox row behind it."""
    return f"{re.sub(r'-r[0-9]+$', '', track)}-r{id}"
