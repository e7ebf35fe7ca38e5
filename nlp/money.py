"""Sums of money, in yuan."""

import re
from collections.abc import Iterator, Sequence

from nlp import bare_sums, sheets
from nlp.evidence import Found
from nlp.late import late
from nlp.numbers import number
from nlp.plain import Plain, plain
from nlp.signs import sign
from nlp.starts import matches

_CN = "零一二两三四五六七八九十百千"
_FORMAL = "零壹贰叁肆伍陆柒捌玖拾佰仟"
_EACH = "一[台套件个只米支张条斤吨年月天次平人箱袋桶间片根瓶盒包卷捆公份块盘晚场位席]"  # 八千五一台: the last 一 counts the goods
_ADVERB = "一[直共起样下定般边点律]"  # 欠我十二万七一直不还
_AMOUNT = (
    rf"(?:[{_CN}]{{1,6}}万零?[{_CN}]{{1,3}}[千百][{_CN}]{{0,4}}|[{_FORMAL}万亿]{{2,16}}(?=元|圆)|[壹贰叁肆伍陆柒捌玖][拾佰仟](?:[{_FORMAL}万亿]{{0,14}}[拾佰仟万亿])?(?![{_FORMAL}])|\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,2}})?"
    rf"|\d{{1,12}}(?:\.\d{{1,4}})?|[{_CN}]{{1,4}}点[{_CN}]{{1,2}}(?=个?亿|个?多?万|千?元|块|个[wW])|[{_CN}]{{1,7}}(?={_EACH})|[{_CN}]{{1,8}}|半)"
)
_SCALE = r"(?:万亿|百万|千万|十万|万|亿|(?:[千百]|(?i:[wk]))(?!(?i:[a-z])))"
_IN_SUM = rf"\d,.{_CN}{_FORMAL}万亿点半wWkK\u212a元块 "  # all that the lower end of a range holds
_YUAN = r"(?:元(?!旦|件|素|月)|圆(?![钢管形柱盘弧的])|块(?:钱|人民币)?(?!板|状)|人民币|(?i:rmb|cny)|[¥￥])"
_SUM = re.compile(
    rf"(?P<cue>(?:预算|单价|总价|价格|报价|价值|金额|合同额|费用|成本|定金|尾款|货款|"
    rf"订单额|(?:合同|工程|进度|设备|材料|全|余|欠)款|造价|售价|均价|价位|预付款?|首付|投资(?:额度?)?|额度|限价|控制价|一口价|标底|标的|定价|要价|起价|中标价|成交价|成交额|销售额|产值|流水|门槛|罚款|赔偿金?|违约金|奖金|提成|佣金|利润|毛利|净利润?|运费|加工费|维保费|服务费|"
    rf"手续费|押金|保证金|营业额|营收|注册资本|回款|应付|应收|合同价|目标价|底价|"
    rf"标价|出价|付了|收了|打了|花了|付的|欠的|打的|底薪|月薪|年薪|薪资|工资|租金|月租|房租|转让费|学费|每(?:季度?|月|年|次|场|课时|节|人|台|套|件|只|米|吨|公斤|斤|平米|平|晚|箱|片|根|瓶|盒)|(?:代理|零售|批发|拿货|出厂|到手|折后|优惠|会员|现|特|原)价|再(?:让|便宜|优惠|降|减|补|加|少)|加收|报了|报的|加到|降到|涨到|便宜到|谈到|砍到|卖到|给到)"
    rf"(?:大概|大约|区间|范围|从|约|控制|不超过|别超过|最多|在|是|为|有|:|\s|共|总|到|给|了|"
    rf"差不多|也就|人均|\((?:人民币)?元\)|每[人月年平套台件个]|平均|价|额|能不能|做到|可以|一共|要|才|只有|上限|另算|另收|另付|还差|还有|款|能|按)*)?"
    rf"(?P<sign>(?:[¥￥]|(?i:rmb|cny)|人民币) ?)?"
    rf"(?<![\d.{_CN}第几数])(?i:(?<=rmb)|(?<=cny)|(?<![a-z]))"
    rf"(?:(?=[{_IN_SUM}]{{1,400}}+[\-~到至])(?P<low>{_AMOUNT})(?P<lowscale>{_SCALE})?"
    rf"(?P<lowtail>(?<=[万千百亿wWkK])[1-9一二三四五六七八九])? ?(?:元|块)?(?:-|~|到|至)+ ?)?"
    rf"(?P<amount>{_AMOUNT}) ?(?P<about>[多来几余+](?=[万亿wW]))?(?P<scale>{_SCALE}|个(?:亿|多亿|[wW](?![a-zA-Z])))?"
    rf"(?P<tail>(?!{_EACH}|{_ADVERB})[一二三四五六七八九\d](?!(?!{_EACH}|{_ADVERB})[\d个台件套.{_CN}])|[一二三四五六七八九](?=[一二三四五六七八九](?:[吧左上,。的]|"
    rf"$))|(?<=万)[1-9](?=千(?![瓦克米伏])))?(?:(?<=万[1-9])千)?"
    rf"(?P<last>[一二三四五六七八九](?=[吧左上，,。的]|$))? ?(?P<more>多|来|几|余)?"
    rf"(?:块零?(?P<jiao>[1-9一二三四五六七八九])(?=毛|角|[,。;!?、\s)/]|左右|一(?:[台套件个只米支张条斤片根瓶盒包卷捆吨平份盘度天次晚页趟箱袋桶间双本块场组]|公斤)|每|$|[的吧了呢行能可就给拿卖都也才到至~-]|含|包邮|起)(?:毛|角)?(?:(?<=[毛角])(?P<fen>[1-9一二三四五六七八九])(?=分|[,。;!?、\s]|一[台套件个只米支张条斤片根瓶盒包箱袋]|左右|$))?|"
    rf"(?P<yuan>{_YUAN})(?:(?P<tenth>[1-9一二三四五六七八九壹贰叁肆伍陆柒捌玖])角)?(?:零?(?P<cent>[1-9一二三四五六七八九壹贰叁肆伍陆柒捌玖])分(?![钟之]))?)?",
)
_SCALES = {
    "百": 1e2,
    "千": 1e3,
    "k": 1e3,
    "万": 1e4,
    "w": 1e4,
    "个亿": 1e8,
    "个多亿": 1e8,
    "个w": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "万亿": 1e12,
}
# 3万台 and 5万公里 are no money; neither are dollars, whose rate we do not know.
_NOT_AFTER = re.compile(
    r"\s?(?!安装|包[邮运税安])(?:[台件套个只人吨米次份家户袋卷桶桩根把间桌座扇双副组项公千斤克平颗粒片张条支瓶箱包册辆亩字瓦升毫转伏安度岁年月天小分号名点吨项倍步级字种多字像折遍]|成(?!交|本)|"
    r"亿|对(?![吧吗不了])|[a-zA-Z%]|美|欧|港|日元|英镑|韩)"
)
# What one of them costs.
_PER = re.compile(
    r"\s?(?:块|元)?(?:[一每/]\s?(?:[台套件个只人吨米次份户斤克平颗粒片张条支瓶箱包册辆亩桶卷根把间桌节批年月天平晚场位席道碗]|[mM]2|"
    r"公斤|千克|立方|小时|(?i:kg))|per\b|/\s?(?:pcs|set|unit))",
    re.I,
)
_TO_THE_CENT = re.compile(r"\d{1,3}(?:,\d{3})+\.\d\d")
_COMPOSITE = re.compile(rf"[{_CN}]+万[{_CN}]+|[{_FORMAL}万亿]+")
_SOFT_BEFORE = late(
    r"(?:不超过|超过|超出|不到|最低|最高|那就|少于|低于|高于|多于|至少|起码|将近|接近|按|原价|立?减|优惠|优惠价|首付|差|欠|拿货|首批|一共|总共|每[间台套个只件吨米家人年月]|给)\s?$"
)
# 独中两元 scores; 粉丝100万, 产能300万 are counts, 型号3000W is a power.
_NEVER = late(
    r"(?:[独连]中|再进|(?:粉丝|产能|产量|库存|年产|月产|日产|客流|播放|用户|人口|面积|阅读|销量|容量|里程|会员数|访问)(?:量|数)?(?:约|大概|达到?|超过?|有|是|为|近)?|(?:型号|功率|机型)[一-龥:]{0,3})\s?$"
)
# 一个接口8000,
_ONE_OF = late(r"一[个台套张间次把]\s?(?!订单|型号|编号|单号|电话|号)[一-龥]{1,5}$")
_SPENT = late(
    r"(?:[一-龥]费(?:到付)?|人均|每[人天位]|一[天晚]|[车机高门]票|住宿|折(?:后|下来|就?是)?|一[吨台套个件米斤平](?:就是|才|要|卖)|(?:一?共|合计|总计|总共|小计|共计|税额|总额|[实应已未待][付收]|月供|[日时周月年起底]薪|转正后?|[券]后|[一-龥]价单?))(?:是|共|用了|花了|才|只要|约|大概|:)?\s?$"
)
_ENDS = re.compile(r"$|[,。;!?\s]")
# 打了3万, 先付5k: what is done with money.
_PAID = late(
    r"(?:[打付汇转收]款|到账|入账|转账|[打付花赚亏投欠罚赔扣返交转批砍补借贷押值退垫薪]|转正|[报卖买出开]价?|预计要|就要|得要|只要|降价?|涨价?|便宜|少收|多收|让利|起码|至少|最多|顶多)(?:了|过|掉|出|到|给?我们?|给?他们?|给?你们?|人家){0,2}(?:大概|大约|差不多|将近|近|约|小)?\s?$"
)
# 3000万的设备; 5万的量 is a number of things.
_OF_WORTH = late(
    r"的(?!量|产|数|用|粉丝|人|播放|客流|规模|里程|寿命|保有|订阅|阅读|像素|库存|存量|销量)[一-龥]"
)
_OF_WATTS = late(r"的?[一-龥A-Z]{0,4}(?:灯|电[机源阻]|功放|音[响箱]|喇叭|屏|板|分辨率|摄像|画质|视频)")
_OF_MONEY = late(
    r"的?(?:贷款|款|货款|单子|大?单(?![位元])|订单|合同|项目|标的?(?=[,。;!?\s]|$)|预算|定金|佣金|提成|奖金)"
)  # 199.9w的贷款
_LEFT_OVER = late(r"(?:剩下?的?|剩余|余下的?|还差|还欠)\s?$")  # 剩下的15w
_COUNTED = late(r"(?:学期|学年|节课|平方?|[毛角对个家位次])")  # 预算一学期3万: the first number counts
_SPOKEN = re.compile(r"[一二两三四五六七八九]千[一二三四五六七八九](?:百[一二三四五六七八九])?")
_EITHER = re.compile(
    r"(?P<head>[一二两三四五六七八九]?十(?=..$)|[一二两三四五六七八九]百(?=..十)|[一二两三四五六七八九]千(?=..百))?(?P<few>[一二两三四五六七八])(?P<many>[二两三四五六七八九])(?P<unit>[十百千]?)"
)
_HUNDREDS_OPEN = re.compile(r"^[一二两三四五六七八九]千[一二三四五六七八][二三四五六七八九]$")  # 一千二三
_SMALL = late(
    r"(?<![\d.块元几零一二两三四五六七八九十])(?P<amount>[1-9一二两三四五六七八九])毛(?:(?P<fen>[1-9一二三四五六七八九])(?=分|[一每才行,。;!?\s/]|左右|以内|吧|$)|钱(?!包)|(?=[一每,。;!?\s/]|左右|以内|吧|$))"
)
_ROUND = late(r"(?<![0-9一二两三四五六七八九十几])(?P<unit>[万千百])[把来](?:块|元)钱?")  # 万把块
# 预算十来万,最多十五: the second number is in the unit of the first.
_ALSO = late(
    r"\s?,?(?:最多|最高|顶多|顶天|上限|最低|最少|不超过|别超过|封顶|[可能]以?到)(?:给|到|就)?(?P<amount>[一二三四五六七八九十百]{1,4}|\d{1,3})(?=[,。;!?\s吧了]|$)"
)
# 预算不超过50个: ten thousand each, as those say it who buy.
_COLUMN = late(
    r"\(万元\)\s?[:=]?\s?(?P<amount>\d{1,6}(?:,\d{3})*(?:\.\d{1,4})?)(?![\d.]|,\d|\s?[-~年月号%])"
)  # 金额(万元):36.8
_TEN_THOUSANDS = late(
    r"预算[一-龥]{0,7}?(?P<amount>\d{1,3}|[一二两三四五六七八九十百]{1,5})个(?=左右|以内|上下|之内|出头|吧|的样子|[,。;!?\s]|$)"
)
_FOREIGN = re.compile(
    r"(?:\$|usd|us|eur|€|£|hkd|gbp|aud|cad|sgd|[美日韩港澳加欧台新](?:元|币|金)|英镑|卢布|泰铢)\s?$", re.I
)
_FOREIGN_ENDS = frozenset("$€£元币金镑布铢dDsS\u017frRpP")
_SOFT_AFTER = late(
    r"\s?(?:不?含[税票运]|未税|税[前后]|带票|包邮|左右|以内|以下|上下|之内|出头|内|的?预算|的样子|不到|太|偏|有点|高了|贵了|拿下|成交|定金|订金|首付|预付|货款|尾款|押金|保证金|收的|买的|买[一台套]|已[到付收打]|没到|到账|最低|不能再|底价|卖|(?:能不)?能(?:拿|做|谈|行|接受|搞)|不行|可以|行|拿的|入手|到手|落地|出手|不做|不干|不卖|投资|补贴|补偿|赔偿|罚款|起步|封顶|起|了|算|整|一点|下不来|拿不下|打不住|挡不住|搞定|就行|就够|就可以|怎么样|行不行|行吗|可以吗|吧|呢|$|[,。;!?、)\n])"
)
_DEAL = re.compile(
    r"\s?(?:拿下|成交|够不够|行不行|包[邮运送]|打包|也?(?:能|可以)(?:谈|做|接受)|也行|不能再[低少]|最低了?(?:$|[,。;!?\s])|是?底价|起(?=$|[,。;!?\s售卖])|我?就(?:要了|定了?|下单|成交|拿))"
)
_ABOUT = re.compile(r"\s?(?:\+|,?不?含[税票运安]|,?包[邮安税]|出头|左右|以内|以下|上下|的?预算|吧)")


