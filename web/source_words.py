"""What the page 接入 says: after a step, for each choice, and of what was changed. (B07)"""

from bot import source_forms
from store.sources import Defined, Version

DONE = {
    "added": "已保存，马上生效。把下面的地址填到对方后台就行。", "boxed": "已保存，几秒后开始看这个邮箱。",
    "official": "已保存，马上生效。现在到公众平台的「服务器配置」里提交，再点「启用」。",
    "changed": "已保存，马上生效。", "on": "已启用。", "off": "已停用，不再收新的。",
    "restored": "已改回那一版，密钥没有变。", "deleted": "已删除。",
}  # fmt: skip
SIGNS = {
    "token": "令牌（最简单）", "hmac-sha256": "HMAC-SHA256", "hmac-sha1": "HMAC-SHA1", "md5": "MD5", "sha1": "SHA1",
    "sha256": "SHA256",
}  # fmt: skip
MODES = {"encrypted": "安全模式（或兼容模式）", "plain": "明文模式（不建议：谁看到一次地址就能冒充）"}
LEAD_ON = {
    "message": "留了联系方式，或者说了需求",
    "contact": "留了电话、邮箱或微信号",
    "subscribe": "关注就是",
}
ASKED = "连上了：AppID、AppSecret 和 IP 白名单都对。"
LABELS = {
    "source": "来源", "group": "分组", "id": "唯一编号", "reply": "回复", "ignore": "不管的字段", "strict": "严格",
    "agents": "分机", "sign_kind": "签名方式", "sign_where": "签名位置", "sign_over": "签的内容", "sign_encoding": "编码",
    "sign_timestamp": "时间戳", "sign_window": "时间差", "host": "主机", "port": "端口", "user": "登录名",
    "folder": "文件夹", "every": "间隔", "tls": "加密", "app_id": "AppID", "mode": "加解密方式", "lead_on": "成为线索",
    "welcome": "关注时的回复", "ask": "问联系方式", "ask_off": "下班时问联系方式", "ask_again": "多久再问", "thanks": "道谢",
    "thanks_off": "下班时道谢",
}  # fmt: skip
"""What a setting is called in the list of versions."""


def changed(one: Defined, before: Version | None, after: Version) -> str:
    """Which settings differ, for the list of versions."""
    if before is None:
        return "新增" if after.version == 1 else ""
    old, new = (source_forms.typed_of(one.kind, each.body) for each in (before, after))
    keys = [key for key in {**old, **new} if old.get(key, "") != new.get(key, "")]
    return "、".join(_called(key) for key in sorted(keys)) or "换了密钥"


def _called(key: str) -> str:
    field = key.removeprefix("map_")
    return source_forms.FIELDS.get(field, "") if key.startswith("map_") else LABELS.get(key, key)
