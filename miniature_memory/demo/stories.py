"""The stories: ``story(seed, number)`` is a pure function, so a web of 900 begins with the web of 640.

Numbers come in blocks of sixteen: first single stories, then a serial of three to five chapters with one
cast,
whose early promises are kept in its last chapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random

from miniature_memory.demo.cast import draw_world
from miniature_memory.demo.grammar import Teller, World, names, sections

BLOCK = 16
SCENE_BREAK = "* * *"
_FILLERS = (
    "work",
    "weather",
    "talk",
    "food",
    "thought",
    "walk",
    "night",
    "passing",
    "portrait",
    "recall",
    "touch",
)

_JOINED = {"work", "weather", "thought", "walk", "night", "passing", "touch"}  # may share a paragraph
_SIZES = {"episode": 800, "tale_frame": 800} | dict.fromkeys(_FILLERS, 175)  # usual characters of a beat


@dataclass(frozen=True)
class Plan:
    """What is known of a story before it is told; cheap, so that a web's index needs no text."""

    number: int
    work: str
    title: str
    blurb: str
    author: str
    theme: str
    trade: str
    chapter: int  # 0: a story of its own
    chapters: int
    first_number: int  # of its first chapter


@dataclass(frozen=True)
class Story:
    """A told story: paragraphs parted by blank lines, scene breaks as ``* * *`` lines."""

    plan: Plan
    text: str


@dataclass(frozen=True)
class Seat:
    """Where a number sits: the work's key, and which chapter it is."""

    key: str
    chapter: int
    chapters: int
    first_number: int


def seat(seed: int, number: int) -> Seat:
    """The work that a number belongs to. Numbers from a million on are single stories outside the blocks."""
    block, place = divmod(number, BLOCK)
    chapters = Random(f"{seed}:block:{block}").choice((3, 4, 4, 5))
    first = BLOCK - chapters
    if number >= 1_000_000 or place < first:
        return Seat(f"{seed}:{number}", 0, 1, number)
    return Seat(f"{seed}:serial:{block}", place - first + 1, chapters, block * BLOCK + first)


@dataclass(frozen=True)
class _Frame:
    """A work's fixed parts: its arcs (one a chapter), its threads, its author."""

    arcs: tuple[str, ...]
    threads: tuple[str, ...]
    title: str
    author: str
    blurb: str
    theme: str


def _told_by_anyone() -> list[str]:
    """The arcs that don't insist on their own narrator, as a diary does."""
    return [arc for arc in names("arc_") if "narrator" not in sections(arc)]


def _world(key: str) -> World:
    return draw_world(Random(f"{key}:world"))


@cache
def _frame(key: str, chapters: int) -> _Frame:
    rng, world = Random(f"{key}:frame"), _world(key)
    arcs = tuple(rng.sample(_told_by_anyone(), chapters)) if chapters > 1 else (rng.choice(names("arc_")),)
    threads = tuple(rng.sample(sections("threads")["threads"], 2 if chapters > 1 else rng.choice((1, 1, 2))))
    teller = _teller(Random(f"{key}:title"), world, arcs[0])
    section = "serial" if chapters > 1 else "title"
    title = _titled(teller.line(teller.pick(section)))
    blurb = teller.line(teller.pick("blurb"))
    people = sections("names")
    author = f"{rng.choice(people['women'] + people['men'])} {rng.choice(people['last'])}"
    return _Frame(arcs, threads, title, author, blurb, sections(world.trade)["theme"][0])


def _teller(rng: Random, world: World, arc: str) -> Teller:
    return Teller(rng, world, files=(arc, world.trade, "common", "episodes", "threads", "places", "objects"))


def _titled(text: str) -> str:
    small = {
        "a",
        "an",
        "the",
        "of",
        "and",
        "in",
        "on",
        "for",
        "with",
        "that",
        "to",
        "by",
        "at",
        "from",
        "into",
    }
    words = text.rstrip(".").split()
    return " ".join(w if i and w in small else w[0].upper() + w[1:] for i, w in enumerate(words))


