"""How the simulated WeCom hands callbacks over: verification, deadline, retries, duplicates, passive replies."""

import asyncio
import secrets
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession

from sim.phone import Seen
from sim.wecom_contents import TEXT_BYTES, cut_bytes
from sim.wecom_crypto import BadCipher, encrypt, envelope, open_reply, sign
from sim.wecom_events import Happening
from sim.wecom_screen import grey_buttons, paint_link, paint_text
from sim.wecom_world import World

VERIFY_SECONDS = 1.0
PASSIVE = {
    "text", "image", "voice", "video", "location", "link", "subscribe", "enter_agent", "LOCATION", "click", "view",
    "view_miniprogram", "scancode_waitmsg", "template_card_menu_event",
}  # fmt: skip
"""What may be answered with an encrypted passive reply (page 90241)."""


async def verify(world: World, tamper: str = "") -> bool:
    """GET with echostr, as the console does on saving: within 1 s, status 200, the plain text byte for byte.

    `tamper`: "signature" or "receiveid" sends what no genuine WeCom would; the answer tells if it was accepted.
    """
    text = "".join(secrets.choice("0123456789") for _ in range(19))
    query = _sealed_query(world, text, tamper)
    sealed = query.pop("encrypt")
    url = _with_query(world.callback_url, query | {"echostr": sealed})
    try:
        async with asyncio.timeout(VERIFY_SECONDS):
            async with _session(world).get(url, allow_redirects=False) as answer:
                body, status = await answer.read(), answer.status
    except (TimeoutError, ClientError, OSError) as error:
        world.wire.log("out", "verify", {"echostr": text}, repr(error), at=world.now())
        return False
    world.wire.log(
        "out", "verify", {"echostr": text}, body.decode(errors="replace"), status=status, at=world.now()
    )
    return status == 200 and body == text.encode()


async def deliver(world: World, event: Happening, tamper: str = "") -> bool:
    """Hands one event over, with the faults that are set; True when the receiver took it (any copy of it)."""
    if world.faults.hold > 0:
        world.faults.hold -= 1
        world.held.append(event)
        if world.faults.hold > 0:
            return True
        return await release(world)
    if world.faults.late:
        await asyncio.sleep(world.faults.late)
    copies = 2 if world.dice.random() < float(world.faults.duplicate_callbacks) else 1
    return any(await asyncio.gather(*(_attempts(world, event, tamper) for _ in range(copies))))


async def release(world: World) -> bool:
    """Delivers what was held back, the newest first; True when all of it was taken."""
    held, world.held = world.held, []
    return all([await _attempts(world, event, "") for event in reversed(held)])


async def _attempts(world: World, event: Happening, tamper: str) -> bool:
    """The first delivery and the retries, each with new random, nonce and timestamp (page 90238)."""
    if not world.callback_url:
        world.note("not delivered: no callback url", event.xml)
        return False
    for attempt in range(1 + world.retries):
        if attempt:
            await asyncio.sleep(world.retry_pause)
        status, body = await _post(world, event, tamper)
        if status == 200:
            await _passive(world, event, body)
            return True
        if status and not world.retry_on_status:
            return False
    world.note("given up", event.xml)
    return False


async def _post(world: World, event: Happening, tamper: str) -> tuple[int, str]:
    """One POST; status 0 when there was no answer in time."""
    query = _sealed_query(world, event.xml, tamper)
    sealed = query.pop("encrypt")
    body = envelope(world.corp_id, str(world.agent_id) if event.app else "", sealed)
    url, what = _with_query(world.callback_url, query), f"callback {event.label}"
    try:
        async with asyncio.timeout(world.deadline):
            async with _session(world).post(
                url, data=body.encode(), headers={"Content-Type": "text/xml"}, allow_redirects=False
            ) as answer:
                text, status = (await answer.read()).decode(errors="replace"), answer.status
    except (TimeoutError, ClientError, OSError) as error:
        world.wire.log("out", what, event.xml, repr(error), at=world.now())
        return 0, ""
    world.wire.log("out", what, event.xml, text, status=status, at=world.now())
    return status, text


def _session(world: World) -> ClientSession:
    if world.session is None:
        raise RuntimeError("the server is not started")
    return world.session


def _with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _sealed_query(world: World, text: str, tamper: str) -> dict[str, str]:
    receiveid = "wwsomebodyelse" if tamper == "receiveid" else world.corp_id
    sealed, nonce = encrypt(world.aes_key, text, receiveid), secrets.token_hex(6)
    timestamp = str(int(world.now()))
    signature = sign("wrong" if tamper == "signature" else world.token, timestamp, nonce, sealed)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "encrypt": sealed}


async def _passive(world: World, event: Happening, body: str) -> None:
    """Shows an encrypted passive reply where WeCom would; anything else but nothing or `success` is noted."""
    if body.strip() in ("", "success"):
        return
    try:
        reply = open_reply(body, world.token, world.aes_key, world.corp_id)
    except BadCipher as error:
        world.note(f"bad passive reply: {error}", body)
        return
    member = world.member(reply.findtext("ToUserName", ""))
    if member is None or reply.findtext("FromUserName") != world.corp_id:
        world.note("bad passive reply: wrong ToUserName or FromUserName", body)
        return
    kind = reply.findtext("MsgType", "")
    if kind == "update_button" and event.card is not None:
        if world.honour_passive_update:
            grey_buttons(event.card, reply.findtext("Button/ReplaceName", ""))
            await world.phone(member).refresh(event.card)
        else:
            world.note("passive card update ignored", event.xml)
    elif event.label in PASSIVE:
        await world.phone(member).show(_reply_seen(world, kind, reply))
    else:
        world.note(f"passive reply to {event.label} ignored", event.xml)


def _reply_seen(world: World, kind: str, reply: ElementTree.Element) -> Seen:
    seen = Seen(0, kind, "", world.now())
    match kind:
        case "text":
            paint_text(seen, cut_bytes(world, reply.findtext("Content", ""), TEXT_BYTES, "passive text"))
        case "news":
            for item in reply.iterfind("Articles/item"):
                title, url = item.findtext("Title", ""), item.findtext("Url", "")
                paint_link(seen, title, item.findtext("Description", ""), url, title)
        case "image" | "voice" | "video":
            media = world.media.get(reply.findtext(f"{kind.capitalize()}/MediaId", ""))
            seen.text, seen.file = (media.name, media.body) if media else ("（素材无效）", b"")
        case _:
            world.note(f"unknown passive reply {kind}")
    return seen
