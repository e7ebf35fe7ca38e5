"""What people and logs get to see: masked phones, clipped texts, ids that can be typed, times that can be read."""

import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rules import text

SHANGHAI = ZoneInfo("Asia/Shanghai")


def wall(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+86-138-1234-5678", "138****5678"),
        ("0086 13812345678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("0755-26881234", "0755-****1234"),
        ("(0755)26881234", "0755-****1234"),
        ("075526881234", "0755-****1234"),
        ("+86 755 26881234", "0755-****1234"),
        ("0755-26881234-801", "0755-****1234"),
        ("021-58881234转12", "021-****1234"),
        ("400-123-4567", "400****4567"),
        ("26881234", "2****1234"),
        ("123456", "1****56"),
        ("1234", "****"),
        ("8", "*"),
        ("", ""),
        ("不详", "**"),
        ("138****5678", "138****5678"),
        ("0755-****1234", "0755-****1234"),
    ],
)
def test_a_phone_keeps_its_two_ends(phone: str, masked: str) -> None:
    assert text.mask_phone(phone) == masked
    assert text.mask_phone(masked) == masked


@settings(deadline=None)
@given(some.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), some.text(max_size=20), some.text(max_size=20))
def test_no_full_mobile_survives_in_a_log_line(phone: str, before: str, after: str) -> None:
    line = text.mask_phones_in(f"{before} {phone} {after}")
    assert phone not in line


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("陈工13812345678想买", "陈工138****5678想买"),
        ("call +86 138-1234-5678 now", "call 138****5678 now"),
        ("电话：0755-26881234转801，谢谢", "电话：0755-****1234，谢谢"),
        ("两个 13812345678/13900000001", "两个 138****5678/139****0001"),
        ("全角１３８１２３４５６７８", "全角138****5678"),
        ("幺三八一二三四五六七八", "138****5678"),
        ("phone=013812345678", "phone=138****5678"),
        ("msgid 71381234567812345", "msgid 71381234567812345"),
        ("at 2026-11-22 00:36:17.123456 L-1024 ￥210,000", "at 2026-11-22 00:36:17.123456 L-1024 ￥210,000"),
        ("1764000000000", "1764000000000"),
    ],
)
def test_phones_inside_a_text_are_masked_and_other_numbers_are_not(line: str, masked: str) -> None:
    assert text.mask_phones_in(line) == masked


@given(some.text() | some.text(alphabet="汉 7９²①٣𝟘"))
def test_digits_of_every_script_become_plain_ones_where_they_stand(line: str) -> None:
    assert text.half_width(line) == "".join(str(unicodedata.digit(char, char)) for char in line)


@pytest.mark.parametrize(
    ("phone", "grouped"),
    [
        ("13812345678", "138 1234 5678"),
        ("+8613812345678", "138 1234 5678"),
        ("0755-26881234-801", "0755 2688 1234 转 801"),
        ("02158881234", "021 5888 1234"),
        ("0574-8888123", "0574 888 8123"),
        ("4001234567", "400 123 4567"),
        ("+1 202 555 0100", "+1 202 555 0100"),
    ],
)
def test_a_revealed_phone_can_be_read_aloud(phone: str, grouped: str) -> None:
    assert text.grouped_phone(phone) == grouped


def test_a_title_is_cut_with_an_ellipsis() -> None:
    assert text.clip("宁波某汽配有限公司", 5) == "宁波某汽…"
    assert text.clip("宁波", 2) == "宁波"
    assert text.clip("宁波", 1) == "…"
    assert text.clip("宁波", 0) == ""
    assert text.clip("好👍🏽好", 3) == "好…"


def test_bytes_are_cut_between_characters() -> None:
    assert text.clip_bytes("跟进", 6) == "跟进"
    assert text.clip_bytes("跟进客户", 9) == "跟进…"
    assert text.clip_bytes("跟进客户", 10) == "跟进…"
    assert text.clip_bytes("跟进客户", 5) == "跟"
    assert text.clip_bytes("跟进", 0) == ""


@settings(deadline=None)
@given(some.text(), some.integers(0, 40))
def test_clipping_never_exceeds_its_limit(written: str, limit: int) -> None:
    assert len(text.clip(written, limit)) <= limit
    assert len(text.clip_bytes(written, limit).encode()) <= limit
    if len(written.encode()) <= limit:
        assert text.clip_bytes(written, limit) == written
        assert text.clip(written, limit) == written


@pytest.mark.parametrize(
    "typed", ["L-1024", "l1024", "l-1024", " L 1024 ", "Ｌ－1024", "#L-1024", "L—1024", "Ｌ１０２４"]
)
def test_an_id_can_be_typed_in_many_ways(typed: str) -> None:
    assert text.parse_id(typed) == ("L", 1024)


@pytest.mark.parametrize("typed", ["1024", " 1024", "#1024", "０1024"])
def test_a_bare_number_is_an_id_too(typed: str) -> None:
    assert text.parse_id(typed) == ("", 1024)


@pytest.mark.parametrize(
    "typed", ["", "L-", "李四", "X-12", "L-0", "13812345678", "L-1024 电话", "-1024", "10.5"]
)
def test_what_is_no_id_is_none(typed: str) -> None:
    assert text.parse_id(typed) is None


@settings(deadline=None)
@given(some.integers(1, 999_999_999))
def test_ids_are_read_back_as_they_are_written(number: int) -> None:
    assert text.parse_id(text.lead_id(number)) == ("L", number)
    assert text.parse_id(text.customer_id(number)) == ("C", number)
    assert text.parse_id(text.opportunity_id(number)) == ("O", number)


def test_ids_as_on_the_cards() -> None:
    assert (text.lead_id(1024), text.customer_id(311), text.opportunity_id(55)) == (
        "L-1024",
        "C-0311",
        "O-55",
    )


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-22T15:00", "今天 15:00"),
        ("2026-11-23T09:30", "明天 09:30"),
        ("2026-11-21T17:20", "昨天 17:20"),
        ("2026-11-24T18:00", "周二 11-24 18:00"),
        ("2027-01-04T09:00", "周一 2027-01-04 09:00"),
        ("2026-11-22T00:00", "今天 00:00"),
    ],
)
def test_times_are_shown_as_people_say_them(at: str, shown: str) -> None:
    assert text.when(wall(at), wall("2026-11-22T00:30"), SHANGHAI) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-60, "刚刚"), (59, "刚刚"), (300, "5 分钟前"), (10800, "3 小时前"), (172800, "2 天前")],
)
def test_how_long_ago(seconds: int, shown: str) -> None:
    now = wall("2026-11-22T10:00")
    assert text.ago(now - timedelta(seconds=seconds), now) == shown


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        text.when(datetime.fromisoformat("2026-11-22T10:00"), wall("2026-11-22T10:00"), SHANGHAI)