@lru_cache(maxsize=4096)
def plan(seed: int, number: int) -> Plan:
    """The plan of a story, by seed and number."""
    place = seat(seed, number)
    frame = _frame(place.key, place.chapters)
    title = frame.title
    if place.chapter:
        teller = _teller(
            Random(f"{place.key}:chapter:{place.chapter}"), _world(place.key), frame.arcs[place.chapter - 1]
        )
        title = f"{frame.title}, Chapter {place.chapter}: {_titled(teller.line(teller.pick('title')))}"
    trade = _world(place.key).trade.removeprefix("trade_")
    return Plan(
        number,
        place.key,
        title,
        frame.blurb,
        frame.author,
        frame.theme,
        trade,
        place.chapter,
        place.chapters,
        place.first_number,
    )


def story(seed: int, number: int) -> Story:
    """The story of a number; the same for the same seed, whatever the size of the web."""
    place, facts = seat(seed, number), plan(seed, number)
    frame, world = _frame(place.key, place.chapters), _world(place.key)
    if place.chapter > 1:
        world.met.update("ABC")
    if "narrator" in sections(frame.arcs[0]):
        world.first_person, world.tense = True, "past"
    rng = Random(f"{seed}:{number}:told")
    teller = _teller(rng, world, frame.arcs[max(place.chapter, 1) - 1])
    beats = _beats(rng, teller, place)
    threads = [thread.split(" ~ ") for thread in frame.threads]
    _keep_words_of_threads(place.key, world)
    parts: list[str] = []
    after = ""
    for beat in beats:
        if beat == SCENE_BREAK:
            parts.append(beat)
        elif beat[:-1] in ("plant", "echo", "payoff"):
            parts += teller.say(threads[int(beat[-1])][("plant", "echo", "payoff").index(beat[:-1])])
        else:
            told, joins = teller.tell(beat), beat in _JOINED and rng.random() < 0.55
            if joins and parts and after == "joined" and len(told) == 1:
                parts[-1] += " " + told[0]
            else:
                parts += told
        after = "joined" if beat in _JOINED and len(parts[-1]) < 420 else beat
    return Story(facts, "\n\n".join(_without_doubled_breaks(parts)))


def _without_doubled_breaks(parts: list[str]) -> list[str]:
    return [
        part for i, part in enumerate(parts) if part != SCENE_BREAK or (i > 0 and parts[i - 1] != SCENE_BREAK)
    ]


def _keep_words_of_threads(key: str, world: World) -> None:
    """Fix the words that a thread remembers (``{=debt}``), so that all chapters of a work say the same."""
    rng = Random(f"{key}:kept")
    for section, lines in sections("threads").items():
        if section != "threads":
            world.kept["=" + section] = rng.choice(lines)


def _beats(rng: Random, teller: Teller, place: Seat) -> list[str]:
    """The order of beats: the arc's own, the threads in their places, and fillers up to a length drawn
    here."""
    threads = len(_frame(place.key, place.chapters).threads)
    first, last = place.chapter in (0, 1), place.chapter in (0, place.chapters)
    beats: list[str] = []
    if place.chapter > 1:
        beats.append("resume")
    for token in teller.pick("scenes").split():
        if token in ("plant", "echo", "payoff"):
            wanted = {"plant": first, "payoff": last, "echo": True}[token]
            beats += [f"{token}{number}" for number in range(threads)] if wanted else []
        elif token == "|":
            beats.append(SCENE_BREAK if rng.random() < 0.55 else "|")
        elif not token.startswith("?"):
            beats.append(token)
        elif rng.random() < 0.6:
            beats.append(token[1:])
    if not last:
        beats.append("hook")
    length = rng.choice((4500, 5500, 6500, 7000, 8000, 9000, 10000, 11500))  # characters, roughly
    _insert(
        rng, beats, [("episode", 900)] * (length // 2200) + [("tale_frame", 850)] * (length // 5000), length
    )
    _insert(rng, beats, [(filler, 200) for filler in rng.sample(_FILLERS * 3, 3 * len(_FILLERS))], length)
    return [beat for beat in beats if beat != "|"]


def _insert(rng: Random, beats: list[str], extras: list[tuple[str, int]], length: int) -> None:
    """Put extra beats between the arc's own until the story is about as long as wanted; never two of a kind
    together."""
    for extra, size in extras:
        told = sum(_SIZES.get(beat, 290) for beat in beats if beat not in ("|", SCENE_BREAK))
        spots = [i for i in range(2, len(beats) - 1) if extra not in beats[max(0, i - 2) : i + 2]]
        if spots and told + size / 2 < length:
            spot = rng.choice(spots)
            beats[spot:spot] = [SCENE_BREAK, extra] if extra == "episode" and rng.random() < 0.3 else [extra]
