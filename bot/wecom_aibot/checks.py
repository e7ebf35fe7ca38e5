"""What /诊断 says about the AI bot: its connection, whether WeCom lets us in, whether somebody took the bot away."""

from datetime import datetime

from bot.platform import Check
from bot.wecom_aibot.client import Client

NAME = "智能机器人连接"


def checks(client: Client, now: datetime) -> list[Check]:
    """One line; what is wrong comes before what is well."""
    if client.kicked is not None:
        return [
            Check(
                NAME,
                "fail",
                f"{ago(now, client.kicked)}被另一个程序用同一个机器人挤下线，已停止连接",
                "停掉那个程序，或给它另建一个机器人；然后重启本程序。一个机器人只能有一个长连接",
            )
        ]
    if client.refused:
        fix = "核对 [wecom_aibot] 的 bot_id 和 secret（机器人 → API 模式 → 使用长连接）"
        return [Check(NAME, "fail", client.refused, fix)]
    seen = f"{ago(now, client.last_frame)}有帧" if client.last_frame else "还没有收到过帧"
    again = f"，重连 {client.opened - 1} 次" if client.opened > 1 else ""
    if client.up:
        return [Check(NAME, "ok", f"{seen}{again}")]
    fix = "检查到 openws.work.weixin.qq.com:443 的网络；几秒后会再试"
    return [Check(NAME, "fail", f"没有连上（{seen}{again}）", fix)]


def ago(now: datetime, then: datetime) -> str:
    """How long ago, as one says it."""
    seconds = max(0, int((now - then).total_seconds()))
    return f"{seconds} 秒前" if seconds < 120 else f"{seconds // 60} 分钟前"
