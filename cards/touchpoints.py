"""How a touchpoint is told to the owner of the customer: who called, wrote or was met."""

from cards.actions_checkins import StartCheckin
from cards.actions_leads import ShowCustomer, ShowLead
from cards.card import Button, Card, Style
from rules.text import clip, customer_id
from rules.touchpoints import Kind

ICONS = {
    Kind.CALL: "📞 客户来电", Kind.MAIL: "✉ 客户来信", Kind.WECHAT: "💬 企业微信", Kind.VISIT: "📅 拜访",
    Kind.OFFICIAL: "💬 公众号", Kind.CHAT: "💬 聊天",
}  # fmt: skip


def told(kind: Kind, customer: int, who: str, lines: tuple[str, ...], *, lead: int = 0) -> Card:
    """To the owner. `who`: company and contact with a masked number; `lead`: their open lead, 0 for none."""
    buttons = (
        (
            Button("开始跟进", StartCheckin(lead).pack(), Style.PRIMARY),
            Button("看详情", ShowLead(lead).pack()),
        )
        if lead
        else (Button("看客户", ShowCustomer(customer).pack()),)
    )
    return Card(
        kind=f"touch.{kind.value}",
        title=clip(f"{ICONS[kind]} {customer_id(customer)}", 26),
        subject=customer_id(customer),
        lines=(who, *(line for line in lines if line)),
        buttons=buttons,
    )
