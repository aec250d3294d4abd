"""Trains the narrative classifier: ``python -m miniature_memory.processing.train_narrative [--out FILE]``.

Documents are put together from ``narrative_samples.yaml`` (sentences of this project's own), with a share of
sentences of other kinds, since real pages are never pure. Everything is seeded: the same samples give the
same
weights. Newton's method would do; plain gradient descent on a convex loss is shorter to read.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

from miniature_memory.processing.narrative import Vector, features, names, standardise
from miniature_memory.processing.words import words_of
from miniature_memory.workspace import atomic_write

DOCUMENTS = 500  # of each kind
STEPS = 1500
RATE = 0.3
#: L2 penalty: strong, so that weight is shared among features and no single word list decides
DECAY = 0.02

_NAMES: Final = (
    "Ida, Marek, Tove, Aurel, Sanna, Ruben, Hedda, Osric, Pilar, Janus, Mirela, Anton, Greta, Tomas, "
    "Edda, Viktor"
)
_PLACES: Final = (
    "Harrow Bay, Lindal, the Old Harbour, Castell, Brannoch, Milford, Sorrel Street, Vesterby, Port, Anselm"
)
_THINGS: Final = (
    "brass key, lantern, blue jar, violin, pocket watch, silver thimble, map, camera, kettle, rucksack"
)

Samples = dict[str, dict[str, list[str]]]


def document(kind: str, samples: Samples, rng: random.Random) -> str:
    """One made-up text of a kind: sentences in lines or paragraphs, as such texts are laid out."""
    styles = samples[kind]
    own = styles[rng.choice(sorted(styles))]
    foreign = [
        s for other in sorted(samples) if other != kind for group in samples[other].values() for s in group
    ]
    impurity = rng.choice([0, 0, 0.05, 0.1, 0.15])
    by_line = kind in ("poem", "screenplay") or (
        kind in ("recipe", "product", "manual", "forum") and rng.random() < 0.6
    )
    cast = rng.sample(_NAMES.split(", "), 3)
    lines: list[str] = []
    paragraph: list[str] = []
    for _ in range(rng.randint(8, 60)):
        sentence = rng.choice(foreign) if rng.random() < impurity else rng.choice(own)
        if kind == "poem" and rng.random() < 0.3:
            sentence = sentence.rstrip(",;.")
        paragraph.append(_fill(sentence, cast, rng))
        alone = by_line or paragraph[-1].startswith(("-", '"')) or len(paragraph[-1]) < 20
        if alone or rng.random() < 0.25:
            lines.append(" ".join(paragraph))
            paragraph = []
    if paragraph:
        lines.append(" ".join(paragraph))
    return ("\n" if by_line else "\n\n").join(lines)


def _fill(sentence: str, cast: list[str], rng: random.Random) -> str:
    while "{" in sentence:
        name = rng.choice(cast)
        for slot, word in (
            ("{name}", name),
            ("{NAME}", name.upper()),
            ("{place}", rng.choice(_PLACES.split(", "))),
            ("{thing}", rng.choice(_THINGS.split(", "))),
            ("{n}", str(rng.randint(2, 400))),
            ("{year}", str(rng.randint(1950, 2024))),
        ):
            sentence = sentence.replace(slot, word, 1)
    return sentence


def fit(x: Vector, y: NDArray[np.intp], classes: int) -> tuple[Vector, Vector]:
    """Weights [features, classes] and biases [classes] of a multinomial logistic regression."""
    weights, bias = np.zeros((x.shape[1], classes)), np.zeros(classes)
    target = np.eye(classes)[y]
    for _ in range(STEPS):
        logits = x @ weights + bias
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = likely / likely.sum(axis=1, keepdims=True) - target
        weights -= RATE * (x.T @ error / len(x) + DECAY * weights)
        bias -= RATE * error.mean(axis=0)
    return weights, bias


def train(samples: Samples, seed: int = 1) -> dict[str, object]:
    """The content of ``narrative_weights.json``."""
    rng = random.Random(seed)
    classes = sorted(samples)
    rows: list[Vector] = []
    labels: list[int] = []
    for kind in classes:
        # a story may be told in many ways, so it has more documents than any other kind
        for _ in range(DOCUMENTS * (len(samples[kind]) if kind == "story" else 1)):
            rows.append(features(words_of(document(kind, samples, rng)))[0])
            labels.append(classes.index(kind))
    x, y = np.stack(rows), np.array(labels)
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 0.05)
    weights, bias = fit(standardise(x, mean, scale), y, len(classes))
    guessed = (standardise(x, mean, scale) @ weights + bias).argmax(axis=1)
    return {
        "about": "multinomial logistic regression over processing/narrative.py's features, bounded to ±3",
        "command": "python -m miniature_memory.processing.train_narrative",
        "documents": len(y),
        "training_accuracy": round(float((guessed == y).mean()), 4),
        "classes": classes,
        "bias": {c: round(float(b), 4) for c, b in zip(classes, bias, strict=True)},
        "features": {
            name: {
                "mean": round(float(mean[i]), 4),
                "scale": round(float(scale[i]), 4),
                "weights": {c: round(float(w), 4) for c, w in zip(classes, weights[i], strict=True)},
            }
            for i, name in enumerate(names())
        },
    }


def samples() -> Samples:
    text = resources.files(__package__).joinpath("narrative_samples.yaml").read_text(encoding="utf-8")
    loaded: Samples = yaml.safe_load(text)
    return loaded


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("narrative_weights.json"))
    options = parser.parse_args(arguments)
    found = train(samples())
    atomic_write(options.out, json.dumps(found, indent=1) + "\n")
    print(
        f"{found['documents']} documents, accuracy {found['training_accuracy']}: {options.out}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
