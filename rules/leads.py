"""Leads, customers, contacts: what is true of them (B01, B05, B12, B17, B26-B28)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a lead stands. Names on screen are in TITLES."""

    NEW = "new"  # nobody has touched it
    CONTACTED = "contacted"  # touched, no interest known yet
    INTENT = "intent"  # 意向
    TECH_CONFIRM = "tech_confirm"  # 技术确认中
    QUOTING = "quoting"  # 等待报价
    SAMPLE = "sample"  # 样品中
    WON = "won"
    LOST = "lost"
    INVALID = "invalid"


TITLES = {
    Status.NEW: "待首触",
    Status.CONTACTED: "已联系",
    Status.INTENT: "意向",
    Status.TECH_CONFIRM: "技术确认中",
    Status.QUOTING: "等待报价",
    Status.SAMPLE: "样品中",
    Status.WON: "已成交",
    Status.LOST: "无意向",
    Status.INVALID: "号码无效",
}
CLOSED = frozenset({Status.WON, Status.LOST, Status.INVALID})
INTENT = frozenset({Status.INTENT, Status.TECH_CONFIRM, Status.QUOTING, Status.SAMPLE})
"""What counts as an intent customer for the 48 h rule (B26)."""


@dataclass(frozen=True)
class Customer:
    """A firm or a person we may sell to. `core`: the name without region and legal suffix (nlp/companies);
    `credit_code`: 统一社会信用代码, tidy and valid (rules/credit_code.py), or ""."""

    id: int
    name: str
    company: str = ""
    core: str = ""
    city: str = ""
    level: str = ""
    owner: str = ""
    version: int = 0
    credit_code: str = ""

    @property
    def label(self) -> str:
        """What to call it in one phrase."""
        return self.company or self.name


@dataclass(frozen=True)
class Contact:
    """A person at a customer. `phone` as written in digits ("13812345678", "0755-26881234-801")."""

    id: int
    customer: int
    name: str
    title: str = ""
    phone: str = ""
    email: str = ""
    wechat: str = ""


@dataclass(frozen=True)
class Lead:
    """One piece of demand being followed up. Times are UTC; `version` guards every save."""

    id: int
    customer: int
    owner: str
    created_at: datetime
    contact: int | None = None
    source: str = ""
    kind: str = ""  # 需求类型
    need: str = ""
    note: str = ""
    status: Status = Status.NEW
    created_by: str = ""
    assigned_at: datetime | None = None
    assigned_why: str = ""
    first_touch_at: datetime | None = None
    last_followup_at: datetime | None = None
    next_text: str = ""
    next_at: datetime | None = None
    closed_at: datetime | None = None
    acked_at: datetime | None = None
    snoozed_until: datetime | None = None
    snoozes: int = 0
    version: int = 0

    @property
    def open(self) -> bool:
        return self.status not in CLOSED
