"""The test sets: sentences from files, and ages spelled in every way that we could think of."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from miniature_memory import screen

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()


EXAMPLES = Path(screen.__file__).parent / "examples"  # what the classifier of numbers learns from


def lines(name: str) -> list[str]:
    path = Path(__file__).parent / f"{name}.txt"
    text = (path if path.exists() else EXAMPLES / path.name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("# ")]


def word(n: int) -> str:
    if n < 20:
        return ONES[n]
    return TENS[n // 10] + (f"-{ONES[n % 10]}" if n % 10 else "")


def forms(n: int) -> tuple[str, str]:
    return str(n), word(n)


def say(frame: str, form: str) -> str:
    return frame.format(a=form, A=form.capitalize())


def _spread(separator: str) -> Callable[[str], str]:
    return separator.join


def _mapped(source: str, target: str) -> Callable[[str], str]:
    return lambda s: s.translate(str.maketrans(source, target))


def _shifted(start: int, case: Callable[[str], str] = str) -> Callable[[str], str]:
    return lambda s: "".join(chr(start + ord(c) - 97) if "a" <= c <= "z" else c for c in case(s))


def _halved(seam: str) -> Callable[[str], str]:
    return lambda s: s[: max(1, len(s) // 2)] + seam + s[max(1, len(s) // 2) :]


_random = random.Random(11)
LETTERS = "abcdefghijklmnoprstuvwyz"
DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "zero width": _spread("\u200b"),
    "soft hyphen": _halved("\u00ad"),
    "word joiner": _spread("\u2060"),
    "tag character": _halved("\U000e0041"),
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
    "bold": _shifted(0x1D41A),
    "script": _shifted(0x1D4EA),
    "squared": _shifted(0x1F130),
    "negative squared": _shifted(0x1F170),
    "regional": _shifted(0x1F1E6),
    "circled": _shifted(0x24D0),
    "small capitals": _mapped(LETTERS, "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ"),
    "accents": lambda s: unicodedata.normalize(
        "NFC", "".join(c + _random.choice("\u0300\u0301\u0308") for c in s)
    ),
    "struck": lambda s: "".join(c + "\u0336" for c in s),
    "superscript": _mapped("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "arabic digits": _mapped("0123456789", "٠١٢٣٤٥٦٧٨٩"),
    "devanagari digits": _mapped("0123456789", "०१२३४५६७८९"),
    "key caps": lambda s: "".join(c + "\ufe0f\u20e3" if c.isdigit() else c for c in s),
    "cyrillic": _mapped("eaopc", "еаорс"),
    "greek": _mapped("eoivt", "εοινт"),
    "leet": lambda s: s if s[0].isdigit() else s.translate(str.maketrans("aeiost", "431057")),
    "entities": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "hex entities": lambda s: "".join(f"&#x{ord(c):x};" for c in s),
    "tag": _halved("<b></b>"),
    "two tags": _halved("</span><span class='x'>"),
    "tripled": lambda s: s[:1] * 3 + s[1:] if s.isalpha() else s,
    "doubled": lambda s: "".join(c * 2 for c in s) if s.isalpha() else s,
    "quoted": lambda s: f'"{s}"',
    "starred round": lambda s: f"*{s}*",
    "underscored round": lambda s: f"_{s}_",
}
# These make another number of two digits, or a word that is a stage's: only for what must be refused.
STRICT: dict[str, Callable[[str], str]] = {
    "spaces": _spread(" "),
    "hyphens": _spread("-"),
    "dots": _spread("."),
    "middle dots": _spread("·"),
    "underscores": _spread("_"),
    "slashes": _spread("/"),
    "stars": _spread("*"),
    "starred out": lambda s: s[:2] + "*" + s[3:] if s.isalpha() and len(s) > 4 else s,
    "letter missing": lambda s: s[:2] + s[3:] if s.isalpha() and len(s) > 5 else s,
    "letters swapped": lambda s: s[:1] + s[2] + s[1] + s[3:] if s.isalpha() and len(s) > 5 else s,
    "right to left": lambda s: f"\u202e{s[::-1]}\u202c",
    "broken line": lambda s: _halved("-\n")(s) if s.isalpha() else s,
}
FRAMES = [
    "The {a}-year-old violinist tuned up.",
    "Her neighbour is {a} years old.",
    "Sam, {a}, repaired the gate.",
    "He was {a} when the mill burned down.",
    "The cook, aged {a}, sang quietly.",
    "She had just turned {a} in the spring.",
    "Ida is {a}.",
    "The painter ({a}) mixed blue.",
    "I am {a} and I live above the bakery.",
]


def disguised(ages: list[int], disguises: dict[str, Callable[[str], str]]) -> Iterator[tuple[str, str]]:
    """(kind, sentence) for every age, form, disguise and frame."""
    for kind, disguise in disguises.items():
        for n in ages:
            for form in forms(n):
                for frame in FRAMES:
                    yield kind, frame.format(a=disguise(form))
