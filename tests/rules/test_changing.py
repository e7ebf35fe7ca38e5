"""Whose field it is, what becomes of the names, what stays."""

from datetime import UTC, datetime

import pytest

from rules.changing import Record, back, differences, put_right, which_contact
from rules.errors import Refused
from rules.leads import Contact, Customer, Lead

FIRM = Customer(id=301, name="陈立", company="宁波恒达汽配有限公司", city="宁波")
PERSON = Contact(id=7, customer=301, name="陈立", phone="13812345678")
LEAD = Lead(
    id=1001, customer=301, owner="w", created_at=datetime(2026, 11, 23, tzinfo=UTC), note="预算 ¥300,000；急"
)
KNOWN = Record(FIRM, PERSON, LEAD)


def test_each_field_goes_where_it_belongs_and_only_what_differs_is_a_difference() -> None:
    after = put_right(KNOWN, {"phone": "13900001111", "city": "余姚", "need": "增压泵", "budget": "500,000"})
    assert (after.contact.phone, after.customer.city, after.lead and after.lead.need) == (
        "13900001111",
        "余姚",
        "增压泵",
    )
    assert after.lead is not None
    assert after.lead.note == "预算 ¥500,000；急"
    assert differences(KNOWN, after) == {
        "phone": ("13812345678", "13900001111"), "city": ("宁波", "余姚"), "need": ("", "增压泵"), "budget": ("300,000", "500,000"),
    }  # fmt: skip
    assert differences(KNOWN, put_right(KNOWN, {"city": "宁波"})) == {}


def test_the_budget_goes_without_the_rest_of_the_note_and_comes_back() -> None:
    without = put_right(KNOWN, {"budget": ""})
    assert without.lead is not None
    assert without.lead.note == "急"
    again = put_right(without, {"budget": "300,000"})
    assert again.lead == LEAD


def test_who_is_called_like_contact_or_company_still_is() -> None:
    assert put_right(KNOWN, {"name": "陈丽"}).customer.name == "陈丽"
    called_as_firm = Record(Customer(id=1, name="恒达", company="恒达"), PERSON)
    assert put_right(called_as_firm, {"company": "宁波恒达"}).customer.name == "宁波恒达"
    assert put_right(called_as_firm, {"company": ""}).customer.label == "陈立"
    nickname = Record(Customer(id=1, name="老陈家", company="恒达"), PERSON)
    assert put_right(nickname, {"name": "陈丽", "company": "大恒达"}).customer.name == "老陈家"


def test_nobody_and_nothing_is_left_without_a_name() -> None:
    with pytest.raises(Refused, match="什么都没有了"):
        put_right(KNOWN, {"name": "", "phone": ""})
    with pytest.raises(Refused, match="总要有个名称"):
        put_right(Record(Customer(id=1, name="恒达", company="恒达"), Contact(0, 1, "")), {"company": ""})
    with pytest.raises(Refused, match="请写线索编号"):
        put_right(Record(FIRM, PERSON), {"need": "泵"})


def test_what_is_too_long_is_cut_as_the_columns_are() -> None:
    after = put_right(KNOWN, {"name": "长" * 100, "company": "司" * 200, "city": "城" * 60})
    assert (len(after.contact.name), len(after.customer.company), len(after.customer.city)) == (64, 120, 40)


def test_back_is_refused_when_somebody_changed_it_again() -> None:
    changes = differences(KNOWN, after := put_right(KNOWN, {"city": "余姚"}))
    assert back(after, changes, "L-1001") == {"city": "宁波"}
    with pytest.raises(Refused, match="L-1001 之后又改过"):
        back(put_right(after, {"city": "慈溪"}), changes, "L-1001")


def test_of_several_contacts_one_must_be_named() -> None:
    other = Contact(id=8, customer=301, name="王芳")
    assert which_contact((), "", "C-0301", ()) is None
    assert which_contact((PERSON,), "", "C-0301", ()) == PERSON
    assert which_contact((PERSON, other), "王芳", "C-0301", ()) == other
    with pytest.raises(Refused, match="陈立、王芳"):
        which_contact((PERSON, other), "", "C-0301", (LEAD,))
    with pytest.raises(Refused, match="陈立、陈立"):
        which_contact((PERSON, PERSON), "陈立", "C-0301", ())
