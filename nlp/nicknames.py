"""People without their surname, or with it and a size: 丽丽, 大刘, 强子, 让志强来, @小鱼."""

import re
from collections.abc import Iterator

from nlp import likely, odds, segment
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import not_names, places, surnames
from nlp.plain import Plain
from nlp.signs import sign
from nlp.starts import matches

TO = (
    r"(?:[转发寄交打分]给|分配给|抄送|叫[上来我]?|找|问|问一?下|让|请|跟|和|给|与|联系|通知|提醒|催|派|约|带上?|由|等|对接|回复|谢谢|感谢|辛苦|麻烦|同事|"
    r"还有|除了|听|陪|见到?|客户|我家|档口|[@])"
)
"""A person is spoken to or of right behind these."""
_TOLD = late(rf"{TO}\s?$")
_APART = frozenset(("", *" \n,。;:!?、()[]/▪◆▫@"))
_AT, _SIZES, _CHILD = sign("@"), sign("大"), sign("子")
# What goes on behind a person, and hardly behind a thing.
_ON = (
    r"(?=$|[\s,。;:!?、()\[\]/▪◆▫]|[说讲问要让在来去今明昨那这给跟打发已也都刚没又还催嫌想把被从就约管负回带看签姐哥]|"
    r"的(?:电话|手机|微信|意思|单))"
)
_HALF = (
    "[丽娜婷莉芳娟媛倩琳玲萍霞燕莹颖敏洋涛磊鹏浩轩涵瑶琪琴雯雪露晶丹蕾璐妮娇佳菲欣怡"
    "斌凯辉航楠彤蓉艳珍妞朵圆豆乐欢晓明茜薇蓓姗珊婧雅萌琦玥]"
)
_TWINS = late(rf"(?P<half>{_HALF})(?P=half){_ON}", re.M)
_HALVES = re.compile(rf"({_HALF})(?=\1)")
_HOW = frozenset("圆乐欢雅丹晶雪明")  # also how something is, so that somebody must be spoken to
_BIG = late(
    "大[刘李张陈赵吴周徐孙朱胡郭罗郑梁宋韩冯邓曹彭曾肖董袁潘蔡蒋杜魏苏吕卢姚崔谭范廖贾邹熊孟秦邱侯薛闫郝贺龚邵]"
    + _ON
)
_SON = late(
    r"[强军伟磊鹏涛斌勇刚华彪辉凯超东峰柱栓亮胖瘦耗]子(?=说|讲|那边|来|给|让|把|约|一[起块]|介绍|推荐|的(?:电话|微信|朋友)|$|[\s,。;:!?、])"
)
_MENTION = late(r"@(?P<name>[一-龥]{2,3})(?=[\s,]|$)")
_NOBODY = frozenset(
    ("所有人", "全体", "全员", "大家", "各位", "管理员", "群主", "客服", "微信", "企微", "群助手")
)
_GIVEN_BEGINS = re.compile("[让叫找问跟听派催等约由转发交抄通提](?=[一-龥])")
_GIVEN = late(
    r"(?:[让叫找问跟听派催等约由]|叫上|[转发交]给|抄送|通知|提醒)(?P<name>[一-龥]{2})"
    r"(?=把|[说讲去来带拿帮给看签查问催送发先再]|明天|今天|下午|过来|安排|处理|确认|联系|跟进|核对|[,。;!?]|$)"
)


def find(words: Plain) -> Iterator[Found]:
    """All of these, in no order."""
    text, signs = words.text, words.signs
    for match in matches(_HALVES, _TWINS, text):
        if spoken_of(text, match.start(), alone=match["half"] not in _HOW):
            yield words.found("names", *match.span(), 0.7, "twins")
    for held, pattern, rule in ((_SIZES, _BIG, "big"), (_CHILD, _SON, "son")):
        if signs & held:
            for match in pattern.finditer(text):
                if spoken_of(text, match.start(), alone=True):
                    yield words.found("names", *match.span(), 0.75, rule)
    if signs & _AT:
        for match in _MENTION.finditer(text):
            if match["name"] not in _NOBODY and match["name"] not in places().cities:
                yield words.found("names", *match.span("name"), 0.7, "mention")
    yield from _given(words)


def spoken_of(text: str, start: int, *, alone: bool) -> bool:
    """Does it stand behind what a person is told or asked by, or, where that is enough, `alone` in front?"""
    front = text[max(0, start - 4) : start]
    if alone and front[-1:] in _APART:
        return True
    return _TOLD.search(front) is not None


def _given(words: Plain) -> Iterator[Found]:
    """让志强把样品带来: two characters that given names are made of, where only a person can stand."""
    for match in matches(_GIVEN_BEGINS, _GIVEN, words.text):
        name = match["name"]
        if likely.weight(name) < _BOTH or name in not_names() or name[0] in surnames().single:
            continue
        if segment.is_word(name) or name in places().cities:
            continue
        edges, _ = odds.Cut(words.text).around(*match.span("name"))
        if match.end("name") in edges:
            yield words.found("names", *match.span("name"), 0.6, "given")


_BOTH = 4  # each of the two is typical
