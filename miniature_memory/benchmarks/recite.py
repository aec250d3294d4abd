"""A model that says a text by heart, after as much work as if it wrote: `mm write` is measured with it.

It imports nothing that `mm write` does not, as memory and time are what is measured.
"""

from __future__ import annotations

from typing import Any

TEXT = (
    "The harbour was quiet when Ingrid Halvorsen unlocked the chandlery. Rain had fallen since midnight, "
    "and the ropes on the quay were dark with it. She lit the stove, hung up her coat and read the note "
    "that Matthias Brandt had left on the counter.\n"
    '"The surveyor comes at noon," it said. "He will ask about the ledger. Tell him what we agreed."\n'
    "Halvorsen folded the paper twice. In thirty years of trade she had never told a customs man anything "
    "but the truth, and Brandt knew it. She took the ledger from its shelf, wiped the dust from its spine "
    "and began to count.\n"
    "By ten o'clock the wind had turned. Captain Osei came in for lamp oil, stayed for coffee, and spoke of "
    "the reef beyond the northern light, where his brother's schooner had been lost with all its cargo.\n"
)


def recite() -> None:
    """From now on a loaded engine's sampler draws as always, but says the next character of ``TEXT``."""
    from itertools import cycle

    from miniature_memory.inference.engine import Engine
    from miniature_memory.vocabulary import spell

    load = Engine.load

    def load_reciting(*arguments: Any) -> Any:
        engine: Any = load(*arguments)
        text, sample = cycle(spell(TEXT)), engine.sample

        def next_character(*arguments: Any) -> int:
            sample(*arguments)
            return next(text)

        engine.sample = next_character
        return engine

    Engine.load = load_reciting  # type: ignore[method-assign, assignment]
