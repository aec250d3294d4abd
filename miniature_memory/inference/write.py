"""The rolling loop: a story of any length from a window of 256 ids, as a generator of events.

    for event in write(engine, "The lamp went out.", Settings(seed=7), length=2000):
        match event:
            case Token(text): ...            # what may be shown, in order
            case SummaryEvent(text): ...     # what the window now remembers
            case Refusal(rule): ...          # the adults-only screen stopped it; nothing but Done follows
            case Done(characters): ...

The loop knows nothing of who reads it. The screen stands between the model and every event that carries text;
there is no argument that leaves it out. Memory and the cost of a character don't grow with the story.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from miniature_memory import screen
from miniature_memory.errors import Damaged, Refused, UsageError
from miniature_memory.inference.engine import Runtime
from miniature_memory.inference.sampler import Settings
from miniature_memory.memory.bonus import Spelling
from miniature_memory.memory.condense import SEPARATOR, SLIDE, Memory, readable
from miniature_memory.memory.draft import Draft
from miniature_memory.memory.window import BLOCK, TEXT_SLOTS, Window
from miniature_memory.vocabulary import (
    END_OF_TEXT,
    IS_LETTER,
    NEWLINE,
    SCENE_BREAK,
    SUMMARY,
    SYMBOLS,
    TEXT,
    spell,
    unknown,
)

MemoryKind = Literal["summary", "written", "none"]
SCENE: Final = "* * *"

_SHOWN: Final = tuple(SCENE if i == SCENE_BREAK else s for i, s in enumerate(SYMBOLS))
_NOT_TEXT: Final = (END_OF_TEXT, SUMMARY, TEXT)
_GREEDY: Final = Settings(temperature=0, loop_guard=0)
#: a bare list of names is no sentence of any language, and the screen refuses languages that it can't tell
_SPOKEN: Final = "This is what the story tells of, and these are the names in it: {}."
_CONTEXT: Final = 500  # shown characters that the screen reads new ones with


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know once (a fallback, transliterated characters)."""

    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """Text that the screen has cleared: a sentence or a piece of one. Joined, they are the story."""

    text: str


@dataclass(frozen=True, slots=True)
class Evicted:
    """So many characters left the window (their text may not be cleared yet, so it is not told)."""

    characters: int


@dataclass(frozen=True, slots=True)
class SummaryEvent:
    """The 60 characters that the window now remembers, and who wrote them."""

    text: str
    source: Literal["algorithm", "model"] = "algorithm"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The adults-only screen stopped the story: what was held back is gone, and so is the summary."""

    rule: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end: how many characters were shown, and why there are no more."""

    characters: int
    reason: Literal["length", "refused"]


@dataclass(frozen=True, slots=True)
class Again:
    """The story that was stopped is dropped, and begun anew after the prompt with the seed ``seed``."""

    seed: int


Event = Notice | Token | Evicted | SummaryEvent | Refusal | Done | Again


@dataclass
class Story:
    """Where a story stands: all that is needed to go on with it. ``counter`` is the next random number,
    ``shown`` the end of what was shown, ``held`` what is drawn and not yet shown."""

    window: Window = field(default_factory=Window)
    memory: Memory = field(default_factory=Memory)
    counter: int = 0
    shown: str = ""
    held: str = ""

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "summary": self.window.summary,
            "text": list(self.window.text),
            "memory": self.memory.state(),
            "counter": self.counter,
            "shown": self.shown,
            "held": self.held,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Story:
        """The story that ``state()`` described. Raises ``Damaged`` when it describes none."""
        try:
            text = [int(i) for i in state["text"]]
            if len(text) > TEXT_SLOTS or not all(0 <= i < len(SYMBOLS) for i in text):
                raise ValueError("text")
            shown, held = str(state["shown"]), str(state["held"])
            told = "".join(_SHOWN[i] for i in text if i not in _NOT_TEXT)
            if not (shown + held).endswith(told[-len(shown + held) :]):
                raise ValueError("its text was never shown")
            window = Window(str(state["summary"]), text)
            return cls(window, Memory.from_state(state["memory"]), int(state["counter"]), shown, held)
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"This is no state of a story ({error}).", "Start the story anew.") from None


