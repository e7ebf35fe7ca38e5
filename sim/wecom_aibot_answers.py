"""What the bot says: replies, welcomes, card updates, pushes, within their windows and limits (10.4, 10.5)."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from sim.phone import Phone, Press, Seen
from sim.refusal import Refusal
from sim.wecom_aibot_cards import accept
from sim.wecom_aibot_world import Body, Callback, CardShown, Shown, World
from sim.wecom_screen import paint_card

REPLY_TYPES = {"stream", "template_card", "markdown", "file", "image", "voice", "video"}
PUSH_TYPES = REPLY_TYPES - {"stream"}


class Answers:
    """Commands that put something on screens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.commands: dict[str, Callable[[str, Body], Awaitable[Body]]] = {
            "aibot_respond_msg": self.respond,
            "aibot_respond_welcome_msg": self.welcome,
            "aibot_respond_update_msg": self.update,
            "aibot_send_msg": self.send,
        }

    async def respond(self, req_id: str, body: Body) -> Body:
        """An answer to a message; frames of one stream share req_id and stream.id."""
        callback = self._callback(req_id, "message", self.world.limits.reply_window)
        kind = str(body.get("msgtype"))
        if kind not in REPLY_TYPES:
            raise Refusal(40008, "invalid message type")
        if kind == "stream":
            await self._stream(callback, body)
        else:
            await self._say(callback.chat, kind, body)
        callback.used = callback.used or kind != "stream" or bool(body["stream"].get("finish"))
        return {}

    async def welcome(self, req_id: str, body: Body) -> Body:
        """An answer to enter_chat: text or card, once, within 5 s."""
        callback = self._callback(req_id, "enter_chat", self.world.limits.card_window)
        if callback.used:
            raise Refusal(846605, "invalid req_id")
        if body.get("msgtype") not in ("text", "template_card"):
            raise Refusal(40008, "invalid message type")
        await self._say(callback.chat, str(body["msgtype"]), body)
        callback.used = True
        return {}

    async def update(self, req_id: str, body: Body) -> Body:
        """An answer to a press: the card changes for everybody, or for `userids` in a group; within 5 s."""
        callback = self._callback(req_id, "template_card_event", self.world.limits.card_window)
        card = body.get("template_card")
        if body.get("response_type") != "update_template_card" or not isinstance(card, dict):
            raise Refusal(40058, "response_type must be update_template_card")
        if card.get("task_id") != callback.task_id:
            raise Refusal(42014, "task_id is not the event's")
        shown, soft = accept(card, update=True)
        self.world.soft_warnings += soft
        told = self.world.cards[callback.task_id]
        told.card = card
        for phone, seen in told.screens:
            paint_card(seen, shown)
            await phone.refresh(seen)
        callback.used = True
        return {}

    async def send(self, _req_id: str, body: Body) -> Body:
        """A push. chat_type 1 single, 2 group, 0 or absent: a group is tried first."""
        kind, chat, how = str(body.get("msgtype")), body.get("chatid"), body.get("chat_type", 0)
        if kind not in PUSH_TYPES:
            raise Refusal(40008, "invalid message type")
        if not isinstance(chat, str) or how not in (0, 1, 2):
            raise Refusal(93006, "invalid chatid")
        if "chat_type" not in body:
            self.world.complain("a push without chat_type")
        single = self.world.user_by(chat)
        if how == 2 or (how == 0 and chat in self.world.groups):
            if chat not in self.world.groups:
                raise Refusal(93006, "invalid chatid")
        elif single is None:
            raise Refusal(93006, "invalid chatid")
        if (single if how != 2 and single else chat) not in self.world.wrote:
            raise Refusal(93001, "not allowed to push in this chat")
        await self._say(single if how != 2 and single else chat, kind, body)
        return {}

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────────
    def _callback(self, req_id: str, kind: str, window: float) -> Callback:
        """The callback a frame answers; 846605 for one that is unknown, of another kind, or too old."""
        callback = self.world.callbacks.get(req_id)
        if callback is None or callback.kind != kind or self.world.now() - callback.at > window:
            raise Refusal(846605, "invalid req_id")
        return callback

    async def _stream(self, callback: Callback, body: Body) -> None:
        stream = body.get("stream")
        if not isinstance(stream, dict) or not stream.get("id") or not isinstance(stream.get("content"), str):
            raise Refusal(40058, "invalid stream")
        if len(stream["content"].encode()) > self.world.limits.stream_bytes:
            raise Refusal(45002, "content too long")
        if stream.get("msg_item"):
            raise Refusal(40058, "msg_item is not supported here")
        shown = callback.streams.get(stream["id"])
        if shown is None:
            self.world.count_in(callback.chat)
            seen = await self._show(
                callback.chat, "markdown", lambda one: paint_markdown(one, stream["content"])
            )
            shown = callback.streams[stream["id"]] = Shown(seen, self.world.now())
            if "feedback" in stream:
                _thumbs(seen, stream["feedback"])
        elif shown.finished or self.world.now() - shown.begun > self.world.limits.stream_life:
            raise Refusal(846608, "stream message update expired")
        else:
            for phone, one in shown.seen:
                paint_markdown(one, stream["content"])
                await phone.refresh(one)
        shown.finished = bool(stream.get("finish"))

    async def _say(self, chat: str, kind: str, body: Body) -> None:
        content = body.get(kind)
        if not isinstance(content, dict):
            raise Refusal(40058, f"missing {kind}")
        if kind == "template_card":
            await self._card(chat, content)
            return
        paint = self._painter(kind, content)
        self.world.count_in(chat)
        if self.world.faults.drop_next > 0:
            self.world.faults.drop_next -= 1
            self.world.note("dropped by fault", body)
            return
        await self._show(chat, kind, paint)

    def _painter(self, kind: str, content: Body) -> Callable[[Seen], None]:
        if kind in ("text", "markdown"):
            text = content.get("content")
            if not isinstance(text, str) or not text.strip():
                raise Refusal(44004, "empty content")
            if len(text.encode()) > self.world.limits.stream_bytes:
                raise Refusal(45002, "content too long")
            return lambda seen: paint_markdown(seen, text)
        stored = self.world.media.get(str(content.get("media_id")))
        if (
            stored is None
            or self.world.now() - stored.born > self.world.limits.media_life
            or stored.kind != kind
        ):
            raise Refusal(40007, "invalid media_id")
        found = stored

        def paint(seen: Seen) -> None:
            seen.kind, seen.text, seen.file = kind, f"[文件] {found.name}", found.body

        return paint

    async def _card(self, chat: str, card: Body) -> None:
        shown, soft = accept(card)
        task = str(card.get("task_id") or "")
        if task and task in self.world.cards:
            raise Refusal(42014, "task_id was used before")
        self.world.count_in(chat)
        self.world.soft_warnings += soft
        screens = await self._show(chat, "card", lambda seen: paint_card(seen, shown), task)
        if task:
            self.world.cards[task] = CardShown(chat, screens, card)

    async def _show(
        self, chat: str, kind: str, paint: Callable[[Seen], Any], track: str = ""
    ) -> list[tuple[Phone, Seen]]:
        """On the screens of everybody in a chat."""
        users = self.world.groups.get(chat, [chat])
        screens = []
        for user in users:
            seen = Seen(0, kind, "", self.world.now(), track=track, raw={"chat": chat})
            paint(seen)
            seen.text = "\n".join(line.rstrip() for line in seen.text.split("\n"))
            screens.append((self.world.phones[user], await self.world.phones[user].show(seen)))
        return screens


