"""WeChat Official Accounts (公众号): what their callbacks say, and the one question we ask of their API."""
