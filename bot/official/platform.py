"""Official Accounts as a platform that is only asked: who is behind an OpenID. Nothing is sent to followers from here."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from aiohttp import web

from bot.config_accounts import OfficialAccount
from bot.official.api import Api
from bot.platform import Check, Intake, Limits, Now, Outgoing, SendFailed, Sent, Shared, Way
from rules.text import ago

NAME = "wechat"
PERSON = "follower"
"""What an ASK looks up: the follower behind an OpenID."""


Accounts = Callable[[], Awaitable[Mapping[str, OfficialAccount]]]
"""The accounts that are connected now, by name; asked each time anew."""


def seen_key(account: str) -> str:
    """Under which the last callback of an account is kept in mind."""
    return f"wechat:seen:{account}"


class OfficialPlatform:
    """All accounts there are. Their callbacks come in by web/wechat.py, for an answer may go back in them."""

    name = NAME

    def __init__(self, accounts: Accounts, shared: Shared, now: Now) -> None:
        self._accounts, self._shared, self._now = accounts, shared, now
        self.limits = Limits(idempotent=frozenset({Way.ASK}))

    def routes(self) -> list[web.RouteDef]:
        """None."""
        return []

    async def start(self, intake: Intake) -> None:
        """Receives nothing by itself."""

    async def stop(self) -> None:
        """Keeps no connection."""

    async def send(self, out: Outgoing) -> Sent:
        """Answers an ASK for a follower; `out.user` is the account. Raises SendFailed."""
        settings = (await self._accounts()).get(out.user)
        if settings is None:
            raise SendFailed(f"没有「{out.user}」这个公众号", retry=False)
        if out.way is not Way.ASK or out.text != PERSON:
            raise SendFailed("公众号只能查粉丝，不能发消息", retry=False)
        return Sent(found=await Api(settings, self._shared).person(out.ref))

    async def check(self) -> list[Check]:
        """Whether each account reaches us, and whether we may ask it."""
        return [one for account in (await self._accounts()).values() for one in await self._look(account)]

    async def _look(self, account: OfficialAccount) -> list[Check]:
        name = f"公众号 {account.name}"
        seen = await self._shared.get(seen_key(account.name))
        if seen:
            last = ago(datetime.fromisoformat(seen), self._now())
            found = [Check(name, "ok", f"最近一次推送：{last}")]
        else:
            fix = f"公众平台的「服务器配置」：地址以 /wechat/{account.name} 结尾，提交后点「启用」"
            found = [Check(name, "warn", "还没有收到过推送", fix)]
        if why := await Api(account, self._shared).stopped():
            found.append(
                Check(
                    f"{name} 接口",
                    "warn",
                    why,
                    "改好以后在 /接入 的网页上「连一下」，或等它自己再试；线索照常进来，只是没有 UnionID",
                )
            )
        return found
