"""A summary as the model writes it, held to what has been said.

A model this small invents: left alone, two words in five of its summaries stood nowhere. So at every
character it may only go on spelling a word of the old summary or a name of the text that leaves; which of
them are worth their place is its choice.
"""

from __future__ import annotations

from typing import Final

from miniature_memory.memory.condense import SEPARATOR, SUMMARY_SLOTS
from miniature_memory.memory.names import WORD, mentions
from miniature_memory.vocabulary import SPACE, spell, unknown

_COMMA: Final = spell(SEPARATOR)[0]


class Draft:
    """One summary being written.

    draft = Draft(old_summary, evicted)
    while not draft.done:
        draft.add(id out of draft.allowed())
    draft.ids                                   # at most 60
    """

    def __init__(self, summary: str, evicted: str) -> None:
        words = dict.fromkeys([*WORD.findall(summary), *mentions(evicted)])
        self._left = {bytes(spell(word)) for word in words if not unknown(word)}
        self._word = b""
        self.ids: list[int] = []
        self.done = not self._left

    def allowed(self) -> set[int]:
        """The ids that may come next: letters of words that still fit and what parts words; a space to end it
        when none fits."""
        room = SUMMARY_SLOTS - len(self.ids)
        n = len(self._word)
        fitting = [w for w in self._left if w.startswith(self._word) and 0 < len(w) - n <= room]
        choices = {w[n] for w in fitting}
        if not n:
            return choices or {SPACE}
        return choices | {_COMMA, SPACE} if self._word in self._left else choices

    def add(self, token: int) -> None:
        """Writes one of ``allowed()``."""
        if token in (_COMMA, SPACE):
            self.done = not self._word
            self._left.discard(self._word)
            self._word = b""
        else:
            self._word += bytes([token])
        self.ids.append(token)
        self.done |= len(self.ids) == SUMMARY_SLOTS
