"""What the customer says yes to: the thing that we name in a question (您是说激光打标机吗), and they do not."""

from collections.abc import Sequence
from itertools import pairwise

from nlp.evidence import Found
from nlp.late import late
from nlp.reading import Reading

_QUESTION = late(
    r"(?:[您你]|贵司|咱)们?(?:家|这边|那边)?(?:之前|上次|前几天)?(?:是[说问指要]|[说问要看找提买用]的?是?|需要的?是?|想[要买问找看])(?:的是|的)?"
    r"(?:那[个款台套种]|我们的?)?(?P<thing>[^,，。;；!！?？\n吗]{2,16}?)(?:还(?:需)?要|是吧|对吧|对吗|对不对|是不是)?(?:吗|(?<![什怎多这那])么|吧|[?？])"
)
_YES = late(
    r"(?:嗯+|哦|啊)?[,，\s]*(?:对(?![不方])|是的?(?!不)|没错|要(?![不是求])|需要|就是|嗯+|有需要|好的?[,，]?要)"
)
_NO_THING = late(
    r".*(?:什么|哪|多少|几|怎么|发票|合同|报价|资料|方便|时间|价格|电话|微信|地址).*|[这那]个|吃|来|便宜"
)


def thing(reading: Reading, ours: Sequence[tuple[int, int]]) -> Found | None:
    """The last thing that we asked about and that the next message, not ours, says yes to."""
    mine = {head for head, _ in ours}
    found = None
    for turn, answer in pairwise(reading.turns):
        if turn.head not in mine or answer.head in mine:
            continue
        match = _QUESTION.search(reading.text, turn.start, turn.end)
        if match is None or _YES.match(reading.text, answer.start, answer.end) is None:
            continue
        if _NO_THING.fullmatch(match["thing"]) is None:
            found = Found(
                "need", match["thing"].strip(), match["thing"], *match.span("thing"), 0.7, "affirmed"
            )
    return found
