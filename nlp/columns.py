"""Spreadsheets of leads: which column is which, and what each row says or where it is wrong. (B08)"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from nlp import enquiry

COLUMNS = {
    "name": "姓名", "company": "公司", "phone": "手机", "email": "邮箱", "city": "城市", "source": "来源",
    "kind": "需求类型", "need": "需求", "note": "备注", "owner": "负责人", "credit_code": "统一社会信用代码",
    "author": "录入人", "at": "录入时间",
}  # fmt: skip
"""Field → the heading in our template."""
ALIASES = {
    "name": ("联系人", "客户姓名", "称呼", "联系人姓名", "name", "contact"),
    "company": ("公司名称", "客户名称", "单位", "企业", "企业名称", "客户", "company"),
    "phone": ("手机号", "电话", "联系电话", "手机号码", "电话号码", "联系方式", "phone", "mobile", "tel"),
    "email": ("邮件", "电子邮箱", "email", "e-mail", "mail"),
    "city": ("所在城市", "地区", "省市", "城市/地区", "city"),
    "source": ("线索来源", "渠道", "来源渠道", "source"),
    "kind": ("类型", "kind"),
    "need": ("需求描述", "咨询内容", "产品需求", "意向产品", "need"),
    "note": ("说明", "跟进记录", "note", "remark"),
    "credit_code": ("信用代码", "社会信用代码", "税号", "纳税人识别号", "credit code"),
    "owner": ("销售", "跟进人", "所属销售", "业务员", "owner"),
    "author": ("创建人", "录入者", "author", "created by"),
    "at": ("创建时间", "录入日期", "创建日期", "日期", "时间", "提交时间", "date", "created at"),
}  # fmt: skip
_NAMES = {alias: field for field, all_ in ALIASES.items() for alias in (*all_, COLUMNS[field])}
_DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y年%m月%d日", "%Y年%m月%d日 %H:%M", "%m/%d/%Y")


def fields_of(headings: Sequence[str]) -> tuple[str, ...]:
    """What each column holds, "" for one that we do not know. A field counts once, in its first column."""
    found: list[str] = []
    for heading in headings:
        plain = re.sub(r"[\s*＊:：（(].*$|\s", "", unicodedata.normalize("NFKC", heading).strip()).lower()
        field = _NAMES.get(plain, "")
        found.append(field if field not in found else "")
    return tuple(found)


def checked(raw: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """A row's fields, tidy, and what is wrong with which of them (a sentence by field)."""
    fields: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in COLUMNS:
        value = (enquiry.tidy if field in enquiry.LONG else enquiry.line)(raw.get(field, ""))
        longest = enquiry.LENGTHS.get(field, 64)
        try:
            if len(value) > longest:
                raise enquiry.Wrong(field, f"最多 {longest} 个字符，现在 {len(value)} 个")
            fields[field] = _tidy(field, value)
        except enquiry.Wrong as wrong:
            errors[field] = f"{COLUMNS[field]}{wrong.why}"
    if "name" not in errors and "company" not in errors and not (fields["name"] or fields["company"]):
        errors["name"] = "姓名和公司至少要有一个"
    if not {"phone", "email"} & set(errors) and not (fields["phone"] or fields["email"]):
        errors["phone"] = "手机和邮箱至少要有一个"
    return fields, errors


def _tidy(field: str, value: str) -> str:
    match field:
        case "phone":
            kept = enquiry.phone(value)
            if re.fullmatch(r"1[3-9]\d*", kept) and len(kept) != 11:
                raise enquiry.Wrong(field, f"「{value}」不是 11 位")
            return kept
        case "email":
            return enquiry.email(value)
        case "credit_code":
            return enquiry.code(value)
        case "at":
            return _moment(value).isoformat() if value else ""
        case _:
            return value


def _moment(text: str) -> datetime:
    """A wall-clock time as spreadsheets write it. Raises Wrong."""
    plain = (
        unicodedata.normalize("NFKC", text).replace("/", "-").replace("T", " ").replace(".", "-", 2).strip()
    )
    for pattern in _DATES:
        try:
            return datetime.strptime(plain, pattern)  # noqa: DTZ007  (a wall clock without a zone is meant)
        except ValueError:
            continue
    raise enquiry.Wrong("at", f"「{text}」看不懂，写成 2026-11-23 10:02")
