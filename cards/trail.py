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
    "draft.merged": "把草稿并入了老客户", "touch.undone": "撤销了拜访",
    "record.changed": "改了资料", "customer.met": "请负责人看看遇到的老客户", "customer.covered": "设置或解除了客户保护",
    "customer.erased": "删除了个人资料", "lead.declined": "退回了线索", "lead.downgraded": "因久未跟进降了级",
    "downgrade.confirmed": "确认了降级", "downgrade.restored": "恢复了降级前的状态",
    "hold.asked": "申请了保护", "hold.granted": "同意了保护", "hold.refused": "没有同意保护",
    "leave.on": "登记了休假", "leave.ended": "结束了休假", "mail.agreed": "记下客户同意收邮件", "mail.stopped": "客户不再收邮件",
    "member.added": "加了成员", "member.not_added": "没有加成员", "member.left": "标为离职", "member.back": "回到了团队",
    "binding.code": "拿了绑定码", "binding.used": "用绑定码认了人", "binding.translated": "认出了平台上的新 id",
    "words.taken": "确认了学到的词", "words.off": "撤销了学到的词", "config.set": "改了配置",
    "dead.replayed_all": "重放了全部死信", "send.resent": "补发了消息",
    "wecom.del_follow_user": "客户在企业微信删了我们", "wecom.del_external_contact": "在企业微信删了客户",
    "wecom.transfer_fail": "企业微信客户没有转过去", "friends.handed": "转交了离职同事的企业微信客户",
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
