"""Crypto of WeCom callbacks, written for the simulator: AES-256-CBC, 32-byte PKCS7, SHA-1 signature, XML envelope."""

import base64
import hashlib
import os
import re
import struct
import xml.etree.ElementTree as ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class BadCipher(ValueError):
    """The text does not decrypt, or not to a message for this receiver."""


def key_of(aes_key: str) -> bytes:
    """The 32 key bytes of an EncodingAESKey of exactly 43 letters and digits; raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9]{43}", aes_key):
        raise ValueError("EncodingAESKey must be 43 letters or digits")
    return base64.b64decode(aes_key + "=")


def pad(raw: bytes) -> bytes:
    """PKCS7 to a multiple of 32; a full block when already aligned."""
    extra = BLOCK - len(raw) % BLOCK
    return raw + bytes([extra]) * extra


def unpad(raw: bytes) -> bytes:
    """Takes the padding off; raises BadCipher when it is not a proper one."""
    extra = raw[-1] if raw else 0
    if not 1 <= extra <= BLOCK or raw[-extra:] != bytes([extra]) * extra:
        raise BadCipher("bad padding")
    return raw[:-extra]


def encrypt(aes_key: str, text: str, receiveid: str, random16: bytes | None = None) -> str:
    """Base64 of the encrypted message; `random16` is fixed only by vectors."""
    key, message = key_of(aes_key), text.encode()
    head = random16 if random16 is not None else os.urandom(16)
    plain = pad(head + struct.pack(">I", len(message)) + message + receiveid.encode())
    sealed = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(sealed.update(plain) + sealed.finalize()).decode()


def decrypt(aes_key: str, sealed: str, receiveid: str) -> str:
    """The message inside; raises BadCipher when anything is off, a foreign receiveid too."""
    key = key_of(aes_key)
    try:
        raw = base64.b64decode(sealed, validate=True)
        opened = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = unpad(opened.update(raw) + opened.finalize())
    except ValueError as error:
        raise BadCipher(str(error)) from None
    if len(plain) < 20:
        raise BadCipher("too short")
    size = struct.unpack(">I", plain[16:20])[0]
    message, receiver = plain[20 : 20 + size], plain[20 + size :]
    if receiver != receiveid.encode():
        raise BadCipher("receiveid differs")
    return message.decode()


def sign(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    """Lower-case hex SHA-1 over the four values in byte order."""
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, sealed])).encode()).hexdigest()


def envelope(corp_id: str, agent_id: str, sealed: str) -> str:
    """The body of a callback POST; without AgentID when `agent_id` is empty (customer-contact events)."""
    agent = f"<AgentID><![CDATA[{agent_id}]]></AgentID>" if agent_id else ""
    return (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>{agent}"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )


def open_reply(body: str, token: str, aes_key: str, receiveid: str) -> ElementTree.Element:
    """The plain XML of an encrypted passive reply; raises BadCipher (page 90238)."""
    try:
        reply = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise BadCipher(f"reply is no XML: {error}") from None
    values = [reply.findtext(tag, "") for tag in ("TimeStamp", "Nonce", "Encrypt", "MsgSignature")]
    timestamp, nonce, sealed, signature = values
    if sign(token, timestamp, nonce, sealed) != signature:
        raise BadCipher("signature of the reply differs")
    try:
        return ElementTree.fromstring(decrypt(aes_key, sealed, receiveid))
    except ElementTree.ParseError as error:
        raise BadCipher(f"reply holds no XML: {error}") from None
