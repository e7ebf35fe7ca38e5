"""Members of a list of firms, by the others or by its label, and lists of anything else."""

import pytest

from nlp import companies


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "合格供方：宏发继电器、法拉电子、顺络、风华高科、三环",
            ["宏发继电器", "法拉电子", "顺络", "风华高科", "三环"],
        ),
        ("竞品清单：海康威视，宇视，天地伟业，苏州科达", ["海康威视", "宇视", "天地伟业", "苏州科达"]),
        ("陌拜：和成卫浴（前台拦）、箭牌（留了册子）、恒洁（见到采购助理）", ["和成卫浴", "箭牌", "恒洁"]),
        (
            "参展商名录\nA12 固德威\nA13 锦浪科技\nA15 首航新能源\nB02 古瑞瓦特",
            ["固德威", "锦浪科技", "首航新能源", "古瑞瓦特"],
        ),
        ("目标客户：1.君乐宝 2.新希望 3.光明 4.卡士", ["君乐宝", "新希望", "光明", "卡士"]),
        ("参会方：东软、卫宁健康、医院信息科", ["东软", "卫宁健康"]),
        ("拜访：王总、李工、周经理", []),
        ("颜色：红、蓝、黄", []),
        ("需求：阀门、水泵、法兰", []),
    ],
)
def test_lists(text: str, names: list[str]) -> None:
    assert [hit.value for hit in companies.find(text)] == names
