"""The sealed envelope of callbacks (WeCom, WeChat Official Accounts): signature, AES, receiver; and the XML in and around it.

AES-256-CBC and the padding come from `cryptography`; the published vectors and wechatpy's cipher agree with it in the tests.
Done here: the sorted SHA-1, constant-time compares, a strict look at base64, padding and length, the receiver, and a window
for the timestamp.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct
from datetime import datetime, timedelta
from xml.etree.ElementTree import XML, Element, ParseError

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from defusedxml.ElementTree import fromstring

AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
HEAD = 20  # 16 random bytes and the length of the message
KNOWN = timedelta(days=6)
"""For so long at least the inbox knows every event again."""
BLOCK = 32
"""What is sealed is padded to blocks of 32 bytes, not of AES's 16."""


class Forged(Exception):
    """Not from the platform, not for us, or not from now: answered with 403."""


class Garbled(Exception):
    """Signed, but cannot be read: answered with 400."""


class Envelope:
    """Seals and opens callbacks of one app. `receiver` is the corp id for a self-built app, the AppID of an Official Account."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        if not AES_KEY.fullmatch(aes_key):
            raise ValueError("EncodingAESKey must be 43 letters and digits")
        self._token = token
        self._receiver = receiver.encode()
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """SHA-1 over the sorted token, timestamp, nonce and ciphertext, in lower hex."""
        return signature(self._token, timestamp, nonce, encrypted)

    def check(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Raises Forged when the signature does not fit."""
        expected = self.signature(timestamp, nonce, encrypted)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            raise Forged("签名不对")

    def open(self, encrypted: str) -> bytes:
        """Ciphertext → the message. Raises Garbled (not a message) or Forged (of another company)."""
        try:
            sealed = base64.b64decode(encrypted.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise Garbled("密文不是 base64") from None
        if len(sealed) < 2 * 16 or len(sealed) % 16:
            raise Garbled("密文长度不对")
        decryptor = self._cipher.decryptor()
        plain = _unpad(decryptor.update(sealed) + decryptor.finalize())
        if len(plain) < HEAD:
            raise Garbled("明文太短")
        (length,) = struct.unpack(">I", plain[16:HEAD])
        if length > len(plain) - HEAD:
            raise Garbled("明文长度不对")
        if not hmac.compare_digest(plain[HEAD + length :], self._receiver):
            raise Forged("不是发给这个企业的")
        return plain[HEAD : HEAD + length]

    def seal(self, message: bytes, salt: bytes = b"") -> str:
        """The message → ciphertext, as the other end makes it. `salt`: the 16 random bytes, for vectors."""
        salt = salt or secrets.token_bytes(16)
        plain = salt + struct.pack(">I", len(message)) + message + self._receiver
        padder, encryptor = PKCS7(8 * BLOCK).padder(), self._cipher.encryptor()
        padded = padder.update(plain) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, in lower hex: what the platform signs with (protocol 1.2)."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def _unpad(padded: bytes) -> bytes:
    """Takes off PKCS#7 padding of 1..32 bytes. Raises Garbled."""
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise Garbled("填充不对")
    return padded[:-count]


_SECONDS = re.compile(r"[0-9]{1,12}")
_TEN = re.compile(r"[0-9]{10}")
_FIRST = 1_420_070_400
"""The beginning of 2015: no platform signed a callback before."""


def check_time(timestamp: str, now: datetime, window: timedelta) -> None:
    """Raises Forged when the signed time is further from `now` than `window` (a replay, or a wrong clock)."""
    if not _SECONDS.fullmatch(timestamp):
        raise Forged("时间戳不是数字")
    if abs(int(timestamp) - now.timestamp()) > window.total_seconds():
        raise Forged("时间戳与服务器时间相差太大")


def check_told(created: str, timestamp: str, nonce: str, now: datetime, window: timedelta) -> None:
    """Raises Forged for an old callback whose nonce was made its timestamp. `created`: CreateTime of the opened message.

    The signature sorts timestamp and nonce and joins them, so it fits every pair that joins to the same digits. What came
    within KNOWN is known again by the inbox; of what says it is older, the time that it was signed at must not stand in
    the two. What does not say its time is refused when the other end of the two can be read as one of long ago.
    """
    if not _SECONDS.fullmatch(created):
        ends = (timestamp + nonce)[-10:], (nonce + timestamp)[:10]
        if any(
            _FIRST <= int(end) < now.timestamp() - KNOWN.total_seconds()
            for end in ends
            if _TEN.fullmatch(end)
        ):
            raise Forged("这条回调没有说是几时的，时间戳可能被换过")
        return
    if abs(int(created) - now.timestamp()) <= KNOWN.total_seconds():
        return
    for joined in (timestamp + nonce[:200], nonce[:200] + timestamp):
        for found in re.finditer(r"(?=([0-9]{10}))", joined):
            if abs(int(found[1]) - int(created)) <= window.total_seconds():
                raise Forged("这条回调是以前的，时间戳被换过")


_SEALED = re.compile(rb"<Encrypt>\s*<!\[CDATA\[([A-Za-z0-9+/=\s]*)\]\]>\s*</Encrypt>")


def sealed_in(body: bytes) -> str:
    """The ciphertext in the outer envelope, "" when there is none. Raises Garbled.

    The outer XML comes from anybody: as WeCom writes it, it is not parsed at all.
    """
    found = _SEALED.findall(body)
    if len(found) == 1 and body.count(b"<Encrypt") == 1:
        return str(found[0], "ascii").strip()
    return (parse(body).findtext("Encrypt") or "").strip()


def parse(xml: bytes) -> Element:
    """Bytes → the root element; DTDs and entities are refused. Raises Garbled."""
    plain = xml.count(b"<!") == xml.count(b"<![CDATA[") and b"\0" not in xml and b"<?" not in xml
    try:
        # without a declaration of any kind there is nothing to be refused, and the parser in C will do
        root: Element = XML(xml) if plain else fromstring(xml, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):
        raise Garbled("XML 无法解析") from None
    return root
