from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from miniature_memory.document import Document
from miniature_memory.errors import Damaged, DiskFull, WorkspaceLocked
from miniature_memory.ledger import Ledger
from miniature_memory.workspace import Workspace, atomic_file, atomic_write


def test_a_second_run_is_told_who_holds_the_workspace(workspace: Workspace) -> None:
    program = (
        "import sys; from miniature_memory.workspace import Workspace\n"
        f"with Workspace({str(workspace.root)!r}).lock():\n print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(WorkspaceLocked, match=f"process {holder.pid}"), workspace.lock():
        pass
    holder.kill()  # kill -9 frees it
    holder.communicate()
    with workspace.lock():
        pass


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    atomic_write(path, "first")
    with pytest.raises(RuntimeError), atomic_file(path) as handle:
        handle.write(b"half of the sec")
        raise RuntimeError
    assert path.read_text() == "first"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file.txt"
    atomic_write(path, "old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="no room"):
        atomic_write(path, "new")
    assert path.read_text() == "old"


def test_documents_keep_their_order_of_arrival_and_come_once(workspace: Workspace) -> None:
    ledger = workspace.ledger
    texts = ["zebra", "apple", "mango"]
    for text in texts:
        assert ledger.add_document(Document.of(text, f"file:{text}", title=text))
    assert not ledger.add_document(Document.of("apple", "elsewhere"))
    assert [d.title for d in ledger.documents()] == texts


def test_decisions_and_the_funnel_add_up(workspace: Workspace) -> None:
    ledger = workspace.ledger
    documents = [Document.of(f"text {n}", f"file:{n}") for n in range(5)]
    for document in documents:
        ledger.add_document(document)
    for number, document in enumerate(documents[:4]):
        ledger.decide(document.id, "validate", rule="too_short" if number % 2 else "")
    assert [d.id for d in ledger.undecided("validate")] == [documents[4].id]
    assert [d.id for d in ledger.kept("validate")] == [documents[0].id, documents[2].id]
    ledger.decide(documents[4].id, "validate", rule="language")
    counts = ledger.funnel()["documents"]
    assert counts["in"] == counts["kept"] + sum(counts["rejected"].values()) == 5
    ledger.reset("validate")
    assert len(list(ledger.undecided("validate"))) == 5


def test_a_transaction_is_all_or_nothing(workspace: Workspace) -> None:
    ledger = workspace.ledger
    with pytest.raises(RuntimeError), ledger.transaction():
        ledger.add_document(Document.of("one", "file:1"))
        with ledger.transaction():
            ledger.add_document(Document.of("two", "file:2"))
        raise RuntimeError
    assert list(ledger.documents()) == []


def test_of_a_refused_text_nothing_can_be_read(workspace: Workspace) -> None:
    identity = "https://somewhere.test/marker-zyxw"
    workspace.ledger.refuse(identity, "school", "1", "fetch")
    assert workspace.ledger.is_refused(identity)
    assert not workspace.ledger.is_refused(identity + "/")
    workspace.close()
    for path in workspace.root.rglob("*"):
        assert path.is_dir() or b"zyxw" not in path.read_bytes()


def test_keyed_hashes_differ_between_workspaces(tmp_path: Path) -> None:
    first, second = Ledger(tmp_path / "a.sqlite"), Ledger(tmp_path / "b.sqlite")
    assert first.keyed_hash("x") != second.keyed_hash("x")
    first.close(), second.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.sqlite"
    path.write_bytes(b"this is no database, it only stands here" * 100)
    with pytest.raises(Damaged, match="no manifest"):
        Ledger(path)


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "m.sqlite")
    ledger.set_meta("schema_version", "99")
    ledger.close()
    with pytest.raises(Damaged, match="another version"):
        Ledger(tmp_path / "m.sqlite")


def test_the_store_survives_kill_9(tmp_path: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path\n"
        "from miniature_memory.document import Document; from miniature_memory.ledger import Ledger\n"
        f"l = Ledger(Path({str(tmp_path / 'm.sqlite')!r}))\n"
        "l.add_document(Document.of('kept', 'file:1'))\n"
        "l.connection.execute('BEGIN'); l.add_document(Document.of('half done', 'file:2'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    assert [d.source for d in Ledger(tmp_path / "m.sqlite").documents()] == ["file:1"]
