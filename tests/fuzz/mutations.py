"""Ways to spoil bytes, text and JSON: seeded, so that a failure can be had again."""

import json
import random
from typing import Any

NASTY = (
    "", " ", "\x00", "\ufeff", "\u202e", "‮‭", "🙂" * 40, "a" * 5000, "ﷺ" * 100, "'; DROP TABLE lead;--", "../../etc/passwd",
    "${jndi:ldap://x}", "{{7*7}}", "<script>alert(1)</script>", "%s%n%x", "-1", "1e400", "９９９９９９", "NaN", "\ud800",
    "同步至CRM", "/", "//", "/打卡 " + "9" * 300, "/转给 1 @", "1", "#999", "2026-13-45", "13800138000" * 9, "]]>", "&#x0;",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**70), 1.5, 1e308, float("nan"), [], {}, [[]], {"": ""}, [None] * 50, "x",
)  # fmt: skip


def bytes_of(dice: random.Random, body: bytes) -> bytes:
    """Flipped, cut, doubled, shuffled or foreign bytes."""
    match dice.randrange(6):
        case 0 if body:
            spoiled = bytearray(body)
            for _ in range(dice.randint(1, 8)):
                spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
            return bytes(spoiled)
        case 1 if body:
            return body[: dice.randrange(len(body))]
        case 2:
            return body + body
        case 3:
            at = dice.randrange(len(body) + 1)
            return body[:at] + dice.randbytes(dice.randint(1, 200)) + body[at:]
        case 4:
            return dice.randbytes(dice.randint(0, 400))
        case _:
            at = dice.randrange(len(body) + 1)
            return body[:at] + dice.choice(NASTY).encode("utf-8", "surrogatepass") + body[at:]


def text(dice: random.Random) -> str:
    """Something that no person types, or that some do."""
    parts = [dice.choice(NASTY) for _ in range(dice.randint(1, 3))]
    parts.append(
        "".join(
            chr(dice.choice((dice.randrange(32, 0x2FF), dice.randrange(0x4E00, 0x9FFF)))) for _ in range(8)
        )
    )
    dice.shuffle(parts)
    return "".join(parts)[: dice.choice((20, 200, 6000))]


def value(dice: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    if depth < 3 and dice.random() < 0.3:
        if dice.random() < 0.5:
            return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
        return {text(dice)[:20]: value(dice, depth + 1) for _ in range(dice.randrange(4))}
    return dice.choice((text(dice), dice.choice(ODD)))


def json_of(dice: random.Random, good: Any) -> Any:
    """A good value with some of its parts replaced, removed, or added to; nested JSON texts are spoiled inside too."""
    if isinstance(good, dict) and good and dice.random() < 0.9:
        spoiled = dict(good)
        name = dice.choice(list(spoiled))
        match dice.randrange(5):
            case 0:
                del spoiled[name]
            case 1:
                spoiled[text(dice)[:30]] = value(dice)
            case _:
                spoiled[name] = json_of(dice, spoiled[name])
        return spoiled
    if isinstance(good, list) and good and dice.random() < 0.8:
        spoiled_list = list(good)
        at = dice.randrange(len(spoiled_list))
        spoiled_list[at] = json_of(dice, spoiled_list[at])
        return spoiled_list
    if isinstance(good, str) and good[:1] in "[{" and dice.random() < 0.8:
        try:
            return json.dumps(json_of(dice, json.loads(good)))
        except ValueError:
            return good[: len(good) // 2]
    return value(dice)
