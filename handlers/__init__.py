"""Everything the bot can do: one file for each thing, listed in routing order."""

from importlib import import_module

from bot.router import Router

ORDER = (
    "drafts", "noted", "leads", "transfer", "customers", "changing", "merging", "opportunities", "meetings", "checkins", "forms",
    "resources", "undo", "sla", "silence", "nurture", "manager",
    "pool", "recycling", "holds", "covers",
    "assignment", "preview", "away", "handover", "connectors", "imports", "friends", "friend_moves",
    "followers", "visits", "mails", "tasks",
    "directory", "words",
    "notices", "today", "digests", "pages", "exports", "trail", "sources", "binding", "invitations", "admin", "watch", "help",
)  # fmt: skip
"""First that fits wins; `help` answers whatever nobody else understood."""

ROUTERS: tuple[Router, ...] = tuple(import_module(f"handlers.{name}").router for name in ORDER)
