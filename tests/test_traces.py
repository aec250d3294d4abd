"""Nothing lingers: made-up marker words of refused texts, looked for in every file that a run leaves."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from miniature_memory.config import Config
from miniature_memory.demo import stories
from miniature_memory.errors import Refused
from miniature_memory.pipeline import named
from miniature_memory.progress import Progress
from miniature_memory.scraper.fetch.browser import browsers
from miniature_memory.scraper.importer import import_paths
from miniature_memory.workspace import Workspace
from tests.scraper.conftest import Server, server

__all__ = ["server"]  # a fixture of the scraper's tests

QUIET = Progress(quiet=True)
REFUSED = "Her brother was twelve years old that spring."
KEPT = "grapplewick"  # a marker that must be found: the search itself works


def story(marker: str) -> str:
    """A page with a story that the pipeline keeps, the marker at its start, middle and end."""
    paragraphs = [f"<p>{part}</p>" for part in stories.story(7, len(marker)).text.split("\n\n") if part]
    for at in (len(paragraphs), len(paragraphs) // 2, 0):
        paragraphs.insert(at, f"<p>They called the old boat {marker.capitalize()}, and nobody knew why.</p>")
    head = f"<head><title>{marker.capitalize()}</title></head>"
    return f"<html>{head}<body><article><h1>A boat</h1>{''.join(paragraphs)}</article></body></html>"


def page(marker: str, where: str) -> str:
    """A page of a story with the marker in each paragraph and one refused sentence at a place of its own."""
    text = story(marker)
    return {
        "text": text.replace("</article>", f"<p>{REFUSED}</p></article>"),
        "title": text.replace("<title>", f"<title>{REFUSED} "),
        "alt": text.replace("</article>", f'<img src="/x.png" alt="{REFUSED}"></article>'),
        "late": text.replace(
            "</body>",
            "<script>setTimeout(() => document.querySelector('article').insertAdjacentHTML('beforeend',"
            f" atob('{_base64(f'<p>{REFUSED}</p>')}')), 200)</script></body>",
        ),
        "frame": text.replace("</article>", '<iframe src="/inner"></iframe></article>'),
    }[where]


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


def traces(root: Path, markers: list[str]) -> dict[str, list[str]]:
    """Marker -> the files (names, contents, and contents of every gzip member) that hold it."""
    found: dict[str, list[str]] = {marker: [] for marker in markers}
    for path in root.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content += gzip.decompress(content)
        for at in range(len(content)):  # pages of a database may hold compressed values
            if content[at : at + 2] in (b"\x78\x9c", b"\x78\xda"):
                try:
                    content += zlib.decompressobj().decompress(content[at:], 1 << 20)
                except zlib.error:
                    continue
        told = content.lower() + str(path).lower().encode()
        for marker in markers:
            if marker.encode() in told or marker.encode("utf-16-le") in told:
                found[marker].append(str(path.relative_to(root)))
    return found


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that a run could write to lies under one folder: workspace, temporary files, home, caches."""
    for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.mark.browser
