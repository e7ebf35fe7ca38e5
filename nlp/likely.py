"""How much characters look like a given name, and what is known of surnames and of a name's neighbours."""

import re
from functools import cache

from nlp.lexicon import given, surnames
from nlp.plain import BLANK

EDGES = frozenset(f" ,。;:!?、()[]|/\"“”'‘’@~-《》>\n{BLANK}◆▫")
CUES = frozenset("跟和与给找请问叫让对约由向是及同记者员长")  # who is spoken of stands behind these
COMMON = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范"
    "汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶黎贺毛郝顾龚邵覃武钱戴严莫孔常汤康易乔赖文施洪辛"
)
_NEVER = -2  # a character that given names hardly hold


def weight(letters: str) -> int:
    """2 for each character that given names are made of, 1 for an everyday one, 0 for a rare one, -2 for any other."""
    known = given()
    if len(letters) == 1:
        return known.get(letters, _NEVER)
    return sum([known.get(char, _NEVER) for char in letters])


def given_of(name: str) -> str:
    """建国 of 王建国."""
    return name[2:] if name[:2] in surnames().compound else name[1:]


@cache
def _first() -> frozenset[str]:
    known = surnames()
    return known.single | {name[0] for name in known.compound}


@cache
def promising() -> re.Pattern[str]:
    """A surname with a character behind it, or behind the next, that says so: without one nothing scores enough."""
    known = surnames()
    first = "".join(sorted(_first()))
    telling = "".join(sorted(char for char, points in given().items() if points == _TELLING))
    double = "".join(sorted({name[1] for name in known.compound}))
    return re.compile(rf"[{first}](?=[{telling}]|[一-龥][{telling}]|[{double}][一-龥])")


_TELLING = 2
