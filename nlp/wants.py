"""The thing a customer asks for: the noun behind 想要, 求购, 咨询 … with its quantity, and without greeting or time."""

import re
from collections.abc import Sequence

from nlp.evidence import Found
from nlp.late import late
from nlp.plain import Plain
from nlp.signs import sign

LONGEST = 28  # characters of the thing itself

_N = r"(?:\d[\d,]{0,8}(?:\.\d+)?(?:[-~到至]\d{1,7})?|[一二两三四五六七八九十百千半]{1,5})"
_U = (
    r"(?:平方米|平方|立方|公斤|千克|毫米|公里|工位|个?(?:点位|端口|床位|席位|账号|用户|工位)|人份|"
    r"万元|[台套件个只批吨箱米根条张片把支卷桶瓶盒双组辆份块扇樘株头袋包枚颗粒副对节座间柜亩车斤本册]|"
    r"(?i:pcs|kg|套|米)(?![a-z]))"
)
_AMOUNT = rf"{_N} ?[万千百多余来]{{0,2}} ?{_U}(?:以上|左右|以内|上下)?"
# An article is no quantity: 一台机器 is a machine, 两台机器 are two.
_ARTICLE = re.compile(
    r"^(?:(?:还有|过|(?:发|买|订|送)来?的(?=[那这][批个台款])|一下|下|到|些|点|关于|有关|先|再|大概|大约|差不多|各|来|个|那个|这个|那种|"
    r"这种|那款|这款|[那这嗰][台批套部辆条]|问(?:一下|下)?(?![题诊卷])|嗰个|你哋|新的|人做|你们(?:家|公司|这边|那边)?的?|您们?(?:家|公司|这边|那边)?的?|"
    r"贵(?:司|公司)的?|咱们?(?:家)?的?|现在的?|目前的?|原来的?|"
    r"采购|订购|订制|购买|定制|定做|询价|购置|更换|添置|租赁?(?=[一两几\d])|买|订|做|上|换|租|拿|找|用|了解|咨询|询|"
    r"(?:一|几|某)(?:台|套|批|款|种|条|些|个|份|家|下|只|件|张|辆|组)(?!,))[:: ,]{0,2})+"
)
# Where the thing ends.
_STOP = re.compile(
    r"[,。;:!?\n▪◆▫、\[\]|\"“”]|(?<![A-Za-z0-9×*/.+ \-])[ ](?![A-Za-z0-9×*]{2})|[ ](?=[一-龥])|"
    r"你们?(?!好)|您|我们?|他们?(?!命)|她|咱|请问|请|麻烦|什么时候|什么|怎么|多少|几钱|多久|"
    r"能不能|能否|能(?=[做发给提供便送报租出供])|可不可以|可以|是否|是不是|有没有|还?有现货|有货|行不行|"
    r"[吗呢吧啊呀啦](?![一-龥])|吗|"
    r"大概|大约|差不多|左右(?!的)|要求|然后|最快|每月|月用|年用|每年|急用|急需|数量|"
    r"预算|电话|手机|微信|联系|方便|尺寸|规格|材质|期望|希望|最好|还有(?=什么)|"
    r"采购量|所在|来源|留言|备注|姓名|对接|客户|麻烦|尽快|明天|后天|今天|下周|本周|月底|怎样|"
    r"的话|为主|并且|但是|不过|因为|所以|如果|作为|用来|以便|给我|发我|报个|报一|坏了|故障|漏油|"
    r"很?(?:感兴趣|有兴趣|有意向)|谢谢|多谢|感谢|"
    rf"[的,]?(?={_AMOUNT})|需要(?=报|提)|[就也]?(?:想|要)(?=[一-龥])(?![求点素件])"
)
_TAIL = re.compile(
    rf"[,，、 ]{{0,2}}(?:\((?P<spec>[^()\n]{{1,12}})\))?(?:要求)?(?:大概|大约|差不多|数量|采购量|"
    rf"月用量|年用量|用量|月需求?|年需求?|月用|每个?月|每年|一个月|"
    rf"一年|月|年|总共|共|约|各|先来|先要|再?要|需要?|就|也就|来)?"
    rf"(?:大概|大约|约|要|需)?[:: ]?{_AMOUNT}(?:每月|/月|/年|一个月)?(?!\d)(?![一-龥]{{0,2}}(?:后|前|内)(?:给|交|发))"
)
_LAST = re.compile(
    r"(?:[的了吗呢吧啊呀之就也都先在和与及或要做给 .\-/]|这块|这个|这边|那边|一下|相关|方面)+$"
)

