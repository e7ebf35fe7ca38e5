"""Who writes without wanting to buy: people who look for work, and advertisements. Only asked about, never decided."""

from nlp.late import late

_SEEKS_WORK = late(
    r"应聘|求职|期望(?:薪资|月薪|薪酬)|(?:我的|个人|附件)简历|简历(?:见附件|已投|请查收)|候选人|投递了|想(?:来|去)?贵司(?:上班|工作)"
)
_ADVERTISES = late(
    r"退订|回复?(?:TD?|N)(?=退|[\s,，。]|$)|(?:信用|抵押|企业|无抵押)贷|当天放款|日息|代开(?:发)?票|刷单|兼职日结|扫码领取|限时抢购"
)


def question(text: str) -> str:
    """ "像是求职的，不像客户，要存吗？", "" where nothing says so."""
    if _SEEKS_WORK.search(text) is not None:
        return "像是求职的，不像客户，要存吗？"
    return "像是广告，不像客户，要存吗？" if _ADVERTISES.search(text) is not None else ""
