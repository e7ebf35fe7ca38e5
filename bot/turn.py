"""Turn: what a handler may use. Everything it does is a row in the event's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.config import Config
from bot.events import Event, Fact, Form, Incoming, encode
from bot.incoming import incoming
from bot.platform import Way
from cards.away import stands_in
from cards.card import Card, from_json, to_json
from rules.away import stand_in
from rules.budget import COUNTED, Weight, again_at, speak_at, today
from rules.hours import Calendar, deliver_at
from rules.team import Member
from store import budget, inbox, leave, outbox, screens, team, timers
from store.db import Tx
from store.outbox import Outrow
from store.screens import NewCard, OnScreen

C = TypeVar("C", Card, Card | None)
ALARM, NORMAL, DIGEST = 0, 1, 2
"""Priorities of what goes out: an alarm before a card before a digest."""


def weight_of(priority: int) -> Weight:
    """What a message is to the day's budget when nobody says more: an alarm, else a reminder."""
    return Weight.ALARM if priority == ALARM else Weight.REMINDER


@dataclass
class Turn:
    """One event being handled.

    `tx` the open transaction, `now` UTC, `member` who caused it (None: a machine or a stranger), `event_id` its inbox
    row, `on` the card that was clicked. A handler returns nothing; it sends, updates, reminds, expects, records.
    """

    tx: Tx
    now: datetime
    event: Event
    event_id: int
    config: Config
    calendar: Calendar
    instance: str = ""  # marks what this database sends, so that ids are unique for ever
    member: Member | None = None
    on: OnScreen | None = None
    welcomed: bool = False  # this event made R0 go out: a bare greeting is answered by it
    expected: dict[str, Any] = field(default_factory=dict)
    rang: set[str] = field(default_factory=set)  # which loops to wake after the commit
    _sent: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return self.calendar.zone

    @property
    def wall(self) -> datetime:
        """Now on the business wall clock, naive: what people and nlp/ mean by "now"."""
        return self.now.astimezone(self.zone).replace(tzinfo=None)

    def utc(self, wall: datetime) -> datetime:
        """A naive wall-clock time of the business zone → UTC, aware."""
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    @property
    def me(self) -> Member:
        """The member behind this event. Only for handlers that the router gives members."""
        if self.member is None:
            raise LookupError("this event has no member")
        return self.member

    # ── saying things ───────────────────────────────────────────────────────────────────────────────────
    async def answer(self, what: Card | str) -> None:
        """Says something back to the member who caused the event, at once, day or night."""
        await self.send(what, to=self.me.id)

    async def send(self, what: Card | str, *, to: str, priority: int = NORMAL, key: str = "") -> bool:
        """Queues a card or a text to a member id, now. `key` makes it once for ever (default: event and order).

        Returns whether it is new (False when `key` was used before).
        """
        if isinstance(what, Card):
            if key and await outbox.known(self.tx, key):
                return False
            text = to_json(what)
            shows = NewCard(to, text, what.kind, what.subject, bool(what.choices), self.instance)
            row = Outrow(dedup=self._key(key), member=to, way=Way.CARD, body={"card": text}, subject=what.subject,
                         kind=what.kind, priority=priority)  # fmt: skip
        else:
            shows = None
            row = Outrow(dedup=self._key(key), member=to, way=Way.TEXT, body={"text": what}, kind="text",
                         priority=priority)  # fmt: skip
        if key:
            return await self._put(row, shows) > 0
        await self._say(row, shows)
        return True

    async def announce(self, group: str, what: Card | str, *, priority: int = NORMAL, key: str = "") -> int:
        """Says something into the group behind a [[robot]]; a card is shown there without its buttons."""
        way, body = (
            (Way.CARD, {"card": to_json(what)}) if isinstance(what, Card) else (Way.TEXT, {"text": what})
        )
        return await self._put(Outrow(dedup=self._key(key), member=f"@group:{group}", way=way, body=body,
                                      kind="group", priority=priority))  # fmt: skip

    async def tell(
        self,
        card: Card,
        *,
        to: str,
        priority: int = NORMAL,
        key: str = "",
        weight: Weight | None = None,
        prompt: bool = False,
    ) -> int:
        """Like `send`, for what the bot says unasked: in quiet hours it waits for the morning bundle, and a reminder,
        when the person has heard nearly enough today, for the next one, or when its record was spoken of within the hour,
        for the end of that (returns 0). While they are away, what is about a lead goes to who stands in. `weight`
        (default: by the priority): whether the day's budget may hold it back; `prompt`: it does not wait for the hour
        (they chose the minute themselves, or somebody waits)."""
        weight = weight or weight_of(priority)
        to, card = await self._instead(to, card.subject, card)
        at = await self.free_at(to, weight=weight)
        kind = "morning"
        if at <= self.now and not prompt:
            kind, at = "hour", await self.again_at(to, card.subject, weight=weight)
        if at <= self.now:
            return await self.unasked(card, to=to, priority=priority, key=key, weight=weight)
        payload = {"card": to_json(card), "priority": priority, "weight": weight}
        await self.later(to, kind, card.subject, payload, at=at)
        return 0

    async def free_at(self, to: str, *, weight: Weight = Weight.REMINDER) -> datetime:
        """When `to` may be told something unasked (UTC, not before now): outside quiet hours, and a reminder within
        the budget."""
        at = deliver_at(self.calendar, self.now)
        if at > self.now:
            return at
        spent = await budget.of(self.tx, to)
        per_day = self.config.messages.per_day
        return speak_at(self.calendar, spent, per_day, self.now, weight)

    async def again_at(self, to: str, subject: str, *, weight: Weight = Weight.REMINDER) -> datetime:
        """When `to` may get another reminder about this record (UTC, not before now)."""
        per_record = self.config.messages.per_record
        if weight is not Weight.REMINDER or not per_record:
            return self.now
        return again_at(await budget.of(self.tx, to), subject, per_record, self.now, weight)

    async def unasked(
        self, card: Card, *, to: str, priority: int = NORMAL, key: str = "", weight: Weight | None = None
    ) -> int:
        """Sends now what the bot says unasked, and counts what the budget counts."""
        sent = await self.send(card, to=to, priority=priority, key=key)
        if sent and (weight or weight_of(priority)) in COUNTED:
            day, per_record = today(self.calendar, self.now), self.config.messages.per_record
            await budget.spend(self.tx, to, day, self.now, subject=card.subject, per_record=per_record)
        return sent

    async def later(
        self, to: str, kind: str, subject: str, payload: dict[str, Any], *, at: datetime | None = None,
        within: timedelta = timedelta(0),
    ) -> None:  # fmt: skip
        """Keeps a notice for `to`; all notices of one kind and person are said together when their time comes.

        `at` (default: now) is moved out of quiet hours; `within` waits a little for others to merge with.
        handlers/notices.py turns them into one card.
        """
        shown = from_json(payload["card"]) if "card" in payload else None
        to, shown = await self._instead(to, subject, shown)
        if shown is not None:
            payload = {**payload, "card": to_json(shown)}
        due = deliver_at(self.calendar, (at or self.now) + within)
        await screens.add_notice(
            self.tx, member=to, kind=kind, subject=subject, payload=payload, now=self.now
        )
        await timers.set_timer(self.tx, "notices", f"{to}|{kind}", due, {"member": to, "kind": kind}, self.now,
                               keep_earlier=True)  # fmt: skip
        self.rang.add("timers")

    async def update(self, card: Card, *, screen: OnScreen | None = None) -> None:
        """Replaces a card that is on a screen (default: the one that was clicked; without one, sends anew)."""
        target = screen or self.on
        if target is None:
            await self.answer(card)
            return
        text = to_json(card)
        await screens.change(
            self.tx,
            target.id,
            text,
            subject=card.subject,
            kind=card.kind,
            live=bool(card.choices),
            now=self.now,
        )
        await self._say(Outrow(
            dedup=self._key(""), member=target.member, way=Way.UPDATE, body={"card": text}, card=target.id,
            subject=card.subject, kind=card.kind,
        ))  # fmt: skip

    async def close(self, subject: str, word: str, *, kinds: Sequence[str] = (), but: int = 0) -> None:
        """Greys out every live card about `subject` (of these kinds; except card id `but`) with `word`."""
        for screen in await screens.live(self.tx, subject=subject, kinds=kinds):
            if screen.id != but:
                await self.update(replace(from_json(screen.body), closed=word), screen=screen)

    async def again(self) -> None:
        """A stale or repeated click: shows the card as it stands now and changes nothing."""
        if self.on is not None:
            await self._say(Outrow(
                dedup=self._key(""), member=self.on.member, way=Way.UPDATE, body={"card": self.on.body},
                card=self.on.id, subject=self.on.subject, kind=self.on.kind,
            ))  # fmt: skip

    async def send_file(self, name: str, *, path: str, to: str) -> int:
        """Queues a file (a path below the configured files directory) to a member."""
        return await self._put(Outrow(dedup=self._key(""), member=to, way=Way.FILE,
                                      body={"path": path, "filename": name}, kind="file"))  # fmt: skip

    async def mail(self, address: str, text: str, letter: dict[str, str], *, key: str) -> int:
        """Queues a mail to somebody outside, once for `key`. `letter`: subject, html, unsubscribe (bot/mail.py)."""
        row = Outrow(dedup=key, member=f"@mail:{address}", way=Way.TEXT, body={"text": text, "letter": letter},
                     kind="mail", priority=DIGEST)  # fmt: skip
        return await self._put(row)

    async def todo(
        self, subject: str, *, to: str, link: str, due: datetime | None, key: str, task: int
    ) -> int:
        """Queues a native to-do (where the person's platform has one; the outbox sends nothing elsewhere)."""
        return await self._put(Outrow(
            dedup=key, member=to, way=Way.TODO, kind="todo", subject=f"T-{task}",
            body={"text": subject, "link": link, "due": due.isoformat() if due else "", "task": task},
        ))  # fmt: skip

    async def todo_done(self, *, to: str, ref: str, task: int) -> int:
        """Ticks a native to-do off."""
        return await self._put(Outrow(dedup=f"todo-done:{task}", member=to, way=Way.TODO_DONE, kind="todo",
                                      subject=f"T-{task}", body={"ref": ref}))  # fmt: skip

    async def ask(self, what: str, ref: str, *, of: str, then: Form) -> int:
        """Queues a question to a platform (`of`: "wecom:zhangsan", whose view of it): `then` comes as an event, its fields
        with `found`, or with `why` there is nothing. `then.key` begins with the 40 characters of its mailbox."""
        body = {
            "text": what,
            "ref": ref,
            "then": {"name": then.name, "fields": then.fields, "lane": then.key[:40]},
        }
        return await self._put(
            Outrow(dedup=self._key(""), member=f"@{of}", way=Way.ASK, body=body, kind="ask")
        )

    async def hand_friends(
        self, friends: Sequence[str], *, of: str, to: str, left: bool, message: str, then: Form
    ) -> int:
        """Queues that a platform hands friends outside the firm on (`of`: "wecom:zhangsan", `to`: a user there; `left`:
        the first has left the firm). `then` comes as an event like that of `ask`."""
        body = {
            "text": message, "ref": to, "friends": list(friends), "left": left,
            "then": {"name": then.name, "fields": then.fields, "lane": then.key[:40]},
        }  # fmt: skip
        row = Outrow(dedup=self._key(""), member=f"@{of}", way=Way.FRIENDS, body=body, kind="friends")
        return await self._put(row)

    # ── things to come ──────────────────────────────────────────────────────────────────────────────────
    async def remind(self, kind: str, key: str, due: datetime, **payload: Any) -> None:
        """Sets (or moves) the timer `kind`/`key`; it becomes a Timer event at `due` (UTC)."""
        await timers.set_timer(self.tx, kind, key, due, payload, self.now)
        self.rang.add("timers")

    async def forget(self, kind: str, key: str) -> None:
        """Removes a timer that nobody needs any more (timers also look before they speak)."""
        await timers.drop_timer(self.tx, kind, key)

    async def expect(self, kind: str, *, minutes: int = 60, of: str = "", **payload: Any) -> None:
        """The next thing that the member (or `of`) writes answers this question: Router.answer(kind) gets it."""
        until = self.now + timedelta(minutes=minutes)
        await screens.expect(self.tx, of or self.me.id, kind, payload, until)

    async def unexpect(self, *kinds: str, of: str = "") -> None:
        """Drops the open question (of these kinds)."""
        await screens.unexpect(self.tx, of or self.me.id, kinds)

    async def record(self, name: str, subject: str, **payload: Any) -> None:
        """Hands a fact to whoever listens, in its own transaction later, marked with this event as its cause."""
        self._sent += 1
        fact = Fact(name=name, subject=subject, at=self.now, payload=payload, cause=self.event_id)
        await inbox.take(self.tx, [Incoming(f"fact:{self.event_id}:{self._sent}", subject, fact)], self.now,
                          encode=encode)  # fmt: skip
        self.rang.add("inbox")

    async def hand(self, form: Form) -> None:
        """Hands a form to the inbox, to be handled in its own transaction; once for its name and key."""
        await inbox.take(self.tx, [incoming(form)], self.now, encode=encode)
        self.rang.add("inbox")

    async def _instead(self, to: str, subject: str, card: C) -> tuple[str, C]:
        """Who hears of a lead instead of somebody who is away, and the card that says so."""
        if not subject.startswith("L-"):
            return to, card
        away = await leave.away(self.tx, self.now)
        who = stand_in(to, away)
        if who == to:
            return to, card
        absent = await team.get(self.tx, to)
        if card is not None:
            card = stands_in(card, absent.name if absent else to)
        return who, card

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────────
    def _key(self, key: str) -> str:
        self._sent += 1
        return key or f"e{self.event_id}.{self._sent}"

    async def _put(self, row: Outrow, shows: NewCard | None = None) -> int:
        self.rang.add("outbox")
        return await outbox.put(self.tx, row, now=self.now, cause=self.event_id, shows=shows)

    async def _say(self, row: Outrow, shows: NewCard | None = None) -> None:
        self.rang.add("outbox")
        await outbox.say(self.tx, row, now=self.now, cause=self.event_id, shows=shows)
