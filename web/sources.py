"""/sources 接入: how every source stands; those of the page are added, tried, changed, switched off, removed. (B07)"""

import asyncio
import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot import source_forms
from bot.config_accounts import OfficialAccount
from bot.config_connectors import Connector
from bot.config_history import flat_of
from bot.defined import ACCOUNT, CONNECTOR, KEEPERS, SECRETS, in_file, packed, secrets_in, tried_key
from bot.incoming import sha
from bot.source_forms import CHOICES, PRESET_OF, Choice, with_kept
from store import settings, sources, team
from store.sources import Defined
from web import source_list, source_reach
from web.errors import Refusal, read_fields
from web.site import Signed, Site, tidy
from web.source_list import Clock
from web.source_try import Tried, attempt
from web.source_words import ASKED, DONE, LEAD_ON, MODES, SIGNS, changed

INCOMPLETE = "页面上的内容不完整，请刷新后再试。"
NAMED = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LONGEST = {"sample": 40_000, "sample_headers": 4000, "sample_query": 4000, "agents": 4000}
WAIT, LOOK = 25.0, 0.2
"""Seconds that 连一下 is waited for, and between two looks."""


@dataclass
class Sheet:
    """A form as it is shown: what stands in it, what is wrong, what came of trying. `secret`: what was typed."""

    choice: Choice
    typed: Mapping[str, str]
    secret: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    tried: Tried | None = None
    connected: str = ""
    fails: bool = False


