"""Firms named in passing by a short name (盛虹那边, 恒力和荣盛都在问): weighed by what was learned, as names are in odds.py."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from nlp import segment, told
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.lexicon import firm_odds, surname_letters, surnames, unsure_firms
from nlp.likely import COMMON
from nlp.named import CARRIERS, well_known
from nlp.odds import Cut
from nlp.places import regions, towns
from nlp.plain import BLANK, Plain
from nlp.trades import is_trade

LONGEST = 7  # characters of such a name
ENOUGH = 4  # three to two: a firm that is none hides a person
PERSON = 9  # of what may be a person as well
LISTED = -18  # in one list with a firm
SURELY = 13  # nearly four to one: of what is a word as well
LISTED_WORD = -15  # of a listed firm that is a word as well, before what is told of firms
NEVER = 999
FARTHEST = 4_000  # characters of a text that are looked at

_THINGS = (
    r"(?:那个|这个|那批|这批)?(?:项目|单子|订单|单(?=[,。;!?\s稳丢黄])|合同|招标|标书|标(?=[,。;\s])|货|尾款|货款|回款|预付款|账期|付款|欠款|报价|询价|价格|"
    r"方案|验厂|验收|备件|样品|样机|供应商|代理商?|经销商|设备|产线|生产线|厂[里区子]|厂(?=[,。;\s])|车间|仓库|园区|线路|生意|业务|需求|系统|合作|新厂|图纸|发票|"
    r"对账单?|质保金|保证金|[一二三]期|年框|框架)"
)
_JOBS = (
    r"采购|销售|技术|项目|老板|负责人|业务|经理|工程师|总监|主任|财务|行政|设备|研发|供应链|生产|物资|质检|质量|仓库|市场|法务|人事|品质|工艺|董事|总裁|"
    r"总经理|副总|厂长|秘书|渠道|产品经理|人(?![口工才民数气力性类体脸])|员工|同事|朋友|关系|领导|高层|老总|师傅|司机|联系人|对接人"
)
_UNITS = (
    r"(?:采购|招标|生产|设备|物资|物流|供应链?|质量|品质|技术|研发|工艺|机动|动力|能源|财务|法务|行政|综合|人事|信息|市场|销售|营销|项目|工程|安环|机电|检测)"
    r"(?:部(?![门位件队])|处(?!理)|科(?!技|[长员])|中心)"
)
_NOW = r"(?:今年|去年|明年|最近|这次|上周|昨天|今天|刚刚|刚才|早上|上午|下午|又|也|还|已经?|刚|都|在|就|来|发|要|终于|准备|打算|说)"
_DEALS = (
    r"(?:下单|下了|招标|扩产|投标|报价|询价|回款|付款|打款|订货|续约|签约|签了|复购|催货|催样|定了|要样|中标|寄样|发货|回复|回话|反馈|要求|指定|来电|"
    r"问(?=[,。!?、了到过价]|我们|能|有|什么)|想(?=[要买订换做找看]|问|约)|说(?=[,了要可不等先年价]|他们|我们)|要(?=[一二两三四五六七八九十\d换做等开先发样]|我们)|需要|"
    r"采购(?!经理|员|部|总监)|停产|开标|流标)"
)
# What they do to us, and we with them, where no better sign stands: 华昌让我们等, 从永德拉回来, 给瑞升开的票.
_DOES = (
    r"(?:给(?!力)|让|叫(?=我|你|他|停|人)|派|欠|差|催|退(?!休)|收到|收货|拿(?!手)|换(?!热|向)|停(?!机坪|车)|降价?|涨价|砍|压(?!力|缩|铸|延)|卡(?!车|片|口|扣)|拖(?!拉机|链|车)|批(?!发|量|次)|验收|同意|拒绝|答应|没|不(?!锈)|"
    r"有(?!限|机)|是|用(?!品|户)|做(?!事)|出(?!口|租)|缺|急|选(?!型)|试(?!验|剂)|先(?!进|生)|最|可能|应该|估计|打(?!印|磨|包机)|愿意|希望|觉得|嫌|怕|接(?!头|近|口)|取消|暂停|改(?!造|性)|加(?!工|热|油)|追加|扣|补(?!贴|偿器)|赔|投诉|反映|提(?!升机)|通知|安排|"
    r"寄|送(?!风)|运(?!输|营|动)|发(?!动机|电|泡|展)|付|结(?!构|合|果)|开(?!关|发|料)|供(?!应|水|电|暖)|配(?!件|电|方|合)|写|回(?!转|收)|拉(?!链|丝|伸)|进(?!口|料)|谈|聊|签|订|买|干(?!燥)|上班|合作|对账|沟通|挖|调(?!试|整)|借|租|跳|搞|审|考察|参观|评|定(?!位|制|子)|确认|认可|满意|满产|开工|搬|招人|丢|比(?!例)|把|被|跟|占|"
    r"轮到|归(?!属)|算|在|从|到(?!货|位)|去|来(?!料)|出来|当|任)"
)
_THAT = (
    r"(?:[那这](?:个|批|台|套|笔|条|家|几|边|次|回|头|种)|"
    r"(?:今年|去年|明年|下半年|上半年|年底|这回|这次|上次|下周|这周|刚才|现在|目前|一年|每年|每月|暂时|一般|基本)(?!会))"
)
_TOLD_MARKS = (
    "那这方的采招生设物供质品技研工机动能财法行综人信市销营项安检总基超产分今去明最上昨刚早下又也还已都在就来发要终准打说扩投报询回付订续签复催定"
    "中寄反指问想需停开流、和与及跟执独外非监常高副首行创CHh公盘午双大涨跌财市股旗裁门官年给抢做挖"
)
_MARKS = (
    f"{_TOLD_MARKS}"
    "让叫派欠差退收拿换停降涨砍压卡拖批验同拒答没不有是用缺急选试先可应估打愿希觉嫌怕接取暂改加追扣补赔投诉提通安送运付结开配写回拉进谈聊买干合对沟调借租跳搞审考参评认满搬丢比把被占轮归算从到去当任每一目基"
)
_MARK, _TOLD = re.compile(f"[{_MARKS}]"), re.compile(f"[{_TOLD_MARKS}]")
_LISTING, _BARE = "、和与及跟", "的都也又在就说要想问给抢做挖"


@cache
def right() -> re.Pattern[str]:
    """What stands behind a firm, told apart by the name of its group."""
    single = surname_letters()
    called = r"总(?![部体共经裁数量价])|工(?![程作业厂具人])|董(?!事)|经理|主任|主管|[部处科厂局院所校]长|先生|女士|小姐|老板"
    honoured = rf"[{single}](?:{called})"
    return re.compile(
        r"(?P<T>[那这][边儿头里]|方面[的说,要])"
        r"|(?P<U>[那这]个?(?:单|客户|项目|合同|订单|家|批|标|厂))"
        rf"|(?P<O>的{_THINGS})"
        rf"|(?P<J>的(?:那个|那位|一个)?(?:{_JOBS}|{honoured}))"
        rf"|(?P<M>的[小老阿][{single}])"
        rf"|(?P<D>{_UNITS})"
        r"|(?P<H>总部|基地|工厂(?!店)|超级工厂|产业园|分公司|分厂)"
        rf"|(?P<V>{_NOW}{{0,3}}{_DEALS})"
        r"|(?P<F>(?:执行|独立|外部|非执行)?董事(?!会)|监事|(?:常务|执行|高级)?副?总(?:经理|裁)|首席|副?董事长|副?行长|"
        r"发言人|分析师|创始人|[Hh][Rr](?![A-Za-z])|C[ETFO]O)"
        r"|(?P<W>公告|(?:盘中|今日|双双|午后)?大?[涨跌](?:停|超|近|\d|[,。]|幅)|财报|市值|股价|高管|旗下|裁员|"
        r"门店|官网|官宣|年报)"
        rf"|(?P<L>[{_LISTING}])"
        rf"|(?P<I>{_THAT})"
        rf"|(?P<G>{_NOW}{{0,2}}{_DOES})"
        r"|(?P<N>的(?=[一-龥]{2}))"
        rf"|(?P<B>[{_BARE}])"
    )


_EDGE = rf"(?=[\s,。;:!?、()\[\]|/\"”{BLANK}]|$)"
# What a name stands behind that ends with its clause.
_CUES = ":=、给跟和与是叫找约访户系接见看自为去到进过了被向下往由\\-"
LEFT = frozenset(_CUES.replace("\\", ""))
_ENDING = rf"(?:的人|的|了吗?|吗|吧|呢|没有?|不)?{_EDGE}"
_FREE = late(rf"(?P<name>[一-龥A-Za-z&]{{2,8}}?){_ENDING}")
_CUED = late(rf"(?:(?<=[{_CUES}])|(?<=[{_CUES}] )){_FREE.pattern}")
PLAIN_EDGE = frozenset(f"\n ,。;:!?、()[]|/\"“”'·>-{BLANK}")
_FRONTS = {
    "g": "发给 报给 寄给 开给 卖给 送给 转给",
    "k": "客户 拜访 走访 回访 联系 对接 跟进 看看 应商 厂家 买家 甲方 乙方 约了 去了 访了 对手 同行 竞品",
    "u": "我是 们是 来自 边是 就是 里是",
    "d": "意向 方向",
    "n": "我们 你们 他们 咱们 一个 这个 那个 哪个",
}
_FRONT_OF = {word: sort for sort, words in _FRONTS.items() for word in words.split()}
_FRONT = {
    char: sort
    for sort, chars in {
        "l": "、和与及", ":": ":=", "a": "跟同对向找问", "h": "任兼", "m": "是叫在去到进从为", "q": "被由让帮替给",
        "b": "的了有还就先再把过下往",
    }.items()
    for char in chars
}  # fmt: skip
# 周五的, 两家, 苏州市, 金桂花约: what no name holds, begins with or ends with.
_NOT_IN_NAME = "的了是做吗呢吧呀啊您你我他她它们这那哪什么怎谁"
_NEVER = late(
    rf"[{_NOT_IN_NAME}]|[一二两三四五六七八九十几每各该某][家个台套次年月天]|^[也都还再又就]|^[老小阿].$|^(?:今天|明天|昨天|上午|下午|[一二三][甲乙级]|[公私]立)|"
    r"[区县市镇乡村路街省岛总工想约去来到说做找给要办全]$|盘中$|新闻$|全球$|区副$|微信|抖音|介绍|维保"
)


_LABEL = late(
    r"(?:(?P<f>客户|公司|单位|企业|厂家|供应商|采购方|甲方|乙方|买方|卖方|业主|名单|拜访|回访|走访|跟进|催款的?|建档|录入|抬头)(?:名称?|全称|单位|公司|名单|记录|对象|厂商)?|"
    r"(?P<p>姓名|联系人|对接人|收件人|参会|到会|出席|人员|称呼|昵称|负责人)|(?P<d>地址|所在地|地区|城市|来源|渠道|产品|需求|型号|备注|位置))[:=]\s*$"
)
_LINKS = frozenset("、和与及")
_TIES = frozenset("和与及跟也都又还在要说、")


def _but(chars: str) -> str:
    """All Chinese characters but these, as ranges of an expression."""
    codes = [ord("一") - 1, *sorted(ord(char) for char in chars if "一" <= char <= "龥"), ord("龥") + 1]
    return "".join(f"{chr(low + 1)}-{chr(high - 1)}" for low, high in pairwise(codes) if high - low > 1)


_IN_NAME = f"{_but(_NOT_IN_NAME)}A-Za-z"
_RUN = re.compile(rf"[{_IN_NAME}]{{2,{LONGEST}}}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """[start, end) of a text that may be a firm, and what speaks for it and against it."""

    start: int
    end: int
    signs: tuple[str, ...]


def candidates(text: str) -> Iterator[Candidate]:
    """Every stretch between what stands in front of firms and behind them that begins as their names do."""
    places = regions(text)
    for start, end, front, sort in _spots(text, places, _beginnings(text, places)):
        if sort not in _LOOSE or ends_a_word(text, start, end):
            yield Candidate(start, end, _all_signs(text[start:end], front, sort))


def ends_a_word(text: str, start: int, end: int) -> bool:
    """No name ends at 新 in 从新安装. Asked last: to cut a text takes longer than to weigh a name."""
    return end in Cut(text).around(start, end)[0]


def _spots(
    text: str, places: Sequence[tuple[int, int]], likely: Sequence[int]
) -> Iterator[tuple[int, int, str, str]]:
    """Where such a stretch begins and ends, and the kinds of what stands around it.

    `places`: the `regions` of the text; `likely`: its `_beginnings`.
    """
    behind: dict[int, str] = {}
    before = {end: start for start, end in places}
    pieces = Cut(text)
    for first in likely:
        for start in (first, before[first]) if first in before else (first,):
            front = _front(text, start)
            spots = {*_ends(text, first, behind, _TOLD if front == "o" else _MARK), *_free(text, start)}
            if front == "o":
                spots = {(end, sort) for end, sort in spots if sort not in _LOOSE}
                if not spots or start not in pieces.around(start, start)[0]:
                    continue
            for end, sort in sorted(spots):
                if _NEVER.search(text[start:end]) is None:
                    yield start, end, front, sort


_LOOSE = "GIN"  # what stands behind anything: a name must begin behind a cue and end where a word ends
_TOLD_OF = "TUJMDVF"  # groups of `right` that say more of a firm than of anything else
_LEAST, _SECOND = -15, -20  # what the first and the second character must have


def _beginnings(text: str, places: Sequence[tuple[int, int]]) -> list[int]:
    """Where two characters stand that firms' names often begin with, and around them what stands around firms.

    What the first one lacks the second one has. A name behind its place is told by what stands in front of the place.
    """
    found = [match.start() for match in _surrounded().finditer(text)]
    if places:
        found += [
            end for start, end in places if _CUED.match(text, start) is not None and _pair().match(text, end)
        ]
    if not found:
        return found
    first, second = firm_odds()["first"], firm_odds()["second"]
    rare, other = first["*"], second["*"]
    return sorted({at for at in found if first.get(text[at], rare) + second.get(text[at + 1], other) >= 0})


@cache
def _pair() -> re.Pattern[str]:
    """Two characters of which at least one speaks for a firm, and none so much against one that nothing makes it good."""
    return re.compile(_pair_text())


@cache
def _surrounded() -> re.Pattern[str]:
    """The same between what may stand around a firm: a name ends behind it, or it stands behind a cue and ends its clause."""
    behind = re.sub(r"\(\?P<\w>", "(?:", right().pattern)
    return re.compile(
        rf"{_pair_text()}(?:(?=[{_IN_NAME}]{{1,{LONGEST - 1}}}?(?:[{_LISTING}{_BARE}]|(?=[{_MARKS}])(?:{behind})))"
        rf"|(?:(?<=[{_CUES}].)|(?<=[{_CUES}] .))(?=[{_IN_NAME}&]{{1,7}}?{_ENDING}))"
    )


def _pair_text() -> str:
    first, second = firm_odds()["first"], firm_odds()["second"]
    return (
        rf"[{_with(first, _LEAST)}](?=[{_with(second, _SECOND)}])"
        rf"(?:(?=[{_with(second, 0)}])|(?<=[{_with(first, 0)}]))"
    )


def _with(table: Mapping[str, int], least: int) -> str:
    """The characters with so many points and more; `*` stands for those that are not in the table."""
    if table["*"] >= least:
        return _but("".join(char for char, points in table.items() if points < least))
    return "".join(char for char, points in table.items() if points >= least)


def _ends(text: str, first: int, behind: dict[int, str], marks: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Where a name may end that begins at `first`, in front of one of `marks`, and what stands there; `behind` remembers."""
    match = _RUN.match(text, first)
    last = match.end() if match is not None else first
    for mark in marks.finditer(text, first + 2, last + 1):
        end = mark.start()
        sort = behind.get(end)
        if sort is None:
            found = right().match(text, end)
            sort = behind[end] = str(found.lastgroup) if found is not None else ""
        if sort:
            yield end, sort
            if sort == "H" and end > first + 3 and text[end - 2 : end] in towns():
                yield end - 2, sort


