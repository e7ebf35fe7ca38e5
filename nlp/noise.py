"""Is there anything to store in this message, or is it 收到，谢谢?"""

import re

from nlp.late import late
from nlp.lexicon import words
from nlp.plain import Plain, plain

LONGEST = 60  # a longer message says something

# Atomic groups and possessive repeats throughout: a long 哈哈哈…x must not be tried in every way there is.
_PARTICLE = r"(?:[啊呀哦吧的啦呢嘛哈噢哟喔咯呗~]|了(?!解)|一下)*+"
_YOU = r"(?>你们|您们|你|您|大家|老师|老板|亲|各位|美女|帅哥|兄弟)?"


def _any_of(name: str) -> str:
    """An alternation of a word list, longer words first."""
    return "|".join(sorted(words(name), key=len, reverse=True))


_ACK = late(
    rf"(?>(?:那|这(?!样|个)|你|您)?+(?:就|都|真|很|太|挺|我们?|已经?|全|完全|大概|先|"
    rf"也)*+(?>{_any_of('acknowledgements')}){_PARTICLE}{_YOU}{_PARTICLE})++|[\W_]*",
    re.I,
)
_THANKS = late(
    rf"(?>那就|那|好的?|收到|嗯|行|可以|明白了?|真是|真|太|非常|十分|特别|很|多|万分|再次|还是|先|我|就|也|"
    rf"要|得)*(?:(?:感谢|感恩|谢谢|谢啦|谢了|谢|多谢|辛苦|感激不尽|有劳|费心)(?:您|你|你们|大家|{_YOU})?.{{0,18}}"
    rf"|麻烦(?:您|你|你们|大家|各位)?(?:(?:跑|走)(?:了?一|这一?)趟)?(?:了|啦|咯|喽|咧|$).{{0,8}})"
    r"|(?:给|让|又)?(?:您|你|大家)?们?(?:添|费|受)(?:了?(?:不少|很多|好多))?(?:麻烦|心|累)(?:了|啦)"
    r"|(?:您|你)?(?:真|可)?(?:是|的)?帮了?我?们?(?:个|一个)?大忙(?:了|啦)?|(?:您|你)们?(?:真)?(?:费心|辛苦|受累)(?:了|啦)"
)
_WISH = late(
    r"(?:也|那|就|预|先|再次)*(?:祝|愿|预祝).{0,16}(?:愉快|顺利|开心|快乐|发财|商祺|安好|安康|健康|幸福|好运|成功|如意|"
    r"吉祥|兴隆|美满|平安|好心情|玩得高兴|大吉)|(?:工作|生意|事业|身体|万事|一切|阖家|财源|家庭)(?:顺利|兴隆|健康|如意|幸福|广进|安康|有成)|(?:合作|新年|周末|节日|生日|旅途|用餐|游玩|中秋|国庆|春节|圣诞)(?:快乐|愉快|好)"
)
_LATER = late(
    r"(?:那|好|行)?(?:我|您|你)?们?(?:就)?(?:先)?(?:忙|休息|这样|不打扰(?:您|你)?|不聊|下|撤|吃饭|睡)(?:了|吧|哈|啦|着)*|"
    r"(?:那)?(?:回头|改天|下次|有空|有机会)(?:再)?(?:聊|说|见|联系|约|请(?:您|你)(?:吃饭|喝茶|喝酒|喝咖啡))(?:了|吧|哈|啦)*|"
    r"(?:以后|今后)?(?:常|多|保持)(?:联系|沟通|来往|交流)|"
    r"(?:那)?(?:我|我们)?(?:先|稍后|晚点|回头|等下|一会儿?)(?:再)?(?:看看|看一下|看|了解一下|了解下|研究一下|考虑一下|考虑考虑)(?:吧|哈|啦)*|"
    r"(?:那|就|先|那就|就先)?(?:这么|这样|按这个)(?:定|说|说定|着|办)(?:了|吧|哈|啦)*|"
    r"(?:一路|旅途)平安|(?:很|非常|十分|也)?期待(?:(?:与|和)?(?:您|你|贵司|我们)?的?(?:再次)?(?:合作|见面|光临|回复|好消息))(?:愉快)?|"
    r"(?:那|就|还是)*(?:去|选)这(?:家|里|个)(?:了|吧|好了)*|帮(?:了)?我们?(?:省|解决|找到|查到)了.{0,8}|(?:您|你|你们)?先?忙(?:吧|着)|(?:您|你)?早点(?:休息|睡)(?:吧|哈|啦)*|"
    r"(?:如果|要是)?有(?:什么)?(?:需要|问题|事|情况|消息|进展|结果)(?:的话)?(?:我|我们|您|你)?(?:再|会再|会|随时)(?:来|跟|和|与|第一时间)?(?:我|您|你)?(?:找|联系|请教|咨询|麻烦|说|叫|通知|沟通)(?:我|您|你)?们?(?:吧|哈|了|啦|就行|即可)*|"
    r"(?:这下|这样|那)?(?:我|我们)?(?:就|也|可)?(?:可以)?(?:放心|踏实|安心|明白|清楚|懂)(?:了|啦|多了)(?:呢)?|"
    r"(?:我|我们)?(?:这边|这里)?(?:马上|这就|立刻|立即|现在就|尽快|先)?(?:去)?(?:安排|处理|照办|落实|跟进|办|弄|搞)(?:一下)?(?:了|哈|吧|的)?|"
    r"(?:这事|这个)?(?:就)?(?:包在|交给)我(?:身上)?(?:吧|了|好了)?|(?:我|我们)?(?:已|已经)?(?:转达|转告|照做|打印|保存|存|备注|收藏|下载|看到|看|看过|听)(?:了|过了|啦)?|"
    r"(?:我|我们)?(?:先)?(?:转给|发给|报给|请示|问下|问问|问一下)(?:领导|老板|同事|经理)(?:看看|看下|看一下|再说|一下)?(?:了|吧|哈)?|"
    r"(?:我|我们)?(?:先|稍后|回头|待会|一会儿?)?(?:看|瞅|瞧|听|想|试)(?:一)?(?:看|下|瞅|想|试)(?:哈|吧|先|啊|呢)*|稍后(?:再)?看|"
    r"不见不散|(?:我|我们)?(?:等|静候|坐等)(?:您|你)?的?(?:好)?(?:消息|回复|通知|信儿?)|(?:没有|没|无)(?:其他|其它|别的|什么)?(?:的|问题|事|事情|要求|需要)?(?:了|啦|哈)|"
    r"(?:玩|吃|睡|过|用)得?的?(?:开心|愉快|高兴|尽兴|好)(?:一点|点)?(?:啊|哈|哦)?|(?:好|都|全)?(?:弄|搞|办|做|解决|处理)(?:好|完|定|妥)?(?:了|啦)|"
    r"(?:欢迎|随时)?(?:下次|再次|常)?(?:光临|惠顾|来玩|再来|来访)|(?:我|您|你)?(?:的)?(?:问题|事情|事)?(?:都|已经|全)?解决(?:了|啦)"
)
_ENGLISH = late(
    r"(?>(?>ok(?:ay)?|(?:thanks?|thx|tks)(?: you)?(?: (?:so|very) much| a lot| again)?"
    r"(?: (?:bro|dear|sir|guys|all|mate|man))?|many thanks|"
    r"got it|noted|great|sure|perfect|nice|cool|"
    r"(?:well )?received|no problem|you(?:'re| are) welcome|understood|cheers|bye|see you|"
    r"have a (?:nice|good|great) (?:day|weekend|one))"
    r"[\s,.!;~]*+)++",
    re.I,
)
_DONE = late(rf"(?>{_any_of('settled')})++")
_PLACEHOLDER = re.compile(r"\[[^\[\]\d]{1,6}\](?: ?\d{1,3}(?:\"|''|″|秒))?")
# A face written in round brackets, the same in square ones is a placeholder anyway.
_FACE = late(
    r"\((?:微笑|大笑|偷笑|笑哭|捂脸|抱拳|握手|鼓掌|玫瑰|爱心|比心|强|赞|呲牙|害羞|流泪|OK|笑|哭|汗|加油|庆祝|胜利)\)"
)
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff]+")
# Whatever asks, counts or wants is no noise.
_CONTENT = late(
    r"\d{2,}|[?]|吗(?!$)|什么(?!问题|事)|多少|哪|几[个台点天号]|怎么(?!做)"
    r"|谁|能不能|可不可以|有没有|帮我(?!解|推|查到|找到|安排|这么|"
    r"大忙|了)|帮忙(?:查|看|推|找)|请(?:问|帮|给|发|把|您|你|安排|尽快)"
    r"|麻烦(?:(?:您|你)(?!们?了|们?啦)|再|帮|把|给|发|问|查|安排|尽快)|"
    r"但是|不过|可是|只是|预算|报价|价格|合同|样品|图纸|订单|发票|付款|交期|参数|资料|方案|电话|手机|邮箱|"
    r"地址|我要|我想|想要|推荐(?:一|个|家)|找(?:一|个|家)|明天|后天|下周|周[一二三四五六]|下午|点[半钟]|"
    r"便宜|贵(?!司|公司|方|单位)|优惠|发货|采购|下单|测试|报告|技术|确认(?!了|收)"
)
_WANTS_MORE = late(r"(?:发|寄|给我|告诉我|联系我|回复我|打给)")
_SENTENCE = late(r"[,。;!?、\s~.…:]+")


