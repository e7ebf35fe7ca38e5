"""From an inbox row to its handler: who is it, which card, which command, what was asked; refusals become sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot import binding
from bot.clock import Clock
from bot.config import Config, speaks_first
from bot.events import Alert, Arrived, Click, Fact, Form, Incoming, Kind, Message, Timer, decode, encode
from bot.inbox import Handled, TakenBack
from bot.router import Command, Handler, Router
from bot.turn import Turn
from cards.actions import unpack
from cards.card import Card, from_json
from rules.errors import Denied, Refused
from rules.hours import Calendar
from rules.team import Member, Role
from store import audit, callers, inbox, outbox, screens, team
from store.db import Tx
from store.inbox import Inrow
from store.screens import OnScreen

log = structlog.get_logger("dispatch")

TWIN = re.compile(r"#(\d{1,2})\s+([0-9A-Za-z_@-]{1,128})$")  # "#2 L-1024-k3-88": an echoed text button
DIGIT = re.compile(r"[\s第]*([1-9]\d?)\s*[.。、]?$")
LONGEST = 2000
"""The most characters of a command: handlers look its words up one by one."""
PICK = "pick"  # the submit key of a card whose buttons became a drop-down: the option is the action


@dataclass
class Dispatcher:
    """Gives each event to the first handler that fits, of those that it was told to `use`."""

    config: Config
    calendar: Calendar
    clock: Clock
    instance: str = ""

    def use(self, routers: Sequence[Router]) -> None:
        """The handlers from now on, in routing order."""
        self.routers = routers
        self.commands: list[Command] = [command for router in self.routers for command in router.commands]
        named = [(name, one) for one in self.commands for name in (one.name, *one.aliases)]
        self._by_name = sorted(named, key=lambda pair: -len(pair[0]))

    async def handle(self, tx: Tx, row: Inrow) -> Handled:
        """Handles one row in its open transaction."""
        event = decode(row.body)
        turn = Turn(
            tx=tx, now=self.clock.now(), event=event, event_id=row.id, config=self.config, calendar=self.calendar,
            instance=self.instance,
        )  # fmt: skip
        refused = ""
        match event:
            case Message():
                await self._message(turn, event)
            case Click():
                await self._click(turn, event)
            case Timer():
                await self._listeners(
                    turn, [r.timers[event.kind] for r in self.routers if event.kind in r.timers], event
                )
            case Fact():
                await self._listeners(
                    turn, [h for r in self.routers for h in r.facts.get(event.name, ())], event
                )
            case Form():
                refused = await self._form(turn, event)
            case Arrived():
                await self._arrived(turn, event)
            case Alert():
                await self._listeners(turn, [h for r in self.routers for h in r.alerts], event)
        await audit.seal(tx)
        return Handled(frozenset(turn.rang), refused)

    async def buried(self, tx: Tx, row: Inrow) -> frozenset[str]:
        """An event went to the dead letters: admins are told, and whoever sent it, with the number to ask for."""
        now = self.clock.now()
        text = f"有一条事件处理不了，已放进死信（E-{row.id}）。发 /诊断 看原因，修好后发 /重试队列 重放。"
        alert = Alert("genjin", "dead_letter", text, now)
        await inbox.take(
            tx, [Incoming(f"dead:{row.id}:{row.attempts}", "alert:genjin", alert)], now, encode=encode
        )
        event = decode(row.body)
        if not isinstance(event, Message | Click):
            return frozenset({"inbox"})
        member = await team.by_user(tx, event.platform, event.user)
        if member is None:
            return frozenset({"inbox"})
        turn = Turn(
            tx=tx, now=self.clock.now(), event=event, event_id=row.id, config=self.config, calendar=self.calendar,
            instance=self.instance, member=member,
        )  # fmt: skip
        await turn.send(f"这一步没有处理成功，已记录（编号 E-{row.id}），内容没有丢。请告诉管理员这个编号。",
                        to=member.id, key=f"buried:{row.id}")  # fmt: skip
        return frozenset({*turn.rang, "inbox"})

    # ── messages ────────────────────────────────────────────────────────────────────────────────────────
    async def _message(self, turn: Turn, message: Message) -> None:
        if not message.user:
            log.info("message without a sender id", event_id=turn.event_id, platform=message.platform)
            return
        caller = await callers.caller(turn.tx, message.platform, message.user, turn.now)
        member = caller.member if caller else None
        bound = False
        if member is None:
            member, bound = await binding.recognise(
                turn.tx, message.platform, message.user, message.text, turn.now
            )
        if member is None:
            if bound or not await binding.inquire(turn, message):
                log.info("stranger", event_id=turn.event_id, platform=message.platform)
                await binding.stranger(turn, message.platform, message.user, wrong_code=bound)
            return
        turn.member = member
        text = message.text.strip()
        # before a welcome may put a newer card on the screen: "1" presses what the person saw
        pressed = await self._twin(turn, message, text) if message.kind is Kind.TEXT else None
        # an answer never goes into a group: the temporary address of one is not kept
        url = "" if message.chat else message.reply_url
        await self._seen(turn, member, message.platform, url, message.reply_until if url else None,
                         spoke=not message.chat, known=(caller.state, caller.reply_url) if caller else None)  # fmt: skip
        if bound:
            await audit.add(turn.tx, turn.now, member.id, "binding.used", message.platform, {}, turn.event_id)
            await binding.warn(turn, member, message.platform)
            await turn.answer(f"已绑定：{member.name}，以后我也在这里找你。")
            return
        if message.kind is Kind.TEXT and text[:1] in {"/", "／"}:
            await self._command(turn, text[1:])
            return
        if pressed:
            await self._press(turn, pressed)
            return
        question = await screens.expected(turn.tx, turn.me.id, turn.now)
        if question and message.kind in {Kind.TEXT, Kind.VOICE} and text and not text.startswith("同步至CRM"):
            handler = next(
                (r.answers[question.kind] for r in self.routers if question.kind in r.answers), None
            )
            if handler is not None:
                turn.expected = question.payload
                await self._run(turn, handler, replace(message, text=text))
                return
        for router in self.routers:
            for test, handler in router.messages:
                if test(turn, message):
                    await self._run(turn, handler, message)
                    return

    async def _seen(
        self,
        turn: Turn,
        member: Member,
        platform: str,
        url: str = "",
        until: Any = None,
        *,
        spoke: bool = True,
        known: tuple[str, str] | None = None,
    ) -> None:
        """Where the person is now. `spoke`: they wrote to the bot alone, which some platforms ask for before it may.
        `known`: what was known of reaching them there, when it was just read."""
        first = not member.platform
        state = "ok" if spoke or speaks_first(platform) else "entered"
        await team.seen_on(turn.tx, member, platform, turn.now, state=state, reply_url=url, reply_until=until,
                           known=known)  # fmt: skip
        turn.member = member if member.platform == platform else replace(member, platform=platform)
        if first:
            turn.welcomed = True
            arrived = Arrived(platform, member.on(platform), turn.now)
            for router in self.routers:
                for handler in router.arrivals:
                    await self._run(turn, handler, arrived)

    async def _command(self, turn: Turn, text: str) -> None:
        for name, command in self._by_name:
            if text.lower().startswith(name.lower()):
                if command.may and not turn.me.has(*command.may):
                    await self._denied(turn, f"/{command.name}")
                    await turn.answer(
                        f"「/{command.name}」只有{roles_text(command.may)}可以用。发 /帮助 看你能用的。"
                    )
                    return
                if len(text) > LONGEST:
                    await turn.answer(f"这条命令太长了，最多 {LONGEST} 个字。请写短一点再发。")
                    return
                question = await screens.expected(turn.tx, turn.me.id, turn.now)
                if question and not question.kind.startswith(
                    "checkin."
                ):  # an open check-in is not dropped so easily
                    await screens.unexpect(turn.tx, turn.me.id)
                await self._run(turn, command.handler, text[len(name) :].strip(), what=f"/{command.name}")
                return
        unknown = replace(turn.event, text="/" + text) if isinstance(turn.event, Message) else turn.event
        for router in self.routers:
            for test, handler in router.messages:
                if isinstance(unknown, Message) and test(turn, unknown):
                    await self._run(turn, handler, unknown)
                    return

    async def _twin(self, turn: Turn, message: Message, text: str) -> Click | None:
        """A text that presses a button: "2" for the newest card, or the echo of a text button."""
        screen: OnScreen | None = None
        if echoed := TWIN.match(text):
            number, id = int(echoed[1]), screens.id_of(echoed[2])
            screen = await screens.get(turn.tx, id) if id else None
        elif digit := DIGIT.match(text):
            number = int(digit[1])
            question = await screens.expected(turn.tx, turn.me.id, turn.now)
            if question and question.kind.startswith("form."):
                return None  # the number is what was asked for
            screen = await screens.newest_of(
                turn.tx, turn.me.id, message.platform, since=turn.now - screens.FRESH
            )
        if screen is None:
            return None
        choices = from_json(screen.body).choices
        track = echoed[2] if echoed else screen.track
        if echoed and screen.member != turn.me.id:  # a button of somebody else's card: refused like a press
            return Click(message.platform, message.user, track, "", message.at)
        if screen.member != turn.me.id or not 1 <= number <= len(choices):
            return None
        return Click(message.platform, message.user, track, choices[number - 1].action, message.at)

    # ── clicks ──────────────────────────────────────────────────────────────────────────────────────────
    async def _click(self, turn: Turn, click: Click) -> None:
        caller = await callers.caller(turn.tx, click.platform, click.user, turn.now)
        if caller is None:
            log.info("click by a stranger", event_id=turn.event_id, platform=click.platform)
            return
        await self._seen(turn, caller.member, click.platform, known=(caller.state, caller.reply_url))
        await self._press(turn, click)

    async def _press(self, turn: Turn, click: Click) -> None:
        id = screens.id_of(click.card)
        screen = await screens.get(turn.tx, id) if id else None
        if screen is None or not screens.same(screen.track, click.card):
            await turn.answer("这张卡片太旧了，已经不能用。发 /今日 看现在要做的事。")
            return
        if screen.member != turn.me.id:
            owner = await team.get(turn.tx, screen.member)
            await audit.add(turn.tx, turn.now, turn.me.id, "click.refused", screen.subject,
                            {"card": screen.id, "of": screen.member}, turn.event_id)  # fmt: skip
            await turn.answer(f"这张卡片是发给{owner.name if owner else '别人'}的，只有本人可以操作。")
            return
        await outbox.acted(turn.tx, screen.id, turn.now)
        if click.code:
            await screens.fresh_code(turn.tx, screen.id, click.code, turn.now)
        turn.on, turn.event = screen, click
        packed = click.action
        if packed == PICK:
            packed = next((one for values in click.values.values() for one in values), "")
        if packed not in offered(from_json(screen.body)):
            await turn.again()  # an old card, a second click, a replay: nothing changes
            return
        try:
            action = unpack(packed)
        except ValueError:
            log.warning("unreadable action", event_id=turn.event_id)
            await turn.again()
            return
        found = next((r.clicks[type(action)] for r in self.routers if type(action) in r.clicks), None)
        if found is None:
            raise LookupError(f"no handler for {type(action).__name__}")
        handler, may = found
        if may and not turn.me.has(*may):
            await self._denied(turn, type(action).__name__, screen.subject)
            await turn.answer(f"这一步只有{roles_text(may)}可以做。")
            return
        await self._run(turn, handler, action, what=type(action).__name__)

    # ── the rest ────────────────────────────────────────────────────────────────────────────────────────
    async def _arrived(self, turn: Turn, arrived: Arrived) -> None:
        member = await team.by_user(turn.tx, arrived.platform, arrived.user)
        if member is None:
            if not arrived.gone:
                await binding.inquire(turn, arrived)
            return
        if arrived.gone:
            await team.set_reach(
                turn.tx, member.id, arrived.platform, "refused", arrived.why or "已离开应用", turn.now
            )
            return
        await self._seen(turn, member, arrived.platform, "", arrived.until, spoke=False)

    async def _form(self, turn: Turn, form: Form) -> str:
        handler = next((r.forms[form.name] for r in self.routers if form.name in r.forms), None)
        if handler is None:
            raise LookupError(f"no handler for form {form.name!r}")
        try:
            await _alone(turn, handler, form)
        except Refused as no:
            if isinstance(no, Denied):
                await self._denied(turn, str(form.fields.get("what") or form.name), no.about)
            return no.sentence
        return ""

    async def _listeners(self, turn: Turn, handlers: list[Handler], event: object) -> None:
        for handler in handlers:
            await handler(turn, event)

    async def _denied(self, turn: Turn, what: str, about: str = "") -> None:
        """Somebody tried what is not theirs to do or to see: it stands in the audit trail."""
        who = turn.member.id if turn.member else ""
        await audit.add(turn.tx, turn.now, who, "denied", about, {"what": what}, turn.event_id)

    async def _run(self, turn: Turn, handler: Handler, argument: object, *, what: str = "") -> None:
        """Runs a handler for a person; a Refused takes its rows back and becomes a sentence."""
        try:
            await _alone(turn, handler, argument)
        except Refused as no:
            if isinstance(no, Denied):
                await self._denied(turn, what, no.about)
            await turn.answer(no.sentence)
            step = next((r.steps[no.step] for r in self.routers if no.step in r.steps), None)
            if step is not None:
                await step(turn, no)


async def _alone(turn: Turn, handler: Handler, argument: object) -> None:
    """Runs a handler so that its rows can be taken back alone. Raises Refused when they were, TakenBack when all must be."""
    if turn.tx.guarded:
        async with turn.tx.begin_nested():
            await handler(turn, argument)
        return
    try:
        await handler(turn, argument)
    except Refused as no:
        raise TakenBack from no


def offered(card: Card) -> set[str]:
    """Every action that can be pressed on a card as it stands."""
    if card.closed:
        return set()
    return {button.action for button in card.choices} | {o.value for s in card.selects for o in s.options}


TITLES = {
    Role.REP: "销售", Role.MANAGER: "主管", Role.DIRECTOR: "总监", Role.ADMIN: "管理员", Role.SERVICE: "客服",
    Role.FINANCE: "财务", Role.IT: "IT",
}  # fmt: skip


def roles_text(roles: frozenset[Role]) -> str:
    """Roles as people call them: "主管、总监"."""
    return "、".join(TITLES[role] for role in Role if role in roles)
