"""The adults-only screen: a pure function from a text to a verdict.

Nothing but the text decides: no argument, environment variable, file or setting changes
a verdict, and whatever goes wrong inside (an error, a text too large) is a refusal.
The rules are data (``rules/*.txt``); importing this package reads none of them.

Who may use what:

- ``check``, ``check_bytes``, ``check_html``, ``check_words`` return a ``Verdict``;
- ``allows`` is the same as a bool, ``require`` raises ``errors.Refused``;
- ``StreamGuard`` stands between a generator of text and whoever reads it;
- of a refused text a ledger's keyed hash is all that may be kept, with the rule's name and ``VERSION``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from miniature_memory.errors import Refused
from miniature_memory.screen.stream import StreamGuard

__all__ = [
    "VERSION",
    "StreamGuard",
    "Verdict",
    "allows",
    "check",
    "check_bytes",
    "check_html",
    "check_words",
    "require",
]


def _version(folder: Path = Path(__file__).parent) -> str:
    """A short hash of the rules' data and code: any change of either is another version."""
    import hashlib  # only here, as writing a story does without OpenSSL

    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *folder.glob("rules/*.txt")]):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(content).digest())
    return f"1-{digest.hexdigest()[:12]}"


VERSION: str


def __getattr__(name: str) -> str:
    """``VERSION``, worked out when it is first asked for: that reads every file of the screen."""
    if name != "VERSION":
        raise AttributeError(name)
    globals()[name] = version = _version()
    return version


@dataclass(frozen=True)
class Verdict:
    """``rule`` names the rule that refused the text; it never holds any of the text."""

    reject: bool
    rule: str | None = None


def check(text: str) -> Verdict:
    """The verdict on a whole text; one hit anywhere refuses all of it."""
    return _check(text, running=True)


def check_words(text: str) -> Verdict:
    """The verdict on words that are no prose, as an address is: a number among them needs no noun."""
    return _check(text, running=False)


def _check(text: str, running: bool) -> Verdict:
    try:
        from miniature_memory.screen.gate import first_hit

        return _verdict(first_hit(text, running))
    except Exception:  # an error must never open the gate, nor carry the text in its traceback
        return Verdict(True, "error")


def _verdict(rule: str | None) -> Verdict:
    return Verdict(rule is not None, rule)


def check_bytes(data: bytes) -> Verdict:
    """The same for bytes: what is not valid UTF-8 is refused under its own rule."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Verdict(True, "invalid-utf8")
    return check(text)


def check_html(html: str) -> Verdict:
    """The verdict on a page: its title, text, alternative texts, descriptions and embedded data."""
    try:
        from miniature_memory.screen.gate import first_hit
        from miniature_memory.screen.markup import readings

        prose, *others = readings(html)
        rules = (first_hit(prose), *(first_hit(other, running=False) for other in others))
        return _verdict(next((rule for rule in rules if rule is not None), None))
    except Exception:
        return Verdict(True, "error")


def allows(text: str) -> bool:
    """Whether the screen lets the text through."""
    return not check(text).reject


def require(text: str, where: str) -> None:
    """Raise ``Refused`` (exit code 4) unless the text may pass; ``where`` says what it was."""
    rule = check(text).rule
    if rule is not None:
        raise Refused(rule, where)
