"""Phone numbers: mobiles, fixed lines, 400 numbers, extensions, and what only looks like one."""

import re
import string
from collections.abc import Iterator

from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.numbers import DIGITS
from nlp.plain import Plain, plain
from nlp.signs import sign
from nlp.starts import matches

_CHINESE = "零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_SPOKEN = re.compile(rf"[{_CHINESE}\d](?:[ \-.]?[{_CHINESE}\d]){{6,24}}", re.ASCII)
# 一七七,六六五五,四四三三: a mobile spoken with pauses.
_PAUSED = re.compile(rf"(?<![{_CHINESE}])[一幺][{_CHINESE}]{{2}}(?:,[{_CHINESE}]{{4}}){{2}}(?![{_CHINESE}])")
_COMMAS = re.compile(r"(?<![\d,.、])1[3-9]\d([,、])\d{4}\1\d{4}(?![\d,、])", re.ASCII)  # 138、0013、8000
_COMMAS_BEGIN = re.compile("1(?=[3-9][0-9][,、])")
_TO_DIGIT = {ord(char): str(DIGITS[char]) for char in _CHINESE}

_GAP = r"(?: ?[-./_·] ?| {1,2})?"  # what people put between digits
_CODE = r"(?:\(? ?(?:\+ ?|00)86 ?\)? ?-? ?|\(86\) ?-?|(?<![\d])86[- ]?(?=1[3-9]))?"
_EXTENSION = (
    r"(?: ?[,(]? ?(?:转 ?分机|转接|转|分机号?|ext\.?|x|#|\*)[ :.]*(?P<ext>\d{1,6})(?!\d)\)?"
    r"|-(?P<dash>\d{1,5})(?![\d\-台个件套年月日号点:]))?"
)
_BEGIN = r"(?<![\d+])(?<!\d[.\-])"
_END = r"(?![\d])(?!\.\d)"

MOBILE = re.compile(
    rf"(?<!\d)(?P<code>{_CODE})(?P<base>1{_GAP}[3-9](?:{_GAP}\d){{9}}){_END}{_EXTENSION}", re.ASCII | re.I
)
FIXED = re.compile(
    rf"(?<!\d)(?P<code>(?:\(? ?(?:\+ ?|00)86 ?\)?|\(86\)|\((?:\+|00)?86[- ](?=\d{{2,4}}\))|(?<![\d.\-(])86)[- ]{{0,2}})?"
    rf"(?:\(0\) ?)?[(\[]?(?P<area>(?(code)0?|0)(?:10|2\d|[3-9]\d\d))[)\]]?"
    rf"(?: ?[-./_] ?| {{1,2}})?(?P<base>[2-8]\d{{2,3}}[- .]?\d{{4}}){_END}{_EXTENSION}",
    re.ASCII | re.I,
)
# Taiwan: 0912-345-678; 02-2712-3456, (03)328-1200; 886-4-2359-1234.
TAIWAN = late(
    rf"(?<![\d+])(?:(?P<code>886)[- ])?(?P<base>\(?(?(code)0?|0)(?:9\d\d\)?[- ]?\d{{3}}[- ]?\d{{3}}"
    rf"|[2-8]\d?\)?[- ]?\d{{3,4}}[- ]?\d{{4}})){_END}{_EXTENSION}",
    re.ASCII | re.I,
)
# 0 2 1 - 5 8 3 4 6 6 7 7: dictated with a blank behind every digit.
SPACED = late(
    r"(?<!\d)(?<!\d )(?P<base>0(?: \d){2,3}(?: ?- ?| )\d(?: \d){6,7})(?! ?\d)(?P<ext>(?!))?(?P<dash>(?!))?",
    re.ASCII,
)
HOTLINE = late(
    rf"{_BEGIN}(?P<base>[48]00(?:{_GAP}\d{{3}}{_GAP}\d{{4}}|{_GAP}\d{{4}}{_GAP}\d{{3}}|\d{_GAP}\d{{3}}{_GAP}\d{{3}})){_END}{_EXTENSION}",
    re.ASCII | re.I,
)
# Seven or eight digits are a phone only when something says so.
LOCAL = late(
    rf"(?:电话|座机|固话|总机|直线|热线|联系方式|联络|拨打|致电|打|tel|phone)(?:号码?)?"
    rf"[是为:\s.]{{0,4}}(?P<base>[2-8]\d{{2,3}}[- ]?\d{{4}})"
    rf"(?!\d|-(?!\d{{1,5}}(?![\d\-台个件套年月日号点:]))){_END}{_EXTENSION}",
    re.ASCII | re.I,
)
# (852) 2827 1234, 852-9123 4567: Hong Kong and Macao with their code set apart.
NEAR_ABROAD = late(
    r"(?:\(|(?<![\d+\-.])(?:00)?)(?P<base>85[23](?:\)[- ]?|[- ])[2-9]\d{3}[- ]?\d{4})(?!\d)(?P<ext>(?!))?(?P<dash>(?!))?",
    re.ASCII,
)
ABROAD = late(r"(?<![\d+])\+(?!86)(?P<base>[1-9]\d{0,2}(?:[- ]?\(?\d{1,5}\)?){2,5})(?!\d)", re.ASCII)

