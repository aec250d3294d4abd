"""The grammar behind the story web: readable files of sentences, and a teller that speaks them.

A grammar file holds sections (``# name``), one template a line; ``//`` begins a comment line. In a template

* ``[one|another]`` is a choice (choices nest),
* ``{A}`` is a person as subject, ``{@A}`` as object, ``{A's}`` as owner, ``{A!}`` as addressed; ``{he A}``,
``{him A}``,
  ``{his A}``, ``{self A}`` are the pronouns, ``{A&B}``, ``{they A}``, ``{them A}``, ``{their A}`` speak of
  two,
* ``{word}`` is a line of the section ``word`` (the story's trade first, then the common ones), ``{a word}``
the same with
  its article, ``{=word}`` the same line each time in one story,
* ``<walk>`` is a verb of the last named person, ``<walk.it>`` of a thing, ``<walk.they>`` of many,
* ``¶`` begins a new paragraph.

The idea of expanding templates from lists is that of Tracery (Compton et al., 2015); person, tense and
memory are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from miniature_memory.demo.verbs import Person, Tense, conjugate

FOLDER = Path(__file__).parent / "grammar"
Sections = dict[str, tuple[str, ...]]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([^{}]*)\}")
_SPOKEN = re.compile(r"\x01(.)|<([a-z]+)(?:\.(it|they|I))?>|¶|(?<=[.!?,])\"|(?<=[.!?])(?=\s)")
_TAG = re.compile(r"(<[a-z]+>) (\x01AI)\b")
_PRONOUNS = {
    "f": {"he": "she", "him": "her", "his": "her", "self": "herself", "hers": "hers", "man": "woman"},
    "m": {"he": "he", "him": "him", "his": "his", "self": "himself", "hers": "his", "man": "man"},
    "I": {"he": "I", "him": "me", "his": "my", "self": "myself", "hers": "mine", "man": "I"},
}


@cache
def sections(name: str) -> Sections:
    """The sections of one grammar file, by name."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("# "):
            lines = found.setdefault(line[2:].strip(), [])
        elif line and not line.startswith("//"):
            lines.append(line)
    return {section: tuple(rows) for section, rows in found.items()}