# A sum begins with its cue, its sign or its amount. All of them are in one set, which is quicker to skip to than three.
_BEFORE_SUM = (
    "每代零批拿到折优会工进设材余全现特原人预单总价报金合费成定尾货订造售均首投运加维服手"
    "押保营注回应目底标出付收打花降涨便谈砍卖给月年薪工租房转学欠额限控要起中销产流门奖提佣利毛净再罚赔违"
)
_STARTS = re.compile(
    rf"[\d{_CN}{_FORMAL}半¥￥rRcC{_BEFORE_SUM}](?:(?<=[\d{_CN}{_FORMAL}半])(?<![\d.{_CN}第].)(?<!(?i:[a-z]).)|(?<=[¥￥])|(?<=[rRcC])(?=[mMnN])|"
    rf"(?<=[{_BEFORE_SUM}])"
    rf"(?=[程度备料季月年次场课节人台套件只米吨理售发货厂手后惠员价到民算付总格报额同用本金款单位资费续证收业册标了宜务工保薪租让的度制底交值水槛成润利便优降减补加少偿约收公斤平晚箱片根瓶盒]))"
)
_NUMBERS = sign(f"0123456789{_CN}{_FORMAL}半万")
# Without any of them nothing says that a number is money (see _is_money), but for 1,234.50.
_TELLS = sign(
    "元圆块币bByY¥￥"  # a unit or a sign
    "万亿wWkK\u212a千百"  # a scale; the sign of the kelvin is a k to re.I
    "一每/pP"  # what one of them costs
    "算价额费本金款付资营收打花到薪租欠"  # a cue
    "转便惠返退少差减满省让赔涨降税贵供均出起"  # what is done with it
    "补罚剩余拿成充送版档房够行包毛能以就再报标槛利水值把票宿共计折是才要卖拾佰仟收"
)


