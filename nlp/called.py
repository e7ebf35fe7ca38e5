"""Companies by what somebody says they are called, or behind 客户：: 厂子叫明视, 公司好像叫锦程, 客户：柳州五菱."""

from collections.abc import Iterator

from nlp import segment, told
from nlp.coined import is_coined
from nlp.edges import GENERIC
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import surnames
from nlp.places import region
from nlp.plain import BLANK, Plain

# A firm, and perhaps how sure the writer is, then its name to the next mark.
_CALLED = late(
    r"(?:公司|集团|厂子|工厂|厂|店铺?|单位|企业|商行|品牌)(?:的?(?:名字|名称|全称|全名))?"
    r"(?:好像|应该|大概|可能|就|现在)?(?:是)?叫(?:做|作)?:? ?"
    rf"(?P<name>[一-龥A-Za-z0-9&·()]{{2,16}}?)(?=[,。;!?、\s{BLANK}]|$)"
)
_CUSTOMER = late(
    rf"(?:^|(?<=[\s,;。]))客户\s?[:=]\s?(?P<name>[一-龥A-Za-z0-9()]{{3,16}})(?=[\s,;。{BLANK}]|$)"
)
_PERSON = late(r"(?:主任|经理|主管|先生|女士|小姐|老师|医生|老板|师傅|[部处科厂局院所校店]长)$")
# 公司叫我去开会, 厂叫停了, 单位叫人来修: that is asked or stopped, not named.
_ASKED = late(
    r"^(?:停|人|谁|啥|什么|大家|来|去|回|车|保安|外卖|快递|苦|价|板|卖|好|醒|嚣|做|出|不|得|到|过|涨|散|加|裁|换|搬|关|倒|开)|[去来]$|[的了我你您他她它们是吗呢吧这那]"
)


def find(words: Plain) -> Iterator[Found]:
    """Names that the text introduces as a firm's, without legal form or trade."""
    if "叫" in words.text:
        for match in _CALLED.finditer(words.text):
            if _is_firm(match["name"]):
                yield words.found("companies", *match.span("name"), 0.8, "called")
    if "户" in words.text and (":" in words.text or "=" in words.text):
        for match in _CUSTOMER.finditer(words.text):
            name, town = match["name"], region(match["name"])
            boss = name[-1] in "总工董" and name[-2] in surnames().single
            if boss or _PERSON.search(name) is not None:
                continue  # 客户：南京同仁医院设备科汪主任
            if town and len(name) - len(town) >= 2 and told.may_follow_town(name[len(town) :]):
                yield words.found("companies", *match.span("name"), 0.7, "label")


def _is_firm(name: str) -> bool:
    if _ASKED.search(name) is not None or GENERIC.fullmatch(name) is not None:
        return False
    town = region(name)
    if town:
        return len(name) - len(town) >= 2
    if len(name) > 3 and told.is_called_so(name[:2]) and not segment.is_word(name):
        return False  # 公司叫张三去
    first = segment.pieces(name)[0]
    return not segment.tag(first)[0][1].startswith(_NO_NOUN) or is_coined(name)


_NO_NOUN = ("v", "r", "d", "p", "c", "m", "t")  # tags of words that hardly begin a name
