"""The platforms' address books: who is new is asked about, who left is switched off and handed over. (B80; C.4 2)"""

import json
from dataclasses import replace
from datetime import time, timedelta
from hashlib import sha256

from bot.config import PLATFORMS
from bot.events import Fact, Form, Timer
from bot.platform import DIRECTORY
from bot.router import Router
from bot.turn import Turn
from cards import directory as cards
from cards.actions_directory import Decide, JoinAll, JoinEach
from cards.card import from_json
from handlers import handover
from nlp import enquiry
from rules import directory as rules
from rules import schedule
from rules.directory import Changes, Entry, Person
from rules.errors import Refused
from rules.team import Member, Role
from store import audit, settings, team
from store import directory as book

router = Router("directory")
KEEPERS = (Role.ADMIN, Role.IT)
READ, CHANGE = "directory.read", "directory.change"
TIMER, DAILY = "directory", "daily"
SOON = 60  # seconds after somebody joined; many who join at once are one look


# ── when ───────────────────────────────────────────────────────────────────────────────────────────────
@router.fact("bot.started")
async def started(turn: Turn, _fact: Fact) -> None:
    """The daily look has its timer, at the time that the configuration says now."""
    if not turn.config.directory.at or not _platforms(turn):
        await turn.forget(TIMER, DAILY)
        return
    run = schedule.Run(time.fromisoformat(turn.config.directory.at), "everyday")
    await turn.remind(TIMER, DAILY, schedule.next_run(turn.calendar, run, turn.now))


@router.timer(TIMER)
async def due(turn: Turn, timer: Timer) -> None:
    """Once a day every platform, or one of them because somebody joined. A day that was missed is one look."""
    if timer.key != DAILY:
        await _look(turn, timer.key)
        return
    if turn.config.directory.at:
        run = schedule.Run(time.fromisoformat(turn.config.directory.at), "everyday")
        await turn.remind(TIMER, DAILY, schedule.next_run(turn.calendar, run, turn.now))
        for platform in _platforms(turn):
            await _look(turn, platform)


@router.command("同步", usage="/同步", about="和通讯录对一遍：新人要不要派线索，离职的停用", may=KEEPERS)
async def sync(turn: Turn, words: str) -> None:
    """/同步, /同步 确认."""
    platforms = _platforms(turn)
    if not platforms:
        raise Refused("启用的平台都不能读通讯录：要有企业微信自建应用或钉钉。")
    if words.strip() not in ("", "确认"):
        raise Refused("这样写：/同步。一下子少了很多人、确实都离职了：/同步 确认")
    for platform in platforms:
        await _look(turn, platform, by=turn.me.id, sure=words.strip() == "确认")
    await turn.answer(
        f"正在读{'、'.join(PLATFORMS[one].title for one in platforms)}的通讯录，马上告诉你结果。"
    )


def _platforms(turn: Turn) -> list[str]:
    return [name for name, section in turn.config.platforms().items() if section.directory]


async def _look(turn: Turn, platform: str, *, by: str = "", sure: bool = False) -> None:
    """The platform is asked; with its answer `read` is called."""
    box = sha256(f"directory:{platform}".encode()).hexdigest()[:40]
    then = Form(READ, {"platform": platform, "by": by, "sure": sure}, turn.now, key=box)
    await turn.ask(DIRECTORY, "", of=f"{platform}:-", then=then)


# ── what it says ───────────────────────────────────────────────────────────────────────────────────────
@router.form(READ)
async def read(turn: Turn, form: Form) -> None:
    """The address book as it stands, or why it could not be read."""
    platform, by = str(form.fields["platform"]), str(form.fields["by"])
    title = PLATFORMS[platform].title
    if form.fields["why"]:
        await _note(turn, platform, why=str(form.fields["why"]))
        if by:
            await turn.send(f"{title}的通讯录没有读到：{form.fields['why']}", to=by)
        return
    found = form.fields["found"]
    unread = int(found["unread"])
    seen = [
        Person(user, enquiry.line(name)[:32], tuple(inside))
        for user, name, inside in json.loads(found["people"])
    ]
    changes = await _compare(turn, platform, seen, whole=not unread, sure=bool(form.fields["sure"]))
    news = await _apply(turn, platform, seen, changes)
    failed = [*changes.failed, *([(f"{unread} 个部门", "没有权限读，没有停用任何人")] if unread else [])]
    said = cards.result(
        title, int(found["departments"]), len(seen), len(changes.new), len(changes.gone), rules.told(failed)
    )
    await _note(turn, platform, said=said)
    await _say(turn, said, by, asked=bool(changes.new or changes.back))
    if changes.held:
        news.append(cards.held(title, changes.held))
    await _tell_keepers(turn, news)


