"""What a full Chinese name looks like by itself, and who is the same by it."""

import re

from nlp import segment
from nlp.lexicon import not_given, not_names, places, surnames
from nlp.name_patterns import FULL_HONORIFIC, NEVER, WEAK


def is_name(name: str, *, sure: bool = False, steady: bool = False, weighed: bool = False) -> bool:
    """Does it look like a full Chinese name: a surname, one or two more characters, and no common word?

    `sure`: its place says that it is a person, so the given name may be a word (靳东海, 党国庆);
    `steady`: so surely that surname and middle character may be one (范文程); `weighed`: that they, or the whole,
    are a word is weighed elsewhere (江北辰, 许可).
    """
    if "·" in name:
        return True
    known, bare, size = surnames(), not_names(), len(name)
    if not 2 <= size <= 4 or name in places().cities or name in places().provinces or name[:2] == "谢谢":
        return False
    if name in bare and not weighed:
        return False
    if (
        size > 2
        and name[:2] in bare
        and not (size == 3 and (weighed or (steady and name[0] != "祝" and segment.cut(name)[0] != name[:2])))
    ):
        return False  # 高级工; 范文程 is one name
    if name[:2] in known.compound:
        given = name[2:]
    elif name[0] in known.single:
        given = name[1:]
    else:
        return False
    if not 1 <= len(given) <= 2 or given in not_given() or given in _HONORIFICS:
        return False
    if given in bare and (not sure or name[0] in WEAK):
        return False
    last = name[-1]
    if size == 3 and (last in "科部处组办局厅摄" or (name[1] == "家" and last in _HAMLETS)):
        return False  # 麻醉科, 陆家嘴
    if not _NEVER_CHARS.isdisjoint(given):
        return False
    if (last in "为庄" and size == 2) or (last in "好得家" and size == 3):
        return False  # 对方为, 方庄, 王工好, 苗长得, 赵刚家
    if last == "士" and (size == 2 or given[-2:] in _PEOPLE_OF):
        return False  # 战士, 某某博士
    return not name.endswith(NOT_AT_END) or (sure and last in "栋村")


_HAMLETS = frozenset("嘴汇渡浜桥宅湾岭沟店村庄集堡寨坪营屯口坝峪洼河畈铺巷弄坡塘")
_PEOPLE_OF = frozenset(
    ("女士", "男士", "博士", "硕士", "学士", "院士", "护士", "战士", "人士", "骑士", "巴士", "的士", "道士")
)
# Ends of places and things: 高新区, 温州路, 单价表.
NOT_AT_END = (
    *"籍额区市省县镇村路街号楼栋室店站桥园量度率性费价期款型式类种级件品料书表图单版",
    "系统",
    "方案",
)
_HONORIFICS = frozenset((*re.sub(r"\(.*?\)", "", FULL_HONORIFIC).split("|"), "总工", "副总"))
_NEVER_CHARS = frozenset(NEVER)


def may_be_name(name: str) -> bool:
    """The same where all that speaks for a person and against one is weighed."""
    return is_name(name, sure=True, weighed=True)


def surname_of(name: str) -> str:
    """王 of 王总 and of 王建国, "" when it begins with none."""
    known = surnames()
    name = name.lstrip("小老阿") if len(name) == 2 else name
    if name[:2] in known.compound:
        return name[:2]
    return name[:1] if name[:1] in known.single else ""


def joined(names: list[str]) -> list[str]:
    """The same people once: 王总 goes when 王建国 is there and no other 王."""
    full = [name for name in names if is_name(name)]
    kept = []
    for name in dict.fromkeys(names):
        of_it = [other for other in full if other != name and surname_of(other) == surname_of(name)]
        if not (name not in full and len(set(of_it)) == 1 and surname_of(name)):
            kept.append(name)
    return kept
