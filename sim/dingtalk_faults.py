"""What a pretend DingTalk can be told to do wrong, and the limits it enforces. Pages: protocol reference 1.5, 6, 11."""

from dataclasses import dataclass, field


@dataclass
class Faults:
    """Scripted trouble. `*_next` counts calls; the other fields stay until they are changed.

    Faults of API calls leave out the token endpoints and `connections/open`, so that a test hits the call it means;
    an entry of `fail_next` with a third item (a fragment of the path) may hit any path, also those.
    """

    drop_next: int = 0  # accepted, reported as sent, never shown (per person)
    fail_next: list[tuple[int, str] | tuple[int, str, str]] = field(
        default_factory=list
    )  # (HTTP status, code[, path])
    hang_next: float = 0.0  # seconds the next call hangs before a 504 without effect
    latency: float = 0.0  # seconds before every answer
    deliver_but_fail_next: int = 0  # it takes effect, then the connection is reset
    http_500_next: int = 0  # 500 system.error without effect
    html_next: int = 0  # an HTML block page instead of JSON (section 6.2, IP block)
    card_deliver_fail_next: int = 0  # HTTP 200, success true, deliverResults[].success false
    cut: bool = False  # every HTTP connection is reset; open WebSockets stay
    refuse_open: int = 0  # connections/open answers this status (4xx)
    close_on_connect: int = 0  # so many WebSockets are closed cleanly right after the handshake
    duplicate_pushes: float = 0.0  # probability that a push comes twice (1.0: always)
    late: float = 0.0  # seconds a push is held up
    hold_next: int = 0  # so many robot messages wait and come after the next one (out of order)
    quota_exhausted: bool = False  # robot messages come as error 20001 without text or content
    bare_frames: bool = False  # SYSTEM frames without specVersion and messageId
    greets: bool = False  # SYSTEM CONNECTED and REGISTERED after the handshake
    bare_callbacks: bool = False  # card callbacks without spaceId, spaceType, userIdType, extension
    value_for_content: bool = False  # card callbacks carry `value` instead of `content`
    answers_refresh_all: bool = (
        False  # cardData of a callback answer shows for everybody, not the clicker alone
    )
    summary_lines: bool = False  # a forwarded record's summary is newline text instead of a JSON string
    throttled: set[str] = field(default_factory=set)  # users that come back in flowControlledStaffIdList
    invalid: set[str] = field(default_factory=set)  # users that come back in invalidStaffIdList

    def take(self, name: str) -> bool:
        """Uses up one of a counted fault; False when none is left."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def failure(self, path: str, *, plain: bool) -> tuple[int, str] | None:
        """The next scripted failure that fits `path`; entries without a path need a `plain` API call."""
        for at, (status, code, *rest) in enumerate(self.fail_next):
            if rest[0] in path if rest else plain:
                del self.fail_next[at]
                return status, code
        return None


@dataclass
class Limits:
    """Section 11.1; None means not enforced. Bytes are UTF-8 bytes, times are seconds."""

    qps: int | None = 20  # per API and app
    api_calls: int | None = None  # per month: 5000 on the free edition
    pushes: int | None = None  # per month: 3000 on the free edition
    webhook_per_minute: int | None = None  # per session; DingTalk publishes no number
    card_key_bytes: int = 100
    card_value_bytes: int = 1024
    card_total_bytes: int = 100 * 1024
    msg_param_bytes: int = 15_000
    webhook_bytes: int = 20_000
    batch_users: int = 20
    recall_keys: int = 20
    recall_age: float = 24 * 3600.0
    ticket_age: float = 90.0
    token_age: float = 7200.0
    session_age: float = 5400.0
    download_age: float = 7200.0  # not published
    auth_code_age: float = 300.0
