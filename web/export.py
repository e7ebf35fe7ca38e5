"""/export: the leads that somebody may see, as an Excel or CSV file with their name in it. (B08's way back)"""

import asyncio
import csv
import io
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from bot import sheets
from rules import access
from rules import export as rules
from rules.leads import TITLES, Status
from rules.marks import TITLES as TITLES_OF_MARKS
from rules.opportunities import Opportunity, money
from rules.team import Member, Role, Team
from rules.text import lead_id, mask_contacts_in, opportunity_id, when
from store import export, pool, settings, team
from web.errors import Refusal, read_fields
from web.site import HEADERS, Signed, Site

HEADINGS = (
    "编号", "公司", "姓名", "手机", "邮箱", "来源", "类型", "需求", "状态", "负责人", "创建", "首次联系", "最近跟进",
    "下一步", "下一步时间", "商机", *TITLES_OF_MARKS.values(),
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Who takes the list along, and by what it is decided how much of it is whole."""

    member: Member
    people: dict[str, Member]
    teams: Sequence[Team]
    zone: ZoneInfo


class Export:
    """The page and the file."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._config, self._zone = site.engine.config, site.engine.calendar.zone

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        site = self._site
        return [
            site.page("GET", "/export", self.page), site.page("POST", "/export", self.file),
            site.page("POST", "/export/ask", self.ask, may=(Role.ADMIN,)),
        ]  # fmt: skip

    async def page(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """What would be taken along, and two buttons; or whom it takes first."""
        found, now = await self._rows(signed), self._site.engine.clock.now()
        async with self._site.engine.db.read() as tx:
            until = await settings.get(tx, f"export.agreed:{signed.member.id}")
        agreed = datetime.fromisoformat(until) if until else None
        second = rules.needs_second(signed.member, len(found), self._config.web.export_second)
        return self._site.show(
            "export.html", signed, count=len(found), most=self._config.web.export_rows,
            a_day=self._config.web.export_daily if await self._left(signed) is not None else 0,
            second=second and (agreed is None or agreed <= now), many=self._config.web.export_second,
            agreed=when(agreed, now, self._zone) if second and agreed and agreed > now else "",
            asked="asked" in request.query, once=secrets.token_urlsafe(9),
        )  # fmt: skip

    async def ask(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """请人同意: those who may agree get a card in the chat."""
        once = str((await read_fields(request)).get("once", ""))
        if not re.fullmatch(r"[\w-]{8,64}", once):
            raise Refusal(400, "页面上的内容不完整，请刷新后再试。")
        fields = {"session": signed.session, "rows": len(await self._rows(signed)), "what": "/export/ask"}
        await self._site.hand_in("web.export_ask", fields, key=f"{signed.member.id}:{once}")
        return self._site.back("/export?asked=1")

    async def file(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """The file. It is written down before the first byte leaves."""
        kind = (await read_fields(request)).get("kind", "xlsx")
        if kind not in ("xlsx", "csv"):
            raise Refusal(400, "页面上的内容不完整，请刷新后再试。")
        now = self._site.engine.clock.now()
        found = await self._rows(signed)
        fields = {"session": signed.session, "rows": len(found), "kind": kind, "what": "/export"}
        await self._site.hand_in(
            "web.export", fields, key=f"{signed.session[:20]}:export:{secrets.token_hex(8)}"
        )
        at = now.astimezone(self._zone)
        mark = (
            f"{signed.member.name}（{signed.member.id}）{at:%Y-%m-%d %H:%M} 导出，{len(found)} 条，请勿外传"
        )
        body = await asyncio.to_thread(_csv if kind == "csv" else _xlsx, found, mark)
        name = quote(f"线索-{at:%Y%m%d-%H%M}.{kind}")
        return web.Response(
            body=body, content_type="text/csv" if kind == "csv" else sheets.XLSX,
            headers={**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )  # fmt: skip

    async def _left(self, signed: Signed) -> int | None:
        """How many rows the member may still take today (rules/export.py)."""
        day = f"{self._site.engine.clock.now().astimezone(self._zone):%Y-%m-%d}"
        async with self._site.engine.db.read() as tx:
            taken = await pool.tally_of(tx, signed.member.id, day, "export")
        return rules.left(signed.member, self._site.teams, taken, self._config.web.export_daily)

    async def _rows(self, signed: Signed) -> list[list[str]]:
        left = await self._left(signed)
        async with self._site.engine.db.read(slow=True) as tx:
            people = {one.id: one for one in await team.roster(tx)}
            owners = access.owners_in_sight(signed.member, list(people.values()), self._site.teams)
            most = self._config.web.export_rows
            found = await export.rows(tx, owners, most if left is None else min(most, left))
        reader = Reader(signed.member, people, self._site.teams, self._zone)
        return [cells(one, reader) for one in found]


def cells(row: export.Row, reader: Reader) -> list[str]:
    """One lead as texts; numbers and addresses as this reader may read them, numbers in free words masked unless it is
    theirs."""
    owner = reader.people.get(row.owner)
    mine = owner is not None and owner.id == reader.member.id

    def words(text: str) -> str:
        return text if mine else mask_contacts_in(text)

    def at(moment: datetime | None) -> str:
        return moment.astimezone(reader.zone).strftime("%Y-%m-%d %H:%M") if moment else ""

    return [
        lead_id(row.id), words(row.company), words(row.name),
        access.phone_for(reader.member, owner, row.phone, reader.teams).replace(" ", ""),
        access.email_for(reader.member, owner, row.email, reader.teams), row.source, row.kind, words(row.need),
        TITLES[Status(row.status)], owner.name if owner else "公海", at(row.created_at), at(row.first_touch_at),
        at(row.last_followup_at), words(row.next_text), at(row.next_at),
        "；".join(deal(one) for one in row.opportunities
                 if access.may_see(reader.member, reader.people.get(one.owner), reader.teams)),
        *(words(row.marks.get(sort, "")) for sort in TITLES_OF_MARKS),
    ]  # fmt: skip


def deal(one: Opportunity) -> str:
    """ "O-55 方案演示 ¥120,000"."""
    return " ".join(part for part in (opportunity_id(one.id), one.standing, money(one.amount)) if part)


def _xlsx(rows: Sequence[Sequence[str]], mark: str) -> bytes:
    return sheets.write(HEADINGS, rows, top=mark)


def _csv(rows: Sequence[Sequence[str]], mark: str) -> bytes:
    """With a mark that Excel knows UTF-8 by; no cell begins like a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in ([mark], HEADINGS, *rows):
        writer.writerow([sheets.safe(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")
