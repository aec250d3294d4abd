"""Plain lists: one address a line, in a file or at an address; `#` begins a comment."""

from __future__ import annotations

from pathlib import Path

from miniature_memory.errors import SearchDenied
from miniature_memory.scraper.search.seam import Hit, Provider, is_address

_PAGE = 1000  # lines a request; the cursor counts them


class PlainList(Provider):
    name = "list"
    asks_for = "files or addresses that hold one address a line"

    def request(self, query: str, cursor: str = "") -> tuple[list[Hit], str | None]:
        lines = self._read(query).splitlines()
        start = int(cursor or 0)
        wanted = (line.partition(" #")[0].strip() for line in lines[start : start + _PAGE])
        hits = [Hit(line) for line in wanted if line and not line.startswith("#")]
        return hits, str(start + _PAGE) if start + _PAGE < len(lines) else None

    def _read(self, query: str) -> str:
        if is_address(query):
            response = self.ask("GET", query)
            if response.status_code != 200:
                raise self.fail(response)
            return response.text
        try:
            return Path(query).expanduser().read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise SearchDenied(
                f"list: {query} can't be read as text.", "Give a file with one address a line."
            ) from None
