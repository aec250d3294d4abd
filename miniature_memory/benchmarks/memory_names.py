"""How many of the names that a window has lost do 60 characters keep? Without a model, in seconds.

A mention counts when its name was last mentioned more than 256 characters ago, so that a plain window has
lost it; it is kept when it stands in the summary that a model would have before it there. What a name is, is
decided in hindsight over the whole text (``names.document_names``), with better knowledge than the memory
had. ``oracle`` knows what will recur, but like a summary of summaries can't get back what it let go;
``window N`` is a window of N characters of text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, get_args

from miniature_memory.memory.condense import SEPARATOR, SLIDE, SUMMARY_SLOTS, Memory, Policy, condense
from miniature_memory.memory.names import LOWER, WORD, Scanner, document_names

#: how long ago a name was last mentioned, in characters
DISTANCES: Final = (256, 1024, 4096)
WINDOWS: Final = (1024, 2048)

Mention = tuple[str, int]
Figures = dict[str, dict[str, float]]


def names_kept(texts: Iterable[str]) -> Figures:
    """Side → ``kept`` of all lost mentions, ``kept_256``, ``kept_1024``, ``kept_4096`` by the distance of the
    last one, and how many ``mentions`` there were."""
    counts: dict[str, dict[str, int]] = {}
    for text in texts:
        mentions = name_mentions(text)
        for side, rows in _sides(text, mentions).items():
            _count(counts.setdefault(side, {}), mentions, rows)
    return {side: _shares(count) for side, count in counts.items()}


def name_mentions(text: str) -> list[Mention]:
    """Each mention of what is a name in hindsight, and where it stands."""
    names = document_names(text)
    return [(w, at) for w, at, kind in Scanner().read(text + "\n") if w in names and kind != LOWER]


def _sides(text: str, mentions: list[Mention]) -> dict[str, Callable[[int, str, int], bool]]:
    """Side → does it hold the name (for a mention at ``at``, the last one at ``last``)?"""
    sides: dict[str, Callable[[int, str, int], bool]] = {}
    for policy in get_args(Policy):
        sides[policy] = _in_rows(_rows(text, policy, True))
    sides["activation, visible names too"] = _in_rows(_rows(text, "activation", False))
    sides["oracle"] = _in_rows([set(row) for row in oracle(text, mentions)])
    for size in WINDOWS:
        sides[f"window {size}"] = lambda at, name, last, size=size: at - last <= size  # type: ignore[misc]
    return sides


def _in_rows(rows: list[set[str]]) -> Callable[[int, str, int], bool]:
    # what is written in slot j was preceded by the summary of slot j - 1: one slot of text stands between
    return lambda at, name, last: at >= SLIDE and name in rows[at // SLIDE - 1]


def _rows(text: str, policy: Policy, hide_visible: bool) -> list[set[str]]:
    memory, rows = Memory(policy), [set[str]()]
    for here in range(SLIDE, len(text), SLIDE):
        visible = text[here : here + SLIDE] if hide_visible else ""
        rows.append(set(WORD.findall(condense(memory, text[here - SLIDE : here], visible))))
    return rows


def oracle(text: str, mentions: list[Mention]) -> list[list[str]]:
    """What is best carried on from slot to slot (Belady's rule): of the last summary's names and of those
    just evicted the ones that come back soonest, as many as fit, ordered by their last mention. What was once
    let go is not known again."""
    rows: list[list[str]] = [[]]
    upcoming: dict[str, list[int]] = {}
    for name, at in reversed(mentions):
        upcoming.setdefault(name, []).append(at)  # the next one is at the end
    known: dict[str, int] = {}
    read = 0
    for here in range(SLIDE, len(text), SLIDE):
        while read < len(mentions) and mentions[read][1] < here:
            known[mentions[read][0]] = mentions[read][1]
            read += 1
        for name in known:
            while upcoming[name] and upcoming[name][-1] < here + SLIDE:
                upcoming[name].pop()
        coming = sorted((upcoming[name][-1], name) for name in known if upcoming[name])
        kept = {}
        room = SUMMARY_SLOTS + len(SEPARATOR)
        for _, name in coming:
            if len(name) + len(SEPARATOR) <= room:
                kept[name] = known[name]
                room -= len(name) + len(SEPARATOR)
        known = kept
        rows.append(sorted(known, key=known.__getitem__))
    return rows


def _count(count: dict[str, int], mentions: list[Mention], holds: Callable[[int, str, int], bool]) -> None:
    last: dict[str, int] = {}
    for name, at in mentions:
        before = last.get(name, at)
        if at - before > DISTANCES[0]:
            band = max(d for d in DISTANCES if at - before > d)
            kept = holds(at, name, before)
            for key, add in (("mentions", 1), ("kept", kept), (f"of_{band}", 1), (f"kept_{band}", kept)):
                count[key] = count.get(key, 0) + add
        last[name] = at


def _shares(count: dict[str, int]) -> dict[str, Any]:
    total = max(count.get("mentions", 0), 1)
    shares = {"kept": round(count.get("kept", 0) / total, 3), "mentions": count.get("mentions", 0)}
    for band in DISTANCES:
        shares[f"kept_{band}"] = round(count.get(f"kept_{band}", 0) / max(count.get(f"of_{band}", 0), 1), 3)
    return shares
