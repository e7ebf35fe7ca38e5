"""Company names: by their suffix, by a label, by being known."""

import re
import string
from collections.abc import Iterator, Sequence
from operator import attrgetter

from nlp import (
    called,
    firm_edges,
    firm_lists,
    heads,
    institutions,
    named,
    nicknamed,
    passing,
    sheets,
    told,
    traded,
    trades,
)
from nlp.edges import BRANCH, CUE, CUE_STARTS, GENERIC
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.places import region, regions
from nlp.plain import BLANK, Plain, plain
from nlp.signs import sign
from nlp.starts import matches

LONGEST = 32  # characters of a name to the left of its suffix

_LEGAL = r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司|总公司|公司)"
_SUFFIX = re.compile(
    rf"{_LEGAL}|集团(?!有限|股份|公司|化|内|总部)|(?:会计师|律师|税务师|"
    rf"建筑师)?事务所(?:\((?:特殊)?普通合伙\))?|研究院|研究所|设计院|银行(?!业)|证券|经营部|商行|工作室|合作社|"
    rf"合伙企业(?:\((?:有限|普通|特殊普通)合伙\))?|(?:批发|门市|服务|维修|营业|"
    rf"加工)部(?!经理|主任|主管|部?长|总监|负责|工程师|员)|专卖店|旗舰店|电子商务中心|(?<=[一-龥]{{2}})厂(?![家房区长商址里内街路巷多])"
)
_SUFFIX_STARTS = re.compile(
    "[股有集总公会律税建事研设银证经商工合批门服维营加专旗电厂](?:(?<=厂)|(?=[份限团公司计师务筑究行券营作伙发市修业工卖舰子]))"
)
_NO_PART = re.compile(r"[^一-龥A-Za-z0-9&·().\-]")  # stands in no name
_LETTER = re.compile(r"[一-龥A-Za-z]")
_BESIDE_BRACKET = late(r"[一-龥A-Za-z] \(|\) [一-龥]")  # SMC (中国) 有限公司

# These may be letters of a name (和泰, 华为, 中和); they cut only before a region.
_SOFT_CUE = re.compile(r"[和与及任为由从到向对将至于自经原前现兼去找叫问请归帮替属]")
# 公司 by itself ends a remark about some company as often as a name: 贵公司, 想问贵公司, 入群请备注公司.
_ANY_COMPANY = late(
    r"[贵本该我各某此全两母子总你他她它们间类种到去回来做开办的个]$|^不[用是要开]|备注|填写|注明|请问|想问|一下|什么|知名|上市|同行|外地"
)
_COUNTED = late(r"^.*(?:[一两几这那哪某][家个]|[我贵]司|[想要找])|^司(?=想|要|找)")
_IN_FULL = re.compile(r"[一-龥]{1,3}?(?=[一-龥]{2,3}[省市])")  # 甲方写福建省…
# Of some bank or factory: 还要去银行取钱, 没有大厂的风范, 很多大公司.
_SAID_OF = re.compile(
    r"去|还好|还要|没有|很多|又要|拖着|可以|入住|致电|一线|有大$|大[国美日外]资$|听说|说要|要等|^[得要须]?(?:得|要|须|报|由|等|找|问|归)(?=集团$|集团.{2,4}$)|^[得要报由等归]$|^得报$|[一两几][个家]|一共|[二三四五六七八九十][个家]$"
)
_SOME_FACTORY = late(r"(?:[那这几有是找]个|[一几有]家|[开办搞建](?:了|的|着)*个?)[一-龥]{1,6}$")
_ENGLISH = late(
    r"(?<![\w])[A-Z][\w&.'\-]*(?: ?\([A-Z][A-Za-z]+\)| (?:[A-Z&][\w&.'\-]*|of|and)){0,7},? ?"
    r"(?:(?i:(?:Pte\.? )?Co\.?,? ?Ltd\.?|Pte\.? Ltd\.?|Inc\.?|LLC|GmbH|"
    r"Corp\.?|Corporation|Limited|Ltd\.?|PLC)|S\.A\.|B\.V\.|AG)(?![\w])"
)
_LABELLED = late(
    r"(?:^|[\s,;。、(\[|])(?:公司(?:名称|全称|名)?|单位(?:名称)?|企业(?:名称)?|"
    r"客户(?:名称|全称|简称|公司|单位)|工作单位|(?:收票|收货|报修|使用|所在|建设|施工|业主)单位|招标人|采购方|[需供]方|(?:受托|委托|合作|品牌|承租|出租|承建|承运|施工|业主)方|代理机构|"
    r"(?:发票|开票)?抬头(?:开)?|开票(?:单位|公司)|company)"
    r"(?:\s?\*?\s?[:=]\s?|(?<=[名全]称) +|(?<=[司业位称])\]\s?)(?P<name>[^\n,;。|\[\]]{2,40})",
    re.I,
)
_LABEL_ENDS = sign(":=]称")
_LABEL_END = re.compile(r"[司称名位业头开人方构yY]\s?\*?\s?[:=]|[名全]称 |[司业位称]\]")
_LABEL_BEHIND = late(
    r"\s+(?:姓名|联系人|电话|手机|地址|邮箱|城市|地区|需求|预算|职位|职务|备注|tel|[\d(])|\s+[一-龥]{2,6}\s?:|\s{2,}",
    re.I,
)


