"""Several customers in one paste, and pastes with several numbers that are about one."""

import pytest

from nlp.several import split

ONE = {
    "two numbers of one person": "陈立 13900010001，备用 13900010002\n要液压阀块",
    "labels": "姓名：陈立\n电话：13900010001\n备用电话：13900010002",
    "people of one firm": "宁波恒达\n采购 陈立 13900010001\n财务 李敏 13900010002",
    "a log": "陈立 2026-11-20 10:02:11\n我电话13900010001\n王磊 2026-11-20 10:03:00\n我的是13900010002",
    "a number alone on its line": "客户\n陈立 13900010001\n13900010002",
    "the same number twice": "客户\n1. 陈立 13900010001\n2. 老陈 13900010001",
    "one more line": "客户\n1. 陈立 13900010001\n要阀块\n2. 李敏 13900010002",
}


@pytest.mark.parametrize("text", ONE.values(), ids=ONE)
def test_about_one(text: str) -> None:
    assert split(text) == ()


@pytest.mark.parametrize("gap", ["\t", " | ", "  ", "，"])
def test_a_table_row_by_row(gap: str) -> None:
    lines = (
        ("姓名", "公司", "电话", "需求"),
        ("刘洋", "海诺包装", "13863901234", "收缩机"),
        ("宋佳", "东方彩印", "13953509876", "覆膜机"),
    )
    assert split("\n".join(gap.join(line) for line in lines)) == (
        "姓名：刘洋\n公司：海诺包装\n电话：13863901234\n需求：收缩机",
        "姓名：宋佳\n公司：东方彩印\n电话：13953509876\n需求：覆膜机",
    )


@pytest.mark.parametrize("mark", ["1. ", "① ", "- ", "（1）"])
def test_a_list_line_by_line(mark: str) -> None:
    lines = ("东莞凯达模具 卢工 13712345501 要深孔钻", "何小姐 138 2770 0123 问抛光机价格")
    assert split("\n".join(mark + line for line in lines)) == lines


def test_lines_under_a_heading_or_with_a_firm_each() -> None:
    lines = ("卢工 13712345501 要深孔钻", "何小姐 13827700123 问抛光机价格")
    assert split("今天的客户：\n" + "\n".join(lines)) == lines
    assert split("\n".join(lines)) == ()  # perhaps two people of one firm
    firms = ("东莞凯达模具有限公司 卢工 13712345501", "中山力科照明有限公司 梁总 13528212345")
    assert split("\n".join(firms)) == firms
