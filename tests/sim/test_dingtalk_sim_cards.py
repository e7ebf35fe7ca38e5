"""Interactive cards in the DingTalk simulator: strict values, one life per outTrackId, updates, callbacks, privacy."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sim.dingtalk_server import DingtalkServer
from sim.phone import Gone
from tests.sim.dingtalk_bot import BUTTONS, Bot, Link, running

World = tuple[DingtalkServer, Bot, Link]
CLAIM = {"text": "认领", "color": "blue", "id": "claim:8842", "request": True}
SKIP = {"text": "忽略", "color": "gray", "id": "skip:8842", "request": True}
CREATE, PUT = "/v1.0/card/instances/createAndDeliver", "/v1.0/card/instances"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as (server, bot):
        yield server, bot, await bot.link()


async def test_card_shows_and_calls_back(world: World) -> None:
    server, bot, link = world
    status, answer = await bot.card("lead-8842", "rep", [CLAIM, SKIP])
    assert status == 200
    result = answer["result"]["deliverResults"][0]
    assert (result["success"], result["spaceType"], result["spaceId"]) == (True, "IM_ROBOT", "rep")
    rep = server.phones["rep"]
    seen = await rep.sees("新线索", "华联科技", "24 小时内有效")
    assert (seen.kind, seen.track) == ("card", "lead-8842")
    assert [(p.label, p.key) for p in seen.buttons] == [("认领", "claim:8842"), ("忽略", "skip:8842")]
    assert "认领" not in seen.text
    link.answer = lambda frame: {
        "response": {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"tips": "已认领"}},
        }
    }
    await rep.clicks("认领")
    data = await link.next()
    assert (data["type"], data["outTrackId"], data["userId"]) == ("actionCallback", "lead-8842", "rep")
    content = json.loads(data["content"])
    assert content == {"cardPrivateData": {"actionIds": ["claim:8842"], "params": {}}}
    assert seen.updates == 1
    assert "已认领" in seen.text
    assert "华联科技" in seen.text


async def test_late_answer_is_ignored(world: World) -> None:
    server, bot, link = world
    server.stream.card_deadline = 0.05
    await bot.card("late", "rep", [CLAIM])
    link.delay = 0.15
    link.answer = lambda frame: {"response": {"cardData": {"cardParamMap": {"markdown": "太晚"}}}}
    await server.phones["rep"].clicks("认领")
    await asyncio.sleep(0.2)
    assert server.phones["rep"].find("太晚") is None
    assert len(server.wire.of("card callback timed out")) == 1
    assert len(server.wire.of("ack too late")) == 1


async def test_button_goes_nowhere_without_callback_type_or_connection(world: World) -> None:
    server, bot, link = world
    await bot.card("mute", "rep", [CLAIM], callbackType=None)
    await server.phones["rep"].clicks("认领")
    assert len(server.wire.of("no callback")) == 1
    await bot.card("alone", "rep", [CLAIM])
    await link.ws.close()
    await link.ended()
    while server.connections:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    await server.phones["rep"].clicks("认领")
    assert len(server.wire.of("lost card callback")) == 1


async def test_disabled_links_and_dtmd_buttons(world: World) -> None:
    server, bot, link = world
    opens = {"text": "打开", "url": "https://x.example"}
    dtmd = {"text": "说", "url": "dtmd://dingtalkclient/sendMessage?content=x"}
    await bot.card("mixed", "rep", [{**CLAIM, "status": "disabled"}, opens, dtmd])
    rep = server.phones["rep"]
    with pytest.raises(Gone):
        await rep.clicks("认领")
    await rep.clicks("打开")
    await rep.clicks("说")  # inert in the public template
    assert link.frames.empty()
    await rep.presses_anyway(rep.seen[-1], "claim:8842")  # an old client presses it all the same
    assert (await link.next())["outTrackId"] == "mixed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"outTrackId": "x" * 101}, "param.invalid"),
        ({"cardTemplateId": ""}, "param.cardTemplateIdEmpty"),
        ({"cardTemplateId": "mine.schema"}, "param.templateNotExist"),
        ({"callbackType": "stream"}, "param.invalid"),
        ({"cardData": {}}, "param.cardPublicDataEmpty"),
        ({"cardData": {"cardParamMap": {"count": 1}}}, "MissingStringValue"),
        ({"cardData": {"cardParamMap": {"x" * 101: "1"}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"markdown": "字" * 342}}}, "param.invalid"),
        ({"openSpaceId": ""}, "param.openSpaceIdEmpty"),
        ({"openSpaceId": "dtv1.card//im_robot.rep"}, "param.openSpaceIdInvalid"),
        ({"imRobotOpenSpaceModel": None}, "param.openSpaceModelInvalid"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        (
            {"imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "other"}},
            "param.openDeliverModelError",
        ),
        ({"privateData": {"nobody": {"cardParamMap": {"a": "b"}}}}, "param.userIdNotExist"),
    ],
)
async def test_create_refuses(world: World, changes: dict[str, Any], code: str) -> None:
    server, bot, _ = world
    status, answer = await bot.card("bad", "rep", [CLAIM], **changes)
    assert (status, answer["code"]) == (400, code)
    assert server.phones["rep"].seen == []


async def test_value_limit_can_be_lifted_and_own_templates_added(world: World) -> None:
    server, bot, _ = world
    server.limits.card_value_bytes = 18_000
    server.templates["mine.schema"] = ("headline",)
    values = {"headline": "字" * 2000, "hidden": "看不见"}
    status, _ = await bot.card(
        "own", "rep", [], cardTemplateId="mine.schema", cardData={"cardParamMap": values}
    )
    assert status == 200
    assert server.phones["rep"].seen[-1].text == "字" * 2000


async def test_out_track_id_has_one_life(world: World) -> None:
    server, bot, _ = world
    await bot.card("once", "rep", [CLAIM])
    status, answer = await bot.card("once", "rep", [SKIP], cardData={"cardParamMap": {"markdown": "新内容"}})
    assert (status, answer["success"]) == (200, True)
    rep = server.phones["rep"]
    assert rep.count("华联科技") == 1
    assert rep.count("新内容") == 0


async def test_failed_delivery_is_http_200(world: World) -> None:
    server, bot, _ = world
    server.faults.card_deliver_fail_next = 1
    status, answer = await bot.card("fails", "rep", [CLAIM])
    assert (status, answer["success"]) == (200, True)
    assert answer["result"]["deliverResults"][0]["success"] is False
    assert server.phones["rep"].seen == []
    await bot.card("fails", "rep", [CLAIM])  # the same card once more
    assert len(server.phones["rep"].seen) == 1
    _, answer = await bot.card("ghost", "nobody", [CLAIM])
    assert answer["result"]["deliverResults"][0]["success"] is False


async def test_put_overwrites_or_merges_by_key(world: World) -> None:
    server, bot, _ = world
    await bot.card("upd", "rep", [CLAIM])
    body: dict[str, Any] = {"outTrackId": "upd", "cardData": {"cardParamMap": {"tips": "已由 王芳 认领"}}}
    by_key = {**body, "cardUpdateOptions": {"updateCardDataByKey": True}}
    assert (await bot.call("PUT", PUT, by_key)) == (200, {"success": True, "result": True})
    seen = server.phones["rep"].seen[-1]
    assert "华联科技" in seen.text
    assert seen.button("认领")
    await bot.call("PUT", PUT, body)
    assert seen.text == "已由 王芳 认领"
    assert seen.buttons == []
    assert len(server.phones["rep"].seen) == 1
    assert (await bot.call("PUT", PUT, {"outTrackId": "upd"}))[1][
        "code"
    ] == "param.cardDataAndPrivateDataBothEmpty"
    assert (await bot.call("PUT", PUT, {**body, "outTrackId": "?"}))[1]["code"] == "param.cardNotExist"


async def test_group_card_private_data_and_answers_for_the_clicker(world: World) -> None:
    server, bot, link = world
    group = server.group("销售群", ["rep", "boss"])
    space = {
        "openSpaceId": f"dtv1.card//IM_GROUP.{group.id}", "imGroupOpenSpaceModel": {"supportForward": False},
        "imGroupOpenDeliverModel": {"robotCode": "dingsim"},
        "privateData": {"boss": {"cardParamMap": {"tips": "只有张总看得到"}}},
    }  # fmt: skip
    await bot.card("group", "rep", [CLAIM], **space)
    rep, boss = server.phones["rep"], server.phones["boss"]
    assert boss.find("只有张总看得到")
    assert rep.find("只有张总看得到") is None
    link.answer = lambda frame: {
        "response": {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"title": "已认领"}},
        }
    }
    await rep.clicks("认领")
    data = await link.next()
    assert (data["spaceType"], data["spaceId"]) == ("IM_GROUP", group.id)
    assert rep.find("已认领")
    assert boss.find("已认领") is None  # the others see it with the next PUT
    by_key = {"updateCardDataByKey": True}
    await bot.call(
        "PUT", PUT, {"outTrackId": "group", "cardData": {"cardParamMap": {}}, "cardUpdateOptions": by_key}
    )
    assert boss.find("已认领")
    only = {**space, "imGroupOpenDeliverModel": {"robotCode": "dingsim", "recipients": ["boss"]}}
    await bot.card("secret", "rep", [], **only)
    assert (len(rep.seen), len(boss.seen)) == (1, 2)


async def test_bare_callbacks_double_clicks_and_bad_answers(world: World) -> None:
    server, bot, link = world
    server.faults.bare_callbacks = server.faults.value_for_content = True
    await bot.card("bare", "rep", [CLAIM])
    link.answer = lambda frame: {"response": {"cardData": {"cardParamMap": {"title": 5}}}}
    await server.phones["rep"].clicks("认领", times=2)
    first, second = await link.next(), await link.next()
    assert first == second
    assert set(first) == {"type", "outTrackId", "corpId", "userId", "value"}
    assert len(server.complaints) == 2
    assert server.phones["rep"].find("华联科技")


async def test_create_and_deliver_apart_and_by_union_id(world: World) -> None:
    server, bot, link = world
    body = {
        "cardTemplateId": BUTTONS, "outTrackId": "split", "callbackType": "STREAM", "userIdType": 2,
        "cardData": {"cardParamMap": {"markdown": "分两步", "sys_full_json_obj": json.dumps({"msgButtons": [CLAIM]})}},
        "imRobotOpenSpaceModel": {"supportForward": True},
    }  # fmt: skip
    assert (await bot.post(PUT, body))[1] == {"success": True, "result": "split"}
    assert server.phones["rep"].seen == []
    deliver = {
        "outTrackId": "split", "userIdType": 2, "openSpaceId": "dtv1.card//IM_ROBOT.unirep",
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
    }  # fmt: skip
    _, answer = await bot.post("/v1.0/card/instances/deliver", deliver)
    assert answer["result"][0]["success"] is True
    await server.phones["rep"].clicks("认领")
    data = await link.next()
    assert (data["userId"], data["userIdType"]) == ("unirep", 2)


async def test_streaming_and_forms(world: World) -> None:
    server, bot, link = world
    field = {
        "name": "stage", "label": "阶段", "type": "SELECT",
        "options": [{"value": "1", "text": "初步接触"}, {"value": "2", "text": "报价"}],
    }  # fmt: skip
    values = {"title": "跟进", "form": json.dumps({"fields": [field]}), "form_btn_text": "提交"}
    template = "280f6d7a-63bc-4905-bf3f-4c6d95e5166b.schema"
    await bot.card("form", "rep", [], cardTemplateId=template, cardData={"cardParamMap": values})
    rep = server.phones["rep"]
    rep.chooses("阶段", "报价")
    await rep.clicks("提交")
    private = json.loads((await link.next())["content"])["cardPrivateData"]
    assert private["actionIds"] == ["form"]
    assert private["params"]["form"] == {"stage": {"index": 1, "value": "2"}}
    template = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
    await bot.card("ai", "rep", [], cardTemplateId=template, cardData={"cardParamMap": {"flowStatus": "1"}})
    part = {
        "outTrackId": "ai",
        "guid": "g1",
        "key": "msgContent",
        "content": "正在想",
        "isFull": True,
        "isFinalize": False,
    }
    assert (await bot.call("PUT", "/v1.0/card/streaming", part))[0] == 200
    assert rep.seen[-1].text == "正在想"
    assert (await bot.call("PUT", "/v1.0/card/streaming", {**part, "guid": ""}))[1][
        "code"
    ] == "param.stream.guidEmpty"
