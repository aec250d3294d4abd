"""Made-up documents with planted twins: document ``n`` is a function of (seed, n), so none has to be kept.

Prose: paragraphs of the demo's stories as skeletons, their content words and names drawn anew for each
document, so that two documents share sentence shapes and function words, as two real stories do, but hardly
a phrase. The first thousand are originals. Then numbers come in blocks of forty: twenty originals, and what
is planted of originals of the thousand before, no original used twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

BLOCK: Final = 40
BLOCKS: Final = 25  # a thousand documents; what is planted is made of the thousand before
DEMO_STORIES: Final = 240  # whose paragraphs are the skeletons
WORDS: Final = 640  # of a document; 3.6 kB
ORIGINALS: Final = 20
COMPILATION: Final = 18  # this original is a collection of three stories
EDITS: Final = (0.0, 0.02, 0.04, 0.06, 0.08, 0.10)
KINDS: Final = (
    *("original",) * ORIGINALS,
    *(f"{share:.0%} edited" for share in EDITS for _ in range(2)),
    "excerpt", "excerpt", "chapter", "compilation",
    "retold", "quotes", "same opening", "same cast",
)  # fmt: skip
NEAR: Final = tuple(dict.fromkeys(KINDS[ORIGINALS:32]))
CONTAINED: Final = ("excerpt", "chapter")
HARD_NEGATIVES: Final = KINDS[36:]

_SLOT = re.compile(r"\b([a-z]{4,}|[A-Z][a-z]{2,})\b")
# words that carry no story, or that between other words would mean what the screen is there for
_FIXED = set(
    "playhouse "
    "about above across after again against along also although among another around away back because "
    "been before behind being below beneath beside besides between beyond both came come could does down "
    "during each either else even ever every everybody everyone everything first from give given goes "
    "gone have having hers herself here himself into itself just last less like made make many might mine "
    "more most much must myself near neither never next none nobody nothing once only onto other others "
    "over perhaps quite rather said same several shall should since some somebody someone something "
    "somewhere still such than that their theirs them themselves then there these they thing things this "
    "those though through thus till together told took toward towards under unless until unto upon very "
    "well went were what whatever when whenever where whether which while whole whom whose will with "
    "within without would your yours yourself".split()
)
# paragraphs with these are left out: between other words they might tell an age
_NUMBERS = re.compile(
    r"\d|\b(one|two|six|ten|half|hundred|thousand|age|aged|born|boards|years?|birthday"
    r"|(three|four|five|seven|eight|nine|eleven|twelve|thir|twen|for|fif|six|seven|eigh|nine)(teen|ty)?)\b"
)
_ENDINGS = ("ing", "ed", "ly", "s", "")
_ONSETS = "b br c cr d dr f fl g gr h j k l m n p pr r s st t th tr v w".split()
_MIDDLES = "a e i o u ai ea ia io ou".split()
_CODAS = "dan den dor la lan len lin lo ma mar na ra ric rin ron sa ta ten tha va vin".split()


@dataclass(frozen=True, slots=True)
class Made:
    """A document, its kind, what it was made of (numbers of originals), and the contacts it holds."""

    number: int
    kind: str
    text: str
    family: tuple[int, ...]
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Skeleton:
    """A paragraph as a ``%`` template, the pools of its slots, and its length in words."""

    template: str
    slots: tuple[str, ...]
    words: int


@dataclass(frozen=True)
class Library:
    """All documents of a seed."""

    seed: int = 1

    def __iter__(self) -> Iterator[Made]:
        number = 0
        while True:
            yield self[number]
            number += 1

    def __getitem__(self, number: int) -> Made:
        block, place = divmod(number, BLOCK)
        kind, rng = KINDS[place] if block >= BLOCKS else "original", Random(f"{self.seed}:{number}")
        if place == COMPILATION:
            return Made(number, kind, self._joined(number, 3), (number,))
        if kind == "original":
            text, contacts = self._with_contacts(rng, self._story(number), place < 4)
            return Made(number, kind, text, (number,), contacts)
        thousand, of = divmod(block, BLOCKS)
        earlier = ((thousand - 1) * BLOCKS + of * 7 % BLOCKS) * BLOCK
        return self._planted(number, kind, rng, earlier)

    def _planted(self, number: int, kind: str, rng: Random, earlier: int) -> Made:
        place = number % BLOCK
        if kind == "chapter":
            of = earlier + COMPILATION
            return Made(number, kind, self._story(of, rng.randrange(3)), (of,))
        if kind == "compilation":
            kept = earlier + 14, earlier + 15
            parts = [self._story(kept[0]), self._story(number), self._story(kept[1])]
            return Made(number, kind, _chapters(parts), (number, *kept))
        of = earlier + (place - ORIGINALS if place < 34 else 16 + place % 2)
        text = self[of].text
        makers: dict[str, Callable[[], str]] = {
            "excerpt": lambda: _excerpt(rng, text),
            "retold": lambda: self._story(of, words=Random(f"{self.seed}:{number}:retold")),
            "quotes": lambda: _inserted(rng, self._story(number), _some(rng, text, 0.1)),
            "same opening": lambda: text.split("\n\n")[0] + "\n\n" + self._story(number),
            "same cast": lambda: self._story(number, cast=of),
        }
        if kind in makers:
            own = (of,) if kind in CONTAINED else (number,)
            return Made(number, kind, makers[kind](), own)
        share = EDITS[NEAR.index(kind)]
        return Made(number, kind, self._edited(rng, text, share), (of,))

    # -- prose --------------------------------------------------------------------------------

    def _story(
        self, number: int, chapter: int = 0, words: Random | None = None, cast: int | None = None
    ) -> str:
        """About ``WORDS`` words. ``words`` draws other content words, ``cast`` takes another's names."""
        skeletons, pools = _parts()
        shape = Random(f"{self.seed}:{number}:{chapter}:shape")
        rng = words or Random(f"{self.seed}:{number}:{chapter}:words")
        people = Random(f"{self.seed}:{number if cast is None else cast}:{chapter}:{words is None}:cast")
        names: dict[str, str] = {}
        paragraphs: list[str] = []
        length, wanted = 0, WORDS * (0.75 + 0.5 * shape.random())
        while length < wanted:
            one = shape.choice(skeletons)
            filled = []
            for kind in one.slots:
                if kind.startswith("name:"):
                    if kind not in names:
                        names[kind] = _name(people)
                    filled.append(names[kind])
                else:
                    pool = pools[kind]
                    filled.append(pool[int(rng.random() * len(pool))])
            paragraphs.append(one.template % tuple(filled))
            length += one.words
        return "\n\n".join(paragraphs)

    def _joined(self, number: int, chapters: int) -> str:
        return _chapters([self._story(number, chapter) for chapter in range(chapters)])

    def _edited(self, rng: Random, text: str, share: float) -> str:
        """``share`` of the words replaced by others; 0: only the white space differs."""
        if not share:
            return text.replace("\n\n", "\n\n\n") + "\n"
        pools = _parts()[1]
        words = re.split(r"(\s+)", text)
        places = range(0, len(words), 2)
        for at in rng.sample(places, round(share * len(places))):
            words[at] = rng.choice(pools[rng.choice(_ENDINGS)])
        return "".join(words)

    def _with_contacts(self, rng: Random, text: str, wanted: bool) -> tuple[str, tuple[str, ...]]:
        if not wanted:
            return text, ()
        name = _name(rng).lower()
        mail, handle = f"{name}.{rng.randrange(99)}@example.org", f"@{name}_{rng.randrange(999)}"
        phone = rng.choice(("+44 20 7946 0{:03d}", "(212) 555-01{:02d}", "212-555-01{:02d}"))
        phone = phone.format(rng.randrange(100))
        line = f"Write to {mail}, ask for {handle}, or ring {phone} in the evening."
        return _inserted(rng, text, line), (mail, handle, phone)


