"""Generated text is held back to the end of a sentence and looked at before anyone sees it."""

from __future__ import annotations

from miniature_memory.errors import Refused

CONTEXT = 500  # characters already shown that a new sentence is read together with
LONGEST = 600  # a sentence without an end is looked at, and let go, in pieces of this size
OVERLAP = 200  # ... but its last characters stay held, as a hit may need what follows them

_ENDS = frozenset(".!?…。！？\n")
_CLOSERS = frozenset("\"'”’»)]} \t")


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
            # A sentence ends before the first character that can't belong to its closing marks,
            # so that "1.5", "p.m." and '."' are not cut in two.
            if self._at_end() and character not in _ENDS and character not in _CLOSERS:
                released.append(self._release(len(self._held)))
            self._held += character
            if len(self._held) >= LONGEST:
                released.append(self._release(len(self._held) - OVERLAP))
        return "".join(released)

    def finish(self) -> str:
        """The end of the text: look at what is held and return it."""
        self._stop_if_refused()
        return self._release(len(self._held))

    def _at_end(self) -> bool:
        """Whether the held text is a whole sentence followed by a space or a line's end."""
        body = self._held.rstrip("\"'”’»)]} \t\n")
        if not body or len(body) == len(self._held):
            return False
        tail = self._held[len(body) :]
        return "\n" in tail or (body[-1] in _ENDS and any(c in " \t" for c in tail))

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
