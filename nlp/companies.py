"""Company names: by their suffix, by a label, by being known; and the core that tells two of them apart."""

import re
import string
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import attrgetter

import ahocorasick_rs

from nlp import nicknamed, trades
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.lexicon import known_companies, places, surnames
from nlp.places import region
from nlp.plain import BLANK, Plain, plain
from nlp.starts import matches

_Names = tuple[ahocorasick_rs.AhoCorasick, tuple[str, ...], tuple[str, ...]]
LONGEST = 32  # characters of a name to the left of its suffix

_LEGAL = r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司|总公司|公司)"
_SUFFIX = re.compile(
    rf"{_LEGAL}|集团(?!有限|股份|公司|化|内|总部)|(?:会计师|律师|税务师|"
    rf"建筑师)?事务所(?:\((?:特殊)?普通合伙\))?|研究院|研究所|设计院|银行|证券|经营部|商行|工作室|合作社|"
    rf"合伙企业(?:\((?:有限|普通|特殊普通)合伙\))?|(?:批发|门市|服务|维修|营业|"
    rf"加工)部(?!经理|主任|主管|部?长|总监|负责|工程师|员)|专卖店|旗舰店|电子商务中心|(?<=[一-龥]{{2}})厂(?![家房区长商址里内街路巷])"
)
_SUFFIX_STARTS = re.compile(
    "[股有集总公会律税建事研设银证经商工合批门服维营加专旗电厂](?=[份限团公司计师务筑究行券营作伙发市修业工卖舰子])|厂"
)
_BRANCH = re.compile(
    r"[一-龥]{2,8}?(?:分公司|分行|支行|分厂|分所|办事处)|[(][一-龥]{2,8}[)](?:分公司|分行|支行|分所)"
)
_PART = frozenset(f"{string.ascii_letters}{string.digits}&·()-.")  # of a name, beside the characters
_LETTER = re.compile(r"[一-龥A-Za-z]")
_BESIDE_BRACKET = late(r"[一-龥A-Za-z] \(|\) [一-龥]")  # SMC (中国) 有限公司

