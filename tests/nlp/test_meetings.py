"""Which next steps are meetings: those where somebody sits together with the customer. (B60)"""

import pytest

from nlp.meetings import meets


@pytest.mark.parametrize(
    "text",
    ["拜访陈工看样机", "上门量尺", "去他们厂看现场", "开视频会过方案", "约刘总吃饭", "方案演示", "客户来厂验货", "带技术去一趟",
     "腾讯会议讲方案", "面谈价格", "见王总", "陪同参观车间", "述标", "周例会上汇报进度", "去客户那签合同", "到现场勘测",
     "来科里一趟", "48小时内到场"],
)  # fmt: skip
def test_who_is_met(text: str) -> None:
    assert meets(text)


@pytest.mark.parametrize(
    "text",
    ["", "发测试报告", "打电话确认", "发会议纪要", "寄样机到现场", "发样机照片", "确认拜访时间", "取消拜访", "发演示视频", "再联系",
     "报价", "提醒付会员费", "上门取件", "催合同", "整理参观名单", "发货到工地", "不用上门了，电话聊",
     "等我开完会给他回过去", "联系刘总", "把意见给刘总"],
)  # fmt: skip
def test_what_is_no_meeting(text: str) -> None:
    assert not meets(text)
