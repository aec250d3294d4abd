"""Peak memory of this process and everything it started, by proportional set size (PSS).

PSS counts a page that several processes share once, so the sum over a browser's processes is true.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType


class PeakMemory:
    """A context that looks at the process tree every ``interval`` seconds; ``megabytes`` is the highest sum.

    On systems without ``/proc`` the resident size of the tree stands in, which counts shared pages twice.
    """

    def __init__(self, interval: float = 0.5) -> None:
        self.interval = interval
        self.megabytes = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.megabytes = max(self.megabytes, tree_megabytes())
            if self._end.wait(self.interval):
                return


def tree_megabytes(pid: int | None = None) -> float:
    """Memory of ``pid`` (default: this process) and its descendants now, in MB of 10^6 bytes."""
    import psutil

    try:
        root = psutil.Process(pid or os.getpid())
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    return sum(_bytes_of(process.pid) for process in processes) / 1e6


def give_back() -> None:
    """Hands memory that is no longer used back to the system, where the C library can (glibc)."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def own_peak_megabytes() -> float:
    """The highest resident size that this very process had, in MB of 10^6 bytes.

    Linux's ``VmHWM``: ``ru_maxrss`` also counts the size of the parent at the fork.
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _bytes_of(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
