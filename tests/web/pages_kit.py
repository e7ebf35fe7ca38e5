"""The pages as somebody with a browser and no scripts sees them: links from the chat, cookies, forms."""

import html
import json
import re
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from sim.phone import Phone
from tests.world import World

TOKEN = re.compile(r"/login\?token=([\w-]+)")


async def link_of(phone: Phone, words: str = "/看板") -> str:
    """The token of the one-time link that the bot answers with."""
    seen = len(phone.seen)
    await phone.says(words)
    card = await phone.sees("只能用一次", after=seen)
    told = json.dumps(card.raw, ensure_ascii=False) + card.text + "".join(p.link for p in card.buttons)
    found = TOKEN.search(told)
    assert found is not None, told
    return found[1]


@dataclass
class Visitor:
    """A browser without scripts. `text` is the page it shows, `status` how it was answered, `path` where it is."""

    world: World
    jar: aiohttp.CookieJar = field(default_factory=lambda: aiohttp.CookieJar(unsafe=True))
    status: int = 0
    text: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(cookie_jar=self.jar)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.session is not None
        await self.session.close()

    async def opens(self, path: str, **more: Any) -> str:
        """GET; follows what the answer says."""
        return await self._ask("GET", path, **more)

    async def posts(self, path: str, fields: dict[str, str] | None = None, **more: Any) -> str:
        """POST of a form."""
        return await self._ask("POST", path, data=fields or {}, **more)

    async def _ask(self, method: str, path: str, **more: Any) -> str:
        assert self.session is not None
        async with self.session.request(method, self.world.url + path, **more) as answer:
            self.status, self.text = answer.status, await answer.text()
            self.path, self.headers = str(answer.url.relative()), dict(answer.headers)
        return self.text

    def forms(self) -> list[tuple[str, dict[str, str]]]:
        """(action, hidden and first values) of every form that posts."""
        found = []
        for action, inside in re.findall(
            r'<form[^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', self.text, re.DOTALL
        ):
            values = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', inside))
            for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
                values[name] = (re.findall(r'<option value="([^"]*)"', options) or [""])[0]
            found.append(
                (html.unescape(action), {name: html.unescape(value) for name, value in values.items()})
            )
        return found

    async def sends(self, part: str, **fields: str) -> str:
        """Sends the form whose action contains `part`, with these fields."""
        action, values = next(one for one in self.forms() if part in one[0])
        return await self.posts(action, values | fields)

    def stands(self, action: str) -> dict[str, str]:
        """Everything that stands in the fields of the form with this action, as a browser would send it."""
        form = rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>'
        inside = re.findall(form, self.text, re.DOTALL)[0]
        found: dict[str, str] = {}
        for tag in re.findall(r"<input\b[^>]*>", inside):
            name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and ('type="checkbox"' not in tag or " checked" in tag):
                found[name[1]] = html.unescape(value[1] if value else "")
        for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>\n?(.*?)</textarea>', inside, re.DOTALL):
            found[name] = html.unescape(text)
        for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
            values = re.findall(r'<option value="([^"]*)"( selected)?', options)
            found[name] = html.unescape(next((value for value, chosen in values if chosen), values[0][0]))
        return found

    async def fills(self, action: str, **typed: str) -> str:
        """Sends the form with this action: what stands in it, and this."""
        return await self.posts(action, self.stands(action) | typed)

    @property
    def words(self) -> str:
        """What can be read on the page."""
        inside = re.sub(r"<head>.*?</head>", "", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inside)).split())

    async def enters(self, phone: Phone, words: str = "/看板") -> str:
        """Through the chat's link and the tap."""
        await self.opens(f"/login?token={await link_of(phone, words)}")
        assert self.status == 200, self.text
        return await self.sends("/login")


async def take(visitor: Visitor, phone: Phone, kind: str) -> bytes:
    """An export: through the chat's link, then the button."""
    await visitor.enters(phone, "/导出")
    assert "导出线索" in visitor.words
    _, fields = next(one for one in visitor.forms() if one[0] == "/export")
    assert visitor.session is not None
    async with visitor.session.post(visitor.world.url + "/export", data=fields | {"kind": kind}) as answer:
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        return await answer.read()
