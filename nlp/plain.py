"""Normalised text that knows where each of its characters stood in the original."""

import re
from collections.abc import Collection

from nlp import signs
from nlp.evidence import Found
from nlp.late import late

BLANK = "▪"  # stands where something was already taken; no pattern matches it

# One character for one character, so that most texts need no position map at all.
_TRADITIONAL = (
    "點点號号週周後后個个禮礼鐘钟時时兩两電电話话機机張张陳陈劉刘黃黄吳吴楊杨趙赵孫孙馬马鄭郑許许羅罗葉叶蘇苏盧卢"
    "鄧邓蕭萧馮冯韓韩趕赶總总經经訊讯聯联絡络預预算算報报價价萬万億亿圓圆塊块號号碼码會会議议內内這这來来為为與与"
    "禮礼節节麼么請请問问題题謝谢對对沒没還还發发給给約约見见說说廠厂業业國国際际務务門门開开關关產产購购採采訂订單单"
    "貿贸豐丰礦矿氣气動动備备設设膠胶療疗廣广東东寧宁遼辽龍龙廈厦鋼钢鐵铁軸轴臺台灣湾華华詢询軟软網网條条雙双隻只張张噸吨組组輛辆"
    "幾几樣样圖图紙纸術术應应該该實实創创達达聖圣衛卫瑩莹儀仪錶表壓压質质輕轻紡纺織织飾饰飲饮車车輪轮環环園园農农藥药醫医製制貨货"
    "運运輸输裝装試试資资規规參参數数額额優优驗验證证標标貼贴線线纜缆聽听尋寻晝昼農农曆历舊旧腊腊頭头親亲買买賣卖價价錢钱萬万過过從从貴贵們们這这個个麽么嘅的喺在係是哋们嗰那佢他冇没啲些嚟来畀给俾给搵找攞拿揾找唔不"
    "長长處处師师員员課课導导講讲顧顾監监銷销營营財财專专責责計计畫画劃划級级區区縣县鄉乡鎮镇島岛濟济滬沪蘭兰漢汉慶庆雲云無无錫锡紹绍興兴連连煙烟臨临義义烏乌魯鲁齊齐"
    "爾尔濱滨順顺湯汤傑杰偉伟強强榮荣麗丽鳳凤蓮莲輝辉鵬鹏賓宾賴赖鍾钟譚谭龔龚嚴严賀贺顏颜閻阎陸陆鄒邹簡简溫温莊庄項项藍蓝塗涂喬乔歐欧飛飞語语檢检測测維维護护養养燈灯閥阀層层緊紧絲丝鋁铝銅铜鏈链銀银衝冲彈弹帶带隊队協协稅税帳帐戶户辦办"
)
_TABLE: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{0x2460 + n: str(n + 1) for n in range(9)},  # ①
    **{0x2776 + n: str(n + 1) for n in range(9)},  # ❶
    **{0x2780 + n: str(n + 1) for n in range(9)},  # ➀
    **{0x1D7CE + n: str(n % 10) for n in range(50)},  # mathematical digits
    **dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2009\u202f\t\r"), " "),
    **dict.fromkeys(map(ord, "\u2028\u2029\x0b\x0c\x85"), "\n"),
    **dict.fromkeys(map(ord, "—–―−‐‑‒ー﹣─━"), "-"),
    **dict.fromkeys(map(ord, "〜∼﹏"), "~"),
    **dict(zip(map(ord, _TRADITIONAL[::2]), _TRADITIONAL[1::2], strict=True)),
    0x24EA: "0",
    ord("｡"): "。",
    ord("﹕"): ":",
    ord("︰"): ":",
    ord("【"): "[",
    ord("】"): "]",
}
_ODD = {chr(code): char for code, char in _TABLE.items() if chr(code) != char}
_FEW = 16  # so many different characters are replaced one after the other; no replacement is itself replaced
# Zero-width characters, direction marks, and the two that make a digit a keycap.
_DROPPED = frozenset(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF, 0xFE0E, 0xFE0F, 0x20E3, 0xAD))
)  # fmt: skip
_TO_CHANGE = re.compile(f"[{re.escape(''.join(sorted(_DROPPED.union(_ODD))))}]")


