"""The same story under other names: training text in which a name can only be copied, not remembered."""

from __future__ import annotations

from random import Random
from typing import Final
from zlib import crc32

from miniature_memory.memory.name_lists import REAL, made_up
from miniature_memory.memory.names import CAPS, LOWER, START, Scanner, document_names
from miniature_memory.memory.words import COMMON

SHORTEST: Final = 8_000
LONGEST: Final = 16_000


def rename(text: str, seed: int) -> str:
    """``text`` with its names replaced consistently by others, changed every 8,000 to 16,000 characters.

    A pure function of (text, seed). Half of the new names are real, half made up; none of them stands in
    the text already, and no two names of a stretch become one. A plural goes with its name ("the Holts").
    A word that is a name only sometimes ("Will") is left alone where it may be the other.
    """
    names = document_names(text)
    if not names:
        return text
    rng = Random((seed << 32) | crc32(text.encode("utf-8")))
    tokens = Scanner().read(text + "\n")
    taken = {word for word, _, _ in tokens}
    ambiguous = {word for word, _, kind in tokens if kind == LOWER} & COMMON
    pieces: list[str] = []
    new: dict[str, str] = {}
    done, change = 0, rng.randint(SHORTEST, LONGEST)
    for word, at, kind in tokens:
        name = word.title() if kind == CAPS and word.title() in names else word
        if name not in names or (kind == START and name.lower() in ambiguous):
            continue
        if at >= change:
            new = {}
            while at >= change:
                change += rng.randint(SHORTEST, LONGEST)
        other = _other(name, names, new, taken, rng)
        pieces += [text[done:at], other.upper() if name != word else other]
        done = at + len(word)
    return "".join([*pieces, text[done:]])


def _other(name: str, names: set[str], new: dict[str, str], taken: set[str], rng: Random) -> str:
    """The name that stands for ``name`` in this stretch, drawn when it is first needed."""
    if name not in new:
        singular = name.removesuffix("s")
        if singular != name and singular in names:
            new[name] = _other(singular, names, new, taken, rng) + "s"
        else:
            used = set(new.values())
            while name not in new:
                draw = rng.choice(REAL) if rng.random() < 0.5 else made_up(rng)
                if draw not in taken and draw not in used:
                    new[name] = draw
                elif len(used) > len(REAL):  # a text that has nearly every name there is
                    new[name] = made_up(rng)
    return new[name]