# Words that end before a name begins. The right-most one in front of the suffix cuts.
_CUE = re.compile(
    r"我是|我们是?|你们|他们|咱们|这里是|这边是|他是|她是|就是|也是|来自|新客户|老客户|大客户|"
    r"客户|现任|曾任|历任|担任|兼任|出任|就职于|任职于|供职于|现为|加入|联系|跟进|拜访|走访|"
    r"对接|最终|(?<!自)由|(?<![信责主])任(?!责任)|关于|以及|还有|那边|这边|昨天|今天|明天|刚才|上午|下午|晚上|收到|合作的|服务于|"
    r"(?:公司|厂|店|社|单位|名字|全称)叫|采购方|供应商|经销商|代理商|甲方|乙方|买方|卖方|收款方|付款方|单位|公司名|名称|"
    r"请问|推荐|介绍|[已将曾拟正]与|签约|中标|投资(?!管理|控股|有限|集团|发展|咨询|基金|担保|股份|合伙|开发|建设|置业|实业)|收购|控股(?!集团|有限|股份|公司)|隶属于|属于|作为|通过|根据|成为|(?<=[方人即系])为|其中|包括|例如|比如|位于|总部|原来|目前|现在|"
    r"有没有|可以|致电|寄回|入住|如果|标明|适合|适用于|针对|面向|已经|同时|进入|创办|创立|成立|发给|寄给|寄到|发到|开给|转给|派驻|换成|改成|更名为|\d号(?:院|楼)?|\d(?:室|栋|幢|弄|楼)|"
    r"(?<!美)的|[了在是给跟把被让您你我他她它这那]"
)
_CUE_STARTS = re.compile(
    r"[可致入如标我你他咱这就也来新老大客现曾历担兼出任供加联跟拜走对最由关以还那昨今明刚上下收合服公厂店社单名全采经代"
    r"甲乙买卖付请推介已将拟正签中投控隶属作通根成为其包例比位总原目有适用针面同进创发寄开转派换改更\d的了在是给把被让您她它]"
)
# These may be letters of a name (和泰, 华为, 中和); they cut only before a region.
_SOFT_CUE = re.compile(r"[和与及任为由从到向对将至于自经原前现兼去找叫问请归帮替属]")
# 公司 by itself ends a remark about some company as often as a name: 贵公司, 想问贵公司, 入群请备注公司.
_ANY_COMPANY = late(
    r"[贵本该我各某此全两母子总你他她它们间类种到去回来做开办的]$|备注|填写|注明|请问|想问|一下|什么|知名|上市|同行|外地"
)
_GENERIC = re.compile(
    r"(?:该|我|贵|本|这|那|某|各|此|其|新|老|大|小|子|母|分|总|家|我们|你们|他们|您|几|多|"
    r"一|两|三|哪|什么|别的|其他|其它|上市|国有|外资|民营|私营|合资|跨国|科技|贸易|物流|快递|"
    r"保险|软件|互联网|制造|生产|同类|相关|所有|全|整个|每|每家|对方|客户|供应|中小|大型|小型|中型|专业|"
    r"商业|各大|国内|国外|投资|担保|中介|房产|装修|搬家|家|开|个|有限责任|股份|有限|工|加工|新能源)*"
    r"(?:家)?"
)
_COUNTED = late(r"^.*(?:[一两几这那哪某][家个]|[我贵]司|[想要找])|^司(?=想|要|找)")
_IN_FULL = re.compile(r"[一-龥]{1,3}?(?=[一-龥]{2,3}[省市])")  # 甲方写福建省…
# Of some bank or factory: 还要去银行取钱, 没有大厂的风范, 很多大公司.
_SAID_OF = re.compile(r"去|还好|还要|没有|很多|又要|拖着|可以|入住|致电|一线|有大$|大[国美日外]资$")
_SOME_FACTORY = late(r"(?:[那这几]个|[一几]家|[开办搞建](?:了|的|着)*个?)[一-龥]{1,6}$")
# 同方泰德、华胜天成等公司: what is listed before 等.
_LISTED = late(
    r"(?:^|(?<=[\s,。;:!?(▪◆由如像]))(?P<names>[一-龥A-Za-z0-9]{2,8}(?:[、,][一-龥A-Za-z0-9]{2,8}){0,8}(?:[、,和与及][一-龥A-Za-z0-9]{2,8}))等"
    r"(?:[一二两三四五六七八九十多几\d]{0,3}家)?(?:[一-龥]{0,4})?(?:公司|企业|厂商|厂家|车企|房企|药企|券商|巨头|品牌商|开发商|运营商|机构)(?!家)"
)
# 蓝思科技董事长周群飞: what stands before the head of a firm and his name.
_HEAD_OF = late(
    r"(?:^|(?<=[\s,。;:!?、▪(\"“与和由及]))(?P<name>[一-龥A-Za-z]{2,8}?)(?:联合创始人|创始人|副?董事长|(?:高级|执行|常务)?副?总裁|(?:常务)?副?总经理|"
    r"首席[一-龥]{2,3}官|CEO|CTO|CFO|COO|CMO|监事会主席|董秘|董事(?!长|会|局)|行长)(?:兼?(?:CEO|总裁|总经理))?(?P<head>[一-龥])(?=[一-龥])"
)
# 作为恒信移动的创始人.
_FOUNDED = late(
    r"(?:作为|担任|出任)(?P<name>[一-龥A-Za-z]{3,8}?)的(?:联合)?(?:创始人|董事长|总裁|总经理|CEO)"
)
_HEADED = (
    "总裁",
    "总经理",
    "董事长",
    "创始人",
    "首席",
    "CEO",
    "CTO",
    "CFO",
    "COO",
    "CMO",
    "董秘",
    "董事",
    "行长",
    "监事会主席",
)
_HEAD_CHARS = frozenset("裁理长人官席书秘事OE")
_NO_FIRM = late(
    r"^(?:[原前现时曾该本我你您他她这那副老新两各]|公司|独立|执行|非执行|外部|职工|股东|提名|集团|对方|贵|担任|出任|兼任|常务|高级|执行|外方|中方|区域|中国区|大中华|亚太|全球|营销|销售|技术)|"
    r"[部处科前任区省市局会校院系届的是了在]$|总$|集团$|公司$|银行$|首席|董事|总裁|经理"
)
_ENGLISH = late(
    r"(?<![\w])[A-Z][\w&.'\-]*(?: ?\([A-Z][A-Za-z]+\)| (?:[A-Z&][\w&.'\-]*|of|and)){0,7},? ?"
    r"(?:(?i:(?:Pte\.? )?Co\.?,? ?Ltd\.?|Pte\.? Ltd\.?|Inc\.?|LLC|GmbH|"
    r"Corp\.?|Corporation|Limited|Ltd\.?|PLC)|S\.A\.|B\.V\.|AG)(?![\w])"
)
_LABELLED = late(
    r"(?:^|[\s,;。、(\[|])(?:公司(?:名称|全称|名)?|单位(?:名称)?|企业(?:名称)?|"
    r"客户(?:名称|公司|单位)|工作单位|(?:发票|开票)?抬头(?:开)?|开票(?:单位|公司)|company)\s?[:=]\s?(?P<name>[^\n,;。|\[\]]{2,40})",
    re.I,
)
_LABEL_ENDS = frozenset(":=")
_LABEL_END = re.compile(r"[司称名位业头开yY]\s?[:=]")
_LABEL_BEHIND = late(
    r"\s+(?:姓名|联系人|电话|手机|地址|邮箱|城市|地区|需求|预算|职位|职务|备注|tel|[\d(])|\s+[一-龥]{2,6}\s?:|\s{2,}",
    re.I,
)


