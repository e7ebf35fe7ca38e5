"""config.toml → frozen values. A bad key is named with what was found, what is expected and its line of help."""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from bot.config_accounts import OfficialAccount
from bot.config_assignment import Assignment, GroupSection, Pool
from bot.config_connectors import Connector
from bot.config_followup import Checkins, Conclusion, FormSection, Meetings, Resource, SlaSection
from bot.config_kit import Duration
from bot.config_kit import Section as _Section
from bot.config_robots import Robot, check_robots
from bot.config_sources import Channel, Friends, Intake, Mailbox, WebForm
from bot.config_watch import SCHEDULES, Directory, Mail, Nurture, Privacy, Schedule, Watch
from rules import hours, toml_mistakes
from rules.assignment import Group
from rules.team import Member, Role, Team
from store.seals import Seals

DEFAULTS = Path(__file__).with_name("defaults.toml")
ENV_PREFIX = "GENJIN_"


class BadConfig(Exception):
    """The configuration cannot be used; `str(error)` is one readable line: file, key, found, expected."""


class App(_Section):
    """[app]"""

    name: str = "跟进"
    timezone: str = "Asia/Shanghai"
    listen: str = "127.0.0.1:8080"
    public_url: str = "http://127.0.0.1:8080"
    roles: tuple[Literal["intake", "work", "timers", "web"], ...] = Field(
        default=("intake", "work", "timers", "web"), min_length=1
    )
    log: Literal["json", "text"] = "json"

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"没有 {value} 这个时区，例如 Asia/Shanghai") from error
        return value

    @field_validator("listen")
    @classmethod
    def _host_port(cls, value: str) -> str:
        if not re.fullmatch(r"[^:\s]*:\d{1,5}", value):
            raise ValueError('要写成 "地址:端口"，例如 "127.0.0.1:8080"')
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0] or "127.0.0.1"

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


class Store(_Section):
    """[store]"""

    database: str = "sqlite:///var/genjin.db"
    direct: str = ""
    redis: str = ""
    carrier: Literal["", "taskiq"] = ""
    pool: int = Field(default=10, ge=1, le=500)
    files: str = "var/files"
    keys: tuple[SecretStr, ...] = ()

    @field_validator("keys")
    @classmethod
    def _good_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        Seals([one.get_secret_value() for one in value])
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys as store/seals.py takes them."""
        return tuple(one.get_secret_value() for one in self.keys)

    @field_validator("database")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError('要写成 "sqlite:///路径" 或 "postgresql://用户:密码@主机/库"')
        return value

    @property
    def server(self) -> str:
        """The database itself, past a pooler: for what is done once and then ends."""
        return self.direct or self.database

    @field_validator("direct")
    @classmethod
    def _known_server(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError('要写成 "postgresql://用户:密码@主机/库"；中间没有连接池就留空')
        return value

    @field_validator("redis")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError('要写成 "redis://主机:6379/0"；不用就留空')
        return value

    @model_validator(mode="after")
    def _carrier_needs(self) -> Self:
        if self.carrier and (not self.redis or self.database.startswith("sqlite")):
            raise ValueError('carrier = "taskiq" 要 PostgreSQL 和 redis：单机用不着它，留空即可')
        if self.direct and self.database.startswith("sqlite"):
            raise ValueError("direct 是 PostgreSQL 前面有连接池时用的，SQLite 请留空")
        return self


class PlatformSection(_Section):
    """The section of a chat platform. Its name in the file is also the key of its user ids in [[member]].

    `title`: how people call it; `folds_case`: its user ids compare without case; `public`: its keys that hold an
    address, a rehearsal must not point at the shipped one; `metered`: what it bills by the month → its key here;
    `speaks_first`: whether it may write to somebody who never wrote to the bot; `same_ids`: a platform of the same
    firm whose user ids it may use too; `directory`: whether its address book can be read; `chat`: its keys that may be
    changed in the chat, none of which says where secrets go.
    """

    title: ClassVar[str] = ""
    folds_case: ClassVar[bool] = False
    public: ClassVar[tuple[str, ...]] = ("api_base",)
    metered: ClassVar[Mapping[str, str]] = {}
    speaks_first: ClassVar[bool] = True
    same_ids: ClassVar[str] = ""
    directory: ClassVar[bool] = False
    chat: ClassVar[frozenset[str]] = frozenset({"per_minute", "per_second"})

    enabled: bool = False

    @property
    def called(self) -> str:
        """What people look for to open it: the bot's own name where that is known."""
        return self.title

    @property
    def invites(self) -> bool:
        """Whether people who never wrote to it are asked to, once, in another way."""
        return False


