"""People and a web form that live through the main story while the bot is killed under them, and do it again when
nothing happens, as people do."""

import asyncio
import contextlib
import itertools
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

from sim.phone import Gone, Phone, Seen
from tests.crash.bot_process import TOKEN, BotProcess

PATIENCE = 6.0  # seconds until somebody tries again
STUCK = 600.0  # seconds for one step, tried again and again, on a busy machine, once the trouble is over
BREATH = 9.0  # seconds between two stories: nobody may get more than 30 messages a minute, and a story has about four
_numbers = itertools.count(1)


def chat(number: int) -> tuple[str, str]:
    """(what is pasted, the phone in it) of a customer that nobody met before."""
    phone = f"1390000{number:04d}"
    said = f"我是宁波恒达{number:04d}汽配有限公司的陈立，电话{phone}，想要液压阀块报价，月300件"
    return said, phone


class Stuck(AssertionError):
    """The story does not go on however often it is tried."""


@dataclass
class Told:
    """What happened as the people saw it."""

    said: list[str] = field(default_factory=list)  # every chat that was pasted, once for each time
    saved: dict[str, str] = field(default_factory=dict)  # phone of the customer → lead
    recorded: list[str] = field(default_factory=list)  # leads whose check-in ended with ✅
    posted: dict[str, str] = field(default_factory=dict)  # key → lead
    again: int = 0  # how often somebody had to try again
    odd: list[str] = field(
        default_factory=list
    )  # answers to a web form that say neither "done" nor "not now"
    reposted: int = 0  # how often a web form was sent again


