"""The address book and the H5 login of a pretend DingTalk (oapi host). Protocol reference 7.2 and 9."""

from sim.dingtalk_api import Api, Call, Refusal
from sim.dingtalk_world import Department, Json, Member, World, token


class Contacts:
    """Look-ups of people and departments; none of them counts against the quota."""

    def __init__(self, world: World) -> None:
        self.world = world

    def apis(self) -> list[Api]:
        """The documented look-ups."""
        member, mobile, dept = "qyapi_get_member", "qyapi_get_member_by_mobile", "qyapi_get_department_list"
        calls = [
            ("/topapi/v2/user/get", self._user, member),
            ("/topapi/v2/user/list", self._list, member),
            ("/topapi/v2/user/getbymobile", self._by_mobile, mobile),
            ("/topapi/user/getbyunionid", self._by_union, member),
            ("/topapi/v2/user/getuserinfo", self._login, ""),
            ("/topapi/v2/department/get", self._department, dept),
            ("/topapi/v2/department/listsub", self._sub, dept),
            ("/topapi/v2/department/listsubid", self._sub_ids, dept),
            ("/topapi/v2/department/listparentbyuser", self._parents, dept),
        ]
        return [Api("POST", path, handle, scope, counted=False) for path, handle, scope in calls]

    def auth_code(self, user: str) -> str:
        """What `dd.requestAuthCode` gives a page inside DingTalk: 5 minutes, one use."""
        code = token()
        self.world.auth_codes[code] = (user, self.world.now() + self.world.limits.auth_code_age)
        return code

    def _member(self, user: object) -> Member:
        member = self.world.members.get(str(user))
        if member is None or member.outsider:
            raise Refusal(200, 60121, "找不到该用户")
        return member

    async def _user(self, call: Call) -> Json:
        member = self._member(call.body.get("userid"))
        result: Json = {
            "userid": member.user, "unionid": member.union, "name": member.name, "title": member.title,
            "manager_userid": member.manager, "dept_id_list": member.departments, "active": True,
            "leader_in_dept": [
                {"dept_id": d, "leader": member.user in self.world.departments[d].managers} for d in member.departments
            ],
        }  # fmt: skip
        if "fieldMobile" in self.world.scopes and member.mobile:
            result["mobile"] = member.mobile
        return _ok(result)

    async def _list(self, call: Call) -> Json:
        """One page of a department's own members; those outside the app's range are not among them."""
        dept, size = self._dept(call), int(call.body.get("size") or 10)
        if not 1 <= size <= 100:
            raise Refusal(200, 40035, "不合法的参数 size")
        start = int(call.body.get("cursor") or 0)
        inside = [one for one in self.world.members.values()
                  if dept.id in one.departments and one.visible and not one.outsider]  # fmt: skip
        page, more = inside[start : start + size], start + size < len(inside)
        listed = [{"userid": one.user, "unionid": one.union, "name": one.name, "title": one.title,
                   "dept_id_list": one.departments, "active": True} for one in page]  # fmt: skip
        return _ok({"has_more": more, "list": listed, **({"next_cursor": start + size} if more else {})})

    async def _by_mobile(self, call: Call) -> Json:
        mobile = str(call.body.get("mobile") or "")
        if not mobile.isdigit():
            raise Refusal(200, 40104, "无效的手机号")
        found = next((member for member in self.world.members.values() if member.mobile == mobile), None)
        return _ok({"userid": self._member(found.user if found else None).user})

    async def _by_union(self, call: Call) -> Json:
        member = self.world.by_union(str(call.body.get("unionid")))
        if member is None:
            raise Refusal(200, 60121, "找不到该用户")
        return _ok({"contact_type": 1 if member.outsider else 0, "userid": member.user})

    async def _login(self, call: Call) -> Json:
        user, until = self.world.auth_codes.pop(str(call.body.get("code")), ("", 0.0))
        if not user or until < self.world.now():
            raise Refusal(200, 40078, "不存在的临时授权码")
        member = self._member(user)
        login = {"userid": member.user, "unionid": member.union, "name": member.name, "device_id": token(8)}
        return _ok({**login, "sys": False, "sys_level": 0, "associated_unionid": ""})

    def _dept(self, call: Call) -> Department:
        dept = self.world.departments.get(int(call.body.get("dept_id") or 1))
        if dept is None:
            raise Refusal(200, 60003, "部门不存在")
        return dept

    async def _department(self, call: Call) -> Json:
        dept = self._dept(call)
        return _ok(_row(dept) | {"dept_manager_userid_list": dept.managers})

    async def _sub(self, call: Call) -> Json:
        dept = self._dept(call)
        return _ok([_row(sub) for sub in self.world.departments.values() if sub.parent == dept.id])

    async def _sub_ids(self, call: Call) -> Json:
        dept = self._dept(call)
        return _ok(
            {"dept_id_list": [sub.id for sub in self.world.departments.values() if sub.parent == dept.id]}
        )

    async def _parents(self, call: Call) -> Json:
        member = self._member(call.body.get("userid"))
        return _ok(
            {"parent_list": [{"parent_dept_id_list": self._line(dept)} for dept in member.departments]}
        )

    def _line(self, dept: int) -> list[int]:
        """A department and all above it, the root last."""
        line = []
        while dept in self.world.departments:
            line.append(dept)
            dept = self.world.departments[dept].parent
        return line


def _row(dept: Department) -> Json:
    return {"dept_id": dept.id, "name": dept.name, "parent_id": dept.parent}


def _ok(result: object) -> Json:
    return {"errcode": 0, "errmsg": "ok", "result": result, "request_id": token(8)}
