"""Excel and CSV files: read with all their encodings and traps, and written so that no cell is taken for a formula. (B08)"""

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # loaded with the first sheet: it takes as long as a tenth of the whole start
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

UNPACKED = 100 * 1024 * 1024
"""The most bytes that an .xlsx may become when it is opened."""
TAGS = 4_000_000
"""The most elements in it: each costs memory, however short. 5,000 rows of 60 cells have a quarter of that."""
EMPTY = 100_000
"""The most lines of a CSV beside those that are filled."""
RED, GREY = "FFFFC7CE", "FFE9EDF2"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Unreadable(Exception):
    """The file cannot be used; `str(error)` is a sentence for the person who sent it."""


def read(name: str, body: bytes, most: int) -> list[list[str]]:
    """The rows of the first sheet as texts, headings first, empty rows as []. Raises Unreadable."""
    if body.startswith(b"PK"):
        rows = _xlsx(body, most)
    elif body.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("这是旧的 .xls 格式，请在 Excel 或 WPS 里另存为 .xlsx")
    else:
        rows = _csv(body, most)
    while rows and not any(rows[-1]):
        rows.pop()
    if len(rows) < 2:
        raise Unreadable(f"{name}：里面没有数据。第一行是标题，从第二行起一行一条")
    return rows


def _xlsx(body: bytes, most: int) -> list[list[str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED or _tags(packed) > TAGS:
                raise Unreadable("文件展开后太大了，请拆成几个")
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
    except Unreadable:
        raise
    except Exception:  # openpyxl raises whatever the broken part was
        raise Unreadable("这个文件打不开，可能损坏或有密码。请另存为 .xlsx 或 CSV 再试") from None
    try:
        sheet = book.worksheets[0]
        found = []
        for n, row in enumerate(sheet.iter_rows(values_only=True)):
            if n > most + 1000:
                break
            found.append(_trim([_text(value) for value in row[:60]]))
        return _capped(found, most)
    except Unreadable:
        raise
    except Exception:
        raise Unreadable("这个文件读到一半就坏了。请另存为 .xlsx 或 CSV 再试") from None
    finally:
        book.close()


def _tags(packed: zipfile.ZipFile) -> int:
    """How many elements its parts have, counted without building them; no more than TAGS and a few."""
    found = 0
    for one in packed.infolist():
        with packed.open(one) as part:
            while found <= TAGS and (piece := part.read(1024 * 1024)):
                found += piece.count(b"<")
    return found


def _csv(body: bytes, most: int) -> list[list[str]]:
    text = _decoded(body)
    head = text[:4000]
    sign = max(",\t;", key=head.split("\n")[0].count)
    try:
        found = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
        rows: list[list[str]] = []
        for row in itertools.islice(found, EMPTY + most):  # twenty million empty lines are a gigabyte of rows
            rows.append(_trim([cell.strip() for cell in row[:60]]))
        if next(found, None) is not None:
            raise Unreadable(f"一次最多 {most} 行，这个文件的行数太多了。请拆成几个，空行请删掉")
    except csv.Error:
        raise Unreadable("这个文件不是表格（CSV 或 .xlsx）") from None
    return _capped(rows, most)


def _decoded(body: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else GB 18030 (what Excel writes in China). Raises Unreadable."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        names: tuple[str, ...] = ("utf-16",)
    else:
        names = ("utf-8-sig", "gb18030")
    for name in names:
        try:
            text = body.decode(name)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable("这个文件的文字读不懂。请另存为 .xlsx，或 UTF-8 的 CSV")


def _capped(rows: list[list[str]], most: int) -> list[list[str]]:
    filled = sum(1 for row in rows[1:] if row)
    if filled > most:
        raise Unreadable(f"一次最多 {most} 行，这个文件有 {filled} 行以上。请拆成几个")
    return rows


def _trim(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))  # a phone number that was typed as a number
        case _:
            return str(value).strip()


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────
def safe(value: str) -> str:
    """A text that no spreadsheet takes for a formula when it is saved as CSV and opened again: what begins like one gets
    an apostrophe; phone numbers and plain numbers stay."""
    if re.match(r"\s*[=@＝＠|%]|[\t\r\n]", value) or (
        value.lstrip()[:1] in tuple("+-＋－") and not re.fullmatch(r"[+-][\d\s.-]*", value)
    ):
        return "'" + value
    return value


def write(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, red: Mapping[tuple[int, int], str] | None = None,
    top: str = "", title: str = "线索",
) -> bytes:  # fmt: skip
    """An .xlsx of texts. `red` marks cells (row, column from 0) with a reason as a note; `top` is a line above all
    (whose copy this is)."""
    from openpyxl import Workbook
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    book, red_fill, grey = (
        Workbook(),
        PatternFill("solid", start_color=RED),
        PatternFill("solid", start_color=GREY),
    )
    sheet = cast("Worksheet", book.active)
    sheet.title = title
    first = 1
    if top:
        _put(sheet, 1, 1, top).font = Font(color="FF8A8F98", italic=True)
        first = 2
    for column, heading in enumerate(headings, start=1):
        cell = _put(sheet, first, column, heading)
        cell.font, cell.fill = Font(bold=True), grey
        sheet.column_dimensions[get_column_letter(column)].width = max(12, min(40, 2 * len(heading) + 6))
    for n, row in enumerate(rows):
        for column, value in enumerate(row):
            cell = _put(sheet, first + 1 + n, column + 1, value)
            if red and (n, column) in red:
                cell.fill = red_fill
    sheet.freeze_panes = f"A{first + 1}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(sheet: "Worksheet", row: int, column: int, value: str) -> "Cell":
    cell = cast("Cell", sheet.cell(row=row, column=column))
    if text := re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", safe(value))[:32_000]:
        cell.value = text
        cell.data_type = "s"  # a text, whatever it looks like
    cell.number_format = "@"
    return cell
