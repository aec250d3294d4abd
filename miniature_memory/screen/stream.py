"""Generated text is held back to the end of a sentence and looked at before anyone sees it."""

from __future__ import annotations

import re

from miniature_memory.errors import Refused

CONTEXT = 500  # characters already shown, at least, that a new sentence is read together with
_MOST_CONTEXT = 1_000  # ... and at most, where they would begin in the middle of a sentence
LONGEST = 2_000  # a sentence without an end is looked at, and let go in part, at this length
KEPT = 1_000  # ... but so many of its last characters stay held, as a hit may need what follows

_ENDS = ".!?…。！？"
_CLOSERS = "\"'”’»)]} \t\n"
_BLANKS = frozenset(" \t\n")
_SENTENCE = r"[.!?…。！？][\"'”’»)\]}]*\s"
# After these a full stop ends no sentence, so what follows must not be cut off from it. Nor after what may
# be one: a letter, a short word with a capital, a word with a stop inside ("U.S.").
_ABBREVIATIONS = frozenset(
    "messrs approx capt prof mlles mmes sept tues thur thurs assn dept univ assoc bros blvd supt maj adm cmdr "
    "no nos vol ch pp fig ca cf etc vs yr yrs mo mos age ed est min sec hr hrs inc ltd corp ext tel apt mt ft "
    "op al eg ie".split()
)
_SHORT = 4  # letters


def _may_be_short_for_more(word: str) -> bool:
    if word in ("I", "it", "It"):
        return False
    short = len(word) < 2 or (len(word) <= _SHORT and word[0].isupper())
    return short or "." in word or word.lower() in _ABBREVIATIONS


def _last(text: str) -> str:
    """The end of what was shown, from the beginning of a sentence: half of one may say something else."""
    if len(text) <= CONTEXT:
        return text
    text = text[-_MOST_CONTEXT:]
    starts = (match.end() for match in re.finditer(_SENTENCE, text[: len(text) - CONTEXT]))
    return text[max(starts, default=0) :]


class StreamGuard:
    """Feed it text in pieces of any size; what it returns may be shown.

    >>> guard = StreamGuard()
    >>> guard.feed("The mill stood still. The wa")
    'The mill stood still. '
    >>> guard.finish() if guard.feed("ter rose.") == "" else None
    'The water rose.'

    On a hit ``errors.Refused`` is raised, the held text is dropped, and every later call
    raises again: a guard that has refused once never opens.
    """

    def __init__(self, shown: str = "", where: str = "generated text") -> None:
        self._shown = _last(shown)
        self._held = ""
        self._where = where
        self._refused: str | None = None

    def feed(self, text: str) -> str:
        """Take more text; return what is cleared (often nothing yet)."""
        self._stop_if_refused()
        released = []
        for character in text:
            # Only what follows tells that a sentence has ended: not in "1.5", 'said "Go!" and', "p.m. on".
            if character not in _CLOSERS and character not in _ENDS and self._at_end(character):
                released.append(self._release(len(self._held)))
            self._held += character
            if len(self._held) >= LONGEST:
                released.append(self._release(len(self._held) - KEPT))
        return "".join(released)

    def finish(self) -> str:
        """The end of the text: look at what is held and return it."""
        self._stop_if_refused()
        return self._release(len(self._held))

    def _at_end(self, following: str) -> bool:
        """Whether the held text is a whole sentence that ``following`` doesn't go on with."""
        if not self._held or self._held[-1] not in _BLANKS or following.islower():
            return False
        body = self._held.rstrip(_CLOSERS)
        if not body or body[-1] not in _ENDS:
            return False
        word = body.rstrip(_ENDS).replace("\n", " ").rpartition(" ")[2].strip(_CLOSERS + "(“‘")
        return body[-1] != "." or not _may_be_short_for_more(word)

    def _release(self, length: int) -> str:
        """Look at shown + all that is held; let go the first ``length`` characters."""
        from miniature_memory.screen import check

        rule = check(self._shown + self._held).rule
        if rule is not None:
            self._refused, self._held, self._shown = rule, "", ""
            raise Refused(rule, self._where)
        cleared, self._held = self._held[:length], self._held[length:]
        self._shown = _last(self._shown + cleared)
        return cleared

    def _stop_if_refused(self) -> None:
        if self._refused is not None:
            raise Refused(self._refused, self._where)
