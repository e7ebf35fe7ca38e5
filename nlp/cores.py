"""The core of a company's name, which tells two of them apart; its branch and its place."""

import re
from functools import lru_cache

from nlp import trades
from nlp.late import late
from nlp.lexicon import places
from nlp.places import region
from nlp.plain import plain

_CORE_TAIL = late(
    r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司|总公司|责任公司|公司|股份|集团|控股)+$"
)
_BRACKETED = re.compile(r"[(][^()]{1,10}[)]")
_BRANCH_KIND = r"(?:分公司|分行|支行|分厂|办事处)"
_BRANCH_NAME = late(rf"(?:公司|集团|银行|研究院|厂)(?P<branch>[一-龥]{{2,10}}{_BRANCH_KIND})$")
_BRANCH_AFTER_SHORT = late(rf"^.{{2,}}?(?P<branch>[一-龥]{{2,4}}{_BRANCH_KIND})$")
_COMMON = frozenset(
    ("银行", "证券", "集团", "商行", "研究院", "研究所", "设计院", "事务所", "科技", "贸易", "实业")
)


@lru_cache(maxsize=65_536)
def core(name: str) -> str:
    """The part that names it: region, legal form, brackets and branch taken off (宁波恒力液压有限公司 → 恒力液压).

    More is left on where that would leave a common word (上海银行).
    """
    bare = _bare(name).removesuffix(branch(name))
    bare = _CORE_TAIL.sub("", _BRACKETED.sub("", bare))
    without = bare[len(region(bare)) :]
    return (
        without if len(without) >= 2 and without not in _COMMON and not trades.is_trade(without) else bare
    ) or name


@lru_cache(maxsize=65_536)
def branch(name: str) -> str:
    """The branch in it (无锡分公司), "" for a company as a whole."""
    bare = _bare(name)
    match = _BRANCH_NAME.search(bare)
    if match is not None:
        return match["branch"]
    match = _BRANCH_AFTER_SHORT.search(bare)  # 华为深圳分公司: only with a place in front
    return match["branch"] if match is not None and region(match["branch"]) else ""


@lru_cache(maxsize=65_536)
def where(name: str) -> str:
    """The place a company's name gives, in front or in brackets, without 省 and 市; "" when it gives none."""
    bare = _bare(name)
    inner = _BRACKETED.search(bare)
    place = inner[0].strip("()") if inner and region(inner[0].strip("()")) else region(bare)
    return re.sub(r"省|市|中国", "", place)


def _bare(name: str) -> str:
    return plain(name).text.replace(" ", "")


def cities() -> frozenset[str]:
    """The cities a company's name may give."""
    return places().cities
