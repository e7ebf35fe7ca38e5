"""The simulator's own crypto against published vectors, so that it is no mirror of the bot's."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim.wecom_crypto import BadCipher, decrypt, encrypt, envelope, key_of, open_reply, pad, sign, unpad

VECTORS = json.loads((Path(__file__).parent / "wecom_vectors.json").read_text(encoding="utf-8"))


def named(part: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS[part]]


@pytest.mark.parametrize("vector", VECTORS["pkcs7_block32"])
def test_padding_fills_blocks_of_32(vector: dict[str, str]) -> None:
    raw, padded = bytes.fromhex(vector["in_hex"]), bytes.fromhex(vector["out_hex"])
    assert pad(raw) == padded
    assert unpad(padded) == raw


def test_a_broken_padding_is_noticed() -> None:
    for raw in (b"", b"a" * 31 + b"\x00", b"a" * 31 + b"\x21", b"a" * 30 + b"\x01\x02"):
        with pytest.raises(BadCipher):
            unpad(raw)


def test_keys_are_43_letters_and_digits() -> None:
    assert all(len(key_of(key)) == 32 for key in VECTORS["encoding_aes_key"]["valid"])
    for wrong in VECTORS["encoding_aes_key"]["invalid"]:
        with pytest.raises(ValueError, match="43"):
            key_of(wrong["key"])


@pytest.mark.parametrize("vector", named("signature"))
def test_signatures(vector: dict[str, Any]) -> None:
    made = sign(vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"])
    assert (made == vector["msg_signature"]) is vector["valid"]


@pytest.mark.parametrize("vector", named("url_verification_get"))
def test_echo_strings_open(vector: dict[str, Any]) -> None:
    query = vector["query"]
    assert (
        sign(vector["token"], query["timestamp"], query["nonce"], query["echostr"]) == query["msg_signature"]
    )
    assert (
        decrypt(vector["encoding_aes_key"], query["echostr"], vector["receiveid"]) == vector["expected_body"]
    )


@pytest.mark.parametrize("vector", named("message_post"))
def test_posted_messages_open(vector: dict[str, Any]) -> None:
    body, query = vector["post_body"], vector["query"]
    sealed = body.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert sign(vector["token"], query["timestamp"], query["nonce"], sealed) == query["msg_signature"]
    assert decrypt(vector["encoding_aes_key"], sealed, vector["receiveid"]) == vector["decrypted"]
    with pytest.raises(BadCipher):
        decrypt(vector["encoding_aes_key"], sealed, "wwsomebodyelse")


@pytest.mark.parametrize("vector", named("encrypt"))
def test_messages_are_sealed_byte_for_byte(vector: dict[str, Any]) -> None:
    sealed = encrypt(
        vector["encoding_aes_key"], vector["plaintext"], vector["receiveid"], vector["random16"].encode()
    )
    assert sealed == vector["encrypt"]
    if "msg_signature" in vector:
        made = sign(vector["token"], vector["timestamp"], vector["nonce"], sealed)
        assert made == vector["msg_signature"]


def test_a_passive_reply_opens_and_a_forged_one_does_not() -> None:
    vector = next(v for v in VECTORS["encrypt"] if v["name"] == "computed-passive-update_button")
    body = (
        f"<xml><Encrypt><![CDATA[{vector['encrypt']}]]></Encrypt>"
        f"<MsgSignature><![CDATA[{vector['msg_signature']}]]></MsgSignature>"
        f"<TimeStamp>{vector['timestamp']}</TimeStamp><Nonce><![CDATA[{vector['nonce']}]]></Nonce></xml>"
    )
    reply = open_reply(body, vector["token"], vector["encoding_aes_key"], vector["receiveid"])
    assert reply.findtext("Button/ReplaceName") == "已记录"
    with pytest.raises(BadCipher, match="signature"):
        open_reply(body, "other", vector["encoding_aes_key"], vector["receiveid"])
    with pytest.raises(BadCipher, match="no XML"):
        open_reply("ok", vector["token"], vector["encoding_aes_key"], vector["receiveid"])


def test_customer_events_carry_no_agent_id() -> None:
    assert "<AgentID><![CDATA[1000002]]></AgentID>" in envelope("ww1", "1000002", "x")
    assert "AgentID" not in envelope("ww1", "", "x")