_Cue = tuple[re.Pattern[str], float, int]
# Cue, trust, and the sign of the characters one of which it needs (0: any text). What stands behind it is cut at the first stop.
_BEHIND: tuple[_Cue, ...] = (
    (
        re.compile(
            r"(?:^|[\s,;。、|\[\]])(?:(?:需求|咨询|意向|采购|询价|询盘|求购|所需|需要)"
            r"(?:的)?(?:产品|内容|描述|类型|名称|商品|项目)?|产品(?:名称|需求|型号|是|为)?|品名|货名|"
            r"留言内容|内容|项目需求|想要|(?:主题|(?i:subject)) ?[:=] ?(?:询价|求购|采购|咨询))"
            r" ?(?:[:=]|-(?=[一-龥])|(?<=: 询价) |(?<=产品是)|(?<=产品为)|(?<=需求) ) ?"
        ),
        0.9,
        0,
    ),
    (
        re.compile(
            r"(?:想先?要|想订购?|想买|想购买|想采购|想定制?|想租|想咨询|想了解|想询价?|想问问?|想看看?|"
            r"想找|想做|想上|想换|想建|想装|想改[成造]?|想请[^,。;!?\n]{1,8}?(?:做|帮忙做)(?:一下)?|想请(?=一?[个位名])|想打听|急需|急要|急求|求购|求租|询购|拟采购|计划采购|准备采购|"
            r"打算采购|需采购|需要|须要|需求|"
            r"打算(?:买|换掉?|上|做|采购)|准备(?:买|换|上|做|采购|下单)|计划(?:买|"
            r"换|上|做|采购)|要(?:买|换|做|订|采购|定制|询价?|租|上|更[新换]|添置?|配|装(?!修))|想报(?![价个名一])|咨询|了解|"
            r"想给[^,。;!?\n]{1,8}?[配买换装订做](?=[一-龥A-Za-z])|"
            r"采购(?![部科经主员总工人方商说办处组权姓不嫌]|[那这]边|还没|中心|交流| ?[A-Z][a-z]+(?:[ ,\n]|$))|"
            r"购买|订购|求|询价|购置|下单|订做|订制(?=\d)|需(?=\d))"
        ),
        0.8,
        0,
    ),
    (
        late(
            r"(?:有没有|有无|能不能做|能做|能否做|可以做|做不做|会做|能定做|有卖|卖不卖|能提供|"
            r"问(?:一下|下)(?!题)|说的那个|说的那款|那[个款种](?=[一-龥]{2,8}(?:能|多少|怎|还|我们|"
            r",|。|\?|$)))"
        ),
        0.75,
        sign("有能会做卖问那可"),
    ),
    (late(r"(?:怎么|如何|想)(?:做你们)?(?:代理|加盟|经销)(?![商费政])"), 0.75, sign("代加经")),
    (
        late(
            r"(?<![一-龥])(?:我们|我司|公司)?(?:正在|在|准备|打算)[选找](?=[A-Za-z]{2}|[一-龥]{2})(?!择|中)"
        ),
        0.7,
        sign("选找"),
    ),
    (late(r"报(?:一下|个|下|一个)(?=[^,。;!?\n▪◆]{2,20}的?(?:价|报价))"), 0.75, sign("报")),
    (
        late(
            r"(?:^|[\s,。;!?他她们户司总工理▪◆▫])(?:就|先|还)?(?:要|来|买|订)(?![的求是不么给去看签过回开走到再货单电有等印修讲演趟谈聊拿]|发(?![电动光])|盖章|现场|人(?![造工]))"
        ),
        0.65,
        sign("要来买订"),
    ),
    # 另外再要两台增压泵, 说追加200件阀块
    (
        late(
            rf"(?:^|[\s,。;:!?他她们户司总工理说▪◆▫])(?:另外)?(?:我们?)?[还再又想]{{0,2}}(?:[要来买订拿]|[还再又]加|追加|增加|补订|加订)(?={_AMOUNT}的?[一-龥A-Za-z\d])"
        ),
        0.7,
        sign("要来买订拿加"),
    ),
    # 你们这边做宠物食品代工吗, 有做护理床的吗
    (
        late(
            r"(?:你们?(?:家|那|这)?边?|公司)(?:做|生产|接)(?=[一-龥]{2,12}[吗么的])|有做(?=[一-龥]{2,12}的)"
        ),
        0.72,
        sign("做产接"),
    ),
    (late(rf"先[来要拿订](?={_AMOUNT}的?[一-龥A-Za-z])"), 0.7, sign("先")),
    (late(r"加装(?=[一-龥])"), 0.66, sign("加")),
    (
        late(r"(?<=[ ,。\n▪])(?:全|整)套的?(?=[一-龥]{2,8}(?:[ ,。;!\n]|$))"),
        0.6,
        sign("套"),
    ),  # 最多18万 全套的烘干线
    (late(r"(?:^|[\s,。;!?▪◆])(?:询|租赁?)(?=[一-龥A-Za-z])(?![价问个方赁])"), 0.7, sign("询租")),
)
# What stands in front of 多少钱, 询价, 300件.
_FRONT: tuple[_Cue, ...] = (
    (
        late(
            r"(?:^|(?<=[\s,。;!?▪◆]))(?:请问|问下|想问|你们的?|"
            r"你家的?)?(?P<thing>[A-Za-z0-9一-龥][A-Za-z0-9一-龥\-/*×. ]{1,19}?) ?(?:系统|产品)?"
            r"(?:怎么(?:卖|收费|代理|算)|多少钱|什么价|啥价|几钱|"
            r"询价|求报价|的?价格(?:是|多少|怎么))"
        ),
        0.7,
        sign("怎多什啥几询求价"),
    ),
    (
        late(
            r"(?:^|(?<=[\s,。;:!?▪◆]))(?:你们?(?:家|那|那边)?的)?(?P<thing>[A-Za-z0-9一-龥][A-Za-z0-9一-龥\-/*×.]{2,15}?)"
            r"[\s,]?(?:你们家?|您家)?(?:还)?有(?:没有)?现货"
        ),
        0.7,
        sign("货"),
    ),
    # 布草全换, 户外玩具想换, PACS升级项目，预算85万
    (
        late(
            r"(?:^|(?<=[\s,。;:!?▪◆]))(?P<thing>[A-Za-z0-9一-龥]{2,12}?)(?:(?:全部?|都|要|想|得|该)换(?=[,。;\n]|$)|项目,?预算)"
        ),
        0.7,
        sign("换项"),
    ),
    # 6205-2RS 先来2000套
    (
        late(
            rf"(?:^|(?<=[\s,。;:!?▪◆]))(?P<thing>(?=[\d-]*[A-Z])[A-Z0-9\-/.]{{4,16}}) ?(?:先|再)?[来要拿](?={_AMOUNT})"
        ),
        0.8,
        sign("来要拿"),
    ),
    (
        late(
            r"(?:^|(?<=[\s,。;:!?▪◆]))对(?P<thing>[A-Za-z0-9一-龥\-]{2,16}?)"
            r"(?:很|挺|比较|非常|特别)?(?:超|超级)?(?:感兴趣|有兴趣|有意向)"
        ),
        0.8,
        sign("对"),
    ),
    (
        late(
            r"(?:^|(?<=[\s,。;!?▪◆说]))(?P<thing>[A-Za-z0-9一-龥\-]{2,12}?)(?:又)?(?:坏了|出故障|漏油|有异响|不转了)"
        ),
        0.55,
        sign("坏障漏响转"),
    ),
    (
        late(
            rf"(?:^|(?<=[\s,。;!?▪◆:]))(?P<thing>[A-Za-z一-龥][A-Za-z0-9一-龥\-/*×.]{{1,16}}?) ?(?={_AMOUNT}(?:[\s,。;!?▪◆]|$))"
        ),
        0.5,
        0,
    ),
)
_COUNT = _FRONT[-1:]
# 暂时不需要数控车床: behind it stands what is not wanted. 要不要买 asks.
_DENIES = re.compile(r"(?:(?<![要是])不|没|别|无|未)(?:太|再|想|打算)?$")
_CUES = tuple(sorted((*_BEHIND, *_FRONT), key=lambda cue: -cue[1]))
_NOTHING = re.compile(
    r"同型号.*|同款.*|(?:份|个)?工作(?![服台站灯]).*|(?:您好|你好|老板你好|在吗|经理|主管|"
    r"有限公司)|(?:你|您|我|他|她|们|贵司|公司|贵公司|咱)+|(?:一下|问题|电话|时间|事情?|"
    r"情况|东西|这个|那个|产品|价格?|报价单?|多少钱?|预计|首批|总共|一共|第一批|钱|货|大家|什么|怎么|好的?|可以|"
    r"方便|联系|了解|咨询|采购|购买|沟通|注意|保养|考虑|确认|商量|回复|打电话|改天|开会|"
    r"见面|帮忙|稍等|下单|今天|明天|尽快|加急|发票|合同|快递|物流|支持|合作|服务|资料|方案|样品|"
    r"图纸|目录|规格|数量|尺寸|几?个?方案|左右|以上|等等?|再说|领导|老板)+|.*(?:[了过]|一样|"
    r"的话|的有)$|把.*|给我.*|月结.*|账期.*|.{0,6}(?:退回来?|寄回来?|收到了?|发来了?|少了|还剩|到了)|[货款]到.*|.*(?:私信|直播间|评论区).*|.*(?:尾款|货款|欠款|质保金).*|说?可以.*|.*账期.*|你?看看.*|看.*|也?(?:行|可以|成|好)|[一几两]?[家个台套批款种条份件张]|以[内上下].*|(?:其余|剩下|分期).*|是(?!德).*|.*负责|邻居|朋友|同事|预付.*|含税.*|(?:幅宽|宽度?|高度?|长度?|厚度?)\d.*|[没别].*|不(?!锈|干胶|粘|沾|饱和|透|燃).*"
)
_WEAK = re.compile(r"^(?:技术|几个|详细|具体)?(?:样品|资料|方案|报价|图纸|目录|优惠|发票|合同|价格)")


