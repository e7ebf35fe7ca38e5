"""Native to-dos: made once however often it is tried, finished through the API (protocol 7.1)."""

from hashlib import sha256
from urllib.parse import quote

from bot.dingtalk.api import Api
from bot.dingtalk.errors import TODO_EXISTS, TODO_MISSING
from bot.dingtalk.lenient import Json, words
from bot.dingtalk.markdown import clip
from bot.platform import Outgoing, SendFailed, Sent, Wide

SUBJECT_BYTES = URL_BYTES = 1024
DAY = 86_400.0
IMPORTANT = 20


class Todos:
    """To-dos of one app; `public_url` is where one leads that has no link of its own."""

    def __init__(self, api: Api, public_url: str) -> None:
        self._api, self._public_url = api, public_url

    async def add(self, out: Outgoing) -> Sent:
        """Creates the to-do of an outbox row for its person; the ref is "unionId/taskId". Raises SendFailed."""
        union = await self.union(out.user)
        body = self._body(out, union)
        try:
            answer = await self._api.call("POST", _tasks(union), body, operatorId=union)
        except SendFailed as failed:
            if TODO_EXISTS not in failed.code or TODO_MISSING in failed.code:
                raise
            answer = await self._api.call(
                "GET", f"{_tasks(union)}/sources/{quote(str(body['sourceId']), safe='')}"
            )
        task = words(answer.get("id")) or words(answer.get("taskId"))
        return Sent(ref=f"{union}/{task}")

    async def finish(self, out: Outgoing) -> Sent:
        """Marks the to-do of `out.ref` as done (people cannot tick one of ours). One that is gone counts as done."""
        union, slash, task = out.ref.rpartition("/")
        if not slash:
            union = await self.union(out.user)
        try:
            path = f"{_tasks(union)}/{quote(task, safe='')}"
            await self._api.call("PUT", path, {"done": True}, operatorId=union)
        except SendFailed as failed:
            if TODO_MISSING not in failed.code:
                raise
        return Sent(ref=out.ref)

    async def union(self, user: str) -> str:
        """The unionId of a user, looked up once a day (contacts are not counted). Raises SendFailed."""
        key = f"dingtalk:union:{self._api.settings.client_id}:{user}"
        if held := await self._api.shared.get(key):
            return held
        found = words((await self._api.contacts("/topapi/v2/user/get", {"userid": user})).get("unionid"))
        if not found:
            raise SendFailed("钉钉没有给出这个人的 unionid，建不了待办", retry=False, wide=Wide.PERSON)
        await self._api.shared.put(key, found, DAY)
        return found

    def _body(self, out: Outgoing, union: str) -> Json:
        link = out.link if out.link and len(out.link.encode()) <= URL_BYTES else self._public_url
        body: Json = {
            "sourceId": source_id(out),
            "subject": clip(out.text.strip() or "跟进待办", SUBJECT_BYTES),
            "creatorId": union,
            "executorIds": [union],
            "priority": IMPORTANT,
            "isOnlyShowExecutor": True,
            "detailUrl": {"appUrl": link, "pcUrl": link},  # mandatory for app to-dos
            "notifyConfigs": {"dingNotify": "1"},
        }
        return body | ({"dueTime": int(out.due.timestamp() * 1000)} if out.due else {})


def source_id(out: Outgoing) -> str:
    """The idempotency key: the outbox row and, because a fresh database counts rows anew, what it is about."""
    mark = sha256(
        "\n".join((out.user, out.text, out.link, out.track)).encode("utf-8", "replace")
    ).hexdigest()[:10]
    return f"genjin-{out.id}-{mark}"


def _tasks(union: str) -> str:
    return f"/v1.0/todo/users/{quote(union, safe='')}/tasks"