def find(
    text: str | Plain, known: Sequence[str] = (), aliases: Sequence[tuple[str, str]] = ()
) -> tuple[Found, ...]:
    """Company names in order. `known` are the names of our customers: they are found without any suffix.

    `aliases`: pairs of a short form and the full name it stands for.
    """
    words = plain(text) if isinstance(text, str) else text
    chars, taken = words.chars, Taken(len(words.source))
    sure = [*_by_list(words)] if "等" in chars else []
    sure += _by_suffix(words)
    if not _LABEL_ENDS.isdisjoint(chars):
        sure += _by_label(words)
    sure += _by_name(words, tuple(known), tuple(aliases))
    banked = sure and ("户行" in words.text or "户银行" in words.text)
    hits = [
        hit for hit in sure if taken.take(hit.start, hit.end) and not (banked and _of_account(words, hit))
    ]
    weaker = [*trades.find(words, taken)]
    if not _BUREAU_CHARS.isdisjoint(chars):
        weaker += _by_bureau(words)
    if BLANK in chars:
        weaker += _by_shop(words)
    if not _HEAD_CHARS.isdisjoint(chars):
        weaker += _by_head(words)
    if "的" in chars or BLANK in chars:
        weaker += nicknamed.find(words, taken)
    for hit in weaker:
        if taken.take(hit.start, hit.end):
            hits.append(hit)
    if len(hits) > 1:
        hits.sort(key=attrgetter("start"))
    return tuple(hits)


_ACCOUNT = late(r"开?户(?:银)?行(?:名称)?[:=是为,\s]{0,3}$")


def _of_account(words: Plain, hit: Found) -> bool:
    """开户行：中国银行滨江支行 keeps the account and is nobody's employer."""
    start, _ = words.here(hit.start, hit.end)
    return _ACCOUNT.search(words.text, max(0, start - 10), start) is not None


def _by_suffix(words: Plain) -> Iterator[Found]:
    text = words.text
    floor = 0  # a name does not reach back into the one before it
    suffixes = (
        [*matches(_SUFFIX_STARTS, _SUFFIX, text)]
        if not _ENDS.isdisjoint(words.chars) and any(map(text.__contains__, _MARKS))
        else []
    )
    for n, match in enumerate(suffixes):
        end = match.end()
        following = suffixes[n + 1] if n + 1 < len(suffixes) else None
        if match.start() < floor or (following and _continues(text, match, following)):
            continue
        branch = _BRANCH.match(text, end)
        if branch and following and following.start() < branch.end():
            continue  # 某某有限公司无锡分公司 is read from its last suffix
        start = _left_edge(text, floor, match.start())
        if start is None:
            continue
        if branch is None and text[end : end + 1] == " " and "有限" in match[0]:
            branch = _BRANCH.match(text, end + 1)  # 某某有限公司 机械分公司
        if branch:
            end = branch.end()
        yield words.found(
            "companies",
            start,
            end,
            0.95 if "有限" in match[0] else 0.85,
            "suffix",
            _tidy(words.words(start, end)),
        )
        floor = end
    if not _CAPITALS.isdisjoint(words.chars) and any(map(text.__contains__, _ENGLISH_MARKS)):
        for match in _ENGLISH.finditer(text):
            yield words.found("companies", *match.span(), 0.9, "english")


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
_CAPITALS = frozenset(string.ascii_uppercase)
_ENDS = frozenset("伙部店心司团所究院行券室社厂")
_MARKS = (
    "合伙",
    "部",
    "专卖店",
    "旗舰店",
    "商务中心",
    "公司",
    "集团",
    "事务所",
    "研究",
    "设计院",
    "银行",
    "证券",
    "经营部",
    "商行",
    "工作室",
    "合作社",
    "厂",
)


