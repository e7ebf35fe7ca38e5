"""Hospitals, schools, offices and societies: 绍兴第二医院, 昆山市水务局, 华东理工大学材料学院, 中国铸造协会."""

from collections.abc import Iterator, Sequence

from nlp import segment
from nlp.coined import is_coined
from nlp.edges import CUE, CUE_STARTS
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.plain import Plain
from nlp.signs import sign
from nlp.starts import matches

LONGEST = 22  # characters in front of what kind it is
UNPLACED = 6  # and where no place begins them

_OFFICE = (
    r"(?:税务|国税|地税|水务|水利|公安|财政|教育|教体|卫生|卫健|市场监督管理|市场监管|工商|质监|药监|医保|自然资源|国土|规划|生态环境|环境保护|环保|交通运输|交通|"
    r"公路|港航|海事|住建|住房和城乡建设|建设|城管|城市管理|农业农村|农业|林业|园林|气象|地震|水文|统计|人社|人力资源和社会保障|社保|民政|司法|审计|应急管理|应急|"
    r"消防救援|消防|文旅|文化旅游|文化|体育|商务|经信|工信|科技|发展和改革|发改|粮食|烟草专卖|烟草|供电|电业|铁路|邮政|邮政管理|机关事务管理|城建|档案|扶贫|"
    r"乡村振兴|大数据|行政审批|行政审批服务|农垦|测绘|地质|地矿|勘察|渔业|畜牧|监狱管理)(?:总局|分局|局|厅|支队|总队|大队(?=的|要|采)|委(?!托|员会)|委员会)"
)
_END = late(
    r"(?P<school>大学(?!生|城|路|里|毕业|期间|英语|同学|时|老师|宿舍)|学院(?!路|派|风)|(?<!大)中学(?!生|时|路)|(?<!大中)小学(?!生|时|路|老师)|幼儿园(?!里|门口)|(?<=[一-龥]{2})学校(?!里|门口|附近))"
    r"|(?P<clinic>医院(?!门口|路|里(?!面)|对面|附近|家属)|保健院|卫生院|卫生服务中心|疾控中心|疾病预防控制中心|养老院|敬老院)"
    rf"|(?P<office>{_OFFICE}|(?:人民)?法院|检察院|人民政府|街道办事处(?![一-龥]{{1,6}}[路街号])|海关(?!总署|编码|数据|清关))"
    r"|(?P<society>协会(?!长)|学会(?!了|用|做)|商会|联合会|基金会|科学院|图书馆|博物馆|科技馆|体育馆)"
    r"|(?P<zone>管委会|管理委员会)"
)
_STARTS = late(
    r"[医大学中小幼保卫疾养敬税国地水公财教市工质药自土规生环交路港海住建城农林园气文统人社民司审应消体商经科发粮烟供电铁邮机档扶乡行测勘渔畜监法检街协联基图博管]"
)
CHARS = sign("院学园局厅委府处关会馆心队")
_KINDS = (
    "医院", "保健院", "卫生院", "服务中心", "疾控", "疾病预防", "养老院", "敬老院", "大学", "学院", "中学", "小学", "学校",
    "局", "厅", "支队", "总队", "大队", "委", "法院", "检察院", "政府", "街道办", "海关", "协会", "学会", "商会", "联合会",
    "科学院", "基金会", "幼儿园", "馆",
)  # fmt: skip
_RUN = late(rf"[一-龥A-Za-z0-9()·]{{0,{LONGEST}}}$")
_INSIDE = late(r"(?![的了和与及跟、在是有从到])[一-龥()]{0,8}")
_TIED = late(r"[和与及跟、从在到]")
_ROAD = late(r"[路街巷弄号](?=[一-龥])")
# What leads up to a name and may stand within one as well (和平, 向阳): it cuts where a place or an ordinal follows.
_LEADS = late(r"[和与及由从到向对将至于自找问请归帮替属去跑进送陪约见受经据入往兼为任赴家陪访系]")
_WHOSE = late(
    r"中国|中华|国家|全国|中央|中科院|[省市]立|第[一二三四五六七八九十\d]+|华[东南北中西]|[西东][南北]|江南|省(?=[人中疾妇儿肿胸立])"
)
_KNOWN = late(
    r"[省市县区]?(?:第[一二三四五六七八九十\d]+)?(?:人民|中心)医院|(?:第[一二三四五六七八九十]+)(?:医院|中学|小学|中医院)|(?:省|市|县|区)?妇幼保健院|[省市]立医院"
)
_COUNTED = ("个", "家", "所", "间")
# Any of its kind: 三甲医院, 重点中学, 附近的小学, 高新区管委会.
_ANY = late(
    r"(?:[省市县区乡镇村]|公立|私立|公办|民办|民营|国有|三甲|二甲|三级|综合性?|专科|专业|宠物|动物|中医|中西医|人民|中心|妇幼|妇产|儿童|口腔|牙科|眼科|整形|美容|骨科|"
    r"肿瘤|精神|康复|基层|社区|乡镇|街道|重点|普通|职业|技术|技工|高等|高级|初级|国际|双语|老年|电视|体育|音乐|美术|艺术|师范|农业|工业|理工|医学?|商|法|党|实验|附属|名牌|"
    r"双一流|行业|同业|相关|有关|上级|主管|当地|本地|地方|各级|各地|开发|高新|新|老|工业|产业|物流|科技|经济|园|旅游|景|风景|管理|业主|社会|公益|慈善|同学|校友|红十字|"
    r"[一二两三四五六七八九十几多这那哪某各每该本贵我你他她它们咱家个所些间座大小好老新分总])*"
)
_NO_NAME = (
    "v",
    "d",
    "r",
    "p",
    "c",
    "u",
    "t",
    "f",
    "q",
    "y",
    "e",
    "z",
)  # tags of words that stand in no such name
_STUDIED = late(r"(?:毕业[于自]|就读于?|考[上取入进]了?|录取|保送|求学于?|留学|读的|念的|上的|校友)\s?$")
_DEGREE = late(r"[一-龥]{0,8}?(?:毕业|本科|硕士|博士|学士|研究生|学位|学历|MBA|EMBA|读书|上学|校友)")
# What an office does in the news, where it is nobody's customer.
_NEWS = late(
    r"(?:近日|今日|昨日|日前|有关|相关|新闻)?(?:发布|公布|通报|获悉|透露|表示|称|宣布|介绍|负责人|发言人|下发|印发|规定|批准|查处|立案|提醒|要求全|等部门|等\d|联合|数据显示)"
)
_HEARD = late(r"(?:据|经|记者从|被)$")


