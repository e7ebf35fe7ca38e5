"""Where a file in TOML is written wrong, and how to put it right, for people who do not know TOML."""

import re

_AT = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')
_FOREIGN = {
    "“": '"',
    "”": '"',
    "‘": '"',
    "’": '"',
    "，": ",",
    "＝": "=",
    "［": "[",
    "］": "]",
    "【": "[",
    "】": "]",
    "、": ",",
}
_MEANT = (
    (
        "twice",
        "同一节写了两次，请合成一节（[[need]] 和 [[company]] 可以有很多节，[people] 和 [deny] 只能有一节）",
    ),
    ("Cannot overwrite", "同一项写了两次，请合成一处"),
    ("Unclosed array", "方括号 [ ] 没有配对，或者词与词之间少了逗号"),
    ("Expected ']", "小节名的方括号没有配对，要写成 [[need]] 或 [people]"),
    ("Expected '='", "要写成 名称 = 内容"),
    ("Unterminated", "引号没有配对"),
    ("Illegal character", "引号没有配对，或者里面有不能用的字符"),
    ("Invalid value", '内容要放在英文引号里，例如 kind = "设备采购"'),
    ("Expected newline", "一行只能写一项，后面不能再有别的内容"),
    ("Invalid statement", "这一行看不懂，要写成 名称 = 内容，说明文字前面加 #"),
)
NOT_UTF8 = "文件编码不是 UTF-8，读不出来：请在编辑器里用「另存为」，编码选 UTF-8"
NEAR = 3  # lines before the one that is reported: an array left open is noticed late


def told(text: str, error: ValueError) -> str:
    """ "第 2 行「keyword = “激光清洗”」：里面有中文标点 “，要换成英文的 "" for what `tomllib` said of `text`; one line."""
    said, lines = str(error), text.splitlines()
    at = _AT.search(said)
    last = int(at[1]) if at is not None and at[1] else len(lines)
    for number in range(last, max(0, last - NEAR), -1):
        foreign = _foreign(lines[number - 1]) if number <= len(lines) else ""
        if foreign:
            return f"{_line(lines, number)}：引号外面有中文标点 {foreign} ，要换成英文的 {_FOREIGN[foreign]}"
    why = next((meant for start, meant in _MEANT if start in said), said)
    return f"{_line(lines, last)}：{why}"


def _foreign(line: str) -> str:
    """The first Chinese mark outside of strings and remarks."""
    return next((sign for sign in _STRING.sub("", line) if sign in _FOREIGN), "")


def _line(lines: list[str], number: int) -> str:
    shown = lines[number - 1].strip()[:40] if 0 < number <= len(lines) else ""
    return f"第 {number} 行「{shown}」" if shown else f"第 {number} 行"