def find(text: str | Plain) -> tuple[Found, ...]:
    """Every sum; both ends of a range. `value` is yuan written plainly ("480000"); a rule of `budget` was called one."""
    words = plain(text) if isinstance(text, str) else text
    found: list[Found] = []
    held, written = words.signs, words.text
    if not held & _NUMBERS or not (held & _TELLS or ("," in written and "." in written)):
        return ()
    rows = tuple(sheets.sums(words.source)) if "\n" in written else ()
    sure: list[tuple[int, int]] = []
    unsure: list[re.Match[str]] = []
    for match in matches(_STARTS, _SUM, words.text):
        if _is_other(written, match):
            continue
        if not _is_money(written, match):
            unsure.append(match)
            continue
        read = _read(words, match)
        found.extend(read)
        if read:
            sure.append(match.span())
        if match["scale"] in ("万", "w", "W"):
            found.extend(_also(words, match.end()))
    if unsure and (sure or held & bare_sums.ASIDE):
        found.extend(_beside(words, sure, unsure))
        found.sort(key=lambda hit: hit.start)
    if "把" in written or "来" in written:
        for match in _ROUND.finditer(words.text):
            found.append(words.found("money", *match.span(), 0.7, "sum", f"{_SCALES[match['unit']]:.12g}"))
        found.sort(key=lambda hit: hit.start)
    if "个" in written and "预算" in written:
        for match in _TEN_THOUSANDS.finditer(words.text):
            value = (number(match["amount"]) or 0) * 1e4
            found.append(words.found("money", *match.span("amount"), 0.7, "budget", f"{value:.12g}"))
        found.sort(key=lambda hit: hit.start)
    if "万元)" in written:
        columns = {match.start("amount"): match for match in _COLUMN.finditer(words.text)}
        placed = {words.place(start, start + 1)[0] for start in columns}
        found = [hit for hit in found if hit.start not in placed]
        for match in columns.values():
            value = float(match["amount"].replace(",", "")) * 1e4
            found.append(words.found("money", *match.span("amount"), 0.85, "sum", f"{value:.12g}"))
        found.sort(key=lambda hit: hit.start)
    if "毛" in written:
        for match in _SMALL.finditer(words.text):
            value = (number(match["amount"]) or 0) / 10 + (number(match["fen"] or "") or 0) / 100
            found.append(words.found("money", *match.span(), 0.8, "sum", f"{value:.12g}"))
        found.sort(key=lambda hit: hit.start)
    if rows:
        found = _with_rows(words.source, found, rows)
    return tuple(found)


