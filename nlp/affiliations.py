"""The firms that the speakers of a log carry beside their names: 李梅@双环传动, 张莉（创维数字）, 恒力泵阀-陈工."""

import re
from collections.abc import Iterator, Sequence

from nlp import companies, segment, told
from nlp.chat import Turn
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import surnames
from nlp.passing import likeness
from nlp.places import region
from nlp.plain import plain
from nlp.trades import is_trade

_PART = re.compile(r"[^-_|·/\s:：，,()（）【】\[\]@—]+")
# 采购部, 销售, 二组, 备用号, 王姐 say what somebody does or is.
_NO_FIRM = late(
    r"微信|企微|钉钉|手机|电话|客户|客服|售[前后]|支持|销售|采购|物流|财务|助理|顾问|代理|用户|供应商|经理|主管|专员|同学|邻居|房东|师傅|老师|工作时间|\d|"
    r"[总工姐哥爷叔姨妹弟组班群号店办区部处科]$|中心$|(?:市场|技术|工程|研发|设计|项目|生产|品质|质量|行政|人事|教育|运营)[一-龥]{0,2}$"
)
_HONOUR = late(r"(?:总|工|董|经理|主任|主管|[部处科厂局院所校]长|先生|女士|小姐|姐|哥|师傅|老师|会计)")
LONGEST = 14


def find(text: str, turns: Sequence[Turn]) -> Iterator[Found]:
    """One hit for each such firm, in the first header that carries it."""
    seen: set[tuple[str, str]] = set()
    for turn in turns:
        if (turn.speaker, turn.mark) in seen:
            continue
        seen.add((turn.speaker, turn.mark))
        for firm in _firms(turn.speaker, turn.mark):
            start = text.find(firm, turn.head, turn.start)
            if start >= 0 and ("firm", firm) not in seen:
                seen.add(("firm", firm))
                yield Found("companies", firm, firm, start, start + len(firm), 0.65, "speaker")


def _firms(speaker: str, mark: str) -> Iterator[str]:
    parts = _PART.findall(speaker)
    called = [part for part in parts if is_addressed(part)] or [
        part for part in parts if _may_be_person(part)
    ]
    if len(parts) > 1 and called:
        yield from (part for part in parts if part not in called and _is_firm(part))
    if len(parts) == 1 and is_house(parts[0]):
        yield parts[0]
    if mark and _is_firm(mark):
        yield mark


_HOUSE = late(
    r"[一-龥]{3,}(?:公司|集团|门诊部|医院|诊所|学校|[中小]学|大学|学院|幼儿园|研究[院所]|酒店|宾馆|工作室|合作社|经营部|商行|事务所|设计院|[一-龥]厂)"
)


def is_house(speaker: str) -> bool:
    """合肥雅博口腔门诊部: a firm or an institution speaks under its own name."""
    return _HOUSE.fullmatch(speaker) is not None


_POST = late(r"^(?:采购|销售|技术|财务|前台|行政|设备|生产|仓库|总务|后勤)部?(?=[一-龥]{2})")  # 采购小苏


def without_post(person: str) -> str:
    """采购小苏 is 小苏."""
    rest = _POST.sub("", person)
    return rest if rest != person and is_addressed(rest) else person


def is_addressed(part: str) -> bool:
    """罗工, 小马, 刘主任."""
    part = _POST.sub("", part)
    bare = part[1:] if part[:1] in ("小", "老", "阿") else part
    if bare[:1] not in surnames().single:
        return False
    return (bare != part and len(bare) == 1) or _HONOUR.fullmatch(bare, 1) is not None


def _may_be_person(part: str) -> bool:
    return 2 <= len(part) <= 3 and (segment.is_person(part) or told.is_called_so(part))


def _is_firm(part: str) -> bool:
    if not 2 <= len(part) <= LONGEST or _NO_FIRM.search(part) is not None or region(part) == part:
        return False
    whole = plain(part)
    if any(hit.start == 0 for hit in companies.find(whole)) or told.may_be_firm(whole.text):
        return True
    if any(len(part) - length > 1 and is_trade(part[-length:]) for length in (2, 3, 4)):
        return True
    return not segment.is_word(part) and not told.is_called_so(part) and likeness(part) > 0
