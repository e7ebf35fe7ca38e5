"""What other systems push (ad forms, 400 calls, any webhook) becomes a lead, or a touchpoint of a known caller. (B02, B03)"""

from bot import connecting, defined
from bot.config_connectors import Connector
from bot.connecting import Reading
from bot.events import Form
from bot.incoming import lead_form, sha
from bot.router import Router
from bot.turn import Turn
from handlers import touchpoints
from rules.errors import PutAside
from rules.touchpoints import Kind, Touch, seconds_text
from store import customers, sources, team

router = Router("connectors")


@router.form("hook")
async def take(turn: Turn, form: Form) -> None:
    """A pushed message: read by the mapping as it stands now, so that a replay after mending it works."""
    name = str(form.fields["connector"])
    found = await defined.connector(turn.tx, turn.config, name)
    if found is None:
        raise PutAside(f"没有 {name!r} 这个连接（config.toml 的 [[connector]]，或网页「接入」）")
    connector = found.connector
    reading = connecting.read(connector, form.fields["payload"])
    key = connecting.key(connector, reading, str(form.fields["body"]))
    if connector.kind == "call":
        await _call(turn, form, connector, reading, key)
    else:
        await _lead(turn, form, connector, reading, key)
    await sources.heard(turn.tx, defined.CONNECTOR, name, f"{turn.wall:%Y-%m-%d}", turn.now)


async def _lead(turn: Turn, form: Form, connector: Connector, reading: Reading, key: str) -> None:
    """Hands the lead over: the event that every source ends in."""
    if reading.fields["owner"] and await team.get(turn.tx, reading.fields["owner"]) is None:
        raise PutAside(f"owner：没有成员 {reading.fields['owner']!r}")
    origin = {"kind": "call" if reading.call else "hook", "name": connector.name, "ref": reading.id,
              "extra": {name: value for name, value in reading.call.items() if value}}  # fmt: skip
    fields = {**reading.fields, "group": connector.group, "origin": origin}
    await turn.hand(lead_form(fields, form.at, receipt=key, digest=sha(key), client=f"hook:{connector.name}"))


async def _call(turn: Turn, form: Form, connector: Connector, reading: Reading, key: str) -> None:
    """A call of a customer who has an owner is a touchpoint; of anybody else a lead, given to whoever answered."""
    agent = await _agent(turn, connector, reading.call["agent"])
    for customer, contact in await customers.by_phone(turn.tx, reading.fields["phone"]):
        owner = await touchpoints.owner_of(turn, customer)
        if owner is None:
            continue
        touch = Touch(
            kind=Kind.CALL, at=connecting.when(reading.call["at"], turn.zone, form.at), dedup=key, member=agent,
            source=reading.fields["source"], body=reading.fields["need"],
            detail={"duration": str(reading.seconds), "recording": reading.call["recording"],
                    "called": reading.call["called"]},
        )  # fmt: skip
        await touchpoints.add(turn, customer, contact, touch, tell=owner)
        return
    said = [f"来电 {seconds_text(reading.seconds)}"]
    said += [f"接听 {reading.call['agent']}"] if reading.seconds and reading.call["agent"] else []
    said += [f"录音 {reading.call['recording']}"] if reading.call["recording"] else []
    fields = {
        **reading.fields,
        "need": reading.fields["need"] or "来电咨询",
        "note": "；".join(filter(None, [reading.fields["note"], "，".join(said)])),
        "owner": reading.fields["owner"] or (agent if reading.seconds else ""),
    }
    await _lead(turn, form, connector, Reading(reading.id, fields, reading.call, reading.left), key)


async def _agent(turn: Turn, connector: Connector, agent: str) -> str:
    """The member behind the call centre's agent: by `agents`, else by a member's id or name; "" for nobody."""
    wanted = connector.agents.get(agent, agent)
    people = await team.everyone(turn.tx)
    return next((one.id for one in people if wanted and wanted in (one.id, one.name)), "")
