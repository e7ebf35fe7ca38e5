"""领取 and /资料: something useful for a record, logged when it is taken (B23, B24)."""

from dataclasses import replace
from pathlib import PurePosixPath

from bot.config import Config
from bot.router import Router
from bot.turn import Turn
from cards import resources as cards
from cards.actions_checkins import TakeResource, short
from cards.card import from_json
from handlers.guard import guard
from rules.errors import Denied, Refused
from rules.resources import Resource, search
from rules.text import lead_id
from store import leads
from store import resources as claims

router = Router("resources")


def known(config: Config) -> tuple[Resource, ...]:
    """The resources of the configuration, as the rules see them."""
    return tuple(
        Resource(one.name, one.conclusions, one.keywords, one.file, one.url, one.text)
        for one in config.resource
    )


@router.click(TakeResource)
async def take(turn: Turn, action: TakeResource) -> None:
    """Hands the resource over, once for each lead, and takes the button off the card."""
    await guard(turn)
    resource = next((one for one in known(turn.config) if short(one.name) == action.resource), None)
    if resource is None:
        raise Refused("这份资料已经下架了，发 /资料 看现有的")
    if action.lead:
        lead = await leads.get(turn.tx, action.lead)
        if lead.owner != turn.me.id:
            raise Denied("这条线索已不归你负责", about=lead_id(lead.id))
    if not action.lead or resource.name not in await claims.claimed(turn.tx, turn.me.id, action.lead):
        await claims.claim(turn.tx, resource.name, turn.me.id, turn.now, action.lead or None)
        await _hand_over(turn, resource)
    if turn.on is not None:
        card = from_json(turn.on.body)
        left = tuple(button for button in card.buttons if button.action != action.pack())
        done = f"已领取：{resource.title}"
        await turn.update(
            replace(card, buttons=left, lines=(*card.lines, done), closed="" if left else "已领取")
        )


async def _hand_over(turn: Turn, resource: Resource) -> None:
    if resource.file:
        name = resource.title + PurePosixPath(resource.file).suffix
        await turn.send_file(name, path=resource.file, to=turn.me.id)
    if resource.url:
        await turn.answer(cards.link(resource.title, resource.url))
    if resource.text:
        await turn.answer(f"{resource.title}\n{resource.text}")


@router.command("资料", usage="/资料 关键词", about="找资料并领取")
async def find(turn: Turn, words: str) -> None:
    """The resources that fit a word, with a button each."""
    found = search(known(turn.config), words)
    if not found:
        raise Refused(f"没有找到和「{words}」有关的资料，换个词试试；发 /资料 看全部")
    await turn.answer(cards.shelf([(one.name, one.title) for one in found], words))
