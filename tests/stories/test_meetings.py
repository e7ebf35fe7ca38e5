"""会前必读: before a meeting its owner reads what is known of the customer, once, and only what is known. (B60)"""

from sim.phone import Seen
from tests.world import World

CHAT = (
    "同步至CRM 宁波恒达汽配有限公司的陈立 13900010001：你们的阀块比科瑞贵了两成，采购说了不算，得生产总监定"
)


async def _says(world: World, text: str) -> None:
    await world.rep.says(text)
    await world.idle()


async def _agreed(world: World, step: str = "明天下午三点拜访陈工看样机") -> None:
    await world.api_lead()
    await _says(world, f"/跟进 1001 电话 等待报价 {step}")
    await world.rep.sees("✅ 已记录")
    world.rep.looks_away()


def _brief(world: World) -> int:
    return world.rep.count("会前必读 ·")


async def test_a_quarter_of_an_hour_before_the_owner_reads_what_is_known(world: World) -> None:
    await _says(world, CHAT)
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await _says(world, "/跟进 1001 电话 等待报价 明天下午三点拜访陈工看样机")
    await _says(world, "/商机 L-1001 12万 液压阀块年单")
    world.rep.looks_away()
    await world.at("2026-11-24 14:44")
    assert _brief(world) == 0
    await world.at("2026-11-24 14:46")
    card = await world.rep.sees("会前必读 · 宁波恒达汽配")
    for words in ("近 30 天", "L-1001 今天 15:00 拜访陈工看样机", "提过竞品 科瑞（11-23） · 价格 敏感（11-23） · 决策人 生产总监",
                  "上次：昨天 10:02 · 王磊 · 电话 · 等待报价", "液压阀块年单 · 初步沟通", "¥120,000"):  # fmt: skip
        assert words in card.text, card.text
    assert card.text.count("拜访陈工看样机") == 1
    told = _brief(world)  # where a card has no room for all of its words, they follow it
    await world.rep.clicks("已读")
    await world.idle()
    assert not [seen for seen in world.rep.seen if seen.button("已读")]
    await world.at("2026-11-25 18:00")
    assert _brief(world) == told


async def test_a_meeting_that_a_chat_agrees_on_is_one(world: World) -> None:
    await _says(
        world, "同步至CRM 宁波恒达汽配有限公司的陈立 13900010001：明天下午三点来你们厂看样机，最后得刘总定"
    )
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await world.at("2026-11-24 14:46")
    await world.rep.sees("会前必读 ·", "L-1001 今天 15:00 来你们厂看样机", "决策人 刘总（11-23）")


async def test_nothing_empty_is_shown(world: World) -> None:
    await world.api_lead(need=None)
    await _says(world, "/会前 L-1001")
    card = await world.rep.sees("会前必读 ·", "以前没有记过什么")
    for head in ("要的：", "上次：", "还没做：", "商机：", "提过竞品"):
        assert head not in card.text


async def test_a_step_that_is_no_meeting_is_not_announced(world: World) -> None:
    await _agreed(world, "明天下午三点发报价单")
    await world.at("2026-11-24 15:01")
    await world.rep.sees("发报价单")
    assert _brief(world) == 0


async def test_it_moves_with_the_meeting_and_goes_with_it(world: World) -> None:
    await _agreed(world)
    await _says(world, "/跟进 1001 电话 等待报价 明天下午五点拜访陈工看样机")
    await world.at("2026-11-24 16:40")
    assert _brief(world) == 0
    await world.at("2026-11-24 16:46")
    await world.rep.sees("L-1001 今天 17:00 拜访陈工看样机")
    await _says(world, "/跟进 1001 电话 等待报价 后天下午三点拜访陈工")
    await _says(world, "/跟进 1001 电话 等待报价 后天下午三点发报价")
    await world.at("2026-11-26 18:00")
    assert _brief(world) == 1


