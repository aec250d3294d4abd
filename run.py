#!/usr/bin/env python3
"""The whole pipeline: ``python run.py`` is ``mm run``, and finds the ``.venv`` of ``setup.sh`` by itself."""

import os
import sys
from pathlib import Path


def main() -> None:
    here = Path(__file__).resolve().parent
    venv = here / ".venv"
    python = venv / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != venv.resolve():
        os.execv(python, [str(python), *sys.argv])
    sys.path.insert(0, str(here))
    try:
        from miniature_memory.scripts import cli
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed. Run ./setup.sh first.")
    sys.argv[1:1] = ["run"]
    cli.main()


if __name__ == "__main__":  # worker processes import this file again
    main()