class Wecom(PlatformSection):
    """[wecom]: a self-built app (企业微信 自建应用)."""

    title: ClassVar[str] = "企业微信"
    folds_case: ClassVar[bool] = True
    directory: ClassVar[bool] = True
    chat: ClassVar[frozenset[str]] = frozenset(
        {"accounts", "duplicate_check", "menu", "per_minute", "per_second"}
    )

    corp_id: str = ""
    agent_id: int = 0
    secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    aes_key: SecretStr = SecretStr("")
    api_base: str = "https://qyapi.weixin.qq.com"
    timestamp_window: Duration = timedelta(minutes=5)
    duplicate_check: Duration = timedelta(hours=4)
    menu: bool = True
    accounts: int = Field(default=0, ge=0, le=10_000_000)
    per_minute: int = Field(default=20, ge=1, le=30)
    per_second: int = Field(default=20, ge=1, le=150)
    proxy_from_env: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.enabled:
            for key in ("corp_id", "agent_id", "secret", "token", "aes_key"):
                value = getattr(self, key)
                if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                    raise ValueError(f"enabled = true 时必须填 {key}")
            if not re.fullmatch(r"[A-Za-z0-9]{43}", self.aes_key.get_secret_value()):
                raise ValueError("aes_key 必须是 43 位字母数字（EncodingAESKey）")
        return self


class Dingtalk(PlatformSection):
    """[dingtalk]: an internal app with a robot in Stream mode."""

    title: ClassVar[str] = "钉钉"
    directory: ClassVar[bool] = True
    public: ClassVar[tuple[str, ...]] = ("api_base", "oapi_base")
    metered: ClassVar[Mapping[str, str]] = {"api": "monthly_calls", "push": "monthly_pushes"}
    chat: ClassVar[frozenset[str]] = frozenset(
        {"cards", "monthly_calls", "monthly_pushes", "per_minute", "per_second", "idle"}
    )

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    robot_code: str = ""
    card_template: str = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
    cards: Literal["template", "actioncard"] = "template"
    api_base: str = "https://api.dingtalk.com"
    oapi_base: str = "https://oapi.dingtalk.com"
    monthly_calls: int = Field(default=5000, ge=0)
    monthly_pushes: int = Field(default=3000, ge=0)
    per_minute: int = Field(default=20, ge=1, le=600)
    per_second: int = Field(default=15, ge=1, le=60)
    idle: Duration = timedelta(seconds=90)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.enabled:
            for key in ("client_id", "client_secret"):
                value = getattr(self, key)
                if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                    raise ValueError(f"enabled = true 时必须填 {key}")
        return self

    @property
    def robot(self) -> str:
        return self.robot_code or self.client_id


class WecomAibot(PlatformSection):
    """[wecom_aibot]: an AI bot (智能机器人) over its long connection; no public address is needed."""

    title: ClassVar[str] = "企业微信智能机器人"
    public: ClassVar[tuple[str, ...]] = ("ws_base",)
    speaks_first: ClassVar[bool] = False
    same_ids: ClassVar[str] = "wecom"
    chat: ClassVar[frozenset[str]] = frozenset(
        {"name", "thinking", "invite", "feedback", "escape", "group_answer", "per_minute", "per_hour"}
    )

    bot_id: str = ""
    secret: SecretStr = SecretStr("")
    ws_base: str = "wss://openws.work.weixin.qq.com"
    name: str = ""
    thinking: Duration = timedelta(seconds=2)
    invite: bool = True
    feedback: bool = True
    escape: bool = True
    group_answer: str = "请到我们的单聊里看。没有收到的话，先单独给我发一句话。"
    per_minute: int = Field(default=28, ge=2)
    per_hour: int = Field(default=950, ge=60)

    @property
    def called(self) -> str:
        """The bot's name, else what such bots are called."""
        return self.name or self.title

    @property
    def invites(self) -> bool:
        """As `invite` says: it may not speak first."""
        return self.invite

    @field_validator("ws_base")
    @classmethod
    def _socket(cls, value: str) -> str:
        if not re.fullmatch(r"wss?://[^\s/]+(/\S*)?", value):
            raise ValueError('要写成 "wss://主机"')
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.enabled:
            for key in ("bot_id", "secret"):
                value = getattr(self, key)
                if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                    raise ValueError(f"enabled = true 时必须填 {key}")
        return self


