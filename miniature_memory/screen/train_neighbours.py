"""Trains the classifier of numbers: ``python -m miniature_memory.screen.train_neighbours [--check]``.

Logistic regression with an L2 penalty on what stands around each small number of ``examples/``: sentences
that say a grown-up-to-be's age (``ages.txt``, ``{a}`` is the age) against prose in which numbers are
anything else. The same examples give the same weights. ``--check`` trains on four fifths instead and prints
what becomes of the rest.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from miniature_memory.screen.ages import mark_english
from miniature_memory.screen.book import book
from miniature_memory.screen.counts import contexts, is_something_else
from miniature_memory.screen.gate import tokens
from miniature_memory.screen.neighbours import SCALE, SURE, WEIGHTS, features
from miniature_memory.screen.numerals import mark_digits
from miniature_memory.screen.views import views

EXAMPLES = Path(__file__).parent / "examples"
AGES = {"two": "2", "3": "3", "4": "4", "nine": "9", "12": "12", "fifteen": "15", "17": "17"}
STEPS, RATE, DECAY = 400, 0.5, 1e-4
PRICE = 4.0  # what refusing a number that is no age costs, in missed ages
LEAST = 2  # sentences that must show a feature


class Example(NamedTuple):
    source: str  # the file
    group: str  # what must not be cut between training and check
    is_age: bool
    number: str
    before: list[str]
    after: list[str]

    @property
    def heard(self) -> set[str]:
        """Its features."""
        return {*features(self.number, self.before, self.after), "bias"}


def row(text: str) -> str:
    return mark_english(mark_digits(tokens(next(iter(views(text))))), book("en").numerals)


def examples() -> Iterator[Example]:
    for path in sorted(EXAMPLES.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("# "):
                continue
            if "{a}" not in line:
                for number, before, after in contexts(row(line)):
                    yield Example(path.stem, line, False, number, before, after)
                continue
            for said, value in AGES.items():
                said = said.capitalize() if line.startswith("{a}") else said
                for number, before, after in contexts(row(line.replace("{a}", said))):
                    if number == value:
                        yield Example(path.stem, line, True, number, before, after)


def fit(data: list[Example]) -> dict[str, float]:
    """Feature -> weight, by gradient descent with momentum from zero."""
    heard = [e.heard for e in data]
    often = Counter(f for f, _ in {(f, e.group) for each, e in zip(heard, data, strict=True) for f in each})
    index = {feature: i for i, feature in enumerate(sorted(f for f, n in often.items() if n >= LEAST))}
    rows = np.repeat(np.arange(len(heard)), [sum(f in index for f in each) for each in heard])
    columns = np.array([index[f] for each in heard for f in sorted(each) if f in index])
    target = np.array([e.is_age for e in data], dtype=float)
    price = np.where(target > 0, 1.0, PRICE) / len(data)
    weight, speed = np.zeros(len(index)), np.zeros(len(index))
    for _ in range(STEPS):
        score = np.bincount(rows, weight[columns], len(data))
        error = (1 / (1 + np.exp(-score)) - target) * price
        slope = np.bincount(columns, error[rows], len(index)) + 2 * DECAY * weight
        speed = 0.9 * speed - RATE * slope
        weight = weight + speed
    return {feature: float(weight[i]) for feature, i in index.items()}


def check(data: list[Example]) -> None:
    """Prints, of examples that training did not see, how many ages are missed and other numbers refused."""
    fold = {e.group: hashlib.sha256(e.group.encode()).digest()[0] % 5 for e in data}
    told: Counter[tuple[str, bool]] = Counter()
    for part in range(5):
        weight = fit([e for e in data if fold[e.group] != part])
        for e in data:
            if fold[e.group] == part:
                flagged = not is_something_else(e.number, e.before, e.after)
                told[e.source, flagged and sum(weight.get(f, 0) for f in e.heard) > SURE] += 1
    for source in sorted({e.source for e in data}):
        refused, passed = told[source, True], told[source, False]
        print(f"{source:<10} {refused:5} of {refused + passed:5} refused")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="cross-validate instead of writing weights")
    data = list(examples())
    if parser.parse_args().check:
        check(data)
        return
    weights = {feature: round(SCALE * value) for feature, value in fit(data).items()}
    rows = [
        f"{w:+d} {f}" for f, w in sorted(weights.items(), key=lambda one: (-one[1], one[0])) if abs(w) > 4
    ]
    head = "; weight (hundredths) and feature; `*` is the number; made by train_neighbours.py\n"
    WEIGHTS.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows)} weights from {len(data)} numbers")


if __name__ == "__main__":
    main()