async def _compare(turn: Turn, platform: str, seen: list[Person], *, whole: bool, sure: bool) -> Changes:
    people = await team.roster(turn.tx)
    return rules.compare(
        seen, await book.entries(turn.tx, platform), {one.on(platform) for one in people if one.on(platform)},
        {one.name: one.id for one in people if not one.gone and not one.on(platform)},
        whole=whole, most_gone=turn.config.directory.most_gone, sure=sure,
    )  # fmt: skip


async def _apply(turn: Turn, platform: str, seen: list[Person], changes: Changes) -> list[str]:
    """Writes down what changed; returns what those who keep the bot should hear of it."""
    failed = {who for who, _ in changes.failed}
    known = {one.user for one in changes.known}
    for person in seen:
        if person.user not in failed and person.name not in failed:
            state = book.MEMBER if person.user in known else book.NEW
            await book.see(turn.tx, platform, person, state, turn.now)
    told = [await _back(turn, platform, user) for user in changes.back]
    told += [await _left(turn, platform, user) for user in changes.gone]
    return [one for one in told if one]


async def _say(turn: Turn, said: str, by: str, *, asked: bool) -> None:
    """The result to who asked; the question about who is new to every admin, again when somebody asked."""
    open_ = await book.undecided(turn.tx)
    if open_ and (asked or by):
        await turn.close(cards.SUBJECT, "已更新")
        card = cards.new(
            said, [(one.name, "、".join(one.departments)) for _, one in open_], open_[-1][1].id,
            at_once=len(open_) <= turn.config.directory.ask_at_once,
        )  # fmt: skip
        for admin in await team.with_role(turn.tx, Role.ADMIN):
            if admin.id == by:
                await turn.send(card, to=admin.id)
            else:
                await turn.tell(card, to=admin.id)
        if by in {one.id for one in await team.with_role(turn.tx, Role.ADMIN)}:
            return
    if by:
        await turn.send(said, to=by)


async def _note(turn: Turn, platform: str, *, said: str = "", why: str = "") -> None:
    """For /诊断."""
    text = json.dumps({"at": turn.now.isoformat(), "said": said, "why": why}, ensure_ascii=False)
    await settings.put(turn.tx, f"directory:{platform}", text, "", turn.now)


async def _tell_keepers(turn: Turn, news: list[str]) -> None:
    """All of it in one message."""
    for admin in await team.with_role(turn.tx, *KEEPERS) if news else []:
        await turn.send("\n".join(news), to=admin.id)


# ── one person ─────────────────────────────────────────────────────────────────────────────────────────
@router.form(CHANGE)
async def changed(turn: Turn, form: Form) -> None:
    """The platform says that somebody joined or left: the same as a look, at once."""
    platform, user = str(form.fields["platform"]), str(form.fields["user"])
    if form.fields["change"] == "left":
        person = await team.by_user(turn.tx, platform, user)
        await book.see(turn.tx, platform, Person(user, person.name if person else ""),
                       book.MEMBER if person else book.NO, turn.now)  # fmt: skip
        said = await _left(turn, platform, user)
        await _tell_keepers(turn, [said] if said else [])
    else:
        await turn.remind(TIMER, platform, turn.now + timedelta(seconds=SOON))


async def _back(turn: Turn, platform: str, user: str) -> str:
    """There again: a member works on, anybody else is asked about anew. Returns the news, "" for none."""
    former = next((one for one in await team.roster(turn.tx) if one.on(platform) == user), None)
    if former is None:
        await book.reset(turn.tx, platform, user)
        return ""
    if not former.gone:
        return ""
    await team.left(turn.tx, former.id, gone=False)
    await audit.add(turn.tx, turn.now, "", "member.back", former.id, {"platform": platform}, turn.event_id)
    return cards.back(former.name)


