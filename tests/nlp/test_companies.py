"""Company names with their edges, and which two of them are the same."""

import pytest

from nlp import companies, phones, places, similar
from nlp.plain import plain


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我是凌颖信息（江苏）有限公司的李梅", ["凌颖信息（江苏）有限公司"]),
        ("我公司与上海联软信息技术有限公司签约", ["上海联软信息技术有限公司"]),
        ("我和北京大地有限公司谈过", ["北京大地有限公司"]),
        ("报给中铁十四局的价格", ["中铁十四局"]),
        ("请问有没有适合小型加工厂的MES系统", []),
        ("抬头：杭州大华技术有限公司，开户行：中国银行杭州滨江支行，账号 3715", ["杭州大华技术有限公司"]),
        ("工行深圳市分行零售部总经理", ["工行深圳市分行"]),
        ("公司已与苹果公司展开合作", ["苹果公司"]),
        ("跟徐州恒顺泵业一直有合作", ["徐州恒顺泵业"]),
        ("客户：南宁糖业（廖凡）", ["南宁糖业"]),
        ("地址京海市高启区旧厂街88号", []),
        ("客户名称：红树林养殖场（个体）  经营者：宋喆", ["红树林养殖场（个体）"]),
        ("作为恒信移动的创始人，孟宪民起家", ["恒信移动"]),
        ("我们是苏州迈为的供应商质量部", ["苏州迈为"]),
        ("苗总 / 苏州康力 / 18913500077", []),
        ("我是那个泉州做石材的老蔡", []),
        ("兼任深圳市前海德润投资管理有限公司执行董事", ["深圳市前海德润投资管理有限公司"]),
        ("交易对方为华夏幸福基业股份有限公司", ["华夏幸福基业股份有限公司"]),
        ("抬头开：贵阳市南明区永红小吃店", ["贵阳市南明区永红小吃店"]),
        ("给我们南通四建也按这个来", ["南通四建"]),
        ("湖北荆楚理化仪器\n有限公司\n操建国  总经理\n13872569901", ["湖北荆楚理化仪器有限公司"]),
        ("鄂尔多斯市鑫盛源\n工贸有限责任公司\n13947772031", ["鄂尔多斯市鑫盛源工贸有限责任公司"]),
        ("月用量20吨，让报含税到厂价", []),
        ("还要去银行取钱，没有大厂的风范", []),
        ("金蝶的实施顾问说接口另外收费", ["金蝶"]),
        ("新希望集团的采购", ["新希望集团"]),
        ("SMC (中国) 有限公司", ["SMC (中国)有限公司"]),
        ("北京市金杜律师事务所上海分所", ["北京市金杜律师事务所上海分所"]),
        ("职务 售后服务部经理", []),
        ("①洛阳轴承厂 ②新乡起重机 小卞 要样本", ["洛阳轴承厂", "新乡起重机"]),
        ("和泰环保集团有限公司", ["和泰环保集团有限公司"]),
        ("惠派国际公司机械（江苏）有限公司", ["惠派国际公司机械（江苏）有限公司"]),
        ("宁波恒力液压有限公司无锡分公司", ["宁波恒力液压有限公司无锡分公司"]),
        ("银嘉智能（江苏）有限公司（无锡）", ["银嘉智能（江苏）有限公司"]),
        ("曹丽\n银嘉智能有限公司", ["银嘉智能有限公司"]),
        ("历任中国工商银行浙江省分行行长、招商证券", ["中国工商银行浙江省分行", "招商证券"]),
        ("公司：远景能源，电话13800138000", ["远景能源"]),
        ("美的集团", ["美的集团"]),
        ("我是华为的李明", ["华为"]),
        ("please write to ABC Trading Co., Ltd. today", ["ABC Trading Co., Ltd."]),
        ("蓝思新材董事长周群飞表示", ["蓝思新材"]),
        ("同方泰德、华胜天成等公司也参与了竞标，最终由东软集团中标", ["同方泰德", "华胜天成", "东软集团"]),
        ("甲方写福建省闽清县东城瓷厂", ["福建省闽清县东城瓷厂"]),
        ("2008年任天健会计师事务所项目经理", ["天健会计师事务所"]),
        ("现任立信会计师事务所（特殊普通合伙）合伙人", ["立信会计师事务所（特殊普通合伙）"]),
        ("重庆国际信托投资有限公司董事长", ["重庆国际信托投资有限公司"]),
        ("我是那个无锡天奇自动化的，我姓蔡", ["无锡天奇自动化"]),
        ("那个乳品厂", []),
        ("她在柳州开螺蛳粉厂", []),
        ("我们香港公司", []),
        ("他们是一家公司", []),
        ("各大银行", []),
        ("李总的公司", []),
        ("我们工厂", []),
    ],
)
def test_a_company_is_cut_at_its_edges(text: str, names: list[str]) -> None:
    assert [found.value for found in companies.find(text)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我是无锡华泰机械的赵强，想先要两件阀块样品", ["无锡华泰机械"]),
        ("我是华泰机械的赵强", ["华泰机械"]),
        ("你好这边是宁波海天塑胶的小周", ["宁波海天塑胶"]),
        ("今天拜访了常州天合电气的钱工", ["常州天合电气"]),
        ("苏州恒力精密陈总想看样机", ["苏州恒力精密"]),
        ("烟台海诺食品机械的丁总", ["烟台海诺食品机械"]),
        ("我是台中永信機械的林志明", ["台中永信機械"]),
        ("华泰机械\n赵强 销售经理\n13862001234", ["华泰机械"]),
        ("赵强 13862001234\n华泰机械", ["华泰机械"]),
        ("要40台减速电机\n石磊\n凯达电机 0513-83345566", ["凯达电机"]),
        ("我是做机械的", []),
        ("我是学自动化的", []),
        ("我是负责设备的王工", []),
        ("我们是生产五金的厂家", []),
        ("上海二手设备的价格", []),
        ("苏州发货走物流，明天到", []),
        ("深圳电子展下周开", []),
        ("佛山陶瓷行业不景气", []),
        ("南京同仁医院设备科", []),
        ("办公自动化\n13862001234", []),
        ("要不锈钢阀门\n13862001234", []),
        ("数控机床\n赵强 13862001234", []),
        ("机械厂怎么走", []),
        ("附近的一家模具厂", []),
        ("我司想找代工厂", []),
    ],
)
def test_a_trade_ends_a_company_that_says_who_it_is(text: str, names: list[str]) -> None:
    words = plain(text)
    found = companies.find(words.without_found(phones.find(words)))
    assert [hit.value for hit in found] == names