def find(
    text: str | Plain, known: Sequence[str] = (), aliases: Sequence[tuple[str, str]] = ()
) -> tuple[Found, ...]:
    """Company names in order. `known` are the names of our customers: they are found without any suffix."""
    return tuple(hit for hit in with_brands(text, known, aliases) if hit.rule != "goods")


def with_brands(
    text: str | Plain,
    known: Sequence[str] = (),
    aliases: Sequence[tuple[str, str]] = (),
    places: Sequence[tuple[int, int]] | None = None,
) -> tuple[Found, ...]:
    """The same with the brands of things, whose rule is `goods`: they are no firms, and nobody's names either.

    `aliases`: pairs of a short form and the full name it stands for. `places`: the `regions` of the text, where they are
    at hand.
    """
    words = plain(text) if isinstance(text, str) else text
    written, held, taken = words.text, words.signs, Taken(len(words.source))
    towns = regions(words.text) if places is None else places
    sure = [*heads.listed(words)] if "等" in written else []
    if held & (_ENDS | _CAPITALS):
        sure += _by_suffix(words)
    rows = [*sheets.firms(words.source)] if "\n" in written else []
    if held & _LABEL_ENDS and not (rows and ":" not in written):  # 客户名称 heads a column there
        sure += _by_label(words)
    sure += rows
    if "\n" in written and ("品" in written or "型号" in written):
        for start, end in sheets.goods(words.source):
            taken.take(start, end)
    by_name = named.find(words, known, tuple(aliases))
    if by_name:
        sure += [hit for hit in by_name if hit.rule not in ("mentioned", "unsure")]
    hits: list[Found] = []
    if sure:
        banked = "户行" in words.text or "户银行" in words.text
        hits += [
            hit for hit in sure if taken.take(hit.start, hit.end) and not (banked and _of_account(words, hit))
        ]
    weaker = [*institutions.find(words, towns, taken)] if held & institutions.CHARS else []
    weaker += trades.find(words, taken, towns)
    if held & _BUREAU_CHARS and _BUREAU_MARKS.search(written) is not None:
        weaker += _by_bureau(words)
    if BLANK in written:
        weaker += _by_shop(words)
    if held & heads.CHARS:
        weaker += heads.find(words)
    weaker += nicknamed.find(words, taken, towns)
    if "叫" in written or "户" in written:
        weaker += called.find(words)
    weaker += told.find(words)
    if by_name:
        weaker += [hit for hit in by_name if hit.rule == "mentioned"]
    for hit in weaker:
        if taken.take(hit.start, hit.end):
            hits.append(hit)
    hits += [hit for hit in traded.find(words, taken) if taken.take(hit.start, hit.end)]
    unsure = [words.here(hit.start, hit.end)[0] for hit in by_name if hit.rule == "unsure"]
    hits += [hit for hit in passing.find(words, taken, towns, unsure) if taken.take(hit.start, hit.end)]
    if len(hits) > 1 or ":" in written:
        hits += [hit for hit in firm_lists.find(words, hits) if taken.take(hit.start, hit.end)]
    if hits and held & _LINKS:
        hits += [hit for hit in told.beside(words, hits) if taken.take(hit.start, hit.end)]
    if len(hits) > 1:
        hits.sort(key=attrgetter("start"))
    return tuple(hits)


