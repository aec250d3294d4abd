"""The rest of the web: duplicates, other languages, how-to, news, products, recipes, reviews, and pages to
refuse."""

from __future__ import annotations

from random import Random

from miniature_memory.demo.cast import draw_world
from miniature_memory.demo.grammar import Teller, sections


def near_duplicate(text: str, seed: str) -> str:
    """A copy in which 2 to 8 % of the words are changed, the paragraphs left where they were."""
    rng = Random(seed)
    share = rng.uniform(0.02, 0.08)
    swaps = dict(pair.split(":") for line in sections("elsewhere")["swaps"] for pair in line.split())
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if word.lower() in swaps]
    wanted = min(len(places), max(1, round(share * len(text.split()))))
    for place in rng.sample(places, wanted):
        words[place] = swaps[words[place].lower()]
    return " ".join(words)


def paragraphs(kind: str, seed: str) -> list[str]:
    """The paragraphs of a page that is no story, by the name of its section in ``elsewhere.txt``."""
    rng = Random(seed)
    teller = Teller(rng, draw_world(rng), files=("elsewhere", "common", "places", "objects"))
    lines = list(sections("elsewhere")[kind])
    if kind == "short":
        lines = [rng.choice(lines)]
    elif len(lines) > 7:
        lines.pop(rng.randrange(1, len(lines)))
    return [paragraph for line in lines for paragraph in teller.say(line)]


def refused(kind: str) -> str:
    """The neutral sentence of a page that the adults-only screen must refuse."""
    return sections("screened")[kind][0]
