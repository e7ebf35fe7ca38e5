"""The demo as its reader meets it: started with one command, told a story on both phones, killed, stopped."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

import demo
from bot.config import load
from sim.people import FIRM
from tests.demo_kit import BOSS, ROOT, STOP, USERS, Demo, free_ports, run, running

pytestmark = pytest.mark.timeout(300)
PHONES = USERS | {"wecom_aibot": "WangLei"}
SAYS = {
    "wecom": "同步至CRM 李四 13800138000 苏州联达机电有限公司 想买两台液压站",
    "dingtalk": "同步至CRM 赵工 13700137000 无锡华泰机械有限公司 想要两件阀块样品",
    "wecom_aibot": "同步至CRM 孙立 13600136000 常州博瑞液压有限公司 想要十台油泵",
}


async def starts_a_follow_up(one: Demo, platform: str) -> None:
    """Draft → new customer → the first question of the check-in."""
    user = PHONES[platform]
    await one.does(platform, user, "say", text=SAYS[platform])
    await one.sees(platform, user, "识别到联系人（草稿）")
    await one.clicks(platform, user, "存为新客户")
    await one.sees(platform, user, "已存为 C-")
    await one.clicks(platform, user, "开始跟进")
    await one.sees(platform, user, "1/3")


async def ends_a_follow_up(one: Demo, platform: str) -> None:
    """The three steps of the check-in, the last in words."""
    user = PHONES[platform]
    await one.clicks(platform, user, "电话")
    await one.sees(platform, user, "2/3")
    await one.clicks(platform, user, "等待报价")
    await one.sees(platform, user, "3/3")
    await one.does(platform, user, "say", text="周二前发测试报告")
    await one.sees(platform, user, "已记录")


async def test_a_story_on_both_phones_survives_kill_9(tmp_path: Path) -> None:
    async with running(tmp_path / "demo", "--fresh") as one:
        assert f"演示已就绪： {one.url}/" in one.said
        assert one.said.index("页面开了") < one.said.index("演示已就绪"), "the page does not wait for the bot"
        await starts_a_follow_up(one, "wecom")
        killed = one.bot()
        os.kill(killed, signal.SIGKILL)
        await one.says("机器人退出了（信号 SIGKILL），正在重启", "机器人已重启")
        await one.bot_up()
        assert one.bot() != killed
        await ends_a_follow_up(one, "wecom")
        await starts_a_follow_up(one, "dingtalk")
        await ends_a_follow_up(one, "dingtalk")
        await one.does("wecom_aibot", PHONES["wecom_aibot"], "enter")
        await starts_a_follow_up(one, "wecom_aibot")
        await ends_a_follow_up(one, "wecom_aibot")
        for platform, user in PHONES.items():
            done = [row for row in await one.screen(platform, user) if "已记录" in row["text"]]
            assert len(done) == 1, platform
        assert await one.stop() == 0
    for port in range(int(one.url.rpartition(":")[2]), int(one.url.rpartition(":")[2]) + 5):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"{port} is still open"


async def test_an_enquiry_that_is_left_alone_climbs_to_the_manager_and_time_outlives_a_kill(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "demo") as one:
        await one.bot_up()
        await one.post("/api/clock", {"to": "morning"})
        fields = {
            "name": "陈工",
            "phone": "13912345678",
            "company": "宁波恒达汽配有限公司",
            "need": "阀块，月 300 件",
        }
        made = await one.post("/api/lead", fields)
        assert made["status"] == 201
        lead = made["answer"]["id"]
        await one.sees("wecom", USERS["wecom"], "新线索", lead, "139****5678")
        await one.post("/api/clock", {"pass_seconds": 3 * 3600})
        await one.sees("wecom", USERS["wecom"], lead, "已过 2 小时")
        os.kill(one.bot(), signal.SIGKILL)
        await one.says("机器人已重启")
        await one.bot_up()
        await one.post("/api/clock", {"pass_seconds": 4 * 3600})
        await one.sees("wecom", USERS["wecom"], lead, "已通知张敏")
        breach = await one.sees("wecom", BOSS["wecom"], "超时未首触", lead)
        assert "催一下" in [press["label"] for press in breach["buttons"]]


async def test_the_data_of_an_earlier_run_are_there_again_unless_it_is_fresh(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    async with running(data) as one:
        await starts_a_follow_up(one, "wecom")
    (data / "config.toml").write_text(
        (data / "config.toml").read_text("utf-8").replace('name       = "跟进"', 'name       = "小跟"'),
        "utf-8",
    )
    (data / "mine.txt").write_text("not the demo's")
    async with running(data) as one:
        assert "继续上次的数据" in one.said
        await one.does("wecom", USERS["wecom"], "say", text="/打卡")
        card = await one.sees("wecom", USERS["wecom"], "1/3", "联达")
        assert card["raw"]["card"]["source"]["desc"].startswith("小跟"), "the reader's changes are kept"
        await one.clicks("wecom", USERS["wecom"], "微信")
        await one.sees("wecom", USERS["wecom"], "2/3")
    async with running(data, "--fresh") as one:
        assert "继续上次的数据" not in one.said
        await one.does("wecom", USERS["wecom"], "say", text="/客户 联达")
        answer = await one.sees("wecom", USERS["wecom"], "联达")
        assert "C-" not in answer["text"]
    assert (data / "mine.txt").exists()


@pytest.mark.parametrize("taken", [0, 4])
async def test_a_taken_port_is_one_sentence(tmp_path: Path, taken: int) -> None:
    port = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + taken))
        other.listen()
        process = await run("--port", str(port), "--data", str(tmp_path / "demo"))
        out, errors = await asyncio.wait_for(process.communicate(), STOP)
    assert process.returncode == 2
    assert out == b""
    (line,) = errors.decode().splitlines()
    assert line.startswith(f"端口 {port + taken} 已被占用")
    assert "--port" in line


async def test_a_configuration_that_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    data.mkdir()
    text = demo.configuration((ROOT / "config.toml").read_text("utf-8"), data, demo.Ports(8080))
    (data / "config.toml").write_text(text.replace('"09:00-12:00"', '"9 to 12"'), "utf-8")
    process = await run("--port", str(free_ports()), "--data", str(data))
    _, errors = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 2
    (line,) = errors.decode().splitlines()
    assert line.startswith("机器人没有启动成功：config.toml：calendar.shifts")


def test_the_configuration_is_the_shipped_one_with_the_firm_in_it(tmp_path: Path) -> None:
    shipped = ROOT / "config.toml"
    path = tmp_path / "config.toml"
    path.write_text(
        demo.configuration(shipped.read_text("utf-8"), tmp_path / 'it\'s "here"', demo.Ports(9000)), "utf-8"
    )
    made, plain = load(path, {}), load(shipped, {})
    for section in ("calendar", "sla", "checkin", "conclusion", "form", "resource", "messages", "assignment"):
        assert getattr(made, section) == getattr(plain, section), section
    assert made.store.database == f'sqlite:///{tmp_path}/it\'s "here"/genjin.db'
    assert made.wecom.enabled
    assert made.dingtalk.enabled
    assert [(m.id, m.wecom, m.dingtalk) for m in made.member] == [(p.id, p.wecom, p.dingtalk) for p in FIRM]


OWN = """\
[app]
name = "小跟"
[store]
database = "postgresql://u:p@db.example/genjin"
redis = "redis://cache.example/0"
[wecom]
enabled = true
corp_id = "wwreal"
agent_id = 1000001
secret = "${WECOM_SECRET}"
token = "${WECOM_TOKEN}"
aes_key = "${WECOM_AES_KEY}"
[mail]                  # 真的会发信
host = "smtp.example"
port = 465
security = "tls"
user = "crm"
password = "${GENJIN_MAIL_PASSWORD}"
sender = "crm@firm.test"
[[robot]]
name = "销售群"
url = "https://robot.example/send?key=${ROBOT_KEY}"
[[mailbox]]
name = "enquiries"
host = "imap.example"
user = "crm"
password = "${GENJIN_MAIL_PASSWORD}"
[[team]]
name = "华南"
manager = "laochen"
[[member]]
id = "axin"
name = "阿欣"
wecom = "AXin"
team = "华南"
[[member]]              # 还没有平台账号
id = "laochen"
name = "老陈"
dingtalk = ""
roles = ["manager", "admin"]
[[conclusion]]
name = "要打样"
status = "sample"
"""


def test_a_configuration_of_ones_own_keeps_its_people_and_rules_and_nothing_that_leads_outside(
    tmp_path: Path,
) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(OWN, "utf-8")
    made = demo.rehearsal(own, tmp_path / "demo", demo.Ports(9000))
    assert [(one.name, one.title, one.wecom, one.dingtalk) for one in made.people] == [
        ("阿欣", "销售", "axin", "axin"), ("老陈", "主管、管理员", "laochen", "laochen"),
    ]  # fmt: skip
    config = load(made.file, {})
    assert config.app.name == "小跟"
    assert [one.name for one in config.conclusion] == ["要打样"]
    assert config.wecom.api_base == "http://127.0.0.1:9002"
    assert config.wecom.corp_id == "wwsim"
    assert config.dingtalk.enabled
    assert config.wecom_aibot.ws_base == "ws://127.0.0.1:9004"
    assert (config.mail.host, config.mail.port, config.mail.sender) == ("127.0.0.1", 9, "crm@firm.test")
    assert config.robot[0].url.get_secret_value() == "http://127.0.0.1:9/"
    assert config.mailbox == ()
    assert "example" not in made.file.read_text("utf-8")
    assert own.read_text("utf-8") == OWN


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            OWN.replace('"华南"\n[[member]]', '"华北"\n[[member]]'),
            "mine.toml：整体：[[member]] 'axin' 的 team '华北'",
        ),
        (OWN.replace("[app]", "[app"), "mine.toml：不是合法的 TOML"),
        (OWN.partition("[[team]]")[0], "mine.toml 里没有 [[member]]"),
        ("member = [{ id = 'a', name = '甲' }]", "mine.toml：演练要求每个成员写成一段"),
    ],
)
def test_a_wrong_configuration_of_ones_own_is_one_clear_sentence(
    tmp_path: Path, text: str, says: str
) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(demo.Trouble) as wrong:
        demo.rehearsal(own, tmp_path / "demo", demo.Ports(9000))
    assert str(wrong.value).startswith(says)
    with pytest.raises(demo.Trouble, match="没有这个文件"):
        demo.rehearsal(tmp_path / "none.toml", tmp_path / "demo", demo.Ports(9000))


async def test_ones_own_people_are_on_the_phones(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(OWN, "utf-8")
    async with running(tmp_path / "demo", "--config", str(own)) as one:
        await one.bot_up()
        state = await one.get("/api/state")
        assert [person["name"] for person in state["platforms"][1]["people"]] == ["阿欣", "老陈"]
        await one.does("dingtalk", "axin", "say", text=SAYS["dingtalk"])
        await one.sees("dingtalk", "axin", "识别到联系人（草稿）")
        await one.clicks("dingtalk", "axin", "存为新客户")
        await one.sees("dingtalk", "axin", "已存为 C-")


async def test_the_panel_kills_the_bot_for_real_and_the_story_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path / "demo", "--fresh") as one:
        await one.bot_up()
        await starts_a_follow_up(one, "wecom")
        killed = (await one.post("/api/bot", {"do": "kill_and_stay"}))["pid"]
        assert killed == one.bot()
        await one.says("机器人退出了（信号 SIGKILL）", "先不启动")
        await one.post(
            "/api/wecom/WangLei/say", {"text": "/今日"}
        )  # the platform tries again for some seconds
        await one.post("/api/bot", {"do": "start"})
        await one.says("机器人已重启")
        await one.bot_up()
        assert one.bot() != killed
        await ends_a_follow_up(one, "wecom")
        rows = (await one.get("/api/ledger"))["rows"]
        assert {row["on_phone"] for row in rows} <= {True, None}, "nothing is missing on the phones"


def test_a_store_that_is_given_is_kept(tmp_path: Path) -> None:
    one = demo.Demo(demo.Ports(9000), tmp_path)
    given = {
        "GENJIN_STORE__DATABASE": "postgresql://u:p@h/db",
        "GENJIN_STORE__REDIS": "redis://h/0",
        "PATH": "/bin",
    }
    env = one.environment(given)
    assert env.items() >= given.items()
    assert one.environment({})["GENJIN_STORE__DATABASE"] == f"sqlite:///{tmp_path}/genjin.db"
    (tmp_path / "ahead").write_text("3600.0\n")
    assert one.environment({})["GENJIN_DEV_CLOCK_AHEAD"] == "3600.0"