async def _left(turn: Turn, platform: str, user: str) -> str:
    """No longer there; the manager is offered the handover. Whoever still stands in another platform's address book stays
    a member. Returns the news, "" for none."""
    if not await book.gone(turn.tx, platform, user, turn.now):
        return ""
    person = await team.by_user(turn.tx, platform, user)
    if person is None:
        return ""
    others = [(name, id) for name, id in person.ids.items() if name in _platforms(turn)]
    if await book.here(turn.tx, others):
        why = "不在通讯录里"
        await team.set_reach(turn.tx, person.id, platform, "refused", why, turn.now)
        return ""
    await team.left(turn.tx, person.id)
    await audit.add(turn.tx, turn.now, "", "member.left", person.id, {"platform": platform}, turn.event_id)
    card = await handover.offer(turn, replace(person, gone=True))
    manager = await team.manager_of(turn.tx, person.id)
    boss = await team.get(turn.tx, manager) if manager else None
    admins = [one.id for one in await team.with_role(turn.tx, Role.ADMIN)]
    to = [boss.id] if boss is not None and not boss.gone else admins
    if card is not None:
        for one in to:
            await turn.tell(card, to=one)
    where = "交接预览已发给主管。" if card and to != admins else "" if card else "名下没有要交接的。"
    return cards.left(person.name, where)


# ── the decision ───────────────────────────────────────────────────────────────────────────────────────
@router.click(JoinAll, may=KEEPERS)
async def join_all(turn: Turn, action: JoinAll) -> None:
    """全部加入: those whom the card showed."""
    done = []
    for platform, entry in await book.undecided(turn.tx, upto=action.last):
        if await book.decide(turn.tx, entry.id, book.MEMBER):
            done.append(await _join(turn, platform, entry))
    await _settled(turn, "已全部加入")
    if done:
        await turn.answer(cards.joined([(one.name, one.id, one.team) for one in done]))


@router.click(JoinEach, may=KEEPERS)
async def join_each(turn: Turn, action: JoinEach) -> None:
    """逐个: the first of them in place of the list."""
    await _next(turn, action.last)


@router.click(Decide, may=KEEPERS)
async def decide(turn: Turn, action: Decide) -> None:
    """加入 / 不加入, then the next one."""
    found = await book.find(turn.tx, action.entry)
    if found and await book.decide(turn.tx, action.entry, book.MEMBER if action.yes else book.NO):
        platform, entry = found
        if action.yes:
            member = await _join(turn, platform, entry)
            await turn.answer(cards.joined([(member.name, member.id, member.team)]))
        else:
            await audit.add(turn.tx, turn.now, turn.me.id, "member.not_added", "",
                            {"platform": platform, "user": entry.user}, turn.event_id)  # fmt: skip
    await _next(turn, action.last)


async def _next(turn: Turn, last: int) -> None:
    left = await book.undecided(turn.tx, upto=last)
    if not left:
        await _settled(turn, "已决定")
        return
    _, entry = left[0]
    await turn.update(cards.one(entry.id, entry.name, "、".join(entry.departments), last, len(left)))


async def _settled(turn: Turn, word: str) -> None:
    """The card that was pressed says so, and those of the other admins."""
    assert turn.on is not None
    await turn.update(replace(from_json(turn.on.body), closed=word))
    if not await book.undecided(turn.tx):
        await turn.close(cards.SUBJECT, word, but=turn.on.id)


async def _join(turn: Turn, platform: str, entry: Entry) -> Member:
    """A new member: a rep who gets leads, in the team that is called like one of their departments."""
    roster = await team.roster(turn.tx)
    name = entry.name
    if name in {one.name for one in roster}:
        name = f"{name}（{(entry.departments or (entry.user,))[0]}）"[:32]
    teams = {one.name for one in turn.config.teams()}
    member = Member(
        id=rules.member_id(entry.user, {one.id for one in roster}), name=name,
        team=next((one for one in entry.departments if one in teams), ""), ids={platform: entry.user},
    )  # fmt: skip
    await team.add(turn.tx, member)
    await audit.add(turn.tx, turn.now, turn.me.id, "member.added", member.id,
                    {"platform": platform, "user": entry.user, "team": member.team}, turn.event_id)  # fmt: skip
    await turn.send(cards.welcome(turn.me.name), to=member.id)
    return member
