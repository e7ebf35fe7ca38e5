"""Mails as strangers may write them: whatever stands in one, it is read at once and those behind it are read too."""

from datetime import UTC, datetime

import pytest
from imap_tools import MailMessage

from bot.events import Form, encode
from bot.mailbox import LONGEST, UNREAD, letter
from handlers.mails import unforwarded

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HEAD = b"From: Chen <chenli@hengda.cn>\r\nMessage-ID: <a@hengda.cn>\r\n"


def read(raw: bytes) -> dict[str, object]:
    """The fields of the form that a mail becomes, as they can be stored."""
    form = letter("leads", MailMessage.from_bytes(raw), NOW).event
    assert isinstance(form, Form)
    assert encode(form).encode()
    return form.fields


@pytest.mark.parametrize(
    "broken",
    [
        b"Subject: =?utf-8?B?A?=\r\n\r\nhello",
        b"From: " + b"(" * 5000 + b"\r\n\r\nhello",
        b"Subject: x\r\nDate: Mon, 23 Nov 1 10:00:00 -9999\r\n\r\nhello",
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nhello\r\n--x\r\nContent-Type: application/pdf; '
        b'name="=?utf-8?B?A?="\r\nContent-Disposition: attachment\r\n\r\nA\r\n--x--\r\n',
    ],
)
def test_a_header_that_is_broken_costs_only_itself(broken: bytes) -> None:
    fields = read(HEAD + broken)
    assert fields["text"] == "hello"
    assert fields["from"] in ("chenli@hengda.cn", "")


def test_words_in_no_known_alphabet_are_said_to_be_unreadable() -> None:
    fields = read(HEAD + b'Subject: x\r\nContent-Type: text/plain; charset="a\x00b"\r\n\r\n\xff\xfe\r\n')
    assert fields["text"] in (UNREAD, "\ufffd\ufffd")


@pytest.mark.timeout(60)  # each took minutes to years
@pytest.mark.parametrize("unit", ["<script", "<", "<a ", "<style>x", "</p"])
def test_a_mail_of_nothing_but_tags_is_read_at_once(unit: str) -> None:
    body = (unit * 700_000).encode()
    fields = read(HEAD + b"Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body)
    assert len(str(fields["text"])) <= LONGEST


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["-", "\n", "- ", "-\n", " "])
def test_a_forwarded_mail_of_nothing_but_dashes_is_read_at_once(unit: str) -> None:
    assert len(unforwarded(unit * LONGEST)) <= LONGEST * len(unit)


def test_signs_that_a_mail_program_wrote_as_numbers_are_read() -> None:
    body = "<p>&#24352;&#x4E09; 要 &ldquo;阀门&rdquo;，口径&gt;50 &amp;lt; 80</p>".encode()
    fields = read(HEAD + b"Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body)
    assert fields["text"] == "张三 要 “阀门”，口径>50 &lt; 80"


def test_html_is_read_as_people_read_it() -> None:
    page = "<head><title>t</title></head><style>p{}</style><p>你好 1 < 2</p><div>价格&nbsp;3</div><script>a='<b>'</script>完<BR/>了"
    raw = HEAD + b"Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    assert read(raw)["text"] == "你好 1 < 2\n 价格 3\n完\n了"
