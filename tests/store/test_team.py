"""Who is who, on which platform: what the configuration says, and what was learned beside it."""

from rules.team import Member
from store import team
from store.db import Database


async def test_a_platform_that_nobody_has_heard_of_needs_no_column(db: Database) -> None:
    async with db.write() as tx:
        await team.sync(tx, [Member("anna", "安娜", ids={"lark": "ou_1", "wecom": "anna"})], [])
        found = await team.by_user(tx, "lark", "ou_1")
        assert found is not None
        assert (found.id, found.on("wecom"), found.on("lark"), found.on("dingtalk")) == (
            "anna",
            "anna",
            "ou_1",
            "",
        )
        assert await team.by_user(tx, "wecom", "ou_1") is None


async def test_an_id_that_is_handed_on_belongs_to_its_new_owner(db: Database) -> None:
    async with db.write() as tx:
        await team.sync(
            tx, [Member("anna", "安娜", ids={"wecom": "w1"}), Member("bert", "伯特", ids={"wecom": "w2"})], []
        )
        await team.sync(
            tx, [Member("anna", "安娜", ids={"wecom": "w2"}), Member("bert", "伯特", ids={"wecom": "w1"})], []
        )
        assert (await _who(tx, "w1"), await _who(tx, "w2")) == ("bert", "anna")
        await team.sync(tx, [Member("carl", "卡尔", ids={"wecom": "w1"})], [])
        assert (await _who(tx, "w1"), await _who(tx, "w2")) == ("carl", "")


async def _who(tx: object, user: str) -> str:
    found = await team.by_user(tx, "wecom", user)  # type: ignore[arg-type]
    return found.id if found else ""
