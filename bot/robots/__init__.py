"""Groups that can only be spoken to: WeCom's 消息推送 (protocol wecom 11), DingTalk's custom robot (protocol dingtalk 4.9)."""
