"""The DingTalk simulator's HTTP side: tokens, quotas, faults, robot messages, webhooks, media, to-dos, contacts."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sim.dingtalk_server import DingtalkServer
from tests.sim.dingtalk_bot import Bot, running

World = tuple[DingtalkServer, Bot]
BATCH = "/v1.0/robot/oToMessages/batchSend"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as parts:
        yield parts


async def session_of(server: DingtalkServer, bot: Bot, *, group: str = "") -> str:
    """A sessionWebhook, as the robot gets it with a message."""
    link = bot.links[0] if bot.links else await bot.link()
    await server.phones["rep"].does("say", text="在吗", group=group)
    url: str = (await link.next())["sessionWebhook"]
    return url


async def hook(bot: Bot, url: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with bot.http.post(url, json=body) as response:
        return response.status, await response.json()


async def test_token_is_the_same_while_valid_then_expires(world: World) -> None:
    server, bot = world
    first = await bot.login()
    assert await bot.login() == first
    server.skew += 7201
    status, answer = await bot.send(["rep"], "sampleText", {"content": "x"})
    assert (status, answer["code"]) == (400, "InvalidAuthentication")
    status, answer = await bot.post("/topapi/v2/user/get", {"userid": "rep"})
    assert (status, answer["errcode"]) == (200, 40014)
    assert await bot.login() != first
    assert (await bot.send(["rep"], "sampleText", {"content": "x"}))[0] == 200
    server.forget_tokens()
    assert (await bot.send(["rep"], "sampleText", {"content": "x"}))[0] == 400


async def test_other_ways_to_a_token_and_bad_secrets(world: World) -> None:
    server, bot = world
    token = await bot.login()
    async with bot.http.get(
        f"{server.url}/gettoken?appkey=dingsim&appsecret=sim-dingtalk-secret"
    ) as response:
        assert (await response.json())["access_token"] == token
    async with bot.http.get(f"{server.url}/gettoken?appkey=dingsim&appsecret=no") as response:
        assert (await response.json())["errcode"] == 40001
    body = {
        "client_id": "dingsim",
        "client_secret": "sim-dingtalk-secret",
        "grant_type": "client_credentials",
    }
    assert (await hook(bot, f"{server.url}/v1.0/oauth2/dingcorp/token", body))[1]["access_token"] == token
    status, answer = await hook(
        bot, f"{server.url}/v1.0/oauth2/accessToken", {"appKey": "dingsim", "appSecret": "no"}
    )
    assert (status, answer["code"]) == (400, "invalidClientIdOrSecret")
    assert "sim-dingtalk-secret" not in str(list(server.wire))


async def test_batch_send_reports_each_person(world: World) -> None:
    server, bot = world
    server.person("hidden", "隐身", visible=False)
    server.faults.throttled = {"boss"}
    status, answer = await bot.send(
        ["rep", "boss", "hidden", "nobody"], "sampleText", {"content": "今日跟进"}
    )
    assert status == 200
    assert answer["invalidStaffIdList"] == ["hidden", "nobody"]
    assert answer["flowControlledStaffIdList"] == ["boss"]
    assert (await server.phones["rep"].sees("今日跟进")).kind == "text"
    assert server.phones["boss"].seen == server.phones["hidden"].seen == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.auth"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"userIds": [str(n) for n in range(21)]}, "invalidParameter.userIds.overMax"),
        ({"msgKey": ""}, "invalidParameter.msgKey.empty"),
        ({"msgKey": "sampleTable"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": {"content": "an object"}}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "not json"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "{}"}, "miss.param.content"),
        ({"msgParam": '{"content": 5}'}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": json.dumps({"content": "字" * 5001}, ensure_ascii=False)}, "invalidParameter.msgParam.tooLong"),
        ({"msgKey": "sampleActionCard2", "msgParam": '{"title":"t","text":"x","actionTitle1":"a","actionURL1":"u"}'},
         "miss.param.actionTitle2"),
        ({"msgKey": "sampleFile", "msgParam": '{"mediaId":"@x","fileName":"a.exe","fileType":"exe"}'}, "msg.unsupport"),
        ({"msgKey": "sampleFile", "msgParam": '{"mediaId":"@x","fileName":"a.pdf","fileType":"pdf"}'},
         "resource.not.found"),
    ],
)  # fmt: skip
async def test_batch_send_refuses(world: World, changes: dict[str, Any], code: str) -> None:
    server, bot = world
    status, answer = await bot.send(["rep"], "sampleText", {"content": "x"}, **changes)
    assert (status, answer["code"]) == (400, code)
    assert server.phones["rep"].seen == []
    assert server.month().api_calls == 0  # what fails is not counted


async def test_markdown_and_links_as_they_are_read(world: World) -> None:
    server, bot = world
    body = "### 今日跟进\n- **华联科技** [打开](https://x.example)\n> 张总\n\n[认领](dtmd://dingtalkclient/sendMessage?content=%E8%AE%A4%E9%A2%86)"
    await bot.send(["rep"], "sampleMarkdown", {"title": "提醒", "text": body})
    seen = await server.phones["rep"].sees("华联科技 打开")
    assert seen.text == "提醒\n今日跟进\n- 华联科技 打开\n张总\n\n认领"
    assert [press.label for press in seen.buttons] == ["认领"]


async def test_dtmd_button_makes_the_person_say_it(world: World) -> None:
    server, bot = world
    link = await bot.link()
    param = {
        "title": "新线索", "text": "**华联科技**", "actionTitle1": "认领", "actionTitle2": "打开",
        "actionURL1": "dtmd://dingtalkclient/sendMessage?content=%23%E8%AE%A4%E9%A2%86%208842",
        "actionURL2": "https://x.example",
    }  # fmt: skip
    await bot.send(["rep"], "sampleActionCard2", param)
    rep = server.phones["rep"]
    await rep.clicks("认领")
    assert (await link.next())["text"]["content"] == "#认领 8842"
    assert rep.seen[-1].mine
    await rep.clicks("打开")
    assert len(server.wire.of("opens a page")) == 1
    assert link.frames.empty()


async def test_group_send_recall_and_readers(world: World) -> None:
    server, bot = world
    group = server.group("销售群", ["rep", "boss"])
    body = {
        "robotCode": "dingsim",
        "openConversationId": group.id,
        "msgKey": "sampleText",
        "msgParam": '{"content":"早"}',
    }
    status, answer = await bot.post("/v1.0/robot/groupMessages/send", body)
    assert status == 200
    key = answer["processQueryKey"]
    await server.phones["boss"].sees("早")
    await asyncio.sleep(0.005)
    await server.phones["boss"].does("read")
    asked = {"robotCode": "dingsim", "openConversationId": group.id, "processQueryKey": key}
    assert (await bot.post("/v1.0/robot/groupMessages/query", asked))[1]["readUserIds"] == ["boss"]
    recall = {"robotCode": "dingsim", "openConversationId": group.id, "processQueryKeys": [key, "nope"]}
    _, answer = await bot.post("/v1.0/robot/groupMessages/recall", recall)
    assert answer == {"successResult": [key], "failedResult": {"nope": "invalid.processQueryKey"}}
    assert server.phones["boss"].seen[0].recalled
    assert server.phones["boss"].find("早") is None
    status, answer = await bot.post("/v1.0/robot/groupMessages/send", {**body, "openConversationId": "cid?"})
    assert answer["code"] == "invalid.openConversationId"


async def test_read_status_and_recall_within_a_day(world: World) -> None:
    server, bot = world
    key = (await bot.send(["rep"], "sampleText", {"content": "在吗"}))[1]["processQueryKey"]
    path, query = "/v1.0/robot/oToMessages/readStatus", {"robotCode": "dingsim", "processQueryKey": key}
    _, answer = await bot.call("GET", path, None, **query)
    assert answer["messageReadInfoList"] == [{"name": "王芳", "userId": "rep", "readStatus": "UNREAD"}]
    await asyncio.sleep(0.005)
    await server.phones["rep"].does("read")
    assert (await bot.call("GET", path, None, **query))[1]["messageReadInfoList"][0]["readStatus"] == "READ"
    server.skew += 25 * 3600
    await bot.login()
    assert (await bot.call("GET", path, None, **query))[1]["code"] == "processQueryKey.expireTime"
    recall = {"robotCode": "dingsim", "processQueryKeys": [key]}
    _, answer = await bot.post("/v1.0/robot/otoMessages/batchRecall", recall)
    assert answer["failedResult"] == {key: "robot.processQueryKey.expired"}


async def test_webhook_answers_with_errcodes_and_expires(world: World) -> None:
    server, bot = world
    url = await session_of(server, bot)
    rep = server.phones["rep"]
    assert await hook(bot, url, {"msgtype": "text", "text": {"content": "收到"}}) == (
        200,
        {"errcode": 0, "errmsg": "ok"},
    )
    await rep.sees("收到")
    await hook(bot, url, {"msgtype": "markdown", "markdown": {"title": "客户卡", "text": "**华联科技**"}})
    await rep.sees("客户卡", "华联科技")
    button = {"title": "打开", "actionURL": "https://x.example"}
    card = {"title": "新线索", "text": "正文", "btnOrientation": "0", "btns": [button]}
    await hook(bot, url, {"msgtype": "actionCard", "actionCard": card})
    assert (await rep.sees("新线索", "正文")).button("打开")
    assert (await hook(bot, url, {"msgtype": "image", "image": {}}))[1]["errcode"] == 400105
    assert (await hook(bot, url, {"msgtype": "text", "text": {}}))[1]["errcode"] == 40035
    assert (await hook(bot, url, {"msgtype": "text", "text": {"content": "字" * 7000}}))[1][
        "errcode"
    ] == 460101
    assert server.month().api_calls == 0
    server.skew += 5401
    status, answer = await hook(bot, url, {"msgtype": "text", "text": {"content": "晚了"}})
    assert (status, answer["errcode"], answer["errmsg"]) == (200, 300001, "session 不存在")


async def test_webhook_of_a_group_reaches_all_and_can_be_throttled(world: World) -> None:
    server, bot = world
    group = server.group("销售群", ["rep", "boss"])
    url = await session_of(server, bot, group=group.id)
    server.limits.webhook_per_minute = 1
    await hook(bot, url, {"msgtype": "text", "text": {"content": "大家好"}})
    await server.phones["boss"].sees("大家好")
    assert (await hook(bot, url, {"msgtype": "text", "text": {"content": "再来"}}))[1]["errcode"] == 410100
    server.expire_sessions()
    assert (await hook(bot, url, {"msgtype": "text", "text": {"content": "x"}}))[1]["errcode"] == 300001


async def test_uploaded_file_is_sent_with_its_bytes(world: World) -> None:
    server, bot = world
    token = await bot.login()
    url = f"{server.url}/media/upload?access_token={token}&type=file"
    form = aiohttp.FormData()
    form.add_field("media", b"cells", filename="报价.xlsx")
    async with bot.http.post(url, data=form) as response:
        answer = await response.json()
    assert (answer["errcode"], answer["type"]) == (0, "file")
    await bot.send(
        ["rep"], "sampleFile", {"mediaId": answer["media_id"], "fileName": "报价.xlsx", "fileType": "xlsx"}
    )
    seen = await server.phones["rep"].sees("报价.xlsx")
    assert (seen.kind, seen.file) == ("file", b"cells")
    wrong = aiohttp.FormData()
    wrong.add_field("file", b"cells", filename="a.xlsx")
    async with bot.http.post(url, data=wrong) as response:
        assert (await response.json())["errcode"] == 40035


async def test_monthly_quota_and_qps(world: World) -> None:
    server, bot = world
    server.limits.api_calls = 2
    for _ in range(2):
        assert (await bot.send(["rep"], "sampleText", {"content": "x"}))[0] == 200
    status, answer = await bot.send(["rep"], "sampleText", {"content": "x"})
    assert (status, answer["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    assert (await bot.post("/topapi/v2/user/get", {"userid": "rep"}))[1]["errcode"] == 0  # contacts stay free
    server.skew += 32 * 86400  # another month
    await bot.login()
    server.limits.qps = 3
    await asyncio.sleep(1.05)
    codes = [await bot.send(["rep"], "sampleText", {"content": "x"}) for _ in range(4)]
    assert [status for status, _ in codes[:2]] == [200, 200]
    server.limits.api_calls = None
    codes += [await bot.send(["rep"], "sampleText", {"content": "x"}) for _ in range(4)]
    assert codes[-1][1]["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
    await asyncio.sleep(1.05)
    assert (await bot.send(["rep"], "sampleText", {"content": "x"}))[0] == 200


async def test_missing_permission_names_the_scope(world: World) -> None:
    server, bot = world
    server.scopes.discard("qyapi_robot_sendmsg")
    status, answer = await bot.send(["rep"], "sampleText", {"content": "x"})
    assert (status, answer["accessdenieddetail"]) == (403, {"requiredScopes": ["qyapi_robot_sendmsg"]})


async def test_scripted_trouble(world: World) -> None:
    server, bot = world
    await bot.login()
    text = ("sampleText", {"content": "麻烦"})
    server.faults.drop_next = 1
    assert (await bot.send(["rep"], *text))[0] == 200
    assert server.phones["rep"].seen == []
    server.faults.fail_next = [(403, "send.too.fast"), (500, "system.busy", "/v1.0/card/")]
    assert (await bot.send(["rep"], *text))[1]["code"] == "send.too.fast"
    assert (await bot.send(["rep"], *text))[0] == 200  # the second waits for a card call
    assert (await bot.post("/v1.0/card/instances", {}))[1]["code"] == "system.busy"
    server.faults.http_500_next = 1
    assert (await bot.send(["rep"], *text))[0] == 500
    server.faults.hang_next = 0.1
    started = time.monotonic()
    assert (await bot.send(["rep"], *text))[0] == 504
    assert time.monotonic() - started >= 0.1
    assert server.phones["rep"].count("麻烦") == 1
    server.faults.deliver_but_fail_next = 1
    with pytest.raises(aiohttp.ClientConnectionError):
        await bot.send(["rep"], *text)
    assert server.phones["rep"].count("麻烦") == 2
    server.faults.html_next = 1
    async with bot.http.post(f"{server.url}{BATCH}", json={}) as response:
        assert response.content_type == "text/html"
    server.faults.cut = True
    for call in (bot.login(), bot.open()):
        with pytest.raises(aiohttp.ClientConnectionError):
            await call


async def test_malformed_bodies_are_refused_not_a_server_error(world: World) -> None:
    server, bot = world
    body = {"outTrackId": "x", "cardData": {"cardParamMap": {"a": "b"}}, "cardUpdateOptions": ["by key"]}
    await bot.card("x", "rep", [])
    status, answer = await bot.call("PUT", "/v1.0/card/instances", body)
    assert (status, answer["code"]) == (400, "InvalidParameter")
    assert (await bot.post("/topapi/v2/department/get", {"dept_id": "root"}))[1]["errcode"] == 40035
    assert len(server.complaints) == 2


async def test_todo_is_idempotent_and_done_by_the_api(world: World) -> None:
    server, bot = world
    path = "/v1.0/todo/users/unirep/tasks"
    body = {
        "sourceId": "followup-5521", "subject": "回访 华联科技", "creatorId": "unirep", "executorIds": ["unirep"],
        "dueTime": server.now_ms() + 3_600_000, "detailUrl": {"appUrl": "https://b/c", "pcUrl": "https://b/c"},
        "contentFieldList": [{"fieldKey": "客户", "fieldValue": "华联科技"}],
    }  # fmt: skip
    status, todo = await bot.post(path, body, operatorId="unirep")
    assert (status, todo["done"]) == (200, False)
    seen = await server.phones["rep"].sees("回访 华联科技", "客户：华联科技")
    assert (seen.kind, seen.raw["id"], seen.raw["sourceId"]) == ("todo", todo["id"], "followup-5521")
    status, answer = await bot.post(path, body, operatorId="unirep")
    assert (status, answer["code"], answer["message"]) == (400, "todo.taskCreate.paramError", "task exist")
    assert (await bot.call("GET", f"{path}/sources/followup-5521"))[1]["id"] == todo["id"]
    assert (await bot.call("GET", f"{path}/sources/none"))[0] == 400
    states = {"executorStatusList": [{"id": "unirep", "isDone": True}]}
    assert (await bot.call("PUT", f"{path}/{todo['id']}/executorStatus", states))[1]["result"] is True
    assert server.todos[todo["id"]]["done"] is True
    await server.phones["rep"].sees("[已完成] 回访")
    assert (await bot.call("PUT", f"{path}/{todo['id']}", {"done": False}))[0] == 200
    assert server.todos[todo["id"]]["done"] is False
    assert (await bot.call("PUT", f"{path}/none", {"done": True}))[1]["message"] == "task not exist"
    query = "/v1.0/todo/users/unirep/org/tasks/query"
    assert len((await bot.post(query, {"isDone": False}))[1]["todoCards"]) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject": "长" * 1025}, "subject is oversize"),
        ({"detailUrl": None}, "detailUrl is empty"),
        ({"dueTime": 1_790_000_000}, "dueTime is invalid"),
        ({"executorIds": ["rep"]}, "unionId is invalid"),
        ({"priority": 5}, "priority is invalid"),
    ],
)
async def test_todo_refuses(world: World, changes: dict[str, Any], message: str) -> None:
    _, bot = world
    body = {"subject": "回访", "detailUrl": {"appUrl": "https://b", "pcUrl": "https://b"}, **changes}
    status, answer = await bot.post("/v1.0/todo/users/unirep/tasks", body)
    assert (status, answer["message"]) == (400, message)


async def test_contacts_and_login_codes(world: World) -> None:
    server, bot = world
    server.department(2, "销售部", managers=["boss"])
    server.person("sun", "孙六", departments=[2], mobile="13900000003")
    _, answer = await bot.post("/topapi/v2/user/get", {"userid": "sun"})
    assert (answer["result"]["unionid"], answer["result"]["dept_id_list"]) == ("unisun", [2])
    assert answer["result"]["mobile"] == "13900000003"
    assert (await bot.post("/topapi/v2/user/get", {"userid": "rep"}))[1]["result"]["manager_userid"] == "boss"
    assert (await bot.post("/topapi/v2/user/getbymobile", {"mobile": "13900000003"}))[1]["result"] == {
        "userid": "sun"
    }
    assert (await bot.post("/topapi/v2/user/getbymobile", {"mobile": "13900000009"}))[1]["errcode"] == 60121
    assert (await bot.post("/topapi/user/getbyunionid", {"unionid": "unisun"}))[1]["result"][
        "userid"
    ] == "sun"
    _, answer = await bot.post("/topapi/v2/department/get", {"dept_id": 2})
    assert answer["result"]["dept_manager_userid_list"] == ["boss"]
    assert (await bot.post("/topapi/v2/department/listsub", {"dept_id": 1}))[1]["result"][0][
        "name"
    ] == "销售部"
    parents = (await bot.post("/topapi/v2/department/listparentbyuser", {"userid": "sun"}))[1]["result"][
        "parent_list"
    ]
    assert parents == [{"parent_dept_id_list": [2, 1]}]
    assert (await bot.post("/topapi/v2/department/get", {"dept_id": 9}))[1]["errcode"] == 60003
    server.scopes.discard("fieldMobile")
    assert "mobile" not in (await bot.post("/topapi/v2/user/get", {"userid": "sun"}))[1]["result"]
    code = server.auth_code("sun")
    assert (await bot.post("/topapi/v2/user/getuserinfo", {"code": code}))[1]["result"]["userid"] == "sun"
    assert (await bot.post("/topapi/v2/user/getuserinfo", {"code": code}))[1]["errcode"] == 40078
    assert server.month().api_calls == 0