class Plain:
    """`text` is searched, `source` is quoted. `at[i]` is the place of text[i] in the source; None means the same.

    A rule none of whose characters is told by `signs` (see signs.py) need not be tried: all those of `text` are, and
    perhaps some that were blanked since (to go through them again costs more than to try a rule in vain).
    Never changed once made; some are made for every text, so it is no (slower) frozen dataclass.
    """

    __slots__ = ("_back", "at", "signs", "source", "text")

    def __init__(
        self,
        text: str,
        source: str,
        at: tuple[int, ...] | None = None,
        told: int | None = None,
    ) -> None:
        self.text = text
        self.source = source
        self.at = at
        self.signs = signs.of(text) if told is None else told
        self._back: dict[int, int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The stretch [start, end) of `text` as offsets in the source."""
        if self.at is None or start >= end:
            return start, end
        return self.at[start], self.at[end - 1] + 1

    def words(self, start: int, end: int) -> str:
        """What the source says there."""
        first, last = self.place(start, end)
        return self.source[first:last]

    def found(self, field: str, start: int, end: int, confidence: float, rule: str, value: str = "") -> Found:
        """A hit at [start, end) of `text`; its value is the source's words unless given."""
        if self.at is None:
            words = self.source[start:end]
            return Found(field, value or words, words, start, end, confidence, rule)
        if not value:  # in the writer's signs, without those that were dropped
            value = "".join(map(self.source.__getitem__, self.at[start:end]))
        start, end = self.place(start, end)
        return Found(field, value, self.source[start:end], start, end, confidence, rule)

    def without(self, spans: list[tuple[int, int]], fill: str = BLANK) -> "Plain":
        """The same text with these stretches blanked, so that later rules do not read them again."""
        if not spans:
            return self
        text, done = self.text, 0
        told = self.signs | signs.of_one(fill)
        if len(spans) == 1:
            start, end = spans[0]
            if start < end:
                text = f"{text[:start]}{fill * (end - start)}{text[end:]}"
            return Plain(text, self.source, self.at, told)
        pieces: list[str] = []
        for start, end in sorted(spans):
            if end <= done:
                continue
            start = max(start, done)
            pieces += (text[done:start], fill * (end - start))
            done = end
        pieces.append(text[done:])
        return Plain("".join(pieces), self.source, self.at, told)

    def without_found(self, found: Collection[Found], fill: str = BLANK) -> "Plain":
        """The same, for hits."""
        if self.at is not None or len(found) > _FEW:
            return self.without(
                [self.here(hit.start, hit.end) for hit in found if hit.end > hit.start >= 0], fill
            )
        text = self.text
        for hit in found:  # nearly always one or two
            start, end = hit.start, hit.end
            if end > start >= 0:
                text = f"{text[:start]}{fill * (end - start)}{text[end:]}"
        return Plain(text, self.source, None, self.signs | signs.of_one(fill)) if found else self

    @property
    def back(self) -> dict[int, int]:
        """Source offset → text offset."""
        if self._back is None:
            self._back = {place: n for n, place in enumerate(self.at)} if self.at is not None else {}
        return self._back

    def here(self, start: int, end: int) -> tuple[int, int]:
        """The other way round: offsets in the source as a stretch of `text`."""
        if self.at is None:
            return start, end
        first = self.back.get(start, 0)
        return first, self.back.get(end - 1, first) + 1


def plain(text: str) -> Plain:
    """Full width, circled, keycap and mathematical digits, dashes, blanks and a few traditional forms made one."""
    kept, source = None, text
    if " " in text and _SPACED.search(text) is not None:
        return _closed(text)
    odd = set(_TO_CHANGE.findall(text))
    if not odd:
        return Plain(text, source)
    if not _DROPPED.isdisjoint(odd):
        kept = tuple(n for n, char in enumerate(text) if char not in _DROPPED)
        text, odd = "".join(map(text.__getitem__, kept)), odd - _DROPPED
    if len(odd) > _FEW:
        text = text.translate(_TABLE)
    else:
        for char in odd:
            text = text.replace(char, _ODD[char])
    return Plain(text, source, kept)


# 姓 名 : 孟  祥 瑞, as a picture of a form is read.
_SPACED = re.compile(r"[姓电公职手单地需邮][ \u3000]+[名话司位机务址求箱编][ \u3000]*[:：﹕]")
_GAP = late(r"(?<=[一-龥])[ \u3000]+(?=[一-龥])|(?<=[一-龥])[ \u3000]+(?=[:：])")


def _closed(text: str) -> Plain:
    """The same without the blanks inside the words of such a form."""
    gone = {n for gap in _GAP.finditer(text) for n in range(*gap.span())}
    at = tuple(n for n in range(len(text)) if n not in gone)
    inner = plain("".join(map(text.__getitem__, at)))
    return Plain(
        inner.text, text, at if inner.at is None else tuple(map(at.__getitem__, inner.at)), inner.signs
    )
