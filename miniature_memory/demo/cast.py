"""Who and what a story is about, drawn once: people, a town, its places, the thing that matters."""

from __future__ import annotations

from random import Random

from miniature_memory.demo.grammar import Character, Sections, World, names, sections

LETTERS = (
    "ABCDE"  # A: whose story it is; B: the other one; C: help or hindrance; D: the town; E: the absent one
)


def draw_world(rng: Random) -> World:
    """A new world: trade, five people with different initials, places, objects, and the way it is told."""
    trade = rng.choice(names("trade_"))
    local, people, places = sections(trade), sections("names"), sections("places")
    cast = _draw_cast(rng, local, people)
    roll = rng.random()
    home = rng.randrange(len(local["home"]))
    main = rng.choice(sections("objects")["main"]).split("|")
    far = rng.sample(places["far"], 2)
    street = rng.choice(places["street"])
    fixed = {
        "town": rng.choice(places["head"]) + rng.choice(places["tail"]),
        "far": far[0],
        "far2": far[1],
        "street": street,
        "inn": rng.choice(places["inn"]),
        "spot": rng.choice(places["spot"]),
        "home": local["home"][home].replace("{street}", street),
        "place": local["home.short"][home],
        "place2": rng.choice(local["second"]),
        "token": rng.choice(sections("objects")["token"]),
        "O.name": main[0],
        "O.noun": main[1],
        "O.mark": main[2],
        "O.material": main[3],
        "O.a": ("an " if main[0][0] in "aeiou" else "a ") + main[0],
        "O": f"the {main[0]}",
    }
    return World(
        trade=trade,
        people=cast,
        fixed=fixed,
        tense="present" if roll < 0.12 else "past",
        first_person=rng.random() < 0.25,
    )


def _draw_cast(rng: Random, local: Sections, people: Sections) -> dict[str, Character]:
    jobs = rng.sample(local["job"], 3) + rng.sample(sections("names")["job"], 2)
    looks, habits = rng.sample(people["look"], 5), rng.sample(people["habit"], 5)
    lasts = rng.sample(people["last"], 5)
    initials: set[str] = set()
    cast = {}
    for letter, job, look, habit, last in zip(LETTERS, jobs, looks, habits, lasts, strict=True):
        gender = rng.choice("fm")
        pool = people["women" if gender == "f" else "men"]
        first = rng.choice([name for name in pool if name[0] not in initials])
        initials.add(first[0])
        look = look.replace("{man}", "woman" if gender == "f" else "man")
        formal = letter in "CD" and rng.random() < 0.25
        cast[letter] = Character(first, last, gender, job, _settled(rng, look), _settled(rng, habit), formal)
    return cast


def _settled(rng: Random, text: str) -> str:
    """A line with its choices made once, so that a person looks the same all through the story."""
    while "[" in text:
        before, _, rest = text.rpartition("[")
        inside, _, after = rest.partition("]")
        text = before + rng.choice(inside.split("|")) + after
    return text
