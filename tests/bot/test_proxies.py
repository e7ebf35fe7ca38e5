"""The environment's proxy is asked for once for each host, and not at all where it does not count."""

import pytest

from bot.proxies import Proxies

API = "https://api.dingtalk.com/v1.0/robot"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_each_scheme_has_its_own_and_some_hosts_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:pw@proxy.corp:3128")
    monkeypatch.setenv("no_proxy", "oapi.dingtalk.com,.corp")
    proxies = Proxies(trusted=True)
    assert proxies.of(API) == "http://me:pw@proxy.corp:3128"
    assert proxies.of("https://oapi.dingtalk.com/x?y=https://api.dingtalk.com/") is None
    assert proxies.of("https://crm.corp:8443/x") is None
    assert proxies.of("http://api.dingtalk.com/") is None
    monkeypatch.delenv("https_proxy")
    assert proxies.of(API) == "http://me:pw@proxy.corp:3128"  # asked for once


def test_one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "http://proxy.corp:3128")
    assert Proxies(trusted=True).of(API) == "http://proxy.corp:3128"
    assert Proxies(trusted=False).of(API) is None