PLATFORMS: Mapping[str, type[PlatformSection]] = {
    "wecom": Wecom,
    "wecom_aibot": WecomAibot,
    "dingtalk": Dingtalk,
}
"""Section of each platform; Config has a field for each."""


def speaks_first(platform: str) -> bool:
    """Whether a platform lets the bot write to somebody who never wrote to it."""
    section = PLATFORMS.get(platform)
    return section is None or section.speaks_first


class Api(_Section):
    """[api]"""

    tokens: tuple[SecretStr, ...] = ()
    tries: int = Field(default=100, ge=1, le=10_000)


class Pages(_Section):
    """[web]: the pages for those who log in."""

    link: Duration = timedelta(minutes=10)
    session: Duration = timedelta(hours=12)
    tries: int = Field(default=10, ge=1, le=1000)
    page: int = Field(default=20, ge=5, le=200)
    export_rows: int = Field(default=5000, ge=1, le=50_000)
    export_daily: int = Field(default=200, ge=0, le=50_000)
    export_second: int = Field(default=1000, ge=0, le=50_000)
    export_consent: Duration = timedelta(hours=1)

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if not timedelta(minutes=1) <= self.link <= timedelta(days=1):
            raise ValueError("link 要在 1m 到 24h 之间")
        if not timedelta(minutes=5) <= self.session <= timedelta(days=30):
            raise ValueError("session 要在 5m 到 30d 之间")
        return self


class CalendarSection(_Section):
    """[calendar]"""

    shifts: tuple[str, ...] = ("09:00-12:00", "13:30-18:00")
    quiet: str = "20:00-08:30"
    extra_holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()

    @field_validator("shifts")
    @classmethod
    def _shifts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        hours.parse_shifts(value)
        return value

    @field_validator("quiet")
    @classmethod
    def _quiet(cls, value: str) -> str:
        if value:
            hours.parse_clock(value)
        return value

    def calendar(self, zone: ZoneInfo) -> hours.Calendar:
        """The value that rules/hours.py counts with."""
        return hours.Calendar(
            zone=zone,
            shifts=hours.parse_shifts(self.shifts),
            quiet=hours.parse_clock(self.quiet) if self.quiet else None,
            holidays=frozenset(self.extra_holidays),
            workdays=frozenset(self.extra_workdays),
        )


class TeamSection(_Section):
    """[[team]]"""

    name: str
    manager: str = ""