_LABEL = re.compile(
    r"电话|手机|座机|固话|总机|热线|行动|联系方式|tel|mob|phone|cell|call|微信|号码|拨打|致电|打给", re.I
)
_GUARD = late(
    r"单号|订单|编号|编码|税号|身份证|证件号|卡号|账号|帐号|账户|批次|"
    r"批号|条码|发票|序列号|货号|料号|工号|流水|识别号|信用代码|开户|"
    r"型号|版本|编码|证号|qq|ip|(?<![a-z])id|isbn|sn|s/n|运单|快递|密码|口令|验证码|取件码|寄件码|条形码|学号|准考证|车架号|案号|凭证|p/n|sku|会议(?:号|id)|错误码|代码",
    re.I,
)
_FAX = late(
    r"(?<!电话/)(?<!电话\()(?:(?:传真|fax)(?![/、和及]?(?:电话|tel))[^\d]{0,4}|(?<![A-Za-z])f ?[:.] ?[(+]{0,2})$",
    re.I,
)
_LATIN_LABEL = re.compile(
    r"(?:tel|t|m|mob|mobile|phone|ph|cell|p|h|hp|wechat|wx|vx|call|mp|handphone|no|dial)\.?$", re.I
)
# Identity numbers and bank cards come in long groups; they are taken out before anything is read.
_CARD = re.compile(
    r"(?<!\d)[1-9]\d{3}[ -](?:\d{4}[ -]){2}\d{3,7}(?!\d)|(?<!\d)\d{6} ?\d{8} ?\d{3}[\dXx](?!\d)", re.ASCII
)


# Seven digits with at most a few other characters between them: without such a run there is no number at all.
_RUN = re.compile(r"[0-9](?:[^0-9]{0,4}[0-9]){6}")
_SAID_RUN = re.compile(_RUN.pattern.replace("0-9", f"0-9{_CHINESE}"))  # the same before numerals are digits
_LONG_RUN = re.compile(r"[0-9](?<![0-9].)(?:[ -]?[0-9]){14}")
_LEAD = 24  # characters that may stand in front of its first digit: a label, a bracket, a plus sign
_NUMERALS = sign(_CHINESE)
_PAUSE_BEGINS = sign("一幺")
_SHORTEST = 7  # characters of a run
_DIGITS = sign("0123456789")
# The number itself, or the country's code in front of it.
_MOBILE_STARTS = re.compile(
    r"[ (+018](?<![0-9].)(?:(?<=1)(?=[ \-./_·]{0,3}[3-9])|(?<=8)(?=6)|(?<=0)(?=0)|(?<=\()(?=[ +08])|(?<=\+)(?=[ 8])|(?<= )(?=[+0]))"
)
# What must be in the text, where each kind may begin, the kind itself and how sure it is.
_RULES = (
    ("mobile", ("1",), _MOBILE_STARTS, MOBILE, 0.99),
    ("hotline", ("400", "800"), re.compile(r"[48]00"), HOTLINE, 0.95),
    ("fixed", ("0", "86"), re.compile(r"[(+\[08](?<![0-9].)"), FIXED, 0.97),
    ("spaced", ("0 ",), re.compile(r"0(?<![0-9].)(?= [0-9])"), SPACED, 0.9),
    ("near", ("852", "853"), re.compile(r"[(08](?<![0-9].)"), NEAR_ABROAD, 0.85),
    ("local", ("",), late(r"[电座固总直热联拨致打tTpP]"), LOCAL, 0.85),
    ("abroad", ("+",), re.compile(r"\+"), ABROAD, 0.8),
    ("taiwan", ("0", "886"), re.compile(r"[(08](?<![0-9].)"), TAIWAN, 0.85),
)


def find(text: str | Plain) -> tuple[Found, ...]:
    """Every phone number in the text, in order. `value` is digits with area code, an extension after "-"."""
    return tuple(_find(plain(text) if isinstance(text, str) else text))


