"""Pages as they were fetched, in WARC files, so that extraction can be run again offline.

Only pages that became documents are kept. The size up to which a file is whole stands in the ledger and
moves in the same transaction as the documents: what a killed run wrote beyond it is cut off by the next
one.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from miniature_memory.scraper.fetch.http import Answer
from miniature_memory.workspace import Workspace, atomic_file

_META = "evidence"
_SWEPT = "evidence_swept"
_ASKED = "WARC-Refers-To-Target-URI"
_FILE_BYTES = 100 << 20
_UNTRUE = (
    "content-encoding",
    "transfer-encoding",
    "content-length",
    "connection",
)  # once the body is decoded


@dataclass(frozen=True, slots=True)
class Capture:
    """A page's answer and, when a browser was needed, the document that it showed."""

    answer: Answer
    rendered: str = ""
    asked: str = ""  # the address before its redirects


class Evidence:
    """Appends captures to ``dataset/raw/evidence``. ``limit_mb`` bounds all of them; 0 keeps none."""

    def __init__(self, workspace: Workspace, limit_mb: float) -> None:
        self.workspace, self.limit = workspace, int(limit_mb * 1e6)
        self._state: dict[str, int] = json.loads(workspace.ledger.meta(_META) or "{}")
        self._cut_torn()

    @property
    def total(self) -> int:
        return sum(self._state.values())

    def add(self, captures: list[Capture]) -> list[str]:
        """Writes captures (fsync at the end); the file name of each, empty where there was no room for it.

        They count only once ``commit`` ran in the ledger's transaction.
        """
        names: list[str] = []
        handle: IO[bytes] | None = None
        try:
            for capture in captures:
                size = len(capture.answer.body) + len(capture.rendered)
                if (
                    self.total + size // 3 > self.limit
                ):  # gzip makes a page about a third, and the cap is no law
                    names.append("")
                    continue
                name = self._file()
                if handle is None or Path(handle.name).name != name:
                    _finish(handle)
                    handle = open(self.workspace.evidence / name, "ab")
                _write(handle, capture)
                self._state[name] = handle.tell()
                names.append(name)
        finally:
            _finish(handle)
        return names

    def commit(self) -> None:
        """To be called inside the transaction that records the documents."""
        self.workspace.ledger.set_meta(_META, json.dumps(self._state))

    def _file(self) -> str:
        self.workspace.evidence.mkdir(parents=True, exist_ok=True)
        number = max(len(self._state), 1)
        if self._state.get(_name(number), 0) > _FILE_BYTES:
            number += 1
        return _name(number)

    def _cut_torn(self) -> None:
        for path in self.workspace.evidence.glob("fetch-*.warc.gz"):
            whole = self._state.get(path.name, 0)
            if whole == 0:
                path.unlink()
            elif path.stat().st_size > whole:
                os.truncate(path, whole)


def _name(number: int) -> str:
    return f"fetch-{number:05d}.warc.gz"


def _finish(handle: IO[bytes] | None) -> None:
    if handle is not None:
        handle.flush()
        os.fsync(handle.fileno())
        handle.close()


def _write(handle: IO[bytes], capture: Capture) -> None:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    answer, writer = capture.answer, WARCWriter(handle, gzip=True)
    asked = {_ASKED: capture.asked or answer.url}
    headers = [(name, value) for name, value in answer.headers if name not in _UNTRUE]
    headers.append(("content-length", str(len(answer.body))))
    response = writer.create_warc_record(
        answer.url,
        "response",
        payload=io.BytesIO(answer.body),
        http_headers=StatusAndHeaders(f"{answer.status} OK", headers, protocol="HTTP/1.1"),
        warc_headers_dict=dict(asked),
    )
    writer.write_record(response)
    if capture.rendered:
        rendered = writer.create_warc_record(
            answer.url,
            "resource",
            payload=io.BytesIO(capture.rendered.encode("utf-8", "replace")),
            warc_content_type="text/html; charset=utf-8",
            warc_headers_dict={
                "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
                **asked,
            },
        )
        writer.write_record(rendered)


def read(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """(address, kind, body) of each page in a file; ``kind`` is `response` or `resource` (as rendered)."""
    from warcio.archiveiterator import ArchiveIterator

    with open(path, "rb") as handle:
        for record in ArchiveIterator(handle):
            if record.rec_type in ("response", "resource"):
                url = record.rec_headers.get_header("WARC-Target-URI")
                yield url, record.rec_type, record.content_stream().read()


def drop(workspace: Workspace, unwanted: Callable[[str], bool]) -> int:
    """Rewrites the evidence without the addresses that are ``unwanted``; returns how many records went.

    A page counts under the address where it was and the one that led there.
    """
    from warcio.archiveiterator import ArchiveIterator
    from warcio.warcwriter import WARCWriter

    def is_unwanted(record: Any) -> bool:
        names = ("WARC-Target-URI", _ASKED)
        return any(unwanted(record.rec_headers.get_header(name) or "") for name in names)

    state: dict[str, int] = json.loads(workspace.ledger.meta(_META) or "{}")
    dropped = 0
    for path in sorted(workspace.evidence.glob("fetch-*.warc.gz")):
        with open(path, "rb") as source:
            if not any(is_unwanted(record) for record in ArchiveIterator(source)):
                continue
        with open(path, "rb") as source, atomic_file(path) as target:
            writer: Any = WARCWriter(target, gzip=True)
            for record in ArchiveIterator(source):
                if is_unwanted(record):
                    dropped += 1
                else:
                    writer.write_record(record)
        state[path.name] = path.stat().st_size
    workspace.ledger.set_meta(_META, json.dumps(state))
    return dropped


def sweep(workspace: Workspace) -> int:
    """Drops pages whose document the screen refused after they were fetched; how many records.

    The ledger knows for how many such refusals the evidence was swept, so a kill in between loses nothing.
    """
    ledger = workspace.ledger
    late = ledger.connection.execute(
        "SELECT COUNT(*) FROM refusals WHERE stage NOT IN ('discover', 'fetch', 'import')"
    ).fetchone()[0]
    if ledger.meta(_SWEPT) == str(late) or (late == 0 and ledger.meta(_SWEPT) is None):
        return 0
    wanted = {d.lineage.get(name) for d in ledger.documents() for name in ("url", "final_url")}
    dropped = drop(workspace, lambda url: bool(url) and url not in wanted)
    ledger.set_meta(_SWEPT, str(late))
    return dropped