@cache
def _parts() -> tuple[list[_Skeleton], dict[str, list[str]]]:
    """Skeletons, and the pools that fill them: words by ending."""
    from miniature_memory.demo.stories import story

    told = (p for number in range(DEMO_STORIES) for p in story(1, number).text.split("\n\n"))
    paragraphs = [paragraph for paragraph in dict.fromkeys(told) if not _NUMBERS.search(paragraph.lower())]
    lower = {word for p in paragraphs for word in re.findall(r"\b[a-z]{4,}\b", p)} - _FIXED
    pools: dict[str, list[str]] = {ending: [] for ending in _ENDINGS}
    for word in sorted(lower):
        pools[_ending(word)].append(word)
    skeletons = []
    for paragraph in paragraphs:
        slots: list[str] = []

        def slot(found: re.Match[str], slots: list[str] = slots) -> str:
            word = found[1]
            if word in lower:
                slots.append(_ending(word))
            elif word[0].isupper() and word.lower() not in lower | _FIXED:
                slots.append("name:" + word)
            else:
                return word
            return "%s"

        template = _SLOT.sub(slot, paragraph.replace("%", "%%"))
        if len(slots) > 6:
            skeletons.append(_Skeleton(template, tuple(slots), len(paragraph.split())))
    return skeletons, pools


def _ending(word: str) -> str:
    return next(ending for ending in _ENDINGS if word.endswith(ending))


def _name(rng: Random) -> str:
    return (rng.choice(_ONSETS) + rng.choice(_MIDDLES) + rng.choice(_CODAS)).capitalize()


def _chapters(texts: list[str]) -> str:
    numerals = ("One", "Two", "Three", "Four")
    return "\n\n".join(f"Chapter {numerals[n]}\n\n{text}" for n, text in enumerate(texts))


def _excerpt(rng: Random, text: str) -> str:
    """From 32 % of a text on, and long enough not to be turned away as too short."""
    return _some(rng, text, max(0.32 + 0.3 * rng.random(), 1100 / len(text)))


def _some(rng: Random, text: str, share: float) -> str:
    """Whole paragraphs in a row, at least ``share`` of the text."""
    paragraphs = text.split("\n\n")
    start = rng.randrange(max(1, int(len(paragraphs) * (1 - share))))
    while sum(map(len, paragraphs[start:])) < share * len(text):
        start -= 1
    taken: list[str] = []
    while sum(map(len, taken)) < share * len(text):
        taken.append(paragraphs[start + len(taken)])
    return "\n\n".join(taken)


def _inserted(rng: Random, text: str, what: str) -> str:
    paragraphs = text.split("\n\n")
    paragraphs.insert(rng.randrange(1, len(paragraphs)), what)
    return "\n\n".join(paragraphs)
