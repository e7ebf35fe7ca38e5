"""How a customer looks just before a meeting: 会前必读, with nothing that is not known. (B60, product R12)"""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.actions_leads import AddToBrief, ReadBrief, ShowLead
from cards.card import Button, Card, Style
from rules.text import clip

KIND = "meeting.brief"
READ = "已读"
LINE = 90
HOW_TO_ADD = (
    "请用一句话写要补的，例如：竞品 科瑞 价格 敏感 决策人 刘总；也可以写需求、职务、电话。不用了就写：算了"
)


@dataclass(frozen=True)
class Brief:
    """What is known of a customer, as the reader may see it; "" and () leave a line out. `about`: the id it goes by,
    `lead` the one that is meant (0: none), `days` how far back it looks."""

    about: str
    label: str
    days: int
    lead: int = 0
    meeting: str = ""
    marks: str = ""
    asked: str = ""
    touches: Sequence[str] = ()
    promises: Sequence[str] = ()
    deals: Sequence[str] = ()


def brief(view: Brief) -> Card:
    """R12: the meeting, competitors, price and who decides, what they asked for, the last touches, what is still open."""
    known = (
        ("", view.marks),
        ("要的：", view.asked),
        *(("上次：" if not n else "再上次：", line) for n, line in enumerate(view.touches)),
        *(("还没做：", line) for line in view.promises),
        *(("商机：", line) for line in view.deals),
    )
    lines = [clip(head + line, LINE) for head, line in known if line]
    details = (Button("看详情", ShowLead(view.lead).pack()),) if view.lead else ()
    return Card(
        kind=KIND,
        title=f"会前必读 · {clip(view.label, 11)}（近 {view.days} 天）",
        subject=view.about,
        lines=(
            f"{view.about} {view.meeting}".strip(),
            *(lines or ("以前没有记过什么：聊完发「同步至CRM」加聊天，或点「补充」",)),
        ),
        buttons=(
            Button(READ, ReadBrief().pack(), Style.PRIMARY),
            Button("补充", AddToBrief(view.about).pack()),
            *details,
        ),
    )
