"""接入: an admin adds, changes, switches off and removes ways for leads to come in, without a restart. (B07)"""

import json
from dataclasses import replace
from typing import Any

from bot import source_forms
from bot.config_history import flat_of
from bot.defined import KEEPERS, MAILBOX, TROUBLE, in_file, made, tried_key
from bot.events import Form
from bot.mailbox import BELL
from bot.router import Router
from bot.source_forms import CHOICES, PRESET_OF, Checked, leads_elsewhere, with_kept
from bot.turn import Turn
from handlers.pages import entry, signed_in
from rules.errors import Denied, Refused
from rules.team import Member
from store import audit, settings, sources
from store import watch as history
from store.sources import Defined

router = Router("sources")
CHANGED = "刚刚有人改过它，请看过最新情况再改。你填的内容还在这一页上。"
GONE = "它已经被删除了。"


@router.command(
    "接入", usage="/接入", about="在网页上接抖音、400、公众号、邮箱，看来源（一次性登录链接）", may=KEEPERS
)
async def page(turn: Turn, _words: str) -> None:
    """/接入."""
    await turn.answer(await entry(turn, "sources"))


async def keeper(turn: Turn, form: Form) -> Member:
    """Whose form it is. Raises Denied when they may not, or their session ended."""
    person = await signed_in(turn, form)
    if not person.has(*KEEPERS):
        raise Denied("接入不对你的角色开放。", about=_about(form))
    return person


def _about(form: Form) -> str:
    return f"{form.fields.get('kind', '')}:{form.fields.get('name', '')}"[:64]


async def _standing(turn: Turn, form: Form) -> Defined:
    """The source that the form is about. Raises Refused when it is gone or was changed meanwhile."""
    one = await sources.get(turn.tx, str(form.fields["kind"]), str(form.fields["name"]))
    if one is None:
        raise Refused(GONE)
    if str(one.version) != str(form.fields["version"]):
        raise Refused(CHANGED)
    return one


# ── what is saved ──────────────────────────────────────────────────────────────────────────────────────
@router.form("web.source_add")
async def add(turn: Turn, form: Form) -> None:
    """保存 of a new one: it takes what comes from this commit on."""
    person = await keeper(turn, form)
    choice, typed = CHOICES[str(form.fields["preset"])], form.fields["typed"]
    secret = str(form.fields["secret"])
    looked = _fits(source_forms.checked(choice.preset, typed, secret))
    name = str(looked.body["name"])
    if in_file(turn.config, choice.kind, name) is not None:
        raise Refused(f"config.toml 里已经有叫 {name} 的，请换一个名字。")
    if await sources.get(turn.tx, choice.kind, name) is not None:
        raise Refused(f"已经有叫 {name} 的，请换一个名字，或去改那一个。")
    one = Defined(0, choice.kind, name, choice.preset, 1, True, looked.body, secret, person.id, turn.now)
    await sources.add(turn.tx, one)
    key = f"{one.kind}.{name}"
    await history.changed(turn.tx, turn.now, person.name, key, "", f"新增：{choice.title}", "web")
    await _done(turn, person, one, "source.added", {"preset": choice.preset})


@router.form("web.source_change")
async def change(turn: Turn, form: Form) -> None:
    """保存 of one that was there; an empty secret keeps the one it has."""
    person = await keeper(turn, form)
    one = await _standing(turn, form)
    typed = {**form.fields["typed"], "name": one.name}
    looked, secret = with_kept(one.preset, typed, str(form.fields["secret"]), one.secret, one.body)
    _fits(looked)
    await _save(turn, person, one, looked.body, secret, "source.changed")


@router.form("web.source_restore")
async def restore(turn: Turn, form: Form) -> None:
    """改回这一版: everything as it was then but the secret, which may have been changed because somebody knew it."""
    person = await keeper(turn, form)
    one = await _standing(turn, form)
    wanted = str(form.fields["to"])
    then = next(
        (each for each in await sources.versions(turn.tx, one.id) if str(each.version) == wanted), None
    )
    if then is None or made(replace(one, body=then.body)) is None:
        raise Refused("这一版已经不在了，或者现在不能用了。")
    if one.kind == MAILBOX and leads_elsewhere(one.body, then.body):
        raise Refused("那一版连的是另一台服务器：请在表单里改，并重新填密码。")
    await _save(turn, person, one, then.body, one.secret, "source.restored")


