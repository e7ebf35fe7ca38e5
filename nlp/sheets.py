"""Rows pasted from a spreadsheet: which column holds firms, and which sums."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nlp.edges import GENERIC
from nlp.evidence import Found
from nlp.late import late
from nlp.starts import matches

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
_HEADED = late(rf"(?:^|(?<=[\t|｜,，;；\n ])){_FIRM}\*?(?=[\t|｜,，;；\n ]|$)", re.I)
_BRANDED = late(r"(?:品牌|牌子|型号|品名|厂牌)(?=[\t|｜,，;； /\n])")
_PRICED = late(rf"(?:^|(?<=[\t|｜,，;；\n ])){_PRICE}(?=[\t|｜,，;；\n ]|$)", re.I)
# Where either may begin.
_EDGE = r"(?:(?<=^.)|(?<=[\t|｜,，;；\n ].))"
_HEADED_BEGINS = re.compile(rf"[合目投参意潜公单企客供需厂商门采甲乙买卖经代承制生服施业终抬开cCsSſ]{_EDGE}")
_PRICED_BEGINS = re.compile(rf"[含未采销合订成投预最单总金价报售底货小运尾定欠余应]{_EDGE}")
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
    for _, cell in _under(text, matches(_HEADED_BEGINS, _HEADED, text), _IS_FIRM):
        name = cell.text
        if 2 <= len(name) <= _LONGEST and not (
            _NO_FIRM.fullmatch(name) or _WORDS.fullmatch(name) is None or GENERIC.fullmatch(name)
        ):
            yield Found("companies", name, name, cell.start, cell.end, 0.85, "column")


def goods(text: str) -> Iterator[tuple[int, int]]:
    """Where brands stand as such, under 品牌 or 型号."""
    yield from (
        (cell.start, cell.end) for _, cell in _under(text, _BRANDED.finditer(text), _GOODS) if cell.text
    )


def sums(text: str) -> Iterator[Found]:
    """What stands under 单价, 金额(万), in yuan."""
    for heading, cell in _under(text, matches(_PRICED_BEGINS, _PRICED, text), _IS_PRICE):
        match, head = _SUM.fullmatch(cell.text), _IS_PRICE.fullmatch(heading)
        if match is None or head is None or (head["unit"] and _OTHER_MONEY.match(head["unit"])):
            continue
        times = _UNITS.get(match["unit"] or head["unit"] or "", 1)
        value = round(float(match["number"].replace(",", "")) * times, 2)
        yield Found(
            "money", f"{value:.2f}".removesuffix(".00"), cell.text, cell.start, cell.end, 0.85, "column"
        )


def _under(
    text: str, among: Iterable[re.Match[str]], heading: re.Pattern[str]
) -> Iterator[tuple[str, _Cell]]:
    """The cells below such a heading with it: those of the rows that have as many cells as their head.

    `among`: where such headings may stand.
    """
    done = 0
    for match in among:
        first, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        if end < 0:
            return
        if first < done:
            continue
        parting = _parting(text[first:end], text[end + 1 : _line_end(text, end + 1)], heading)
        if parting is None:
            continue
        head = _cells(text[first:end], first, parting)
        for _ in range(MOST):
            first, end = end + 1, _line_end(text, end + 1)
            cells = _cells(text[first:end], first, parting)
            if len(cells) == len(head):
                pairs = zip(head, cells, strict=True)
                yield from ((above.text, cell) for above, cell in pairs if heading.fullmatch(above.text))
            elif text[first:end].strip(" \t-|:"):
                break
            if end >= len(text):
                break
        done = first


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


def _parting(line: str, below: str, heading: re.Pattern[str]) -> re.Pattern[str] | None:
    """What parts the cells of a head: they are short, and one of them is such a heading."""
    for part in _PARTS:
        if part.search(line) is None or (part.search(below) is None and below.strip(" \t-|:")):
            continue
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
