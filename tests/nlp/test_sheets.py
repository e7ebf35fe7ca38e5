"""Rows pasted from a spreadsheet: the columns of firms and sums, however the cells are parted, and lines that are none."""

import pytest

from nlp import companies, money


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("序号\t公司\t联系人\n1\t永昌\t许燕\n2\t德立\t曹刚", ["永昌", "德立"]),
        ("| 供应商 | 交期 |\n|---|---|\n| 华信 | 3天 |\n| 恒达 | 5天 |", ["华信", "恒达"]),
        ("投标单位,报价\n鲁班建工,120万\n恒大市政,98万", ["鲁班建工", "恒大市政"]),
        ("客户名称 区域 进度\n利元亨 惠州 流失", ["利元亨"]),
        ("客户  电话\n-  13800138000\n无  13900139000", []),
        ("品牌\t型号\n西门子\tS7-200", []),
        ("客户 电话\n好的 谢谢", []),
    ],
)
def test_firms_under_their_heading(text: str, names: list[str]) -> None:
    assert [hit.value for hit in companies.find(text)] == names


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("日期\t品名\t单价\n11-18\t轴套\t6.5\n11-19\t端盖\t12.8", [6.5, 12.8]),
        ("客户,金额(万)\n永昌,12.5\n德立,8", [125_000, 80_000]),
        ("客户 金额 备注\n永昌 3万 急\n德立 1,200 无", [30_000, 1_200]),
        ("品名,单价(USD)\n轴套,6.5", []),
    ],
)
def test_sums_under_their_heading(text: str, sums: list[float]) -> None:
    assert [money.yuan(hit) for hit in money.find(text)] == sums
