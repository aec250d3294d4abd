"""What a summary should have said: targets for a model that learns to write its own.

The algorithm looks back; when rows for training are made, what follows is known too. So the target may be
the names of the old summary and of the evicted text that come back soonest: Belady's rule, which no cache
can beat that can't get back what it let go. The model can't know it all; what it can learn is how likely
each name is to return, and that is what a policy is.
"""

from __future__ import annotations

from typing import Final

from miniature_memory.memory.condense import SEPARATOR, SUMMARY_SLOTS
from miniature_memory.memory.names import CAPS, INSIDE, LOWER, NEVER, WORD, Scanner

#: how far ahead a return counts as soon
AHEAD: Final = 4096


def hindsight(summary: str, evicted: str, look: str, following: str, algorithm: str = "") -> str:
    """The next summary, 60 characters, from what its writer sees: the old ``summary``, the ``evicted`` text
    and a ``look`` at what stays (whose names need no place). ``following`` is the text after the look.

    Names that return come first, the soonest before the others; what room is left goes to the rest, those of
    the ``algorithm``'s own summary before the others. The order is that of the last mention, as ever.
    """
    last: dict[str, int] = {}
    for place, name in enumerate(WORD.findall(summary)):
        last[name] = place - SUMMARY_SLOTS
    vouched = set(WORD.findall(algorithm))
    for word, at, kind in Scanner().read(f"{evicted} "):
        sure = kind == INSIDE or word in last or word in vouched
        if kind not in (LOWER, CAPS) and len(word) > 1 and sure and word.lower() not in NEVER:
            last[word] = at
    seen = set(WORD.findall(look))
    returns: dict[str, int] = {}
    for match in WORD.finditer(following[:AHEAD]):
        returns.setdefault(match.group().removesuffix("'s"), match.start())
    never = AHEAD * 2
    ranked = sorted(
        (name for name in last if name not in seen),
        key=lambda name: (returns.get(name, never - AHEAD * (name in vouched) // 2), -last[name]),
    )
    room = SUMMARY_SLOTS + len(SEPARATOR)
    chosen = []
    for name in ranked:
        if len(name) + len(SEPARATOR) <= room:
            chosen.append(name)
            room -= len(name) + len(SEPARATOR)
    return SEPARATOR.join(sorted(chosen, key=last.__getitem__)).ljust(SUMMARY_SLOTS)