def transliterate(text: str) -> tuple[str, str]:
    """``text`` in the vocabulary's characters, and those that had to be changed (sorted, each once)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    strange = unknown(text)
    if not strange:
        return text, ""
    from unicodedata import normalize

    text = normalize("NFC", text)
    left = unknown(text)
    if left:
        from anyascii import anyascii

        table = {ord(c): "".join(x for x in anyascii(c) if not unknown(x)) for c in left}
        text = text.translate(table)
    return text, "".join(sorted(strange))


def write(
    engine: Runtime,
    prompt: str = "",
    settings: Settings | None = None,
    length: int | None = 2000,
    memory: MemoryKind = "summary",
    *,
    story: Story | None = None,
) -> Iterator[Event]:
    """Writes ``length`` characters after the prompt, which the events don't repeat; None: without end.

    A model may want to end its story before that: END_OF_TEXT is never drawn. ``memory``: ``summary``
    (names kept by the algorithm), ``written`` (the model writes the summary, of words that stood in the old
    one and names of the text), ``none`` (an empty slot). ``story`` is where it goes on from, and is
    kept up to date.

    Raises, before anything is written, ``Refused`` for a prompt that the screen refuses and ``UsageError``
    for what makes no sense. A refusal on the way is an event.
    """
    if length is not None and length < 0:
        raise UsageError(f"A length of {length} characters makes no sense.", "Give 0 or more.")
    if memory not in ("summary", "written", "none"):
        raise UsageError(f"There is no memory {memory!r}.", "Choose summary, written or none.")
    if engine.window < BLOCK - 2:
        raise UsageError(f"The model's window of {engine.window} ids is too small for the summary memory.")
    story = story or Story()
    screen.require(prompt, "prompt")
    known, changed = transliterate(prompt)
    screen.require(story.shown + story.held + known, "prompt")
    _require_summary(story.window.summary)  # a person may have edited it
    return _Writer(engine, settings or Settings(), memory, story).run(known, changed, length)


def attempts(
    tries: int,
    engine: Runtime,
    prompt: str,
    settings: Settings,
    length: int | None,
    memory: MemoryKind,
    story: Story | None = None,
) -> Iterator[Event]:
    """``write``; where the screen stops the story, ``Again`` with the next seed, ``tries`` times in all."""
    story = story or Story()
    state = story.state()
    for number in range(tries):
        seed = (settings.seed + number) % 2**64
        if number:
            vars(story).update(vars(Story.from_state(state)))
            yield Again(seed)
        refused = False
        for event in write(engine, prompt, replace(settings, seed=seed), length, memory, story=story):
            refused |= isinstance(event, Refusal)
            yield event
        if not refused:
            return


class _Writer:
    """One run of the loop."""

    def __init__(self, engine: Runtime, settings: Settings, kind: MemoryKind, story: Story) -> None:
        self.engine, self.settings, self.kind, self.story = engine, settings, kind, story
        self.guard = screen.StreamGuard(shown=story.shown)
        self.unread: int | None = None  # drawn, in the window, not yet in the engine's cache
        self.word: list[int] = []  # ids of the word begun
        self.names = Spelling("")
        self.shown = 0

    def run(self, prompt: str, changed: str, length: int | None) -> Iterator[Event]:
        if self.engine.notice:
            yield Notice(self.engine.notice)
        if changed:
            yield Notice(f"Characters outside the vocabulary were transliterated: {changed[:40]}")
        try:
            self.guard = screen.StreamGuard(shown=self._tell(prompt))
            yield from self._take(prompt)
            yield from self._show(self.guard.feed(self.story.held))
            drawn = 0
            while length is None or drawn < length:
                if self.story.window.full:
                    yield from self._slide()
                piece = _SHOWN[self._draw()][: None if length is None else length - drawn]
                drawn += len(piece)
                self.story.held += piece
                yield from self._show(self.guard.feed(piece))
            yield from self._show(self.guard.finish())
        except Refused as refused:
            self.story.window, self.story.memory, self.story.held = Window(), Memory(), ""
            yield Refusal(refused.rule)
            yield Done(self.shown, "refused")
            return
        yield Done(self.shown, "length")

    def _show(self, text: str) -> Iterator[Event]:
        """What the guard has let go, if it is anything yet."""
        if text:
            self._tell(text)
            self.story.held = self.story.held[len(text) :]
            self.shown += len(text)
            yield Token(text)

    def _tell(self, text: str) -> str:
        """Note what the reader has seen; returns the end of it."""
        self.story.shown = (self.story.shown + text)[-_CONTEXT:]
        return self.story.shown

    def _take(self, prompt: str) -> Iterator[Event]:
        """The prompt into the window; what is too much for it goes through the memory first."""
        window = self.story.window
        fresh = not window.text and not self.story.counter
        ids = [*([END_OF_TEXT] if fresh else []), *window.text, *spell(prompt)]
        slides = max(0, -(-(len(ids) - TEXT_SLOTS) // SLIDE))
        window.text = ids[slides * SLIDE :]
        if slides:
            self.story.memory.observe(readable(ids[: slides * SLIDE]))
            yield Evicted(slides * SLIDE)
            if self.kind != "none":
                yield self._remember(self.story.memory.summary(readable(window.text)))
        self._read()

    def _read(self) -> None:
        """The whole window into the engine's cache."""
        window = self.story.window
        self.engine.reread(window.ids())
        self.unread = None
        self.names = Spelling(window.summary)
        begin = len(window.text)
        while begin and IS_LETTER[window.text[begin - 1]]:
            begin -= 1
        self.word = window.text[begin:]

    def _draw(self) -> int:
        if self.unread is not None:
            self.engine.step(self.unread)
        bias = None
        if self.settings.name_bonus and self.word:
            strength = self.settings.name_bonus
            bias = {i: strength * weight for i, weight in self.names.after(self.word).items()}
        token = self.engine.sample(self.settings, self.story.counter, _NOT_TEXT, bias)
        if token < 0:  # the loop guard has forbidden all that is left
            token = NEWLINE
        self.story.counter += 1
        self.story.window.append(token)
        self.unread = token
        self.word = [*self.word, token] if IS_LETTER[token] else []
        return token

    def _slide(self) -> Iterator[Event]:
        """The oldest 96 characters leave, the summary is written anew, the window is read again."""
        window, memory = self.story.window, self.story.memory
        written = written_summary(self.engine, window) if self.kind == "written" else ""
        evicted = window.slide()
        memory.observe(evicted)
        yield Evicted(len(evicted))
        if written:
            yield self._remember(written, "model")
        elif self.kind != "none":
            yield self._remember(memory.summary(readable(window.text)))
        self._read()

    def _remember(self, text: str, source: Literal["algorithm", "model"] = "algorithm") -> SummaryEvent:
        _require_summary(text)
        self.story.window.set_summary(text)
        return SummaryEvent(self.story.window.summary, source)


def _require_summary(text: str) -> None:
    """Raises ``Refused`` for a summary that the screen doesn't let pass."""
    said = ", ".join(item.strip() for item in text.split(SEPARATOR) if item.strip())
    if said:
        screen.require(_SPOKEN.format(said), "summary")


def written_summary(engine: Runtime, window: Window) -> str:
    """The model's own next summary of a full window: after the WRITE layout's second SUMMARY the likeliest
    characters that spell what has been said. '' where nothing has. The cache holds that layout afterwards."""
    draft = Draft(window.summary, readable(window.text[:SLIDE]))
    if not draft.done:
        engine.reread(window.write_ids())
    while not draft.done:
        if draft.ids:
            engine.step(draft.ids[-1])
        allowed = draft.allowed()
        draft.add(engine.sample(_GREEDY, 0, [i for i in range(len(SYMBOLS)) if i not in allowed]))
    return readable(draft.ids).strip()
