"""WeChat ids: spelt out, or "same as the phone"."""

import re
from collections.abc import Sequence

from nlp.evidence import Found
from nlp.plain import Plain, plain
from nlp.signs import sign
from nlp.starts import matches

_CUE = r"(?:微信号?|weixin|wechat|(?<![a-z])[vw]x|(?<![a-z])v信|威信|加我?[vV])"
_SPELT = re.compile(
    rf"{_CUE}(?: ?(?:id|号|是|为|号是|号码|账号))?[ :=]{{0,3}}(?P<id>[a-z][\w\-]{{5,19}}|1[3-9]\d{{9}})(?![\w@.])",
    re.ASCII | re.I,
)
_SAME = re.compile(
    rf"{_CUE}[和跟与]?(?:手机|电话)?(?:号码?)?(?:是)? ?(?:同号|同手机|同步|一样|"
    rf"同电话)|(?:手机|电话)(?:号码?)?(?:即|就是|同){_CUE}|同微信|\(微信\)",
    re.I,
)


_SPELT_STARTS = re.compile("[微威加wWvV]")
_SAME_STARTS = re.compile("[微威加wWvV手电同(]")
_HINT = sign("微威vVwW")


def find(text: str | Plain, phones: Sequence[Found] = ()) -> tuple[Found, ...]:
    """WeChat ids in the text; `phones` are the numbers already found in it, for 微信同号."""
    words = plain(text) if isinstance(text, str) else text
    if not words.signs & _HINT:
        return ()
    found = [
        words.found("wechats", *match.span("id"), 0.95, "spelt", match["id"])
        for match in matches(_SPELT_STARTS, _SPELT, words.text)
    ]
    mobiles = [phone for phone in phones if phone.rule == "mobile"]
    for match in matches(_SAME_STARTS, _SAME, words.text):
        start, end = words.place(*match.span())
        before = [phone for phone in mobiles if phone.end <= end] or mobiles
        if before:
            nearest = min(before, key=lambda phone: abs(start - phone.end))
            found.append(
                Found("wechats", nearest.value.split("-")[0], match[0], start, end, 0.9, "same-as-phone")
            )
    once = {hit.value: hit for hit in reversed(found)}
    return tuple(reversed(once.values()))
