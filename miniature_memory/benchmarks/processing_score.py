"""What validate, clean and prepare found of what was planted, and what they dropped wrongly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from miniature_memory.benchmarks.documents import CONTAINED, NEAR, Library, Made
from miniature_memory.workspace import Workspace


@dataclass
class _Score:
    """Counts over all documents. A planted one counts only where what it was made of had been kept."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    drops: Counter[tuple[str, bool]] = field(default_factory=Counter)  # (near or contained, right?)
    contacts: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    chapters: list[bool] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        def precision(kind: str) -> float:
            return self.drops[kind, True] / max(1, self.drops[kind, True] + self.drops[kind, False])

        return {
            "recall": {kind: self.found[kind] / max(1, n) for kind, n in self.planted.items()},
            "planted": dict(self.planted),
            "precision": {kind: precision(kind) for kind in ("near", "contained")},
            "wrong_drops": dict(self.wrong),
            "contacts": {kind: sum(each) / len(each) for kind, each in self.contacts.items()},
            "chapters_cut": sum(self.chapters) / max(1, len(self.chapters)),
        }


def judge(workspace: Workspace, ids: list[str]) -> dict[str, Any]:
    """Compares decisions and outputs with what was planted."""
    rows = {
        row["document_id"]: row
        for row in workspace.ledger.connection.execute("SELECT * FROM decisions WHERE stage = 'validate'")
    }
    number_of = {id: number for number, id in enumerate(ids)}
    places = dict(_texts(workspace))
    library, score = Library(), _Score()
    for number, id in enumerate(ids):
        one, row = library[number], rows.get(id)
        if row is None or not _told(row["rule"]):
            continue  # refused by the screen or turned away by the quality rules
        if row["twin"]:
            family = library[number_of[row["twin"]]].family
            right = not set(family).isdisjoint(one.family) and one.kind not in ("original", "compilation")
            score.drops["contained" if row["rule"] == "contained" else "near", right] += 1
            score.wrong.update([] if right else [one.kind])
        if one.kind in (*NEAR, *CONTAINED) and _kept(rows.get(ids[one.family[0]])):
            score.planted[one.kind] += 1
            score.found[one.kind] += bool(row["twin"])
        if one.kind == "compilation" and id in places:
            score.chapters += _chapters_gone(workspace, one, ids, places[id])
        if one.contacts and _kept(row):
            text = workspace.cleaned_path(id).read_text(encoding="utf-8")
            for kind, contact in zip(("e-mail", "handle", "phone"), one.contacts, strict=True):
                score.contacts[kind].append(contact not in text)
    reasons = Counter(str(row["rule"]) or "kept" for row in rows.values())
    reasons["screen"] = len(ids) - len(rows)
    return {**score.figures(), "funnel": dict(reasons.most_common())}


def _told(rule: str) -> bool:
    return rule in ("", "exact_duplicate", "near_duplicate", "contained")


def _kept(row: Any) -> bool:
    return row is not None and row["rule"] == ""


def _texts(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """(id, prepared text) of every document."""
    from miniature_memory.processing.growing import Manifest

    handles = {split: open(workspace.processed / f"{split}.txt", "rb") for split in ("train", "val")}
    for row in Manifest(workspace.processed).lineage():
        if row["split"] in handles:
            yield row["id"], handles[row["split"]].read(row["bytes"][1] - row["bytes"][0]).decode()
    for handle in handles.values():
        handle.close()


def _chapters_gone(workspace: Workspace, one: Made, ids: list[str], text: str) -> Iterator[bool]:
    """For each chapter of a later compilation that was kept before: is it out of the prepared text?"""
    for number in one.family[1:]:
        path = workspace.cleaned_path(ids[number])
        if path.exists():
            lines = [line for line in path.read_text(encoding="utf-8").split("\n") if len(line) > 80]
            yield sum(line in text for line in lines) <= len(lines) // 20
