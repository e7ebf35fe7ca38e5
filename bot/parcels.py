"""What a row of the outbox becomes on its way out: its parts found, its file read, its code looked up."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot.addressing import MAIL, Target
from bot.clock import Clock
from bot.config import Config
from bot.platform import Outgoing, SendFailed, Way
from cards.card import from_json
from store import outbox
from store.db import Database
from store.outbox import Queued
from store.screens import Shown


class Parcels:
    """Makes the Outgoing of a row."""

    def __init__(self, db: Database, clock: Clock, config: Config) -> None:
        self._db, self._clock, self._config = db, clock, config

    def code(self, target: Target, screen: Shown | None) -> str:
        """What the card can be changed with, "" when there is nothing or it has run out."""
        if screen is None or not screen.code:
            return ""
        lasts = target.platform.limits.code_lasts
        born = screen.code_at
        return "" if lasts and born and (self._clock.now() - born).total_seconds() > lasts else screen.code

    def _how(self) -> str:
        """What somebody who gets mail instead has to do to get it in the chat."""
        bots = "」或「".join(one.called for one in self._config.platforms().values() if not one.speaks_first)
        return f"请在企业微信里打开「{bots}」，给它发一句话（比如「你好」）。以后这样的消息就在那里，可以直接点按钮处理。"

    async def outgoing(self, row: Queued, target: Target, screen: Shown | None, same: bool) -> Outgoing:
        """The row as the platform gets it. Raises SendFailed when a file of it is missing."""
        body = row.body
        due = str(body.get("due", ""))
        again = row.attempts > 0 or row.ledger == "sent"
        if again and Way(row.way) in target.platform.limits.one_shot and screen and screen.code_at:
            async with self._db.read() as tx:  # the code may be used up by an update that this one replaces
                again = not await outbox.tried_before(tx, screen.id, row.id, screen.code_at)
        return Outgoing(
            id=row.id,
            way=Way(row.way),
            user=target.user,
            text=str(body.get("text", "")),
            card=from_json(body["card"]) if "card" in body else None,
            track=screen.track if screen else str(body.get("track", "")),
            code=self.code(target, screen),
            reply_url=target.reply_url,
            file=await asyncio.to_thread(self._file, str(body["path"])) if "path" in body else b"",
            filename=str(body.get("filename", "")),
            link=str(body.get("link", "")),
            due=datetime.fromisoformat(due).astimezone(UTC) if due else None,
            ref=str(body.get("ref", "")),
            letter={str(key): str(value) for key, value in body.get("letter", {}).items()}
            | ({"after": self._how()} if target.platform.name == MAIL and row.member[:1] != "@" else {}),
            friends=tuple(body.get("friends", ())),
            left=bool(body.get("left", False)),
            again=again,
            same=same,
        )

    def _file(self, path: str) -> bytes:
        root = Path(self._config.store.files).resolve()
        full = (root / path).resolve()
        if not full.is_relative_to(root):
            raise SendFailed("文件路径不在资料目录里", retry=False)
        try:
            return full.read_bytes()
        except OSError:
            raise SendFailed(f"资料文件不存在：{path}", retry=False) from None
