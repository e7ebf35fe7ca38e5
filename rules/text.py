"""Text as people see it: phones masked and grouped, short ids, clipping, and when something was or will be."""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

ELLIPSIS: Final = "…"
WEEKDAYS: Final = "一二三四五六日"
NUMERALS: Final = str.maketrans("零〇一二两三四五六七八九幺", "0012234567891")

# ── phones ────────────────────────────────────────────────────────────────────────────────────────────────────────

_GAP = r"[\s\-‐-―.·]{0,2}"
_DIGIT = "[0-9]"
_IN_TEXT = re.compile(
    rf"(?<![0-9])(?:\+?(?:00)?86{_GAP})?(?:"
    rf"0?(?P<mobile>1[3-9]{_DIGIT}(?:{_GAP}{_DIGIT}){{8}})"
    rf"|(?P<fixed>\(?0(?:10|2{_DIGIT}|[3-9]{_DIGIT}{{2}})\)?{_GAP}[2-9]{_DIGIT}{{2,3}}{_GAP}{_DIGIT}{{4}})"
    rf"(?:{_GAP}(?:转|ext\.?|x)?{_GAP}{_DIGIT}{{1,6}})?"
    rf")(?![0-9])",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"(?<![零〇一二两三四五六七八九幺])[一幺][三四五六七八九][零〇一二两三四五六七八九幺]{9}(?![零〇一二两三四五六七八九幺])"
)
_MAIL = re.compile(r"(?<=(?<![\w.+%-])[\w.+%-])[\w.+%-]{0,63}(?=@[\w-]{1,63}\.)", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_MASKED = re.compile(r"\d{0,4}-?\*{3,}-?\d{0,4}|\*+")


def _split(phone: str) -> tuple[str, str, str]:
    """A phone → (area code or "", number, extension or ""), digits only, without the country code."""
    plain = unicodedata.normalize("NFKC", phone).strip()
    main, *rest = re.split(r"(?:转|ext\.?|x|#)", plain, maxsplit=1, flags=re.IGNORECASE)
    extension = re.sub(r"\D", "", rest[0]) if rest else ""
    if not extension and (tail := re.fullmatch(r"(.*\d{7,8})-(\d{1,6})", main)):
        main, extension = tail.groups()
    digits = re.sub(r"\D", "", main)
    if len(digits) > 11 and (code := re.match(r"(?:00)?86", digits)):
        digits = digits[code.end() :]
        digits = digits if digits.startswith(("0", "1", "4")) else "0" + digits
    if re.fullmatch(r"01[3-9]\d{9}", digits):
        digits = digits[1:]
    if re.fullmatch(r"0\d{9,11}", digits):
        area = 3 if digits[1] in "12" else 4
        return digits[:area], digits[area:], extension
    return "", digits, extension


def mask_phone(phone: str) -> str:
    """ "13812345678" → "138****5678", "0755-26881234" → "0755-****1234"; four digits or fewer vanish whole.

    An extension is left out. A phone that is masked already stays as it is.
    """
    if _MOBILE.fullmatch(phone):  # nearly every one
        return f"{phone[:3]}****{phone[-4:]}"
    if _MASKED.fullmatch(phone.strip()):
        return phone.strip()
    area, number, _ = _split(phone)
    if area:
        return f"{area}-****{number[-4:]}"
    if len(number) <= 4:
        return "*" * (len(number) or len(phone.strip()))
    shown = 4 if len(number) >= 8 else 2
    front = min(3, max(0, len(number) - shown - 3))
    return f"{number[:front]}****{number[-shown:]}"


def mask_phones_in(text: str) -> str:
    """The text with every phone number in it masked, for logs and groups. Full-width and spoken digits too."""
    plain = half_width(text)
    masked = _IN_TEXT.sub(lambda found: mask_phone(found["mobile"] or found["fixed"]), plain)
    return _SPOKEN.sub(lambda found: mask_phone(found[0].translate(NUMERALS)), masked)


def mask_contacts_in(text: str) -> str:
    """The same, and of every e-mail address in it only the first letter: for readers whose record it is not."""
    return _MAIL.sub("****", mask_phones_in(text)) if "@" in text else mask_phones_in(text)


def half_width(text: str) -> str:
    """Digits of every script as 0-9, one character for one character."""
    if text.isascii() or all(map(str.isascii, filter(str.isdigit, text))):
        return text
    return "".join(str(digit) if (digit := unicodedata.digit(char, -1)) >= 0 else char for char in text)


def grouped_phone(phone: str) -> str:
    """A full phone to be read aloud: "138 1234 5678", "0755 2688 1234 转 801", "400 123 4567"; others unchanged."""
    area, number, extension = _split(phone)
    after = f" 转 {extension}" if extension else ""
    if area:
        return f"{area} {number[:-4]} {number[-4:]}{after}"
    if re.fullmatch(r"1[3-9]\d{9}", number):
        return f"{number[:3]} {number[3:7]} {number[7:]}{after}"
    if re.fullmatch(r"[48]00\d{7}", number):
        return f"{number[:3]} {number[3:6]} {number[6:]}{after}"
    return phone.strip()


# ── clipping ──────────────────────────────────────────────────────────────────────────────────────────────────────


def clip(text: str, chars: int) -> str:
    """The text in at most `chars` characters, the last of them "…" when something was cut off."""
    if len(text) <= chars:
        return text
    return _whole(text, chars - 1).rstrip() + ELLIPSIS if chars > 0 else ""


def clip_bytes(text: str, size: int) -> str:
    """The text in at most `size` bytes of UTF-8, never half a character; ends in "…" when cut and there is room."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= size:
        return text
    tail = ELLIPSIS if size >= 2 * len(ELLIPSIS.encode()) else ""
    kept = raw[: max(0, size - len(tail.encode()))].decode("utf-8", "ignore")
    return _whole(text, len(kept)).rstrip() + tail


def _whole(text: str, end: int) -> str:
    """text[:end], or a little less, so that an emoji or an accented letter is not taken apart."""
    while 0 < end < len(text) and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[: max(0, end)]


def _joins(char: str) -> bool:
    """Whether the character belongs to the one before it: accents, emoji variants, skin tones, joiners."""
    return (
        unicodedata.combining(char) > 0
        or char == "\u200d"
        or "\ufe00" <= char <= "\ufe0f"
        or "🏻" <= char <= "🏿"
    )


# ── ids ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def lead_id(number: int) -> str:
    """1024 → "L-1024"."""
    return f"L-{number:04d}"


def customer_id(number: int) -> str:
    """311 → "C-0311"."""
    return f"C-{number:04d}"


def opportunity_id(number: int) -> str:
    """55 → "O-55"."""
    return f"O-{number}"


def parse_id(text: str) -> tuple[str, int] | None:
    """ "L-1024", "l1024", "#L－1024" → ("L", 1024); "1024" → ("", 1024); None when it is no id.

    A number of more than nine digits is a phone, not an id.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    found = re.fullmatch(r"#?\s*([LCO]?)\s*[-‐-―_−]?\s*([0-9]{1,9})", plain)
    if found is None or not int(found[2]) or (not found[1] and not re.fullmatch(r"#?\s*[0-9]+", plain)):
        return None
    return found[1], int(found[2])


# ── when ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def when(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment as wall clock in `zone`: "今天 15:00", "明天 09:30", "昨天 17:20", "周二 11-24 18:00".

    The year is added when it is not this one. Raises ValueError for naive times.
    """
    local, today = _local(at, zone), _local(now, zone).date()
    day = local.date()
    match (day - today).days:
        case 0:
            name = "今天"
        case 1:
            name = "明天"
        case -1:
            name = "昨天"
        case _:
            name = weekday(at, now, zone)
    return f"{name} {local:%H:%M}"


def weekday(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A day in `zone`: "周二 11-24", with the year when it is not this one. Raises ValueError for naive times."""
    day = _local(at, zone).date()
    shown = f"{day:%m-%d}" if day.year == _local(now, zone).year else day.isoformat()
    return f"周{WEEKDAYS[day.weekday()]} {shown}"


def ago(at: datetime, now: datetime) -> str:
    """How long ago: "刚刚", "5 分钟前", "3 小时前", "2 天前". A moment that is not over yet is "刚刚"."""
    seconds = int((_local(now, UTC) - _local(at, UTC)).total_seconds())
    if seconds < 60:
        return "刚刚"
    if seconds < 3600:
        return f"{seconds // 60} 分钟前"
    if seconds < 86400:
        return f"{seconds // 3600} 小时前"
    return f"{seconds // 86400} 天前"


def _local(at: datetime, zone: tzinfo) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"the time {at.isoformat()} has no zone; expected an aware datetime")
    return at.astimezone(zone)
