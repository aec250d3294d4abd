from __future__ import annotations

from miniature_memory.document import Document
from miniature_memory.scraper import evidence
from miniature_memory.scraper.evidence import Capture, Evidence
from miniature_memory.scraper.fetch.http import Answer
from miniature_memory.workspace import Workspace


def test_pages_that_the_screen_refused_later_leave_the_evidence(workspace: Workspace) -> None:
    kept = Evidence(workspace, limit_mb=10)
    names = ("lamp", "mill", "quay")
    documents = {}
    answers = [Answer(f"http://a.test/{name}", 200, (), f"about the {name}".encode()) for name in names]
    kept.add([Capture(answer) for answer in answers])
    with workspace.ledger.transaction():
        kept.commit()
        for name, answer in zip(names, answers, strict=True):
            documents[name] = Document.of(name, "web", lineage={"url": answer.url})
            workspace.ledger.add_document(documents[name])
    [file] = workspace.evidence.iterdir()
    whole = file.read_bytes()
    assert evidence.sweep(workspace) == 0 and file.read_bytes() == whole

    workspace.ledger.refuse(documents["mill"].id, "school", "2", "validate")
    workspace.ledger.connection.execute("DELETE FROM documents WHERE id = ?", (documents["mill"].id,))
    assert evidence.sweep(workspace) == 1
    assert [url for url, _, _ in evidence.read(file)] == ["http://a.test/lamp", "http://a.test/quay"]
    assert evidence.sweep(workspace) == 0
