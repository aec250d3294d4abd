"""Local books and pages as raw documents: text, Markdown, HTML, EPUB and WARC, through the same screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miniature_memory.config import Config
from miniature_memory.document import Document, content_hash
from miniature_memory.errors import MissingInput
from miniature_memory.ledger import Ledger, now
from miniature_memory.progress import Progress
from miniature_memory.workspace import Workspace, atomic_write

if TYPE_CHECKING:
    from miniature_memory.scraper.importer.readers import Piece

Figures = dict[str, Any]

__all__ = ["import_paths"]


def import_paths(workspace: Workspace, config: Config, paths: Sequence[Path], progress: Progress) -> Figures:
    """Takes files and folders in; each chapter becomes a document of its book's work.

    Order of arrival is the order of ``paths``, sorted within a folder. Taking the same in again changes
    nothing. Figures: files, pieces (chapters and pages), documents and new (written now), known (there
    already), refused {rule: count}, skipped {reason: count} (files and pieces that hold no story); in
    ``pieces = new + known + sum(refused) + skipped`` those of the files stand apart. Raises ``MissingInput``
    when a path is not there.
    """
    from miniature_memory.scraper.importer.readers import Reader, Skipped

    files = list(_files(paths))
    gate = _Gate(workspace)
    skipped: Counter[str] = Counter()
    with Reader(config.extract) as reader:
        for path, name in progress.over(files, "Importing", len(files)):
            try:
                for piece in reader.read(path, name):
                    if isinstance(piece, Skipped):
                        gate.pieces += 1
                        skipped[piece.reason] += 1
                    else:
                        gate.take(piece, config.extract.min_characters)
            except Skipped as whole:
                skipped[whole.reason] += 1
    skipped.update(gate.skipped)
    return {
        "files": len(files),
        "pieces": gate.pieces,
        "documents": gate.new,
        "new": gate.new,
        "known": gate.known,
        "refused": dict(sorted(gate.refused.items())),
        "skipped": dict(sorted(skipped.items())),
    }


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """(file, its name for the lineage: relative to the folder that was named)."""
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file())
            for file in sorted(inside, key=lambda p: p.relative_to(path).parts):
                relative = file.relative_to(path)
                if not any(part.startswith(".") for part in relative.parts):
                    yield file, f"{path.resolve().name}/{relative.as_posix()}"
        elif path.exists():
            yield path, path.name
        else:
            raise MissingInput(
                f"{path} is not there.", "Name a text, HTML, EPUB or WARC file, or a folder of them."
            )


class _Gate:
    """Nothing is written before the screen passed it; of a refused piece a keyed hash and a rule stay."""

    def __init__(self, workspace: Workspace) -> None:
        from miniature_memory.scraper import gate

        self.workspace, self.ledger = workspace, workspace.ledger
        self.refuses: Callable[..., str | None] = gate.refuses
        self.version = gate.VERSION
        self.pieces = self.new = self.known = 0
        self.refused: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def take(self, piece: Piece, least: int) -> None:
        self.pieces += 1
        if len(piece.text) < least:
            self.skipped["too_short"] += 1
            return
        identity = content_hash(piece.text)
        rule = _refused_before(self.ledger, identity, self.version)
        if rule is None:
            if any(self.ledger.is_buried(name) for name in (identity, *piece.identities) if name):
                self.skipped["forgotten"] += 1
                return
            if self.ledger.connection.execute("SELECT 1 FROM documents WHERE id = ?", (identity,)).fetchone():
                self.known += 1
                return
            facts = (piece.lineage.get("path", ""), piece.work.replace("-", " "), piece.title, piece.author)
            whole = "\n\n".join((*map(str, facts), piece.text))
            rule = self.refuses(str(piece.lineage.get("url", "")), (whole,), piece.markup)
            if rule is not None:
                self.ledger.refuse(identity, rule, self.version, "import")
        if rule is not None:
            self.refused[rule] += 1
            return
        document = Document.of(
            piece.text,
            source="import",
            site=piece.site,
            work=piece.work,
            title=piece.title,
            author=piece.author,
            language=piece.language,
            published=piece.published,
            collected=now(),
            licence=piece.licence,
            lineage={**piece.lineage, "screen": self.version},
        )
        atomic_write(self.workspace.raw_path(document.id), document.text)
        with self.ledger.transaction():
            self.new += self.ledger.add_document(document)


def _refused_before(ledger: Ledger, identity: str, version: str) -> str | None:
    """The rule that refused this very text, if the screen's rules are still the same."""
    row = ledger.connection.execute(
        "SELECT rule FROM refusals WHERE key_hash = ? AND version = ?", (ledger.keyed_hash(identity), version)
    ).fetchone()
    return None if row is None else str(row["rule"])