async def _save(
    turn: Turn, person: Member, one: Defined, body: dict[str, Any], secret: str, action: str
) -> None:
    """The next version, with a line of the history for every setting that is another now."""
    new = replace(one, body=body, secret=secret, by=person.id, at=turn.now)
    before, after = (_flat(each) for each in (one, new))
    keys = [
        key for key in [*before, *(set(after) - set(before))] if before.get(key, "") != after.get(key, "")
    ]
    if not keys:
        raise Refused("没有改动。")
    await sources.change(turn.tx, new)
    for key in sorted(keys):
        old, now = before.get(key, ""), after.get(key, "")
        await history.changed(turn.tx, turn.now, person.name, key[:120], old[:500], now[:500], "web")
    await _done(turn, person, new, action, {"version": one.version + 1, "changed": keys[:20]})


def _flat(one: Defined) -> dict[str, str]:
    """Its settings as the history writes them, the secret as a fingerprint."""
    section = made(one)
    return flat_of(section, f"{one.kind}.{one.name}") if section else {}


def _fits(looked: Checked) -> Checked:
    """Raises Refused with the first mistake: the page has looked already, so mostly there is none."""
    if looked.made is None:
        place, said = next(iter(looked.errors.items()))
        raise Refused(f"{place}：{said}" if place else said)
    return looked


async def _done(turn: Turn, person: Member, one: Defined, action: str, detail: dict[str, Any]) -> None:
    """The trail has it, and every replica looks anew."""
    await audit.add(turn.tx, turn.now, person.id, action, f"{one.kind}:{one.name}", detail, turn.event_id)
    turn.rang.add(BELL)


# ── on, off, gone ──────────────────────────────────────────────────────────────────────────────────────
@router.form("web.source_switch")
async def switch(turn: Turn, form: Form) -> None:
    """启用 or 停用. What came in before is handled all the same."""
    person = await keeper(turn, form)
    one = await _standing(turn, form)
    on = form.fields["on"] == "on"
    if on == one.enabled:
        raise Refused("它已经启用了。" if on else "它已经停用了。")
    await sources.switch(turn.tx, one.id, on)
    words = ("启用", "停用") if on else ("停用", "启用")
    await history.changed(turn.tx, turn.now, person.name, f"{one.kind}.{one.name}", words[1], words[0], "web")
    await _done(turn, person, one, "source.on" if on else "source.off", {})


@router.form("web.source_delete")
async def delete(turn: Turn, form: Form) -> None:
    """删除, with its secret. Its leads stay."""
    person = await keeper(turn, form)
    one = await _standing(turn, form)
    await sources.remove(turn.tx, one)
    title = CHOICES[one.preset].title
    await history.changed(turn.tx, turn.now, person.name, f"{one.kind}.{one.name}", title, "已删除", "web")
    await _done(turn, person, one, "source.deleted", {})


# ── is it well ─────────────────────────────────────────────────────────────────────────────────────────
@router.form("web.source_connect")
async def connect(turn: Turn, form: Form) -> None:
    """连一下: the outbox tries the mailbox or the account as it is typed, or as it is kept; `tried` hears the answer."""
    person = await keeper(turn, form)
    kind, secret = str(form.fields["kind"]), str(form.fields["secret"])
    one = await sources.get(turn.tx, kind, str(form.fields["name"]))
    kept, before = (one.secret, one.body) if one else ("", {})
    looked, secret = with_kept(PRESET_OF[kind], form.fields["typed"], secret, kept, before)
    _fits(looked)
    told = {"member": person.id, "token": form.fields["token"]}
    then = Form("source.tried", told, turn.now, key=f"tried:{person.id}"[:40].ljust(40, "-"))
    ref = json.dumps({"body": looked.body, "secret": secret}, ensure_ascii=False)
    await turn.ask(kind, ref, of="probe:page", then=then)
    about, key = f"{kind}:{looked.body['name']}", "host" if "host" in looked.body else "app_id"
    await audit.add(
        turn.tx, turn.now, person.id, "source.tried", about, {key: looked.body[key]}, turn.event_id
    )


@router.form("source.tried")
async def tried(turn: Turn, form: Form) -> None:
    """What came of it, for the page that waits."""
    found, said = form.fields["found"], form.fields
    wrong = str(found.get("wrong") or said["why"] or "")
    kept = {"token": said["token"], "wrong": wrong, "unseen": str(found.get("unseen", ""))}
    key = tried_key(str(said["member"]))
    await settings.put(turn.tx, key, json.dumps(kept, ensure_ascii=False), "", turn.now)


@router.form(TROUBLE)
async def trouble(turn: Turn, form: Form) -> None:
    """Something was refused at the door or could not be read; or all is well again."""
    said = form.fields
    kind, name = str(said["kind"]), str(said["name"])
    known = in_file(turn.config, kind, name) or await sources.get(turn.tx, kind, name)
    if known is not None:
        await sources.trouble(turn.tx, kind, name, str(said["why"]), turn.now)
