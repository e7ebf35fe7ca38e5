"""Mail comes into a real IMAP mailbox: of strangers, customers, colleagues and machines. (B06)"""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from imap_tools import AND, MailBoxUnencrypted

from bot.config import MemberSection
from store import tables, tables_sources
from tests.web.pages_kit import Visitor
from tests.world import World

TEXT = "想要液压阀块，月 300 件。\n\n宁波恒达汽配有限公司\n陈立 13900000001\n宁波"
USER, PASSWORD = "demouser", "demopass"


class Post:
    """An IMAP server of its own process, and whoever puts mail into it."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        beside = Path(sys.executable).with_name("pymap")
        command = str(beside) if beside.exists() else shutil.which("pymap")
        assert command is not None
        self.process = subprocess.Popen(
            [command, "--host", "127.0.0.1", "--port", str(self.port), "--no-tls", "dict"]
        )

    def opened(self) -> Any:
        return MailBoxUnencrypted("127.0.0.1", self.port, timeout=30).login(USER, PASSWORD)

    def brings(
        self,
        sender: str,
        subject: str,
        text: str,
        *,
        id: str = "",
        files: tuple[str, ...] = (),
        **headers: str,
    ) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "leads@example.com", subject
        mail["Message-ID"] = f"<{sha256((id or sender + subject).encode()).hexdigest()[:20]}@example.com>"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        for name in files:
            mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=name)
        with self.opened() as box:
            box.append(mail.as_bytes(), "INBOX")

    def unseen(self) -> int:
        with self.opened() as box:
            return len(list(box.fetch(AND(seen=False), mark_seen=False)))


@pytest.fixture(scope="module")
def server() -> Iterator[Post]:
    """A real IMAP server over a socket."""
    post = Post()
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", post.port), 1):
                break
            asyncio.run(asyncio.sleep(0.1))
        yield post
    finally:
        post.process.kill()
        post.process.wait()


@pytest.fixture
def post(server: Post) -> Post:
    """The server with an empty mailbox."""
    with server.opened() as box:
        box.delete([mail.uid for mail in box.fetch(mark_seen=False)])
    return server


async def watched(world: World, post: Post) -> None:
    """The bot starts again and looks into the mailbox."""
    world.changes["mailbox"] = ({"name": "leads", "host": "127.0.0.1", "port": post.port, "tls": False, "user": USER,
                                 "password": PASSWORD, "every": "1s", "source": "邮件询盘"},)  # fmt: skip
    members = [MemberSection.model_validate(one) for one in world.config.model_dump()["member"]]
    world.changes["member"] = tuple(
        one.model_copy(update={"email": "wanglei@firm.cn" if one.id == "wanglei" else ""}).model_dump() for one in members
    )  # fmt: skip
    await world.restart()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110  (the server is another process)
            await asyncio.sleep(0.2)


async def _count(world: World, table: sa.Table) -> int:
    async with world.db.read() as tx:
        return int((await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


async def test_a_broken_mail_and_a_huge_one_do_not_stop_those_behind_them(world: World, post: Post) -> None:
    broken = (
        b"From: x <x@x.cn>\r\nMessage-ID: <1@x.cn>\r\nSubject: =?utf-8?B?A?=\r\n\r\nhello 13900000002\r\n"
    )
    with await asyncio.to_thread(post.opened) as box:
        await asyncio.to_thread(box.append, broken, "INBOX")
    huge = EmailMessage()
    huge["From"], huge["Subject"], huge["Message-ID"] = "sun@mingda.cn", "图纸", "<2@mingda.cn>"
    huge.set_content("想要轴承 200 件，孙工 13900000003")
    huge.add_attachment(b"x" * 3_000_000, maintype="image", subtype="png", filename="1.png")
    with await asyncio.to_thread(post.opened) as box:
        await asyncio.to_thread(box.append, huge.as_bytes(), "INBOX")
    await asyncio.to_thread(post.brings, "陈立 <chenli@hengda.cn>", "阀块询价", TEXT)
    await watched(world, post)
    await _until(lambda: post.unseen() == 0)
    await world.idle()
    async with world.db.read() as tx:
        needs = (await tx.execute(sa.select(tables.lead.c.need).order_by(tables.lead.c.id))).scalars().all()
    assert [one for one in needs if "阀块" in one]
    assert [one for one in needs if "轴承" in one]


async def test_a_strangers_mail_is_a_lead_and_a_customers_a_touchpoint(world: World, post: Post) -> None:
    await asyncio.to_thread(
        post.brings, "陈立 <chenli@hengda.cn>", "阀块询价", TEXT,
        files=("图纸.pdf",),
    )  # fmt: skip
    await watched(world, post)
    card = await world.rep.sees("🔔 新线索 L-1001", "来源：邮件询盘", "139****0001", timeout=20)
    assert "阀块询价" in card.text
    assert "附件：" in card.text
    await _until(lambda: post.unseen() == 0)
    await asyncio.to_thread(
        post.brings, "chenli@hengda.cn", "Re: 阀块询价", "改成 500 件", id="second", files=("图纸2.pdf",)
    )
    told = await world.rep.sees("✉ 客户来信 C-0301", "Re: 阀块询价", timeout=20)
    assert "附件 图纸2.pdf" in told.text
    assert "改成 500 件" in told.text
    await asyncio.to_thread(post.brings, "chenli@hengda.cn", "Re: 阀块询价", "改成 500 件", id="second")
    await _until(lambda: post.unseen() == 0)
    await world.restart()
    await world.idle()
    assert await _count(world, tables.lead) == 1
    assert await _count(world, tables_sources.touchpoint) == 1


async def test_a_mail_that_a_rep_forwards_is_a_draft(world: World, post: Post) -> None:
    text = (
        "请看\n\n---------- Forwarded message ---------\n发件人: 刘工 <liu@mingda.cn>\n主题: 询价\n\n"
        "我是苏州明达电子有限公司的刘工，电话 13700007777，想要报价"
    )
    await asyncio.to_thread(post.brings, "王磊 <wanglei@firm.cn>", "Fwd: 询价", text)
    await asyncio.to_thread(post.brings, "wanglei@firm.cn", "Fwd: 没什么", "你好")
    await watched(world, post)
    card = await world.rep.sees("识别到联系人（草稿）", "137****7777", timeout=20)
    assert "邮件主题：Fwd: 询价" in card.text
    await world.rep.sees("你转发的邮件「Fwd: 没什么」里没有认出", timeout=20)
    await world.idle()
    assert await _count(world, tables.lead) == 0


async def test_machines_are_left_and_a_kill_before_the_mark_makes_nothing_twice(
    world: World, post: Post
) -> None:
    await asyncio.to_thread(
        post.brings, "boss@firm.cn", "自动回复", "我在休假 13900000009", Auto_Submitted="auto-replied"
    )
    await asyncio.to_thread(post.brings, "MAILER-DAEMON@mx.cn", "退信", "13900000008")
    await asyncio.to_thread(post.brings, "a@b.cn", "询价", "我是宁波恒达的陈工 13900000001")
    await watched(world, post)
    await _until(lambda: post.unseen() == 0)
    await world.idle()
    assert await _count(world, tables.lead) == 1
    with post.opened() as box:  # as if the bot had been killed between storing and marking
        box.flag([mail.uid for mail in box.fetch(mark_seen=False)], [r"\Seen"], False)
    await world.kill()
    await world.start()
    await _until(lambda: post.unseen() == 0)
    await world.idle()
    assert await _count(world, tables.lead) == 1


INSIDE = {"intake": {"private_hosts": True}}


@pytest.mark.parametrize("changes", [INSIDE], indirect=True)
async def test_a_mailbox_is_connected_on_the_page_and_looked_into_without_a_restart(
    world: World, post: Post
) -> None:
    new, here = "/sources/new/mailbox", "/sources/mailbox/leads"
    box = {
        "name": "leads", "host": "127.0.0.1", "port": str(post.port), "user": USER, "tls": "", "every": "1s",
        "source": "邮件询盘",
    }  # fmt: skip
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(new)
        await visitor.fills(new, **box, secret="wrong", do="connect")
        assert "登录名或密码不对" in visitor.words
        assert visitor.stands(new)["host"] == "127.0.0.1"
        await visitor.fills(new, port="9", do="connect")
        assert "127.0.0.1:9 拒绝连接" in visitor.words
        await visitor.fills(new, port=str(post.port), secret=PASSWORD, folder="NoSuchBox", do="connect")
        assert "没有文件夹「NoSuchBox」" in visitor.words
        await visitor.fills(new, folder="INBOX", do="connect")
        assert "连上了，登录成功，有 0 封没读过的信。" in visitor.words
        await visitor.fills(new, do="save")
        assert visitor.path == f"{here}?done=boxed"
        assert PASSWORD not in visitor.text
        await asyncio.to_thread(post.brings, "陈立 <chenli@hengda.cn>", "阀块询价", TEXT)
        await world.rep.sees("🔔 新线索 L-1001", "来源：邮件询盘", "139****0001", timeout=20)
        await _until(lambda: post.unseen() == 0)
        await visitor.opens("/sources")
        assert "今天 1 条 正常 网页" in visitor.words
        await visitor.opens(here)
        await visitor.fills(here, do="connect")  # with the password that is kept
        assert "连上了" in visitor.words
        await visitor.fills(f"{here}/switch")
        assert "已停用" in visitor.words


async def test_a_mailbox_of_the_page_does_not_lead_inside_the_house(world: World, post: Post) -> None:
    new = "/sources/new/mailbox"
    async with Visitor(world) as visitor:
        await visitor.enters(world.admin, "/接入")
        await visitor.opens(new)
        box = {"name": "leads", "host": "localhost", "port": str(post.port), "user": USER, "tls": ""}
        await visitor.fills(new, **box, secret=PASSWORD, do="connect")
        assert "localhost 是内网地址" in visitor.words
        await visitor.fills(new, do="save")
        await _until_page(visitor, "localhost 是内网地址", "/sources")


async def _until_page(visitor: Visitor, words: str, path: str) -> None:
    async with asyncio.timeout(30):
        while words not in visitor.words or visitor.path != path:
            await visitor.opens(path)
