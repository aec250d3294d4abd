from __future__ import annotations

import re
from pathlib import Path

import pytest

from miniature_memory.scripts import docs
from miniature_memory.scripts.cli import mm

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".jules").glob("*.md")])


@pytest.mark.parametrize(("name", "page"), [("commands.md", docs.commands), ("settings.md", docs.settings)])
def test_the_generated_pages_are_up_to_date(name: str, page: object) -> None:
    assert callable(page)
    assert (docs.FOLDER / name).read_text(encoding="utf-8") == page(), "run ./dev docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_in_the_documents_exists(page: Path) -> None:
    commands = {str(c.name): c for _, group in mm.sections for c in group}  # type: ignore[attr-defined]
    for line in re.findall(r"(?:\bmm|bin/mm) ((?:[a-z]+)(?: [^`\n|]*)?)", page.read_text(encoding="utf-8")):
        name, *words = line.split()
        if name not in commands:
            continue
        options = {option for parameter in commands[name].params for option in parameter.opts}
        for word in words:
            if word.startswith("--") and word != "--":
                assert word.split("=")[0].rstrip(".,;:)") in options | {"--help"}, f"mm {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} → {target}"
