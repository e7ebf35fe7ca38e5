"""Companies that are known by name: the customers we have, the short forms an installation added, well-known firms."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import ahocorasick_rs

from nlp import segment
from nlp.cores import core
from nlp.edges import BRANCH
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import known_companies, software, unsure_firms
from nlp.places import towns
from nlp.plain import Plain, plain

_Aliases = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4)
def _listed(aliases: _Aliases) -> tuple[ahocorasick_rs.AhoCorasick, tuple[str, ...], tuple[str, ...]]:
    """The automaton over what is the same for everybody, its forms and the full names they stand for."""
    full = {name: name for name in known_companies()} | {plain(short).text: name for short, name in aliases}
    kind = ahocorasick_rs.MatchKind.LeftmostLongest
    return ahocorasick_rs.AhoCorasick(tuple(full), matchkind=kind), tuple(full), tuple(full.values())


_Hit = tuple[int, int, str, str]  # where it starts and ends, how it is written, the full name


def _hits(text: str, known: Sequence[str], aliases: _Aliases) -> list[_Hit]:
    """Names in the text, leftmost and longest first, none over another.

    Every rep has customers of their own and every saved draft changes them: an automaton over those would be built for one
    text (0.3 MB, 2 ms). They are looked for one by one instead, and most are nowhere in it.
    """
    listed_here, own = _listed_in(text, 0, aliases), _own_in(text, known) if known else []
    if not own:
        return listed_here
    hits: list[_Hit] = []
    found = iter(listed_here)
    at, listed = 0, next(found, None)
    for mine in own:
        while listed is not None and _before(listed, mine):
            hits.append(listed)
            at, listed = listed[1], next(found, None)
        if mine[0] < at:
            continue
        hits.append(mine)
        at = mine[1]
        if listed is not None and listed[0] < at:  # its place is taken, another may begin behind
            found = iter(_listed_in(text, at, aliases))
            listed = next(found, None)
    return [*hits, *([listed] if listed is not None else ()), *found]


def _before(listed: _Hit, mine: _Hit) -> bool:
    """In the same place a short form that somebody taught comes before a customer, a customer before who is well known."""
    return (listed[0], -listed[1], listed[2] == listed[3]) <= (mine[0], -mine[1], False)


def _listed_in(text: str, at: int, aliases: _Aliases) -> list[_Hit]:
    automaton, forms, names = _listed(aliases)
    places = automaton.find_matches_as_indexes(text[at:] if at else text)
    return [(at + start, at + end, forms[index], names[index]) for index, start, end in places]


def _own_in(text: str, known: Sequence[str]) -> list[_Hit]:
    """Every place where a customer's full name or its core stands, from the left, at one place the longest first."""
    full: dict[str, str] = {}
    for name in known:
        for form in (name, core(name)):
            if form in text and len(form) >= 2:
                full.setdefault(form, name)
    places = [(at, at + len(form), form, name) for form, name in full.items() for at in _each(form, text)]
    return sorted(places, key=lambda hit: (hit[0], -hit[1]))


