"""Which words a line can't do without: told from how it is written, before it is taken to pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from miniature_memory.screen.phrases import BEGIN, MARKS, MOST, NAME, SIGNS, repeated

# Words that stand in nearly every sentence, in many, and in some: a line had better wait for another one.
_EVERYWHERE = "the a of to in and he she i it was you that is his her , . for on with as at had my".split()
_COMMON = (
    "have be by not but him me they we are were 's an from or so all this no when said if out up would could "
    "who them one there which been will then what now their its more your do has did into over man old s t "
    "where can time about very before after some how like only than little other our go any again upon down "
    "must should never made mr well us come came day see know such good much might long first own hand may "
    "through here even way back ! ? ; : - ( ) years"
).split()
_FREQUENT = (
    "think went say am two away two left eyes people face make great might still thought house last too looked "
    "every took put got head night off yes just ever place once always without things nothing being found these "
    "same each another quite under mrs miss sir why room asked told father mother young life seemed home lady take "
    "half work world began many against new heart door let hands those done going knew right because give better "
    "seen enough mind look though men girl saw while soon give gave year days side end want tell turned perhaps both "
    "course few want until son rather having something morning called light moment love since whole word till set "
    "since anything matter woman felt stood become friend whom between heard kind next country poor black white cried "
    "sat brought answered voice water far round gone dear almost full call returned near read keep lay feel best used"
).split()
_SELDOM = 8  # the price of any other word
_PRICES = {
    **dict.fromkeys(_FREQUENT, 80),
    **dict.fromkeys(_COMMON, 400),
    **dict.fromkeys(SIGNS, 600),
    **dict.fromkeys(_EVERYWHERE, 4_000),
}
_BEGINNINGS = (4_000, 4_000, 600, 100, 20)  # the price of a beginning of so many letters
_ENDING = 4_000
_A_MARK = 60
_NEVER = 1_000_000

_GROUP = re.compile(r"\((?:\?:)?[^()]*\)|\[\]?[^\]]*\]|\{[a-z]+\}")
_REPEATS = re.compile(r"\{[0-9]")
_MARK = re.compile(r"\\?([%#=^~][0-9]+)|([%#=^~]+)")
_WORD = re.compile(r"([^\W\d_](?:[^\W\d_]|')*)(.?)")


def price(key: str) -> int:
    """How often a key (``phrases.token_keys``) is met, roughly."""
    if key[-1] == " ":
        return _BEGINNINGS[len(key) - 1]
    if key[0] in SIGNS:
        return _A_MARK if len(key) > 1 else _PRICES[key]
    return _ENDING if key[0] == " " else _PRICES.get(key, _SELDOM)


def cost(keys: Iterable[str]) -> int:
    """How often one of some keys is met; 0 for none."""
    return sum(map(price, keys))


class Needs:
    """What lines need. ``lists`` are their ``{name}``; ``is_number`` tells of words that may become marks in a text,
    and so must not be waited for."""

    def __init__(self, lists: Mapping[str, str], is_number: Callable[[str], bool]) -> None:
        self._lists, self._is_number = lists, is_number
        self._known: dict[str, list[str]] = {}

    def rarest(self, parts: list[str]) -> int | None:
        """Which of a line's parts is met least often, roughly; None if nothing can be told of any."""
        for at, part in enumerate(parts):
            if part.isalpha() and part not in _PRICES and not self._is_number(part):
                return at
        best, least = None, _NEVER
        for at, part in sorted(enumerate(parts), key=lambda numbered: numbered[1].count("|")):
            if (part.count("|") + 1) * _SELDOM >= least:
                break
            if (price := cost(self.of(part)) or _NEVER) < least:
                best, least = at, price
        return best

    def of(self, part: str) -> list[str]:
        """Keys (``phrases.token_keys``) one of which is met where a part stands; none if it may be missing, or
        nothing can be told."""
        if part not in self._known:
            self._known[part] = self._of(part)
        return self._known[part]

    def longest(self, part: str) -> int:
        """Of how many tokens a part is at most, or more."""
        body, _, most = repeated(part)
        named = sum(self.longest(self._lists[name]) for name in NAME.findall(body) if name not in MARKS)
        nested = "(" in body[1:]
        joints = body.count("_") if nested else max(choice.count("_") for choice in body.split("|"))
        times = 9 if _REPEATS.search(body) else 1
        return (1 + joints + body.count(" ") + named) * times * (most or MOST)

    def _of(self, part: str) -> list[str]:
        if part.isalpha():
            return [] if self._is_number(part) else [part]
        body, least, _ = repeated(part) if part[-1] in "?*.}" else (part, 1, 1)
        if not least:
            return []
        if (name := NAME.fullmatch(body)) and name[1] not in MARKS:
            body = self._lists[name[1]].replace("?:", "", 1)
        flat = body[1:-1] if body[0] == "(" and body[-1] == ")" else body
        flat = NAME.sub(lambda name: MARKS.get(name[1], "\0")[0] or "\0", flat)
        while "(" in flat or "[" in flat or "{" in flat:
            before, flat = flat, _GROUP.sub("\0", flat)
            if before == flat:
                return []
        choices = [self._keys(choice) for choice in flat.split("|")]
        return [key for keys in choices for key in keys] if all(choices) else []

    def _keys(self, choice: str) -> Sequence[str]:
        """The keys of a choice's rarest word, or of its beginning; none if it tells nothing."""
        if choice.isalpha():
            return () if self._is_number(choice) else (choice,)
        found = [keys for word in choice.split("_") if (keys := self._word_keys(word))]
        return min(found, key=cost, default=()) if len(found) != 1 else found[0]

    def _word_keys(self, word: str) -> Sequence[str]:
        if mark := _MARK.fullmatch(word):
            return mark[2] or (mark[1],)  # any number of these signs, or just one
        found = _WORD.match(word)
        if found is None or self._is_number(found[1]):
            return ()
        letters, sign = found[1], found[2]
        if sign in ("?", "+", "{"):  # these belong to the last letter
            letters = letters[:-1]
        return (f"{letters[:BEGIN]} " if sign else letters,) if letters else ()