@pytest.mark.skipif(not browsers(), reason="no Chromium on this machine")
@pytest.mark.parametrize("mode", ["auto", "always"])
def test_of_what_the_web_brings_refused_nothing_is_left(
    server: Server, own_folders: Path, capfd: pytest.CaptureFixture[str], caplog: Any, mode: str
) -> None:
    places = ("text", "title", "alt", *(("late",) if mode == "always" else ()))
    pages = {f"zorblax{place}": page(f"zorblax{place}", place) for place in places}
    for marker, html in pages.items():
        server.handlers[f"a.test/{marker}"] = html
    server.handlers["a.test/inner"] = f"<p>{REFUSED}</p>"
    server.handlers["a.test/kept"] = story(KEPT)
    server.handlers["a.test/zorblaxway"] = RedirectResponse("/she-was-twelve-years-old-zorblaxend")
    server.handlers["a.test/robots.txt"] = Response("", media_type="text/plain")
    results = [{"url": f"http://a.test/{name}", "title": name, "content": ""} for name in [*pages, "kept"]]
    results += [
        {"url": "http://a.test/zorblaxway", "title": "A way", "content": ""},
        {"url": "http://a.test/1", "title": f"zorblaxhead: {REFUSED}", "content": ""},
        {"url": "http://a.test/2", "title": "A boat", "content": f"zorblaxbrief. {REFUSED}"},
        {"url": "http://a.test/zorblaxroad-a-twelve-year-old-at-sea", "title": "A boat", "content": ""},
    ]
    server.handlers["search.test/search"] = lambda request: JSONResponse(
        {"results": results if request.query_params["pageno"] == "1" else []}
    )
    config = Config.model_validate(
        {
            "search": {"provider": "searxng", "base_url": "http://search.test", "queries": ["boats"]},
            "fetch": {"browser": mode, "timeout": 10},
        }
    )
    workspace = Workspace(own_folders / "space")
    grants = server.grant("a.test", "search.test")
    figures = {name: named(name).function(workspace, config, QUIET, grants) for name in ("discover", "fetch")}
    assert (figures["discover"]["refused"], figures["fetch"]["fetched"]) == (3, 1), figures
    # a page that waits to be refused again after the first time is the same page: nothing changes
    assert named("fetch").function(workspace, config, QUIET, grants)["new"] == 0
    for name in ("validate", "clean", "prepare"):
        named(name).function(workspace, config, QUIET)
    workspace.close()
    markers = [*pages, "zorblaxway", "zorblaxend", "zorblaxhead", "zorblaxbrief", "zorblaxroad"]
    found = traces(own_folders, [*markers, KEPT])
    assert found.pop(KEPT), "the search for traces finds nothing at all"
    assert not any(found.values()), {marker: files for marker, files in found.items() if files}
    said = capfd.readouterr()
    assert "zorblax" not in said.out + said.err + caplog.text


def test_of_refused_files_nothing_is_left(
    own_folders: Path, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("given")  # the user's own files stay where they are
    (outside / "zorblaxname.txt").write_text(f"The zorblaxtext of a boat. {REFUSED} " * 40)
    (outside / "zorblaxpage.html").write_text(page("zorblaxhtml", "alt"))
    (outside / "kept.html").write_text(story(KEPT))
    workspace = Workspace(own_folders / "space")
    figures = import_paths(workspace, Config(), [outside], QUIET)
    assert figures["refused"] == {"age": 2}, figures
    for name in ("validate", "clean", "prepare"):
        named(name).function(workspace, Config(), QUIET)
    workspace.close()
    found = traces(own_folders, ["zorblaxname", "zorblaxtext", "zorblaxpage", "zorblaxhtml", KEPT])
    assert found.pop(KEPT)
    assert not any(found.values()), found
    said = capfd.readouterr()
    assert "zorblax" not in said.out + said.err


def test_what_newer_rules_refuse_goes_without_a_trace(
    own_folders: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept, cleaned and prepared under older rules, imitated by letting it in once."""
    outside = tmp_path_factory.mktemp("given")
    (outside / "zorblaxfile.html").write_text(page("zorblaxold", "text"))
    (outside / "kept.html").write_text(story(KEPT))
    workspace = Workspace(own_folders / "space")
    with monkeypatch.context() as older:
        older.setattr("miniature_memory.screen.gate.all_hits", lambda *_: iter(()))
        assert import_paths(workspace, Config(), [outside], QUIET)["new"] == 2
        for name in ("validate", "clean", "prepare"):
            named(name).function(workspace, Config(), QUIET)
    assert traces(own_folders, ["zorblaxold"])["zorblaxold"]
    workspace.ledger.set_meta("validate_fingerprint", "of older rules")
    for name in ("validate", "clean", "prepare"):
        named(name).function(workspace, Config(), QUIET)
    workspace.close()
    found = traces(own_folders, ["zorblaxfile", "zorblaxold", KEPT])
    assert found.pop(KEPT)
    assert not any(found.values()), found


def test_a_refusal_tells_nothing_of_the_text() -> None:
    with pytest.raises(Refused) as error:
        from miniature_memory import screen

        screen.require(f"A zorblax. {REFUSED}", "prompt")
    assert "zorblax" not in repr(error.value) + str(error.value.__dict__)
    assert error.value.__cause__ is None and error.value.__context__ is None