@dataclass
class Rep:
    """One person with a phone who works through one story after the other."""

    phone: Phone
    told: Told
    stop: asyncio.Event

    async def live(self) -> None:
        """Stories from a pasted chat to the record, until told to stop (the last one is finished)."""
        while not self.stop.is_set():
            await self.slip()
            await self.check_in(await self.save_a_chat())
            await self.breathe()

    async def slip(self) -> None:
        """A number mistyped, which is answered in words: the one thing that DingTalk takes without a key."""
        number = 90_000 + next(_numbers)
        await self._until(
            self._has(str(number)), lambda: self.phone.says(f"/打卡 {number}"), f"/打卡 {number}"
        )

    async def breathe(self) -> None:
        """A pause, cut short when it is time to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), BREATH * random.uniform(0.8, 1.2))

    async def take(self, lead: str) -> None:
        """A lead that came over the API: seen, started, recorded."""
        await self._until(lambda: self.phone.find("新线索", lead), _nothing, f"new lead {lead}")
        await self._press(
            "开始跟进", lambda: self._card("新线索", lead), lambda: self.phone.find(f"{lead} 开始跟进 1/3")
        )
        await self._steps(lead)

    # ── the story ───────────────────────────────────────────────────────────────────────────────────────
    async def save_a_chat(self) -> str:
        """「同步至CRM …」 → draft → 存为新客户. Returns the lead."""
        said, number = chat(next(_numbers))

        async def paste() -> None:
            self.told.said.append(said)
            await self.phone.says(f"同步至CRM {said}")

        mark = f"****{number[-4:]}"

        def found_draft() -> Seen | None:
            return self.phone.find("识别到联系人（草稿）", mark)

        # pasted twice makes two drafts: from here on it is one of them, or the customer would be saved twice
        draft = await self._until(found_draft, paste, f"draft of {number}")
        saved = await self._press("存为新客户", lambda: draft, lambda: self.phone.find("已存为", said[4:12]))
        lead = re.search(r"L-\d+", saved.text)
        assert lead, saved.text
        self.told.saved[number] = lead[0]
        return lead[0]

    async def check_in(self, lead: str) -> None:
        """开始跟进 on the card of what was saved, and the three steps."""
        await self._press(
            "开始跟进", lambda: self._card("已存为", lead), lambda: self.phone.find(f"{lead} 开始跟进 1/3")
        )
        await self._steps(lead)

    async def _steps(self, lead: str) -> None:
        done = self._has("✅ 已记录", lead)
        three = self._has("3/3", lead)
        await self._press(
            "电话", self._step(lead, "电话"), _first(self._has("2/3 本次结论", lead), three, done)
        )
        await self._press("需要样品", self._step(lead, "需要样品"), _first(three, done))
        await self._until(done, lambda: self.phone.says("周二前发测试报告"), f"record of {lead}")
        self.told.recorded.append(lead)

    # ── hands and eyes ──────────────────────────────────────────────────────────────────────────────────
    def _has(self, *fragments: str) -> Callable[[], Seen | None]:
        return lambda: self.phone.find(*fragments)

    def _card(self, *fragments: str) -> Seen | None:
        """The newest card with these words that still has a button."""
        live = (
            s for s in reversed(self.phone.seen) if not s.mine and any(p.enabled and p.key for p in s.buttons)
        )
        return next((seen for seen in live if all(fragment in seen.text for fragment in fragments)), None)

    def _step(self, lead: str, label: str) -> Callable[[], Seen | None]:
        """The newest card of the check-in with this button: an older one may have stayed behind a kill."""

        def found() -> Seen | None:
            live = (one for one in reversed(self.phone.seen) if not one.mine and one.button(label))
            steps = (one for one in live if lead in one.text and ("/3" in one.text or "还差" in one.text))
            return next(steps, None)

        return found

    async def _press(
        self, label: str, where: Callable[[], Seen | None], seen: Callable[[], Seen | None]
    ) -> Seen:
        async def press() -> None:
            card = where()
            if card is not None and card.button(label) is not None:
                await self.phone.clicks(label, on=card)
            else:
                await self.phone.says("/打卡")  # the open step, if there is one, comes as a new card

        return await self._until(seen, press, f"「{label}」")

    async def _until(
        self, seen: Callable[[], Seen | None], act: Callable[[], Awaitable[None]], what: str
    ) -> Seen:
        """Acts and waits for what should follow; again when it does not come. Raises Stuck."""
        until, first = time.monotonic() + STUCK, True
        while time.monotonic() < until:
            if (
                not self.stop.is_set()
            ):  # lives may be too short to answer anybody; what counts is that it comes in the end
                until = time.monotonic() + STUCK
            self.told.again += not first
            first = False
            try:
                await act()
            except Gone:
                await asyncio.sleep(0.2)
                continue
            if (found := await self._waits(seen)) is not None:
                return found
        raise Stuck(f"{self.phone.name}: {what}\n" + "\n".join(self.phone.screen().splitlines()[-40:]))

    async def _waits(self, seen: Callable[[], Seen | None]) -> Seen | None:
        try:
            async with asyncio.timeout(PATIENCE), self.phone.changed:
                while (found := seen()) is None:
                    await self.phone.changed.wait()
                return found
        except TimeoutError:
            return None


def _first(*tests: Callable[[], Seen | None]) -> Callable[[], Seen | None]:
    return lambda: next((found for test in tests if (found := test()) is not None), None)


async def _nothing() -> None:
    """Whoever waits for news has nothing to do."""


@dataclass
class WebForm:
    """Another system that hands leads in, each under its own Idempotency-Key, until it is told that it is there."""

    bot: BotProcess
    told: Told
    stop: asyncio.Event
    owner: Rep

    async def live(self) -> None:
        """Leads for one rep, who takes each before the next comes."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=12)) as session:
            while not self.stop.is_set():
                number = next(_numbers)
                key = f"form-{number}"
                # somebody double-clicks: the same key twice at once
                answers = await asyncio.gather(*(self._post(session, key, number) for _ in range(2)))
                assert len(set(answers)) == 1, f"one key, two leads: {key} {answers}"
                self.told.posted[key] = answers[0]
                await self.owner.take(answers[0])
                await self.owner.breathe()

    async def _post(self, session: aiohttp.ClientSession, key: str, number: int) -> str:
        body = {
            "name": "刘工", "phone": f"1370000{number:04d}", "company": f"苏州宏远{number:04d}机械有限公司",
            "source": "官网询盘", "need": f"{key} 液压阀块", "owner": self.owner.phone.user.lower().removeprefix("d-"),
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
        until = time.monotonic() + STUCK
        while time.monotonic() < until:
            if not self.stop.is_set():
                until = time.monotonic() + STUCK
            try:
                async with session.post(f"{self.bot.url}/api/v1/leads", json=body, headers=headers) as answer:
                    if answer.status in (200, 201):
                        return str((await answer.json())["id"])
                    if answer.status != 503:
                        self.told.odd.append(f"{answer.status} {await answer.text()}")
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            self.told.reposted += 1
            await asyncio.sleep(0.1)
        raise Stuck(f"POST {key}")