_ENOUGH = 0.5  # a weaker thing (样品, 方案) waits for a better one
_HINT = re.compile(
    r"[要想需须求购买采咨询问订产题内留有能可会做报说那租卖价钱兴趣坏障漏选找追加]|(?i:subject)"
)


def find(words: Plain, skip: Sequence[tuple[int, int]] = ()) -> Found | None:
    """What is asked for in the writer's words, with its quantity (液压阀块报价，月300件); None when nothing is.

    The surest cue wins, the first of equals. `skip`: stretches [start, end) of the original text that are not read.
    """
    best = _named(words, skip)
    if best is not None and best.confidence >= _SURE:
        return best
    line = _ORDER.search(words.text)
    if line is None or any(start <= line.start() < end for start, end in skip):
        return best
    return words.found("need", *line.span(), _SURE, "order")


# 飞机盒 25*18*6 三层特硬 10000个: a line of an order.
_ORDER = late(
    rf"(?:^|(?<=[\n:]))(?![^\n]{{0,6}}:)(?=[^ \n]{{0,11}}[一-龥]|[A-Za-z]{{2}})"
    rf"[A-Za-z0-9一-龥]{{2,12}} (?:[^\n,。;!?▪◆:]{{1,36}} )?{_AMOUNT}起?(?=[ \n,。;]|$)"
)
_SURE = 0.65


