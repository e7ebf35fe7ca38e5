"""Personal data under a key: sealed when it is written, opened when it is read, found again by a keyed mark.

A sealed value is `enc1:<key id>:<base64 of nonce, AES-256-GCM ciphertext, tag>`, bound to the column it stands in. A mark
is an HMAC-SHA256 of what is looked for (a phone's digits, an address), so that duplicates are found without opening
anything. The first key writes, all keys read. Without keys values stay as they are.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

CLEAR = "none"
"""Written in the place of a key: values in clear."""
SEALED, ESCAPED, MARKED = "enc1:", "enc0:", "key1:"
BYTES = 32
NONCE = 12
MARK = 18
"""Bytes of a mark that are kept: 144 bits."""


class BadKey(ValueError):
    """Not a key; the text says how to make one."""


class Unreadable(Exception):
    """A value was sealed with a key that is not given, or was changed since."""


class Key:
    """One key with its id, and the two keys that are drawn from it."""

    __slots__ = ("_aead", "_mark", "head", "id", "mark_head")

    def __init__(self, text: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded only where there is a key

        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != BYTES:
            raise BadKey("不是密钥：要 32 个随机字节的 base64（44 位），用 python main.py keys new 做一把")
        self.id = _drawn(raw, "id")[:4].hex()
        self.head, self.mark_head = f"{SEALED}{self.id}:", f"{MARKED}{self.id}:"
        self._aead, self._mark = AESGCM(_drawn(raw, "seal")), _drawn(raw, "mark")

    def seal(self, place: bytes, text: str) -> str:
        """The text, sealed for the column `place`."""
        nonce = os.urandom(NONCE)
        body = self._aead.encrypt(nonce, text.encode("utf-8", "surrogatepass"), place)
        return self.head + base64.b64encode(nonce + body).decode("ascii")

    def open(self, place: bytes, value: str) -> str:
        """What was sealed. Raises Unreadable."""
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(value[len(self.head) :], validate=True)
            return self._aead.decrypt(raw[:NONCE], raw[NONCE:], place).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError):
            raise Unreadable(f"{place.decode()}：这一格用密钥 {self.id} 打不开，被改过或损坏了") from None

    def mark(self, text: str) -> str:
        """By what the text is found."""
        body = hmac.digest(self._mark, text.encode("utf-8", "surrogatepass"), "sha256")[:MARK]
        return self.mark_head + base64.urlsafe_b64encode(body).decode("ascii")


def _drawn(raw: bytes, what: str) -> bytes:
    return hmac.digest(raw, f"genjin {what} v1".encode(), hashlib.sha256)


def fresh() -> str:
    """A new key, as it is written into the environment."""
    return base64.b64encode(secrets.token_bytes(BYTES)).decode("ascii")


class Seals:
    """The keys of one database, in the order of `[store] keys`."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        made = [None if text.strip() == CLEAR else Key(text) for text in texts]
        self.writing = made[0] if made else None
        """The key that writes, None: in clear."""
        self.keys = {one.id: one for one in made if one is not None}

    @property
    def writing_id(self) -> str:
        """The id of the key that writes, "" in clear."""
        return self.writing.id if self.writing else ""

    def seal(self, place: bytes, text: str) -> str:
        """As it goes into the database. "" stays ""."""
        if self.writing is not None:
            return self.writing.seal(place, text) if text else text
        # somebody may write what looks sealed; it has to come back as it was
        return ESCAPED + text if text.startswith((SEALED, ESCAPED)) else text

    def open(self, place: bytes, value: str) -> str:
        """As it was before. Raises Unreadable."""
        if not value.startswith((SEALED, ESCAPED)):
            return value
        if value.startswith(ESCAPED):
            return value[len(ESCAPED) :]
        id = key_of(value)
        key = self.keys.get(id)
        if key is None:
            raise Unreadable(f"{place.decode()}：是用密钥 {id} 加密的，[store] keys 里没有这把密钥")
        return key.open(place, value)

    def mark(self, text: str) -> str:
        """By what a text is found from now on. "" stays ""."""
        return self.writing.mark(text) if self.writing and text else text

    def marks(self, text: str) -> tuple[str, ...]:
        """All that a row about this text may be marked with: by each key, and in clear."""
        return (*(key.mark(text) for key in self.keys.values()), text)


def key_of(value: str) -> str:
    """The id of the key that a stored value was sealed with, "" for one in clear."""
    return value[len(SEALED) :].partition(":")[0] if value.startswith(SEALED) else ""


class Sealed(sa.types.TypeDecorator[str]):
    """A column that holds personal data. Statements see clear text; comparing such a column finds nothing: rows are
    found by a mark in a column of its own.

    `size`: what the column was before on SQLite, which does not look at lengths; there it need not be rebuilt.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, place: str, size: int = 0) -> None:
        super().__init__()
        self.place, self.size = place, size

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Any length on PostgreSQL."""
        return sa.String(self.size) if self.size and dialect.name == "sqlite" else sa.Text()

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[str | None], str | None]:
        """Seals."""
        seals, place = seals_of(dialect), self.place.encode()

        def process(value: str | None) -> str | None:
            return seals.seal(place, value) if value else value

        return process

    def result_processor(
        self, dialect: sa.Dialect, coltype: object
    ) -> Callable[[str | None], str | None] | None:
        """Opens."""
        opened, place = seals_of(dialect).open, self.place.encode()

        def process(value: str | None) -> str | None:
            return opened(place, value) if value is not None and value.startswith("enc") else value

        return process


NONE = Seals()


def give(dialect: sa.Dialect, seals: Seals) -> None:
    """Says with which keys the statements of a dialect seal and open; before any of them is compiled."""
    dialect.genjin_seals = seals  # type: ignore[attr-defined]


def seals_of(dialect: sa.Dialect) -> Seals:
    """The keys of a dialect; none when nobody gave any."""
    found: Seals = getattr(dialect, "genjin_seals", NONE)
    return found
