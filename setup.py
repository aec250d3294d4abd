"""Wheels carry the kernel as shared libraries where a compiler is; all else stands in pyproject.toml.

Without a compiler the wheel is the same for all machines, and the kernel is compiled at first use.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

NATIVE = "miniature_memory.inference.native"


class WithKernel(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            root = Path(self.build_lib).resolve()
            done = subprocess.run([sys.executable, "-m", NATIVE], cwd=root, capture_output=True, text=True)
            print(done.stdout or f"No kernel in the wheel: {done.stderr.splitlines()[-1]}")


class PlatformWheel(bdist_wheel):
    def get_tag(self) -> tuple[str, str, str]:
        carried = any(Path(self.bdist_dir).glob("miniature_memory/inference/prebuilt/*.so"))
        return ("py3", "none", self.plat_name.replace("-", "_")) if carried else super().get_tag()


setup(cmdclass={"build_py": WithKernel, "bdist_wheel": PlatformWheel})
