"""Whether an Official Account reaches us and whether we may ask its API, for the page 接入. (B07)"""

from datetime import datetime

from bot import defined
from bot.engine import Engine
from bot.official.api import Api
from bot.official.platform import seen_key
from store.db import Tx
from store.sources import Defined
from web.source_list import Clock


async def refused(tx: Tx, engine: Engine) -> dict[str, str]:
    """Account → why its API is not asked for a while; those that are well are left out."""
    known = await defined.accounts(tx, engine.config)
    found = {name: await Api(one, engine.shared).stopped() for name, one in known.items()}
    return {name: why for name, why in found.items() if why}


async def seen(engine: Engine, one: Defined, clock: Clock) -> tuple[str, str]:
    """(when the platform came by last, as the page says it, why its API is not asked), each "" for nothing."""
    if one.kind != defined.ACCOUNT:
        return "", ""
    at = await engine.shared.get(seen_key(one.name))
    async with engine.db.read() as tx:
        why = (await refused(tx, engine)).get(one.name, "")
    return clock.said(datetime.fromisoformat(at) if at else None), why
