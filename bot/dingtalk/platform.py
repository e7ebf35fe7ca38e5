"""DingTalk as a Platform: an internal app with a robot, Stream mode in, OpenAPI out."""

from datetime import datetime

import structlog
from aiohttp import web

from bot.config import Dingtalk
from bot.dingtalk import alerts, directory
from bot.dingtalk.api import Api
from bot.dingtalk.cards import Cards
from bot.dingtalk.messages import Messages
from bot.dingtalk.receive import receiver
from bot.dingtalk.stream import Pace, Stream
from bot.dingtalk.todos import Todos
from bot.platform import (
    DIRECTORY,
    FILE,
    LARGEST,
    Check,
    Intake,
    Limits,
    Meter,
    Now,
    Outgoing,
    SendFailed,
    Sent,
    Shared,
    Way,
    fetched,
)

log = structlog.get_logger(__name__)
REPEATABLE = frozenset({Way.CARD, Way.UPDATE, Way.TODO, Way.TODO_DONE})
WITHOUT_CARDS = frozenset({Way.TODO, Way.TODO_DONE})


class DingtalkPlatform:
    """DingTalk. `public_url` is where a to-do leads that has no link of its own."""

    name = alerts.PLATFORM

    def __init__(
        self,
        settings: Dingtalk,
        shared: Shared,
        now: Now,
        meter: Meter,
        public_url: str,
        *,
        pace: Pace | None = None,
    ) -> None:
        self.settings, self._now, self._meter, self._pace = settings, now, meter, pace
        self._used: dict[str, int] = {}
        self._month = alerts.month(now())
        self._api = Api(settings, shared, now, self._count, self._warn)
        self._messages = Messages(self._api)
        self._cards = Cards(self._api, self._messages, self._warn)
        self._todos = Todos(self._api, public_url)
        self._stream: Stream | None = None
        self._intake: Intake | None = None
        self.limits = Limits(
            person_per_minute=settings.per_minute,
            app_per_second=float(settings.per_second),
            todo=True,
            monthly={"api": settings.monthly_calls, "push": settings.monthly_pushes},
        )
        self._know_repeats(plain=settings.cards == "actioncard")

    def routes(self) -> list[web.RouteDef]:
        """None: Stream mode needs no address of ours."""
        return []

    async def start(self, intake: Intake) -> None:
        """Connects; every frame goes through `intake` before it is acknowledged."""
        self._intake = intake
        answer = receiver(intake, self._now, self._count)
        self._stream = Stream(
            lambda: self._api.http, self.settings, answer, self._refused, self._now, self._pace
        )
        await self._stream.start()

    async def stop(self) -> None:
        """Stops receiving, finishes what is being acknowledged, closes all connections."""
        if self._stream is not None:
            await self._stream.stop()
        await self._api.close()

    async def send(self, out: Outgoing) -> Sent:
        """Sends one thing. Raises SendFailed, never anything of the HTTP library."""
        match out.way:
            case Way.TEXT:
                return await self._messages.text(out)
            case Way.FILE:
                return await self._messages.file(out)
            case Way.TODO:
                return await self._todos.add(out)
            case Way.TODO_DONE:
                return await self._todos.finish(out)
            case Way.CARD | Way.UPDATE:
                return await self._card(out)
            case Way.ASK if out.text == DIRECTORY:
                return await directory.people(self._api)
            case Way.ASK if out.text == FILE:
                return fetched(await self._api.fetch(out.ref, LARGEST))
            case Way.ASK:
                raise SendFailed("钉钉没有这种查询", retry=False)
            case Way.FRIENDS:
                raise SendFailed("钉钉没有好友转接", retry=False)

    async def _card(self, out: Outgoing) -> Sent:
        if out.card is None:
            raise SendFailed("没有卡片内容", retry=False)
        try:
            if out.way is Way.CARD:
                return await self._cards.add(out, out.card, out.track)
            return await self._cards.change(out, out.card)
        finally:
            # an ActionCard has no key at the platform: the outbox must not repeat one whose answer was lost
            self._know_repeats(plain=await self._cards.plain())

    def _know_repeats(self, *, plain: bool) -> None:
        self.limits.idempotent = WITHOUT_CARDS if plain else REPEATABLE

    async def check(self) -> list[Check]:
        """Credentials, connection, card template and quota; raises nothing."""
        return [
            await self._check_token(),
            self._check_stream(),
            await self._check_template(),
            self._check_quota(),
        ]

    async def _check_token(self) -> Check:
        try:
            await self._api.token()
        except SendFailed as failed:
            fix = "核对 [dingtalk] 的 client_id 和 client_secret，以及到 api.dingtalk.com:443 的网络"
            return Check("钉钉凭证", "fail", failed.reason, fix)
        return Check("钉钉凭证", "ok", "access_token 有效")

    def trouble(self) -> str:
        """Why nothing can come in now, "" while connected."""
        if self._stream is None or self._stream.up:
            return ""
        return self._stream.refused or "Stream 连接断开，正在重连"

    def _check_stream(self) -> Check:
        name, stream = "钉钉连接", self._stream
        if stream is None:
            return Check(name, "warn", "本进程不接收消息", "app.roles 里要有 intake 的进程在运行")
        seen = f"{ago(self._now(), stream.last_frame)}有帧" if stream.last_frame else "还没有收到过帧"
        again = f"，重连 {stream.opened - 1} 次" if stream.opened > 1 else ""
        if stream.up:
            return Check(name, "ok", f"{seen}{again}")
        fix = (
            "核对凭证和机器人的「消息接收模式 = Stream」"
            if stream.refused
            else "检查到 wss-open-connection.dingtalk.com:443 的网络"
        )
        return Check(name, "fail", f"没有连上：{stream.refused or '正在重连'}（{seen}{again}）", fix)

    async def _check_template(self) -> Check:
        if self.settings.cards == "actioncard":
            return Check("钉钉卡片", "ok", "按配置使用 ActionCard，卡片不能原地更新")
        if await self._cards.plain():
            fix = f"核对卡片模板 {self.settings.card_template} 和权限 Card.Instance.Write"
            return Check("钉钉卡片", "warn", "模板或权限被拒绝，暂时改用 ActionCard", fix)
        return Check("钉钉卡片", "ok", f"模板 {self.settings.card_template}")

    def _check_quota(self) -> Check:
        self._roll()
        calls, pushes = self._used.get("api", 0), self._used.get("push", 0)
        most = (self.settings.monthly_calls, self.settings.monthly_pushes)
        allowed = [f"{limit} 次" if limit else "不限" for limit in most]
        text = (
            f"本进程本月调用 {calls} 次（全组织每月 {allowed[0]}），收到推送 {pushes} 次（每月 {allowed[1]}）"
        )
        full = any(limit and used >= 0.8 * limit for used, limit in zip((calls, pushes), most, strict=True))
        return Check(
            "钉钉额度", "warn" if full else "ok", text, "到钉钉后台购买调用包，或减少通知" if full else ""
        )

    def _count(self, what: str, amount: int) -> None:
        self._roll()
        self._used[what] = self._used.get(what, 0) + amount
        self._meter(what, amount)

    def _roll(self) -> None:
        now = self._now()
        if not self._month[0] <= now < self._month[1]:
            self._month, self._used = alerts.month(now), {}

    async def _refused(self, reason: str) -> None:
        await self._warn("stream", reason, alerts.HOUR)

    async def _warn(self, code: str, text: str, window: str) -> None:
        """Tells the admins through the inbox; a process that takes nothing in leaves it to the log."""
        log.warning("dingtalk.alert", code=code, text=text)
        if self._intake is None:
            return
        try:
            await self._intake([alerts.alert(code, text, self._now(), window)])
        except Exception:
            log.exception("dingtalk.alert.not_stored", code=code)


def ago(now: datetime, then: datetime) -> str:
    """How long ago, as one says it: "25 秒前"."""
    seconds = max(0, int((now - then).total_seconds()))
    return f"{seconds} 秒前" if seconds < 120 else f"{seconds // 60} 分钟前"
