"""Collecting: searching, fetching, extracting, importing; the only part that sees time and network."""
