from __future__ import annotations

import hashlib

import pytest

from miniature_memory import vocabulary as v


def test_the_vocabulary_never_changes() -> None:
    """A checkpoint's shape and every id in it hang on this; a change needs another VERSION."""
    assert v.SIZE <= 256
    fingerprint = hashlib.sha256("\0".join(v.SYMBOLS).encode()).hexdigest()
    assert (v.VERSION, v.SIZE, fingerprint[:16]) == (1, 170, FINGERPRINT)


FINGERPRINT = "8c987451bbe9b691"


def test_every_character_comes_back() -> None:
    assert v.decode(v.encode(v.CHARACTERS)) == v.CHARACTERS
    assert len(set(v.SYMBOLS)) == v.SIZE


@pytest.mark.parametrize("token", v.CONTROL_TOKENS)
def test_typed_control_tokens_stay_letters(token: str) -> None:
    assert len(v.encode(token)) == len(token)
    assert v.encode(token).min() >= len(v.CONTROL_TOKENS)
    assert list(v.encode_marked(f"a{token}b")) == [
        v.encode("a")[0],
        v.CONTROL_TOKENS.index(token),
        v.encode("b")[0],
    ]


def test_unknown_characters_are_named() -> None:
    assert v.unknown("naïve 日 \t") == {"日", "\t"}
    with pytest.raises(KeyError):
        v.encode("日")


def test_tables_of_letters_and_capitals() -> None:
    ids = v.spell("aÉ1 -")
    assert ids == bytes(v.encode("aÉ1 -"))
    assert [v.IS_LETTER[i] for i in ids] == [1, 1, 0, 0, 0]
    assert [v.IS_CAPITAL[i] for i in ids] == [0, 1, 0, 0, 0]
    assert not any(v.IS_LETTER[: len(v.CONTROL_TOKENS)])
    assert not any(v.IS_LETTER[v.SIZE :]) and len(v.IS_LETTER) == len(v.IS_CAPITAL) == 256