_LINKS = sign("、和与及")
_ACCOUNT = late(r"开?户(?:银)?行(?:名称)?[:=是为,\s]{0,3}$")


def _of_account(words: Plain, hit: Found) -> bool:
    """开户行：中国银行滨江支行 keeps the account and is nobody's employer."""
    start, _ = words.here(hit.start, hit.end)
    return _ACCOUNT.search(words.text, max(0, start - 10), start) is not None


def _by_suffix(words: Plain) -> Iterator[Found]:
    text = words.text
    floor = 0  # a name does not reach back into the one before it
    suffixes = [*matches(_SUFFIX_STARTS, _SUFFIX, text)] if words.signs & _ENDS else []
    for n, match in enumerate(suffixes):
        end = match.end()
        following = suffixes[n + 1] if n + 1 < len(suffixes) else None
        if match[0] == "银行" and named.is_served(text, end):
            continue
        branch = BRANCH.match(text, end)
        of_it = branch is not None and branch[0][0] == "("  # 某某有限公司(龙华分公司) is one firm
        if match.start() < floor or (following and not of_it and _continues(text, match, following)):
            continue
        if branch and not of_it and following and following.start() < branch.end():
            continue  # 某某有限公司无锡分公司 is read from its last suffix
        start = _left_edge(text, floor, match.start(), match[0])
        if start is None:
            continue
        if branch is None and text[end : end + 1] == " " and "有限" in match[0]:
            branch = BRANCH.match(text, end + 1)  # 某某有限公司 机械分公司
        if branch:
            end = branch.end()
        elif following and _is_works(text, end, following):
            end = following.end()  # 哈药集团制药总厂, 兴业证券研究所
        yield words.found(
            "companies",
            start,
            end,
            0.95 if "有限" in match[0] else 0.85,
            "suffix",
            _tidy(words.words(start, end)),
        )
        floor = end
    if words.signs & _CAPITALS and any(map(text.__contains__, _ENGLISH_MARKS)):
        for match in _ENGLISH.finditer(text):
            yield words.found("companies", *match.span(), 0.9, "english")
    if words.signs & _CAPITALS and ("(" in text or "区" in text or "总部" in text):
        for match in _FOREIGN.finditer(text):
            yield words.found("companies", *match.span(), 0.65, "english")


# Omron中国区的代理, Magna International (China): no legal form, but a part of the world that it is the firm's house of.
_FOREIGN = late(
    r"(?<![A-Za-z0-9.@/])(?P<name>[A-Z][a-z]{2,}[A-Za-z]*(?: [A-Z][A-Za-z]+){0,2}(?: ?\((?:China|Shanghai|Suzhou|Beijing|Shenzhen|"
    r"Tianjin|Asia|Zhuhai|Wuxi|Changzhou|Ningbo|Guangzhou|Nanjing|Dalian|Qingdao)\)(?!,? ?(?i:co|ltd))|"
    r"(?= ?(?:中国区|大中华区|亚太区|中国总部))))"
)
_ENGLISH_MARKS = (
    "Ltd",
    "LTD",
    "Inc",
    "INC",
    "LLC",
    "Co",
    "CO",
    "GmbH",
    "GMBH",
    "Limited",
    "LIMITED",
    "PLC",
    "S.A.",
    "B.V.",
    "AG",
)
_CAPITALS = sign(string.ascii_uppercase)
_ENDS = sign("伙部店心司团所究院行券室社厂")


