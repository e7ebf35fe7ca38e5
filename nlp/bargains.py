"""Does the price decide? What the customer says of it: too dear, over the budget, or no matter."""

import re
from collections.abc import Sequence

from nlp.evidence import Found
from nlp.late import late
from nlp.reading import Reading
from rules.errors import Refused

MINDS, MINDS_NOT = "敏感", "不敏感"
_CUES = re.compile("[贵价预超压砍降便优折抹低少]|高[了\\d]")

# Said once it is enough.
_STRONG = late(
    r"(?:太|有点|有些|偏|挺|好|这么|那么|略|稍微?|还是|实在|确实|真)贵(?![公司州阳宾重姓族校方安港溪金客府单])"
    r"|贵(?:了|咗|出|不少|很多|一截|一倍|好几|上天)|(?:嫌|觉得|感觉)贵|比[^,，。;；\n?？]{1,14}(?:还|要|都)?贵(?![公司州阳宾重姓])"
    r"|(?:价格|报价|单价|价钱|价位|价)(?:还?是|有点|有些|偏|太|比较|实在|确实|略|稍微?){1,3}高|(?:价格|报价|单价)[^,，。;；\n]{0,6}高了"
    r"|(?:超|超出|超过|超了|高于)(?:了)?(?:我们|他们)?(?:的)?预算|预算(?:很|比较|真的?)?(?:有限|不够|紧张?|卡得|就这么[多些])"
    r"|(?:对价格|价格(?:上)?)(?:还是|比较|很|非常|最|挺|特别)?敏感|(?:主要|最|比较|更|就|只)(?:是)?(?:看重?|看|在意|关注|考虑)(?:的是|的还是)?价格"
    r"|比[^,，。;；\n?？]{1,10}高(?:了|出)?[\d一两三四五六七八九十几]+(?:\.\d+)?(?:%|％|个点|成|万|千|百|块|元)|压价|砍价|价格?(?:可)?(?:别|不要|不能)太(?:离谱|高|贵)|(?:价格|报价|单价|价)(?:上)?(?:还)?(?:能|可以|能不能|可不可以)?(?:再|往下)(?:给)?(?:我们)?(?:降|低|让|优惠|便宜|谈)"
    r"|(?:再|多)(?:给)?(?:我们)?(?:降|便宜|让)(?:一?点|些|个?[\d一两三五])|(?:别家|其他家|同行|人家)[^,，。;；\n]{0,10}(?:比你们)?(?:便宜|低)(?:多了|不少|一半|很多|了)?"
    r"|比你们(?:家)?(?:的)?(?:价格)?(?:还|要)?(?:便宜|低)"
)
# Everybody asks so: said twice, in other words, it tells something.
_WEAK = late(
    r"便宜(?:一?点|些|多少)|优惠(?:一?点|些|多少|价|吗|力度)|打(?:个|几|点)?折|最低(?:价|多少|能|给)|底价|少(?:一?点|些)(?:行|可以|吧|吗)|抹(?:个)?零|能不能少|讲讲价|还价|价格好谈"
)
_NO_MATTER = late(
    r"(?:价格|钱|价钱|预算)(?:都|也)?(?:不是(?:太大的?|大)?问题|没问题|无所谓|不重要|其次|好说|不敏感)|不差钱|不差这点钱|不缺预算"
    r"|贵(?:一?点|些)(?:也|都)?(?:没关系|没事|无所谓|不要紧|可以|行|能接受)|不(?:太|怎么|是很|那么)?(?:在乎|在意|看重?|考虑)(?:的是)?(?:价格|钱)"
    r"|对?价格(?:上)?不(?:太|怎么|是很)?(?:敏感|在意|在乎)|预算(?:很|比较|挺)?(?:充足|充裕|够用)"
)
_DENIED = late(r"(?:不|没|没有|并不|不算|不会|不是|不觉得|不嫌|谈不上|不能算)$")
# 运费太贵, 人工有点贵: nothing of ours.
_OTHER_COST = late(
    r"(?:运费|物流费?|房租|租金|人工费?|电费|油费|门票|停车费?|学费|房价|彩礼)[^,，。;；\n]{0,4}$"
)


def find(reading: Reading, ours: Sequence[tuple[int, int]]) -> Found | None:
    """敏感 or 不敏感 with the words that say so; None where nothing does, or both are said."""
    text = reading.text
    if _CUES.search(text) is None:
        return None

    def theirs(at: int) -> bool:
        return not any(start <= at < end for start, end in ours)

    calm = next((one.span() for one in _NO_MATTER.finditer(text) if theirs(one.start())), None)
    spans = [
        one.span()
        for one in _STRONG.finditer(text)
        if theirs(one.start())
        and not _not_so(text, one.start())
        and not (calm and calm[0] <= one.start() < calm[1])
    ]
    asked = {one[0][:2]: one.span() for one in _WEAK.finditer(text) if theirs(one.start())}
    minds = spans[0] if spans else next(iter(asked.values())) if len(asked) > 1 else None
    if (minds is None and calm is None) or (minds is not None and calm is not None):
        return None
    start, end = minds or calm or (0, 0)
    value = MINDS if minds else MINDS_NOT
    return Found("price", value, text[start:end], start, end, 0.8, "said")


def _not_so(text: str, at: int) -> bool:
    before = max(0, at - 10)
    return _DENIED.search(text, before, at) is not None or _OTHER_COST.search(text, before, at) is not None


_WORD_NOT = late(r"不(?:太|怎么|很|是很)?(?:敏感|在意|在乎|看重?)|无所谓|不是问题")
_WORD = late(r"敏感|在意|在乎|看重|压价|砍价|嫌?贵|便宜")


def word(value: str) -> str:
    """What a person writes of it in a correction. Raises Refused."""
    if _WORD_NOT.search(value) is not None:
        return MINDS_NOT
    if _WORD.search(value) is None:
        raise Refused(
            "价格这一栏记的是客户在不在意价格，可以写：价格 敏感、价格 不敏感；金额请写：预算 20万。"
        )
    return MINDS
