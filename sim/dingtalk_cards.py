"""Interactive cards: create, deliver, update, stream, and the clicks on them. Protocol reference section 5."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim.dingtalk_api import Api, Call, Refusal
from sim.dingtalk_screen import plain, together
from sim.dingtalk_stream import Stream
from sim.dingtalk_world import Json, Member, Told, World, opaque
from sim.phone import Pick, Press, Seen

PREFIX = "dtv1.card//"
TEMPLATES: dict[str, tuple[str, ...]] = {  # 5.7: the variables that can be read on the card
    "589420e2-c1e2-46ef-a5ed-b8728e654da9.schema": ("title", "markdown"),
    "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema": ("title", "markdown", "tips"),
    "382e4302-551d-4880-bf29-a30acfab2e71.schema": ("msgTitle", "staticMsgContent", "msgContent", "tips"),
    "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema": ("msgContent", "staticMsgContent"),
    "280f6d7a-63bc-4905-bf3f-4c6d95e5166b.schema": ("title",),
    "8aebdfb9-28f4-4a98-98f5-396c3dde41a0.schema": ("content",),
    "db56f2c2-f609-4878-9a34-46f6a0194a73.schema": (
        "title",
        "type",
        "amount",
        "reason",
        "createTime",
        "status",
    ),
}
MODELS = {"IM_ROBOT": "imRobot", "IM_GROUP": "imGroup"}


@dataclass
class Card:
    """One card instance; everybody sees `data` with their own `private` data over it."""

    track: str
    template: str
    callback: bool
    user_id_type: int
    data: dict[str, str]
    private: dict[str, dict[str, str]]
    spaces: Json  # the request's im*OpenSpaceModel objects
    extra: Json = field(default_factory=dict)
    carriers: dict[tuple[str, str], str] = field(default_factory=dict)  # (spaceType, spaceId) → carrierId
    shown: list[tuple[str, Seen, tuple[str, str]]] = field(default_factory=list)  # user, what they see, where

    def view(self, user: str) -> dict[str, str]:
        """The variables as this person sees them."""
        return self.data | self.private.get(user, {})


class Cards:
    """The card store, the calls on it, and the callbacks it makes."""

    def __init__(self, world: World, stream: Stream) -> None:
        self.world, self.stream = world, stream
        self.cards: dict[str, Card] = {}
        self.templates = dict(TEMPLATES)

    def apis(self) -> list[Api]:
        """The calls of 5.1 and 5.2."""
        write, base = "Card.Instance.Write", "/v1.0/card"
        return [
            Api("POST", f"{base}/instances/createAndDeliver", self._create_and_deliver, write, sends=True),
            Api("POST", f"{base}/instances", self._create, write),
            Api("POST", f"{base}/instances/deliver", self._deliver, write, sends=True),
            Api("PUT", f"{base}/instances", self._update, write, sends=True),
            Api("PUT", f"{base}/streaming", self._streaming, "Card.Streaming.Write", sends=True),
        ]

    # create and deliver -----------------------------------------------------------------------------------------------

    async def _create_and_deliver(self, call: Call) -> Json:
        spaces = list(self._spaces(call.body))
        for kind, _ in spaces:
            if not isinstance(call.body.get(f"{MODELS[kind]}OpenSpaceModel"), dict):
                raise Refusal(400, "param.openSpaceModelInvalid")
            self._deliver_model(call.body, kind)
        card = self._make(call)
        results = [await self._place(card, kind, space, call.body) for kind, space in spaces]
        return {"success": True, "result": {"outTrackId": card.track, "deliverResults": results}}

    async def _create(self, call: Call) -> Json:
        return {"success": True, "result": self._make(call).track}

    async def _deliver(self, call: Call) -> Json:
        card = self._known(call)
        spaces = list(self._spaces(call.body))
        for kind, _ in spaces:
            if f"{MODELS[kind]}OpenSpaceModel" not in card.spaces:
                raise Refusal(400, "param.openSpaceModelInvalid")
            self._deliver_model(call.body, kind)
        return {
            "success": True,
            "result": [await self._place(card, kind, space, call.body) for kind, space in spaces],
        }

    def _make(self, call: Call) -> Card:
        """A new card; an outTrackId that exists keeps its old content, and the call succeeds all the same (5.1)."""
        body = call.body
        track = self._track(call)
        template = call.text("cardTemplateId")
        if not template:
            raise Refusal(400, "param.cardTemplateIdEmpty")
        if template not in self.templates:
            raise Refusal(400, "param.templateNotExist")
        callback = body.get("callbackType")
        if callback not in (None, "STREAM", "HTTP") or (
            callback == "HTTP" and not body.get("callbackRouteKey")
        ):
            raise Refusal(400, "param.invalid", "callbackType")
        data = self._values(body.get("cardData"))
        if data is None:
            raise Refusal(400, "param.cardPublicDataEmpty")
        private = self._private(body)
        models = {key: value for key, value in body.items() if key.endswith("OpenSpaceModel")}
        for model in models.values():
            if not isinstance(model, dict) or not isinstance(model.get("supportForward", False), bool):
                raise Refusal(400, "param.openSpaceModelInvalid")
        if track in self.cards:
            self.world.note("card reused: new data ignored", {"outTrackId": track})
            return self.cards[track]
        id_type = 2 if body.get("userIdType") == 2 else 1
        self.cards[track] = Card(track, template, callback == "STREAM", id_type, data, private, models)
        return self.cards[track]

    def _track(self, call: Call) -> str:
        track = call.text("outTrackId")
        if not track:
            raise Refusal(400, "param.outTrackIdEmpty")
        if len(track) > 100:
            raise Refusal(400, "param.invalid", "outTrackId is longer than 100")
        return track

    def _known(self, call: Call) -> Card:
        card = self.cards.get(self._track(call))
        if card is None:
            raise Refusal(400, "param.cardNotExist")
        return card

    def _values(self, data: object) -> dict[str, str] | None:
        """`cardData.cardParamMap`, checked: strings only, sizes of 5.1. None when there is none."""
        values = data.get("cardParamMap") if isinstance(data, dict) else None
        if not isinstance(values, dict):
            return None
        limits = self.world.limits
        for key, value in values.items():
            if not isinstance(value, str):
                raise Refusal(400, "MissingStringValue", f"cardParamMap.{key} is not a string")
            if len(key.encode()) > limits.card_key_bytes or len(value.encode()) > limits.card_value_bytes:
                raise Refusal(
                    400, "param.invalid", f"cardParamMap.{key} is too long: {len(value.encode())} bytes"
                )
        if (
            sum(len(key.encode()) + len(value.encode()) for key, value in values.items())
            > limits.card_total_bytes
        ):
            raise Refusal(400, "param.invalid", "cardParamMap is too long")
        return dict(values)

    def _private(self, body: Json) -> dict[str, dict[str, str]]:
        given = body.get("privateData") or {}
        if not isinstance(given, dict):
            raise Refusal(400, "param.invalid", "privateData")
        by_union = body.get("userIdType") == 2
        found = {}
        for user, data in given.items():
            member = self.world.by_union(user) if by_union else self.world.members.get(user)
            if member is None:
                raise Refusal(400, "param.userIdNotExist")
            found[member.user] = self._values(data) or {}
        return found

    def _spaces(self, body: Json) -> Iterator[tuple[str, str]]:
        """(spaceType, spaceId) pairs of openSpaceId; several are joined by ";" after one prefix."""
        spec = body.get("openSpaceId")
        if not spec:
            raise Refusal(400, "param.openSpaceIdEmpty")
        if not isinstance(spec, str) or not spec.startswith(PREFIX):
            raise Refusal(400, "param.openSpaceIdInvalid")
        for part in spec.removeprefix(PREFIX).split(";"):
            kind, dot, space = part.partition(".")
            if kind not in MODELS or not dot or not space:
                raise Refusal(400, "param.openSpaceIdInvalid")
            yield kind, space

    def _deliver_model(self, body: Json, kind: str) -> None:
        model = body.get(f"{MODELS[kind]}OpenDeliverModel")
        if not isinstance(model, dict):
            raise Refusal(400, "param.openDeliverModelEmpty")
        wrong = model.get("spaceType") != "IM_ROBOT" if kind == "IM_ROBOT" else not model.get("robotCode")
        if wrong or model.get("robotCode", self.world.client_id) != self.world.client_id:
            raise Refusal(400, "param.openDeliverModelError")

    async def _place(self, card: Card, kind: str, space: str, body: Json) -> Json:
        """Delivers into one space; a failure is told in the result with HTTP 200 (5.1)."""
        result = {"spaceType": kind, "spaceId": space, "success": False, "carrierId": "", "errorMsg": ""}
        if self.world.faults.take("card_deliver_fail_next"):
            return result | {"errorMsg": "deliver failed"}
        users = self._users(kind, space, body)
        if users is None:
            return result | {"errorMsg": "spaceId is illegal"}
        if (kind, space) in card.carriers:
            return result | {"success": True, "carrierId": card.carriers[kind, space]}
        carrier = card.carriers[kind, space] = opaque()
        told = Told(carrier, self.world.now(), users, space if kind == "IM_GROUP" else "")
        await self.world.show(told, lambda user: self._seen(card, user, carrier))
        card.shown += [(user, seen, (kind, space)) for user, seen in told.seen]
        return result | {"success": True, "carrierId": carrier}

    def _users(self, kind: str, space: str, body: Json) -> list[str] | None:
        """Who sees a card in this space; None when there is no such space."""
        if kind == "IM_ROBOT":
            member = (
                self.world.by_union(space) if body.get("userIdType") == 2 else self.world.members.get(space)
            )
            return [member.user] if member is not None and self.world.reachable(member.user) else None
        group = self.world.groups.get(space)
        if group is None or not group.robot:
            return None
        chosen = body["imGroupOpenDeliverModel"].get("recipients")
        return [u for u in group.members if u in self.world.phones and (not chosen or u in chosen)]

    # update -----------------------------------------------------------------------------------------------------------

    async def _update(self, call: Call) -> Json:
        """PUT instances: full overwrite unless the options say by key (5.2)."""
        card = self._known(call)
        data, private = self._values(call.body.get("cardData")), self._private(call.body)
        if data is None and not private:
            raise Refusal(400, "param.cardDataAndPrivateDataBothEmpty")
        options = call.body.get("cardUpdateOptions") or {}
        if data is not None:
            card.data = card.data | data if options.get("updateCardDataByKey") is True else data
        for user, values in private.items():
            before = card.private.get(user, {}) if options.get("updatePrivateDataByKey") is True else {}
            card.private[user] = before | values
        await self._redraw(card)
        return {"success": True, "result": True}

    async def _streaming(self, call: Call) -> Json:
        card = self._known(call)
        for name, code in (("guid", "guidEmpty"), ("key", "keyEmpty"), ("content", "contentEmpty")):
            if not isinstance(call.body.get(name), str) or (name != "content" and not call.body[name]):
                raise Refusal(400, f"param.stream.{code}")
        if not isinstance(call.body.get("isFull", False), bool):
            raise Refusal(400, "param.stream.isFull")
        if len(call.body["content"].encode()) > 3 * 1024:
            raise Refusal(400, "param.stream.content")
        key, before = call.body["key"], card.data.get(call.body["key"], "")
        card.data[key] = call.body["content"] if call.body.get("isFull") else before + call.body["content"]
        await self._redraw(card)
        return {"success": True, "result": True}

    async def _redraw(self, card: Card, only: str = "") -> None:
        for user, seen, where in card.shown:
            if only and user != only:
                continue
            fresh = self._seen(card, user, card.carriers[where])
            seen.text, seen.buttons, seen.picks, seen.raw = fresh.text, fresh.buttons, fresh.picks, fresh.raw
            await self.world.phones[user].refresh(seen)

    def _seen(self, card: Card, user: str, carrier: str) -> Seen:
        view = card.view(user)
        shown = [plain(view.get(name, "")) for name in self.templates[card.template]]
        raw: Json = {
            "cardTemplateId": card.template,
            "cardParamMap": view,
            "carrierId": carrier,
            **card.spaces,
        }
        picks, submit = _form(view)
        return Seen(
            0, "card", together(*shown), self.world.now(), card.track, [*_buttons(view), *submit], picks, raw
        )  # fmt: skip

    # clicks -----------------------------------------------------------------------------------------------------------

    async def click(self, member: Member, seen: Seen, key: str) -> None:
        """A press on a card: a callback to the app that made it, when it asked for one (5.4)."""
        card = self.cards.get(seen.track)
        if card is None or not key:
            self.world.note("click leads nowhere", {"outTrackId": seen.track, "key": key})
            return
        if not card.callback:
            self.world.note("no callback: the card was made without callbackType", {"outTrackId": card.track})
            return
        where = next((space for user, shown, space in card.shown if shown is seen), ("IM_ROBOT", member.user))
        response = await self.stream.card_callback(self._callback(card, member, key, seen, where))
        if response:
            await self._answered(card, member, response)

    def _callback(self, card: Card, member: Member, key: str, seen: Seen, where: tuple[str, str]) -> Json:
        params: Json = {}
        if key == "form":
            form = {pick.key: _choice(pick) for pick in seen.picks if pick.chosen}
            params = {"form": form, "current_form": form}
        content = json.dumps({"cardPrivateData": {"actionIds": [key], "params": params}}, ensure_ascii=False)
        faults = self.world.faults
        data: Json = {
            "type": "actionCallback", "outTrackId": card.track, "corpId": self.world.corp_id,
            "userId": member.union if card.user_id_type == 2 else member.user,
            "value" if faults.value_for_content else "content": content,
        }  # fmt: skip
        if not faults.bare_callbacks:
            data |= {
                "userIdType": card.user_id_type,
                "spaceType": where[0],
                "spaceId": where[1],
                "extension": "{}",
            }
        return data

    async def _answered(self, card: Card, member: Member, response: Json) -> None:
        """Applies a callback's answer. Only the clicker's screen is certain to follow; the others see the next PUT."""
        options = response.get("cardUpdateOptions") or {}
        try:
            data, mine = self._values(response.get("cardData")), self._values(response.get("userPrivateData"))
        except Refusal as refusal:
            self.world.complain(f"callback answer ignored: {refusal.message}")
            return
        if data is not None:
            card.data = card.data | data if options.get("updateCardDataByKey") is True else data
        if mine is not None:
            before = (
                card.private.get(member.user, {}) if options.get("updatePrivateDataByKey") is True else {}
            )
            card.private[member.user] = before | mine
        if data is not None or mine is not None:
            await self._redraw(card, "" if self.world.faults.answers_refresh_all else member.user)


def _loads(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _buttons(view: dict[str, str]) -> list[Press]:
    """`msgButtons` of sys_full_json_obj (5.7): `request` calls back, `url` opens; a dtmd url is inert here (4.10)."""
    whole = _loads(view.get("sys_full_json_obj", ""))
    entries = whole.get("msgButtons") if isinstance(whole, dict) else None
    presses = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or not entry.get("text"):
            continue
        off = "disabled" in (entry.get("status"), entry.get("color")) or entry.get("disabled") is True
        link = str(entry.get("url") or "")
        key = str(entry.get("id") or "") if entry.get("request") is True else ""
        presses.append(Press(str(entry["text"]), key, not off, "" if link.startswith("dtmd:") else link))
    return presses


def _form(view: dict[str, str]) -> tuple[list[Pick], list[Press]]:
    """The `form` variable (5.7): selects as picks, and the button that sends them."""
    form = _loads(view.get("form", ""))
    fields = form.get("fields") if isinstance(form, dict) else None
    if not isinstance(fields, list):
        return [], []
    live = view.get("form_status", "normal") == "normal"
    picks = []
    for entry in fields:
        options = [(str(o["value"]), _label(o["text"])) for o in entry.get("options") or []]
        many = entry.get("type") in ("MULTI_SELECT", "MULTI_CHECKBOX_GROUP")
        picks.append(Pick(str(entry["name"]), _label(entry.get("label", "")), options, many, live))
    return picks, [Press(view.get("form_btn_text", "提交"), "form", live)]


def _label(text: object) -> str:
    """A label is a text or {"zh_CN": text}."""
    return str(next(iter(text.values()), "")) if isinstance(text, dict) else str(text)


def _choice(pick: Pick) -> Json:
    """A select's value as it is submitted: index and value, arrays of both for a multiple choice."""
    ids = [value for value, _ in pick.options]
    if pick.many:
        return {"index": [ids.index(chosen) for chosen in pick.chosen], "value": pick.chosen}
    return {"index": ids.index(pick.chosen[0]), "value": pick.chosen[0]}
