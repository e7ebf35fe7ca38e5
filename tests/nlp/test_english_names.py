"""English given names in Chinese texts: alone, with a surname, and never as a part of something else."""

from datetime import datetime

import pytest

from nlp.draft import as_dict

NOW = datetime.fromisoformat("2026-11-23T10:00")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Kevin说老美那边圣诞前要到港", ["Kevin"]),
        ("找Jack拿样品，Mary Kay的单子也给他", ["Jack"]),
        ("Morgan Stanley的Tony Leung来电", ["Tony Leung"]),
        ("Lisa Chen会把PI发给你，注意查邮件", ["Lisa Chen"]),
        ("Hi Tom, thanks for your quote", ["Tom"]),
        ("@Vivian 看下合同", ["Vivian"]),
        ("David Wang 王大卫\nRegional Director\nShanghai", ["David Wang", "王大卫"]),
        ("Best regards,\nAmy Zhou\nSales Assistant", ["Amy Zhou"]),
        ("海外客户 Mike Johnson 问价", ["Mike Johnson"]),
        ("邮箱 kevin.zhou@a.com, Skype: Kevin.Zhou", []),
        ("Peter Rabbit联名款多少钱", []),
        ("找vivian拿样品，JACK说可以", ["vivian", "JACK"]),
        ("发给Sunny和Coco看看", ["Sunny", "Coco"]),
        ("跟Sunny牌的比哪个亮", []),
        ("will the goods arrive", []),
        ("Best regards\nCarlos Mendez\nBuyer", ["Carlos Mendez"]),
        ("VIVIAN CHEN\nSales Manager\nNingbo Bright Lighting", ["VIVIAN CHEN"]),
        ("Dear Mr. Rossi, please find the quote", ["Rossi"]),
        ("用Office 365，住Anna酒店", []),
    ],
)
def test_who_is_named_in_latin_letters(text: str, names: list[str]) -> None:
    assert as_dict(text, NOW)["names"] == names
