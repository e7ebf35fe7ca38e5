"""Which resource fits a record; no fixtures."""

from rules.resources import Resource, fitting, search

CASES = Resource("液压阀块常见失效案例集", ("需要样品",), ("液压", "阀块"))
QUOTE = Resource("报价模板", ("等待报价",))
MANUAL = Resource("密封圈手册", keywords=("密封",))
HOUSE = Resource("公司介绍")
ALL = (QUOTE, MANUAL, CASES, HOUSE)


def test_the_best_comes_first_and_what_names_nothing_is_never_offered():
    assert fitting(ALL, "需要样品", ("液压阀块，月 300 件",)) == (CASES,)
    assert fitting(ALL, "等待报价", ("密封圈", "发方案")) == (MANUAL, QUOTE)
    assert fitting(ALL, "需要样品", ()) == (CASES,)
    assert fitting(ALL, "未接通", ("齿轮",)) == ()


def test_searching_by_name_keyword_and_initials():
    assert search(ALL, "阀") == (CASES,)
    assert search(ALL, "报价") == (QUOTE,)
    assert search(ALL, "bjmb") == (QUOTE,)
    assert search(ALL, "") == ALL
    assert search(ALL, "飞机") == ()
    assert HOUSE.title == "《公司介绍》"
    assert Resource("《手册》").title == "《手册》"
