"""Mail over a real SMTP server: what people wrote stays words, one mail goes to one address."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from bot.config_watch import Mail
from bot.mail import MailPlatform
from bot.platform import Outgoing, SendFailed, Way


class Postbox:
    """Head and recipients of each mail that came."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        head = envelope.content.partition(b"\r\n\r\n")[0]
        self.mails.append((envelope.rcpt_tos, head.decode()))
        return "250 OK"


@pytest.fixture
async def mail() -> AsyncIterator[tuple[MailPlatform, Postbox]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings = Mail(
        host="127.0.0.1", port=port, security="none", sender="crm@example.com", password=SecretStr("")
    )
    yield MailPlatform(settings, "跟进"), box
    controller.stop()


@pytest.mark.parametrize(
    "written",
    [
        "=?utf-8?q?a=0d=0aBcc:_all=40example.com?= 您好",
        "a =?utf-8?b?YQ0KQmNjOiB4QGV4YW1wbGUuY29t?=",
        "a\rBcc: x@example.com",
        "a\x85Bcc: x@example.com\u2028Bcc: y@example.com",
    ],
)
async def test_a_subject_is_one_line_whatever_stands_in_it(
    mail: tuple[MailPlatform, Postbox], written: str
) -> None:
    platform, box = mail
    for out in (
        Outgoing(1, Way.TEXT, "chen@hengda.cn", text=written),
        Outgoing(2, Way.TEXT, "chen@hengda.cn", text="x", letter={"subject": written}),
    ):
        await platform.send(out)
    for to, head in box.mails:
        assert to == ["chen@hengda.cn"]
        names = {line.partition(":")[0].lower() for line in head.split("\r\n") if line[:1] not in (" ", "\t")}
        assert names <= {"from", "to", "subject", "date", "message-id", "auto-submitted", "content-type",
                         "content-transfer-encoding", "mime-version", "x-peer"}, head  # fmt: skip
    assert len(box.mails) == 2


@pytest.mark.parametrize(
    "address",
    [
        "a@b.cn, c@d.cn",
        "a@b.cn>",
        "a:b@c.cn",
        '"a@b.cn',
        "=?utf-8?q?a=0d=0aBcc:x?=@b.cn",
        "a@b.cn\nBcc: c@d.cn",
        "",
    ],
)
async def test_an_address_is_one_address(mail: tuple[MailPlatform, Postbox], address: str) -> None:
    platform, box = mail
    with pytest.raises(SendFailed) as failed:
        await platform.send(Outgoing(1, Way.TEXT, address, text="您好"))
    assert not failed.value.retry
    assert box.mails == []