def _beside(
    words: Plain, sure: Sequence[tuple[int, int]], unsure: Sequence[re.Match[str]]
) -> Iterator[Found]:
    """Numbers that are sums because others are, or because money is spoken of."""
    text = words.text
    uncounted = [match for match in unsure if _NOT_AFTER.match(text, match.end()) is None]
    for match in bare_sums.among(text, sure, uncounted):
        yield from _read(words, match)


def _with_rows(source: str, found: list[Found], rows: tuple[Found, ...]) -> list[Found]:
    """In a row of a table the number under the heading is the sum, and no other."""
    lines = {source.rfind("\n", 0, hit.start) for hit in rows}
    kept = [hit for hit in found if source.rfind("\n", 0, hit.start) not in lines]
    return sorted((*kept, *rows), key=lambda hit: hit.start)


def _also(words: Plain, end: int) -> tuple[Found, ...]:
    match = _ALSO.match(words.text, end)
    amount = number(match["amount"]) if match is not None else None
    if match is None or amount is None:
        return ()
    return (words.found("money", *match.span("amount"), 0.7, "sum", f"{amount * 1e4:.12g}"),)


def yuan(found: Found) -> float:
    """The value of a hit as a number."""
    return float(found.value)


def _read(words: Plain, match: re.Match[str]) -> list[Found]:
    scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
    amount = _value(match["amount"], scale, match["tail"])
    if amount is None or not 0 < amount < 1e13:
        return []
    rule = (
        "budget"
        if (match["cue"] or "").startswith(("预算", "投资")) or _called_budget(words.text, match)
        else "sum"
    )
    start = (
        match.start("sign")
        if match["sign"]
        else match.start("low")
        if match["low"]
        else match.start("amount")
    )
    if match["jiao"]:
        amount = round(amount + (number(match["jiao"]) or 0) / 10, 2)  # 3块5
    if match["fen"]:
        amount = round(amount + (number(match["fen"]) or 0) / 100, 2)  # 三块六毛五
    if match["tenth"] or match["cent"]:
        amount = round(
            amount + (number(match["tenth"] or "") or 0) / 10 + (number(match["cent"] or "") or 0) / 100, 2
        )
    confidence = 0.95 if match["yuan"] or match["sign"] or match["cue"] else 0.75
    either = _either(match["amount"])
    if either is not None and (scale > 1 or either["unit"]) and not match["tail"]:
        ends = [number((either["head"] or "") + either[name] + either["unit"]) for name in ("few", "many")]
        values = [round(end * scale, 2) for end in ends if end is not None]  # 三五万, 五六百块, 一千二三
        if len(values) == 2 and values[0] < values[1]:
            return [
                words.found("money", start, match.end(), confidence, rule, f"{one:.12g}") for one in values
            ]
    values = [amount]
    if match["last"] and match["tail"] and scale > 1:  # 五万六七
        last = _value(match["amount"], scale, match["last"])
        values += [last] if last is not None and last > amount else []
    if match["low"]:
        low = _value(
            match["low"],
            _SCALES.get((match["lowscale"] or match["scale"] or "").lower(), 1.0),
            match["lowtail"],
        )
        if low is not None and low >= amount and not match["lowscale"] and not match["low"].isascii():
            low = _value(match["low"], 1.0, None)  # 八千到一万
        if low is not None and low < amount:
            values.insert(0, low)
    return [words.found("money", start, match.end(), confidence, rule, f"{value:.12g}") for value in values]


