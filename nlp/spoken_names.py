"""Names as people say them: 小王, 我老耿啊, 我姓骆，骆秋, 欧阳明天来; and as they number them."""

import re
from collections.abc import Iterator
from functools import cache

from nlp import likely, odds, segment
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import not_names, surname_letters, surnames
from nlp.name_patterns import BOUNDARY, FOLLOW, SOUNDS, WEAK, patterns
from nlp.name_shape import is_name
from nlp.nicknames import TO
from nlp.plain import Plain
from nlp.signs import sign

_LITTLE, _SECONDS, _KIN = sign("小老阿"), sign("阳官徒容甫狐迟侯"), sign("姐哥嫂叔姨")
OFFICES = frozenset(
    (
        "门卫", "保安", "司机", "师傅", "电工", "保管", "仓管", "客户", "同事", "同学", "朋友", "老乡", "会计", "出纳", "文员",
        "前台", "助理", "秘书", "客服", "店长", "班长", "财务", "采购", "销售", "技术", "行政", "人事", "仓库", "质检", "售后",
        "业务", "生产", "工艺", "商务", "法务", "库管",
    )
)  # fmt: skip


def find(words: Plain) -> Iterator[Found]:
    """All of these but the numbered ones."""
    if words.signs & _LITTLE:
        yield from _little(words)
    if words.signs & _KIN:
        yield from _kin(words)
    if "姓" in words.text:
        yield from _of_the_surname(words)
    if words.signs & _SECONDS and any(name in words.text for name in _DOUBLES):
        for match in _DOUBLE.finditer(words.text):
            yield words.found("names", *match.span("name"), 0.75, "double")


def _little(words: Plain) -> Iterator[Found]:
    text = words.text
    if "阿" in text:
        for match in _CALLED_A.finditer(text):
            around = (text[match.start() - 1 : match.start()], text[match.end() : match.end() + 2])
            if not any(part and _SOUNDED.issuperset(part) for part in around):
                yield words.found("names", *match.span("name"), 0.75, "little")
    for match in (*patterns()["little"].finditer(text), *_on_edges(text, _little_name()), *_spoken_to(text)):
        start = match.start("name")
        before = text[max(0, start - 1) : start]
        office = match.start() < start or text[max(0, start - 2) : start] in OFFICES
        told = before == "我" and _ENDS.match(text, match.end()) is not None
        sure = match["name"][1] in _ANYWHERE and before not in "大最很太更较"
        if match["name"] not in not_names() and (
            sure or not before or office or told or BOUNDARY.search(before)
        ):
            yield words.found("names", *match.span("name"), 0.8, "little")


_ENDS = late(r"$|[\s,。;!、]|[啊呀哦呐嘛]")
# Surnames behind which 小 and 老 make things and animals, not persons, as a rule.
_THINGS = frozenset(
    "车花牛羊鱼虎鸟鹿米麦谷井山江河湖海云风雪火水木门布包冰冷红蓝白黑黄紫青银铁铜瓦弓牧房屋钟计单解步头年时巴强毛皮沙盘楼官公家店区党农师父母麻"
    "厂商从空温原来于苗种容古字言简别桂花枣栗蒲桑柏松柳梅竹"
)


# Behind these neither: with 小 and 老 in front they are persons wherever they are words of their own; so are these behind 阿.
_ANYWHERE = frozenset(
    "王李张刘陈赵吴周徐孙朱胡郭何罗郑梁宋谢唐韩冯邓曹彭曾肖董袁潘蔡蒋余杜程魏苏吕卢姚沈姜崔谭陆范汪廖贾邹孟秦邱侯尹薛闫陶贺顾郝龚邵钱严孔赖施"
)
_BEHIND_A = (
    "强明华杰辉伟军珍芳英梅兰玲红霞丽娟燕秀凤勇斌彬飞涛峰锋平文东光荣贵福财发旺才忠义成生水狗牛虎彪雄健宝宏豪坤凯浩俊志祥鹏毅良诚标炳添泉源敏慧琴云莲娇娣香"
    "芬萍静婷莹琳欣晴雯"
)
_SOUNDED = frozenset(SOUNDS) - frozenset("和要提来到说给在江海古买里")  # 哈里阿明: part of a foreign name
_CALLED_A = late(rf"(?P<name>阿[{_BEHIND_A}])")