def _each(form: str, text: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def find(words: Plain, known: Sequence[str], aliases: _Aliases = ()) -> Sequence[Found]:
    """The firms that are known by name, in order; the rule of one that is no more than named is `mentioned`."""
    hits = _hits(words.text, known, aliases)
    return list(_found(words, _joined(hits) if len(hits) > 1 else hits, aliases)) if hits else ()


def _joined(hits: list[_Hit]) -> list[_Hit]:
    """中粮可口可乐 is one firm; 华为苹果都行 would be two, but nobody writes many so."""
    found: list[_Hit] = []
    for hit in hits:
        start, end, form, name = hit
        before = found[-1] if found else None
        if (
            before is not None
            and before[1] == start
            and before[2] == before[3]
            and form == name
            and unsure_firms().isdisjoint((before[2], form))
        ):
            found[-1] = (before[0], end, before[2] + form, before[2] + form)
        else:
            found.append(hit)
    return found


def _found(words: Plain, hits: list[_Hit], aliases: _Aliases) -> Iterator[Found]:
    named = {alias for alias, _ in aliases}
    for start, end, form, name in hits:
        around = words.text[start - 1 : start] + words.text[end : end + 1]
        if (form.isascii() and _LATIN.search(around)) or (form.endswith("银行") and around.endswith("业")):
            continue  # 中国银行业协会
        branch = BRANCH.match(words.text, end) if form.endswith("行") else None
        if branch is not None:
            yield words.found("companies", start, branch.end(), 0.85, "known")  # 工行深圳市分行
            continue
        confidence, rule = 0.9 if form in named else 0.75, "known"
        value = name if name != form else ""
        if form not in named:
            if form in software() and _is_used(words.text, start, end):
                continue
            if _is_goods(words.text, start, end):
                yield words.found("companies", start, end, 0.5, "goods")
                continue
            town = _town_before(words.text, start, end)
            if len(form) == 2 and not _named(words.text, start, end):
                told = _TOLD.match(words.text, end) or (town and _AFTER_FIRM.match(words.text, end))
                if _is_word(form) and not told:
                    if _stands(words.text, start, end) and not _no_firm(words.text, start, end):
                        yield words.found("companies", start, end, 0.5, "unsure")
                    continue  # 长虹, 小米, 美的 are also words: passing.py weighs what stands around them
                if not _stands(words.text, start, end) or _no_firm(words.text, start, end):
                    continue
                confidence, rule = 0.6, "mentioned"
            if not value:
                start -= town  # 上海大众, 绵阳长虹
                end += _more(words.text, end)  # 首钢股份, 恒洁卫浴
        yield words.found("companies", start, end, confidence, rule, value)


_LATIN = re.compile(r"[A-Za-z0-9]")
_ITS = re.compile(r"的[一-龥]{0,2}[总工]|的?(?:采购|项目|客户|经理|工程师|订单)|那边|公司|集团")
# What is told of a firm, but not by its people.
_TOLD = late(
    r"旗下|财报|股价|高管|员工|总部|司机|骑手|门店|官网|官方|宣布|推出|发布|公告|入股|CEO|总裁|创始|董事|中国区|将(?=把|于|在|推出|斥资|投资|裁)|个贷|信用卡|网点|支行|汽车(?!站)|手机|电视|商城|之家"
)
_OF_IT = re.compile(
    r"(?:[我他她]是|(?<=[家厂个司])叫|来自|就职|客户|跟|给|、|拜访|加入|入职|就职于|任职于|跳槽到|收购|入股)$"
)
_ENDED = late(r"的|$|[,、。;]|采购|订")


# 金蝶的实施顾问, 用友的渠道经理.
_STAFF = re.compile(r"的[一-龥]{0,4}(?:顾问|经理|总监|主管|专员)")


def _named(text: str, start: int, end: int) -> bool:
    """Does the text treat a two-character word as a company: 华为的李工, 华为那边, 我是华为的?"""
    before, after = text[max(0, start - 3) : start], text[end : end + 3]
    if _ITS.match(after) or _STAFF.match(text, end):
        return True
    return _OF_IT.search(before) is not None and _ENDED.match(after) is not None


# 发顺丰, 走中通 says how the goods travel; 来源：百度, 腾讯会议, 德邦单号 where and by what something came.
_SENT_BY = late(r"(?:[发走寄用让叫催换到](?:的是)?|(?:来源|渠道|途径)\s?[:=]?\s?)$")
_ITS_THING = late(
    r"\s?(?:会议|单号|运单|推广|私信|广告|直播|号|账号|搜索|地图|云盘|网盘|文档|小程序|视频|小店|店铺|橱窗|快递|到付|寄付|现付|面单|同款|支付|钱包|杯|店(?!长))"
)
# 能对接金蝶吗, 我们用的SAP, 企业微信版, 在小红书上看到: what is used, or where somebody was found.
_USED_BEFORE = re.compile(
    r"(?:对接|接入|打通|支持|集成|连接|连到|兼容|用的?(?:是)?|在用|上了|装了|你们|通过|刷|导[入出]到?|同步到?|注册|登录|下载|打开|加的|加了|(?<=[看找问])过?)$"
)
_USED_AT = re.compile(r"(?:在|从)$")
_USED_BEHIND = re.compile(
    r"\s?(?:版|账号|号(?!召)|群|消息|通知|集成|接口|对接|打通|同步|ERP|erp|系统|软件|机器人|后台|直播|端|审批|打卡|考勤|[上里](?!班|市|线|海)|看到|刷到|(?:我们)?(?:能|可以|行)(?:不能|不行|对|接|用)?|U[89]|K3|[Kk]/3|云星空)"
)
_WORKS = re.compile(r"工作|上班|任|做|当|总部|的")


_TOOLS = frozenset(("支付宝", "企业微信", "腾讯会议", "金山文档", "石墨文档"))


def _is_used(text: str, start: int, end: int) -> bool:
    """Is it a programme or a channel here, and nobody's employer?"""
    if _named(text, start, end):
        return False
    before = text[max(0, start - 5) : start]
    return (
        text[start:end] in _TOOLS
        or _USED_BEFORE.search(before) is not None
        or _USED_BEHIND.match(text, end) is not None
        or (_USED_AT.search(before) is not None and _WORKS.match(text, end) is None)
    )


# 现场用的都是施耐德的断路器, 开的是比亚迪汉, 沃尔沃卡车: a brand that is used, driven or bought.
_HAD = late(
    r"(?:[用装配买选开停骑穿戴喝吃](?:的|了|着)(?:都|全|还|也|一直|就)*(?:是)?|(?:[用开装](?:惯了|过)|坐过|换[成了]|要的是|自带|标配|进口|国产|原装)(?:的)?(?:一?[台辆套个把部只]|几[台辆套个])?)$"
)
_OF_GOODS = late(
    r"的(?!人|货款|尾款|合同|项目|订单|单子?|标|采购|招标|供应商|代理|经销|[一-龥]{0,2}[总工])[一-龥A-Za-z]{1,8}(?=[,。;!?、\s]|$)|[汉唐宋秦元][,。\s]"
)
_MADE = late(
    r"(?:牌|款|产)?(?:拖拉机|挖机|挖掘机|装载机|卡车|轿车|客车(?!公司)|手机|电脑|笔记本|平板|打印机|空调|冰箱|洗衣机|热水器|电视机?|变频器|伺服|传感器|断路器|接触器|气缸|电磁阀|导轨|丝杆|油漆|乳胶漆|瓷砖|牛奶|酸奶|奶粉|矿泉水|可乐|咖啡|汉堡)"
    r"(?!公司|事业部|那边|这边|的(?:采购|项目|订单|招标|经理|销售|[一-龥]{0,2}[总工])|采购|厂|集团|股份|有限|供应商|产线|生产|业务|项目|[市]场)"
)


# 工商银行到账5万, 在招商银行办的卡, 中国移动宽带: whose customer one is.
_SERVICE = late(
    r"(?<=银行)(?:到账|转账|账户|流水|回单|存款|[Aa][Pp][Pp]|(?:办|开)[的了]?(?:一?张)?(?:银行)?卡|卡(?=[,。里号]|$))|(?<=[移联电][动通信])(?:的)?(?:宽带|流量|号码|手机卡|信号|套餐|营业厅)"
)


def is_served(text: str, end: int) -> bool:
    """Is the bank or the carrier whose name ends here one that somebody uses?"""
    return _SERVICE.match(text, end) is not None


def _is_goods(text: str, start: int, end: int) -> bool:
    """Is it the brand of a thing here?"""
    if _MADE.match(text, end) is not None or is_served(text, end):
        return True
    if (
        end - start > 3
        and _MADE.match(text, end - 2) is not None
        and _HAD.search(text, max(0, start - 8), start)
    ):
        return True  # 用的格力空调
    return text[start - 1 : start] in _HAD_ENDS and (
        _HAD.search(text, max(0, start - 8), start) is not None and _OF_GOODS.match(text, end) is not None
    )


_HAD_ENDS = frozenset("的了着是过成台辆套个把部只带配口产装")


# What a firm's short name goes on with; 格力空调 and 华为手机 are goods.
_MORE = late(
    r"(?:股份(?!有限|公司|制|的?比例|转让|回购)|地产|置业|置地|物业|影业|娱乐|传媒|文化|互动|游戏|金服|金融|金控|建投|信托|租赁|保险|人寿|资本|期货|基金(?!经理人)|"
    r"证券|化学(?![一-龥]{0,2}品)|控股(?!股东)|电器|电子|电气|机器|机械|科技|技术|重工|石化|化工|药业|制药|医药|医疗|生物|物流|速运|航空|汽车(?!站)|卫浴|家居|铜业|铝业|钢铁|能源|新能源|食品|乳业|啤酒|自动化(?![改升设产])|基础(?=的[一-龥])|[一-龥]{2}(?=供应链的)|饮料(?=公司|那边)|超市(?![里买])|百货(?!商)|"
    r"(?:电梯|空调|轮胎|水泥|阀门|轴承|电缆|电机)(?=那边|这边|公司|集团))+"
)
_AFTER_FIRM = late(
    r"$|[\s,、。;!?)|/▪]|(?:的|那边|这边|又|也|还|已|今年|去年|明年|刚|要(?!求)|想|招|投|中标|扩产|报|签|下单|采购|说|和|与|及|在)"
)


CARRIERS = frozenset(("顺丰", "中通", "圆通", "申通", "韵达", "德邦", "极兔", "京东"))
_CARRIED = late(r"(?:快递|物流)?(?:今天|明天|昨天)?(?:发出|发货|发的|发过|寄|到付|送|派|[拉运]|隔天|次日|\d)")


def _no_firm(text: str, start: int, end: int) -> bool:
    if text[start:end] in CARRIERS and _CARRIED.match(text, end) is not None:
        return True  # 顺丰发出
    return (
        _SENT_BY.search(text, max(0, start - 5), start) is not None or _ITS_THING.match(text, end) is not None
    )


def _more(text: str, end: int) -> int:
    more = _MORE.match(text, end)
    if more is not None and _stands(text, end, more.end()):
        return more.end() - end
    house = _ITS_HOUSE.match(text, end)
    if house is not None:
        return house.end() - end
    return 0


# 京东健康, 海信日立, 腾讯音乐: what houses of a group are called.
_ITS_HOUSE = late(
    r"(?:健康(?!码)|音乐|冷运|冷链|安防|燃气|油服|置业|数科|云谷|日立|三菱|松下|现代|动力(?!电池)|重机|轴承(?=的|那边|采购)|油品|风电(?=的|那边|采购|项目)|储能(?=的|那边|采购|项目)|半导体)"
    r"(?=$|[\s,、。;!?)|/▪]|的|那边|这边|又|也|还|已|要|想|招|说|和|采购|[一二三]期|验厂|续约|合作|回款|停|催|询)"
)


_NEAR = 6  # characters beside it that decide how the dictionary cuts


def _is_word(form: str) -> bool:
    return form in unsure_firms() or (form not in well_known() and segment.is_word(form))


@cache
def well_known() -> frozenset[str]:
    """The firms that everybody knows."""
    return frozenset(known_companies())


def _stands(text: str, start: int, end: int) -> bool:
    """Does no other word reach into it: 国航 in 中国航班, 海信 in 上海信息?"""
    first = max(0, start - _NEAR)
    at = first
    for piece in segment.pieces(text[first : end + _NEAR]):
        if at < start < at + len(piece) or at < end < at + len(piece):
            return False
        at += len(piece)
    return True


_TOWN = 4  # characters of the longest town in front of a name, with its 市


def _town_before(text: str, start: int, end: int) -> int:
    """How many characters of a town stand right in front: 上海大众 is one name."""
    for length in range(_TOWN, 1, -1):
        town = text[start - length : start] if start >= length else ""
        if town and town in towns() and not text.startswith(("中国", "那边", "这边"), end):
            return length
    return 0