_OF_BRANCH = late(r"[一-龥()]{0,8}?(?:分|支)?")
_IN_NAME = late(r"[一-龥A-Za-z0-9()·]*")
_OF_TRADE = 3  # characters between a town and 公司: 泰安供电公司
_AND = late(r"[和与及、]")


def _continues(text: str, match: re.Match[str], following: re.Match[str]) -> bool:
    """惠派国际公司机械(江苏)有限公司, 某某集团无锡有限公司: the first suffix is a word of a longer name."""
    between = text[match.end() : following.start()]
    if "有限" in match[0] and not following[0].endswith(("公司", "行", "厂")):
        return False
    if "有限" in match[0]:
        return (
            _OF_BRANCH.fullmatch(between) is not None
            and following[0] in ("公司", "银行")
            and between.endswith("分")
        )
    if len(between) > 12 or not _IN_NAME.fullmatch(between) or CUE.search(between) or _AND.search(between):
        return False
    if following[0] == "公司" and match[0] == "集团" and between and region(between) == between:
        return True  # 恒大地产集团广州公司
    town = region(between)
    if town and following[0] == match[0] == "公司" and len(between) - len(town) <= _OF_TRADE:
        return True  # 国网山东省电力公司泰安供电公司
    return ("有限" in following[0] or text.startswith("有限", following.end())) or (
        following[0] == "公司" and between.endswith("分")
    )


_WORKS = late(r"[一-龥]{0,5}")
_NO_WORKS = frozenset("搬迁出到回进返入同工本原建开的在去给是和与及、")


def _is_works(text: str, end: int, following: re.Match[str]) -> bool:
    """A works or an institute of the company that ends here."""
    between = text[end : following.start()]
    if following[0] not in ("厂", "研究所", "研究院", "设计院") or _WORKS.fullmatch(between) is None:
        return False
    return not (
        _NO_WORKS.intersection(between) or (following[0] == "厂" and len(between) < 2) or CUE.search(between)
    )


_WHICH = frozenset("那这一几哪某")


