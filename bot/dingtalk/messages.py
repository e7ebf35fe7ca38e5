"""Texts and files to one person: sessionWebhook while it is open, the robot's OpenAPI otherwise (protocol 4)."""

import io
import json
import zipfile
from pathlib import PurePath

from bot.dingtalk.actioncard import PARAM_BYTES, within
from bot.dingtalk.api import Api
from bot.dingtalk.errors import UNSAFE
from bot.dingtalk.lenient import decoded, words
from bot.platform import Outgoing, SendFailed, Sent, Wide

FILE_TYPES = frozenset({"xlsx", "pdf", "zip", "rar", "doc", "docx"})
PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "bmp"})
LARGEST = 20 * 1024 * 1024
SHORT = 2000  # characters that are within PARAM_BYTES whatever they are


class Messages:
    """What the robot says to one person at a time. None of it has an idempotency key at the platform."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def text(self, out: Outgoing) -> Sent:
        """A text. Raises SendFailed."""
        content = within({"content": out.text}, "content")
        said = out.text if len(out.text) <= SHORT else json.loads(content)["content"]
        if out.reply_url and self._api.answers_at(out.reply_url):
            try:
                await self._api.webhook(out.reply_url, {"msgtype": "text", "text": {"content": said}})
                return Sent()
            except SendFailed as failed:
                # an expired or throttled address is no reason to keep the words back; a lost answer may be one
                if failed.unknown or UNSAFE.reason in failed.reason:
                    raise
        return await self.batch(out.user, "sampleText", content)

    async def file(self, out: Outgoing) -> Sent:
        """A file; pictures as pictures, types that a chat cannot show inside a zip. Raises SendFailed."""
        if len(out.file) > LARGEST:
            raise SendFailed("文件超过钉钉的 20 MB 上限", retry=False)
        name = out.filename or "文件"
        kind = PurePath(name).suffix.lstrip(".").lower()
        if kind in PICTURES:
            photo = await self._api.upload("image", name, out.file)
            return await self.batch(out.user, "sampleImageMsg", json.dumps({"photoURL": photo}))
        body = out.file
        if kind not in FILE_TYPES:
            name, kind, body = f"{name}.zip", "zip", zipped(name, body)
        media = await self._api.upload("file", name, body)
        param = {"mediaId": media, "fileName": name, "fileType": kind}
        return await self.batch(out.user, "sampleFile", json.dumps(param, ensure_ascii=False))

    async def batch(self, user: str, key: str, param: str) -> Sent:
        """oToMessages/batchSend to one person; HTTP 200 does not mean that they got it (4.2). Raises SendFailed."""
        if len(param.encode()) > PARAM_BYTES:
            raise SendFailed("消息太长", retry=False)
        body = {"robotCode": self._api.settings.robot, "userIds": [user], "msgKey": key, "msgParam": param}
        answer = await self._api.call("POST", "/v1.0/robot/oToMessages/batchSend", body)
        if user in _named(answer.get("invalidStaffIdList")):
            raise SendFailed(
                "钉钉里没有这个人，或不在应用可见范围内", retry=False, wide=Wide.PERSON, code="invalidStaffId"
            )
        if user in _named(answer.get("flowControlledStaffIdList")):
            raise SendFailed("给这个人发得太快", retry=True, after=5, wide=Wide.PERSON, code="flowControlled")
        return Sent(ref=words(answer.get("processQueryKey")))


def _named(value: object) -> list[str]:
    value = decoded(value)
    return [words(one) for one in value] if isinstance(value, list) else []


def zipped(name: str, body: bytes) -> bytes:
    """The file inside a zip archive, the same bytes every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()
