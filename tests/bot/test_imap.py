"""Which addresses a mailbox of the page may lead to, and what is said when one cannot be opened."""

import socket
import ssl

import pytest

from bot import imap, outward
from bot.config_sources import Mailbox

BOX = Mailbox.model_validate(
    {"name": "a", "host": "imap.example.com", "user": "u", "password": "the-password"}
)
HOUSE = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
)  # fmt: skip


@pytest.mark.parametrize("address", HOUSE)
def test_an_address_of_the_house_is_not_public_however_it_is_written(address: str) -> None:
    assert not outward.public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert outward.public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_every_way_to_write_this_machine_leads_inside(host: str) -> None:
    with pytest.raises((imap.Inside, OSError)):
        imap.outside(host, 993)


def test_every_trouble_is_a_sentence_without_the_password() -> None:
    troubles = (
        imap.Inside("10.0.0.1"), socket.gaierror(), ssl.SSLError(), ConnectionRefusedError(), TimeoutError(), OSError(),
        ValueError("LOGIN u the-password"),
    )  # fmt: skip
    said = [imap.why(one, BOX) for one in troubles]
    assert len(set(said)) == len(troubles)
    assert not [one for one in said if "the-password" in one]
