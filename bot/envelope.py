"""The sealed envelope of callbacks (WeCom, WeChat Official Accounts): signature, AES, receiver; and the XML in and around it.

AES-256-CBC, the 32-byte padding encoder and the sorted SHA-1 come from wechatpy's enterprise crypto, whose vectors
hold. What it leaves open is done here: constant-time compares, a strict look at base64, padding and length, the
receiver, and a window for the timestamp.
"""

import base64
import binascii
import hmac
import re
import secrets
import struct
from datetime import datetime, timedelta
from xml.etree.ElementTree import XML, Element, ParseError

from defusedxml.ElementTree import fromstring
from wechatpy.crypto.pkcs7 import PKCS7Encoder
from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import WeChatSigner

AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
HEAD = 20  # 16 random bytes and the length of the message


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
        self._cipher = PrpCrypto(WeChatCrypto(token, aes_key, receiver).key).cipher

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """SHA-1 over the sorted token, timestamp, nonce and ciphertext, in lower hex."""
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, nonce, encrypted)
        return str(signer.signature)

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
        plain = _unpad(bytes(self._cipher.decrypt(sealed)))
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
        return base64.b64encode(self._cipher.encrypt(PKCS7Encoder.encode(plain))).decode()


def _unpad(padded: bytes) -> bytes:
    """Takes off PKCS#7 padding of 1..32 bytes (blocks of 32, not of AES's 16). Raises Garbled."""
    count = padded[-1]
    if not 1 <= count <= 32 or padded[-count:] != bytes([count]) * count:
        raise Garbled("填充不对")
    return padded[:-count]


def check_time(timestamp: str, now: datetime, window: timedelta) -> None:
    """Raises Forged when the signed time is further from `now` than `window` (a replay, or a wrong clock)."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise Forged("时间戳不是数字")
    if abs(int(timestamp) - now.timestamp()) > window.total_seconds():
        raise Forged("时间戳与服务器时间相差太大")


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
