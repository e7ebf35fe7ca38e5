"""rules/syllables.txt says what pypinyin says. Run as a program this file writes that one anew, from the library:

.venv/bin/python -m tests.rules.test_syllables > rules/syllables.txt
"""

import os
from collections import defaultdict
from pathlib import Path

from rules.syllables import sound, sounds

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # read when the library is first imported: 45 MB less

HEAD = """\
# How each Chinese character sounds, without tones: the syllable, the characters that are read so first, and behind a stroke
# those that may be read so as well. From the dictionary of pypinyin (MIT), written by tests/rules/test_syllables.py.
"""


def made() -> str:
    """The text of rules/syllables.txt."""
    from pypinyin import Style, pinyin
    from pypinyin.pinyin_dict import pinyin_dict

    first, also = defaultdict[str, str](str), defaultdict[str, str](str)
    for code in sorted(pinyin_dict):
        ((usual, *others),) = pinyin(chr(code), style=Style.NORMAL, heteronym=True)
        first[usual] += chr(code)
        for other in others:
            also[other] += chr(code)
    return HEAD + "".join(f"{one} {first[one]}/{also[one]}\n" for one in sorted({*first, *also}))


def test_the_table_is_what_the_library_has() -> None:
    kept = Path(__file__).parents[2] / "rules" / "syllables.txt"
    assert kept.read_text("utf-8") == made(), "write it anew, see the top of this file"


def test_every_character_sounds_as_the_library_says_and_what_is_none_has_no_sound() -> None:
    from pypinyin import Style, lazy_pinyin, pinyin
    from pypinyin.pinyin_dict import pinyin_dict

    assert {chr(code) for code in pinyin_dict if [sound(chr(code))] != lazy_pinyin(chr(code))} == set()
    assert [sound(other) for other in ("a", "é", "の", "　", "\U0010ffff", "\u4dc0")] == [""] * 6
    for char in "查重长曾王乐〇㐀":
        assert set(sounds(char)) == set(*pinyin(char, style=Style.NORMAL, heteronym=True))
    assert sounds("é") == ()


if __name__ == "__main__":
    print(made(), end="")  # noqa: T201
