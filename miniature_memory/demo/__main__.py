"""``python -m miniature_memory.demo --port 8080 --stories 640``: the story web by hand, to look at."""

from __future__ import annotations

import argparse
from contextlib import suppress

from miniature_memory.demo.server import serve


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m miniature_memory.demo", description="Serve the story web."
    )
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--stories", type=int, default=640)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        serve(options.stories, options.seed, options.port, child=options.child)


if __name__ == "__main__":
    main()
