"""Control routes under /_sim/: people, phones, faults, wire and clock of a simulator, for tests and consoles."""

import asyncio
import base64
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from sim.phone import Gone, Phone, Seen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Simulator(Protocol):
    """What a simulated platform shows to the controls. `faults` is a dataclass whose fields may be set.

    Where there is one, also `callback_url: str` (POST callback_url) and `verify_callback()` (POST verify).
    """

    skew: float

    @property
    def phones(self) -> Mapping[str, Phone]: ...
    @property
    def faults(self) -> Any: ...
    @property
    def wire(self) -> Iterable[Any]: ...
    @property
    def person(self) -> Callable[..., Phone]: ...


class Wrong(ValueError):
    """The request makes no sense; the text says why."""


def control_routes(server: Simulator) -> list[web.RouteDef]:
    """The routes of one simulator, ready for `app.add_routes`."""

    def route(handle: Callable[[Simulator, web.Request], Awaitable[web.StreamResponse]]) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await handle(server, request)
            except Gone as gone:
                return answer({"error": str(gone)}, 409)
            except LookupError as missing:
                return answer({"error": f"unknown: {missing}"}, 404)
            except (ValueError, TypeError) as wrong:
                return answer({"error": str(wrong)}, 400)

        return guarded

    return [
        web.get("/_sim/people", route(_people)),
        web.post("/_sim/people", route(_add_person)),
        web.get("/_sim/phone/{user}", route(_screen)),
        web.post("/_sim/phone/{user}/{verb}", route(_verb)),
        web.get("/_sim/phone/{user}/file/{n}", route(_file)),
        web.get("/_sim/faults", route(_faults)),
        web.post("/_sim/faults", route(_set_faults)),
        web.get("/_sim/wire", route(_wire)),
        web.post("/_sim/callback_url", route(_set_callback)),
        web.post("/_sim/verify", route(_verify)),
        web.post("/_sim/clock", route(_clock)),
        web.get("/_sim/events", route(_events)),
    ]


def people_from(server: Simulator, scenario: str) -> None:
    """Creates the people of a scenario file: `{"people": [{"user": "lisi", "name": "李四", …}]}`."""
    for person in json.loads(Path(scenario).read_text(encoding="utf-8")).get("people", []):
        server.person(**person)


def answer(value: object, status: int = 200) -> web.Response:
    """JSON with Chinese left readable."""
    return web.json_response(text=json.dumps(value, ensure_ascii=False, default=_plain), status=status)


