"""What comes round by the clock, the day's budget, quiet for today, and runs that were missed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from cards import sla
from store.tables_watch import budget
from tests.stories.test_silence import intent
from tests.stories.test_sla import checks_in
from tests.world import World

EVERYBODY = ("wanglei", "liqian", "zhangmin", "sunhao", "zhougong")


def heard(world: World) -> int:
    return sum(len(world.phone(one).seen) for one in EVERYBODY)


async def down(world: World, **span: float) -> None:
    """The bot is stopped, time passes, the bot starts."""
    await world.stop()
    world._set_clock(world.clock.now() + timedelta(**span))
    await world.start()
    await world.idle()
    await world.passes(minutes=3)


async def test_nothing_to_say_nothing_said(world: World):
    await world.at("2026-11-24 09:30")
    await world.passes(days=6)
    assert heard(world) == 0


async def test_the_morning_list_of_reps_and_managers(world: World):
    made = await intent(world)
    late = await world.api_lead(phone="13900000002", company="宁波另一家有限公司")
    await world.at("2026-11-24 08:49")
    before = world.rep2.count("")
    assert world.rep.count("早上好") == 0
    await world.at("2026-11-24 08:51")
    await world.rep.sees("早上好，今天 1 件事", f"首触：{late} 宁波另一家有限公司 · 陈工，已超时")
    seen = await world.boss.sees("早上好，团队超时 1 条", f"{late} 王磊 6:28")
    assert [press.label for press in seen.buttons] == ["催一下", "转派", "给理由放过", "看板"]
    assert made not in seen.text
    assert world.rep2.count("") == before
    await world.at("2026-11-27 18:00")
    told = world.rep.count("早上好，今天")
    await world.at("2026-11-29 23:00")  # the weekend
    assert world.rep.count("早上好，今天") == told


async def test_the_week_is_told_by_its_break_points(world: World):
    await intent(world)
    await world.api_lead(phone="13900000002", company="宁波另一家有限公司")
    await world.at("2026-11-30 08:39")
    assert world.boss.count("周报") == 0
    await world.at("2026-11-30 08:41")
    await world.boss.sees(
        "动作断点周报", "11-23～11-29", "4 小时首触", "50 %（2 条）", "首次触达", "1 条", "意向客户未跟进", "王磊 1 次记录",
        "及时记录", "100 %（1 次，30 分钟内记完）",
    )  # fmt: skip
    assert world.rep.count("周报") == 0


async def test_two_days_down_are_one_digest_for_each(world: World):
    late = await world.api_lead()
    await world.at("2026-11-23 18:30")
    before = len(world.rep.seen), len(world.boss.seen), len(world.rep2.seen)
    await down(world, days=2)
    assert len(world.rep.seen) == before[0] + 1
    await world.rep.sees("早上好，今天 1 件事", late)
    assert (len(world.boss.seen), len(world.rep2.seen)) == (before[1] + 1, before[2])
    await world.at("2026-11-26 08:55")
    assert world.rep.count("早上好，今天 1 件事") == 2  # the schedule goes on


SKIP = {"schedule": ({"does": "today", "missed": "skip"}, {"does": "overdue", "missed": "once"})}


@pytest.mark.parametrize("changes", [SKIP], indirect=True)
async def test_each_schedule_has_its_own_policy(world: World):
    await world.api_lead()
    await world.at("2026-11-23 18:30")
    await down(world, hours=17)  # to Tuesday 11:30
    assert world.rep.count("早上好") == 0
    await world.boss.sees("早上好，团队超时 1 条")
    await world.at("2026-11-24 18:30")
    await down(world, hours=23)  # to Wednesday 17:30: nobody needs the morning's list then
    assert world.boss.count("早上好") == 1


@pytest.mark.parametrize(
    "changes", [{"messages": {"per_day": 2}, "assignment": {"daily_cap": 100}, "schedule": ()}], indirect=True
)
async def test_new_leads_and_breaches_go_out_at_once_and_reminders_keep_to_the_budget(world: World):
    made = []
    for n in range(5):
        made.append(await world.api_lead(phone=f"139000000{n:02}", company=f"宁波第{n}家有限公司"))
        await world.rep.sees(
            f"新线索 {made[-1]}"
        )  # the fifth like the first: first touch is a matter of hours
        await world.passes(minutes=2)
    assert await counted(world, "wanglei") == 0
    await world.at("2026-11-23 15:45")
    said = [seen for seen in world.rep.seen if seen.kind != "todo" and "新线索 L-" not in seen.text]
    late = [seen for seen in said if "超过 4 小时" in seen.text]
    assert len(late) == len(made), "each breach is said on the day, whatever went before"
    assert 0 < await counted(world, "wanglei") <= 2
    boss = "\n".join(seen.text for seen in world.boss.seen)
    assert all(one in boss for one in made), "the manager hears of every one"
    await world.rep.says("/今日")
    await world.idle()
    await world.rep.sees("今天 5 件事")


@pytest.mark.parametrize("changes", [{"messages": {"per_day": 1}, "schedule": ()}], indirect=True)
async def test_a_used_up_day_holds_nudges_and_no_persons_word(world: World):
    first = await world.api_lead()
    second = await world.api_lead(phone="13900000077", company="宁波第七家有限公司")
    await world.rep.clicks("开始跟进")
    await world.passes(minutes=10)
    await world.rep.sees("开始跟进 10 分钟了")  # the first nudge uses the day up
    shown = len(world.rep.seen)
    await world.passes(minutes=40)
    assert len(world.rep.seen) == shown, "the second one waits"
    await world.at("2026-11-23 15:40")
    await world.boss.clicks("催一下")
    await world.idle()
    await world.rep.sees("张敏", first, second)
    assert await counted(world, "wanglei") == 2, "one message for both, and the bot says less"


async def counted(world: World, member: str) -> int:
    """What counted today of what the bot said to somebody unasked."""
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(budget.c.sent).where(budget.c.member == member))).scalar() or 0


async def test_quiet_for_today_stops_no_clock(world: World):
    await world.rep.says("/静音")
    await world.rep.sees("11-24 09:00 之前不主动打扰", "计时不停")
    made = await world.api_lead()
    assert world.rep.count(f"新线索 {made}") == 0
    await world.at("2026-11-23 15:40")
    await world.rep.sees(f"{made} 超过 4 小时未首触，已通知张敏")
    await world.boss.sees("超时未首触", made)
    await world.rep.says("/静音 取消")
    await world.rep.sees("已恢复提醒")
    await world.passes(minutes=1)
    await world.rep.sees(f"新线索 {made}")


async def test_a_record_made_by_oneself_is_not_counted(world: World):
    await world.api_lead()
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, "有意向")
    assert await counted(world, "wanglei") == 0


async def test_of_very_many_late_leads_a_manager_gets_few_cards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sla, "MOST", 1)
    made = [await world.api_lead(phone=f"1390000000{n}", company=f"宁波第{n}家有限公司") for n in range(6)]
    await world.at("2026-11-23 15:35")
    cards = [seen for seen in world.boss.seen if "超时未首触" in seen.text]
    assert len(cards) == 4
    named = [one for seen in cards for one in made if one in seen.text]
    assert sorted(named) == made, "each once"
    await world.boss.sees("🔺 另有 3 条线索超时未首触", "王磊 3 条：")


@pytest.mark.parametrize("changes", [{"schedule": (), "sla": ()}], indirect=True)
async def test_one_record_is_spoken_of_once_an_hour(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/放回 1001 不在我的区域")
    await world.boss.sees("王磊 放回了 L-1001", "不在我的区域")
    await world.rep2.says("/领取 1001")
    await world.rep2.sees("新线索 L-1001")
    await world.passes(minutes=10)
    await world.rep2.says("/放回 1001 客户在外省")
    await world.rep2.sees("L-1001 已放回公海")
    await world.api_lead(phone="13900000002", company="宁波乙机械有限公司")
    await world.rep.says("/放回 1002 做不了")
    await world.boss.sees("王磊 放回了 L-1002")  # another record does not wait
    await world.idle()
    assert world.boss.count("李倩 放回了 L-1001") == 0
    await world.restart()
    await world.passes(minutes=45)
    assert world.boss.count("李倩 放回了 L-1001") == 0
    await world.passes(minutes=6)
    await world.boss.sees("李倩 放回了 L-1001", "客户在外省")