def _find(words: Plain) -> Iterator[Found]:
    held, text = words.signs, words.text
    if held & _NUMERALS:
        if not held & _MISREADABLE and _SAID_RUN.search(text) is None:
            return
        if held & _PAUSE_BEGINS and "," in text:
            text = _PAUSED.sub(_joined, text)
        text = _SPOKEN.sub(_spoken, text)
    elif not held & _DIGITS:
        return
    if held & _MISREADABLE and _MISREAD_BEGINS.search(text) is not None:
        text = _MISREAD.sub(_reread, text)
    if _COMMAS_BEGIN.search(text) is not None:
        text = _COMMAS.sub(_joined, text)
    first = _RUN.search(text)
    if first is None:
        return
    if _LONG_RUN.search(text, first.start()) is not None:
        text = _CARD.sub(lambda match: "▪" * len(match[0]), text)
    begin = max(0, first.start() - _LEAD)
    hits: list[tuple[int, int, str, str, float]] = []
    taken = Taken(len(text))
    for rule, needs, starts, pattern, sure in _RULES:
        for need in needs:
            if need in text:
                break
        else:
            continue
        before = len(hits)
        for match in matches(starts, pattern, text, begin):
            start = match.start("base") if rule == "local" else match.start()
            end = match.end()
            if not taken.is_free(start, end):
                continue
            value = _value(rule, match)
            if value and not _guarded(text, start, end) and not _one_digit_more(text, match):
                taken.take(start, end)
                hits.append((start, end, value, rule, sure))
        if len(hits) > before and not _more(text, first.start(), hits):
            break
    fixed = [hit for hit in hits if hit[3] == "fixed"]
    if fixed:
        hits += _seconds(text, fixed, taken)
    for start, end, value, rule, sure in sorted(hits):
        yield words.found("phones", start, end, sure, rule, value)


def _more(text: str, begin: int, hits: list[tuple[int, int, str, str, float]]) -> bool:
    """Does a run of digits stand outside the hits, so that another rule may find a number?"""
    done = begin
    for start, end, *_ in sorted(hits):
        if start - done >= _SHORTEST and _RUN.search(text, done, start) is not None:
            return True
        done = end
    return len(text) - done >= _SHORTEST and _RUN.search(text, done) is not None


_SECOND = re.compile(
    r" ?(?:[、/,;]|或者?|和) ?(?P<base>[2-8]\d{2,3}[- ]?\d{4})(?![\d\-.]|[台件个套元])", re.ASCII
)


def _seconds(
    text: str, fixed: list[tuple[int, int, str, str, float]], taken: Taken
) -> Iterator[tuple[int, int, str, str, float]]:
    """021-64321234、64321235: the second line of the same house, written without its area."""
    for _, end, value, _, _ in fixed:
        match = _SECOND.match(text, end)
        base = re.sub(r"\D", "", match["base"]) if match is not None else ""
        if match is not None and len(base) == len(value.split("-")[1]) and taken.take(*match.span("base")):
            yield (*match.span("base"), base, "local", 0.85)


_ONE_MORE = re.compile(r" \d(?![\d台件个套只年月日号点:、.)])", re.ASCII)


def _one_digit_more(text: str, match: re.Match[str]) -> bool:
    """138 1234 5678 9: written in groups, and one too long."""
    return " " in match["base"].strip() and _ONE_MORE.match(text, match.end()) is not None


_STROKES = re.compile(r"(?:0\d{2,3}一[2-8]\d{6,7}|1[3-9]\d(?:一\d{4}){2})(?:一\d{1,5})?", re.ASCII)


# 13o 1234 5678, l39…: letters that a hand or a camera put for 0 and 1.
_LETTERS = frozenset("oOlI")
_MISREADABLE = sign(_LETTERS)
_MISREAD = late(r"(?<![A-Za-z0-9.\-_@/])[1lI][3-9oO](?:[ \-]?[0-9oOlI]){9}(?![A-Za-z0-9@])", re.ASCII)
_MISREAD_BEGINS = re.compile(r"[1lI](?=[3-9oO][ \-0-9oOlI])")
_AS_DIGIT = str.maketrans("oOlI", "0011")


def _reread(match: re.Match[str]) -> str:
    letters = sum(1 for char in match[0] if char in _LETTERS)
    return match[0].translate(_AS_DIGIT) if 0 < letters <= 3 else match[0]


def _joined(match: re.Match[str]) -> str:
    return match[0].replace(",", "-").replace("、", "-")


def _spoken(match: re.Match[str]) -> str:
    """一三八零零… as digits, when it is long enough to be dictated digit by digit; 0791一86895566 holds a dash."""
    if _STROKES.fullmatch(match[0]):
        return match[0].replace("一", "-")
    return match[0].translate(_TO_DIGIT)