class Sources:
    """The routes, over the pages of a running engine."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._config = site.engine.config

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        site, one = self._site, "/sources/{kind}/{name}"
        return [
            site.page("GET", "/sources", self.list, may=KEEPERS),
            site.page("GET", "/sources/new/{preset}", self.blank, may=KEEPERS),
            site.page("POST", "/sources/new/{preset}", self.add, may=KEEPERS),
            site.page("GET", one, self.show, may=KEEPERS),
            site.page("POST", one, self.change, may=KEEPERS),
            site.page("POST", one + "/switch", self.switch, may=KEEPERS),
            site.page("POST", one + "/restore", self.restore, may=KEEPERS),
            site.page("POST", one + "/delete", self.delete, may=KEEPERS),
        ]

    @property
    def _clock(self) -> Clock:
        return Clock(self._site.engine.clock.now(), self._site.engine.calendar.zone)

    # ── what there is ───────────────────────────────────────────────────────────────────────────────────
    async def list(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """Every source with its state, and what can be added."""
        async with self._site.engine.db.read(slow=True) as tx:
            refused = await source_reach.refused(tx, self._site.engine)
            rows = await source_list.rows(tx, self._config, self._clock, refused)
        done = DONE.get(request.query.get("done", ""), "")
        return self._site.show("sources.html", signed, rows=rows, choices=CHOICES.values(), done=done)

    # ── a new one ───────────────────────────────────────────────────────────────────────────────────────
    async def blank(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """The form, filled from the preset, with fresh secrets where they are ours to choose."""
        choice = _choice(request)
        begun = source_forms.begin(choice.preset)
        return self._new(signed, Sheet(choice, begun, source_forms.fresh(choice.preset)))

    async def add(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """保存, 用样例试一下 or 连一下."""
        choice, fields = _choice(request), await read_fields(request)
        sheet = Sheet(choice, _typed(fields), _secret(choice.kind, fields))
        if not await self._looked(sheet, fields, signed, None):
            return self._new(signed, sheet, 200 if sheet.tried or sheet.connected else 422)
        given = {"preset": choice.preset, "typed": _kept(sheet), "secret": sheet.secret}
        name = sheet.typed["name"]
        if refused := await self._hand_in(signed, "add", fields, given, choice.kind, name):
            sheet.notice = refused
            return self._new(signed, sheet, 422)
        done = {CONNECTOR: "added", ACCOUNT: "official"}.get(choice.kind, "boxed")
        return self._site.back(f"/sources/{choice.kind}/{name}?done={done}")

    def _new(self, signed: Signed, sheet: Sheet, code: int = 200) -> web.StreamResponse:
        return self._form(
            signed, sheet, code=code, one=None, version="0", action=f"/sources/new/{sheet.choice.preset}"
        )

    # ── one that is there ───────────────────────────────────────────────────────────────────────────────
    async def show(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """How it stands, its form, what it was before."""
        kind, name = _named(request)
        one = await self._one(kind, name)
        if one is None:
            return self._of_file(signed, kind, name, Sheet(CHOICES["push"], {}))
        typed = source_forms.typed_of(kind, one.body)
        return await self._standing(request, signed, one, Sheet(CHOICES[one.preset], typed))

    async def change(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """保存, 用样例试一下 or 连一下, of one that is there; of one of config.toml only the second."""
        kind, name = _named(request)
        one, fields = await self._one(kind, name), await read_fields(request)
        if one is None:
            return self._try_file(signed, kind, name, fields)
        sheet = Sheet(CHOICES[one.preset], {**_typed(fields), "name": name}, _secret(kind, fields))
        if not await self._looked(sheet, fields, signed, one):
            return await self._standing(
                request, signed, one, sheet, 200 if sheet.tried or sheet.connected else 422
            )
        given = {"version": fields.get("version", ""), "typed": _kept(sheet), "secret": sheet.secret}
        if refused := await self._hand_in(signed, "change", fields, given, kind, name):
            sheet.notice = refused
            return await self._standing(request, signed, one, sheet, 422)
        return self._site.back(f"/sources/{kind}/{name}?done=changed")

    async def _standing(
        self, request: web.Request, signed: Signed, one: Defined, sheet: Sheet, code: int = 200
    ) -> web.StreamResponse:
        clock = self._clock
        async with self._site.engine.db.read() as tx:
            states, was = await sources.states(tx), await sources.versions(tx, one.id)
            names = team.names(await team.roster(tx))
        state = source_list.state_of(states.get((one.kind, one.name), sources.State()), clock)
        lines = [
            (each.version, clock.said(each.at), names.get(each.by, each.by), changed(one, before, each))
            for each, before in zip(was, [*was[1:], None], strict=True)
        ]
        return self._form(
            signed, sheet, code=code, one=one, version=str(one.version), action=f"/sources/{one.kind}/{one.name}",
            state=state, reached=await source_reach.seen(self._site.engine, one, clock), was=lines,
            done=DONE.get(request.query.get("done", ""), ""),
            hidden=in_file(self._config, one.kind, one.name) is not None,
        )  # fmt: skip

    # ── one of config.toml ──────────────────────────────────────────────────────────────────────────────
    def _of_file(
        self, signed: Signed, kind: str, name: str, sheet: Sheet, sample: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        section = in_file(self._config, kind, name)
        if section is None:
            raise Refusal(404, "没有这个来源，可能已经删除了。")
        lines = [
            (key.removeprefix(f"{kind}.{name}."), value)
            for key, value in flat_of(section, f"{kind}.{name}").items()
            if value
        ]
        return self._site.show(
            "source_file.html", signed, name=name, kind=kind, lines=lines, address=self._address(kind, name),
            tried=sheet.tried, typed=sample or {},
        )  # fmt: skip

    def _try_file(
        self, signed: Signed, kind: str, name: str, fields: Mapping[str, str]
    ) -> web.StreamResponse:
        section, sheet = in_file(self._config, kind, name), Sheet(CHOICES["push"], {})
        if not isinstance(section, Connector):
            raise Refusal(404 if section is None else 422, "它写在 config.toml 里，请在文件里改，改完重启。")
        sample = _typed(fields)
        sheet.tried = self._attempt(section, sample)
        return self._of_file(signed, kind, name, sheet, sample)

    # ── on, off, back, gone ─────────────────────────────────────────────────────────────────────────────
    async def switch(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """启用 or 停用."""
        on = "on" if (await read_fields(request)).get("on") == "on" else "off"
        return await self._act(request, signed, "switch", {"on": on}, on)

    async def restore(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """改回这一版."""
        to = tidy((await read_fields(request)).get("to", ""), 9)
        return await self._act(request, signed, "restore", {"to": to}, "restored")

    async def delete(self, request: web.Request, signed: Signed) -> web.StreamResponse:
        """删除."""
        return await self._act(request, signed, "delete", {}, "deleted")

    async def _act(
        self, request: web.Request, signed: Signed, what: str, given: Mapping[str, object], done: str
    ) -> web.StreamResponse:
        kind, name = _named(request)
        fields = await read_fields(request)
        given = {**given, "version": tidy(fields.get("version", ""), 9)}
        if refused := await self._hand_in(signed, what, fields, given, kind, name):
            raise Refusal(422, refused)
        return self._site.back(
            "/sources?done=deleted" if what == "delete" else f"/sources/{kind}/{name}?done={done}"
        )

    # ── what all of it needs ────────────────────────────────────────────────────────────────────────────
    async def _one(self, kind: str, name: str) -> Defined | None:
        async with self._site.engine.db.read() as tx:
            return await sources.get(tx, kind, name)

    async def _looked(
        self, sheet: Sheet, fields: Mapping[str, str], signed: Signed, one: Defined | None
    ) -> bool:
        """Looks at what was typed and does what was pressed. True: it may be saved."""
        kept, before = (one.secret, one.body) if one else ("", {})
        looked, _ = with_kept(sheet.choice.preset, sheet.typed, sheet.secret, kept, before)
        sheet.errors, pressed = looked.errors, fields.get("do", "save")
        if looked.made is None:
            sheet.notice = looked.errors.get("", "") or "有几栏不对，看红字。你填的内容都还在。"
        elif pressed == "try" and isinstance(looked.made, Connector):
            sheet.tried = self._attempt(looked.made, sheet.typed)
        elif pressed == "connect" and isinstance(looked.made, OfficialAccount) and not looked.made.app_secret:
            sheet.errors = {"app_secret": "没有填：不查 UnionID，也就不用连。要查就填上再连"}
        elif pressed == "connect" and sheet.choice.kind in PRESET_OF:
            await self._connect(sheet, signed)
        elif pressed == "save":
            return True
        else:
            raise Refusal(400, INCOMPLETE)
        return False

    def _attempt(self, connector: Connector, typed: Mapping[str, str]) -> Tried:
        sample, headers, query = (
            typed.get(name, "") for name in ("sample", "sample_headers", "sample_query")
        )
        return attempt(connector, sample, headers, query, self._site.engine.clock.now())

    async def _connect(self, sheet: Sheet, signed: Signed) -> None:
        """连一下: handed to the inbox, done by the outbox; the page waits for the answer."""
        token = secrets.token_hex(8)
        given = {
            "session": signed.session, "what": "/sources", "kind": sheet.choice.kind, "name": sheet.typed["name"],
            "typed": _kept(sheet), "secret": sheet.secret, "token": token,
        }  # fmt: skip
        await self._site.hand_in("web.source_connect", given, key=f"{signed.member.id}:{token}")
        loop = asyncio.get_running_loop()
        until = loop.time() + WAIT
        while loop.time() < until:
            async with self._site.engine.db.read() as tx:
                found = json.loads(await settings.get(tx, tried_key(signed.member.id)) or "{}")
            if found.get("token") == token:
                sheet.fails = bool(found["wrong"])
                well = f"连上了，登录成功，有 {found['unseen']} 封没读过的信。"
                well = ASKED if sheet.choice.kind == ACCOUNT else well
                sheet.connected = found["wrong"] or well
                return
            await asyncio.sleep(LOOK)
        sheet.connected, sheet.fails = "还没有结果，可能在排队。过一会儿再按一次「连一下」。", True

    async def _hand_in(
        self,
        signed: Signed,
        what: str,
        fields: Mapping[str, str],
        given: Mapping[str, object],
        kind: str,
        name: str,
    ) -> str:
        """Hands a form to the inbox. Returns what was refused, "" for nothing."""
        once = fields.get("once", "")
        if not re.fullmatch(r"[\w-]{8,64}", once):
            raise Refusal(400, INCOMPLETE)
        form = {"session": signed.session, "what": f"/sources/{what}", "kind": kind, "name": name, **given}
        try:
            # the same again is a second click; something else from the same page is not
            mark = sha(json.dumps(form, ensure_ascii=False, sort_keys=True))[:16]
            await self._site.hand_in(
                f"web.source_{what}", form, key=f"{signed.member.id}:{what}:{once}:{mark}"
            )
        except Refusal as no:
            if no.status != 422:
                raise
            return no.message
        return ""

    def _address(self, kind: str, name: str) -> str:
        """Where the other side sends to, "" for a mailbox."""
        return source_list.address(self._config, kind, name)

    def _form(
        self,
        signed: Signed,
        sheet: Sheet,
        *,
        code: int,
        one: Defined | None,
        version: str,
        action: str,
        **more: Any,
    ) -> web.StreamResponse:
        choice = sheet.choice
        name = sheet.typed.get("name", "")
        tags = {tag for member in self._config.member for tag in member.tags}
        values: dict[str, Any] = {
            "state": ("", 0, ""), "reached": ("", ""), "was": [], "done": "", "hidden": False,
            "sealed": bool(self._config.store.secrets),
        }  # fmt: skip
        return self._site.show(
            "source.html", signed, code=code, sheet=sheet, choice=choice, one=one, version=version, action=action,
            typed=sheet.typed, errors=sheet.errors, shown=secrets_in(sheet.secret),
            kept=secrets_in(one.secret) if one else {}, modes=MODES, when=LEAD_ON,
            fields=[(field, source_forms.FIELDS[field]) for field in source_forms.fields_of(choice.preset)],
            groups=sorted(tags | {group.name for group in self._config.group}), signs=SIGNS,
            address=self._address(choice.kind, name if NAMED.fullmatch(name) else "…"),
            seldom=source_forms.SELDOM, opened=any(sheet.typed.get(f"map_{one}") for one in source_forms.SELDOM),
            reachable=self._config.app.public_url.startswith("https://"), once=secrets.token_urlsafe(9),
            base="" if one else self._address(choice.kind, ""),
            **{**values, **more},
        )  # fmt: skip


def _choice(request: web.Request) -> Choice:
    found = CHOICES.get(request.match_info["preset"])
    if found is None:
        raise Refusal(404, "没有这一种接入。")
    return found


def _named(request: web.Request) -> tuple[str, str]:
    """(kind, name) of the address. Raises Refusal 404."""
    kind, name = request.match_info["kind"], request.match_info["name"]
    if kind not in {one.kind for one in CHOICES.values()} or not NAMED.fullmatch(name):
        raise Refusal(404, "没有这一页。")
    return kind, name


def _typed(fields: Mapping[str, str]) -> dict[str, str]:
    """What stands in the fields of the form, without what no database keeps; lines stay lines."""
    known = {name for one in ("mailbox", "push", "official") for name in source_forms.begin(one)} | {*LONGEST}
    known |= {f"map_{name}" for name in source_forms.FIELDS}
    return {name: _clean(fields.get(name, ""))[: LONGEST.get(name, 1000)] for name in known}


def _secret(kind: str, fields: Mapping[str, str]) -> str:
    """What was typed of what is secret, as one (bot/defined.py)."""
    if kind == ACCOUNT:
        return packed({name: tidy(fields.get(name, ""), 100) for name in SECRETS})
    return tidy(fields.get("secret", ""), 400)


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n")
    return "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


def _kept(sheet: Sheet) -> dict[str, str]:
    """What is handed over: never the sample, which may hold somebody's number."""
    return {name: value for name, value in sheet.typed.items() if not name.startswith("sample")}