def _left_edge(text: str, floor: int, suffix: int, form: str) -> int | None:
    """Where the name begins that ends at `suffix`; None when nothing but a common word stands there."""
    start = max(floor, suffix - LONGEST)
    for match in _NO_PART.finditer(text, start, suffix):
        if match[0] != " " or not _BESIDE_BRACKET.match(text, max(0, match.start() - 1)):
            start = match.end()
    cut, cues = start, [*matches(CUE_STARTS, CUE, text, start, suffix)]
    while cues:
        last = cues.pop()
        if (last.end() < suffix and text[last.end()] != ")") or last[0] not in (
            "投资",
            "控股",
        ):  # 信托投资有限公司
            if firm_edges.is_in_town(text, last.end(), start, suffix):
                continue  # 任丘市
            cut = last.end()
            break
    if cut == floor > 0 and text[cut] in "和与及":
        cut += 1  # 波音公司和空中客车公司
    for match in _SOFT_CUE.finditer(text, cut, suffix):
        rest = text[match.end() : suffix]
        if (len(rest) >= 4 and (region(rest) or rest.startswith("中国"))) or (
            text[match.end() : suffix + 2] in named.well_known()  # 从招商银行…
            or (match[0] in "和与及" and firm_edges.parts_two(text, cut, match.start(), suffix))
        ):
            cut = match.end()
            break
    if text[cut].isdigit() and region(text[cut + 1 : suffix]):
        cut += 1  # the number in a list: 1洛阳轴承厂
    written = _IN_FULL.match(text, cut, suffix)
    cut = written.end() if written is not None and region(text[written.end() : suffix]) else cut
    cut = _balanced(text, _line_above(text, start, suffix) if cut == start else cut, suffix)
    while cut < suffix and text[cut] in ")·-.&":
        cut += 1
    if text[cut] in "家个" and text[cut - 1 : cut] in _WHICH and suffix - cut > 2:
        cut += 1  # 上次那家万达轴承有限公司
    cut = firm_edges.begins(text, cut, suffix)
    name = text[cut:suffix]
    if text[suffix] == "厂":
        counted = _COUNTED.search(name)
        name = name[counted.end() :] if counted else name
        if trades.is_trade(name) or name == "代工" or (name[:1] == "家" and text[cut - 1 : cut] in _WHICH):
            return None  # 一家模具厂, 机械厂, 想找代工厂
        cut = suffix - len(name)
    if text[suffix] == "厂" and text[suffix - 1] in "出到回进返入同工本原建开看验来去":
        return None  # 出厂, 含税到厂价, 同厂的货, 来看厂
    if text[suffix] == "厂" and _SOME_FACTORY.search(text[max(0, start) : suffix]):
        return None  # 那个乳品厂, 在柳州开螺蛳粉厂
    if text.startswith("公司", suffix) and region(name) == name:
        return None  # 香港公司
    if text.startswith("公司", suffix) and _ANY_COMPANY.search(name):
        return None
    if "有限" not in form and firm_edges.is_any(name, form):
        return None
    if _SAID_OF.search(name) and "有限" not in text[suffix : suffix + 8]:
        return None
    if len(name) < 2 or GENERIC.fullmatch(name) or not _LETTER.search(name):
        return None
    return cut


_BROKEN = late(r"(?:^|\n) *(?P<name>[一-龥()]{4,16}) *\n *$")


def _line_above(text: str, start: int, suffix: int) -> int:
    """Where a name begins whose end stands on the next line of a card: 湖北荆楚理化仪器⏎有限公司."""
    if suffix - start > 3 or text[start - 1 : start] not in ("\n", " ") or region(text[start:suffix]):
        return start
    above = _BROKEN.search(text, max(0, start - LONGEST), start)
    named = above is not None and region(above["name"]) and _SUFFIX.search(above["name"]) is None
    return above.start("name") if above is not None and named else start


def _balanced(text: str, start: int, end: int) -> int:
    """Start behind a bracket that was never opened, or that is never closed."""
    if text.find("(", start, end) < 0 and text.find(")", start, end) < 0:
        return start
    depth = 0
    for place in range(end - 1, start - 1, -1):
        if text[place] == ")":
            depth += 1
        elif text[place] == "(":
            depth -= 1
            if depth < 0:
                return place + 1
    if depth > 0:
        return text.rindex(")", start, end) + 1
    return start


def _by_label(words: Plain) -> Iterator[Found]:
    if _LABEL_END.search(words.text) is None:
        return
    for match in _LABELLED.finditer(words.text):
        name = match["name"]
        behind = _LABEL_BEHIND.search(name)
        name = (name[: behind.start()] if behind else name).strip(" 。.;,▪")
        if (
            len(name) >= 2
            and re.search(r"[一-龥A-Za-z]", name)
            and "▪" not in name
            and not GENERIC.fullmatch(name)
            and not _NO_EMPLOYER.fullmatch(name)
            and not (len(name) < _FULL_NAME and told.is_called_so(name) and name not in named.well_known())
        ):
            start = match.start("name") + match["name"].index(name)
            yield words.found(
                "companies",
                start,
                start + len(name),
                0.9,
                "label",
                _tidy(words.words(start, start + len(name))),
            )


