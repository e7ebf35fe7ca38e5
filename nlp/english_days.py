"""English day words: tomorrow, next Friday, Mar 5, 5th March 2027, next week, in 3 days."""

import re
from datetime import date, timedelta

from nlp.late import late
from nlp.stretch import Days, Reader, add_months, coming_year, days, month_end

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {
    word: n for n, word in enumerate(("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1)
}  # fmt: skip


def _day(match: re.Match[str], today: date) -> Days | None:
    """today, tomorrow, Friday, next Monday."""
    word = match["d"].lower()
    if word in _RELATIVE:
        return days(match, today + timedelta(days=_RELATIVE[word]), how="relative")
    day = today + timedelta(days=_WEEKDAYS.index(word[:3]) - today.weekday())
    which = (match["which"] or "").lower()
    if which in ("next", "last"):
        return days(match, day + timedelta(days=7 if which == "next" else -7), how="week")
    return days(match, day + timedelta(days=7) if day <= today else day, how="weekday")


_RELATIVE = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}


def _date(match: re.Match[str], today: date) -> Days | None:
    """March 5, Mar. 5th, 2027, 5 March 2027; March 2027 as a whole month."""
    line = match.string.rfind("\n", 0, match.start()) + 1
    if _HEADER.match(match.string, line, match.start()) is not None:
        return None
    month, year = _MONTHS.index(match["m"][:3].lower()) + 1, int(match["y"] or 0)
    if not match["d"]:
        if not year:
            return None
        return days(match, date(year, month, 1), month_end(year, month), "month")
    day = int(match["d"])
    return days(match, date(year or coming_year(month, day, today, False), month, day))


def _stretch(match: re.Match[str], today: date) -> Days | None:
    """this week, next month, last year."""
    count = {"this": 0, "next": 1, "last": -1}[match["which"].lower()]
    match match["unit"].lower():
        case "week":
            monday = today + timedelta(days=7 * count - today.weekday())
            return days(match, monday, monday + timedelta(days=6), "week")
        case "month":
            start = add_months(today.replace(day=1), count)
            return days(match, start, month_end(start.year, start.month), "month")
        case _:
            return days(match, date(today.year + count, 1, 1), date(today.year + count, 12, 31), "year")


def _away(match: re.Match[str], today: date) -> Days | None:
    """in 3 days, two weeks ago, 10 days later."""
    word = (match["n"] or match["n2"]).lower()
    count = _NUMBERS.get(word, 1) if word.isalpha() else int(word)
    count *= -1 if (match["side"] or "").lower() == "ago" else 1
    unit = (match["unit"] or match["unit2"]).lower()
    if unit in ("month", "year"):
        return days(match, add_months(today, count * (12 if unit == "year" else 1)), approximate=True)
    return days(match, today + timedelta(days=count * (7 if unit == "week" else 1)))


_HEADER = late(r"[> ]*(?:Date|Sent|On)(?::| [A-Z]|$)")  # when a mail was written, and no more


def _day_first(match: re.Match[str], today: date) -> Days | None:
    """5th March, 5 March 2027."""
    return _date(match, today)


# Short names are written with a capital: may 5 and mar 12 are none.
_MONTH = (
    r"(?P<m>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|january|february|april|june|july|august|"
    r"september|october|november|december)(?![A-Za-z])\.?"
)
_OF_MONTH = r"(?P<d>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?:,? ?(?P<y>(?:19|20)\d\d)(?![\d:]))"
_N = rf"\d{{1,3}}|an|{'|'.join(_NUMBERS)}|one"
_UNITS = "yYkK\u212ahH"  # of day, week, month and year one is in each; re.I takes the sign for kelvin for a k
_ENDS = "nbrylgptvcNBRYLGPTVC"  # what the short names of months end in

# The characters without which the pattern cannot match, the pattern, and who reads it.
READERS: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    (
        "yYtT",
        late(
            r"(?<![A-Za-z])(?:(?P<which>this|next|last|coming|on) )?(?P<d>today|tonight|yesterday|"
            r"tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?![A-Za-z])",
            re.I,
        ),
        _day,
    ),
    (
        _ENDS,
        late(rf"(?<![A-Za-z]){_MONTH}(?=,?[ -]?\d)(?:[ -]?{_OF_MONTH}(?![\dA-Za-z%]))?{_YEAR}?"),
        _date,
    ),
    (_ENDS, late(rf"(?<![\w.\-]){_OF_MONTH}(?: of)?[ -]?{_MONTH}[ -]?{_YEAR}?"), _day_first),
    (
        _UNITS,
        late(r"(?<![A-Za-z])(?P<which>this|next|last) (?P<unit>week|month|year)(?![A-Za-z])", re.I),
        _stretch,
    ),
    (
        _UNITS,
        late(
            rf"(?<![A-Za-z])in (?P<n>{_N}) (?P<unit>day|week|month|year)s?(?![A-Za-z])|"
            rf"(?<![\w.])(?P<n2>{_N}) (?P<unit2>day|week|month|year)s? (?P<side>ago|later|from now)",
            re.I,
        ),
        _away,
    ),
)

# Where they may begin.
BEGIN: dict[Reader, str] = {
    _day: r"[tTnNlLcCoOyYmMwWfFsS\u017f](?<![A-Za-z].)",  # what re.I takes for an s, too
    _date: r"[jfasondJFMASOND](?=[aepucoAEPUCO])(?<![A-Za-z].)",
    _day_first: r"[0-9](?=[0-9]?(?:[snrt][tdh])?(?: of)?[ -]?[jfasondJFMASOND])",
    _stretch: r"[tTnNlL](?=[hHeEaA][iIxX\u0130\u0131sS\u017f])(?<![A-Za-z].)",
    _away: r"[0-9aAiIoOtTfFsSeEnN\u0130\u0131\u017f](?<![A-Za-z].)",
}