def _is_other(text: str, match: re.Match[str]) -> bool:
    """Is it in another currency, a count or a piece of something?"""
    amount = match.start("amount")
    if not _FOREIGN_ENDS.isdisjoint(text[max(0, amount - 2) : amount]) and _FOREIGN.search(
        text, max(0, amount - 4), amount
    ):
        return True
    if _NEVER.search(text, max(0, match.start() - 10), amount) is not None and not match["sign"]:
        return True
    return match["yuan"] == "块" and _is_pieces(text, match)


def _either(amount: str) -> re.Match[str] | None:
    """三五, 五六百, 一千二三: either of two figures."""
    if amount.isascii():
        return None
    return _EITHER.fullmatch(f"{amount}百" if _HUNDREDS_OPEN.match(amount) else amount)


def _is_money(text: str, match: re.Match[str]) -> bool:
    """Does a unit, a cue or what follows say that this number is money?"""
    if match["yuan"] or match["sign"] or match["jiao"] or _TO_THE_CENT.fullmatch(match["amount"]):
        return True
    if _PER.match(text, match.end()) and (
        match["scale"] or float(_value(match["amount"], 1.0, None) or 0) >= 10
    ):
        return True  # 1.2w一台, 9800一套, 85/平米
    if _NOT_AFTER.match(text, match.end()):
        return False
    if (
        match["scale"] in ("亿", "个亿", "个多亿")
        or (match["scale"] in ("万", "千") and match["tail"])
        or _is_spoken(text, match)
        or _COMPOSITE.fullmatch(match["amount"])
    ):
        return True  # 一万八, 两千八: what else would be said so
    if match["scale"] in ("个w", "个W"):
        return True
    if match["cue"] and not match["scale"] and match["amount"].isdigit() and float(match["amount"]) < 10:
        return False  # 报价 ③: a number in a list
    if (
        match["cue"]
        and not match["scale"]
        and len(match["amount"]) == 1
        and (not match["amount"].isascii() or _COUNTED.match(text, match.end()) is not None)
    ):
        return False
    if match["cue"] or (match["low"] and match["scale"] in ("万", "亿")):
        return True
    if match["low"] and match["scale"] and _OF_WATTS.match(text, match.end()) is None:
        return True  # 10-15W, 15-25K
    match match["scale"]:
        case "w" | "W" | "k" | "K":
            if match["tail"] or match["more"]:
                return True  # 7w2, 3k多
            left = _LEFT_OVER.search(text, max(0, match.start() - 5), match.start())
            paid = _PAID.search(text, max(0, match.start() - 5), match.start())
            if left is not None or paid is not None or _OF_MONEY.match(text, match.end()) is not None:
                return True
            soft = match["about"] is not None and _SOFT_AFTER.match(text, match.end()) is not None
            return soft or any(behind.match(text, match.end()) is not None for behind in (_ABOUT, _DEAL))
        case None:
            return _is_price(text, match)
        case "千" | "百":
            ahead = max(0, match.start() - 7)
            few = _FEW_BEFORE.search(text, ahead, match.start()) is not None
            if few and _ENDS.match(text, match.end()) is not None:
                return True
            return _is_named(text, match) or _is_passed(text, match, ahead)
    if _OF_WORTH.match(text, match.end()) is not None:
        return True
    if _PAID.search(text, max(0, match.start() - 5), match.start()) is not None:
        return True
    before = _SOFT_BEFORE.search(text, max(0, match.start() - 5), match.start())
    return before is not None or _SOFT_AFTER.match(text, match.end()) is not None


