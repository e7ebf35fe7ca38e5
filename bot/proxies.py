"""Which proxy the environment names for a host: looked up once. aiohttp's own `trust_env` asks the environment, and a
thread for ~/.netrc, at every request, which costs as much as the request."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


class Proxies:
    """The proxies of one HTTP session (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`)."""

    def __init__(self, *, trusted: bool) -> None:
        """`trusted`: whether the environment counts at all."""
        self._trusted = trusted
        self._known: dict[str, str | None] = {}

    def of(self, url: str) -> str | None:
        """The proxy's address for this URL, None to go there directly."""
        if not self._trusted:
            return None
        scheme, _, rest = url.partition("://")
        key = f"{scheme}://{rest.partition('/')[0]}"
        if key not in self._known:
            host = urlsplit(key).hostname or ""
            named = getproxies()
            self._known[key] = None if proxy_bypass(host) else named.get(scheme) or named.get("all")
        return self._known[key]
