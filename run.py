#!/usr/bin/env python3
"""The whole pipeline: ``python run.py`` is ``mm run``, and finds the ``.venv`` of ``setup.sh`` by itself."""

import os
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
venv = here / ".venv" / "bin" / "python"
if venv.exists() and Path(sys.prefix).resolve() != (here / ".venv").resolve():
    os.execv(venv, [str(venv), *sys.argv])

sys.path.insert(0, str(here))
try:
    from miniature_memory.scripts.cli import main
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is not installed. Run ./setup.sh first.")
sys.argv[1:1] = ["run"]
main()