@cache
def _little_name() -> re.Pattern[str]:
    known = likely.COMMON | (surnames().single - WEAK - _THINGS)
    return re.compile(rf"(?P<name>[小老][{''.join(sorted(known))}])(?=[一-龥])")


def _on_edges(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """老范统一收, 你们小窦聊过: what stands behind is a word of its own."""
    pieces = odds.Cut(text)
    for match in pattern.finditer(text):
        edges, _ = pieces.around(*match.span("name"))
        if {match.start("name"), match.end("name")} <= edges and not segment.is_word(match["name"]):
            yield match


_LITTLE_TO = late(rf"{TO}\s?(?P<name>[小老阿][一-龥])(?={FOLLOW}|就)")


def _spoken_to(text: str) -> Iterator[re.Match[str]]:
    """转给小敏, 叫上老穆, 抄送阿水: any character that names are made of, where a person is spoken to."""
    for match in _on_edges(text, _LITTLE_TO):
        last = match["name"][1]
        if likely.weight(last) >= 1 or last in surnames().single:
            yield match


_KIN_NAME = late(
    rf"(?:^|(?<=[\s,。;:!?、()▪◆▫])|(?:{TO}|的|老板娘?|店里|那边)\s?)(?P<name>[一-龥][姐哥嫂叔姨])(?![姐哥妹弟夫们嫂叔姨])"
)
_ANY_KIN = frozenset("大小二三四五六七八表堂帅的空学师男女老少亲阿干婶姑叔伯令先兄国")


def _kin(words: Plain) -> Iterator[Found]:
    """慧姐, 红姐: a given name with an honorific; with a surname it is an alias."""
    for match in _on_edges(words.text, _KIN_NAME):
        first = match["name"][0]
        if first not in surnames().single and first not in _ANY_KIN and likely.weight(first) >= 1:
            yield words.found("names", *match.span("name"), 0.75, "kin")


_SAID = late(rf"姓(?P<surname>[{surname_letters()}])(?![名氏])")


def _of_the_surname(words: Plain) -> Iterator[Found]:
    """我姓骆，骆秋: who has said the surname says the whole name with it."""
    for surname in {match["surname"] for match in _SAID.finditer(words.text)}:
        for match in re.finditer(rf"(?<![一-龥])(?P<name>{surname}[一-龥]{{1,2}}?)(?={FOLLOW})", words.text):
            if is_name(match["name"], sure=True, steady=True):
                yield words.found("names", *match.span("name"), 0.85, "surname")


_DOUBLES = ("欧阳", "上官", "司徒", "慕容", "皇甫", "令狐", "尉迟", "夏侯")
_DOUBLE = late(
    rf"(?:^|(?<=[\s,。;:!?、跟和给找是让叫与问请]))(?P<name>{'|'.join(_DOUBLES)})"
    r"(?=$|[\s,。;!?、▪]|[今明昨]天|[说在去来那也已刚还没不]|负责|出差|休息|跟|让|把|给)"
)

_NUMBER = late(r"(?:^|(?<=[\s、;,:]))\d{1,2}[.、)] ?(?P<name>[一-龥]{2,4})(?=$|[\s、;,])", re.M)


def numbered(words: Plain) -> Iterator[Found]:
    """1.臧文 2.扶明月 3.买买提: a numbered list of persons, where two and at least half of it look like names."""
    if not any(second in words.text for second in ("2.", "2、", "2)")):
        return  # nearly always
    lines = list(_NUMBER.finditer(words.text))
    if len(lines) < 2:
        return
    names = [match for match in lines if _looks(match["name"])]
    if len(names) >= 2 and len(names) * 2 >= len(lines):
        for match in lines:
            if match in names or all(char in SOUNDS for char in match["name"]):
                yield words.found("names", *match.span("name"), 0.7, "numbered")


def _looks(name: str) -> bool:
    return (
        is_name(name, sure=True) and likely.weight(likely.given_of(name)) >= 1 and not segment.is_word(name)
    )