_OF_BRANCH = late(r"[一-龥()]{0,8}?(?:分|支)?")
_IN_NAME = late(r"[一-龥A-Za-z0-9()·]*")
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
    if len(between) > 12 or not _IN_NAME.fullmatch(between) or _CUE.search(between) or _AND.search(between):
        return False
    if following[0] == "公司" and match[0] == "集团" and between and region(between) == between:
        return True  # 恒大地产集团广州公司
    return "有限" in following[0] or (following[0] == "公司" and between.endswith("分"))


def _left_edge(text: str, floor: int, suffix: int) -> int | None:
    """Where the name begins that ends at `suffix`; None when nothing but a common word stands there."""
    start = suffix
    lowest = max(floor, suffix - LONGEST)
    while start > lowest and (
        "一" <= (char := text[start - 1]) <= "龥"
        or char in _PART
        or (char == " " and _BESIDE_BRACKET.match(text, start - 2))
    ):
        start -= 1
    cut = start
    for match in matches(_CUE_STARTS, _CUE, text, start, suffix):
        if match.end() < suffix or match[0] not in ("投资", "控股"):  # 信托投资有限公司
            cut = match.end()
    for match in _SOFT_CUE.finditer(text, cut, suffix):
        rest = text[match.end() : suffix]
        if len(rest) >= 4 and (region(rest) or rest.startswith("中国")):
            cut = match.end()
            break
    if text[cut].isdigit() and region(text[cut + 1 : suffix]):
        cut += 1  # the number in a list: 1洛阳轴承厂
    written = _IN_FULL.match(text, cut, suffix)
    cut = written.end() if written is not None and region(text[written.end() : suffix]) else cut
    cut = _balanced(text, _line_above(text, start, suffix) if cut == start else cut, suffix)
    while cut < suffix and text[cut] in ")·-.&":
        cut += 1
    name = text[cut:suffix]
    if text[suffix] == "厂":
        counted = _COUNTED.search(name)
        name = name[counted.end() :] if counted else name
        if trades.is_trade(name) or name == "代工":
            return None  # 一家模具厂, 机械厂, 想找代工厂
        cut = suffix - len(name)
    if text[suffix] == "厂" and text[suffix - 1] in "出到回进返入同工本原建开":
        return None  # 出厂, 含税到厂价, 同厂的货
    if text[suffix] == "厂" and _SOME_FACTORY.search(text[max(0, start) : suffix]):
        return None  # 那个乳品厂, 在柳州开螺蛳粉厂
    if text.startswith("公司", suffix) and region(name) == name:
        return None  # 香港公司
    if text.startswith("公司", suffix) and _ANY_COMPANY.search(name):
        return None
    if _SAID_OF.search(name) and "有限" not in text[suffix : suffix + 8]:
        return None
    if len(name) < 2 or _GENERIC.fullmatch(name) or not _LETTER.search(name):
        return None
    return cut


_BROKEN = late(r"(?:^|\n) *(?P<name>[一-龥()]{4,16}) *\n *$")


def _line_above(text: str, start: int, suffix: int) -> int:
    """Where a name begins whose end stands on the next line of a card: 湖北荆楚理化仪器⏎有限公司."""
    if suffix - start > 6 or text[start - 1 : start] not in ("\n", " ") or region(text[start:suffix]):
        return start
    above = _BROKEN.search(text, max(0, start - LONGEST), start)
    named = above is not None and region(above["name"]) and _SUFFIX.search(above["name"]) is None
    return above.start("name") if above is not None and named else start


def _balanced(text: str, start: int, end: int) -> int:
    """Start behind a bracket that was never opened, or that is never closed."""
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
            and not _GENERIC.fullmatch(name)
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
    r"中(?:国?铁建?|国?建筑?|国?交建?|国?冶金?|国?电建|核|煤|水电?|能建)(?:第?[一二三四五六七八九十\d]{1,3})(?:局|航务?局|公局|建|冶|工程局)(?:集团)?"
    r"|(?P<town>[一-龥]{2,3}市?)(?:第?[一二三四五六七八九十])建(?![议设筑立成材造模档表])(?:集团)?"
)


_BUREAU_CHARS = frozenset("局建冶")


