"""Where a company's full name begins, when words of the sentence stand right in front of it: 安排顺发物流有限公司来装."""

from nlp import segment, trades
from nlp.late import late
from nlp.named import well_known
from nlp.passing import likeness
from nlp.places import region, regions, towns
from nlp.plain import BLANK

# Characters that say what is done with a firm or how it comes in; as words of their own they begin few names.
_LEADS = frozenset(
    "等陪催欠帮租送见找因比除同连凭听据代先再受系攻走调请让替兼付补寄刚验退签丢查转投发已入到接跳进出下去从向对将就还也又都只才"
    "没被把跟和与及给为由任有要想约叫问看说做是告抢占靠随按经自至赴派待交取购售卖买借赔扣罚审评选推荐引拿换拉回复盯挖雇聘嫁离驻管教当用供剩获完保"
)
# Nouns that stand beside a firm and in no name; other nouns may be what it is called (时刻食品).
_BESIDE = frozenset(
    (
        "老东家", "东家", "上家", "下家", "对家", "对手", "快递", "需方", "供方", "业主",
        "用户", "原厂", "前台", "司机", "老板", "同事", "朋友", "同学", "亲戚", "合同",
        "发票", "货款", "尾款", "订单", "样品", "总包", "分包", "承运", "发包", "承包",
        "监理", "户名", "付款人", "收款人", "收货人", "发货人", "委托人", "招标人", "中标人", "股东",
        "法人", "子公司", "母公司", "主体", "名义", "客服", "业务", "竞品", "重点",
    )
)  # fmt: skip
# Tags of words that are said, and name nothing.
_SAID = frozenset(
    ("v", "vn", "d", "p", "r", "c", "t", "f", "s", "an", "b", "m", "q", "l", "i", "u", "y", "ad")
)
_KEPT = frozenset(
    (
        "国营", "国家", "中央", "联合", "通用", "先锋", "先进", "胜利", "前进", "跃进", "振兴", "发展", "解放", "建设", "团结",
        "飞跃", "超越", "开拓", "创业", "创新", "创建", "腾飞", "求实", "求精", "空中", "第一", "第二", "第三", "第四",
    )
)  # fmt: skip
_LIKE_A_NAME = 2  # what firms are called more often than said of (see passing.likeness)
_KNOWN = 5  # characters of most firms that everybody knows
_WORD = 3  # characters of words for a kind of firm (自来水)
_BEGINNING = 4  # characters that tell a town


def begins(text: str, cut: int, suffix: int) -> int:
    """Where the name that ends in the legal form at `suffix` begins, at `cut` or behind the words there that are none of it."""
    if text[cut - 1 : cut] in (":", "=") or _is_whole_line(text, cut, suffix):
        return cut
    if _has_town(text, cut) or likeness(text[cut : cut + 2]) > _LIKE_A_NAME or _is_known(text, cut):
        return cut
    at = cut
    pieces = segment.pieces(text[cut:suffix])
    for n, piece in enumerate(pieces):
        if n and _has_town(text, at) and at + 2 < suffix:
            return at
        if not is_said(piece):
            break
        at += len(piece)
    else:
        return cut
    if at > cut and (_may_begin(text, at, suffix) or not text.startswith(_FULL, suffix)):
        return at
    return _behind_nouns(text, cut, suffix, pieces)


def parts_two(text: str, start: int, link: int, suffix: int) -> bool:
    """Does the 和 at `link` stand between two firms (烽火通信和长飞光纤有限公司), and not in a name (泰和机械)?"""
    if suffix - link <= _SHORTEST or link - start < _SHORTEST:
        return False
    return trades.is_trade(text[link - 2 : link]) or _is_known(text, link + 1)


_SHORTEST = 4  # characters of a firm on either side


def _is_whole_line(text: str, cut: int, suffix: int) -> bool:
    """Does nothing but the name stand on its line, as on a card?"""
    if (cut and text[cut - 1] != "\n") or _NUMBER not in text:
        return False
    end = text.find("\n", suffix)
    return text[suffix : end if end >= 0 else len(text)] in _FORMS


