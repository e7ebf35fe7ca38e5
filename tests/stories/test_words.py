"""The words a draft is read with: an admin's file and command, what reps correct, and nobody spoils it alone. (B05)"""

from pathlib import Path

from sim.phone import Phone, Seen
from store import leads
from tests.world import World

CHAT = "同步至CRM 鼎捷那边的邱工来电，13900010001，要做激光除锈"
LINE = "公司 宁波鼎捷激光装备有限公司"


async def _draft(phone: Phone, text: str) -> Seen:
    phone.looks_away()
    await phone.says(text)
    return await phone.sees("识别到联系人（草稿）")


async def _corrects(world: World, phone: Phone, text: str, line: str) -> None:
    await _draft(phone, text)
    await phone.clicks("改一下")
    await phone.says(line)
    await phone.sees("识别到联系人（草稿）", line.split()[-1])
    await world.idle()


async def test_an_edited_file_counts_from_the_next_message_on(world: World, tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    world.changes["reading"] = {"words": str(words)}
    await world.restart()
    assert "激光清洗" not in (await _draft(world.rep, CHAT)).text

    words.write_text(
        '[[need]]\nkeyword = "激光清洗"\nwords = ["激光除锈", "激光清洗"]\n'
        '[[company]]\nname = "宁波鼎捷激光装备有限公司"\naliases = ["鼎捷"]\n',
        "utf-8",
    )
    card = await _draft(world.rep, CHAT)
    assert "激光清洗" in card.text
    assert "宁波鼎捷激光装备有限公司" in card.text

    words.write_text('[[need]]\nkeyword = "激光清洗"\nwords = ["激"]\n', "utf-8")
    world.admin.looks_away()
    await world.admin.says("/词库")
    told = await world.admin.sees("有错，还在用改之前的内容")
    assert "need.1.words" in told.text
    assert "太短" in told.text
    assert "激光清洗" in (await _draft(world.rep, CHAT)).text  # what was good before stays
    world.admin.looks_away()
    await world.admin.says("/诊断")
    assert "need.1.words" in (await world.admin.sees("词库", "改好保存就生效")).text


async def test_an_enquiry_of_another_program_is_read_with_the_same_words(
    world: World, tmp_path: Path
) -> None:
    words = tmp_path / "words.toml"
    words.write_text(
        '[[need]]\nkeyword = "激光清洗"\nwords = ["激光除锈"]\nkind = "设备采购"\nintent = "采购"\nweight = 9.0\n',
        "utf-8",
    )
    world.changes["reading"] = {"words": str(words)}
    await world.restart()
    number = await world.api_lead(name="邱工", phone="13900010001", need="要做激光除锈", source="官网")
    async with world.db.read() as tx:
        assert (await leads.get(tx, int(number.removeprefix("L-")))).kind == "设备采购"


async def test_one_rep_alone_teaches_nothing_two_who_agree_do(world: World) -> None:
    full = "宁波鼎捷激光装备有限公司"
    await _corrects(world, world.rep, CHAT, LINE)
    await _corrects(world, world.rep, CHAT, LINE)  # once more by the same rep: still one
    assert full not in (await _draft(world.rep, CHAT)).text
    await _corrects(world, world.rep2, CHAT, LINE)
    assert full in (await _draft(world.rep, CHAT)).text

    world.admin.looks_away()
    await world.admin.says("/词库")
    told = await world.admin.sees("从更正里学到的")
    line = next(line for line in told.text.splitlines() if "公司简称 鼎捷" in line)
    assert "2 人说过，在用" in line
    await world.admin.says(f"/词库 撤销 {line.split()[0]}")
    await world.admin.sees("不再用了")
    await _corrects(world, world.rep, CHAT, LINE)
    assert full not in (await _draft(world.rep, CHAT)).text


async def test_an_admin_adds_a_word_and_takes_it_back(world: World) -> None:
    await world.admin.says("/词库 公司 鼎捷=宁波鼎捷激光装备有限公司")
    await world.admin.sees("已加：公司简称「鼎捷」")
    assert "宁波鼎捷激光装备有限公司" in (await _draft(world.rep, CHAT)).text
    await world.admin.says("/词库 撤销 1")
    await world.admin.sees("不再用了")
    assert "宁波鼎捷激光装备有限公司" not in (await _draft(world.rep, CHAT)).text


async def test_what_would_spoil_every_text_is_refused(world: World) -> None:
    for line, why in (
        ("/词库 公司 报价=宁波鼎捷激光装备有限公司", "常用词"),
        ("/词库 公司 鼎捷", "要写全称"),
        ("/词库 姓名 宁波", "常用词"),
        ("/词库 加 1", "2 到 30 个字"),
        ("/词库 确认 99", "没有编号 99"),
        ("/词库 学习", "没看懂"),
    ):
        world.admin.looks_away()
        await world.admin.says(line)
        await world.admin.sees(why)
    world.rep.looks_away()
    await world.rep.says("/词库")
    await world.rep.sees_nothing("个需求词类")  # only who keeps the bot sees the words
