"""Who may be the speaker of a message: what may stand before a colon or a stamp, and what is a key of a form."""

import re
from dataclasses import dataclass

from nlp.late import late
from nlp.lexicon import surnames
from nlp.stamps import DATE, MONTH_DAY, NEAR_DAY

Lines = list[tuple[int, str]]  # where each line starts in the normalised text, and the line


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Header:
    """A line that begins a message: where it starts, where the text behind it starts, who and when.

    `mark` is what stood behind the name: 微信, a company, a department. `at_name`: where the name starts.
    """

    line: int
    start: int
    body: int
    name: str
    mark: str
    stamp: str
    at_name: int


NAME = r"(?P<name>[^\s:,。;!?\[\]<>|=][^\n:,。;!?\[\]<>|=]{0,29}?)"
_AT = re.compile(r"\s*@(?P<mark>[^@\s]{1,20})\s*$")
_SAID = re.compile(r"(?<=[^\s])\s?(?:说|发表于)$")
_PAREN = re.compile(r"\s*\((?P<mark>[^()]{1,20})\)\s*$")
# Keys of forms and the like, that look like a speaker before a colon.
KEY = late(
    r"姓名|电话|手机|邮箱|公司|地址|职位|职务|价格|单价|数量|预算|需求|交期|备注|时间|"
    r"日期|地点|产品|型号|规格|城市|地区|名称|联系|编号|单号|微信|QQ|主题|标题|内容|来源|"
    r"要求|说明|注意|^(?:附?注|附|如|即|答|问)$|例如|比如|如下|问题|合计|总计|尺寸|材质|重量|功率|品牌|"
    r"费用|账号|密码|链接|网址|开户|税号|抄送|发件|收件|回复|转发|表单|进度|状态|结论|会议|截止|步骤|阶段|发送[人者]|发言人|昵称|^第.{1,2}[步条点项]$|"
    r"^(?:https?|tel|mob|mobile|e-?mail|fax|add|addr|address|name|phone|company|title|date|time|re|fw|ps|tips|note|from|to|cc|sent|subject|[A-Z])$",
    re.I,
)
# With a stamp behind it a name may hold such a word (微信用户), but not end in it, nor tell what a timetable tells.
KEY_AT_END = late(rf"(?:{KEY.pattern})$|会议|截止|进度|时间|日期|交期", re.I)
_NO_NAME = re.compile(
    rf"\d{{1,2}}:\d{{2}}|{DATE}|(?:^|\s){MONTH_DAY}$|{NEAR_DAY}$|^[\W\d_]+$|^[AaPp]\.?[Mm]\.?$"
)
AGENDA = late(
    r"(?:签到|茶歇|早餐|午餐|晚餐|晚宴|午休|出发|集合|返程|返回|到达|抵达|入住|退房|开幕|开场|闭幕|致辞|"
    r"颁奖|散会|自由活动|上班|下班|开门|关门|营业|开始|结束|起飞|降落|登机|发车)$"
)
# Words of forms, as they most often stand before a colon by themselves; each of them is in `KEY`.
COMMON_KEYS = frozenset(
    ("姓名", "电话", "手机", "邮箱", "公司", "地址", "职位", "职务", "需求", "预算", "备注", "时间", "微信", "城市", "产品", "数量")
)  # fmt: skip


def clean(name: str) -> tuple[str, str]:
    """张三@微信 and 李四(市场部) without what stands behind, and that."""
    for pattern in (_AT, _PAREN):
        match = pattern.search(name)
        if match is not None and match.start() > 0:
            return name[: match.start()].strip(), match["mark"]
    return _SAID.sub("", name.strip().rstrip("-*").strip()), ""


_DAY_ENDS = frozenset("天一二三四五六日ytmM")


def is_no_name(name: str) -> bool:
    """Is it a day or an hour, or nothing but signs? Letters alone are none of it, but for the last one of a day."""
    return (not name.isalpha() or name[-1] in _DAY_ENDS) and _NO_NAME.search(name) is not None


def aliased(name: str) -> bool:
    """联系人王总 is no speaker, but 问 and 如 may be in a nickname that ends like a person."""
    return len(name) <= 4 and name[0] in surnames().single and name[-1] in "总工姐哥董"
