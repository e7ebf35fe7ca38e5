"""Lists of firms: where two of one list are firms, the others are (合格供方：宏发继电器、法拉电子、三环)."""

from collections.abc import Iterator, Sequence

from nlp import segment, told
from nlp.edges import GENERIC
from nlp.evidence import Found
from nlp.late import late
from nlp.named import well_known
from nlp.places import region
from nlp.plain import BLANK, Plain
from nlp.signs import sign

MOST = 400  # items of one text that are looked at
CHARS = sign("、,;\n2")

_NAME = r"(?P<name>[一-龥A-Za-z][一-龥A-Za-z0-9&·]{1,11}?)(?!\([^()\n]*\)?:)"
# An item is all of it, or its name is followed by what is said of it: 立邦 底漆 40桶, 箭牌(留了册子).
_CLOSED = r" ?(?:[、,;。\n]|$)"
_WHOLE, _HEADED = rf"(?={_CLOSED})", rf"(?=[ (|/:{BLANK}]|[、,;。\n]|$)"
_BEGINS = r"(?:^|(?<=[{parts}])|(?<=[\n:]))[ ]?"
_KINDS = {
    "、": late(_BEGINS.format(parts="、") + _NAME + rf"(?=[ (]|{_CLOSED})"),
    ",": late(_BEGINS.format(parts=",") + _NAME + _WHOLE),
    ";": late(_BEGINS.format(parts=";") + _NAME + _HEADED),
    "\n": late(r"(?:^|(?<=\n))[ \-·*]*(?:[A-Z]?\d{1,3}[.、)]? ?)?" + _NAME + _HEADED),
}
_NUMBERED = late(r"(?P<number>\d{1,2})[.、)]? ?" + _NAME + rf"(?=[\s,;。(、{BLANK}]|$|\d)")
# A department, somebody with a title, nobody, and what closes a list.
_NONE = late(
    r"[部科室处组队人们级类型款号月日年元]$|经理|主任|主管|总监|助理|工程师|先生|女士|小姐|老师|(?:总|工|[厂院所局店]长)$|^(?:等|其他|其它|合计|小计|总计|备注|以上|个体户?|个人|无|暂无|没有|待定|同上)"
    r"|[的了是在吗呢吧我你他她它这那哪]|(?:客户|公司|单位|供应商)$"
)
_NO_NOUN = ("v", "r", "d", "p", "c", "m", "t", "a", "q")  # tags of words that are no name


# What heads a list of firms: 意向客户(烘焙):, 竞品清单:, 本月要跑:.
_HEAD = (
    "(?:客户|供应商|供方|需方|厂家|厂商|竞品|竞争对手|对手|同行|友商|单位|公司|企业|参展商|经销商|"
    "代理商|投标人|候选人|乙方|甲方|拜访|走访|回访|陌拜|要跑|跑了|来访)"
)
_LABEL_WORD = late(rf"{_HEAD}[^:\n]{{0,16}}:")
_LABEL = late(
    rf"{_HEAD}(?:名单|清单|名录|计划|记录|情况|汇总|签到)?(?:\([^()\n]{{1,8}}\))?[:=] ?\d?[.、)]? ?$"
)


def find(words: Plain, firms: Sequence[Found]) -> Iterator[Found]:
    """The other members of lists of which two are among `firms` and half of all, or whose label says that they are firms."""
    text, alone = words.text, len(firms) < 2
    if not words.signs & CHARS or (alone and not _may_be_labelled(text)):
        return
    places = {words.here(firm.start, firm.end) for firm in firms}
    starts = {start for start, _ in places}
    for part, items in _lists(text, alone):
        if len(items) < 3:
            continue
        among = len(places.intersection(items))
        rest = [item for item in items if item[0] not in starts]
        labelled = _LABEL.search(text, max(0, items[0][0] - 24), items[0][0]) is not None
        may_be = [item for item in rest if may_be_member(text[slice(*item)])]
        if part == ",":  # it parts clauses, too
            sure = labelled and 2 <= among >= len(rest)
        else:
            sure = 2 <= among >= len(rest) or (labelled and part != "\n" and len(may_be) >= len(rest) - 1)
        if sure:
            for start, end in may_be:
                if labelled or _follows(text, start):
                    yield words.found("companies", start, end, 0.6, "list")


def _may_be_labelled(text: str) -> bool:
    """May a list below a label of firms stand here?"""
    many = text.count("、") > 1 or ";" in text or ("2" in text and "3" in text)
    return many and (":" in text or "=" in text) and _LABEL_WORD.search(text) is not None


def _follows(text: str, start: int) -> bool:
    """Is it no heading: does its list begin in front of it, or a colon?"""
    before = text[:start].rstrip(" ")
    return before != "" and (before[-1] != "\n" or "\n" in before.rstrip("\n"))


def _lists(text: str, alone: bool) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """What parts a list, and the names that stand in it. Where one firm is known at most, only what a label may head."""
    for part, expression in _KINDS.items():
        if (
            text.count(part) < 2 - (part == ";")
            or (alone and part in ",\n")
            or (part == "," and ":" not in text)
        ):
            continue
        items: list[tuple[int, int]] = []
        for match in expression.finditer(text):
            if part != "\n" and items and "\n" in text[items[-1][1] : match.start("name")]:
                yield part, items
                items = []
            items.append(match.span("name"))
            if len(items) >= MOST:
                break
        yield part, items
    if "1" in text and "2" in text and "3" in text:
        numbered = [*_NUMBERED.finditer(text)]
        if [int(item["number"]) for item in numbered] == [*range(1, len(numbered) + 1)]:
            yield "1", [item.span("name") for item in numbered]


def may_be_member(name: str) -> bool:
    """May it be a firm among firms, as far as its characters tell?"""
    if name in well_known():
        return True
    if _NONE.search(name) is not None or GENERIC.fullmatch(name) is not None or region(name) == name:
        return False
    if len(name) <= 3 and told.is_called_so(name):
        return False
    pieces = segment.pieces(name)
    return len(pieces) > 1 or not segment.tag(name)[0][1].startswith(_NO_NOUN)
