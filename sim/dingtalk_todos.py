"""Native to-dos of a pretend DingTalk. Protocol reference 7.1."""

from sim.dingtalk_api import Api, Call, Refusal
from sim.dingtalk_world import Json, Member, World, token
from sim.phone import Press, Seen

CREATE, UPDATE = "todo.taskCreate.paramError", "todo.taskUpdate.paramError"
CHANGEABLE = (
    "subject",
    "description",
    "dueTime",
    "done",
    "executorIds",
    "participantIds",
    "contentFieldList",
)


class Todos:
    """To-dos by id, and how they stand on the executors' phones. All ids in the calls are unionIds."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.todos: dict[str, Json] = {}
        self._seen: dict[str, list[tuple[str, Seen]]] = {}

    def apis(self) -> list[Api]:
        """Create, change, look up, list, finish, delete."""
        write, read, tasks = "Todo.Todo.Write", "Todo.Todo.Read", "/v1.0/todo/users/{union}/tasks"
        return [
            Api("POST", tasks, self._create, write, sends=True),
            Api("GET", tasks + "/sources/{source}", self._by_source, read),
            Api("GET", tasks + "/{task}", self._get, read),
            Api("PUT", tasks + "/{task}", self._update, write, sends=True),
            Api("DELETE", tasks + "/{task}", self._delete, write),
            Api("PUT", tasks + "/{task}/executorStatus", self._executor_status, write, sends=True),
            Api("POST", "/v1.0/todo/users/{union}/org/tasks/query", self._query, read),
        ]

    def _member(self, union: str, code: str) -> Member:
        member = self.world.by_union(union)
        if member is None:
            raise Refusal(400, code, "unionId is invalid")
        return member

    def _actors(self, call: Call, code: str) -> None:
        self._member(call.path("union"), code)
        if operator := call.request.query.get("operatorId"):
            self._member(operator, code)

    def _check(self, body: Json, code: str) -> None:
        """The fields that create and update share."""
        if len(body.get("subject") or "") > 1024:
            raise Refusal(400, code, "subject is oversize")
        if len(body.get("description") or "") > 4096:
            raise Refusal(400, code, "description is oversize")
        due = body.get("dueTime")
        if due is not None and (isinstance(due, bool) or not isinstance(due, int) or due < 10**12):
            raise Refusal(400, code, "dueTime is invalid")  # milliseconds
        for name, word in (("executorIds", "executors"), ("participantIds", "participants")):
            ids = body.get(name) or []
            if not isinstance(ids, list) or len(ids) > 100:
                raise Refusal(400, code, f"{word} is oversize")
            for union in ids:
                self._member(union, code)

    async def _create(self, call: Call) -> Json:
        body = call.body
        self._actors(call, CREATE)
        if not call.text("subject"):
            raise Refusal(400, CREATE, "subject is empty")
        self._check(body, CREATE)
        if body.get("priority") not in (None, 10, 20, 30, 40):
            raise Refusal(400, CREATE, "priority is invalid")
        link = body.get("detailUrl")
        if not isinstance(link, dict) or not link.get("appUrl") or not link.get("pcUrl"):
            raise Refusal(400, CREATE, "detailUrl is empty")  # mandatory for apps since 2024-02
        if any(len(str(url).encode()) > 1024 for url in link.values()):
            raise Refusal(400, CREATE, "detailUrl is oversize")
        source = call.text("sourceId")
        if source and any(todo["sourceId"] == source for todo in self.todos.values()):
            raise Refusal(400, CREATE, "task exist")
        todo = {
            "id": f"OPJ{token(8)}", "sourceId": source, "subject": body["subject"], "done": False,
            "description": body.get("description", ""), "dueTime": body.get("dueTime"), "detailUrl": link,
            "creatorId": body.get("creatorId") or call.path("union"),
            "executorIds": body.get("executorIds") or [call.path("union")],
            "participantIds": body.get("participantIds") or [], "contentFieldList": body.get("contentFieldList") or [],
            "executorStatus": {}, "createdTime": self.world.now_ms(), "bizTag": f"todo_{self.world.client_id}",
        }  # fmt: skip
        self.todos[todo["id"]] = todo
        await self._show(todo)
        return {**_public(todo), "requestId": token(8)}

    async def _show(self, todo: Json) -> None:
        shown = self._seen.setdefault(todo["id"], [])
        for union in todo["executorIds"]:
            member = self._member(union, CREATE)
            if self.world.faults.take("drop_next"):
                self.world.note("dropped silently", {"user": member.user})
                continue
            press = Press("查看详情", "", link=todo["detailUrl"]["appUrl"])
            seen = Seen(
                0, "todo", _text(todo), self.world.now(), todo["sourceId"], [press], raw=_public(todo)
            )
            shown.append((member.user, await self.world.phones[member.user].show(seen)))

    async def _redraw(self, todo: Json) -> None:
        for user, seen in self._seen.get(todo["id"], []):
            seen.text, seen.raw = _text(todo), _public(todo)
            await self.world.phones[user].refresh(seen)

    def _task(self, call: Call) -> Json:
        todo = self.todos.get(call.path("task"))
        if todo is None:
            raise Refusal(400, UPDATE, "task not exist")
        return todo

    async def _get(self, call: Call) -> Json:
        return _public(self._task(call))

    async def _by_source(self, call: Call) -> Json:
        source = call.path("source")
        todo = next((todo for todo in self.todos.values() if todo["sourceId"] == source), None)
        if todo is None:
            raise Refusal(400, UPDATE, "task not exist")
        return _public(todo)

    async def _update(self, call: Call) -> Json:
        self._actors(call, UPDATE)
        todo = self._task(call)
        self._check(call.body, UPDATE)
        if not isinstance(call.body.get("done", False), bool):
            raise Refusal(400, UPDATE, "done is invalid")
        todo.update({name: call.body[name] for name in CHANGEABLE if name in call.body})
        await self._redraw(todo)
        return {"result": True, "requestId": token(8)}

    async def _executor_status(self, call: Call) -> Json:
        todo = self._task(call)
        states = call.body.get("executorStatusList")
        if not isinstance(states, list) or not states:
            raise Refusal(400, UPDATE, "executorStatusList is empty")
        for state in states:
            if state.get("id") not in todo["executorIds"] or not isinstance(state.get("isDone"), bool):
                raise Refusal(400, UPDATE, "executor is invalid")
            todo["executorStatus"][state["id"]] = state["isDone"]
        todo["done"] = all(todo["executorStatus"].get(union) for union in todo["executorIds"])
        await self._redraw(todo)
        return {"result": True, "requestId": token(8)}

    async def _delete(self, call: Call) -> Json:
        todo = self._task(call)
        del self.todos[todo["id"]]
        for user, seen in self._seen.pop(todo["id"], []):
            seen.recalled, seen.text, seen.buttons = True, "", []
            await self.world.phones[user].refresh(seen)
        return {"result": True, "requestId": token(8)}

    async def _query(self, call: Call) -> Json:
        union, done = call.path("union"), call.body.get("isDone")
        mine = [t for t in self.todos.values() if union in t["executorIds"] and done in (None, t["done"])]
        return {"nextToken": "", "todoCards": [{**_public(todo), "taskId": todo["id"]} for todo in mine]}


def _text(todo: Json) -> str:
    fields = [f"{entry.get('fieldKey')}：{entry.get('fieldValue')}" for entry in todo["contentFieldList"]]
    return "\n".join([("[已完成] " if todo["done"] else "") + str(todo["subject"]), *fields])


def _public(todo: Json) -> Json:
    return {key: value for key, value in todo.items() if key != "executorStatus"}
