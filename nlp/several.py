"""Several customers in one paste: the rows of a table, the lines of a list. Each is then read by itself."""

import re
from collections.abc import Iterator, Sequence

from nlp import chat, columns, companies, phones
from nlp.late import late
from nlp.plain import plain

MOST = 8  # that become drafts one by one; more are for the import of lists
LONGEST = 20_000  # characters of a paste that is looked at

_MOBILE = re.compile(r"(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
_CELLS = late(r"\t+|\s*[|｜]\s*| {2,}|\s*[,，]\s*")
_MARK = late(r"\s*(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})[)）.、．:：]|[①-⑩]|[-*•·]\s)\s*")
_HEADS = late(r"客户|线索|名单|名片|咨询|留资|报名|询盘|意向|加盟商|联系人")
_LABEL = late(
    r"\s*(?:备用|公司|联系|客户|收货|收件)?(?:电话|手机号?|座机|微信号?|tel|mobile|phone|联系方式|联系人|姓名|收件人|收货人)\s*[:：]",
    re.I,
)
_WORDS = re.compile(r"[一-龥]{2}")


def split(text: str) -> tuple[str, ...]:
    """The text of each customer, without what stands above them all; () when the paste is about one."""
    if len(text) > LONGEST or len(_MOBILE.findall(text)) < 2:
        return ()
    lines = [line.strip("\r ") for line in text.splitlines() if line.strip()]
    found = tuple(_table(lines)) or tuple(_list(lines))
    return () if len(found) < 2 or chat.split(text) else found


def _table(lines: Sequence[str]) -> Iterator[str]:
    """Each row under its headings: "姓名：刘洋" and so on."""
    heads = [cell.strip() for cell in _CELLS.split(lines[0])]
    fields = columns.fields_of(heads)
    if "phone" not in fields or not {"name", "company"} & set(fields) or _MOBILE.search(lines[0]):
        return
    for line in lines[1:]:
        cells = [cell.strip() for cell in _CELLS.split(line)]
        if len(cells) == len(heads):
            yield "\n".join(f"{head}：{cell}" for head, cell in zip(heads, cells, strict=True) if cell)


def _list(lines: Sequence[str]) -> Iterator[str]:
    """Lines with a number and a customer each, one under the other."""
    first = next(n for n, line in enumerate(lines) if _MOBILE.search(line))
    rows, above = lines[first:], "".join(lines[:first])
    numbers = [_number(row) for row in rows]
    if first > 2 or "" in numbers or len(set(numbers)) < len(rows):
        return
    if any(_LABEL.match(row) or not _WORDS.search(row) for row in rows):
        return
    marked = all(_MARK.match(row) for row in rows)
    if marked or _HEADS.search(above) or all(companies.find(plain(row)) for row in rows):
        for row in rows:
            mark = _MARK.match(row)
            yield row[mark.end() :] if mark else row


def _number(row: str) -> str:
    """The one mobile number of a line, "" when there is none or several."""
    found = {hit.value for hit in phones.find(row) if hit.rule == "mobile"}
    return found.pop() if len(found) == 1 else ""
