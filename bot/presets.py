"""Connectors that are ready: what the senders call their fields. Every line can be overridden in config.toml."""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    # Lead forms of Ocean Engine (抖音、头条): the push of 飞鱼CRM / 巨量本地推. Names as their public descriptions have them.
    "douyin": {
        "source": "抖音",
        "id": ("$.clue_id", "$.id", "$.req_id"),
        "map": {
            "name": ("$.name", "$.user_name", "=抖音访客"),
            "phone": ("$.telphone", "$.telephone", "$.phone", "$.mobile"),
            "city": ("$.city_name", "$.city", "$.location"),
            "need": ("$.remark", "$.form_remark", "$.remark_dict", "$.content"),
            "note": ("广告：{ad_name} {adv_name} {promotion_name} {module_name}",),
        },
        "sign": {"kind": "hmac-sha256", "where": "header:X-Signature", "over": "{body}"},
        "reply": '{"code": 0, "message": "success"}',
    },
    # A 400 number: one message when a call has ended.
    "call400": {
        "kind": "call",
        "source": "400 电话",
        "id": ("$.call_id", "$.callId", "$.uuid", "$.session_id", "$.CallSheetID"),
        "map": {
            "phone": ("$.caller", "$.callerNo", "$.caller_number", "$.CallNo", "$.from"),
            "called": ("$.called", "$.calledNo", "$.number", "$.CalledNo", "$.to"),
            "agent": ("$.agent", "$.agentNo", "$.agent_id", "$.Agent", "$.exten"),
            "duration": ("$.duration", "$.bill_duration", "$.billsec", "$.talk_time"),
            "recording": ("$.record_url", "$.recordUrl", "$.recording", "$.RecordFile"),
            "at": ("$.start_time", "$.startTime", "$.begin_time", "$.Begin"),
            "city": ("$.city", "$.City"),
        },
        "sign": {"kind": "md5", "where": "query:sign", "over": "{params}&key={secret}"},
        "reply": '{"code": 0, "msg": "ok"}',
    },
}