_ELIDED = re.compile(r"[一二两三四五六七八九]百[一二三四五六七八九]")  # 八百八


def _is_spoken(text: str, match: re.Match[str]) -> bool:
    """两千八, 六百六: said so of money, unless it says how many or how fast."""
    if _SPOKEN.fullmatch(match["amount"]) is not None:
        return not bare_sums.is_counted(text, match.start("amount"))
    return _ELIDED.fullmatch(match["amount"]) is not None and bare_sums.stands(text, match)


# 要6块,65寸; 换两块屏: what is ordered by the piece.
_ORDERED = late(r"(?<![只就还才])(?:[要订拿装换]|需要|采购|安排|再来|来)了?\s?$")
_PIECE = late(
    r"\s?(?:[,，]?\s?\d+(?:\.\d+)?(?:英)?寸|(?:大|小|旧|新)?(?:屏|电池|手?表|玻璃|地砖|瓷砖|地皮|地(?=[,。])|牌[子匾]?|白板|硬盘|主板|砖|木|蛋糕|钢板|铝板|电路板|电极|磁铁|滤[芯网]))"
)


def _is_pieces(text: str, match: re.Match[str]) -> bool:
    if _PIECE.match(text, match.end()) is not None:
        return True
    ordered = not match["cue"] and not match["low"] and number(match["amount"]) in range(1, 21)
    return (
        ordered
        and _ORDERED.search(text, max(0, match.start() - 5), match.start()) is not None
        and _ENDS.match(text, match.end()) is not None
    )


def _is_price(text: str, match: re.Match[str]) -> bool:
    """A bare number: 打车费46.5, 一个接口8000, 1100也能谈."""
    amount, before = match["amount"], max(0, match.start() - 8)
    if amount.isdigit() and len(amount) > 2 and _DEAL.match(text, match.end()) is not None:
        return True
    if not amount.isascii():
        if len(amount) == 1 or _TENS.isdisjoint(amount):
            return False
        if _HUNDREDS.isdisjoint(amount):
            dearer = _DEARER.search(text, before, match.start()) is not None
            return (dearer and _is_given(text, match, before)) or _is_each(text, match)
        return _is_named(text, match) or _is_passed(text, match, before)
    if amount.isdigit() and _COUPON.search(text, before, match.start()) is not None:
        return True
    if _LOWERED.search(text, before, match.start()) is not None:
        return "." in amount and not _PRICED.isdisjoint(text[: match.start()])
    ended = _ENDS.match(text, match.end()) is not None
    if len(amount) > 2 and _TAXED.search(text, max(0, match.start() - 14), match.start()) is not None:
        return True
    at_hand = ended or _AT_HAND.match(text, match.end()) is not None
    if at_hand and _SPENT.search(text, before, match.start()) is not None:
        return True
    if "." in amount and not _PRICED.isdisjoint(text[: match.start()]) and _TAKEN.match(text, match.end()):
        return True
    if "." in amount and _APIECE.match(text, match.end()) is not None:
        return True
    if amount.isdigit() and len(amount) > 1 and _is_set(text, match):
        return True
    if _YEAR_OR_LESS.fullmatch(amount):
        return False
    if amount.isdigit() and len(amount) > 2 and _is_told(text, match, before):
        return True
    if amount.isdigit() and 2 < len(amount) < 7 and _is_given(text, match, before):
        return True
    if amount.isdigit() and len(amount) > 1 and _is_rate(text, match):
        return True
    one_of = ended and amount.isdigit() and 2 < len(amount) < 7
    return one_of and _ONE_OF.search(text, before, match.start()) is not None


