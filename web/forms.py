"""Public enquiry forms: the hosted page, the snippet for other sites, and the small tracker of pages seen. (B01, B10)"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import jinja2
import structlog
from aiohttp import web

from bot.config_sources import WebForm
from bot.engine import Engine
from bot.incoming import lead_form, sha
from web.address import Gate
from web.errors import Refusal, answer, read_body, read_json
from web.form_check import Filled, check
from web.handing import hand_in, known

log = structlog.get_logger("forms")
HERE = Path(__file__).parent
LIMIT = 64 * 1024
SCRIPTS = {"form.js": "text/javascript", "track.js": "text/javascript", "form.css": "text/css"}
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Receipt numbers are read out on the phone: nothing that looks like something else."""
BUSY = "系统有点忙，还没有收到您的信息。请稍等几秒再提交一次，不会重复。"


class Forms:
    """The pages of every [[webform]], over a running engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._forms = {form.name: form for form in engine.config.webform}
        intake = engine.config.intake
        self._gate = Gate(engine.shared, intake.per_minute, intake.proxies)
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )  # fmt: skip

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.get("/forms/{file:(?:form|track)\\.js|form\\.css}", self.script),
            web.get("/forms/{name}/embed.js", self.embed),
            web.get("/forms/{name}", self.show),
            web.post("/forms/{name}", self.take),
            web.options("/forms/{name}", self.preflight),
        ]

    # ── what is shown ───────────────────────────────────────────────────────────────────────────────────
    async def script(self, request: web.Request) -> web.StreamResponse:
        """Our own scripts and the style sheet; nothing comes from elsewhere."""
        name = request.match_info["file"]
        text = (HERE / "static" / name).read_text("utf-8")
        return web.Response(
            text=text, content_type=SCRIPTS[name], headers={"Cache-Control": "public, max-age=300"}
        )

    async def embed(self, request: web.Request) -> web.StreamResponse:
        """The snippet that puts the form into a page of another site."""
        self._form(request)
        text = (HERE / "static" / "embed.js").read_text("utf-8")
        return web.Response(
            text=text, content_type="text/javascript", headers={"Cache-Control": "public, max-age=300"}
        )

    async def show(self, request: web.Request) -> web.Response:
        """The empty form."""
        form = self._form(request)
        return self._page(request, form, Filled())

    def _page(
        self, request: web.Request, form: WebForm, filled: Filled, *, status: int = 200, notice: str = "",
        once: str = "", carried: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
    ) -> web.Response:  # fmt: skip
        text = self._pages.get_template("form.html").render(
            form=form, filled=filled, notice=notice, once=once or secrets.token_hex(12), firm=self._firm,
            carried=carried or {}, embed=_embedded(request),
        )  # fmt: skip
        return _html(text, form, status, headers)

    @property
    def _firm(self) -> str:
        return self._engine.config.app.name

    def _form(self, request: web.Request) -> WebForm:
        """Raises Refusal 404."""
        form = self._forms.get(request.match_info["name"])
        if form is None:
            raise Refusal(404, "没有这张表单")
        return form

    # ── what is handed in ───────────────────────────────────────────────────────────────────────────────
    async def preflight(self, request: web.Request) -> web.Response:
        """May a script of that site send the form? Only of the sites in `origins`."""
        form = self._form(request)
        allowed = _cors(request, form)
        if not allowed:
            raise Refusal(403, "这个网站不在表单的 origins 里")
        return web.Response(
            status=204,
            headers=allowed
            | {
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": "Content-Type",
                "Access-Control-Max-Age": "600",
            },
        )

    async def take(self, request: web.Request) -> web.Response:
        """A form that was filled in: a page for people, JSON for scripts. The same content again is the same lead."""
        form = self._form(request)
        is_json = request.content_type == "application/json"
        try:
            raw = _read(await read_body(request, limit=LIMIT), is_json)
            return await self._taken(request, form, raw, is_json)
        except Refusal as no:
            no.headers |= _cors(request, form)
            raise

    async def _taken(
        self, request: web.Request, form: WebForm, raw: Mapping[str, object], is_json: bool
    ) -> web.Response:
        filled = check(form, raw)
        once = str(raw.get("once") or "")[:64]
        carried = {key: str(raw.get(key) or "")[:16_000] for key in ("visitor", "pages")}
        if wait := await self._gate.passes(request, "form"):
            headers = {"Retry-After": str(int(wait) + 1)}
            if is_json:
                raise Refusal(429, "提交太频繁，请一分钟后再试", code="too_many", headers=headers)
            return self._page(request, form, filled, status=429, once=once, carried=carried, headers=headers,
                              notice="提交太频繁，请一分钟后再试。您填的内容还在。")  # fmt: skip
        if str(raw.get("hp_site") or "").strip():
            log.info("a robot filled in the trap", form=form.name)
            return self._thanks(request, form, number(secrets.token_hex(16)), is_json)
        if filled.errors:
            if is_json:
                return answer(
                    {"error": {"code": "invalid", "message": "有几栏要改", "fields": filled.errors}}, 422,
                    _cors(request, form),
                )  # fmt: skip
            return self._page(request, form, filled, status=422, once=once, carried=carried,
                              notice="有几栏要改一下。")  # fmt: skip
        now = self._engine.clock.now()
        key = receipt_key(form.name, once, filled, now, self._engine.calendar.zone)
        receipt = number(key)
        if await known(self._engine, key) is None:
            origin = {"kind": "form", "name": form.name, "ref": receipt, "extra": filled.extra,
                      "consent": _consent(form, now), **_visit(raw)}  # fmt: skip
            fields = {**filled.fields, "group": form.group, "origin": origin}
            event = lead_form(fields, now, receipt=key, digest=key[-64:], client=f"form:{form.name}")
            try:
                await hand_in(self._engine, event)
            except Refusal as no:
                # stored means that it will become a lead: an event number says so
                if not no.event and not is_json:
                    return self._page(
                        request, form, filled, status=no.status, once=once, carried=carried, notice=BUSY
                    )
                if not no.event or no.status == 422:
                    raise
        return self._thanks(request, form, receipt, is_json)

    def _thanks(self, request: web.Request, form: WebForm, receipt: str, is_json: bool) -> web.Response:
        if is_json:
            return answer({"receipt": receipt, "message": form.thanks}, 201, _cors(request, form))
        text = self._pages.get_template("thanks.html").render(
            form=form, receipt=receipt, firm=self._firm, embed=_embedded(request)
        )
        return _html(text, form, 200)


def receipt_key(name: str, once: str, filled: Filled, now: datetime, zone: ZoneInfo) -> str:
    """The key under which the answer is kept: the same content from the same page is the same lead; without the page's
    mark, the same content on the same day."""
    said = json.dumps([filled.fields, filled.extra], sort_keys=True, ensure_ascii=False)
    return f"form:{name}:{sha(f'{once or now.astimezone(zone).date()}|{said}')}"


def number(key: str) -> str:
    """A key as a receipt number: "7F3K-29QD"."""
    left = int(sha(key), 16)
    digits = ""
    for _ in range(8):
        left, digit = divmod(left, len(ALPHABET))
        digits += ALPHABET[digit]
    return f"{digits[:4]}-{digits[4:]}"


def _read(body: bytes, is_json: bool) -> dict[str, Any]:
    """The body as a flat table. Raises Refusal 400."""
    try:
        text = body.decode("utf-8")
        if not is_json:
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
        found = read_json(text)
    except (ValueError, RecursionError):
        raise Refusal(400, "内容读不懂（要是 UTF-8 的表单或 JSON）", code="bad_form") from None
    if not isinstance(found, dict):
        raise Refusal(400, "内容要是一个 JSON 对象", code="bad_form")
    return found


def _visit(raw: Mapping[str, object]) -> dict[str, object]:
    """The visitor's random id and pages, as the tracker handed them over (rules/origins.py looks at them)."""
    pages = raw.get("pages")
    if isinstance(pages, str):
        try:
            pages = read_json(pages) if pages else []
        except (ValueError, RecursionError):
            pages = []
    return {"visitor": raw.get("visitor"), "pages": pages}


def _consent(form: WebForm, now: datetime) -> dict[str, str]:
    """Which words the visitor agreed to, and when."""
    if not form.consent:
        return {}
    return {"version": form.consent_version, "text": form.consent, "at": now.isoformat()}


def _embedded(request: web.Request) -> bool:
    return "embed" in request.query


def _cors(request: web.Request, form: WebForm) -> dict[str, str]:
    site = request.headers.get("Origin", "")
    return {"Access-Control-Allow-Origin": site, "Vary": "Origin"} if site in form.origins else {}


def _html(text: str, form: WebForm, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """A page that runs our scripts alone and stands only in the sites that the configuration names."""
    sites = " ".join(form.origins) or "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {sites}"
    )
    return web.Response(
        text=text, status=status, content_type="text/html",
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store", **(headers or {})},
    )  # fmt: skip