def find(words: Plain, towns: Sequence[tuple[int, int]], taken: Taken) -> Iterator[Found]:
    """Institutions with a name of their own, or with their place. `towns`: the `places.regions` of the text."""
    text = words.text
    if not words.signs & CHARS or not any(map(text.__contains__, _KINDS)):
        return
    floor, ends = 0, matches(_STARTS, _END, text)
    begun: tuple[int, int, str] | None = None
    for match in ends:
        if begun is not None and _is_of(text[begun[1] : match.start()]):
            begun = (begun[0], match.end(), begun[2])  # 苏州大学附属第一医院
            continue
        if begun is not None and (hit := _hit(words, begun, taken)):
            yield hit
        start = _left_edge(text, floor, match.start(), match.end(), str(match.lastgroup), towns)
        begun = (start, match.end(), str(match.lastgroup)) if start is not None else None
        floor = match.end()
    if begun is not None and (hit := _hit(words, begun, taken)):
        yield hit


def _hit(words: Plain, begun: tuple[int, int, str], taken: Taken) -> Found | None:
    start, end, kind = begun
    text = words.text
    if kind in ("office", "society") and (
        _NEWS.match(text, end) or _HEARD.search(text, max(0, start - 4), start)
    ):
        return None
    studied = kind == "school" and (
        _STUDIED.search(text, max(0, start - 5), start) is not None or _DEGREE.match(text, end) is not None
    )
    if studied or not taken.is_free(*words.place(start, end)):
        return None
    return words.found("companies", start, end, 0.75, "institution")


def _is_of(between: str) -> bool:
    """Is what follows a part of it: 大学|材料学院, 医院|?"""
    return (
        _INSIDE.fullmatch(between) is not None
        and CUE.search(between) is None
        and _TIED.search(between) is None
    )


def _left_edge(
    text: str, floor: int, suffix: int, end: int, kind: str, towns: Sequence[tuple[int, int]]
) -> int | None:
    """Where the name begins whose kind stands at [suffix, end); None when it is any of its kind."""
    run = _RUN.search(text, max(floor, suffix - LONGEST), suffix)
    start = run.start() if run is not None else suffix
    for match in matches(CUE_STARTS, CUE, text, start, suffix):
        start = match.end()
    begins = {first for first, _ in towns}
    for lead in _LEADS.finditer(text, start, suffix):
        at = lead.end()
        told = at in begins or _WHOSE.match(text, at) or _KNOWN.fullmatch(text, at, end)
        if told or (lead[0] in "去找陪跑帮" and suffix - at > 1 and _may_name(text[at:suffix])):
            start = at
    while start < suffix and text[start] in ")·0123456789":
        start += 1
    if text[start : start + 1] in _COUNTED and text[start - 1 : start] in "那这哪一几":
        start += 1  # 那个第一人民医院
    for road in _ROAD.finditer(text, start, suffix):
        start = road.end()  # 朝阳路县医院; 南京路小学 is called so
    if start == floor > 0 and text[start] in "和与及跟":
        start += 1  # 向阳小学和光明中学
    body = text[start:suffix]
    if _KNOWN.fullmatch(text, start, end):
        return start
    placed = start in begins or (body and _WHOSE.match(body) is not None)
    if not placed:
        inner = min((first for first in begins if start < first < suffix - 1), default=None)
        if inner is not None:
            start, placed, body = inner, True, text[inner:suffix]
    if placed:
        return start
    if kind in ("office", "society") or len(body) < (3 if kind == "zone" else 2):
        return None
    whole = segment.pieces(text[start:end])[-1]
    if len(whole) > end - suffix + 1 and _ANY.fullmatch(whole, 0, len(whole) - (end - suffix)) is None:
        return end - len(whole)  # 高晓松清华大学
    if len(body) > UNPLACED:
        return None
    if text.startswith("学校", suffix) and len(body) < 4 and not is_coined(body):
        return None  # 孩子学校
    return start if _may_name(body) else None


def _may_name(body: str) -> bool:
    """May these characters name one of its kind, and are no sentence?"""
    if _ANY.fullmatch(body) is not None:
        return False
    pieces = segment.pieces(body)
    if any(segment.tag(piece)[0][1].startswith(_NO_NAME) for piece in pieces if len(piece) > 1):
        return False
    return is_coined(body) or all(len(piece) > 1 for piece in pieces)