def is_noise(text: str | Plain) -> bool:
    """True for acknowledgements, thanks, greetings and placeholders; False as soon as one clause says something.

    Precision before recall: noise is not stored, and a lost wish costs more than a stored 好的 (B43).
    """
    written = text if isinstance(text, str) else text.source
    if len(written) > LONGEST * 3:
        return False
    bare = (plain(text) if isinstance(text, str) else text).text
    bare = _PLACEHOLDER.sub(" ", bare) if "[" in bare else bare
    bare = _FACE.sub("", bare) if "(" in bare else bare
    bare = _EMOJI.sub("", bare).strip()
    if len(bare) > LONGEST:
        return False
    if not bare:
        return True
    if bare.isascii() and _ENGLISH.fullmatch(bare):
        return True
    return all(_clause(clause) for clause in _SENTENCE.split(bare) if clause)


def _clause(clause: str) -> bool:
    """Is there nothing in this clause?"""
    if _ACK.fullmatch(clause) or _LATER.fullmatch(clause):
        return True
    if _CONTENT.search(clause) or len(clause) > 24:
        return False
    if _WISH.fullmatch(clause) or (len(clause) <= 14 and _DONE.fullmatch(clause)):
        return True
    return _THANKS.fullmatch(clause) is not None and _WANTS_MORE.search(clause) is None
