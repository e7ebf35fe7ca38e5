"""The event that every source ends in, made the same way by pages, connectors, imports and mail."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.events import Form, Incoming
from store.customers import phone_key


def sha(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def lead_form(fields: Mapping[str, Any], at: datetime, *, receipt: str, digest: str, client: str) -> Form:
    """`fields`: those of nlp/enquiry.py and `origin`; `receipt`: the key of the answer, which makes it once for ever;
    `digest`: of the content.

    The engine handles forms whose keys begin alike one after the other: with one phone the second finds the customer of
    the first.
    """
    who = phone_key(str(fields.get("phone", ""))) or str(fields.get("email", "")).lower() or receipt
    kept = {**fields, "digest": digest, "receipt": receipt}
    return Form("lead", kept, at, key=f"{sha(who)[:40]}:{receipt}", client=client)


def incoming(form: Form) -> Incoming:
    """A form on its way into the inbox: one mailbox for what begins with the same 40 characters."""
    return Incoming(f"form:{form.name}:{form.key}", f"form:{form.name}:{form.key[:40]}", form)
