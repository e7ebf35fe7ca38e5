"""Numbers as people write them: 25, 二十五, 两百三, 一万五, 1.5, 二点五, 半."""

import re

DIGITS = dict(
    zip(
        "零〇○一二三四五六七八九两幺壹贰叁肆伍陆柒捌玖",
        (0, 0, 0, *range(1, 10), 2, 1, *range(1, 10)),
        strict=True,
    )
)
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_WRITTEN = re.compile(r"\d{1,15}(?:\.\d{1,6})?", re.ASCII)


def number(words: str) -> float | None:
    """The value of a number, None when it is none.

    A digit after a unit with nothing behind counts in the next lower unit: 一万五 = 15000, 三百五 = 350.
    """
    words = words.replace(",", "").strip()
    if _WRITTEN.fullmatch(words):
        return float(words)
    if words == "半":
        return 0.5
    if not words or len(words) > 16:
        return None
    if all(char in DIGITS for char in words):
        return float("".join(str(DIGITS[char]) for char in words))
    ahead, point, behind = words.partition("点")
    if point and behind and all(char in DIGITS for char in behind):
        value = number(ahead)  # 二点五
        return None if value is None else value + float("0." + "".join(str(DIGITS[char]) for char in behind))
    return _with_units(words)


def _with_units(words: str) -> float | None:
    total = section = 0.0
    digit: float | None = None
    last = 1.0  # the unit just read; a lone digit behind it counts in tenths of it
    zero = False
    for char in words:
        if char in DIGITS:
            zero = zero or DIGITS[char] == 0
            digit = float(DIGITS[char])
        elif char in _UNITS:
            last = _UNITS[char]
            section += (1.0 if digit is None else digit) * last
            digit, zero = None, False
        elif char in _LARGE:
            last = _LARGE[char]
            section += digit or 0.0
            total += (section or 1.0) * last
            section, digit, zero = 0.0, None, False
        else:
            return None
    if digit is not None:
        section += digit if last <= 10 or zero else digit * last / 10
    return total + section


def whole(words: str) -> int | None:
    """Like `number`, for whole numbers only."""
    value = number(words)
    return int(value) if value is not None and value == int(value) else None
