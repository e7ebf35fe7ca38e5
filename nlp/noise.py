"""Is there anything to store in this message, or is it 收到，谢谢?"""

import re
import string
from functools import cache

from nlp.courtesies import ENGLISH, LATER, SOUNDS, THANKS, WISH, YOU, addresses, forms, may_address
from nlp.late import late
from nlp.lexicon import words
from nlp.notices import ALONE, ALONE_CHARS, NOTICE, NOTICE_CHARS
from nlp.plain import Plain, plain

LONGEST = 60  # a longer message says something

# Atomic groups and possessive repeats throughout: a long 哈哈哈…x must not be tried in every way there is.
_PARTICLE = r"(?:[啊呀哦吧的啦呢嘛哈噢哟喔咯呗喽~]|了(?!解)|一下)*+"


def _any_of(name: str) -> str:
    """An alternation of a word list, longer words first."""
    return "|".join(sorted(words(name), key=len, reverse=True))


_ACK = late(
    rf"(?>(?:那|这(?!样|个)|你|您)?+(?:就|都|真|很|太|挺|我们?|已经?|全|完全|大概|先|"
    rf"也)*+(?>{_any_of('acknowledgements')}){_PARTICLE}{YOU}{_PARTICLE})++|[\W_]*",
    re.I,
)
_DONE = late(rf"(?>{_any_of('settled')})++")
# 要 and 有问题 are made of the same words and say something.
_SETTLES = re.compile("没|不|了|答|明白|知道|清楚|解决|放心|满意|够|记|好|行|就是|谢")
_SECONDS = r" ?\d{1,3}(?:\"|''|″|秒)"
_PLACEHOLDER = re.compile(rf"\[[^\[\]\d]{{1,6}}(?:{_SECONDS})?\](?:{_SECONDS})?")
# A face written in round brackets, the same in square ones is a placeholder anyway.
_FACE = late(
    r"\((?:微笑|大笑|偷笑|笑哭|捂脸|抱拳|握手|鼓掌|玫瑰|爱心|比心|强|赞|呲牙|害羞|流泪|OK|笑|哭|汗|加油|庆祝|胜利)\)"
)
_THANK_YOU = late(r"\bthank (?:you|u)\b", re.I)
_SIGNS = re.compile(r"[\W_]*")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff]+")
# Whatever asks, counts or wants is no noise.
_CONTENT = late(
    r"\d{2,}|[?]|吗(?!$)|什么(?!问题|事)|多少|哪|几[个台点天号]|怎么(?!做)"
    r"|谁|能不能|可不可以|有没有|帮我(?!解|推|查到|找到|安排|这么|"
    r"大忙|了)|帮忙(?:查|看|推|找)|请(?:问|帮|给|发|把|您|你|安排|尽快)"
    r"|麻烦(?:(?:您|你)(?!们?了|们?啦)|再|帮|把|给|发|问|查|安排|尽快)|"
    r"但是|不过|可是|只是|预算|报价|价格|合同|样品|图纸|订单|发票|付款|交期|参数|资料|方案|电话|手机|邮箱|"
    r"地址|我要|我想|想要|推荐(?:一|个|家)|找(?:一|个|家)|明天|后天|下周|周[一二三四五六]|下午|点[半钟]|"
    r"便宜|垃圾|投诉|退[款货]|差评|坏了|贵(?!司|公司|方|单位)|优惠|发货|采购|下单|测试|报告|技术|确认(?!了|收)"
)
_WANTS_MORE = late(
    r"催|辛苦(?!了|一下|你们?|您)[一-龥]{1,8}(?:一下|下)$|(?<!谢谢[你您])(?<!感谢[你您])(?:发|寄|给我|告诉我|联系我|回复我|打给)"
)
# 没收到, 不明白, 好了没: made of the same words, and somebody waits for an answer.
_NOT_SO = late(
    r"没有?(?:收到|看懂|听懂|懂|明白|搞懂|搞定)|(?<!没)(?<!没有)不(?:明白|清楚|知道|懂|了解|行|方便|满意|同意|赞同|够|对)|[好了完到成]没有?[啊呢呀]?$|先不急"
)
_SENTENCE = late(r"[,。;!?、\s~.…:]+")


def _is_notice(line: str) -> bool:
    """Does the chat program itself say it?"""
    return (not NOTICE_CHARS.isdisjoint(line) and NOTICE.fullmatch(line) is not None) or (
        not ALONE_CHARS.isdisjoint(line) and ALONE.fullmatch(line) is not None
    )


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
    if "\n" in bare:
        bare = "\n".join(line for line in bare.splitlines() if not _is_notice(line.strip()))
    if "ou" in bare:
        bare = _THANK_YOU.sub("thanks", bare)
    if not bare or _SIGNS.fullmatch(bare) or _is_notice(bare):
        return True
    if bare.isascii() and ENGLISH.fullmatch(bare):
        return True
    clauses = [clause for clause in _SENTENCE.split(bare) if clause]
    if not all(map(_may_be_empty, clauses)):
        return False
    said_nothing = not clauses
    for clause in sorted(clauses, key=len, reverse=True):  # a long one most likely says something
        if addresses(clause):
            continue
        if not any(map(_empty, forms(clause))):
            return False
        said_nothing = True
    return said_nothing


def _may_be_empty(clause: str) -> bool:
    """No, where a character stands that is in no phrase at all; the phrases take much longer to say so."""
    return _alphabet().issuperset(clause) or not _OPEN.isdisjoint(clause) or may_address(clause)


@cache
def _alphabet() -> frozenset[str]:
    """Every character of every phrase."""
    phrases = (_ACK, _DONE, LATER, WISH, THANKS)
    return frozenset(
        "".join((*(phrase.pattern for phrase in phrases), *SOUNDS, string.ascii_letters, string.digits))
    )


_OPEN = frozenset("谢感辛劳费麻祝愿")  # anything may follow or be wished


def _empty(clause: str) -> bool:
    """Is there nothing in this clause?"""
    if _NOT_SO.search(clause) is not None:
        return False
    if _ACK.fullmatch(clause) or LATER.fullmatch(clause):
        return True
    if _CONTENT.search(clause) or len(clause) > 24:
        return False
    if WISH.fullmatch(clause) or (
        len(clause) <= 14 and _DONE.fullmatch(clause) and _SETTLES.search(clause) is not None
    ):
        return True
    return THANKS.fullmatch(clause) is not None and _WANTS_MORE.search(clause) is None
