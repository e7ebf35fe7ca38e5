"""Opens a mailbox over IMAP, outwards only where the page defined it, and says in a sentence what went wrong. (B06, B07)"""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from enum import Enum
from typing import Any

from imap_tools import MailBox, MailBoxUnencrypted
from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError

from bot.config_sources import Mailbox
from bot.outward import public

SECONDS = 30.0


class Inside(Exception):
    """The host is an address inside the house, where what was defined on the page may not reach."""


class _Named(ssl.SSLContext):
    """Checks the certificate for a host's name although an address was connected to."""

    host = ""

    def wrap_socket(self, sock: socket.socket, *more: Any, **how: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *more, **{**how, "server_hostname": self.host})


class Trust(Enum):
    """How far a mailbox may lead."""

    FILE = "file"  # the deployer wrote it into config.toml
    INSIDE = "inside"  # defined on the page, where the house's own network is allowed
    OUTSIDE = "outside"  # defined on the page: public addresses only


@contextlib.contextmanager
def opened(box: Mailbox, trust: Trust, seconds: float = SECONDS) -> Iterator[MailBox | MailBoxUnencrypted]:
    """A connection, logged in, with the folder chosen. Blocks; run it in a thread.

    Raises Inside, and what the library and the network raise (`why` says it in words).
    """
    # the address that was looked at is the one that is connected to: a name may mean another one a moment later
    host = outside(box.host, box.port) if trust is Trust.OUTSIDE else box.host
    if not box.tls:
        made: MailBox | MailBoxUnencrypted = MailBoxUnencrypted(host, box.port, timeout=seconds)
    elif trust is not Trust.FILE:
        named = _Named(ssl.PROTOCOL_TLS_CLIENT)
        named.load_default_certs()
        named.host = box.host
        made = MailBox(host, box.port, timeout=seconds, ssl_context=named)
    else:
        made = MailBox(host, box.port, timeout=seconds)
    try:
        made.login(box.user, box.password.get_secret_value(), box.folder)
    except BaseException:
        with contextlib.suppress(Exception):  # who was not let in has to hang up by themselves
            made.client.shutdown()
        raise
    with made:
        yield made


def outside(host: str, port: int) -> str:
    """An address of the host, when all of them are public. Raises Inside, OSError."""
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for one in found:
        if not public(one):
            raise Inside(one)
    return found[0]


def why(error: BaseException, box: Mailbox) -> str:
    """What went wrong, for an admin: what it was and what to look at. Never quotes what the server said: it may hold
    what was sent to it."""
    at = f"{box.host}:{box.port}"
    match error:
        case Inside():
            return f"{box.host} 是内网地址，网页上接的邮箱不能连。确实要连，请把 [intake] private_hosts 改成 true。"
        case MailboxLoginError():
            return (
                "服务器连上了，但登录名或密码不对。很多邮箱要先在网页设置里打开 IMAP，并用「授权码」当密码。"
            )
        case MailboxFolderSelectError():
            return f"登录成功，但没有文件夹「{box.folder}」。一般写 INBOX。"
        case socket.gaierror():
            return f"找不到主机 {box.host}：检查有没有写错，服务器能不能解析这个名字。"
        case ssl.SSLCertVerificationError():
            return f"{at} 的证书不对（{error.verify_message}）：主机名要和证书上的一样。"
        case ssl.SSLError():
            return f"{at} 不是加密端口：加密一般是 993；不加密的把「加密连接」去掉。"
        case ConnectionRefusedError():
            return f"{at} 拒绝连接：检查端口，加密一般是 993，不加密是 143。"
        case TimeoutError():
            return f"{at} 没有回应：检查主机、端口，和服务器到它的网络、防火墙。"
        case OSError():
            return f"连不上 {at}（{type(error).__name__}）：检查主机、端口和网络。"
        case _:
            return f"{at} 连上了，但它说的不是 IMAP，或中途断开（{type(error).__name__}）。"
