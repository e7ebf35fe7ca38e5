"""Is a stretch of characters coined, as the names of firms are, or made of everyday words?"""

from functools import lru_cache

from nlp import segment

# Characters that stand in sentences far more often than in names.
_PLAIN = frozenset(
    "那这哪每各本该某几两个台套批家件次种些含要做搞干跑走来去买卖租借找看说问讲谈给送寄发收拿取用开有没不无别也都还再就才只很太最更又已从在被把让叫将跟及或的地得了着过吗呢吧啊我你他她它您咱们是能会可想应按换改修装卸带配完挺蛮比先后里外"
)
_PROPER = ("nz", "nt", "nrt", "ns", "j")  # what the dictionary calls a proper name


@lru_cache(maxsize=8_192)
def is_coined(name: str) -> bool:
    """Does a part of it stand in no dictionary (武船, 申洲), or only as a proper name (北欧)?"""
    pieces, loose = segment.pieces(name), 0
    for piece in pieces:
        loose = loose + 1 if len(piece) == 1 and piece not in _PLAIN else 0
        if loose > 1 or (piece.isascii() and piece.isalpha() and len(piece) > 1):
            return True
    return any(len(piece) > 1 and segment.tag(piece)[0][1].startswith(_PROPER) for piece in pieces)
