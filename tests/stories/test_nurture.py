"""Nurture mail over a real SMTP server: consent, the letter, opens and clicks that come back, 退订, a return."""

import re
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from rules.nurture import read, sign
from store.tables import fact
from tests.stories.test_sla import checks_in
from tests.world import World


class Postbox:
    """What the mail server got; `refuse` is the answer to every address."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuse = ""
        self.times = 1_000_000
        self.port = 0

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.refuse and self.times:
            self.times -= 1
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def box() -> Iterator[Postbox]:
    one = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        one.port = int(free.getsockname()[1])
    controller = Controller(one, hostname="127.0.0.1", port=one.port)
    controller.start()
    try:
        yield one
    finally:
        controller.stop()


@pytest.fixture
def changes(box: Postbox) -> dict[str, Any]:
    return {
        "mail": {"host": "127.0.0.1", "port": box.port, "security": "none", "sender": "crm@example.com"},
        "nurture": {"enabled": True, "offer": "本月 <样品> 免费", "link": "https://example.com/offer"},
    }


async def silent_lead(world: World, *, agrees: bool = True) -> str:
    """An intent lead with a mail address, left alone for almost three days."""
    made = await world.api_lead(email="chen@hengda.cn")
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, "有意向", "12月31日再联系")
    if agrees:
        await world.rep.says(f"/邮件同意 {made}")
        await world.rep.sees("已记下：客户同意收邮件")
    await world.at("2026-11-26 09:50")
    return made


def link(world: World, mail: Any, what: str) -> str:
    html = mail.get_body(("html",)).get_content()
    found = re.search(rf'"http://127\.0\.0\.1:8080(/m/{what}/[^"]+)"', html)
    assert found, html
    return world.url + found[1]


async def visit(url: str, *, post: bool = False) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session:
        call = session.post if post else session.get
        async with call(url, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text("latin-1")


async def test_a_letter_goes_out_and_what_comes_back_is_told(world: World, box: Postbox):
    made = await silent_lead(world)
    assert box.mails == []
    await world.at("2026-11-26 10:10")
    assert len(box.mails) == 1
    mail = box.mails[0]
    assert (mail["To"], mail["Subject"]) == ("chen@hengda.cn", "您关注的资料")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html, text = mail.get_body(("html",)).get_content(), mail.get_body(("plain",)).get_content()
    assert "本月 &lt;样品&gt; 免费" in html  # whatever a person wrote is escaped
    assert "陈工，您好" in text
    assert "退订：" in text
    await world.passes(minutes=30)
    assert (await visit(link(world, mail, "o")))[0] == 200
    await visit(link(world, mail, "o"))
    await world.idle()
    await world.rep.sees(f"{made} 客户打开了邮件", "《您关注的资料》")
    assert world.rep.count("客户打开了邮件") == 1
    status, where, _ = await visit(link(world, mail, "c"))
    assert (status, where) == (302, "https://example.com/offer")
    await world.idle()
    await world.rep.sees(f"{made} 客户点了邮件里的链接", "看了：本月", "免费")
    async with world.db.read() as tx:
        names = (
            (
                await tx.execute(
                    sa.select(fact.c.name).where(fact.c.name.startswith("mail.")).order_by(fact.c.id)
                )
            )
            .scalars()
            .all()
        )
    assert names == ["mail.sent", "mail.opened", "mail.clicked"]
    await world.at("2026-12-10 11:00")
    assert len(box.mails) == 1


async def test_no_letter_without_consent_and_none_after_stopping(world: World, box: Postbox):
    await silent_lead(world, agrees=False)
    await world.at("2026-11-26 10:10")
    assert box.mails == []
    await world.rep.says("/邮件同意 1001")
    await world.rep.sees("已记下：客户同意收邮件")
    await world.rep.clicks("现在跟进", on="72 小时")
    await world.idle()
    await checks_in(world, "等待报价", "12月31日再联系")
    await world.at("2026-11-30 09:30")  # three days end on a Sunday
    await world.passes(days=1)
    assert len(box.mails) == 1
    leave = link(world, box.mails[0], "u")
    assert "确认退订".encode().decode("latin-1") in (await visit(leave))[2]
    assert world.rep.count("退订了") == 0  # looking alone stops nothing
    assert (await visit(leave, post=True))[0] == 200
    await visit(leave, post=True)
    await world.idle()
    await world.rep.sees("客户退订了邮件")
    assert world.rep.count("客户退订了邮件") == 1


async def test_a_forged_link_is_worth_nothing(world: World, box: Postbox):
    await silent_lead(world)
    await world.at("2026-11-26 10:10")
    good = link(world, box.mails[0], "c")
    assert (await visit(good.replace("/m/c/1.", "/m/c/2.")))[0] == 404
    assert (await visit(good[:-1] + "7"))[0] == 404
    assert (await visit(link(world, box.mails[0], "u")[:-1] + "x"))[0] == 404
    assert (await visit(world.url + "/m/o/1.0000.gif"))[0] == 200  # a picture is a picture
    await world.idle()
    assert world.rep.count("客户打开了邮件") == 0
    assert read("secret", "open", sign("secret", "open", 12)) == 12
    assert read("secret", "stop", sign("secret", "open", 12)) is None


async def test_a_returned_letter_is_told_and_the_address_left_alone(world: World, box: Postbox):
    box.refuse = "550 no such user"
    made = await silent_lead(world)
    await world.at("2026-11-26 10:30")
    await world.rep.sees(f"{made} 邮件被退回", "收件地址被拒绝（550）")
    assert box.mails == []


async def test_a_letter_is_tried_again_when_the_mail_server_is_busy(world: World, box: Postbox):
    box.refuse, box.times = "451 try again later", 1
    await silent_lead(world)
    await world.at("2026-11-26 10:10")
    assert len(box.mails) == 1
    assert world.rep.count("邮件被退回") == 0
