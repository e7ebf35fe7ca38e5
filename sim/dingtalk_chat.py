"""What people send to the robot: every message type of protocol reference section 3, as the Stream `data` object."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sim.dingtalk_stream import Stream
from sim.dingtalk_world import Group, Json, Member, Session, Stored, World, opaque, token
from sim.phone import Seen

PICTURE, CONTACT = "[图片]", "[名片]"  # lines of a forwarded record that stand for media
NOT_IN_GROUPS = frozenset({"audio", "file", "video"})


@dataclass
class Body:
    """The part of a robot message that depends on its type; `screen` is how the sender sees it."""

    msgtype: str
    fields: Json
    screen: str
    file: bytes = b""


class Chat:
    """Builds robot messages and hands them to the stream."""

    def __init__(self, world: World, stream: Stream) -> None:
        self.world, self.stream = world, stream
        self._styles = 0

    async def verb(self, user: str, verb: Json) -> bool:
        """One message verb of a phone; `group` (an openConversationId) and `at` send it there. True: handed over.

        Raises LookupError for an unknown group, ValueError for an unknown verb.
        """
        body = self._body(verb)
        member = self.world.members[user]
        group = self.world.groups[verb["group"]] if verb.get("group") else None
        if group is not None and not self._reaches(group, body, at=bool(verb.get("at", True))):
            self.world.note(
                "not delivered: the robot does not hear this in a group", {"msgtype": body.msgtype}
            )
            return False
        if verb["verb"] != "say" or group is not None:  # Phone.says has put its own text on the screen
            raw = {"group": group.id} if group else {}
            await self.world.phones[user].show(
                Seen(0, body.msgtype, body.screen, self.world.now(), mine=True, raw=raw, file=body.file)
            )
        return await self.stream.robot_message(self.message(member, body, group))

    def _reaches(self, group: Group, body: Body, *, at: bool) -> bool:
        """In groups the robot hears only what @-mentions it, and never audio, file or video (3.1)."""
        return group.robot and at and body.msgtype not in NOT_IN_GROUPS

    def _body(self, verb: Json) -> Body:
        match verb["verb"]:
            case "say":
                text = str(verb["text"])
                lead = " " if verb.get("group") else ""  # what is left of the stripped mention
                return Body("text", {"text": {"content": lead + text}}, text)
            case "forward":
                return self._record(verb["lines"], verb.get("only"))
            case "voice":
                return self._voice(str(verb["text"]), float(verb.get("seconds", 4.0)))
            case "image":
                code = self._keep("picture.png", "image", verb["body"])
                picture = {"downloadCode": code, "pictureDownloadCode": code}
                return Body("picture", {"content": picture}, PICTURE, verb["body"])
            case "file":
                return self._file(str(verb["name"]), verb["body"])
            case "video":
                code = self._keep("video.mp4", "video", verb.get("body", b"mp4"))
                content = {"duration": 4000, "videoType": "mp4", "downloadCode": code}
                return Body("video", {"content": content}, "[视频]")
            case "rich":
                return self._rich(verb["parts"])
            case "quote":
                return self._quote(verb)
            case "link":
                content = {
                    "title": verb["title"],
                    "text": verb.get("text", ""),
                    "messageUrl": verb["url"],
                    "picUrl": "",
                }
                return Body("link", {"content": content}, f"{verb['title']} {verb['url']}")
            case "card":
                return Body(
                    "interactiveCard", {"content": _foreign_card(str(verb.get("text", "")))}, "[卡片]"
                )
            case "contact":
                content = {"unknownMsgType": "暂不支持接收该类型的消息"}
                return Body("unknownMsgType", {"content": content}, CONTACT)
            case other:
                raise ValueError(f"no such verb on this platform: {other}")

    def _keep(self, name: str, kind: str, body: bytes) -> str:
        code = opaque("dc")
        self.world.downloads[code] = Stored(name, kind, body, self.world.now())
        return code

    def _voice(self, recognised: str, seconds: float) -> Body:
        code = self._keep("voice.amr", "voice", b"#!AMR\n" + recognised.encode())
        content = {"duration": int(seconds * 1000), "downloadCode": code, "recognition": recognised}
        return Body("audio", {"content": content}, f"[语音] {recognised}")

    def _file(self, name: str, body: bytes) -> Body:
        code = self._keep(name, "file", body)
        content = {"fileName": name, "downloadCode": code, "spaceId": "4398046", "fileId": token(6)}
        return Body("file", {"content": content}, name, body)

    def _rich(self, parts: Sequence[Json | str]) -> Body:
        """`parts`: texts, or {"picture": bytes}, or {"at": user}."""
        items: list[Json] = []
        for part in parts:
            if isinstance(part, str):
                items.append({"text": part})
            elif "at" in part:
                items.append({"type": "at", "atName": part["at"], "atUserId": part["at"]})
            else:
                code = self._keep("picture.png", "image", part["picture"])
                items.append({"type": "picture", "downloadCode": code, "pictureDownloadCode": code})
        shown = "".join(str(item.get("text", PICTURE)) for item in items)
        return Body("richText", {"content": {"richText": items}}, shown)

    def _quote(self, verb: Json) -> Body:
        """A reply. Quoting one of the robot's cards tells only `originalProcessQueryKey` (3.3)."""
        text, original = str(verb["text"]), opaque("msg")
        fields: Json = {"text": {"content": text, "isReplyMsg": True}, "originalMsgId": original}
        if verb.get("key"):
            fields["originalProcessQueryKey"] = verb["key"]
            return Body("text", fields, text)
        kind = str(verb.get("kind", "text"))
        content: Json = {"text": verb["quoted"]}
        if kind == "chatRecord":
            content = {"title": "聊天记录", "summary": verb["quoted"]}
        fields["text"]["repliedMsg"] = {
            "msgType": kind, "msgId": original, "senderId": opaque("$:LWCP_v1:$"),
            "createdAt": self.world.now_ms() - 60_000,
            "content": json.dumps(content, ensure_ascii=False) if verb.get("as_string") else content,
        }  # fmt: skip
        return Body("text", fields, text)

    def _record(self, lines: Sequence[Sequence[str]], only: int | None) -> Body:
        """A merged chat record: two JSON strings inside the JSON; `only` so many entries arrive (3.4)."""
        start = self.world.now_ms() - 60_000 * (len(lines) + 1)
        senders = {speaker: opaque("$:LWCP_v1:$") for speaker, _ in lines}
        entries = [
            self._entry(senders[speaker], speaker, text, start + 60_000 * n)
            for n, (speaker, text) in enumerate(lines)
        ]
        told = [f"{speaker}:{text}" for speaker, text in lines[:4]]
        summary = "\n".join(told) if self.world.faults.summary_lines else json.dumps(told, ensure_ascii=False)
        content = {"summary": summary, "chatRecord": json.dumps(entries[:only], ensure_ascii=False)}
        screen = "\n".join(f"{speaker}：{text}" for speaker, text in lines)
        return Body("chatRecord", {"isForwardMsg": "1", "content": content}, f"[聊天记录]\n{screen}")

    def _entry(self, sender: str, speaker: str, text: str, at: int) -> Json:
        if text == CONTACT:
            return {"senderId": sender, "msgType": "unknownMsgType"}
        who = {
            "senderId": sender,
            "senderStaffId": "",
            "senderNick": speaker,
            "createdAt": at,
            "createAt": at,
        }
        if text == PICTURE:
            return {
                **who,
                "msgType": "picture",
                "downloadCode": self._keep("picture.png", "image", b"\x89PNG\r\n\x1a\n"),
            }
        return {**who, "msgType": "text", "content": text}

    def message(self, member: Member, body: Body, group: Group | None = None) -> Json:
        """The whole `data` object of a robot message, with a fresh msgId and sessionWebhook."""
        world = self.world
        webhook, until = self._session(member, group)
        data: Json = {
            "conversationId": group.id if group else member.chat,
            "conversationType": "2" if group else "1",
            "msgId": opaque("msg"), "createAt": world.now_ms(),
            "senderId": member.sender, "senderNick": member.name, "senderPlatform": "Win",
            "chatbotUserId": "$:LWCP_v1:$bot==", "chatbotCorpId": world.corp_id, "robotCode": world.client_id,
            "sessionWebhook": webhook, "sessionWebhookExpiredTime": until,
        }  # fmt: skip
        if member.outsider:
            data["senderStaffId"] = ""
        else:
            data["senderCorpId"] = world.corp_id
            if member.published:
                data |= {"senderStaffId": member.user, "isAdmin": False}
        if group:
            data |= {"conversationTitle": group.title, "isInAtList": True}
            data["atUsers"] = [{"dingtalkId": "$:LWCP_v1:$bot=="}]
        if self._over_quota():
            return data | self._exhausted()
        return data | {"msgtype": body.msgtype} | body.fields

    def _session(self, member: Member, group: Group | None) -> tuple[str, int]:
        until = self.world.now() + self.world.limits.session_age
        key = token()
        self.world.sessions[key] = Session(member.user, group.id if group else "", until)
        return f"{self.world.url}/robot/sendBySession?session={key}", int(until * 1000)

    def _over_quota(self) -> bool:
        limit = self.world.limits.pushes
        return self.world.faults.quota_exhausted or (limit is not None and self.world.month().pushes >= limit)

    def _exhausted(self) -> Json:
        """The 20001 marker; its names differ between pages (3.1), so they take turns."""
        self._styles += 1
        text = "本月Stream推送额度已用尽"
        if self._styles % 2:
            return {"msgtype": "text", "errCode": "20001", "errMsg": text}
        return {"msgtype": "text", "errorCode": 20001, "errorMessage": text}


def _foreign_card(text: str) -> Json:
    """Somebody else's card, forwarded: what little of it arrives (3.2)."""
    return {
        "biz_custom_action_url": "dingtalk://dingtalkclient/page/yunpan?route=previewDentry&spaceId=1&fileId=2&type=file",
        "cardContent": [{"children": [{"elementType": "text", "value": text}]}],
    }