def screen_row(seen: Seen) -> dict[str, Any]:
    """A Seen as JSON: no bytes, only how many there are."""
    row = {
        field.name: getattr(seen, field.name) for field in dataclasses.fields(seen) if field.name != "file"
    }
    row["buttons"] = [dataclasses.asdict(press) for press in seen.buttons]
    row["picks"] = [dataclasses.asdict(pick) for pick in seen.picks]
    return row | {"bytes": len(seen.file)}


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    body = json.loads(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise Wrong("a JSON object is expected")
    return body


async def _people(server: Simulator, _: web.Request) -> web.Response:
    return answer(
        [
            {"user": p.user, "name": p.name, "seen": len(p.seen), "version": p.version}
            for p in server.phones.values()
        ]
    )


async def _add_person(server: Simulator, request: web.Request) -> web.Response:
    phone = server.person(**await _body(request))
    return answer({"user": phone.user, "name": phone.name}, 201)


async def _screen(server: Simulator, request: web.Request) -> web.Response:
    """`after=N`: only what has a number above N; `since=V`: only what appeared or changed after version V."""
    phone = server.phones[request.match_info["user"]]
    after, since = int(request.query.get("after", 0)), int(request.query.get("since", 0))
    return answer([screen_row(seen) for seen in phone.seen[after:] if seen.version > since])


async def _file(server: Simulator, request: web.Request) -> web.Response:
    phone = server.phones[request.match_info["user"]]
    seen = phone.seen[int(request.match_info["n"]) - 1]
    return web.Response(body=seen.file, content_type="application/octet-stream")


async def _verb(server: Simulator, request: web.Request) -> web.Response:
    phone = server.phones[request.match_info["user"]]
    await _perform(phone, request.match_info["verb"], await _body(request))
    return answer({"ok": True, "seen": len(phone.seen), "version": phone.version})


async def _perform(phone: Phone, verb: str, body: dict[str, Any]) -> None:
    match verb:
        case "say":
            await phone.says(str(body["text"]))
        case "forward":
            lines = [(str(speaker), str(text)) for speaker, text in body["lines"]]
            await phone.forwards(lines, only=body.get("only"))
        case "voice":
            await phone.speaks(str(body.get("text", "")), float(body.get("seconds", 4.0)))
        case "file":
            await phone.sends_file(str(body["name"]), _bytes_of(body))
        case "image":
            await (phone.sends_picture(_bytes_of(body)) if "base64" in body else phone.sends_picture())
        case "enter":
            await phone.enters()
        case "menu":
            await phone.taps_menu(str(body["key"]))
        case "click" if "label" in body:
            await phone.clicks(str(body["label"]), _on(phone, body), times=int(body.get("times", 1)))
        case "click":
            card = phone.seen[int(body["n"]) - 1]
            await phone.presses_anyway(card, str(body["key"]))
        case "choose":
            phone.chooses(str(body["title"]), str(body["label"]), _on(phone, body))
        case _:
            await phone.does(verb, **body)


def _on(phone: Phone, body: dict[str, Any]) -> Seen | str | None:
    """Which card is meant: its number `n` on the screen, a fragment of its text `on`, or the newest."""
    if "n" in body:
        return phone.seen[int(body["n"]) - 1]
    return str(body["on"]) if body.get("on") else None


def _bytes_of(body: dict[str, Any]) -> bytes:
    return base64.b64decode(body["base64"]) if "base64" in body else str(body.get("text", "")).encode()


async def _faults(server: Simulator, _: web.Request) -> web.Response:
    return answer(server.faults)


async def _set_faults(server: Simulator, request: web.Request) -> web.Response:
    """Sets the fields that are named; `{"reset": true}` first puts all back to their defaults."""
    body, faults = await _body(request), server.faults
    if body.pop("reset", False):
        fresh = type(faults)()
        body = {field.name: getattr(fresh, field.name) for field in dataclasses.fields(faults)} | body
    known = {field.name for field in dataclasses.fields(faults)}
    if unknown := sorted(set(body) - known):
        raise Wrong(f"no such fault: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    for name, value in body.items():
        setattr(faults, name, _like(getattr(faults, name), value))
    return answer(faults)


def _like(before: object, value: Any) -> Any:
    """JSON has neither sets nor tuples: take the shape that the field has now."""
    if isinstance(before, set):
        return set(value)
    if isinstance(before, list) and isinstance(value, list):
        return [tuple(item) if isinstance(item, list) else item for item in value]
    return value


async def _wire(server: Simulator, request: web.Request) -> web.Response:
    after = int(request.query.get("after", 0))
    return answer([entry for n, entry in enumerate(server.wire, 1) if getattr(entry, "n", n) > after])


async def _set_callback(server: Simulator, request: web.Request) -> web.Response:
    if not hasattr(server, "callback_url"):
        raise Wrong("this platform calls no URL")
    server.callback_url = str((await _body(request))["url"])
    return answer({"callback_url": server.callback_url})


async def _verify(server: Simulator, _: web.Request) -> web.Response:
    verify: Callable[[], Awaitable[bool]] | None = getattr(server, "verify_callback", None)
    if verify is None:
        raise Wrong("this platform verifies no URL")
    return answer({"ok": await verify()})


async def _clock(server: Simulator, request: web.Request) -> web.Response:
    """`{"skew": seconds}`: how far this platform's clock is ahead of the machine's."""
    server.skew = float((await _body(request))["skew"])
    return answer({"skew": server.skew})


async def _events(server: Simulator, request: web.Request) -> web.StreamResponse:
    """Server-sent events `{"user", "seen": {…}}`: what appears or changes on any phone from now on."""
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await stream.prepare(request)
    with contextlib.suppress(ConnectionResetError):
        async for line in _changes(server):
            await stream.write(line)
    return stream


async def _changes(server: Simulator, every: float = 0.15) -> AsyncIterator[bytes]:
    """Looks at the phones every so many seconds; a comment line now and then tells that the link lives."""
    known = {user: phone.version for user, phone in server.phones.items()}
    quiet = 0.0
    yield b": hello\n\n"
    while True:
        for user, phone in list(server.phones.items()):
            before = known.get(user, 0)
            if phone.version == before:
                continue
            known[user] = phone.version
            for seen in [seen for seen in phone.seen if seen.version > before]:
                event = json.dumps(
                    {"user": user, "seen": screen_row(seen)}, ensure_ascii=False, default=_plain
                )
                yield f"data: {event}\n\n".encode()
        await asyncio.sleep(every)
        quiet = quiet + every if quiet < 10 else 0.0
        if quiet == 0.0:
            yield b": still here\n\n"