@cache
def names(prefix: str) -> tuple[str, ...]:
    """The grammar files whose names begin with a prefix (``trade_``, ``arc_``), in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob(f"{prefix}*.txt")))


@dataclass(frozen=True)
class Character:
    """Someone in a story; all of them are grown-ups."""

    first: str
    last: str
    gender: str
    job: str
    look: str
    habit: str
    formal: bool = False

    def told(self, detail: str) -> str:
        """A fact about the person as a template names it: ``look``, ``habit``, ``first``, ``job.a``,
        ``job.the``."""
        fact, _, form = detail.partition(".")
        text = str(getattr(self, fact))
        if form == "a":
            return ("an " if text[0] in "aeiou" else "a ") + text
        return f"the {text}" if form == "the" else text

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def short(self) -> str:
        title = "Mrs" if self.gender == "f" else "Mr"
        return f"{title} {self.last}" if self.formal else self.first


@dataclass
class World:
    """What a story is about: who, where, which things, and how it is told."""

    trade: str
    people: dict[str, Character]
    fixed: dict[str, str]
    tense: Tense = "past"
    first_person: bool = False
    kept: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)


class Teller:
    """Expands templates in one world; the same random state tells the same story."""

    def __init__(self, rng: Random, world: World, *, files: tuple[str, ...]) -> None:
        self.rng, self.world = rng, world
        self._files = [sections(name) for name in files]
        self._used: set[str] = set()

    def lines(self, section: str) -> tuple[str, ...]:
        """The lines of a section, from the first file that has it."""
        for file in self._files:
            if section in file:
                return file[section]
        raise KeyError(f"the grammar has no section {section!r} for {self.world.trade}")

    def pick(self, section: str) -> str:
        """A line of a section that this story has not used yet, as long as there is one."""
        lines = self.lines(section)
        fresh = [line for line in lines if line not in self._used] or list(lines)
        line = self.rng.choice(fresh)
        if len(line) > 30:  # words may come again, sentences should not
            self._used.add(line)
        return line

    def tell(self, section: str) -> list[str]:
        """The paragraphs of one beat."""
        return self.say(self.pick(section))

    def say(self, template: str) -> list[str]:
        """The paragraphs that a template becomes."""
        text = self._speak(self._expand(template))
        paragraphs = (re.sub(r"\s+", " ", part).strip() for part in text.split("¶"))
        return [_capitals(part) for part in paragraphs if part]

    def line(self, template: str) -> str:
        """A template that is one line: a title, a blurb."""
        return " ".join(self.say(template))

    def _expand(self, text: str, depth: int = 0) -> str:
        while _CHOICE.search(text):
            text = _CHOICE.sub(lambda found: self.rng.choice(found[1].split("|")), text)
        if depth > 12 or "{" not in text:
            return text
        return _SLOT.sub(lambda found: self._expand(self._slot(found[1]), depth + 1), text)

    def _slot(self, slot: str) -> str:
        world = self.world
        if slot in world.fixed:
            return world.fixed[slot]
        if slot.startswith("="):
            if slot not in world.kept:
                world.kept[slot] = self._speak(self._expand(self.rng.choice(self.lines(slot[1:]))))
            return world.kept[slot]
        if slot[:2] in ("a ", "A "):
            word = self._speak(self._expand("{" + slot[2:] + "}"))
            article = (
                "an" if word[:1].lower() in "aeiou" and not word.startswith(("one", "uni", "use")) else "a"
            )
            return f"{article.capitalize() if slot[0] == 'A' else article} {word}"
        if "&" in slot:
            return self._pair(slot)
        word, _, who = slot.partition(" ")
        if who in world.people and word.lower() in _PRONOUNS["I"] | {"they": "", "them": "", "their": ""}:
            return self._pronoun(word, who)
        if slot.rstrip("!").lstrip("@").split(".")[0].removesuffix("'s") in world.people:
            return self._person(slot)
        return self.pick(slot)

    def _is_narrator(self, who: str) -> bool:
        return self.world.first_person and who == "A"

    def _person(self, slot: str) -> str:
        who, _, detail = slot.partition(".")
        letter = who.strip("@!").removesuffix("'s")
        person = self.world.people[letter]
        if detail:
            return person.told(detail)
        if who.endswith("!"):
            return person.first if not person.formal else person.short
        if self._is_narrator(letter):
            return "me" if who.startswith("@") else "my" if who.endswith("'s") else f"\x01{letter}I"
        name = person.short if letter in self.world.met else person.full
        self.world.met.add(letter)
        if who.endswith("'s"):
            return f"{name}'s"
        return name if who.startswith("@") else f"\x01{letter}{name}"

    def _pair(self, slot: str) -> str:
        one, other = slot.split("&")
        if self._is_narrator(one):
            one, other = other, one
        return (
            self._person(one).lstrip("\x01").removeprefix(one)
            + " and "
            + "I" * self._is_narrator(other)
            + ("" if self._is_narrator(other) else self._person(other).lstrip("\x01").removeprefix(other))
            + "\x01+"
        )

    def _pronoun(self, word: str, who: str) -> str:
        key = word.lower()
        if key in ("they", "them", "their"):
            ours = {"they": "we", "them": "us", "their": "our"}
            text = ours[key] if self._is_narrator(who) else key
            mark = "\x01+" if key == "they" else ""
        else:
            text = _PRONOUNS["I" if self._is_narrator(who) else self.world.people[who].gender][key]
            mark = f"\x01{who}" if key == "he" else ""
        return mark + (text[:1].upper() + text[1:] if word[0].isupper() else text)

    def _speak(self, text: str) -> str:
        subject = "-"

        def spoken(found: re.Match[str]) -> str:
            nonlocal subject
            if found[1]:
                subject = found[1]
                return ""
            if not found[2]:  # a sentence or a speech ends, and its subject with it
                subject = "-"
                return found[0]
            person: Person = "it"
            if found[3]:
                person = found[3]  # type: ignore[assignment]
            elif subject == "+":
                person = "they"
            elif self._is_narrator(subject):
                person = "I"
            return conjugate(found[2], person, self.world.tense)

        return _SPOKEN.sub(spoken, _TAG.sub(r"\2 \1", text))  # never "said I"


def _capitals(text: str) -> str:
    text = text.replace("can not", "cannot").replace("?.", "?").replace("!.", "!").replace("..", ".")
    text = re.sub(r'([a-z])"$', r'\1."', text)
    return re.sub(r'(^["“]?|[.!?] ["“]?|\." ["“]?)([a-z])', lambda found: found[1] + found[2].upper(), text)