_NUMBER = BLANK * 7  # stands where a telephone number stood
_FORMS = frozenset(
    (
        "股份有限公司",
        "有限责任公司",
        "有限公司",
        "集团有限公司",
        "公司",
        "集团",
        "厂",
        "银行",
        "研究院",
        "设计院",
    )
)


def is_in_town(text: str, place: int, start: int, end: int) -> bool:
    """Does the name of a town reach over this place (任丘市)?"""
    return any(first < place - start < last for first, last in regions(text[start:end]))


def is_any(name: str, form: str) -> bool:
    """Is it some firm of its kind, when this stands in front of a bare 公司 or 厂 (检测公司, 主机厂), and no name?"""
    if not name or form not in ("公司", "厂", "集团", "事务所", "研究所", "研究院", "合作社"):
        return False
    if (
        "某" in name
        or _LAND.fullmatch(name) is not None
        or trades.is_trade(name)
        or _KIND.fullmatch(name) is not None
    ):
        return True
    if len(name) > _WORD or name in well_known() or len(segment.pieces(name)) > 1:
        return False
    return not segment.tag(name)[0][1].startswith(_PROPER) and likeness(name) < _LIKE_A_NAME


_PROPER = ("nz", "nt", "nrt", "nr", "ns", "j")  # what the dictionary calls a proper name
_LAND = late(r"(?:[美德法英韩泰俄]国|日本|印度|越南|台湾|香港|新加坡|意大利|欧洲|国外)(?:的)?")
_KIND = late(
    r"(?:皮包|外包|空壳|主机|整车|[总分发]包|货代|小贷|[港台外合民国独]资|国企|央企|私企|财务|劳务|会计|律师|税务|供电|供水|自来水|人力|代加工|配套|"
    r"[一-龥]{2}(?:类|行业|领域)|[大小中新老好旧]|关联|第三方)+"
)
_FULL = ("有限", "股份", "集团有限", "集团股份", "责任")


def _has_town(text: str, at: int) -> bool:
    """Does a name begin here as most do, with its town?"""
    return (
        text.startswith("中国", at)
        or any(text[at : at + length] in towns() for length in range(2, _BEGINNING + 1))
        or region(text[at : at + _BEGINNING]) != ""
    )


def _is_known(text: str, at: int) -> bool:
    """Does a firm that everybody knows stand here (空中客车)?"""
    return any(text[at : at + length] in well_known() for length in range(2, _KNOWN + 1))


def is_said(piece: str) -> bool:
    """Is it a word of the sentence rather than of a name?"""
    if len(piece) == 1:
        return piece in _LEADS
    if piece in _BESIDE:
        return True
    return (
        not piece.isascii()
        and piece not in _KEPT
        and segment.tag(piece)[0][1] in _SAID
        and likeness(piece) < _LIKE_A_NAME
        and piece not in well_known()
        and not trades.is_trade(piece)
    )


def _may_begin(text: str, at: int, suffix: int) -> bool:
    """Does what is left have a name of its own before its trade?"""
    rest = text[at:suffix]
    first = segment.pieces(rest)[0] if rest else ""
    if len(rest) < 2 or trades.is_trade(rest) or trades.is_trade(first):
        return False
    return len(first) > 1 or likeness(rest) > 0


def _behind_nouns(text: str, cut: int, suffix: int, pieces: list[str]) -> int:
    """The town behind words of any kind that no name begins with (主要竞争对手山东豪迈…)."""
    at = cut
    for n, piece in enumerate(pieces):
        if n and _has_town(text, at) and at + 2 < suffix:
            return at
        if not (
            is_said(piece)
            or (
                len(piece) > 1
                and segment.tag(piece)[0][1] == "n"
                and likeness(piece) < 1
                and piece not in _KEPT
            )
        ):
            return cut
        at += len(piece)
    return cut
