"""Tables that were made to break who opens them: those that come in, and those that go out."""

import io
import zipfile

import pytest

from bot import sheets

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def packed(body: bytes) -> bytes:
    """An .xlsx whose first sheet is this."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sheets.write(["姓名", "手机"], [["陈立", "1"]]))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for one in good.infolist():
            made.writestr(one.filename, body if one.filename == SHEET else good.read(one))
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"\n" * 3_000_000,
        b"a\n" * 200_000,
        b'"' + b"a" * 3_000_000,
        packed(HEAD + b"<row/>" * 5_000_000 + b"</sheetData></worksheet>"),
        packed(HEAD + b"<row><c><v>" + b"1" * (sheets.UNPACKED + 1) + b"</v></c></row></sheetData></worksheet>"),
        packed(b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + HEAD[21:] + b"<row><c><v>&a;</v></c></row></sheetData></worksheet>"),
    ],
)  # fmt: skip
def test_a_file_that_grows_when_it_is_opened_is_refused(body: bytes) -> None:
    assert len(body) < 20 * 1024 * 1024
    with pytest.raises(sheets.Unreadable):
        sheets.read("a", body, 5000)


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "@SUM(A1)",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "\t=1",
        "\n=1",
        "\r=1",
        " =1",
        "＝1",
        "＋1+1",
        "|x",
        "%x",
    ],
)
def test_no_cell_that_leaves_begins_like_a_formula(value: str) -> None:
    assert sheets.safe(value) == "'" + value


def test_an_empty_cell_stays_empty() -> None:
    assert sheets.read("a.xlsx", sheets.write(["姓名", "城市", "手机"], [["陈立", "", "1"]]), 9)[1] == [
        "陈立",
        "",
        "1",
    ]


@pytest.mark.parametrize("value", ["", "宁波恒达", "13812345678", "+86 138 1234 5678", "-5", "a=b"])
def test_what_is_no_formula_stays_as_it_is(value: str) -> None:
    assert sheets.safe(value) == value
