"""Generated text is held back to the end of a sentence and looked at before anyone sees it."""

from __future__ import annotations

from miniature_memory.errors import Refused

CONTEXT = 500  # characters already shown that a new sentence is read together with
LONGEST = 2_000  # a sentence without an end is looked at, and let go in part, at this length
KEPT = 1_000  # ... but so many of its last characters stay held, as a hit may need what follows

_ENDS = ".!?…。！？"
_CLOSERS = "\"'”’»)]} \t\n"
_BLANKS = frozenset(" \t\n")
# After these a full stop ends no sentence, so what follows must not be cut off from it.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st rev capt col gen lt sgt no nos vol ch pp jr sr messrs mme mlle fig approx ca cf etc vs "
    "jan feb mar apr jun jul aug sep sept oct nov dec yr yrs mo mos age ed".split()
)


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
        self._shown = shown[-CONTEXT:]
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
        word = body.rstrip(_ENDS).rpartition(" ")[2].strip(_CLOSERS + "(").lower()
        return not (body[-1] == "." and (word in _ABBREVIATIONS or (len(word) < 2 and word != "i")))

    def _release(self, length: int) -> str:
        """Look at shown + all that is held; let go the first ``length`` characters."""
        from miniature_memory.screen import check

        rule = check(self._shown + self._held).rule
        if rule is not None:
            self._refused, self._held, self._shown = rule, "", ""
            raise Refused(rule, self._where)
        cleared, self._held = self._held[:length], self._held[length:]
        self._shown = (self._shown + cleared)[-CONTEXT:]
        return cleared

    def _stop_if_refused(self) -> None:
        if self._refused is not None:
            raise Refused(self._refused, self._where)
