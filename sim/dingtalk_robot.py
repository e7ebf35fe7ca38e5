"""What the robot sends: batchSend, group messages, sessionWebhook, recall, read state, media. Protocol section 4."""

import json
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web

from sim import dingtalk_screen as screen
from sim.dingtalk_api import Api, Call, Refusal
from sim.dingtalk_world import Json, Session, Stored, Told, World, opaque, token
from sim.phone import Seen

FILE_TYPES = frozenset({"xlsx", "pdf", "zip", "rar", "doc", "docx"})
NEEDS: dict[str, tuple[str, ...]] = {  # 4.4
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("title", "text", "picUrl", "messageUrl"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{n}": (
            "title",
            "text",
            *(f"action{part}{i}" for i in range(1, n + 1) for part in ("Title", "URL")),
        )
        for n in range(2, 6)
    },
    "sampleActionCard6": ("title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId"),
}
MEGABYTE = 1024 * 1024
MEDIA_LIMITS = {"image": 20 * MEGABYTE, "file": 20 * MEGABYTE, "video": 20 * MEGABYTE, "voice": 2 * MEGABYTE}


class Robot:
    """Outgoing messages and what becomes of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plugins: list[Json] = []
        self._files: dict[str, Stored] = {}

    def apis(self) -> list[Api]:
        """The calls of section 4 (and the quick entries of section 9)."""
        send, entries = "qyapi_robot_sendmsg", "Robot.SingleChat.ReadWrite"
        robot = "/v1.0/robot"
        return [
            Api("POST", f"{robot}/oToMessages/batchSend", self._batch_send, send, sends=True),
            Api("POST", f"{robot}/groupMessages/send", self._group_send, send, sends=True),
            Api("POST", f"{robot}/otoMessages/batchRecall", self._recall, send),
            Api("POST", f"{robot}/groupMessages/recall", self._recall, send),
            Api("GET", f"{robot}/oToMessages/readStatus", self._read_status, send),
            Api("POST", f"{robot}/groupMessages/query", self._group_readers, send),
            Api("POST", f"{robot}/messageFiles/download", self._download, send),
            Api("POST", f"{robot}/plugins/set", self._set_plugins, entries),
            Api("POST", f"{robot}/plugins/query", self._query_plugins, entries),
            Api("POST", f"{robot}/plugins/clear", self._clear_plugins, entries),
            Api("POST", "/robot/sendBySession", self._webhook, counted=False, sends=True),
            Api("POST", "/media/upload", self._upload),
        ]

    def routes(self) -> list[web.RouteDef]:
        """Where a downloadUrl leads."""
        return [web.get("/_files/{key}", self._file)]

    # OpenAPI ----------------------------------------------------------------------------------------------------------

    def _robot_code(self, call: Call) -> None:
        code = call.body.get("robotCode", call.request.query.get("robotCode"))
        if not code:
            raise Refusal(400, "invalidParameter.robotCode.empty")
        if code != self.world.client_id:
            raise Refusal(400, "invalidParameter.robotCode.auth")

    async def _batch_send(self, call: Call) -> Json:
        self._robot_code(call)
        users = call.body.get("userIds")
        if not isinstance(users, list) or not users or not all(isinstance(user, str) for user in users):
            raise Refusal(400, "invalidParameter.userIds.empty")
        if len(users) > self.world.limits.batch_users:
            raise Refusal(400, "invalidParameter.userIds.overMax")
        make = self._message(call)
        invalid = [user for user in users if not self.world.reachable(user)]
        throttled = [user for user in users if user not in invalid and user in self.world.faults.throttled]
        reached = [user for user in dict.fromkeys(users) if user not in invalid and user not in throttled]
        told = Told(opaque("pqk"), self.world.now(), reached)
        await self.world.show(told, lambda user: make())
        return {
            "processQueryKey": told.key, "invalidStaffIdList": invalid, "flowControlledStaffIdList": throttled,
        }  # fmt: skip

    async def _group_send(self, call: Call) -> Json:
        self._robot_code(call)
        chat = call.text("openConversationId")
        if not chat:
            raise Refusal(400, "miss.openConversationId")
        group = self.world.groups.get(chat)
        if group is None:
            raise Refusal(400, "invalid.openConversationId")
        if not group.robot:
            raise Refusal(400, "robot.not.in.group")
        make = self._message(call)
        told = Told(
            opaque("pqk"),
            self.world.now(),
            [user for user in group.members if user in self.world.phones],
            chat,
        )
        await self.world.show(told, lambda user: make())
        return {"processQueryKey": told.key}

    def _message(self, call: Call) -> Callable[[], Seen]:
        """msgKey and msgParam, checked (4.4) and turned into what is seen. Raises Refusal."""
        key = call.body.get("msgKey")
        if not key:
            raise Refusal(400, "invalidParameter.msgKey.empty")
        if key not in NEEDS:
            raise Refusal(400, "invalidParameter.msgKey.invalid")
        raw = call.body.get("msgParam")
        try:
            param = json.loads(raw) if isinstance(raw, str) else None
        except ValueError:
            param = None
        if not isinstance(param, dict):
            raise Refusal(400, "invalidParameter.msgParam.invalid", "msgParam is not a JSON string")
        if len(str(raw).encode()) > self.world.limits.msg_param_bytes:
            raise Refusal(400, "invalidParameter.msgParam.tooLong")
        for name in NEEDS[key]:
            if param.get(name) in (None, ""):
                raise Refusal(400, f"miss.param.{name}")
            if not isinstance(param[name], str) and name != "duration":
                raise Refusal(400, "invalidParameter.msgParam.invalid", f"{name} is not a string")
        return self._kind(key, param)

    def _kind(self, key: str, param: Json) -> Callable[[], Seen]:
        at = self.world.now()
        match key:
            case "sampleText":
                return lambda: screen.text(param["content"], at)
            case "sampleMarkdown":
                return lambda: screen.markdown(param["title"], param["text"], at)
            case "sampleLink":
                return lambda: screen.link_card(param, "messageUrl", at)
            case "sampleImageMsg":
                photo = param["photoURL"]
                body = b"" if photo.startswith("http") else self._media(photo).body
                return lambda: Seen(0, "image", "[图片]", at, raw=param, file=body)
            case "sampleFile":
                if param["fileType"] not in FILE_TYPES:
                    raise Refusal(400, "msg.unsupport", f"fileType {param['fileType']}")
                stored = self._media(param["mediaId"])
                return lambda: Seen(0, "file", param["fileName"], at, raw=param, file=stored.body)
            case "sampleAudio" | "sampleVideo":
                stored = self._media(param.get("mediaId") or param["videoMediaId"])
                return lambda: Seen(0, stored.kind, f"[{stored.name}]", at, raw=param, file=stored.body)
            case _:
                buttons = _card_buttons(key, param)
                return lambda: screen.action_card(param["title"], param["text"], buttons, at)

    def _media(self, media_id: str) -> Stored:
        if media_id not in self.world.media:
            raise Refusal(400, "resource.not.found", "mediaId")
        return self.world.media[media_id]

    # recall and read state (4.5) --------------------------------------------------------------------------------------

    async def _recall(self, call: Call) -> Json:
        self._robot_code(call)
        keys = call.body.get("processQueryKeys")
        if not isinstance(keys, list) or not keys or len(keys) > self.world.limits.recall_keys:
            raise Refusal(400, "invalid.processQueryKey")
        failed = {
            key: reason
            for key in keys
            if (reason := await self._recall_one(key, call.text("openConversationId")))
        }
        return {"successResult": [key for key in keys if key not in failed], "failedResult": failed}

    async def _recall_one(self, key: str, group: str) -> str:
        """Takes one message back; the reason when that cannot be done, else ""."""
        told = self.world.told.get(key)
        if told is None or told.group != group:
            return "invalid.processQueryKey"
        if self.world.now() - told.at > self.world.limits.recall_age:
            return "robot.processQueryKey.expired"
        told.recalled = True
        for user, seen in told.seen:
            seen.recalled, seen.text, seen.buttons = True, "", []  # it goes without a trace
            await self.world.phones[user].refresh(seen)
        return ""

    def _asked(self, key: object) -> Told:
        told = self.world.told.get(str(key))
        if told is None:
            raise Refusal(400, "invalid.processQueryKey")
        if self.world.now() - told.at > self.world.limits.recall_age:
            raise Refusal(400, "processQueryKey.expireTime")
        return told

    async def _read_status(self, call: Call) -> Json:
        self._robot_code(call)
        told = self._asked(call.request.query.get("processQueryKey"))
        rows = []
        for user in told.users:
            member = self.world.members[user]
            state = "READ" if member.read_at >= told.at else "UNREAD"
            rows.append({"name": member.name, "userId": user, "readStatus": state})
        return {"sendStatus": "RECALLED" if told.recalled else "SUCCESS", "messageReadInfoList": rows}

    async def _group_readers(self, call: Call) -> Json:
        self._robot_code(call)
        told = self._asked(call.body.get("processQueryKey"))
        readers = [user for user in told.users if self.world.members[user].read_at >= told.at]
        state = "RECALLED" if told.recalled else "SUCCESS"
        return {"sendStatus": state, "readUserIds": readers, "hasMore": False, "nextToken": ""}

    # sessionWebhook (4.1) ---------------------------------------------------------------------------------------------

    async def _webhook(self, call: Call) -> Json:
        session = self.world.sessions.get(call.request.query.get("session", ""))
        now, limits = self.world.now(), self.world.limits
        if session is None or session.until < now:
            raise Refusal(200, 300001, "session 不存在")
        if len(await call.request.read()) > limits.webhook_bytes:
            raise Refusal(200, 460101, f"message too long, exceed {limits.webhook_bytes} bytes")
        session.sent = [at for at in session.sent if at > now - 60]
        if limits.webhook_per_minute is not None and len(session.sent) >= limits.webhook_per_minute:
            raise Refusal(200, 410100, "发送速度太快而限流")
        make = self._webhook_message(call.body)
        self._ats(call.body)
        session.sent.append(now)
        self.world.month().webhooks += 1
        await self.world.show(
            Told(opaque("pqk"), now, self._audience(session), session.group), lambda user: make()
        )
        return {"errcode": 0, "errmsg": "ok"}

    def _audience(self, session: Session) -> list[str]:
        members = self.world.groups[session.group].members if session.group else [session.user]
        return [user for user in members if user in self.world.phones]

    def _ats(self, body: Json) -> None:
        at = body.get("at") or {}
        if not isinstance(at, dict) or len(at.get("atUserIds") or []) + len(at.get("atMobiles") or []) > 50:
            raise Refusal(200, 40035, "at 不合法")

    def _webhook_message(self, body: Json) -> Callable[[], Seen]:
        kind, at = body.get("msgtype"), self.world.now()
        part = body.get(str(kind))
        if kind not in ("text", "link", "markdown", "actionCard", "feedCard"):
            raise Refusal(200, 400105, "不支持的消息类型")
        if not isinstance(part, dict):
            _missing(str(kind))
        match kind:
            case "text":
                _need(part, "content")
                return lambda: screen.text(part["content"], at)
            case "markdown":
                _need(part, "title", "text")
                return lambda: screen.markdown(part["title"], part["text"], at)
            case "link":
                _need(part, "title", "text", "messageUrl")
                return lambda: screen.link_card(part, "messageUrl", at)
            case "feedCard":
                links = part.get("links") or _missing("links")
                for link in links:
                    _need(link, "title", "messageURL", "picURL")
                titles = [(link["title"], link["messageURL"]) for link in links]
                return lambda: screen.action_card("", "\n".join(title for title, _ in titles), titles, at)
        _need(part, "title", "text")
        buttons = [(b.get("title"), b.get("actionURL")) for b in part.get("btns") or []]
        buttons = buttons or [(part.get("singleTitle"), part.get("singleURL"))]
        if not all(
            isinstance(label, str) and label and isinstance(url, str) and url for label, url in buttons
        ):
            _missing("btns")
        return lambda: screen.action_card(part["title"], part["text"], buttons, at)

    # files (3.2, 4.6) -------------------------------------------------------------------------------------------------

    async def _upload(self, call: Call) -> Json:
        if "multipart" not in call.request.content_type:
            raise Refusal(200, 43004, "无效的HTTP HEADER Content-Type")
        form = await call.request.post()
        kind = call.request.query.get("type") or str(form.get("type", ""))
        media = form.get("media")
        if kind not in MEDIA_LIMITS:
            raise Refusal(200, 40004, "不合法的媒体文件类型")
        if not isinstance(media, web.FileField) or not media.filename:
            raise Refusal(200, 40035, "缺少参数 media")
        body = media.file.read()
        if not body or len(body) > MEDIA_LIMITS[kind]:
            raise Refusal(200, 40006, "不合法的文件大小")
        media_id = opaque("@lA")
        self.world.media[media_id] = Stored(media.filename, kind, body, self.world.now())
        return {
            "errcode": 0,
            "errmsg": "ok",
            "type": kind,
            "media_id": media_id,
            "created_at": self.world.now_ms(),
        }

    async def _download(self, call: Call) -> Json:
        self._robot_code(call)
        stored = self.world.downloads.get(call.text("downloadCode"))
        if stored is None or self.world.now() - stored.at > self.world.limits.download_age:
            raise Refusal(400, "invalidParameter.robotCode.downloadCode")
        key = token()
        self._files[key] = stored
        return {"downloadUrl": f"{self.world.url}/_files/{key}"}

    async def _file(self, request: web.Request) -> web.Response:
        stored = self._files.get(request.match_info["key"])
        if stored is None:
            return web.Response(status=404)
        return web.Response(body=stored.body, content_type="application/octet-stream")

    # quick entries (9) ------------------------------------------------------------------------------------------------

    async def _set_plugins(self, call: Call) -> Json:
        self._robot_code(call)
        entries = call.body.get("pluginInfoList")
        if not isinstance(entries, list) or not all(isinstance(e, dict) and e.get("name") for e in entries):
            raise Refusal(400, "param.illegal")
        self.plugins = entries
        return {"result": True}

    async def _query_plugins(self, call: Call) -> Json:
        self._robot_code(call)
        return {"pluginInfoList": self.plugins}

    async def _clear_plugins(self, call: Call) -> Json:
        self._robot_code(call)
        self.plugins = []
        return {"result": True}


def _card_buttons(key: str, param: Json) -> list[tuple[str, str]]:
    """(label, link) of the sampleActionCard family."""
    if key == "sampleActionCard":
        return [(param["singleTitle"], param["singleURL"])]
    if key == "sampleActionCard6":
        return [(param[f"buttonTitle{i}"], param[f"buttonUrl{i}"]) for i in (1, 2)]
    return [(param[f"actionTitle{i}"], param[f"actionURL{i}"]) for i in range(1, int(key[-1]) + 1)]


def _need(part: Json, *names: str) -> None:
    for name in names:
        if not isinstance(part, dict) or not isinstance(part.get(name), str) or not part[name]:
            _missing(name)


def _missing(name: str) -> NoReturn:
    raise Refusal(200, 40035, f"缺少参数 {name}")
