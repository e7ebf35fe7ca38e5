"""What changed in an address book."""

from rules.directory import Entry, Person, compare, member_id, told


def entry(user: str, *, gone: bool = False) -> Entry:
    return Entry(1, user, user, "member", gone=gone)


def test_who_is_new_who_is_known_and_who_has_no_name() -> None:
    seen = [Person("a", "王磊"), Person("b", "何新"), Person("c", ""), Person("d", "孙浩")]
    found = compare(seen, [], {"a"}, {"孙浩": "sunhao"}, whole=True, most_gone=0.3)
    assert [one.user for one in found.known] == ["a"]
    assert [one.user for one in found.new] == ["b"]
    assert [who for who, _ in found.failed] == ["c", "孙浩"]
    assert told(found.failed) == "2：没有姓名（c）；与成员同名，发 /绑定 @姓名 认人（孙浩）"


def test_who_was_never_there_is_not_gone() -> None:
    found = compare([], [entry("a")], {"a", "never"}, {}, whole=True, most_gone=0.3)
    assert found.gone == ("a",)


def test_nobody_is_gone_when_a_part_could_not_be_read() -> None:
    assert compare([], [entry("a")], {"a"}, {}, whole=False, most_gone=0.3).gone == ()


def test_many_at_once_are_held_until_somebody_is_sure() -> None:
    entries = [entry(f"u{n}") for n in range(20)]
    seen = [Person(f"u{n}", f"u{n}") for n in range(13)]
    held = compare(seen, entries, set(), {}, whole=True, most_gone=0.3)
    assert (held.gone, held.held) == ((), 7)
    sure = compare(seen, entries, set(), {}, whole=True, most_gone=0.3, sure=True)
    assert len(sure.gone) == 7
    six = compare([*seen, Person("u13", "u13")], entries, set(), {}, whole=True, most_gone=0.3)
    assert (len(six.gone), six.held) == (6, 0)


def test_back_again() -> None:
    found = compare([Person("a", "甲")], [entry("a", gone=True)], set(), {}, whole=True, most_gone=0.3)
    assert (found.back, found.new) == (("a",), ())


def test_somebody_else_under_a_leaver_s_user_id_is_not_the_leaver() -> None:
    """Platforms give ids out again: a new colleague would get the customers, or the rights, of who had it before."""
    before = [Entry(1, "a", "周工", "member", gone=True), Entry(2, "b", "钱会计", "no", gone=True)]
    seen = [Person("a", "何新"), Person("b", "吕晴")]
    found = compare(seen, before, {"a"}, {}, whole=True, most_gone=0.3)
    assert (found.back, [who for who, _ in found.failed]) == (("b",), ["a"])
    assert "现在叫何新，原来是周工" in told(found.failed)
    sure = compare(seen, before, {"a"}, {}, whole=True, most_gone=0.3, sure=True)
    assert (sure.back, sure.failed) == (("a", "b"), ())
    same = compare([Person("a", "周工"), Person("b", "")], before, {"a"}, {}, whole=True, most_gone=0.3)
    assert same.back == ("a", "b")


def test_a_member_id_is_readable_and_free() -> None:
    assert member_id("He.Xin", set()) == "he.xin"
    assert member_id("he xin", {"hexin"}) == "hexin-2"
    assert member_id("何新", set()) == "member"
