"""The sealed envelope against published vectors, and against everything a stranger could send instead."""

import base64
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto.pkcs7 import PKCS7Encoder
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto

from bot.envelope import Envelope, Forged, Garbled, _unpad, check_time, check_told

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "wecom_vectors.json").read_text())
KEY = "SimKeyForLocalTestsOnly0123456789ABCDEFGHIJ"
OURS = Envelope("token", KEY, "wwours")


def named(group: str) -> Any:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda v: v.get("name", ""))


def sealed(plain: bytes) -> str:
    """Any plaintext at all, well or badly formed, under the right key."""
    return base64.b64encode(PrpCrypto(WeChatCrypto("token", KEY, "x").key).cipher.encrypt(plain)).decode()


@named("pkcs7_block32")
def test_padding_fills_blocks_of_32(vector: dict[str, str]) -> None:
    plain, padded = bytes.fromhex(vector["in_hex"]), bytes.fromhex(vector["out_hex"])
    assert PKCS7Encoder.encode(plain) == padded
    assert _unpad(padded) == plain


def test_an_aes_key_is_43_letters_and_digits() -> None:
    for key in VECTORS["encoding_aes_key"]["valid"]:
        Envelope("t", key, "ww")
    for bad in VECTORS["encoding_aes_key"]["invalid"]:
        with pytest.raises(ValueError, match="43"):
            Envelope("t", bad["key"], "ww")


@named("signature")
def test_signatures(vector: dict[str, Any]) -> None:
    envelope = Envelope(vector["token"], KEY, "ww")
    parts = (vector["timestamp"], vector["nonce"], vector["encrypt"])
    if vector["valid"]:
        envelope.check(vector["msg_signature"], *parts)
    else:
        with pytest.raises(Forged):
            envelope.check(vector["msg_signature"], *parts)


@named("url_verification_get")
def test_the_console_verifies_the_url(vector: dict[str, Any]) -> None:
    envelope = Envelope(vector["token"], vector["encoding_aes_key"], vector["receiveid"])
    query = vector["query"]
    envelope.check(query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"])
    assert envelope.open(query["echostr"]).decode() == vector["expected_body"]


@named("message_post")
def test_callbacks_open(vector: dict[str, Any]) -> None:
    from bot.envelope import parse

    envelope = Envelope(vector["token"], vector["encoding_aes_key"], vector["receiveid"])
    encrypted = parse(vector["post_body"].encode()).findtext("Encrypt") or ""
    query = vector["query"]
    envelope.check(query["msg_signature"], query["timestamp"], query["nonce"], encrypted)
    assert envelope.open(encrypted).decode() == vector["decrypted"]


@named("encrypt")
def test_sealing_gives_the_published_bytes(vector: dict[str, Any]) -> None:
    envelope = Envelope(vector.get("token", "t"), vector["encoding_aes_key"], vector["receiveid"])
    made = envelope.seal(vector["plaintext"].encode(), vector["random16"].encode())
    assert made == vector["encrypt"]
    if "msg_signature" in vector:
        assert envelope.signature(vector["timestamp"], vector["nonce"], made) == vector["msg_signature"]


@given(st.binary(max_size=300))
def test_whatever_is_sealed_opens(message: bytes) -> None:
    assert OURS.open(OURS.seal(message)) == message


def test_two_seals_of_one_message_differ() -> None:
    assert OURS.seal(b"same") != OURS.seal(b"same")


def test_a_message_to_another_company_is_forged() -> None:
    with pytest.raises(Forged, match="企业"):
        OURS.open(Envelope("token", KEY, "wwtheirs").seal(b"hello"))


@pytest.mark.parametrize(
    "plain",
    [
        b"r" * 16 + struct.pack(">I", 5) + b"helloww" + b"\x00" * 5,  # padding of 0
        b"r" * 16 + struct.pack(">I", 4) + b"hell" + b"\x21" * 40,  # padding of 33
        b"r" * 16 + struct.pack(">I", 5) + b"hello" + b"\x01\x01\x01\x01\x01\x01\x07",  # uneven padding
        b"\x10" * 16 + b"\x20" * 32,  # nothing but padding: too short for a length
        b"r" * 16 + struct.pack(">I", 9999) + b"hellowwours"[:11] + b"\x01",  # longer than it is
    ],
)
def test_bad_plaintext_is_garbled(plain: bytes) -> None:
    with pytest.raises(Garbled):
        OURS.open(sealed(plain))


@pytest.mark.parametrize("text", ["", "!!!", "QUJD", "汉字", "A" * 63, base64.b64encode(b"x" * 40).decode()])
def test_bad_ciphertext_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        OURS.open(text)


@given(st.text(max_size=120))
def test_no_text_breaks_the_door(text: str) -> None:
    with pytest.raises((Garbled, Forged)):
        OURS.open(text)
    with pytest.raises(Forged):
        OURS.check(text, "1", "n", "e")


def test_the_timestamp_has_a_window() -> None:
    now = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    window = timedelta(minutes=5)
    for seconds in (0, -299, 299):
        check_time(str(int(now.timestamp()) + seconds), now, window)
    for bad in (str(int(now.timestamp()) - 301), str(int(now.timestamp()) + 301), "", "-5", "1e9", "９９"):
        with pytest.raises(Forged):
            check_time(bad, now, window)


def test_what_does_not_say_its_time_is_not_taken_with_another_than_it_was_signed_with() -> None:
    """The signature fits timestamp and nonce in either order: a nonce that was a time to come is not to be it now."""
    now, window = datetime(2026, 11, 22, 12, tzinfo=UTC), timedelta(minutes=5)
    today, then = str(int(now.timestamp())), str(int((now - timedelta(days=8)).timestamp()))
    for nonce in (then, f"{then}77", f"5{then}"):
        with pytest.raises(Forged):
            check_told("", today, nonce, now, window)
    for honest in ("", "372623149", "1234567890", "a1b2c3", today):
        check_told("", today, honest, now, window)