# 两千奖金, 一吨两百五的运费, 当初八千买的, 六百的那种
_NAMED = late(
    r"\s?(?:的?(?:(?:运|工|安装|设计|服务|加工|人工|材料|维修|培训|手续|咨询|检测|模具|住宿|餐|路|过路|油|电|水|会员)费|(?:月?租|押|定|订|奖|佣|保证|质保|违约|罚)金|(?:罚|货|尾|余|欠|预付)款|补贴)"
    r"|的[那这][种个款]|[买卖租收](?:的|来的|给|出去|掉|了|$|[,。;!?])|入手|成交|[涨降调加砍压谈][到至成])"
)


def _is_named(text: str, match: re.Match[str]) -> bool:
    """Does what follows call the round number a fee, or say that something was bought for it?"""
    return _NAMED.match(text, match.end()) is not None and not bare_sums.is_counted(
        text, match.start("amount")
    )


def _is_passed(text: str, match: re.Match[str], before: int) -> bool:
    return _is_given(text, match, before) or _is_said(text, match) or _is_within(text, match, before)


def _is_given(text: str, match: re.Match[str], before: int) -> bool:
    """转你1500了, 便宜两百就定: does somebody pay it or take it off?"""
    return (
        _GIVEN.search(text, before, match.start("amount")) is not None
        and _GIVEN_AFTER.match(text, match.end()) is not None
    )


# 一套五六百, 先打八千, 大概七八百吧: a round number that is said of a price or of what is paid, at the end of the clause.
_SAID_BEFORE = late(
    r"(?:(?:一(?:[套台件只吨米斤平箱袋桶张条根瓶盒次趟天晚年桌位层户针寸面亩头株间节车份]|个月|小时|钟头|公里|公斤|立方|平米)|每(?:[套台件只吨米斤平箱袋桶张条根瓶盒次趟天晚月年桌位层户亩头间节车份人家]|个月|小时|公里|公斤|立方|平米)|(?<![一-龥])(?:AA)?一人|[一-龥]价|[订定押租]金|月供|首付|大概|差不多|估计|将近|接近|约|小)"
    r"(?:要|得|才|就|也就|是|在|大概|差不多|小)*|(?:也就|(?<!不)[打付汇交花赚亏罚赔砍借垫退扣贴补欠省值]|(?<![发寄送交])给|报价?|卖|出价|开价|只要|最[低高多少])(?:了|过|掉|到|给?[我你您他]们?|人家)?(?:大概|差不多|将近|小)?)\s?$"
)
_SAID_AFTER = late(
    r"\s?(?:$|[,。;!?、\s)]|过[去来]|周转|[订定押]金|首付|货款|尾款|预付|[吧呢了](?:$|[,。;!?\s])|左右|上下|出头|不到|以内|多点?(?:$|[,。;!?\s])|的样子|(?:行|成|可以|能)[吗不]|怎么样)"
)
_AT_HAND = re.compile(r"\s?(?:到手|包邮|左右|以内|起(?=$|[,。;!?]))")  # 券后79到手
_DEARER = late(r"(?:便宜|[贵涨降减返让砍]了?[我你]?)$")
# 含税价13%是8650, 不含税7655.
_TAXED = late(
    r"(?:[含未]税|税[前后]|开票|带票|税点)(?:总?价|单价|报价)?(?:\d{1,2}%|\d{1,2}个?点)?(?:的话|后)?(?:[是为就:]|大概)*\s?$"
)
# 单价3.85, 能不能做到3.6
_LOWERED = late(r"(?:做|压|砍|谈|降|涨|给|卖)到\s?$")
_PRICED = frozenset("价元块¥￥")
_EQUATED = _PRICED | frozenset("%％")


# 平均下来每件不到四十
_EACH_IS = late(r"[每一][件套台只个平斤吨米桌位张](?:不到|才|就|也就|大概|差不多|将近|要|只要|收|卖)+\s?$")


def _is_each(text: str, match: re.Match[str]) -> bool:
    ended = _ENDS.match(text, match.end()) is not None
    return ended and _EACH_IS.search(text, max(0, match.start() - 8), match.start()) is not None


_TAKEN = re.compile(r"\s?(?:我们?|就|也)*(?:可以|能|行|就)?(?:下单|成交|接受|拿)")  # 17.5可以下单
# 单台不高于3400, 住一晚280含早, 每期1299
_RATE = late(
    r"(?:(?<![一-龥])包[月年季]|(?:单|每)(?:[台套件只吨平晚期节课趟辆]|人次)|一(?:[晚趟吨平]|节课))(?:价|就|也|才|要|不高于|不超过|不低于|最[多高低]|控制在|大概|:|是|为)*\s?$"
)
_RATE_END = late(r"\s?(?:$|[,。;!?、\n)]|以内|左右|以下|含|包[^装])")


