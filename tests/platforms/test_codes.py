"""What the error codes of the platforms mean for a message: given up, tried again, or the whole app waits."""

from datetime import UTC, datetime

import pytest

from bot.dingtalk import errors
from bot.platform import SendFailed, Wide
from bot.wecom import faults
from bot.wecom_aibot import wire

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)

# Sent again, the same bytes would be refused again, or come twice.
NEVER = (
    *(("wecom", code) for code in (
        40003, 60111, 46004, 40004, 40005, 40006, 40009, 40008, 40032, 82002, 82003, 40033, 40035, 40058, 40063, 42014,
        42016, 42017, 42018, 42019, 42020, 42022, *range(42027, 42053), 44001, 41005, 44004, 45002, 45008, 50002, 60011,
        60140, 81012, 81013, 82001, 701008,
    )),
    *(("aibot", code) for code in (93001, 93006, 93008, 846605, 846608, 42014, 40058)),
    *(("dingtalk", code) for code in (
        "staffId.notExisted", "invalidParameter.userIds.empty", "invalidParameter.msgKey.invalid", "msg.unsupport",
        "invalidParameter.msgParam.tooLong", "miss.param.msgKey", "contain.unsafe.url", "notAllowed.text",
        "param.userIdNotExist", "param.contentUnsafe", "param.openSpaceIdInvalid", "todo.taskCreate.paramError",
    )),
    *(("webhook", code) for code in (430101, 430102, 430103, 430104, 460101, 40035, 33012, 60121)),
)  # fmt: skip
# Nothing gets through until somebody changes a setting, or a window is over: the others wait too.
EVERYBODY = (
    *(("wecom", code) for code in (45009, 45033, 40001, 40014, 42001, 40056, 301002, 41011, 48002, 48006, 50003, 60020)),
    *(("dingtalk", code) for code in (
        "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "Forbidden.AccessDenied.QpsLimitForApi",
        "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", "Forbidden.AccessDenied.ApiCountLimitForOrg",
        "Forbidden.AccessDenied.IpNotInWhiteList", "invalidClientIdOrSecret", "InvalidAuthentication",
        "invalidParameter.robotCode.invalid", "send.too.fast", "send.byToken.tooFast", "chatbotId.notAllow.sendOTO",
        "send.forbidden", "todo.taskCreate.flowControlError",
    )),
    *(("webhook", code) for code in (90002, 90018, 90020, 40001, 40014, 42001, 60020)),
)  # fmt: skip
# The platform has too much to do: that is nothing about this message.
BUSY = (
    ("wecom", -1), ("aibot", -1), ("webhook", -1), ("webhook", 15),
    *(("dingtalk", code) for code in ("system.error", "system.busy", "todo.taskCreate.systemError", "ServiceTimeout")),
)  # fmt: skip


def meaning(where: str, code: int | str) -> SendFailed:
    match where, code:
        case "wecom", int():
            return faults.failed(code)
        case "aibot", int():
            return wire.failed(code)
        case "webhook", int():
            return errors.numbered(code, "", NOW)
        case _:
            return errors.refusal(504 if code == "ServiceTimeout" else 400, str(code), "", NOW)


@pytest.mark.parametrize(("where", "code"), NEVER)
def test_nothing_is_retried_that_must_not_be(where: str, code: int | str) -> None:
    failed = meaning(where, code)
    assert not failed.retry
    assert failed.wide is not Wide.APP
    assert not failed.busy


@pytest.mark.parametrize(("where", "code"), EVERYBODY)
def test_what_concerns_the_app_stops_the_app_and_costs_no_message(where: str, code: int | str) -> None:
    failed = meaning(where, code)
    assert (failed.retry, failed.wide, failed.unknown) == (True, Wide.APP, False)
    assert failed.after, "no storm of tries"
    assert failed.after >= 1


@pytest.mark.parametrize(("where", "code"), BUSY)
def test_a_busy_platform_is_no_fault_of_the_message(where: str, code: int | str) -> None:
    failed = meaning(where, code)
    assert (failed.retry, failed.busy, failed.wide) == (True, True, Wide.MESSAGE)


def test_a_months_quota_that_is_gone_is_waited_for() -> None:
    failed = errors.refusal(403, "Forbidden.AccessDenied.ApiCountLimitForOrg", "", NOW)
    assert failed.after is not None
    assert 8 * 86_400 < failed.after < 9 * 86_400, "until 1 December, 00:00 in Beijing"
