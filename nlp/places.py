"""Cities in a text, and the region at the front of a company's name."""

import re
from functools import cache

import ahocorasick_rs

from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import places, words
from nlp.plain import Plain, plain

# 南京西路 is in Shanghai; 北京烤鸭 is a dish.
_ROAD = re.compile(
    r"[东西南北中]?(?:[一二三四]?路(?!桥)|大?街|大道|巷|胡同|里弄|烤鸭|拉面|炒饭|火锅|小吃|菜|话|时间|银行|石(?!化)|茶|小面|酒家|啤酒|烤鱼|米粉|肠粉|早茶|热干面|凉皮|螺蛳粉|拌面|生煎|月饼|香醋|陈醋|黄酒|老酒|榨菜|大闸蟹|板鸭|盐水鸭|鸭[脖血]|刀削面|馄饨|火腿|大众(?!创业)|同仁堂|日报|晚报|卫视)"
)
_CITY_AFTER = re.compile(r"[市区县]")
_PLACE_BEFORE = re.compile(
    r"(?:在|到|去|来自|发往|发到|寄到|寄往|飞|地区|城市|地址|所在地|区域|省|从|驻|位于|[:,、(/ \n]|^)\s?$"
)
_THERE = re.compile(r"(?:在|到|去|来自|飞)$")
_NOT_THERE = late(r"[的了着过寺院论会上下里中是有和与,。;!?\s]|$")
_PLACE_AFTER = re.compile(r"(?:那边|这边|客户|工厂|分公司|办事处|的客户|本地|地区|[,、)/ \n;。]|$)")


@cache
def _provinces() -> tuple[str, ...]:
    return tuple(name + end for name in places().provinces for end in ("", "省"))


@cache
def _automaton() -> tuple[ahocorasick_rs.AhoCorasick, tuple[str, ...]]:
    names = tuple(sorted(places().cities))
    return ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest), names


def find(text: str | Plain) -> tuple[Found, ...]:
    """Every city, without 市. A county-level city right after its prefecture is left out (苏州昆山 is 苏州)."""
    words = plain(text) if isinstance(text, str) else text
    automaton, names = _automaton()
    found: list[Found] = []
    previous_end = -9
    for index, start, end in automaton.find_matches_as_indexes(words.text):
        name = names[index]
        if not _is_city(words.text, name, start, end) or (
            words.text[end : end + 1] in ("区", "县") and 0 <= start - previous_end <= 1
        ):
            continue  # 北京市朝阳区
        inside = name in places().counties and 0 <= start - previous_end <= 1
        previous_end = end + (words.text[end : end + 1] == "市")
        if not inside:
            unsure = name in places().unsure
            found.append(words.found("cities", start, end, 0.8 if unsure else 0.95, "city", name))
    return tuple(found)


def _is_city(text: str, name: str, start: int, end: int) -> bool:
    if _ROAD.match(text, end):
        return False
    if text[end : end + 1] == "省" or (
        name in places().provinces and name in places().unsure and text[end : end + 1] != "市"
    ):
        return False
    if name not in places().unsure or _CITY_AFTER.match(text, end):
        return True
    if text.endswith(_provinces(), 0, start):
        return True  # 宁夏中卫
    if _THERE.search(text, max(0, start - 2), start) is not None and not _NOT_THERE.match(text, end):
        return True  # 在大理双廊
    return (
        _PLACE_BEFORE.search(text, max(0, start - 4), start) is not None
        and _PLACE_AFTER.match(text, end) is not None
    )


@cache
def _region() -> re.Pattern[str]:
    names = sorted(places().provinces | places().cities, key=len, reverse=True)
    return re.compile(
        rf"^(?:中国)?(?:(?:{'|'.join(names)})(?:省|市|自治区|特别行政区)?){{1,3}}(?:[一-龥]{{1,2}}(?:区|县)(?!域|块))?"
    )


@cache
def towns() -> frozenset[str]:
    """Provinces, cities and counties as they stand in front of a firm's name; words that are more than places left out."""
    known = (places().cities | places().provinces | set(words("towns"))) - places().unsure
    return frozenset(name + end for name in known for end in ("", "市", "省"))


@cache
def _regions() -> ahocorasick_rs.AhoCorasick:
    names = tuple(sorted(places().provinces | places().cities | set(words("towns"))))
    return ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)


def regions(text: str) -> list[tuple[int, int]]:
    """Where provinces, cities and counties stand, those that follow one another as one (浙江宁波市)."""
    found: list[tuple[int, int]] = []
    for _, start, end in _regions().find_matches_as_indexes(text):
        end += text[end : end + 1] in ("省", "市")
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def region(name: str) -> str:
    """The region a company's name begins with ("深圳市", "浙江宁波"), "" when there is none."""
    if name[:2] not in _region_begins():
        return ""
    match = _region().match(name)
    return match[0] if match else ""


@cache
def _region_begins() -> frozenset[str]:
    """The first two characters of every region; most names begin with none, and the pattern is long."""
    return frozenset((*(name[:2] for name in places().provinces | places().cities), "中国"))