# 每天按2000算, 按每份150准备
_SET = late(r"按每?[一-龥]?$")
_SET_AFTER = late(r"\s?(?:算|计|收|给|准备|结)")


def _is_set(text: str, match: re.Match[str]) -> bool:
    start = match.start("amount")
    return (
        _SET_AFTER.match(text, match.end()) is not None
        and _SET.search(text, max(0, start - 4), start) is not None
    )


def _is_rate(text: str, match: re.Match[str]) -> bool:
    rated = _RATE_END.match(text, match.end()) is not None
    return rated and _RATE.search(text, max(0, match.start() - 10), match.start("amount")) is not None


_APIECE = late(
    r"\s?(?:/|一)\s?(?:[个只件片张条支套瓶盒包根斤袋箱卷]|公斤|(?i:kg))(?![一-龥])"
)  # 2.6一只, 1.85/个
_FROM = late(r"从\s?$")
_UP_TO = late(r"\s?(?:涨|降|跌|调|加|砍|压|谈)[到至]\s?\d")  # 从7800涨到8200
_OF_COST = late(r"\s?(?:块)?的?[一-龥]{2,3}费(?:$|[,。;!?、\s])")  # 另加500安装费
_FEE = late(r"[一-龥]费(?:是|约|大概)*\s?$")
_BESIDES = late(r"\s?(?:另算|另计|另付|另收|自理|全包)")
_THAT_ONE = late(r"\s?的?(?:[那这]款|餐标|标准|预算|套餐|额度|价位|档次|红包|礼[包券品])")
_EQUALS = late(r"(?:也就是|折合|等于|相当于)\s?$")
_WITHIN = late(
    r"\s?(?:出头|以内|以下|不到)(?:的?(?:有没有|有吗|推荐|不考虑|不要|都)|就?能|就行|[,。;!?\s]|吧|$)"
)
_FRONT = late(r"(?:^|[,。;!?\s]|[这那一][套台款个件]|[就得])$")


def _is_told(text: str, match: re.Match[str], before: int) -> bool:
    """A number of three digits and more that is said as sums are: 从7800涨到8200, 安装费500另算, 5999的那款."""
    start, end = match.start(), match.end()
    if _UP_TO.match(text, end) is not None:
        return _FROM.search(text, before, start) is not None
    if _BESIDES.match(text, end) is not None:
        return _FEE.search(text, before, start) is not None
    if _OF_COST.match(text, end) is not None or _THAT_ONE.match(text, end) is not None:
        return True
    if _ENDS.match(text, end) is not None and _EQUALS.search(text, before, start) is not None:
        return not _EQUATED.isdisjoint(text[:start])
    return _is_within(text, match, before)


def _is_within(text: str, match: re.Match[str], before: int) -> bool:
    """五千以内有没有推荐, 这套三千出头."""
    return (
        _WITHIN.match(text, match.end()) is not None
        and _FRONT.search(text, before, match.start()) is not None
    )


def _is_said(text: str, match: re.Match[str]) -> bool:
    return (
        _SAID_AFTER.match(text, match.end()) is not None
        and _SAID_BEFORE.search(text, max(0, match.start() - 9), match.start("amount")) is not None
    )


_TENS, _HUNDREDS = frozenset("十百千"), frozenset("百千")
_COUPON = late(r"满\s?\d+\s?减\s?$")
_GIVEN = late(
    r"(?:便宜|优惠|返现|成交|[口包餐算]价|剩下的?|剩余的?|[你您我]算|贵|[转付退欠差返赔省让补罚砍]|转账|[汇打]款|让利|差价|(?<![多至不最])少|(?<![0-9一二三四五六七八九十百千万])[减满]|(?<![往])[涨降])"
    r"(?:了|过|你|您|我|他|她|们|给|回|掉|个|大概|差不多|也就|才|就|再)*\s?$"
)
_GIVEN_AFTER = re.compile(
    r"\s?(?:$|[,。;!?、\s)]|定金|订金|没|就|了|过[去来]|给|吧|算|行|也|都|到|好[吗不]|怎么样|可以|减|货到|等|含|包)"
)
_YEAR_OR_LESS = re.compile(r"\d(?:\.\d+)?|(?:19|20)\d\d")
_FEW_BEFORE = late(r"(?:不到|大概|差不多|将近|才|只要|也就|大约)\s?$")
_BUDGET = re.compile(r".{0,3}预算")


def _called_budget(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 6) : match.start()]
    return "预算" in before or _BUDGET.match(text, match.end()) is not None


def _value(words: str, scale: float, tail: str | None) -> float | None:
    """一万五, 3万5: the digit behind counts in tenths of the scale."""
    if not words.isascii() and scale == 1.0 and words[-1] in "百千" and len(words) == 1:
        return None
    amount = number(words)
    if amount is None:
        return None
    rest = number(tail) if tail and scale > 1 else None
    return round((amount + (rest or 0) / 10) * scale, 2)