def _free(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Where it ends with its clause, behind a cue."""
    cue = text[start - 1 : start] if text[start - 1 : start] != " " else text[max(0, start - 2) : start - 1]
    match = _FREE.match(text, start) if cue in LEFT and cue else None
    if match is not None:
        yield match.end("name"), "E"


def _front(text: str, start: int) -> str:
    """What kind of thing stands in front."""
    before = text[max(0, start - 3) : start].rstrip(" ")[-2:]
    if not before or before[-1] == "\n":
        return "^"
    if before[-1] in ":=":
        label = _LABEL.search(text, max(0, start - 8), start)
        return str(label.lastgroup) if label is not None else ":"
    sort = _FRONT_OF.get(before) or _FRONT.get(before[-1])
    return sort or ("," if before[-1] in PLAIN_EDGE else "o")


def find(
    words: Plain, taken: Taken, places: Sequence[tuple[int, int]], named: Sequence[int] = ()
) -> Iterable[Found]:
    """Short names of firms that are likelier than not, and those that stand in one list with them.

    `places`: the `regions` of the text; `named`: where names of firms begin that are everyday words as well.
    """
    text = words.text
    if len(text) > FARTHEST:
        text = text[:FARTHEST]
        places = regions(text)
    likely = _beginnings(text, places)
    if named:
        likely = sorted({*likely, *(at for at in named if at < len(text))})
    return _likely(words, taken, text, _spots(text, places, likely)) if likely else ()


def _likely(
    words: Plain, taken: Taken, text: str, spots: Iterable[tuple[int, int, str, str]]
) -> Iterator[Found]:
    scored: list[tuple[int, int, int, int]] = []
    for start, end, front, sort in spots:
        if not taken.is_free(*words.place(start, end)):
            continue
        name = text[start:end]
        points, least = _points(name, front, sort), _asked_for(name, sort)
        if sort not in _LOOSE or (points >= least and ends_a_word(text, start, end)):
            scored.append((points, start, end, least))
    if not scored:
        return
    scored.sort(key=lambda one: (-one[0], one[1], one[2]))
    sure = Taken(len(text))
    firms: list[tuple[int, int]] = []
    for points, start, end, least in scored:
        if points >= least and sure.take(start, end):
            firms.append((start, end))
            yield words.found("companies", start, end, 0.65 if points >= SURELY else 0.6, "passing")
    if not firms or _LINKS.isdisjoint(text):
        return
    for points, start, end, least in scored:
        beside = (
            least <= ENOUGH
            and LISTED <= points < least
            and any(
                (stop + 1 == start and text[stop] in _LINKS) or (end + 1 == begin and text[end] in _LINKS)
                for begin, stop in firms
            )
        )
        if beside and sure.take(start, end):
            firms.append((start, end))
            yield words.found("companies", start, end, 0.6, "passing")


@lru_cache(maxsize=8_192)
def _points(name: str, front: str, sort: str) -> int:
    """How likely this is a firm between two such things."""
    weights = firm_odds()["signs"]
    signs = _all_signs(name, front, sort)
    return firm_odds()["all"][""] + sum([weights.get(sign, 0) for sign in signs])


def _all_signs(name: str, front: str, sort: str) -> tuple[str, ...]:
    return f"L{front}", f"R{sort}", f"X{front}{sort}", *_signs(name)


@lru_cache(maxsize=8_192)
def _asked_for(name: str, sort: str) -> int:
    """The points that such a candidate needs, `sort` behind it: more where it may be a word or a person as well."""
    free = sort in ("E", "B")
    if name in well_known():  # what is used or sent by: see named.py
        if free or (sort in _LOOSE and name in CARRIERS):
            return NEVER
        return LISTED_WORD if sort in _TOLD_OF and name in unsure_firms() else ENOUGH
    town = next((end for start, end in regions(name) if start == 0), 0)
    bare = name[town:]
    if town and (not _may_follow_town(bare) or (sort == "M" and segment.is_word(bare))):
        return NEVER  # 盐城大丰的老葛 comes from there
    if town and sort in _LOOSE:
        return SURELY
    if (
        len(name) in (2, 3)
        and name[0] in COMMON
        and (segment.is_person(name) or told.is_called_so(name) or free)
    ):
        return NEVER if free and (len(name) == 3 or segment.is_person(name)) else PERSON
    return SURELY if segment.is_word(name) else ENOUGH


_DISTRICT = late(r"[榄桥镇港塘埠浦堰沟坝坪岭坑头山河湖圩寨屯庄店集墩铺滩陂埔堡营湾洲沙廊慈海]$")


def _may_follow_town(bare: str) -> bool:
    """May it be a firm's name behind its town, and no place in it, no people and no common word?"""
    if any(len(bare) > length and is_trade(bare[-length:]) for length in (2, 3, 4)):
        return not segment.is_word(bare)
    return (
        (len(bare) > 2 or _DISTRICT.search(bare) is None)
        and told.stands_behind_town(bare)
        and not (bare[0] in COMMON and told.is_called_so(bare))
    )


def _signs(name: str) -> tuple[str, ...]:
    """What the characters themselves say."""
    places = [] if name in well_known() else regions(name)
    town = next((end for start, end in places if start == 0), 0)
    bare = name[town:]
    if not bare:
        return ("W0",)
    signs = [f"N{min(len(bare), 5)}{'t' if town else ''}"]
    if town == 0 and places:
        signs.append("Rin")
    if not _TIES.isdisjoint(bare[1:]):
        signs.append("I")
    pieces = segment.pieces(bare)
    tags = [segment.tag(piece)[0][1] for piece in pieces]
    if len(pieces) == 1:
        sort = tags[0]
        signs.append(
            "W" + (sort if sort in ("nz", "nt", "nrt", "ns", "nr", "j", "v", "n", "a", "vn", "b") else "x")
        )
    else:
        loose = sum(len(piece) == 1 for piece in pieces)
        signs.append(f"C{min(loose, 3)}{min(len(pieces) - loose, 2)}")
        signs += sorted({"Tz" for tag in tags if tag in ("nz", "nt", "nrt", "j")})
        signs += sorted(
            {"Tv" for piece, tag in zip(pieces, tags, strict=True) if len(piece) > 1 and tag[0] in "vdrpcmtf"}
        )
        signs += sorted(
            {"Tn" for piece, tag in zip(pieces, tags, strict=True) if len(piece) > 1 and tag == "n"}
        )
    if bare in well_known():
        signs.append("K" + ("u" if bare in unsure_firms() else ""))
    if len(bare) <= 3 and (segment.is_person(bare) or told.is_called_so(bare)):
        signs.append("P")
    if len(name) in (2, 3) and name[0] in surnames().single:
        signs.append(f"Q{len(name)}{'c' if name[0] in COMMON else 'r'}")
    for length in (2, 3, 4):
        if len(bare) > length and is_trade(bare[-length:]):
            signs.append("S")
            break
    if name.isascii():
        signs.append("A")
    signs.append(f"F{likeness(bare)}")
    return tuple(signs)


def likeness(bare: str) -> int:
    """How like the names of firms the first two characters are, from -3 to 3."""
    table = firm_odds()
    points = table["first"].get(bare[0], table["first"]["*"]) + table["second"].get(
        bare[1:2], table["second"]["*"]
    )
    return max(-3, min(3, round(points / 10)))
