"""Which province a city lies in, for sales regions that are provinces."""

from functools import cache
from pathlib import Path

import nlp.lexicon
from nlp.cores import where

CITIES = Path(nlp.lexicon.__file__).with_name("words") / "cities.txt"


@cache
def _province() -> dict[str, str]:
    """City → province; county-level cities are listed under no province and stand for themselves."""
    found: dict[str, str] = {}
    for line in CITIES.read_text("utf-8").splitlines():
        province, colon, rest = line.partition(":")
        if colon and not line.startswith("#") and province != "县级":
            found |= {word.removesuffix("?"): province for word in rest.split()}
    return found


def around(city: str, company: str = "") -> tuple[str, ...]:
    """The places that a sales region may name: the city (else the one in the company's name) and its province.

    "宁波" → ("宁波", "浙江"); "" and a company without a region → ().
    """
    named = city or where(company)
    bare = named.removesuffix("市").removesuffix("省")
    known = [one for one in (*_province(), *_province().values()) if one in bare]
    around_it = (bare, *known, *(_province().get(one, "") for one in known))
    return tuple(dict.fromkeys(place for place in around_it if place))
