"""Is there anything to store in this message, or is it 收到，谢谢?"""

import re

from nlp.lexicon import words
from nlp.plain import plain

LONGEST = 60  # a longer message says something

# Atomic groups and possessive repeats throughout: a long 哈哈哈…x must not be tried in every way there is.
_PARTICLE = r"(?:[啊呀哦吧的啦呢嘛哈噢哟喔咯呗~]|了(?!解)|一下)*+"
_YOU = r"(?>你们|您们|你|您|大家|老师|老板|亲|各位|美女|帅哥|兄弟)?"


def _any_of(name: str) -> str:
    """An alternation of a word list, longer words first."""
    return "|".join(sorted(words(name), key=len, reverse=True))


_ACK = re.compile(
    rf"(?>(?:那|这|你|您)?+(?:就|都|真|很|太|挺|我们?|已经?|全|完全|大概|先|"
    rf"也)*+(?>{_any_of('acknowledgements')}){_PARTICLE}{_YOU}{_PARTICLE})++|[\W_]*",
    re.I,
)
_THANKS = re.compile(
    rf"(?>那就|那|好的?|收到|嗯|行|可以|明白了?|真是|真|太|非常|十分|特别|很|多|万分|再次|还是|先|我|就|也|"
    rf"要|得)*(?:感谢|谢谢|谢啦|谢了|谢|多谢|麻烦|辛苦|感激不尽|有劳|费心)(?:您|你|你们|大家|{_YOU})?.{{0,18}}"
)
_WISH = re.compile(
    r"(?:也|那|就|预|先|再次)*(?:祝|愿|预祝).{0,16}(?:愉快|顺利|开心|快乐|发财|商祺|安好|安康|健康|幸福|好运|成功|如意|"
    r"吉祥|兴隆|美满|平安|好心情|玩得高兴|大吉)|(?:新年|周末|节日|生日|旅途|用餐|游玩|中秋|国庆|春节|圣诞)(?:快乐|愉快|好)"
)
_LATER = re.compile(
    r"(?:那|好|行)?(?:我|您|你)?们?(?:就)?(?:先)?(?:忙|休息|这样|不打扰(?:您|你)?|不聊|下|撤|吃饭|睡)(?:了|吧|哈|啦|着)*|"
    r"(?:那)?(?:回头|改天|下次|有空|有机会)(?:再)?(?:聊|说|见|联系|约)(?:了|吧|哈|啦)*"
)
_DONE = re.compile(rf"(?>{_any_of('settled')})++")
_PLACEHOLDER = re.compile(r"\[[^\[\]\d]{1,6}\]")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff]+")
# Whatever asks, counts or wants is no noise.
_CONTENT = re.compile(
    r"\d{2,}|[?]|吗(?!$)|什么(?!问题|事)|多少|哪|几[个台点天号]|怎么(?!做)"
    r"|谁|能不能|可不可以|有没有|帮我(?!解|推|查到|找到|安排|这么|"
    r"大忙|了)|帮忙(?:查|看|推|找)|请(?:问|帮|给|发|把|您|你|安排|尽快)"
    r"|麻烦(?:(?:您|你)(?!们?了|们?啦)|再|帮|把|给|发|问|查|安排|尽快)|"
    r"但是|不过|可是|只是|预算|报价|价格|合同|样品|图纸|订单|发票|付款|交期|参数|资料|方案|电话|手机|邮箱|"
    r"地址|我要|我想|想要|推荐(?:一|个|家)|找(?:一|个|家)|明天|后天|下周|周[一二三四五六]|下午|点[半钟]|"
    r"便宜|贵|优惠|发货|采购|下单|测试|报告|技术|确认(?!了|收)"
)
_WANTS_MORE = re.compile(r"(?:发|寄|给我|告诉我|联系我|回复我|打给)")
_SENTENCE = re.compile(r"[,。;!?、\s~.…:]+")


def is_noise(text: str) -> bool:
    """True for acknowledgements, thanks, greetings and placeholders; False as soon as one clause says something.

    Precision before recall: noise is not stored, and a lost wish costs more than a stored 好的 (B43).
    """
    bare = _EMOJI.sub("", _PLACEHOLDER.sub("", plain(text[: LONGEST * 3]).text)).strip()
    if len(bare) > LONGEST or len(text) > LONGEST * 3:
        return False
    if not bare:
        return True
    return all(_clause(clause) for clause in _SENTENCE.split(bare) if clause)


def _clause(clause: str) -> bool:
    """Is there nothing in this clause?"""
    if _ACK.fullmatch(clause):
        return True
    if _CONTENT.search(clause) or len(clause) > 24:
        return False
    if _WISH.fullmatch(clause) or _LATER.fullmatch(clause) or (len(clause) <= 14 and _DONE.fullmatch(clause)):
        return True
    return _THANKS.fullmatch(clause) is not None and _WANTS_MORE.search(clause) is None
