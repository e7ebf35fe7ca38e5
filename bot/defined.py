"""Sources wherever they were defined: in config.toml or, with another name, on the page 接入. (B07)

The database is asked each time, so that what was saved holds on every replica from its commit on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError

from bot.config import Config
from bot.config_accounts import OfficialAccount
from bot.config_connectors import Connector
from bot.config_sources import Mailbox
from bot.events import Form
from bot.imap import Trust
from bot.incoming import incoming, sha
from bot.platform import Intake
from rules.team import Role
from store import sources
from store.db import Database, Tx
from store.sources import Defined

log = structlog.get_logger("sources")
CONNECTOR, MAILBOX, ACCOUNT = "connector", "mailbox", "official_account"
SECRETS = ("app_secret", "token", "aes_key")
"""What an Official Account keeps secret; a source has one secret, so they stand in it together (`packed`)."""
TROUBLE = "source.trouble"
KEEPERS = (Role.ADMIN, Role.IT)
"""Who may define sources: a source shows no customer."""
Section = Connector | Mailbox | OfficialAccount


@dataclass(frozen=True)
class Found:
    """A connector and whether it takes anything now."""

    connector: Connector
    enabled: bool = True


@dataclass(frozen=True)
class Account:
    """An Official Account and whether it takes anything now."""

    settings: OfficialAccount
    enabled: bool = True


@dataclass(frozen=True)
class Box:
    """A mailbox to look into. `guarded`: it was defined on the page, so its host is not trusted like the deployer's."""

    settings: Mailbox
    guarded: bool = False


def packed(secrets: Mapping[str, str]) -> str:
    """The secrets of an account as the one of its source, "" for none."""
    kept = {name: secrets[name] for name in SECRETS if secrets.get(name)}
    return json.dumps(kept) if kept else ""


def secrets_in(secret: str) -> dict[str, str]:
    """What `packed` put together, without those that are empty; {} for anything else."""
    try:
        found = json.loads(secret or "{}")
    except ValueError:
        return {}
    return {name: str(found[name]) for name in SECRETS if found.get(name)} if isinstance(found, dict) else {}


def section(kind: str, body: Mapping[str, Any], secret: str) -> Section:
    """The section as config.toml would give it. Raises ValidationError with what does not fit."""
    if kind == CONNECTOR:
        sign: Any = body.get("sign")
        sign = {**sign, "secret": secret} if isinstance(sign, Mapping) else {"secret": secret}
        return Connector.model_validate({**body, "sign": sign})
    if kind == ACCOUNT:
        return OfficialAccount.model_validate({**body, **secrets_in(secret)})
    return Mailbox.model_validate({**body, "password": secret})


def in_file(config: Config, kind: str, name: str) -> Section | None:
    """The one of config.toml, None when it has none of this name."""
    here: dict[str, tuple[Section, ...]] = {
        CONNECTOR: config.connector, MAILBOX: config.mailbox, ACCOUNT: config.official_account,
    }  # fmt: skip
    return next((one for one in here[kind] if one.name == name), None)


def made(one: Defined) -> Section | None:
    """The section of a row; None, with a line in the log, when this version of the program cannot use it any more."""
    try:
        return section(one.kind, one.body, one.secret)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        log.error(
            "a source that was defined on the page does not fit", kind=one.kind, name=one.name, at=place
        )
        return None


async def _named(tx: Tx, config: Config, kind: str, name: str) -> tuple[Section | None, bool]:
    """The source of this name and whether it takes anything now; that of config.toml goes before one of the page."""
    if (kept := in_file(config, kind, name)) is not None:
        return kept, True
    row = await sources.get(tx, kind, name)
    return (made(row), row.enabled) if row else (None, False)


async def connector(tx: Tx, config: Config, name: str) -> Found | None:
    """The connector of this name, switched off or not."""
    found, enabled = await _named(tx, config, CONNECTOR, name)
    return Found(found, enabled) if isinstance(found, Connector) else None


async def mailbox(tx: Tx, config: Config, name: str) -> Mailbox | None:
    """The mailbox of this name, whether it is looked into now or not."""
    found, _ = await _named(tx, config, MAILBOX, name)
    return found if isinstance(found, Mailbox) else None


async def account(tx: Tx, config: Config, name: str) -> Account | None:
    """The Official Account of this name, switched off or not."""
    found, enabled = await _named(tx, config, ACCOUNT, name)
    if not isinstance(found, OfficialAccount):
        return None
    kept = in_file(config, ACCOUNT, name) is not None
    return Account(found if kept else _of_page(found, config), enabled)


async def accounts(tx: Tx, config: Config) -> dict[str, OfficialAccount]:
    """Every Official Account that is connected now, by name."""
    found = {one.name: one for one in config.official_account}
    for row in await sources.every(tx, ACCOUNT):
        one = made(row) if row.enabled and row.name not in found else None
        if isinstance(one, OfficialAccount):
            found[row.name] = _of_page(one, config)
    return found


async def accounts_now(db: Database, config: Config) -> Mapping[str, OfficialAccount]:
    """The same, for whoever holds no transaction."""
    async with db.read() as tx:
        return await accounts(tx, config)


def _of_page(one: OfficialAccount, config: Config) -> OfficialAccount:
    """Where the platform's API is says the deployer: nobody on a page leads the program elsewhere with a secret."""
    return one.model_copy(update={"api_base": config.intake.wechat_api})


def tried_key(member: str) -> str:
    """The setting that holds what came of the last 连一下 of a member."""
    return f"source.tried:{member}"


async def report(intake: Intake, kind: str, name: str, why: str, now: datetime) -> None:
    """Hands over what went wrong with a source, "" when all is well again; the page 接入 shows it."""
    key = f"{sha(f'{kind}:{name}')[:40]}:{now:%Y%m%d%H%M%S}:{sha(why)[:8]}"
    await intake([incoming(Form(TROUBLE, {"kind": kind, "name": name, "why": why[:300]}, now, key=key))])


def page_trust(config: Config) -> Trust:
    """How far a mailbox of the page may lead."""
    return Trust.INSIDE if config.intake.private_hosts else Trust.OUTSIDE


async def boxes(tx: Tx, config: Config) -> list[Box]:
    """Every mailbox to look into now."""
    found = [Box(one) for one in config.mailbox]
    taken = {one.name for one in config.mailbox}
    for row in await sources.every(tx, MAILBOX):
        one = made(row) if row.enabled and row.name not in taken else None
        if isinstance(one, Mailbox):
            found.append(Box(one, guarded=True))
    return found
