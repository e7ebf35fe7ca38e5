"""A line of labelled fields: "电话 139… 公司 … 姓名 …", in any order, with or without colons."""

import re

from nlp.late import late
from nlp.plain import plain

# The words a person may write for a field of the draft, longer ones first.
WORDS: dict[str, tuple[str, ...]] = {
    "phone": ("手机号码", "电话号码", "联系电话", "手机号", "电话", "手机", "座机", "tel", "mobile", "phone"),
    "email": ("电子邮箱", "邮箱", "邮件", "email", "e-mail", "mail"),
    "wechat": ("微信号", "微信", "wechat"),
    "company": ("公司名称", "公司", "单位", "企业", "company"),
    "title": ("职位", "职务", "职称", "岗位", "title"),
    "name": ("姓名", "名字", "联系人", "称呼", "客户名", "name"),
    "city": ("城市", "地区", "所在地", "city"),
    "credit_code": ("统一社会信用代码", "社会信用代码", "信用代码", "纳税人识别号", "税号"),
    "kind": ("需求类型", "类型", "类别"),
    "need": ("需求", "产品", "需要", "need"),
    "budget": ("预算", "budget"),
    "rivals": ("提过竞品", "竞争对手", "竞品"),
    "price": ("价格敏感度", "价格"),
    "deciders": ("决策人", "拍板人", "决策者"),
    "next_at": ("下次时间", "下次联系", "下次跟进", "跟进时间", "下一步", "时间", "下次"),
}
_FIELD = {word: field for field, words in WORDS.items() for word in words}
_ANY = "|".join(sorted(_FIELD, key=len, reverse=True))
# A label stands at the front, behind a break, or is followed by a colon; 手机壳 as a need is none.
_LABEL = late(
    rf"(?:^|(?<=[\s,;。、]))(?P<word>{_ANY})(?:(?:改成|改为|是|为)?\s*[:=]\s*|(?:改成|改为|是|为)\s*|\s+|(?=[\d+]))",
    re.I,
)


def fields(line: str) -> dict[str, str]:
    """Field → its value in the writer's words; {} when no label is in the line, empty values left out."""
    words = plain(line)
    matches = list(_LABEL.finditer(words.text))
    found: dict[str, str] = {}
    for n, match in enumerate(matches):
        end = matches[n + 1].start() if n + 1 < len(matches) else len(words.text)
        value = words.words(match.end(), end).strip(" ,，;；。、\n\t")
        if value:
            found[_FIELD[match["word"].lower()]] = value
    return found