def _thumbs(screens: list[tuple[Phone, Seen]], asked: object) -> None:
    """Thumbs under an answer, by the id that its first frame gave (10.1)."""
    id = asked.get("id") if isinstance(asked, dict) else None
    if not isinstance(id, str) or not 0 < len(id.encode()) <= 256:
        raise Refusal(40058, "invalid feedback")
    for _, seen in screens:
        seen.raw["feedback"] = id


def paint_markdown(seen: Seen, content: str) -> None:
    """Markdown as it is read: emphasis, headings and quotes lose their marks, an escaped mark stands for itself."""
    kept: list[str] = []
    seen.buttons = []

    def keep(mark: re.Match[str]) -> str:
        kept.append(mark[1])
        return f"\x00{len(kept) - 1}\x00"

    text = re.sub(r"\\([\\`*_{}\[\]()#+\-.!>~|])", keep, content)
    for label, url in re.findall(r"\[([^\]]*)\]\(([^)]*)\)", text):
        seen.buttons.append(Press(label, "", link=url))
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*{1,3}(?=\S)(.+?)(?<=\S)\*{1,3}", r"\1", text, flags=re.S)
    text = re.sub(r"(?m)^(#{1,6} +|> ?)", "", text).replace("`", "")
    text = re.sub(r"\x00(\d+)\x00", lambda mark: kept[int(mark[1])], text)
    seen.text = "\n".join(line.rstrip() for line in text.split("\n"))
    seen.raw = seen.raw | {"text": content}
