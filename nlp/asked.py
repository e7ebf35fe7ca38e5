"""Persons whom the model tells where the rules are unsure; what they are sure of it is not asked about."""

import re
from collections.abc import Callable, Iterator

from nlp import likely, segment
from nlp.evidence import Found, Taken
from nlp.lexicon import abroad, not_names, places
from nlp.model import Tagger
from nlp.plain import Plain

LONGEST = 1_200  # characters of a text that the model may read: 60 ms
_PIECE = re.compile(r"[^\n。!?;]{2,300}[。!?;]?")
_BLANKS = frozenset("▪◆▫")
# With these foreign names are written; more of them than the rules dare to take without a model.
SOUNDS = frozenset(
    "阿埃艾爱安昂敖奥巴拜班邦鲍贝倍本比彼毕宾波博伯勃布采茨查达戴丹道德登邓狄迪帝蒂丁顿多俄厄恩尔法凡芬菲费冯佛夫弗福盖噶甘冈高戈哥格根古果哈海汉豪荷"
    "赫亨侯胡华怀惠霍基吉加佳贾简杰捷金津京卡开坎康考柯科可克肯库昆夸拉莱赖兰朗劳勒雷蕾黎理李里丽利莉连列林琳龙隆卢鲁路露吕伦罗洛马玛迈麦满曼芒茅梅门蒙孟米密敏明"
    "莫墨默姆木慕穆拿那纳娜乃南内妮尼涅宁纽诺努欧帕派潘庞佩彭皮珀普齐奇契乔切钦琼日荣茹瑞若撒萨塞赛桑瑟森沙莎山尚绍舍申圣施什史士舒斯丝司思苏索塔泰坦汤特腾提廷图托瓦娃万"
    "旺威韦维魏温文翁沃乌武西希锡席夏香肖谢辛欣休雅亚扬耶叶伊因英尤约泽扎詹珍芝兹祖佐滕薇娅茜珊凯瑙缪妲贡聂帖烈别芙茨伽范季贺廉仑逊杜奎奈摩翰罕郎冈"
)


def find(
    words: Plain,
    tagger: Tagger,
    taken: Taken,
    beginnings: re.Pattern[str],
    is_name: Callable[[str], bool],
    stands_free: Callable[[str, int, int], bool],
) -> Iterator[Found]:
    """Persons outside what is taken, in the order of the text.

    `beginnings`: where a name may begin; a sentence without such a place is not read. `is_name`: may these
    characters be a Chinese name at all? `stands_free`: is it no street and no brand?
    """
    text, left = words.text, LONGEST
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        unsure = any(
            taken.is_free(*words.place(spot.start(), spot.start() + 2))
            for spot in beginnings.finditer(text, start, end)
        )
        if not unsure:
            continue
        left -= end - start
        if left < 0:
            return
        for first, last in tagger.persons(_line(words, start, end)):
            here, upto = start + first, start + last
            name = text[here:upto]
            if (is_name(name) or _is_foreign(name) or _is_given(name)) and stands_free(text, here, upto):
                yield words.found("names", here, upto, 0.6, "model")


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
        and name[-1] not in "路街道巷村镇乡区县市湾桥站店厂"
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