def _value(rule: str, match: re.Match[str]) -> str:
    """The tidy number, "" when the digits cannot be one."""
    base = match["base"] if match["base"].isdecimal() else _OTHER.sub("", match["base"])
    extension = ""
    if rule != "abroad":
        extension = match["ext"] or match["dash"] or ""
    if rule == "mobile":
        if not _one_kind_of_gap(match["base"]):
            return ""
    elif rule == "fixed":
        area = match["area"]
        area = area if area.startswith("0") else "0" + area
        if len(base) == 7 and len(area) == 3 and area != "010":
            return ""  # two-digit areas have eight digits
        base = f"{area}-{base}"
    elif rule == "spaced":
        area = base[:3] if base.startswith(("010", "02")) else base[:4]
        base = f"{area}-{base[len(area) :]}"
    elif rule == "abroad":
        base = re.sub(r"\D", "", match["base"].replace("(0)", ""))
        if not 8 <= len(base) <= 13:
            return ""
        base = "+" + base
    elif rule == "near":
        base = "+" + base
    elif rule == "taiwan":
        return _taiwan(match, base, extension)
    return f"{base}-{extension}" if extension else base


def _taiwan(match: re.Match[str], base: str, extension: str) -> str:
    """Without 886 only what is written as a phone is: with its gaps, or behind a word for one."""
    base = base.removeprefix("0")
    mobile = base.startswith("9")
    if len(base) not in (8, 9) or (mobile and len(base) != 9):
        return ""
    tail = f"-{extension}" if extension else ""
    if match["code"]:
        return f"+886{base}{tail}"
    before = match.string[max(0, match.start() - 8) : match.start()]
    if not re.search(r"[- )]", match["base"]) and not (mobile and _LABEL.search(before)):
        return ""
    return f"0{base}{tail}"


def _one_kind_of_gap(base: str) -> bool:
    """138-0013-8000 and 138 0013 8000 are numbers; 1.38/00-1 3 is a heap of figures."""
    if base.isdecimal():
        return True
    gaps = {gap.strip() or " " for gap in _GAPS.findall(base)}
    return len(gaps) <= 1 or gaps <= {" ", "-"}


def _guarded(text: str, start: int, end: int) -> bool:
    """Is it part of a longer word, or does the clause before it say that it is some other number?"""
    if end < len(text) and text[end] in _WORD and not _LATIN_BEHIND.match(text, end):
        return True
    if _COUNTED.match(text, end):
        return True
    if start and (
        text[start - 1] in "¥$" or (text[start - 1] in "-/_" and _in_a_number_of_letters(text, start))
    ):
        return True
    clause = _BREAK.split(text[max(0, start - 14) : start])[-1]
    if not clause or clause.isspace():
        return False
    if clause[-1] in _WORD or clause[-1] in ".\n":
        latin = _LATIN_BEFORE.search(clause)
        if latin and not _LATIN_LABEL.search(latin[0]):
            return True
    if not _FAX_CHARS.isdisjoint(clause) and _FAX.search(clause):
        return True
    if _GUARD_CHARS.isdisjoint(clause):
        return False
    guard = _last(_GUARD, clause)
    return guard >= 0 and guard >= _last(_LABEL, clause)


# HT-20261120-13912345678 is a contract's number.
_LETTERED = late(r"(?<![A-Za-z])(?P<letters>[A-Za-z]{1,8})(?:[-/_.]?\d+)*[-/_]$", re.ASCII)
_COUNTED = re.compile(r" ?[元块件次条吨]")


def _in_a_number_of_letters(text: str, start: int) -> bool:
    match = _LETTERED.search(text[max(0, start - 24) : start])
    return match is not None and _LATIN_LABEL.fullmatch(match["letters"]) is None


_OTHER, _GAPS = re.compile(r"\D"), re.compile(r"\D+")
_BREAK = re.compile(r"[\n,;。!?、]")
_WORD = frozenset(f"{string.ascii_letters}_@")
_LATIN_BEFORE = re.compile(r"[A-Za-z_]+\.?$")
_LATIN_BEHIND = re.compile(r"(?:ext|x|tel|mob|wx|vx|wechat)", re.I)
_FAX_CHARS = frozenset("真fF")
_GUARD_CHARS = frozenset(
    "取寄形学准考车架案凭证pPkKſK单订编税身证卡账帐批条发序货料工流识信开型版运快密口验会错代qQiIsSıİſ"
)


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def mask(phone: str) -> str:
    """The number as it may be shown to others: 138****5678, 0755****1234."""
    number, _, extension = phone.rpartition("-") if phone.count("-") == 2 else (phone, "", "")
    number = number or extension
    digits = re.sub(r"\D", "", number)
    if len(digits) < 7:
        return "*" * len(digits)
    area = number.split("-", 1)[0] if number.startswith("0") and "-" in number else digits[:3]
    return f"{area}****{digits[-4:]}" if len(digits) >= 9 else f"****{digits[-3:]}"
