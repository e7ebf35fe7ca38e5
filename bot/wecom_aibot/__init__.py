"""WeCom without a public address: an AI bot (智能机器人) over one long connection (protocol wecom 10)."""
