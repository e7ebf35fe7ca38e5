"""Mail as a way out: SMTP through the outbox, with its retries and its ledger. (A.2 #15; B29)"""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid

import aiosmtplib
from aiohttp import web

from bot.config_watch import Mail
from bot.platform import Check, Intake, Limits, Outgoing, SendFailed, Sent, Wide
from cards.card import Card

SECONDS = 20.0


class MailPlatform:
    """Sends to "@mail:address". Members have no id here: chat messages come by mail only to who never wrote to the one
    bot that they have and that may not speak first."""

    name = "mail"

    def __init__(self, settings: Mail, brand: str) -> None:
        self.settings, self._brand = settings, brand
        self.limits = Limits(person_per_minute=20, app_per_second=float(settings.per_second))

    def routes(self) -> list[web.RouteDef]:
        """None."""
        return []

    async def start(self, intake: Intake) -> None:
        """Receives nothing."""

    async def stop(self) -> None:
        """Keeps no connection."""

    async def send(self, out: Outgoing) -> Sent:
        """One mail to one address. The message id comes from the outbox row, so that a second try after a lost answer is the same
        mail to every server that looks. Raises SendFailed."""
        message = self._message(out)
        try:
            async with self._client() as client:
                await client.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _refused(refused.code, "收件地址被拒绝") from None
        except aiosmtplib.SMTPAuthenticationError:
            raise SendFailed(
                "邮箱账号或密码不对", retry=True, after=300, wide=Wide.APP, code="auth"
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error.code, "邮件服务器拒绝") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise SendFailed(f"连不上邮件服务器（{type(error).__name__}）", retry=True) from None
        return Sent(ref=str(message["Message-ID"]))

    async def check(self) -> list[Check]:
        """Connects and says hello."""
        fix = "核对 [mail] 的 host、port、security、user、password 和到邮件服务器的网络。"
        try:
            async with self._client() as client:
                await client.noop()
        except aiosmtplib.SMTPAuthenticationError:
            return [Check("邮件", "warn", "邮箱账号或密码不对", fix)]
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return [Check("邮件", "warn", f"连不上 {self.settings.host}（{type(error).__name__}）", fix)]
        return [Check("邮件", "ok", f"{self.settings.host}:{self.settings.port} 连得上")]

    def _client(self) -> aiosmtplib.SMTP:
        one = self.settings
        return aiosmtplib.SMTP(
            hostname=one.host, port=one.port, timeout=SECONDS, use_tls=one.security == "tls",
            start_tls=one.security == "starttls", username=one.user or None,
            password=one.password.get_secret_value() or None if one.user else None,
        )  # fmt: skip

    def _message(self, out: Outgoing) -> EmailMessage:
        message = EmailMessage()
        domain = self.settings.sender.rpartition("@")[2] or "localhost"
        message["From"] = formataddr((self._brand, self.settings.sender))
        try:
            message["To"] = Address(addr_spec=out.user)
        except (
            ValueError,
            IndexError,
            MessageError,
        ):  # what begins like another header, or names several people
            raise SendFailed("邮箱地址不对", retry=False) from None
        text = out.text or (_words(out.card) if out.card else "")
        message["Subject"] = subject(out.letter.get("subject") or text.strip().partition("\n")[0][:60])
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<genjin-{out.id}@{domain}>" if out.id else make_msgid(domain=domain)
        if link := out.letter.get("unsubscribe"):
            message["List-Unsubscribe"] = f"<{link}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        else:
            message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{text}\n\n{out.letter['after']}" if "after" in out.letter else text)
        if html := out.letter.get("html"):
            message.add_alternative(html, subtype="html")
        return message


def subject(text: str) -> str:
    """Words as a subject that is one line whoever reads it: what looks like an encoded word would be decoded when the mail
    is written, line breaks and all."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).replace(
        "=?", "=\N{FULLWIDTH QUESTION MARK}"
    )


def _words(card: Card) -> str:
    return "\n".join(
        [card.title, *card.lines, *(f"{one.name}：{one.value}" for one in card.fields), card.note]
    )


def _refused(code: int, why: str) -> SendFailed:
    """4xx: later; 5xx: never."""
    return SendFailed(f"{why}（{code}）", retry=400 <= code < 500, wide=Wide.MESSAGE, code=str(code))