def test_our_customers_are_found_by_their_core() -> None:
    (found,) = companies.find("恒力液压那边又催了", known=("宁波恒力液压有限公司",))
    assert (found.value, found.text) == ("宁波恒力液压有限公司", "恒力液压")


@pytest.mark.parametrize(
    ("name", "core", "branch", "where"),
    [
        ("宁波恒力液压有限公司", "恒力液压", "", "宁波"),
        ("恒力液压（宁波）有限公司", "恒力液压", "", "宁波"),
        ("宁波恒力液压有限公司无锡分公司", "恒力液压", "无锡分公司", "宁波"),
        ("中国工商银行浙江省分行", "中国工商银行", "浙江省分行", ""),
        ("上海银行", "上海银行", "", "上海"),
        ("有限公司", "有限公司", "", ""),
        ("", "", "", ""),
    ],
)
def test_what_a_name_is_made_of(name: str, core: str, branch: str, where: str) -> None:
    assert (companies.core(name), companies.branch(name), companies.where(name)) == (core, branch, where)


KNOWN = [
    ("宁波恒力液压有限公司", "C-1"),
    ("宁波恒力液压有限公司无锡分公司", "C-2"),
    ("上海恒力液压有限公司", "C-3"),
    ("苏州汇通电子有限公司", "C-4"),
]


def likeness(query: str) -> dict[str, similar.Likeness]:
    return {customer: similar.likeness(score) for customer, score in similar.nearest(query, KNOWN)}


def test_the_same_core_is_the_same_customer() -> None:
    assert likeness("宁波市恒力液压") == {
        "C-1": similar.Likeness.SAME,
        "C-2": similar.Likeness.MAYBE,  # the whole is not its branch
        "C-3": similar.Likeness.MAYBE,  # the same name in another town
    }
    assert similar.nearest("宁波市恒力液压", KNOWN)[0] == ("C-1", 100.0)


def test_two_branches_are_never_merged() -> None:
    assert "C-2" not in likeness("宁波恒力液压有限公司上海分公司")


def test_strangers_are_not_offered() -> None:
    assert similar.nearest("杭州云栖信息技术有限公司", KNOWN) == []
    assert similar.nearest("  ", KNOWN) == []


@pytest.mark.parametrize(
    ("text", "cities"),
    [
        ("佛山那边要13台", ["佛山"]),
        ("江苏省苏州市昆山市玉山镇", ["苏州"]),
        ("杭州市乌鲁木齐路494号", ["杭州"]),
        ("地区：佛山 东莞", ["佛山", "东莞"]),
        ("吉林省长春市", ["长春"]),
        ("城市:日照", ["日照"]),
        ("光照和日照时间", []),
        ("南京西路", []),
        ("大理石台面未开封", []),
    ],
)
def test_cities(text: str, cities: list[str]) -> None:
    assert [found.value for found in places.find(text)] == cities
