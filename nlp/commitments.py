"""What was promised: a clause with a time ahead of it and something to be done."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from nlp.evidence import Found
from nlp.late import late
from nlp.plain import Plain
from nlp.signs import sign
from nlp.times import When

LONGEST = 40  # characters from the time to the end of the clause

_DO = late(
    r"发(?!现|生|展)|寄|给|送|提供|回复|答复|回电|回[您你]|回访|报价|安排|提交|交付|交货|出(?:货|"
    r"方案|图|报告|样|具|结果)|完成|准备(?:好|齐|完|[一-龥]{0,4}(?:资料|材料|样品|样机|合同|方案|报价|文件|图纸|标书|货))|确认|打款|付款|汇款|转账|签|到货|"
    r"发货|派|带.{1,8}(?:去|来|到)|[去上](?:现场|工地|厂里|你|您)|去(?:收款|取(?![暖消])|提货|拿货|签|催|盯)|全程盯|勘[察查]|量尺|验货|跑一趟|上门|拜访|过[去来]|联系|打电话|演示|测试|调试|安装|"
    r"[做改弄整修补装写画算排审调印]好|[做改写赶画审弄办测算装]完|做出来|下单|定下来|运[到过]|修复|[陪接帮找][您你]|申请|"
    r"[跟和向][^,]{1,6}(?:说|汇报|申请|商量|确定|过一?[遍下]|对一?[遍下]|核对)|拉个?[会群]|搞定|反馈|通知|整理|更新|付|补|修好|开(?:票|机|工|出来?)|统一开|送样|打样|备货|"
    r"解决|处理|走完|[付还补交]清|退回|会收到|拉[你您]|催|到[你您]|[一准]定到|准时到|结账|结清|退[款钱货]|到账|答应|落实|跟进|赶出来|把[^,]{1,14}(?:出来|[好完掉了走清齐平]|[上过回下进]来|[上过回出进]去|到位|[录导拉搬]进)|把[^,]{1,10}[一-龥]进[^,]{1,6}$|交(?:模|样|图|件|稿|工)|拍板|敲定|当面[谈聊]|来(?:厂|公司|现场|看|签|拉|提|取|谈|装|收)|办(?:$|[好完了下]|理|一下)|"
    r"走(?:[一-龥]{0,4}(?:流程|审批|合同)|账|款)|组织|追加|转(?:$|[过给到进])|交(?:第|首批|一批|剩下|尾|全)|排产|开模|试[产机样]|装[车船柜]|发车|提[货车]|自提|取货|拉货|定稿|初稿|终稿|效果图|盖[章好]|批下来|腾出来|"
    r"[等约告见][您你]|告诉|碰(?:一下|个?头|面)|换(?:新的?$|[货掉]|一[台个套只])|去[一-龥]{1,6}[开办取签拿](?:$|[,。])|开[通户]|报(?:给|过[去来])|打(?:给|过[去来])|传[给过您你]|推(?:给|送)[您你]|培训|驻场|[电致]话[您你]|结(?:算|掉|了)|给(?:到|出)|到(?:厂|场|府|店|位)|交钥匙|开装|验收|出$|[打汇传]$|对账|来电|递|[搭建铺备调凑腾]好|准[出发到交]|放货|[备下]料|[做改写画出弄]一[版份下遍稿]|捎|带(?=[一两几样资图东])|找[一-龥]{2,4}[批签要]"
)
_DO_ENGLISH = late(
    r"(?:\b(?:I|we|they|he|she))?(?:(?:^| )will|'ll| shall| am going to) (?!not\b)[a-z]{2,}", re.I
)
# Who gives his word, whatever it is for; what he is, where he is and what he plans for himself is no promise.
_PLEDGE = late(r"保证|一定|肯定|争取|尽量|尽力|承诺|答应|包您|准能|必定")
_PLEDGED = late(r"^(?:就|会|[我他她]们?)*(?:保证|一定|肯定|争取|尽量|尽力|承诺|包您|准能|必定)")
_OWN_STATE = late(
    r"休息|休假|放假|请假|[上下加]个?班|生日|结婚|出差|开会|上课|考试|搬|有空|有事|方便|[没不别]|[要想]用|过期|到期|打算|计划|准备|涨|跌|降|需要|缺|希望|"
    r"^(?:就|会|也|还|一定|肯定)*(?:在|是|有|要|想|得|的|很)|扩产|投产|年会|聚餐|体检|看病|孩子|周年"
)
# Who asks promises nothing.
_ASK = late(
    r"吗|\?|能不能|能否|可不可以|可以.{0,6}(?:吗|么)|方便的话|有空|麻烦|(?<![申邀])请(?!示)|的话|是否|"
    r"要不要|行不行|希望|最好|如果|要是|催|怎么|为什么|什么时候|多久|有没有|是不是"
    r"|要求|务必|必须|不得|需要?[您你]"
)
# What somebody wants to get, unless the customer says so.
_FOR_ME = late(r"(?:给|发|寄|送|交|告诉|联系)我(?!们)")
_SPOKEN_FOR = late(r"客户|对方|他|她|答应|承诺|说|总|经理|工|厂")
# 12月开工的项目 tells of a thing.
_NOUN = late(r"^[要会]?(?:开工|开始|到货?|发货?|交付?|做|出|签|送|寄|付|办)的(?=[一-龥])")
_BROKEN = late(r"说好|说是|本来|原定|原本|原计划|早就")
_NO_WORD = late(
    r"(?:不|没法|没办法|不敢|不能|难|无法)(?:给您?你?)?(?:保证|承诺|答应|确定|肯定)|不可能|没可能|做不到|没指望|想(?:在|约|着)?$|不一定|说不[好准定]|够呛|未必"
)
_OTHERS = late(r"(?:你|您|你们|贵司|贵公司|对方)(?:们)?(?:能|要|得|就|先|尽快|在)?$")
_NOT_DONE = late(r"没(?:有)?|不(?:用|要|会|能|发|给|行|了|可能|成)|别")
_PAST = late(r"^[一-龥]{1,4}?[了过](?!没|吗|吧|去|来|一[遍下])|^已")
_CLAUSE_END = late(r"[,。;!?\n]")
_SUBJECT = re.compile(r"[,。;!?\n]")


# What is always done, what was done so far, and what hangs on an if, is no promise.
_HABIT = late(
    r"每(?:个?(?:月|周|星期|礼拜|季度)|天|年|次)|一般|通常|平时|往年|(?<![点号日底初天周月年\d])以前|经常|向来|历来|如果|要是|假如|万一"
)
_SENTENCE_END = frozenset("。!?\n")

# 资料我待会儿发邮箱: no time that a clock knows, but whoever says it does it himself, and soon.
_SOON = late(
    r"马上|立刻|立马|这就|现在就|待会儿?|等会儿?|等下|一会儿?(?<!等一会)(?<!等一会儿)|过会儿?|晚点儿?|稍[后晚]|回头|随后|尽快|第一时间|到时候?|届时|顺[路便道]|抽空|当[天日晚](?![的内])|随时"
)
_ANYBODY = frozenset(("尽快", "随时", "第一时间", "抽空"))
_SOON_CHARS = sign("马刻这现待会等晚稍回随尽第届顺抽当时")
# Said of oneself: what is done for the other, or for the matter.
_SOON_DO = late(
    r"[发寄传转拍][您你](?!们?的)|(?:^|[把给跟和让叫将帮替为][^,。;!?\n]{1,12}?|[我就去来再也都先亲自]|[您你]们?那[儿里边]?)(?:发(?!现|生|展)|寄|送|传|转|拉(?:个?群|您|你)|回电|回复|回[您你过]|报价|报给|打电话|打给|安排|处理|确认|核对|查(?=$|一|[库物账订报]|您|你)|"
    r"问(?=$|一?下|清|您|你)|过[去来]|补|邀请|弄|修|装|换|[^,]{0,8}签|盯|催|排产|下单|开票|办|交|申请|协调|整理|打包|准备|更新|到(?=$|[您你])|来人|派|改|[备下]料|拜访|(?:通知|告诉)[您你])|给[您你贵]"
)
_OWN_WORDS = sign("我咱")
# 改好了我发你, 我保证以后不会再出现这种情况: neither a time nor a soon.
_OWN_WORD = late(
    r"(?:^|(?<=[,。;!?\n: ]))[^,。;!?\n:你您我咱他她]{0,8}?(?P<own>我|我们|咱们?|我司)(?:这边)?(?:来|去|会|再|就|亲自|负责)*"
    r"(?P<does>(?:一定|肯定|保证)[^,。;!?\n]{0,8}(?:交货|发货|到货|[发寄送]到|给[您你]|付清|完工|装[完好]|做[完好])|(?:保证|承诺)(?:以后|今后|绝|一定|不)[^,。;!?\n]{2,24}|(?:发|寄|回|转|拍|传|报)(?:给)?[您你](?!们?的|说|看)[^,。;!?\n]{0,10}|(?:给|帮|替)[您你]们?(?:发|寄|送|补|换|修|申请|安排|协调|争取|查|问|盯|催|报|留|办|垫)[^,。;!?\n]{0,14}|(?:来|去|亲自|负责)(?:盯|协调|安排|跟进|处理|解决|催|申请|办|负责|约|对接|联系|谈|改|弄|想办法)[^,。;!?\n]{0,10})(?P<end>[,。;!?\n]|$)"
)


def find(words: Plain, whens: Sequence[When], now: datetime) -> tuple[Found, ...]:
    """Promises in the text, from the time to the end of the clause ("周二前发测试报告"), in the words used."""
    found = _timed(words, whens, now) if whens else []
    if words.signs & _SOON_CHARS and _SOON.search(words.text) is not None:
        found += _apart(_soon(words), found)
    if words.signs & _OWN_WORDS and _OWN_WORD.search(words.text) is not None:
        found += _apart(_own(words), found)
    return tuple(sorted(found, key=lambda hit: hit.start)) if len(found) > 1 else tuple(found)


def _apart(hits: Iterator[Found], found: Sequence[Found]) -> list[Found]:
    """Those that none of the found ones stands in."""
    spans = sorted((one.start, one.end) for one in found)
    reach = list(accumulate((end for _, end in spans), max))  # how far those up to here go
    apart = []
    for hit in hits:
        before = bisect_left(spans, (hit.end, 0))
        if before == 0 or reach[before - 1] <= hit.start:
            apart.append(hit)
    return apart


def _soon(words: Plain) -> Iterator[Found]:
    text = words.text
    upto = 0
    for match in _SOON.finditer(text):
        if match.start() < upto:
            continue
        begin = _begin(text, match.start(), ",。;!?\n:")
        end_match = _CLAUSE_END.search(text, match.end(), match.end() + LONGEST + 1)
        end = end_match.start() if end_match else min(len(text), match.end() + LONGEST + 1)
        before, after = text[begin : match.start()], text[match.end() : end]
        asked = end_match is not None and end_match[0] == "?"
        if len(after) > LONGEST or asked or not _is_soon(before, after):
            continue
        if _HABIT.search(_sentence(text, begin)) is not None:
            continue
        upto = end
        if match[0] in _ANYBODY and not before:
            continue  # 尽快发货 tells somebody to
        yield words.found("commitments", begin if len(before) <= 8 else match.start(), end, 0.7, "promise")


def _is_soon(before: str, after: str) -> bool:
    clause = before + after
    if not _NOBODY_ELSE.isdisjoint(before) or _HABIT.search(clause) is not None:
        return False
    if _ASK.search(clause) or _NOT_DONE.search(clause) or _BROKEN.search(clause) or _FOR_ME.search(after):
        return False
    if before and _WHOSE.search(before) is None:
        return False
    return _SOON_DO.search(after) is not None and (
        "把" in after or not clause.rstrip(" ~").endswith(("了", "过"))
    )


def _own(words: Plain) -> Iterator[Found]:
    for match in _OWN_WORD.finditer(words.text):
        does = match["does"]
        pledged = does.startswith(("保证", "承诺", "一定", "肯定"))
        if match["end"] == "?" or is_past(does) or does.endswith(("了", "过", "过的")):
            continue
        if (
            "的" in does[:-1]
            or _ASK.search(does)
            or _BROKEN.search(does)
            or (_NOT_DONE.search(does) and not pledged)
        ):
            continue
        if _HABIT.search(_sentence(words.text, match.start())) is None:
            yield words.found("commitments", match.start("own"), match.end("does"), 0.6, "promise")


# Whose promise: 单号到时候发您 goes with what was promised before.
_WHOSE = late(
    r"[我咱]|师傅|工程师|财务|技术|仓库|同事|司机|总$|工$|经理|老板|领导|客户|采购|公司|[厂司部]里?$|^(?:那|行|好的?|嗯)*$|[就也先再]$"
)
_NOBODY_ELSE = frozenset("你您")


def _begin(text: str, start: int, marks: str) -> int:
    """Where the clause begins that this place is in."""
    return max((text.rfind(mark, max(0, start - 30), start) + 1 for mark in marks), default=0)


def _sentence(text: str, start: int) -> str:
    """What the sentence says before this place."""
    ahead = text[max(0, start - LONGEST) : start]
    cut = max(ahead.rfind(mark) for mark in _SENTENCE_END)
    return ahead[cut + 1 :]


def _timed(words: Plain, whens: Sequence[When], now: datetime) -> list[Found]:
    """Those with a time ahead of them."""
    found: list[Found] = []
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for when in whens:
        if when.first is None or when.first < today:
            continue
        start, upto = words.here(when.at, when.upto)
        end_match = _CLAUSE_END.search(words.text, upto, upto + LONGEST + 1)
        end = end_match.start() if end_match else min(len(words.text), upto + LONGEST + 1)
        asked = end_match is not None and end_match[0] == "?"
        begin = max(
            (match.end() for match in _SUBJECT.finditer(words.text, max(0, start - 30), start)),
            default=max(0, start - 30),
        )
        before, after = words.text[begin:start], words.text[upto:end]
        english = _DO_ENGLISH.search(before) if "l" in before else None
        if english is not None and not asked and len(after) <= LONGEST:
            found.append(words.found("commitments", begin + english.start(), max(upto, end), 0.8, "promise"))
            continue
        if (
            not after.strip(" ▪.~")
            and _AT_LATEST.fullmatch(before)
            and _promises("", _clause(words.text, begin))
        ):
            found.append(words.found("commitments", begin, upto, 0.7, "promise"))
            continue
        if end_match is not None and end_match[0] == "," and not after.strip() and not _OTHERS.search(before):
            own = _OWN.match(words.text, end + 1)
            upto_own = own.end() if own is not None else end
            if own is not None and words.text[upto_own : upto_own + 1] != "?" and _promises("", own["does"]):
                latest = _AT_LATEST.fullmatch(before) is not None
                found.append(words.found("commitments", begin if latest else start, upto_own, 0.7, "promise"))
                continue
        if asked or len(after) > LONGEST or not _promises(before, after):
            continue
        if _AGAINST.match(words.text, end) is not None:
            continue
        if _HABIT.search(_sentence(words.text, start) + words.text[start:upto]) is not None:
            continue
        last = end - (len(after) - len(_FACES.sub("", after)))
        if last > upto:
            found.append(words.found("commitments", start, last, 0.8, "promise"))
    return found


# 下周四之前给您答复[抱拳]
_FACES = late("(?:\\[[一-龥A-Za-z]{1,5}\\]|[ ▪.~\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d])+$")

# 最迟下周二,我们把样件寄出: what is promised stands in the clause behind.
_OWN = late(r"(?:我|我们|咱们?|我司)(?:这边)?(?P<does>[^,。;!?\n]{2,40})")

# 图纸晚点给你,最晚明天中午: what is promised stands in the clause before.
_AT_LATEST = late(r"(?:最晚|最迟|最多|争取|大概|预计|应该)?(?:在|是|到)?")


def _clause(text: str, begin: int) -> str:
    """The clause that ends in front of `begin`."""
    before = text[max(0, begin - 1 - LONGEST) : max(0, begin - 1)]
    return _CLAUSE_END.split(before)[-1]


_AGAINST = late(r"[,。]?\s?(?:又|结果|却|还是?|到现在|也)[^,。;!?\n]{0,4}没")  # 说了周五给,又没给
_SAID_SO = late(r"(?:昨天|前天|上周|上次|之前).{0,4}(?:说|讲|答应)")  # 昨天说今天发的: it was not done


def _promises(before: str, after: str) -> bool:
    if _ASK.search(before) or _ASK.search(after) or _OTHERS.search(before) or _BROKEN.search(before):
        return False
    if _NO_WORD.search(before) is not None:
        return False
    if _FOR_ME.search(after) is not None and _SPOKEN_FOR.search(before) is None:
        return False
    if after.endswith("的") and _SAID_SO.search(before) is not None:
        return False
    return (
        not is_past(after)
        and not _NOUN.match(after)
        and (_DO.search(after) is not None or _is_pledged(before, after))
        and not _NOT_DONE.search(after)
    )


def _is_pledged(before: str, after: str) -> bool:
    """下周一定弄完, 我保证明天搞出来: the word is given."""
    if len(after.strip(" ▪.~")) < 2 or _OWN_STATE.search(after) is not None:
        return False
    return _PLEDGE.search(before) is not None or _PLEDGED.search(after) is not None


def is_past(after: str) -> bool:
    """今天拜访了…: what follows the time says that it is done."""
    return _PAST.match(after) is not None