def _named(words: Plain, skip: Sequence[tuple[int, int]]) -> Found | None:
    """The thing that a cue names."""
    best: Found | None = None
    for pattern, trust, needs in _CUES if _HINT.search(words.text) else _COUNT:
        if needs and not words.signs & needs:
            continue
        for match in pattern.finditer(words.text):
            if "thing" in pattern.groupindex:
                hit = _thing(words, match.end("thing") - len(match["thing"].rsplit(" ", 1)[-1]), trust)
            elif _DENIES.search(words.text, max(0, match.start() - 4), match.start()):
                continue
            else:
                hit = _thing(words, match.end(), trust)
            if hit is None or any(start <= hit.start < end for start, end in skip):
                continue
            if best is None or hit.confidence > best.confidence:
                best = hit
        if best is not None and best.confidence >= _ENOUGH:
            return best
    return best


def _thing(words: Plain, start: int, trust: float) -> Found | None:
    """The noun that begins at `start`, after articles, up to what ends it, with a quantity in front or behind."""
    text = words.text
    article = _ARTICLE.match(text[start : start + 24])
    start += article.end() if article else 0
    counted = _COUNTED.match(text, start)
    noun = counted.end() if counted else start
    stop = _STOP.search(text, noun, noun + LONGEST)
    end = stop.start() if stop else min(len(text), noun + LONGEST)
    last = _LAST.search(text[noun:end])
    end = noun + last.start() if last else end
    name = text[noun:end].strip()
    if len(name) < 2 or not re.search(r"[一-龥A-Za-z]", name) or _NOTHING.fullmatch(name):
        return None
    tail = _TAIL.match(text, end) if counted is None else None
    if tail is not None:
        end = tail.end()
        trust += 0.02
    if _ONLY_COUNTED.fullmatch(name):
        trust -= 0.4  # 急要800平: of what stands elsewhere
    if _WEAK.match(name):
        trust -= 0.35
    return words.found("need", start, end, trust, "wanted")


AMOUNT = re.compile(_AMOUNT)
_ONLY_COUNTED = re.compile(rf"{_N} ?[万千百多余来]?[一-龥]{{1,2}}")
_COUNTED = re.compile(rf"{_AMOUNT}(?:的)?(?=[一-龥A-Za-z])")
