"""Persons whom the model tells where the rules are unsure; what they are sure of it is not asked about."""

import re
from collections.abc import Callable, Iterator, Mapping

from nlp import likely, segment
from nlp.evidence import Found, Taken
from nlp.lexicon import abroad, not_names, places
from nlp.model import Tagger
from nlp.places import region
from nlp.plain import Plain

LONGEST = 1_200  # characters of a text that the model may read: 60 ms
_PIECE = re.compile(r"[^\n。!?;]{2,300}[。!?;]?")
_BLANKS = frozenset("▪◆▫")
_PLACES = "路街道巷村镇乡区县市湾桥站店厂"
LONGEST_NAME = 8
# With these foreign names are written; more of them than the rules dare to take without a model.
SOUNDS = frozenset(
    "阿埃艾爱安昂敖奥巴拜班邦鲍贝倍本比彼毕宾波博伯勃布采茨查达戴丹道德登邓狄迪帝蒂丁顿多俄厄恩尔法凡芬菲费冯佛夫弗福盖噶甘冈高戈哥格根古果哈海汉豪荷"
    "赫亨侯胡华怀惠霍基吉加佳贾简杰捷金津京卡开坎康考柯科可克肯库昆夸拉莱赖兰朗劳勒雷蕾黎理李里丽利莉连列林琳龙隆卢鲁路露吕伦罗洛马玛迈麦满曼芒茅梅门蒙孟米密敏明"
    "莫墨默姆木慕穆拿那纳娜乃南内妮尼涅宁纽诺努欧帕派潘庞佩彭皮珀普齐奇契乔切钦琼日荣茹瑞若撒萨塞赛桑瑟森沙莎山尚绍舍申圣施什史士舒斯丝司思苏索塔泰坦汤特腾提廷图托瓦娃万"
    "旺威韦维魏温文翁沃乌武西希锡席夏香肖谢辛欣休雅亚扬耶叶伊因英尤约泽扎詹珍芝兹祖佐滕薇娅茜珊凯瑙缪妲贡聂帖烈别芙茨伽范季贺廉仑逊杜奎奈摩翰罕郎冈"
)


SURER, SURE, MAYBE = (
    0.8,
    0.5,
    0.3,
)  # so likely is a person that was taken for a firm; any; one that looks like a name
FIRM = "◆"
_NOBODY = 0.02  # with less somebody is not even thought of


class Model:
    """What the model says of one text: each sentence is read once, and no more than so many characters of all."""

    def __init__(self, words: Plain, tagger: Tagger) -> None:
        self._words, self._tagger = words, tagger
        self._left = LONGEST
        self._told: dict[tuple[int, int], Mapping[tuple[int, int], float]] = {}

    def find(
        self,
        taken: Taken,
        beginnings: re.Pattern[str],
        is_name: Callable[[str], bool],
        stands_free: Callable[[str, int, int], bool],
    ) -> Iterator[Found]:
        """Persons outside what is taken, in the order of the text.

        `beginnings`: where a name may begin; a sentence without such a place is not read. `is_name`: may these
        characters be a Chinese name at all? `stands_free`: is it no street and no brand?
        """
        words, text = self._words, self._words.text
        for piece in _PIECE.finditer(text):
            start, end = piece.span()
            unsure = any(
                taken.is_free(*words.place(spot.start(), spot.start() + 2))
                for spot in beginnings.finditer(text, start, end)
            )
            if not unsure:
                continue
            for (first, last), chance in _likeliest(self._of(start, end)):
                here, upto = start + first, start + last
                name = text[here:upto]
                if name == FIRM * len(name):
                    if chance >= SURER and FIRM not in text[here - 1 : here] + text[upto : upto + 1]:
                        yield words.found("names", here, upto, 0.6, "model")
                    continue
                looks = is_name(name) or _is_foreign(name) or _is_given(name)
                believed = chance >= MAYBE if looks else chance >= SURE and _may_be(name)
                if believed and stands_free(text, here, upto):
                    yield words.found("names", here, upto, 0.6, "model")

    def denies(self, hit: Found) -> bool:
        """Is it a guess of the rules that the model does not share at all?"""
        if hit.rule != "sounds":
            return False
        first, last = self._words.here(hit.start, hit.end)
        for piece in _PIECE.finditer(self._words.text):
            start, end = piece.span()
            if start <= first and last <= end:
                told = self._of(start, end)
                near = (chance for (a, b), chance in told.items() if a + start < last and first < b + start)
                return bool(told or self._left >= 0) and sum(near) < _NOBODY
        return False

    def _of(self, start: int, end: int) -> Mapping[tuple[int, int], float]:
        told = self._told.get((start, end))
        if told is None:
            self._left -= end - start
            told = self._tagger.persons(_line(self._words, start, end)) if self._left >= 0 else {}
            self._told[start, end] = told
        return told


def _likeliest(told: Mapping[tuple[int, int], float]) -> list[tuple[tuple[int, int], float]]:
    return sorted(told.items(), key=lambda one: -one[1])


def _may_be(name: str) -> bool:
    """小敏, 次仁, 阿May: may somebody be called so whose name no list of ours knows?"""
    return (
        2 <= len(name) <= LONGEST_NAME
        and not name.isascii()
        and _BLANKS.isdisjoint(name)
        and name.replace("·", "").isalpha()
        and name[-1] not in _PLACES
        and name not in not_names()
        and name not in abroad()
        and not region(name)
        and not segment.is_word(name)
    )


def _line(words: Plain, start: int, end: int) -> str:
    """The sentence as it was written: a model knows nothing of blanks."""
    line = words.text[start:end]
    if _BLANKS.isdisjoint(line):
        return line
    return "".join(
        words.words(start + n, start + n + 1) if char in _BLANKS else char for n, char in enumerate(line)
    )


def _is_given(name: str) -> bool:
    """舜华, 桑珠: no surname that we know, but nothing that says a word either."""
    return (
        2 <= len(name) <= 3
        and name[-1] not in _PLACES
        and likely.weight(name) >= len(name)
        and name not in not_names()
        and name not in places().cities
        and not segment.is_word(name)
    )


def _is_foreign(name: str) -> bool:
    parts = name.split("·")
    return (
        name not in abroad()
        and all(parts)
        and len(name) > 1
        and all(SOUNDS.issuperset(part) for part in parts)
    )
