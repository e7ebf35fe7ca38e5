"""The WeCom self-built app as a Platform: callbacks in; texts, template cards and files out."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from aiohttp import web

from bot.config import Wecom
from bot.platform import (
    DIRECTORY,
    FRIENDS_MOVED,
    LEAVERS_FRIENDS_MOVED,
    Check,
    Door,
    Intake,
    Limits,
    Meter,
    Now,
    Outgoing,
    SendFailed,
    Sent,
    Shared,
    Way,
    Wide,
)
from bot.wecom import directory, external, identity, transfer
from bot.wecom.api import Answer, Api, names, text
from bot.wecom.checks import UNSEEN, checks
from bot.wecom.faults import CODE_USED, MEDIA_GONE, TASK_KNOWN, UNSEEN_CODES
from bot.wecom.inbound import STORE_WITHIN, Inbound
from bot.wecom.limits import TASK_BYTES
from bot.wecom.media import uploads
from bot.wecom.menu import Entry, menu_json
from bot.wecom.render import render
from bot.wecom.texts import pieces

log = structlog.get_logger("wecom")

LONGEST_CHECK = 4 * 3600  # seconds: the most that duplicate_check_interval takes
STOP_WITHIN = 5.0
TASK = re.compile(rf"[0-9A-Za-z_@-]{{1,{TASK_BYTES}}}")


class WecomPlatform:
    """One self-built app. `public_url` is where a tap on a card without buttons leads; `brand` stands above cards;
    `daily`: recipients a day that WeCom takes (0: not known)."""

    name = "wecom"

    def __init__(
        self,
        settings: Wecom,
        shared: Shared,
        now: Now,
        meter: Meter,
        *,
        menu: Sequence[Entry] = (),
        daily: int = 0,
        public_url: str = "https://work.weixin.qq.com",
        brand: str = "跟进",
        store_within: float = STORE_WITHIN,
    ) -> None:
        self.limits = Limits(
            idempotent=frozenset({Way.TEXT, Way.CARD, Way.UPDATE, Way.FRIENDS}),
            one_shot=frozenset({Way.UPDATE}),
            needs_code=True,
            person_per_minute=settings.per_minute,
            app_per_second=float(settings.per_second),
            daily={"recipients": daily},
        )
        self._meter = meter
        self._settings, self._shared, self._now = settings, shared, now
        self._menu, self._public_url, self._brand = tuple(menu), public_url, brand
        self._api = Api(settings, shared, meter)
        self._uploads = uploads(self._api, shared)
        self._inbound = Inbound(settings, shared, now, store_within)
        self._starting: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        """GET and POST /wecom/callback."""
        return self._inbound.routes()

    def doors(self) -> Mapping[str, Door]:
        """POST /wecom/callback."""
        return self._inbound.doors()

    async def start(self, intake: Intake) -> None:
        """Take callbacks in; the menu is made beside it, for WeCom may be out of reach."""
        self._inbound.open(intake)
        if self._settings.menu and self._menu:
            self._starting = asyncio.create_task(self._make_menu(), name="wecom menu")

    async def stop(self) -> None:
        """Stop receiving, finish what is being acknowledged, close connections."""
        await self._inbound.close(STOP_WITHIN)
        if self._starting is not None:
            self._starting.cancel()
            with suppress(asyncio.CancelledError):
                await self._starting
        await self._api.close()

    async def send(self, out: Outgoing) -> Sent:
        """Send one thing. Raises SendFailed."""
        match out.way:
            case Way.TEXT:
                return await self._text(out)
            case Way.CARD:
                return await self._card(out, out.track)
            case Way.UPDATE:
                return await self._update(out)
            case Way.FILE:
                return await self._file(out)
            case Way.ASK if out.text == "external_contact":
                return await external.contact(self._api, out)
            case Way.ASK if out.text in {FRIENDS_MOVED, LEAVERS_FRIENDS_MOVED}:
                return await transfer.result(self._api, out)
            case Way.FRIENDS:
                return await transfer.start(self._api, out)
            case Way.ASK if out.text == identity.ASKED:
                return await identity.translate(self._api, self._shared, out)
            case Way.ASK if out.text == DIRECTORY:
                return await directory.people(self._api)
            case _:
                raise SendFailed("企业微信应用没有待办", retry=False)

    async def check(self) -> list[Check]:
        """Credentials, trusted IP, visibility, callback."""
        return await checks(self._api, self._shared, self._now(), self._public_url, self._inbound.refused)

    async def _text(self, out: Outgoing) -> Sent:
        """One message, or several when it is long; those that got through are swallowed when it is tried again."""
        if not out.text.strip():
            raise SendFailed("没有可发的文字", retry=False)
        refs = [
            text(await self._post(out.user, "text", {"content": piece}), "msgid")
            for piece in pieces(out.text, out.id)
        ]
        return Sent(ref=refs[-1])

    async def _card(self, out: Outgoing, track: str) -> Sent:
        """A card with task_id = track: WeCom takes it once, so a repeat is known by its refusal (42014)."""
        if out.card is None:
            raise SendFailed("没有可发的卡片", retry=False)
        if not TASK.fullmatch(track):
            raise SendFailed("卡片编号只能有字母、数字、_、-、@，最多 128 位", retry=False)
        card = render(out.card, public_url=self._public_url, brand=self._brand, task_id=track)
        try:
            answer = await self._post(out.user, "template_card", card)
        except SendFailed as error:
            if error.code != TASK_KNOWN:
                raise
            log.warning("card was sent before", track=track, again=out.again)
            return Sent(track=track)
        return Sent(ref=text(answer, "msgid"), code=text(answer, "response_code"), track=track)

    async def _update(self, out: Outgoing) -> Sent:
        """Replaces a card in place while there is a code for it; else sends it anew (protocol 4.8).

        A code works once. When this was tried before and now the code is used up, that try was the use.
        """
        if out.card is None:
            raise SendFailed("没有可发的卡片", retry=False)
        if not out.code:
            return Sent(track=out.track) if out.same else await self._afresh(out)
        body = {
            "userids": [out.user],
            "agentid": self._settings.agent_id,
            "response_code": out.code,
            "template_card": render(out.card, public_url=self._public_url, brand=self._brand),
        }
        try:
            answer = await self._api.call("message/update_template_card", body)
        except SendFailed as error:
            if error.code not in CODE_USED:
                raise
            return Sent(track=out.track) if out.again or out.same else await self._afresh(out)
        self._reached(out.user, answer)
        return Sent(track=out.track)

    async def _afresh(self, out: Outgoing) -> Sent:
        """As a new card: the same track with `-r<row>`, so that its clicks find the card it stands for."""
        suffix = f"-r{out.id}"
        first = re.sub(r"-r\d+$", "", out.track)
        sent = await self._card(out, first[-(TASK_BYTES - len(suffix)) :] + suffix)
        return Sent(ref=sent.ref, code=sent.code, fresh=True, track=sent.track)

    async def _file(self, out: Outgoing) -> Sent:
        media_id = await self._uploads.id_of(out.file, out.filename)
        try:
            answer = await self._post(out.user, "file", {"media_id": media_id})
        except SendFailed as error:
            if error.code != MEDIA_GONE:
                raise
            media_id = await self._uploads.again(out.file, out.filename, media_id)
            answer = await self._post(out.user, "file", {"media_id": media_id})
        return Sent(ref=text(answer, "msgid"))

    async def _post(self, user: str, kind: str, content: dict[str, object]) -> Answer:
        """message/send to one person. A file has no place for a mark: there the duplicate check would swallow the
        same file when it is meant twice, so it stays off."""
        body: dict[str, object] = {
            "touser": user,
            "msgtype": kind,
            "agentid": self._settings.agent_id,
            kind: content,
            "enable_duplicate_check": 0 if kind == "file" else 1,
        }
        if kind != "file":
            wanted = int(self._settings.duplicate_check.total_seconds())
            body["duplicate_check_interval"] = min(max(wanted, 1), LONGEST_CHECK)
        try:
            answer = await self._api.call("message/send", body)
            self._reached(user, answer)
            self._meter("recipients", 1)
        except SendFailed as error:
            if error.code in UNSEEN_CODES:
                await self._shared.put(UNSEEN, user, 86400)
            raise
        await self._shared.drop(UNSEEN, user)
        return answer

    @staticmethod
    def _reached(user: str, answer: Answer) -> None:
        """errcode 0 may still name our one person as not reached (protocol 4.1). Raises SendFailed."""
        who = user.lower()
        if who in names(answer, "unlicenseduser"):
            raise SendFailed("此人没有接口许可", retry=False, wide=Wide.PERSON, code="701008")
        if who in names(answer, "invaliduser"):
            raise SendFailed("此人不在应用可见范围", retry=False, wide=Wide.PERSON, code="81013")

    async def _make_menu(self) -> None:
        """Creates the app's menu; a failure is logged and no more."""
        try:
            body = menu_json(self._menu)
            await self._api.call("menu/create", body, params={"agentid": str(self._settings.agent_id)})
        except (SendFailed, ValueError) as error:
            log.warning("menu was not created", reason=str(error))
