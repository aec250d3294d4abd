"""How the next character is chosen: the settings of the kernel's ``mm_sample`` and of its numpy twin.

Order: forbidden ids out; the loop guard; the repetition penalty; the bias; then at temperature 0 the
likeliest id (the lowest of equals), else top-k, temperature, min-p, top-p and one draw. Random number
``counter`` of stream ``seed`` depends on those two alone (SplitMix64's finaliser as a counter-based
generator), so that a story can be taken up again at any character, on any machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from miniature_memory.errors import Damaged, UsageError

_LARGEST_SEED: Final = (1 << 64) - 1


@dataclass(frozen=True)
class Settings:
    """The knobs of sampling. Raises ``UsageError`` that names all the wrong ones."""

    temperature: float = 0.9
    """0 takes the likeliest character."""
    top_k: int = 0
    """Only so many likeliest characters; 0: all."""
    top_p: float = 0.95
    """Only the likeliest characters that together have this share."""
    min_p: float = 0.05
    """Only characters with this share of the likeliest one's probability."""
    repetition_penalty: float = 1.0
    """Divides the logit of a character that would go on repeating 6 characters and more of the window; 1:
    off. (Penalising every character that occurs, as is done for words, would take the letter e away.)"""
    loop_guard: int = 40
    """A character that would lengthen a repetition of so many characters is forbidden; 0: off."""
    name_bonus: float = 0.0
    """Added to the logit of a character that goes on spelling a name of the summary (times its weight)."""
    seed: int = 1
    penalty_from: int = field(default=6, repr=False)

    def __post_init__(self) -> None:
        wrong = [
            f"{name} = {getattr(self, name)!r}: {rule}"
            for name, fine, rule in (
                ("temperature", 0 <= self.temperature <= 100, "between 0 and 100"),
                ("top_k", self.top_k >= 0, "0 or more"),
                ("top_p", 0 < self.top_p <= 1, "above 0, at most 1"),
                ("min_p", 0 <= self.min_p <= 1, "between 0 and 1"),
                ("repetition_penalty", 1 <= self.repetition_penalty <= 100, "between 1 and 100"),
                ("loop_guard", self.loop_guard >= 0, "0 or more"),
                ("name_bonus", 0 <= self.name_bonus <= 100, "between 0 and 100"),
                ("seed", 0 <= self.seed <= _LARGEST_SEED, "between 0 and 2^64 - 1"),
            )
            if not fine
        ]
        if wrong:
            raise UsageError("Sampling settings that make no sense:\n" + "\n".join(f"  - {w}" for w in wrong))


def released_with(model: Path) -> tuple[Settings, str]:
    """The sampling and the kind of memory that a model was released with (``generation_config.json``; the
    usual ones without it). Raises ``Damaged`` for settings that make no sense."""
    path = model / "generation_config.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        knobs = {knob.name: known[knob.name] for knob in fields(Settings) if knob.name in known}
        if not all(type(value) in (int, type(getattr(Settings, name))) for name, value in knobs.items()):
            raise ValueError("a setting is no number, or no whole one")
        return Settings(**knobs), str(known.get("memory", "summary"))
    except (OSError, AttributeError, TypeError, ValueError) as error:
        raise Damaged(f"{path} can't be used: {error}.", "Copy the model directory again.") from None
    except UsageError as error:
        raise Damaged(f"{path}: {error.message}", "Copy the model directory again.") from None
