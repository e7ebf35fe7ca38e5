"""What /诊断 says about WeCom: credentials, trusted IP, visibility, callback; each with how to fix it."""

from datetime import datetime

from bot.platform import NEVER, Check, SendFailed, Shared
from bot.wecom.api import Api
from bot.wecom.inbound import PATH, SEEN

UNSEEN = "wecom:unseen"  # whom a message could not reach lately
QUIET = 24 * 3600  # seconds without a callback that are worth a look
FIXES = {
    "40001": "管理后台 → 应用管理 → 应用：核对 Secret，并确认应用已启用",
    "40013": "管理后台 → 我的企业：核对 corp_id",
    "40091": "Secret 属于另一个企业：corp_id 与 Secret 要成对",
    "60020": "管理后台 → 应用 → 企业可信IP：加入这个 IP，约 1 分钟后生效",
    "45009": "调用太频繁，等待限流结束（分钟 60 秒，小时 60 分钟）",
}


async def checks(api: Api, shared: Shared, now: datetime, public_url: str, refused: int) -> list[Check]:
    """All of them. `refused`: callbacks that did not verify since the start. Raises nothing of the network."""
    await api.forget_refusal()
    return [
        *await _credentials(api),
        await _visible(api, shared),
        await _callback(shared, now, public_url, refused),
    ]


async def _credentials(api: Api) -> list[Check]:
    """One cheap call tells both: the token and the trusted IP (getcallbackip needs no further right)."""
    token, address = "企业微信凭证", "企业微信可信IP"
    try:
        await api.call("getcallbackip")
    except SendFailed as error:
        if error.code == "60020":
            return [
                Check(token, "ok", "已取得 access_token"),
                Check(address, "fail", error.reason, FIXES["60020"]),
            ]
        fix = FIXES.get(error.code, "检查服务器到 qyapi.weixin.qq.com 的网络")
        return [Check(token, "fail", error.reason, fix)]
    return [Check(token, "ok", "access_token 有效"), Check(address, "ok", "服务器 IP 被接受")]


async def _visible(api: Api, shared: Shared) -> Check:
    name, fix = "企业微信可见范围", "管理后台 → 应用 → 可见范围：加入销售部门或成员"
    if missed := await shared.get(UNSEEN):
        return Check(name, "warn", f"最近发不到 {missed}", fix)
    try:
        answer = await api.call("department/list")
    except SendFailed as error:
        return Check(name, "warn", f"查不到：{error.reason}", fix)
    departments = answer.get("department")
    if isinstance(departments, list) and departments:
        return Check(name, "ok", f"可见 {len(departments)} 个部门")
    return Check(name, "warn", "没有可见的部门（只按成员授权时可忽略）", fix)


async def _callback(shared: Shared, now: datetime, public_url: str, refused: int) -> Check:
    name = "企业微信回调"
    fix = f"管理后台 → 应用 → 接收消息：URL 填 {public_url.rstrip('/')}{PATH}，Token 与 EncodingAESKey 与配置一致"
    seen = await shared.get(SEEN)
    bad = f"；有 {refused} 次没有通过验证" if refused else ""
    if seen is None:
        return Check(name, "fail" if refused else "warn", f"{NEVER}{bad}", fix)
    ago = max(0.0, (now - datetime.fromisoformat(seen)).total_seconds())
    text = f"最近一次在 {_span(ago)}前{bad}"
    return Check(name, "warn", text, fix) if refused or ago > QUIET else Check(name, "ok", text)


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{int(seconds)} 秒"
    if seconds < 3600:
        return f"{int(seconds // 60)} 分钟"
    return f"{int(seconds // 3600)} 小时"