def _by_bureau(words: Plain) -> Iterator[Found]:
    for match in _BUREAU.finditer(words.text):
        start = match.start()
        if match["town"]:
            start = next((n for n in (start, start + 1) if region(words.text[n : match.end("town")])), -1)
        if start >= 0 and region(words.text[start : match.end("town")]) if match["town"] else True:
            yield words.found("companies", start, match.end(), 0.85, "bureau")


def _by_list(words: Plain) -> Iterator[Found]:
    for match in _LISTED.finditer(words.text):
        start = match.start("names")
        for name in re.split(r"([、,和与及])", match["names"]):
            if (
                len(name) > 1
                and not _GENERIC.fullmatch(name)
                and region(name) != name
                and not _CUE.search(name)
            ):
                yield words.found("companies", start, start + len(name), 0.7, "list")
            start += len(name)


def _by_head(words: Plain) -> Iterator[Found]:
    if not any(map(words.text.__contains__, _HEADED)):
        return
    for match in _HEAD_OF.finditer(words.text):
        name = match["name"]
        if match["head"] in surnames().single and not _NO_FIRM.search(name) and region(name) != name:
            yield words.found("companies", *match.span("name"), 0.75, "head")
    for match in _FOUNDED.finditer(words.text) if "的" in words.chars else ():
        name = match["name"]
        if not _NO_FIRM.search(name) and not _GENERIC.fullmatch(name) and region(name) != name:
            yield words.found("companies", *match.span("name"), 0.7, "head")


_last: list[tuple[tuple[str, ...], tuple[tuple[str, str], ...], _Names]] = []


def _names(known: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> _Names:
    """The automaton of these very tuples; ten thousand customers are not compared name by name with every text."""
    for names, short, built in _last:
        if names is known and short is aliases:
            return built
    built = _built(known, aliases)
    _last[:] = [(known, aliases, built), *_last[:7]]
    return built


@lru_cache(maxsize=32)
def _built(known: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> _Names:
    """The automaton over full and short names; what it finds stands for the full name."""
    short: dict[str, str] = {name: name for name in known_companies()}
    for name in known:
        for form in (name, core(name)):
            if len(form) >= 2:
                short.setdefault(form, name)
    short.update((plain(alias).text, name) for alias, name in aliases)
    forms = tuple(short)
    return (
        ahocorasick_rs.AhoCorasick(forms, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest),
        forms,
        tuple(short.values()),
    )


def _by_name(
    words: Plain, known: tuple[str, ...], aliases: tuple[tuple[str, str], ...] = ()
) -> Iterator[Found]:
    automaton, forms, names = _names(known, aliases)
    hits = automaton.find_matches_as_indexes(words.text)
    named = {alias for alias, _ in aliases} if hits else set()
    for index, start, end in hits:
        form = forms[index]
        around = words.text[start - 1 : start] + words.text[end : end + 1]
        if form.isascii() and _LATIN.search(around):
            continue
        branch = _BRANCH.match(words.text, end) if form.endswith("行") else None
        if branch is not None:
            yield words.found("companies", start, branch.end(), 0.85, "known")  # 工行深圳市分行
            continue
        if len(form) == 2 and form not in named and not _named(words.text, start, end):
            continue  # 长虹, 小米, 美的 are also words
        yield words.found(
            "companies",
            start,
            end,
            0.9 if form in named else 0.75,
            "known",
            names[index] if names[index] != form else "",
        )


_LATIN = re.compile(r"[A-Za-z0-9]")
_ITS = re.compile(r"的[一-龥]{0,2}[总工]|的?(?:采购|项目|客户|经理|工程师|订单)|那边|公司|集团")
_OF_IT = re.compile(r"(?:[我他她]是|来自|就职|客户|跟|给|、|拜访)$")
_ENDED = late(r"的|$|[,、。;]|采购|订")
_INNER_BLANK = re.compile(r"(?<=[一-龥()（）])\s+(?=[一-龥()（）])")


# 金蝶的实施顾问, 用友的渠道经理.
_STAFF = re.compile(r"的[一-龥]{0,4}(?:顾问|经理|总监|主管|专员)")


def _named(text: str, start: int, end: int) -> bool:
    """Does the text treat a two-character word as a company: 华为的李工, 华为那边, 我是华为的?"""
    before, after = text[max(0, start - 3) : start], text[end : end + 3]
    if _ITS.match(after) or _STAFF.match(text, end):
        return True
    return _OF_IT.search(before) is not None and _ENDED.match(after) is not None


def _tidy(name: str) -> str:
    return _INNER_BLANK.sub("", name.strip())


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
