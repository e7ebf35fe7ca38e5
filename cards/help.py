"""How the bot explains itself: R0 welcome, /帮助, unknown words. (product R0, C.7 help)"""

from collections.abc import Sequence

from cards.actions_sla import AboutQuiet, ShowHelp, ShowToday
from cards.card import Button, Card, Style


def welcome(name: str, shifts: Sequence[str], quiet: str) -> Card:
    """R0: the first time that somebody can be reached. `quiet` "" when nothing is ever held back."""
    hours = f"工作时间 {' / '.join(shifts)}"
    calm = f"，{quiet} 不打扰（紧急除外）。" if quiet else "。"
    return Card(
        kind="welcome",
        title=f"你好，{name}。",
        lines=("我会把新线索、到期提醒和资料发到这里。", hours + calm),
        buttons=(
            Button("开始", ShowToday().pack(), Style.PRIMARY),
            Button("设置勿扰", AboutQuiet().pack()),
            Button("看帮助", ShowHelp().pack()),
        ),
    )


def invitation(bot: str) -> str:
    """To who is on the app and never wrote to the bot, which may not speak first. `bot`: what they look for."""
    return (
        f"企业微信里还有一个机器人「{bot}」：请打开它，发一句话（比如「你好」），它才能给你发消息。\n"
        "以后在那里也能收线索、点按钮；在那之前，消息照旧发到这里。"
    )


def invitation_by_mail() -> str:
    """To who is reached by mail alone; the outbox adds how to open the bot."""
    return "你有一个销售跟进助手了\n新线索和提醒暂时先发到这个邮箱。"


def quiet(hours: str, admins: Sequence[str]) -> str:
    """What 设置勿扰 answers: one quiet time for the whole firm."""
    whom = "、".join(admins) or "管理员"
    if not hours:
        return f"现在没有设免打扰时间。免打扰时间全公司一致，要设请找{whom}。"
    return f"每天 {hours} 不打扰，这段时间的消息第二天早上一起给你。时间全公司一致，要改请找{whom}。"


def help(name: str, commands: Sequence[tuple[str, str]]) -> str:
    """/帮助: (usage, what it does) of everything that this person may use."""
    lines = [f"{usage}　{about}" for usage, about in commands]
    return "\n".join(
        (
            f"{name}，你可以这样用：",
            "· 把客户的聊天转发给我，或发「同步至CRM」加内容，我来建客户",
            *(f"· {line}" for line in lines),
            "编号、姓名、姓名拼音首字母都认；卡片上的按钮也可以回复 1、2、3。",
        )
    )


def greeting(name: str) -> str:
    """What a bare 你好 is answered with, once they know each other."""
    return f"在的，{name}。客户的聊天直接转发或粘贴给我；今天要做什么发 /今日，全部用法发 /帮助。"


def unknown(text: str, likely: Sequence[tuple[str, str]]) -> str:
    """Words that mean nothing to us: what they may have been meant as."""
    lines = [f"· {usage}　{about}" for usage, about in likely]
    said = f"没看懂「{text}」。" if text else "没看懂。"
    return "\n".join((f"{said}你是不是想：", *lines, "全部用法发 /帮助；客户的聊天请在前面加「同步至CRM」。"))
