"""What the pretend platforms saw against what the database holds, after the last life has come to rest."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from bot.dingtalk import frames, inbound
from bot.fields import fields_of
from bot.wecom.decode import decode
from bot.wecom.texts import pieces
from bot.wecom_aibot import frames as aibot_frames
from bot.wecom_aibot import inbound as aibot_inbound
from bot.wecom_aibot.replies import NOTHING_MORE, THINKING
from bot.wecom_aibot.texts import pieces as aibot_pieces
from bot.wecom_aibot.texts import words_of
from cards.card import Card, from_json
from sim.phone import Phone, Seen
from sim.wecom_aibot_answers import paint_markdown
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from store import queues, tables, timers
from store.db import Database, Tx
from tests.crash.bot_process import Sim, user_of
from tests.crash.drivers import Told

Row = Any
GONE_OUT = {"accepted", "acted"}
KEPT_BACK = {"folded", "skipped"}


@dataclass
class Checker:
    """Collects everything that is wrong; `repeats` are texts that came twice where the platform has no key for them."""

    sim: Sim
    told: Told
    steady: bool = True  # the clock never went back: rows are in order by their times too
    wrong: list[str] = field(default_factory=list)
    repeats: int = 0
    counted: Counter[str] = field(default_factory=Counter)

    async def check(self, db: Database) -> None:
        """Reads all tables and compares."""
        async with db.read() as tx:
            if db.sqlite:
                found = (await tx.execute(sa.text("PRAGMA integrity_check"))).scalars().all()
                self._expect(found == ["ok"], f"integrity: {found[:3]}")
                strays = (await tx.execute(sa.text("PRAGMA foreign_key_check"))).all()
                self._expect(not strays, f"foreign keys: {strays[:3]}")
            rows = {
                table.name: list(await tx.execute(sa.select(table))) for table in tables.meta.sorted_tables
            }
        self._expect(not self.told.odd, f"a web form was answered with {self.told.odd[:3]}")
        self._at_rest(rows)
        self._acknowledged(rows)
        if self.steady:
            self._in_order(rows["inbox"])
        self._drafts(rows)
        self._leads(rows)
        self._check_ins(rows)
        self._sent(rows)
        self._screens(rows)

    def _expect(self, true: bool, otherwise: str) -> None:
        if not true:
            self.wrong.append(otherwise)

    def _once(self, counts: Counter[Any], what: str) -> None:
        more = {key: n for key, n in counts.items() if n != 1}
        self._expect(not more, f"{what}: {dict(list(more.items())[:5])}")

    # ── queues ──────────────────────────────────────────────────────────────────────────────────────────
    def _at_rest(self, rows: dict[str, list[Row]]) -> None:
        for name in ("inbox", "outbox"):
            states = Counter(row.state for row in rows[name])
            self._expect(set(states) <= {queues.DONE}, f"{name} states {dict(states)}")
            left = [(row.id, row.state, row.error[:200]) for row in rows[name] if row.state != queues.DONE]
            self._expect(not left, f"{name} not done: {left[:5]}")
        lanes = [(row.q, row.key, row.pending, row.owner) for row in rows["lane"] if row.pending or row.owner]
        self._expect(not lanes, f"lanes with something pending or held: {lanes[:5]}")
        self._expect(all(row.pending >= 0 for row in rows["lane"]), "a lane below zero")

    def _acknowledged(self, rows: dict[str, list[Row]]) -> None:
        """Every event that the platform was told to be taken is stored, and done."""
        stored = Counter(row.dedup for row in rows["inbox"])
        self._once(stored, "stored twice")
        acknowledged = set(self._acked())
        self.counted["acknowledged"] = len(acknowledged)
        lost = sorted(acknowledged - set(stored))
        self._expect(not lost, f"acknowledged but not stored: {lost[:5]}")
        self._expect(len(acknowledged) > 10, f"only {len(acknowledged)} events were acknowledged")

    def _acked(self) -> Iterable[str]:
        now = datetime.now(UTC)
        if isinstance(self.sim, WecomServer):
            for entry in self.sim.delivered():
                if (
                    entry.what.startswith("callback")
                    and (one := decode(fields_of(entry.sent.encode()), now)) is not None
                ):
                    # opening the chat is stored once in ten minutes, and "now" may fall into the next ten
                    yield from () if ":enter:" in one.dedup else (one.dedup,)
            return
        if isinstance(self.sim, WecomAibotServer):
            yield from self._answered(self.sim, now)
            return
        pushed = {
            e.sent["headers"]["messageId"]: e.sent for e in self.sim.wire.of("push CALLBACK", way="out")
        }
        for entry in self.sim.wire.of("ack", way="in"):
            frame = pushed.get(entry.sent["headers"]["messageId"])
            if frame is not None and entry.sent["code"] == 200:
                read = frames.read(json.dumps(frame))
                assert read is not None
                yield from (one.dedup for one in inbound.events(read, now) or ())

    def _answered(self, sim: WecomAibotServer, now: datetime) -> Iterable[str]:
        """The AI bot acknowledges nothing; but what was answered must have been stored before."""
        given = {e.sent["headers"]["req_id"]: e.sent for e in sim.wire.of("callback", way="out")}
        answered = set()
        for entry in sim.wire.of("aibot_respond", way="in"):
            if str(entry.sent["body"].get("stream", {}).get("content")) not in (THINKING, NOTHING_MORE):
                answered.add(entry.sent["headers"]["req_id"])
        for req_id in answered:
            frame = aibot_frames.read(json.dumps(given[req_id]))
            assert frame is not None
            one = aibot_inbound.read(frame, now)
            assert one is not None
            yield one.dedup

    def _in_order(self, inbox: list[Row]) -> None:
        """One at a time per lane, in the order in which they were stored."""
        lanes: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(inbox, key=lambda row: row.id):
            lanes[row.lane].append(row)
        for lane, mine in lanes.items():
            times = [row.done_at for row in mine]
            self._expect(times == sorted(times), f"lane {lane} was not handled in order")

    # ── business ────────────────────────────────────────────────────────────────────────────────────────
    def _drafts(self, rows: dict[str, list[Row]]) -> None:
        """A pasted chat that was stored makes one draft: as many drafts of a text as messages with it."""
        pasted: Counter[str] = Counter()
        for row in rows["inbox"]:
            event = json.loads(row.body)
            text = str(event.get("text", ""))
            if text.startswith("同步至CRM "):
                pasted[text.removeprefix("同步至CRM ")] += 1
        made = Counter(row.original for row in rows["draft"])
        self.counted["drafts"] = made.total()
        self._expect(made == pasted, f"drafts: {made - pasted} too many, {pasted - made} too few")
        said = Counter(self.told.said)
        self._expect(not pasted - said, f"stored but never said: {pasted - said}")

    def _leads(self, rows: dict[str, list[Row]]) -> None:
        """One customer, contact and lead for each thing that was saved; one lead for each key of the API."""
        lead_of = {row.contact: row.id for row in rows["lead"]}
        phones = Counter(row.phone for row in rows["contact"])
        self._once(phones, "contacts of one phone")
        self._once(Counter(row.customer for row in rows["contact"]), "contacts of one customer")
        self._once(Counter(row.customer for row in rows["lead"]), "leads of one customer")
        self._expect(
            len(rows["customer"]) == len(rows["lead"]) == len(rows["contact"]), "customers, contacts, leads"
        )
        by_phone = {row.phone: f"L-{lead_of[row.id]}" for row in rows["contact"] if row.id in lead_of}
        for phone, lead in self.told.saved.items():
            self._expect(
                by_phone.get(phone) == lead, f"{phone} was saved as {lead}, is {by_phone.get(phone)}"
            )
        needs = Counter(row.need.partition(" ")[0] for row in rows["lead"] if row.need.startswith("form-"))
        self._once(needs, "leads of one key")
        for key, lead in self.told.posted.items():
            found = [f"L-{row.id}" for row in rows["lead"] if row.need.startswith(f"{key} ")]
            self._expect(found == [lead], f"{key} was answered with {lead}, is {found}")
        facts = Counter((row.lead, row.name) for row in rows["fact"])
        for row in rows["lead"]:
            for name in ("lead.created", "lead.assigned"):
                self._expect(facts[row.id, name] == 1, f"L-{row.id} has {facts[row.id, name]} × {name}")
        saved = Counter(row.subject for row in rows["audit"] if row.action in ("draft.saved", "lead.created"))
        self._expect(saved == Counter(f"L-{row.id}" for row in rows["lead"]), "audit of what was saved")
        self.counted["leads"] = len(rows["lead"])

    def _check_ins(self, rows: dict[str, list[Row]]) -> None:
        """One record for each story that ended; nothing half recorded."""
        facts = Counter((row.lead, row.name) for row in rows["fact"])
        records = Counter(row.lead for row in rows["followup"])
        self._once(records, "records of one lead")
        self._once(Counter(row.checkin for row in rows["followup"]), "records of one check-in")
        recorded = {f"L-{lead}" for lead in records}
        lost = [lead for lead in self.told.recorded if lead not in recorded]
        self._expect(not lost, f"✅ was shown, but there is no record: {lost[:5]}")
        self._once(Counter(row.lead for row in rows["checkin"]), "check-ins of one lead")
        for row in rows["followup"]:
            said = (row.channel, row.conclusion, row.next_text)
            self._expect(said == ("电话", "需要样品", "发测试报告"), f"L-{row.lead} recorded as {said}")
            for name in ("followup.recorded", "lead.first_touch"):
                self._expect(facts[row.lead, name] == 1, f"L-{row.lead} has {facts[row.lead, name]} × {name}")
        done = Counter(row.state for row in rows["checkin"])
        self._expect(
            done["done"] == len(rows["followup"]), f"check-ins {dict(done)}, {len(rows['followup'])} records"
        )
        nudges = [row.key for row in rows["timer"] if row.kind == "nudge"]
        open_ones = {str(row.id) for row in rows["checkin"] if row.state == "open"}
        self._expect(set(nudges) <= open_ones, "a nudge for a check-in that is done")
        self._once(Counter(row.lead for row in rows["request"]), "forms of one lead")
        self.counted["records"] = len(rows["followup"])

    # ── what went out ───────────────────────────────────────────────────────────────────────────────────
    def _phone(self, member: str) -> Phone:
        return self.sim.phones[user_of(self.sim, member)]

    def _sent(self, rows: dict[str, list[Row]]) -> None:
        """What the ledger calls accepted is on the phone once; nothing is there that the ledger does not know."""
        ledger = Counter(row.ledger for row in rows["outbox"])
        self.counted.update({f"outbox {name}": n for name, n in ledger.items()})
        self._expect(set(ledger) <= GONE_OUT | KEPT_BACK, f"ledger: {dict(ledger)}")
        texts: dict[str, Counter[str]] = defaultdict(Counter)
        tracks: dict[str, Counter[str]] = defaultdict(Counter)
        fresh: dict[str, set[str]] = defaultdict(set)
        beside: dict[str, set[str]] = defaultdict(lambda: {THINKING, NOTHING_MORE})
        first = {row.id: _first(row.track) for row in rows["card"]}
        for row in rows["outbox"]:
            body, gone = json.loads(row.body), row.ledger in GONE_OUT
            if "card" in body:
                beside[row.member] |= self._beside(from_json(body["card"]))
            if row.way == "text" and gone:
                texts[row.member].update(self._as_shown(body["text"], row.id))
            elif row.way == "card" and gone:
                tracks[row.member][first[row.card]] += 1
            elif row.way == "update":
                fresh[row.member].add(f"-r{row.id}")
        # "@…" is no person: the canary's round, and alarms by the second channel
        for member in {row.member for row in rows["outbox"] if not row.member.startswith("@")}:
            seen = [one for one in self._phone(member).seen if not one.mine]
            self._compare_texts(
                member,
                texts[member],
                Counter(one.text for one in seen if one.kind == self._kind),
                beside[member],
            )
            shown = Counter(one.track for one in seen if one.track)
            renewed = {track for track in shown if any(track.endswith(end) for end in fresh[member])}
            self._once(shown, f"a card twice on the phone of {member}")
            self._expect(set(shown) - renewed == set(tracks[member]),
                         f"cards of {member}: {set(shown) - renewed ^ set(tracks[member])}")  # fmt: skip
            self.counted["cards seen"] += len(shown)

    def _as_shown(self, text: str, row: int) -> list[str]:
        if isinstance(self.sim, WecomAibotServer):
            return [_read(text)]
        return pieces(text, row) if isinstance(self.sim, WecomServer) else [text]

    @property
    def _kind(self) -> str:
        return "markdown" if isinstance(self.sim, WecomAibotServer) else "text"

    def _beside(self, card: Card) -> set[str]:
        """What the AI bot may say beside a card: its words where they found no room, its title after 正在处理…."""
        return {_read(words_of(card)), _read(card.title)} if isinstance(self.sim, WecomAibotServer) else set()

    def _compare_texts(self, member: str, sent: Counter[str], seen: Counter[str], beside: set[str]) -> None:
        lost, more = sent - seen, seen - sent
        if isinstance(self.sim, WecomAibotServer):
            more = Counter({text: n for text, n in more.items() if sent[text] or text not in beside})
        self.counted["texts seen"] += seen.total()
        self._expect(not lost, f"texts that {member} never saw: {dict(lost)}")
        if not isinstance(self.sim, WecomServer):
            self.repeats += more.total()
            more = Counter({text: n for text, n in more.items() if not sent[text]})
        self._expect(not more, f"texts that {member} should not have seen: {dict(more)}")

    def _screens(self, rows: dict[str, list[Row]]) -> None:
        """Every card says what the database says, unless it could not be changed any more."""
        sends: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(rows["outbox"], key=lambda row: row.id):
            sends[row.card].append(row)
        for row in rows["card"]:
            if not row.platform or sends[row.id][-1].ledger in KEPT_BACK:
                continue
            wrong = self._screen(row)
            if wrong:
                told = [
                    (one.id, one.way, one.ledger, one.error, one.sent_at, one.done_at)
                    for one in sends[row.id]
                ]
                self.wrong.append(
                    f"card {row.id} {row.track} (version {row.version}): {wrong}\n  sends: {told}\n"
                    + "\n".join(self._wire_of(row))
                )

    def _copies(self, row: Row) -> list[Seen]:
        """A card pressed twice may stand there twice (sent anew for want of a code); the copy that was pressed changes."""
        copies = {row.track, _first(row.track)}
        return [one for one in self._phone(row.member).seen if _first(track_of(one)) in copies]

    def _wire_of(self, row: Row) -> Iterable[str]:
        """What went over the wire about a card, to see how it came to say what it says."""
        shown = {(self._phone(row.member).user, one.n) for one in self._copies(row)}
        first = _first(row.track)
        for one in self.sim.wire:
            sent = json.dumps(one.sent, ensure_ascii=False, default=str)
            if shown & set(one.on) or first in sent:
                yield f"  {one.at:.3f} {one.way} {one.what} {one.status} {sent[:700]} → {str(one.answer)[:200]}"

    def _screen(self, row: Row) -> str:
        """What is wrong with a card on the screen, "" when nothing is."""
        shown = self._copies(row)
        wrong = [_differs(one, from_json(row.body)) for one in shown] or ["is nowhere"]
        return "" if "" in wrong else "; ".join(wrong)


def track_of(seen: Seen) -> str:
    """Which card this is. A card without buttons carries no task_id on WeCom: there the id stands behind the # of its
    address (bot/wecom/render.py)."""
    address = str(((seen.raw.get("card") or {}).get("card_action") or {}).get("url", ""))
    return seen.track or address.partition("#")[2]


def _read(text: str) -> str:
    """Words as a phone shows them when the AI bot says them in markdown."""
    shown = Seen(0, "markdown", "", 0.0)
    paint_markdown(shown, aibot_pieces(text)[0])
    return shown.text


def _differs(seen: Seen, card: Card) -> str:
    if card.title[:20] not in seen.text:
        return f"should say {card.title!r}, says {seen.text[:60]!r}"
    pressable = {press.key for press in seen.buttons if press.enabled and press.key}
    if bool(pressable) != bool(card.choices and not card.closed):
        return f"{card.title!r} closed={card.closed!r} has buttons {pressable}"
    return ""


async def at_rest(tx: Tx, now: datetime) -> bool:
    """Whether nothing is open: no event, no send, no due timer."""
    first = await timers.next_timer(tx)
    if first is not None and first <= now:
        return False
    return not any([(await queues.depth(tx, name)).open for name in ("inbox", "outbox")])


def _first(track: str) -> str:
    """The track under which a card went out first; one that was sent anew has more behind it."""
    return re.sub(r"-r\d+$", "", track)