async def test_a_closed_lead_has_no_meeting_and_a_handed_over_one_is_its_new_owners(world: World) -> None:
    await _agreed(world)
    await world.api_lead(name="刘工", phone="13900000002", company="杭州北辰机电有限公司")
    await _says(world, "/跟进 1002 电话 等待报价 明天下午三点拜访")
    await _says(world, "/跟进 1001 电话 无意向 不再跟进")
    await _says(world, "/转给 1002 @李倩 她熟")
    await world.at("2026-11-24 14:50")
    await world.rep2.sees("会前必读 · 杭州北辰")
    assert _brief(world) == 0
    assert world.rep2.count("会前必读") == 1


async def test_a_record_that_is_taken_back_takes_its_meeting_along(world: World) -> None:
    await _agreed(world)
    await _says(world, "/撤销")
    await world.rep.sees("已撤销：L-1001")
    await world.at("2026-11-24 18:00")
    assert _brief(world) == 0


async def test_it_is_said_once_over_a_kill(world: World) -> None:
    await _agreed(world)
    await world.kill()
    await world.start()
    await world.at("2026-11-24 14:46")
    await world.rep.sees("会前必读 ·")
    await world.restart()
    await world.at("2026-11-24 16:00")
    assert _brief(world) == 1


async def test_quiet_hours_and_a_muted_bot_are_respected(world: World) -> None:
    await _agreed(world, "明天早上八点去他们厂看现场")
    await world.at("2026-11-23 19:44")
    assert _brief(world) == 0
    await world.at("2026-11-23 19:46")
    await world.rep.sees("会前必读 ·", "明天 08:00 去他们厂看现场")
    await _says(world, "/跟进 1001 电话 等待报价 明天下午三点拜访陈工")
    await world.at("2026-11-24 10:00")
    await _says(world, "/静音")
    await world.at("2026-11-24 15:30")
    assert _brief(world) == 1


async def test_one_that_is_over_before_the_night_ends_is_read_when_it_is_agreed(world: World) -> None:
    await world.api_lead()
    await world.at("2026-11-23 21:00")
    await _says(world, "/跟进 1001 电话 等待报价 明天早上七点去他们厂看现场")
    await world.rep.sees("会前必读 ·", "明天 07:00 去他们厂看现场")
    await world.at("2026-11-24 09:00")
    assert _brief(world) == 1


async def test_a_visit_by_a_day_is_read_in_its_morning(world: World) -> None:
    await _agreed(world, "周三前去拜访陈工")
    await world.at("2026-11-25 08:40")
    assert _brief(world) == 0
    await world.at("2026-11-25 09:00")
    await world.rep.sees("会前必读 ·", "今天 18:00 前 去拜访陈工")


async def test_it_can_be_asked_for(world: World) -> None:
    await world.rep.says("/会前")
    await world.rep.sees("你没有约好的见面")
    await _agreed(world)
    for typed in ("/会前", "/会前 恒达", "/会前必读 C-0301", "/必读 L-1001"):
        world.rep.looks_away()
        await _says(world, typed)
        await world.rep.sees(
            "会前必读 · 宁波恒达", "L-1001 明天 15:00 拜访陈工看样机", "要的：液压阀块，月 300 件"
        )
    await world.rep2.says("/会前 C-0301")
    await world.rep2.sees("C-0301 由王磊负责")
    await world.boss.says("/会前 C-0301")
    await world.boss.sees("会前必读 · 宁波恒达")


async def test_what_is_missing_is_added_from_the_card(world: World) -> None:
    await _agreed(world)
    await _says(world, "/会前")
    card: Seen = await world.rep.sees("会前必读 ·")
    await world.rep.clicks("补充", on=card)
    await world.rep.sees("请用一句话写要补的")
    await _says(world, "竞品 科瑞 决策人 刘总")
    await world.rep.sees("已改 L-1001", "竞品 （空） → 科瑞", "决策人 （空） → 刘总")
    world.rep.looks_away()
    await _says(world, "/会前")
    await world.rep.sees("提过竞品 科瑞（11-23） · 决策人 刘总（11-23）")
    await world.rep.clicks("补充", on=card)
    await _says(world, "算了")
    await world.rep.sees("好的，没有改")


async def test_it_can_be_switched_off(world: World) -> None:
    world.changes["meeting"] = {"before": "0m"}
    await world.restart()
    await _agreed(world)
    await world.at("2026-11-24 15:01")
    assert _brief(world) == 0