class _Member(_Section):
    """[[member]], without the key for each platform."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")
    name: str = Field(min_length=1, max_length=32)
    roles: tuple[Role, ...] = (Role.REP,)
    team: str = ""
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    email: str = ""
    available: bool = True
    assignable: bool = True
    shifts: tuple[str, ...] = ()

    @field_validator("shifts")
    @classmethod
    def _own_shifts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value:
            hours.parse_shifts(value)
        return value

    @field_validator("available", "assignable", mode="before")
    @classmethod
    def _really_boolean(cls, value: object) -> object:
        if not isinstance(value, bool):
            raise ValueError(f"是文本 {value!r}，要写 true 或 false（不加引号）")
        return value

    @property
    def ids(self) -> dict[str, str]:
        """Platform → user id, as ids of that platform are compared."""
        written = {name: str(getattr(self, name)).strip() for name in PLATFORMS}
        return {
            name: user.lower() if PLATFORMS[name].folds_case else user
            for name, user in written.items()
            if user
        }


if TYPE_CHECKING:
    MemberSection = _Member
else:
    MemberSection = create_model("MemberSection", __base__=_Member, **dict.fromkeys(PLATFORMS, (str, "")))


class Reading(_Section):
    """[reading]"""

    words: str = "words.toml"
    model: Literal["", "lac"] = ""
    agree: int = Field(default=2, ge=2, le=100)


class Messages(_Section):
    """[messages]"""

    merge: Duration = timedelta(seconds=60)
    per_minute: int = Field(default=20, ge=1, le=30)
    per_day: int = Field(default=20, ge=0, le=1000)
    per_record: Duration = timedelta(hours=1)
    give_up: Duration = timedelta(hours=24)
    attempts: int = Field(default=10, ge=1, le=100)
    in_flight: int = Field(default=128, ge=1, le=1000)
    retry_share: float = Field(default=0.2, ge=0, le=1)


class Away(_Section):
    """[away]: leave."""

    longest: Duration = timedelta(days=180)


class Customers(_Section):
    """[customers]: merging two that are one."""

    merge_undo: Duration = timedelta(days=30)


class Config(_Section):
    """All of config.toml. Made by `load`, which adds defaults.toml; tests that build it bare get no ladders."""

    app: App = App()
    store: Store = Store()
    wecom: Wecom = Wecom()
    wecom_aibot: WecomAibot = WecomAibot()
    dingtalk: Dingtalk = Dingtalk()
    api: Api = Api()
    web: Pages = Pages()
    calendar: CalendarSection = CalendarSection()
    checkin: Checkins = Checkins()
    meeting: Meetings = Meetings()
    messages: Messages = Messages()
    reading: Reading = Reading()
    assignment: Assignment = Assignment()
    pool: Pool = Pool()
    away: Away = Away()
    customers: Customers = Customers()
    friends: Friends = Friends()
    directory: Directory = Directory()
    team: tuple[TeamSection, ...] = ()
    member: tuple[MemberSection, ...] = ()
    group: tuple[GroupSection, ...] = ()
    sla: tuple[SlaSection, ...] = ()
    conclusion: tuple[Conclusion, ...] = ()
    form: tuple[FormSection, ...] = ()
    resource: tuple[Resource, ...] = ()
    robot: tuple[Robot, ...] = ()
    intake: Intake = Intake()
    webform: tuple[WebForm, ...] = ()
    connector: tuple[Connector, ...] = ()
    channel: tuple[Channel, ...] = ()
    mailbox: tuple[Mailbox, ...] = ()
    official_account: tuple[OfficialAccount, ...] = ()
    schedule: tuple[Schedule, ...] = SCHEDULES
    watch: Watch = Watch()
    mail: Mail = Mail()
    nurture: Nurture = Nurture()
    privacy: Privacy = Privacy()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        ids = [member.id for member in self.member]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"[[member]] 的 id {one!r} 写了两次")
        for platform in PLATFORMS:
            users = [user.lower() for member in self.member if (user := member.ids.get(platform))]
            for user in users:
                if users.count(user) > 1:
                    raise ValueError(f"[[member]] 的 {platform} {user!r} 写给了两个人")
        boards = [name for one in self.schedule for name in one.to]
        check_robots(self.robot, {one.name for one in self.team}, self.watch.alarm_to, boards)
        teams = {team.name for team in self.team}
        if len(teams) < len(self.team):
            raise ValueError("[[team]] 里有两个同名的团队")
        for team in self.team:
            if team.manager and team.manager not in ids:
                raise ValueError(f"[[team]] {team.name!r} 的 manager {team.manager!r} 不在 [[member]] 里")
        for member in self.member:
            if member.team and member.team not in teams:
                raise ValueError(f"[[member]] {member.id!r} 的 team {member.team!r} 不在 [[team]] 里")
        for group in self.group:
            for one in group.members:
                if one not in ids:
                    raise ValueError(f"[[group]] {group.name!r} 的成员 {one!r} 不在 [[member]] 里")
        known = {"owner", "manager", "admin", *ids}
        for sla in self.sla:
            for rung in sla.ladder:
                for who in rung.tell:
                    if who not in known:
                        raise ValueError(
                            f"[[sla]] {sla.name!r} 的 tell {who!r} 不是 owner、manager、admin 或成员 id"
                        )
        if not self.conclusion and "conclusion" in self.model_fields_set:
            raise ValueError("至少要有一个 [[conclusion]]，不然打卡没法结束；整节删掉就用默认的六个")
        accounts = [one.name for one in self.official_account]
        if len(set(accounts)) < len(accounts):
            raise ValueError("[[official_account]] 里有两个同名的公众号")
        if self.nurture.enabled and not self.mail.host:
            raise ValueError("[nurture] enabled = true 要先在 [mail] 里写 host 和 sender")
        for to in self.watch.alarm_to:
            if to.startswith("mail:") and not self.mail.host:
                raise ValueError(f"[watch] alarm_to 的 {to!r} 要先在 [mail] 里写 host 和 sender")
        forms = {form.name for form in self.form}
        for conclusion in self.conclusion:
            if conclusion.form and conclusion.form not in forms:
                raise ValueError(
                    f"[[conclusion]] {conclusion.name!r} 的 form {conclusion.form!r} 不在 [[form]] 里"
                )
        return self

    def platforms(self) -> dict[str, PlatformSection]:
        """The sections of the platforms that are switched on, by name."""
        sections = {name: getattr(self, name) for name in PLATFORMS}
        return {name: section for name, section in sections.items() if section.enabled}

    def wecom_daily(self) -> int:
        """Recipients a day that WeCom takes from an app: 200 for each account that the firm may have (protocol 4.1); of
        those there are at least as many as members. 0: not known."""
        return 200 * (self.wecom.accounts or sum("wecom" in member.ids for member in self.member))

    def members(self) -> tuple[Member, ...]:
        """The team as rules/team.py sees it."""
        return tuple(
            Member(
                id=m.id, name=m.name, roles=frozenset(m.roles), team=m.team, ids=m.ids,
                regions=m.regions, tags=m.tags, available=m.available, assignable=m.assignable,
            )
            for m in self.member
        )  # fmt: skip

    def groups(self) -> tuple[Group, ...]:
        """The groups for leads of some kind, in their order."""
        return tuple(section.group() for section in self.group)

    def teams(self) -> tuple[Team, ...]:
        """The teams with their managers."""
        return tuple(Team(team.name, team.manager) for team in self.team)


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Config:
    """config.toml (None: only defaults) + `GENJIN_SECTION__KEY` → Config. Raises BadConfig with one line."""
    env = os.environ if environ is None else environ
    where = path.name if path else "环境变量"
    try:
        text = path.read_text("utf-8") if path else ""
        raw = tomllib.loads(text)
    except FileNotFoundError:
        raise BadConfig(f"{path}：没有这个文件。可以从仓库里的 config.toml 复制一份再改。") from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{where}：不是合法的 TOML：{toml_mistakes.told(text, error)}") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{where}：{toml_mistakes.NOT_UTF8}") from None
    except OSError as error:
        raise BadConfig(f"{path}：读不了这个文件：{error.strerror}") from None
    raw = _with_defaults(_with_secrets(raw, env, where))
    for key, text in env.items():
        if key.startswith(ENV_PREFIX) and "__" in key:
            section, _, name = key[len(ENV_PREFIX) :].lower().partition("__")
            table = raw.setdefault(section, {})
            if not isinstance(table, dict):
                raise BadConfig(f"{key}：[[{section}]] 不能用环境变量改，请写在配置文件里")
            table[name] = _from_env(text)
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise BadConfig(_explain(where, error, raw)) from None


def _with_defaults(raw: dict[str, Any]) -> dict[str, Any]:
    """Adds the ladders, conclusions and forms of defaults.toml where the file names none of a kind.

    Without them a check-in would ask for a conclusion that nobody can give. Forms that the added conclusions
    need come along even beside the file's own.
    """
    defaults = tomllib.loads(DEFAULTS.read_text("utf-8"))
    full = {kind: raw.get(kind, rows) for kind, rows in defaults.items()}
    if "conclusion" not in raw and isinstance(full["form"], list):
        own = {form.get("name") for form in full["form"] if isinstance(form, dict)}
        full["form"] = [*full["form"], *(form for form in defaults["form"] if form["name"] not in own)]
    return {**raw, **full}


def _with_secrets(value: Any, env: Mapping[str, str], where: str) -> Any:
    """Replaces "${NAME}" by the environment's value, everywhere."""
    if isinstance(value, dict):
        return {key: _with_secrets(one, env, where) for key, one in value.items()}
    if isinstance(value, list):
        kept = [_with_secrets(one, env, where) for one in value]
        return [one for one, before in zip(kept, value, strict=True) if one != "" or before == ""]
    if isinstance(value, str) and (found := re.fullmatch(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value)):
        return env.get(found[1], "")
    return value


def _from_env(text: str) -> Any:
    """An environment value as TOML would read it (true, 5, ["a"]), else the text itself."""
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


SAYS = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项（拼写错了？）",
    "bool_type": "要写 true 或 false",
    "bool_parsing": "要写 true 或 false",
    "int_type": "要写整数",
    "int_parsing": "要写整数",
    "string_type": "要写文本（加引号）",
    "tuple_type": "要写列表 [ … ]",
    "too_short": "至少要有一项",
}


def _explain(where: str, error: ValidationError, raw: Any) -> str:
    first = error.errors()[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    found: Any = raw
    for part in first["loc"]:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            found = None
            break
    secret = any(word in place for word in ("secret", "token", "aes_key", "keys", "database", "redis"))
    shown = "" if found is None or secret or isinstance(found, dict | list) else f"写的是 {found!r}，"
    either = first.get("ctx", {}).get("expected", "") if first["type"] == "literal_error" else ""
    want = (
        f"可以是 {either.replace(' or ', '、').replace(', ', '、')}"
        if either
        else SAYS.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    )
    more = f"（另有 {len(error.errors()) - 1} 处）" if len(error.errors()) > 1 else ""
    return f"{where}：{place or '整体'}：{shown}{want}{more}。说明见 docs/config.md"
