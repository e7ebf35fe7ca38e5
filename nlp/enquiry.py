"""The fields of an enquiry as outsiders write them: tidied, or which one is wrong and why. (B01)"""

import re
import unicodedata
from collections.abc import Mapping

from nlp import phones
from rules import credit_code

LENGTHS = {
    "name": 64, "company": 120, "phone": 40, "email": 120, "city": 40, "source": 64, "kind": 40, "need": 2000,
    "note": 2000, "owner": 64, "credit_code": 40,
}  # fmt: skip
"""The fields of a lead and how many characters each may have."""
LONG = frozenset({"need", "note"})
"""Fields of several lines."""
KEPT = "\n\t\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


class Wrong(ValueError):
    """A field cannot be taken; `why` is a piece of a Chinese sentence that follows the field's name."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field, self.why = field, why


def checked(raw: Mapping[str, object]) -> dict[str, str]:
    """The known fields, tidy; unknown ones are left out. Raises Wrong for the first that is not right."""
    fields = {name: text(raw, name) for name in LENGTHS}
    fields["phone"] = phone(fields["phone"])
    fields["email"] = email(fields["email"])
    fields["credit_code"] = code(fields["credit_code"])
    if not (fields["name"] or fields["company"]):
        raise Wrong("name", "和 company 至少要有一个")
    if not (fields["phone"] or fields["email"]):
        raise Wrong("phone", "和 email 至少要有一个")
    return fields


def text(raw: Mapping[str, object], name: str) -> str:
    """One field as a text without control characters, in one line unless it may have several. Raises Wrong."""
    value = raw.get(name)
    if value is None:
        return ""
    if name == "phone" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a number without its leading zero is the client's loss; a mobile has none
    if not isinstance(value, str):
        raise Wrong(name, "要是文本")
    kept = tidy(value) if name in LONG else line(value)
    if len(kept) > LENGTHS[name]:
        raise Wrong(name, f"最多 {LENGTHS[name]} 个字符，现在 {len(kept)} 个")
    return kept


def tidy(value: str) -> str:
    """The text without control characters, without what turns a line around or stands in it unseen, and without outer
    blanks. What joins the parts of an emoji stays."""
    return "".join(c for c in value if c in KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()


def line(value: str) -> str:
    """The same in one line: a name must not look like several lines of a card."""
    return " ".join(tidy(value).split())


def phone(written: str) -> str:
    """A phone in digits ("13812345678", "0755-26881234-801"); "" stays "". Raises Wrong."""
    if not written:
        return ""
    found = phones.find(written)
    if len(found) == 1:
        return found[0].value
    plain = unicodedata.normalize("NFKC", written)
    digits = re.sub(r"\D", "", plain)
    if not 5 <= len(digits) <= 20 or not re.fullmatch(r"[\d\s()+\-.]+", plain):
        raise Wrong("phone", "不是电话号码")
    return digits  # a foreign number: kept as it is


def code(written: str) -> str:
    """A 统一社会信用代码 without blanks, in capitals; "" stays "". Raises Wrong: a digit is off."""
    if not written:
        return ""
    if not (kept := credit_code.read(written)):
        raise Wrong("credit_code", "不是统一社会信用代码（18 位，请核对）")
    return kept


def email(written: str) -> str:
    """An address as it was written; "" stays "". Raises Wrong."""
    if written and not EMAIL.fullmatch(written):
        raise Wrong("email", "不是邮箱地址")
    return written
