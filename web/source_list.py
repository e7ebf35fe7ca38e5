"""Every way that leads come in, wherever it is defined, and how it stands: the rows of the page 接入. (B07)"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.config import Config
from bot.defined import ACCOUNT, CONNECTOR, MAILBOX, in_file
from bot.source_forms import CHOICES
from rules.hours import midnight
from rules.text import when
from store import sources
from store.db import Tx
from store.sources import Defined, State

BACK = timedelta(days=30)
"""How far back a source without a state of its own is looked for in what came in."""
FILE, PAGE, BUILT_IN = "config.toml", "网页", "自带"


@dataclass(frozen=True)
class Row:
    """One source. `at`: where the other side sends to, or where we look; `link`: its own page, "" when it has none;
    `on` False: switched off; `last` "" when nothing came in that is known of; `error`: what was wrong since then; `kind`:
    of what can be defined on the page."""

    title: str
    name: str
    at: str
    where: str
    last: str
    today: int
    error: str = ""
    link: str = ""
    on: bool = True
    kind: str = ""


@dataclass(frozen=True)
class Clock:
    """When it is for the reader."""

    now: datetime
    zone: ZoneInfo

    @property
    def wall(self) -> datetime:
        return self.now.astimezone(self.zone)

    @property
    def midnight(self) -> datetime:
        return midnight(self.wall)

    def said(self, at: datetime | None) -> str:
        return when(at, self.now, self.zone) if at else ""


def title_of(kind: str, preset: str) -> str:
    """What a connector or mailbox is called on the page."""
    choice = CHOICES.get(preset)
    return choice.title if choice else CHOICES["mailbox" if kind == MAILBOX else "push"].title


def address(config: Config, kind: str, name: str) -> str:
    """Where the other side of a source sends to, "" for a mailbox."""
    door = {CONNECTOR: "hooks", ACCOUNT: "wechat"}.get(kind)
    return f"{config.app.public_url.rstrip('/')}/{door}/{name}" if door else ""


async def rows(tx: Tx, config: Config, clock: Clock, refused: Mapping[str, str]) -> list[Row]:
    """All of them: those that can be defined on the page first, then forms and what comes with the platforms. `refused`:
    Official Accounts whose API is not asked → why."""
    states = await sources.states(tx)
    defined = await sources.every(tx)
    found = [_of_file(kind, name, preset, at, config, states, clock)
             for kind, name, preset, at in _in_file(config)]  # fmt: skip
    found += [_of_page(one, config, states, clock) for one in defined]
    found = [
        replace(one, error=refused.get(one.name, "")) if one.kind == ACCOUNT and not one.error else one
        for one in found
    ]
    url = config.app.public_url.rstrip("/")
    seen = await sources.arrivals(tx, "form", clock.now - BACK, clock.midnight)
    for form in config.webform:
        last, today = seen.get(form.name, (None, 0))
        found.append(Row("网页表单", form.name, f"{url}/forms/{form.name}", FILE, clock.said(last), today))
    if config.wecom.enabled:
        last, today = _together(await sources.arrivals(tx, "wecom", clock.now - BACK, clock.midnight))
        found.append(
            Row("企业微信加好友", "客户联系", f"{url}/wecom/callback", FILE, clock.said(last), today)
        )
    last, today = _together(await sources.arrivals(tx, "api", clock.now - BACK, clock.midnight))
    found.append(Row("接口", "api", f"{url}/api/v1/leads", BUILT_IN, clock.said(last), today))
    return found


def _in_file(config: Config) -> list[tuple[str, str, str, str]]:
    """(kind, name, preset, where it looks or is sent to) of config.toml."""
    pushed = [
        (CONNECTOR, one.name, one.preset, address(config, CONNECTOR, one.name)) for one in config.connector
    ]
    pushed += [
        (ACCOUNT, one.name, "official", address(config, ACCOUNT, one.name)) for one in config.official_account
    ]
    return pushed + [(MAILBOX, one.name, "mailbox", f"{one.user} · {one.host}") for one in config.mailbox]


def _of_file(
    kind: str, name: str, preset: str, at: str, config: Config, states: Mapping[tuple[str, str], State], clock: Clock
) -> Row:  # fmt: skip
    last, today, error = state_of(states.get((kind, name), State()), clock)
    link = f"/sources/{kind}/{name}"
    return Row(title_of(kind, preset), name, at, FILE, last, today, error, link, kind=kind)


def _of_page(
    one: Defined, config: Config, states: Mapping[tuple[str, str], State], clock: Clock
) -> Row:  # fmt: skip
    last, today, error = state_of(states.get((one.kind, one.name), State()), clock)
    hidden = in_file(config, one.kind, one.name) is not None
    error = "config.toml 里有同名的，用的是那一个；要用这个，请在文件里换个名字" if hidden else error
    at = address(config, one.kind, one.name) or f"{one.body.get('user', '')} · {one.body.get('host', '')}"
    link = f"/sources/{one.kind}/{one.name}"
    return Row(
        title_of(one.kind, one.preset), one.name, at, PAGE, last, today, error, link, one.enabled, one.kind
    )


def state_of(state: State, clock: Clock) -> tuple[str, int, str]:
    """(when something came in last, how much today, what was wrong since) as the page says it."""
    today = state.today if state.day == f"{clock.wall:%Y-%m-%d}" else 0
    stale = state.last_at is not None and state.error_at is not None and state.last_at >= state.error_at
    error = f"{clock.said(state.error_at)} {state.error}" if state.error and not stale else ""
    return clock.said(state.last_at), today, error


def _together(found: Mapping[str, tuple[datetime, int]]) -> tuple[datetime | None, int]:
    """All names of a kind as one."""
    return max((at for at, _ in found.values()), default=None), sum(n for _, n in found.values())
