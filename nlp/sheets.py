"""Rows pasted from a spreadsheet: which column holds firms, and which sums."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlp.edges import GENERIC
from nlp.evidence import Found
from nlp.late import late

MOST = 400  # rows of one table that are read
_LONGEST = 40  # characters of a cell that names a firm
_HEAD = 12  # of a heading

_FIRM = (
    r"(?:(?:合格|目标|投标|参与|意向|潜在|合作)?(?:公司|单位|企业|客户|供应商|供方|需方|厂家|厂商|厂名|商户|门店|投标人|采购方|甲方|乙方|买方|卖方|经销商|代理商|承运商|制造商|生产商|服务商|施工方|业主|终端)"
    r"(?:名称|全称|简称|名)?|抬头|开票名称|company(?: name)?|customer|supplier)"
)
_PRICE = (
    r"(?:(?:含税|未税|采购|销售|合同|订单|成交|投标|预计|最新)?(?:单价|总价|金额|价格|报价|售价|底价|成本|预算|货款|合计|小计|运费|尾款|定金|欠款|余额|应收|应付)(?:额|款)?)"
    r"(?: ?[(（/](?P<unit>人民币|元|万元?|亿元?|千元|含税|RMB|[一-龥A-Za-z]{1,3})[)）]?)?"
)
# A heading stands between what parts cells; what it parts its own row with parts those below it.
_HEADED = re.compile(rf"(?:^|(?<=[\t|｜,，;；\n ])){_FIRM}\*?(?=[\t|｜,，;；\n ]|$)", re.I)
_PRICED = late(rf"(?:^|(?<=[\t|｜,，;；\n ])){_PRICE}(?=[\t|｜,，;；\n ]|$)", re.I)
_IS_FIRM, _IS_PRICE = late(rf"{_FIRM}\*?", re.I), late(_PRICE, re.I)
_GOODS = late(r"(?:设备|原|现用|推荐|指定|竞品)?(?:品牌|牌子|型号|品名|厂牌)(?:型号|/型号)?")
_PARTS = tuple(map(re.compile, (r"\t", r" *[|｜] *", r" {2,}", r"[,，] *", r"[;；] *", r" ")))
_SUM = late(r"[¥￥]? ?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<unit>万|亿|千)?元?")
_UNITS = {"万": 10_000, "万元": 10_000, "亿": 100_000_000, "亿元": 100_000_000, "千元": 1_000, "千": 1_000}
_OTHER_MONEY = late(r"(?i:usd|eur|hkd|美|欧|港|日|\$|€)")
_NO_FIRM = late(
    r"[\d\s.\-/:：+%()（）]*|个体.*|个人|无|暂无|没有|不详|未知|保密|待定|同上|其他|其它|合计|总计|小计|-+|/"
)
_WORDS = late(r"[一-龥A-Za-z0-9&·()（）.,\-+/# ]*")


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int
    end: int
    text: str


def firms(text: str) -> Iterator[Found]:
    """What stands under 公司, 客户名称, 供应商, as offsets of `text`."""
    if "\n" not in text or _HEADED.search(text) is None:
        return
    for _, cell in _under(text, _IS_FIRM):
        name = cell.text
        if 2 <= len(name) <= _LONGEST and not (
            _NO_FIRM.fullmatch(name) or _WORDS.fullmatch(name) is None or GENERIC.fullmatch(name)
        ):
            yield Found("companies", name, name, cell.start, cell.end, 0.85, "column")


def goods(text: str) -> Iterator[tuple[int, int]]:
    """Where brands stand as such, under 品牌 or 型号."""
    if "\n" in text and ("品" in text or "牌" in text or "型号" in text):
        yield from ((cell.start, cell.end) for _, cell in _under(text, _GOODS) if cell.text)


def sums(text: str) -> Iterator[Found]:
    """What stands under 单价, 金额(万), in yuan."""
    if "\n" not in text or _PRICED.search(text) is None:
        return
    for heading, cell in _under(text, _IS_PRICE):
        match, head = _SUM.fullmatch(cell.text), _IS_PRICE.fullmatch(heading)
        if match is None or head is None or (head["unit"] and _OTHER_MONEY.match(head["unit"])):
            continue
        times = _UNITS.get(match["unit"] or head["unit"] or "", 1)
        value = round(float(match["number"].replace(",", "")) * times, 2)
        yield Found(
            "money", f"{value:.2f}".removesuffix(".00"), cell.text, cell.start, cell.end, 0.85, "column"
        )


def _under(text: str, heading: re.Pattern[str]) -> Iterator[tuple[str, _Cell]]:
    """The cells below such a heading with it: those of the rows that have as many cells as their head."""
    head: list[_Cell] = []
    parting, rows, at = _PARTS[0], 0, 0
    for line in text.split("\n"):
        first, at = at, at + len(line) + 1
        if head:
            cells = _cells(line, first, parting)
            rows += 1
            if len(cells) == len(head) and rows <= MOST:
                yield from (
                    (above.text, cell)
                    for above, cell in zip(head, cells, strict=True)
                    if heading.fullmatch(above.text)
                )
                continue
            if not line.strip(" \t-|:"):
                continue
        found = _parting(line, heading)
        head, parting, rows = ([], parting, 0) if found is None else (_cells(line, first, found), found, 0)


def _parting(line: str, heading: re.Pattern[str]) -> re.Pattern[str] | None:
    """What parts the cells of a head: they are short, and one of them is such a heading."""
    for part in _PARTS:
        cells = [cell.text for cell in _cells(line, 0, part)]
        few = 3 if part is _PARTS[-1] else 2  # single blanks stand in sentences, too
        if len(cells) >= few and max(map(len, cells)) <= _HEAD and any(map(heading.fullmatch, cells)):
            return part
    return None


def _cells(line: str, first: int, parting: re.Pattern[str]) -> list[_Cell]:
    """The cells of a row that begins at `first`; strokes at its ends part nothing."""
    begin, end = len(line) - len(line.lstrip(" |｜")), len(line.rstrip(" |｜\r"))
    found, at = [], begin
    for match in parting.finditer(line, begin, end):
        found.append((at, match.start()))
        at = match.end()
    found.append((at, max(at, end)))
    trimmed = []
    for start, stop in found:
        piece = line[start:stop]
        start += len(piece) - len(piece.lstrip())
        trimmed.append(_Cell(first + start, first + start + len(piece.strip()), piece.strip()))
    return trimmed