_FULL_NAME = 4  # characters that few persons have: 招标人：王建国 is none
_NO_EMPLOYER = late(
    r"(?:个体(?:户|经营|工商户)?|个人|无|暂无|没有|自由职业者?|自己干|待业|学生|不详|未知|保密)(?:\(.*\))?"
)

# A shop or a workshop by itself on a line of a card.
_SHOP = late(
    r"(?:^|\n)[ ]*(?P<name>[一-龥A-Za-z0-9·&()]{2,16}(?:店|铺|商场|超市|酒店|宾馆|"
    r"饭店|餐厅|酒楼|药房|诊所|医院|学校|幼儿园|农场|茶庄|酒庄|花店|作坊|市场部|"
    r"经销部|贸易行|电器行|五金行|车行|律所|货运站|驿站|直销处|办事处|水产|世家|中心))(?=[ ]*(?:\n|$|\())"
)
_SHOP_END = re.compile(r"[店铺场市馆厅楼房所院校园庄坊部行站处产家心][ ]*(?:\n|$|\()")
_CONTACT = re.compile("▪{7,}")
_NO_SHOP = late(
    r"[的了是在我你想要问请给]|^(?:送|到|去|找|订|在)|(?:技术|研发|销售|采购|管理|运营|服务|物流|培训|客服|数据|营销)中心$"
)


def _by_shop(words: Plain) -> Iterator[Found]:
    if not _SHOP_END.search(words.text) or not _CONTACT.search(words.text):
        return
    for match in _SHOP.finditer(words.text):
        if not _NO_SHOP.search(match["name"]):
            yield words.found("companies", *match.span("name"), 0.65, "shop")


# 中铁十四局, 中建三局, 南通四建: the numbered houses of the building trade.
_BUREAU = late(
    r"中科院[一-龥]{2,10}?所(?![有以谓长])|国网[一-龥]{2,3}(?:省|市)?(?:电力|供电)|中铁[一-龥]{2,3}局(?:集团)?|中(?:国?铁建?|国?建筑?|国?交建?|国?冶金?|国?电建|核|煤|水电?|能建)(?:第?[一二三四五六七八九十\d]{1,3})(?:局|航务?局|公局|建|冶|工程局)(?:集团)?(?:(?:[东西南北华]{2}|[一-龥]{2,4})(?:分|子)?公司)?"
    r"|(?P<town>[一-龥]{2,3}市?)(?:第?[一二三四五六七八九十])建(?![议设筑立成材造模档表])(?:集团)?"
)


_BUREAU_CHARS = sign("局建冶附网科")
_BUREAU_MARKS = re.compile(
    r"[一二三四五六七八九十\d附科网铁](?:(?=[局航公建冶工])|(?<=附)|(?<=中科)(?=院)|(?<=国网)|(?<=中铁))"
)
# 西安交大二附院: hospitals by their school.
_OF_SCHOOL = late(
    rf"(?:^|(?<=[\s,。;:!?、跟和给找是在去到{BLANK}]))[一-龥]{{2,8}}?(?:第?[一二三四五六]附院|附[一二三四五六]院|附属?医院)"
)


def _by_bureau(words: Plain) -> Iterator[Found]:
    for match in _BUREAU.finditer(words.text):
        start = match.start()
        if match["town"]:
            start = next((n for n in (start, start + 1) if region(words.text[n : match.end("town")])), -1)
        if start >= 0 and region(words.text[start : match.end("town")]) if match["town"] else True:
            yield words.found("companies", start, match.end(), 0.85, "bureau")
    if "附" in words.text:
        for match in _OF_SCHOOL.finditer(words.text):
            yield words.found("companies", *match.span(), 0.8, "hospital")


_INNER_BLANK = re.compile(r"(?<=[一-龥()（）])\s+(?=[一-龥()（）])")


def _tidy(name: str) -> str:
    name = name.strip()
    return _INNER_BLANK.sub("", name) if len(name.split()) > 1 else name
