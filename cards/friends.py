"""How the end of a WeCom friendship is told to those who are not the owner."""

from cards.actions_leads import ShowCustomer
from cards.card import Button, Card, Tone
from rules.text import clip, customer_id


def ended(customer: int, label: str, said: str) -> Card:
    """To the manager, or the admins: what happened with which customer."""
    return Card(
        kind="friend.ended",
        title=clip(f"⚠ {customer_id(customer)} {label}", 26),
        subject=customer_id(customer),
        lines=(said, "客户和线索都还在。"),
        buttons=(Button("看客户", ShowCustomer(customer).pack()),),
        tone=Tone.WARN,
    )
