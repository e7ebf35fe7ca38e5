"""How the audit trail reads: what each kind of line is called."""

from collections.abc import Sequence

SAYS = {
    "lead.created": "建了线索", "lead.phone_shown": "看了完整号码", "customer.phone_shown": "看了完整号码",
    "lead.viewed": "在网页看了时间线", "customer.viewed": "在网页看了档案", "trail.viewed": "查了谁看过",
    "click.refused": "点了别人的卡片，被拒绝", "denied": "没有权限，被拒绝", "lead.transferred": "转给了同事",
    "lead.pooled": "放回公海", "lead.claimed": "从公海领取", "lead.joined": "并入老客户", "lead.invalid": "标为号码无效",
    "sla.urged": "催了一下", "sla.waived": "放过了这一轮", "sla.reason": "说明了原因", "sla.ask_reassign": "请主管转派",
    "request.submitted": "提交了单子", "task.done": "完成了任务", "web.link": "取了登录链接", "web.login": "登录网页",
    "leads.exported": "导出了线索", "export.asked": "请人同意导出", "export.agreed": "同意了导出",
    "export.declined": "没有同意导出",
    "web.logout": "退出网页", "customer.checked": "查重", "dead.replayed": "重放了事件",
    "handover": "办了离职交接", "handover.undone": "撤销了交接", "import.opened": "开始了导入",
    "import.checked": "检查了导入的表格", "import.started": "录入了导入", "import.undone": "撤销了导入",
    "opportunity.opened": "开了商机", "opportunity.forward": "推进了商机", "opportunity.back": "退回了商机",
    "opportunity.won": "赢单", "opportunity.lost": "丢单", "opportunity.amount": "改了商机金额",
    "opportunity.handed": "接手了商机",
    "customer.merged": "合并了客户", "customer.unmerged": "撤销了合并",
    "source.added": "接入了来源", "source.changed": "改了接入", "source.restored": "把接入改回旧版", "source.on": "启用了接入",
    "source.off": "停用了接入", "source.deleted": "删除了接入", "source.tried": "试连了邮箱",
    "touch.call": "记了来电", "touch.mail": "记了来信", "touch.visit": "记了拜访", "touch.wechat": "记了企业微信的变化",
    "touch.chat": "记了聊天", "draft.noted": "把聊天记到了线索", "draft.saved": "把草稿存成了线索",
    "touch.official": "记了公众号的留言", "wechat.filled": "按公众号的留言补了资料",
    "record.changed": "改了资料",
    "customer.exported": "导出了资料", "lead.exported": "导出了资料",
}  # fmt: skip
"""What a line of the trail is called; an action that has no words yet is shown by its name."""


def say(action: str, tried: str = "") -> str:
    """ "lead.viewed" → "在网页看了时间线"; `tried`: what somebody had no right to."""
    said = SAYS.get(action) or ("撤销了操作" if action.startswith("undo.") else action)
    return f"{said}（{tried}）" if tried else said


def trail(about: str, lines: Sequence[str], more: bool) -> str:
    """/谁看过 as text, newest first."""
    if not lines:
        return f"{about} 还没有人看过或改过。"
    tail = ["只列最近的；全部在网页的「审计」里看。"] if more else []
    return "\n".join([f"{about} 最近谁看过、改过：", *lines, *tail])
