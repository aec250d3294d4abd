"""The safetensors container, read by memory map and written in a fixed order.

Layout: eight bytes with the header's length (little endian), a JSON header ``{name: {dtype, shape,
data_offsets}}``, the tensors' bytes without gaps. ``__metadata__`` holds strings; ours are two hashes of all
tensor bytes and more: ``sha256`` is the content's name; ``crc32`` is what reading checks, in a third of
the time and without OpenSSL. Reading needs no numpy: a tensor is a ``memoryview`` with format and shape.
"""

from __future__ import annotations

import io
import json
import mmap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from miniature_memory.errors import Damaged, MissingInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: the types that our files hold, and what a memoryview calls them (it knows no bfloat16)
_FORMATS: Final = {"F32": "f", "I8": "b", "BF16": "H"}
_ALIGN: Final = 64  # where the data begins, so that a row of weights begins on a cache line
_LARGEST_HEADER: Final = 1 << 24


@dataclass(frozen=True)
class Container:
    """What a file holds. The tensors lie in a private memory map: nothing that is done to them reaches the
    file, and what is not touched takes no memory."""

    tensors: dict[str, memoryview]
    metadata: dict[str, str]


def read(path: Path) -> Container:
    """Opens and checks a container.

    Raises ``MissingInput`` where there is no file, ``Damaged`` where the header is broken, the file is not as
    long as its header says, or the tensors' bytes don't have the hash that the metadata names.
    """
    try:
        with path.open("rb", buffering=0) as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
            length = int.from_bytes(view[:8], "little")
            file.seek(min(8 + length, len(view)))
            crc32 = _crc32(file)
    except FileNotFoundError:
        raise MissingInput(f"There is no model file {path}.", "Train one with `mm train`.") from None
    except (OSError, ValueError) as error:
        raise _damaged(path, f"it can't be mapped: {error}") from None
    if len(view) < 8 or length > min(_LARGEST_HEADER, len(view) - 8):
        raise _damaged(path, "it is cut off, or no safetensors file")
    try:
        header: dict[str, Any] = json.loads(bytes(view[8 : 8 + length]))
        metadata = {str(k): str(v) for k, v in header.pop("__metadata__", {}).items()}
        data = view[8 + length :]
        if len(data) != max((int(entry["data_offsets"][1]) for entry in header.values()), default=0):
            raise _damaged(path, "it is not as long as its header says")
        tensors = {name: _tensor(data, **entry) for name, entry in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise _damaged(path, f"its header is broken ({type(error).__name__})") from None
    intact = metadata.get("crc32", crc32) == crc32
    if "crc32" not in metadata and "sha256" in metadata:  # a file of an earlier version
        from hashlib import sha256

        intact = sha256(data).hexdigest() == metadata["sha256"]
    if not intact:
        raise _damaged(path, "its bytes don't have the hash that was written with them")
    return Container(tensors, metadata)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors as arrays that can't be written to, bfloat16 as fp32. Raises as ``read`` does."""
    import numpy as np

    arrays: dict[str, NDArray[Any]] = {}
    for name, tensor in read(path).tensors.items():
        array = np.asarray(tensor.toreadonly())
        half = array.dtype == np.uint16
        arrays[name] = (array.astype(np.uint32) << 16).view(np.float32) if half else array
    return arrays


def write(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> str:
    """Writes a container atomically and returns the SHA-256 of its tensor bytes (also kept in the metadata).

    Wider types come first, then names in order, so that every tensor is aligned and the bytes are a function
    of the content alone. Arrays of uint16 are bfloat16.
    """
    import hashlib

    import numpy as np

    from miniature_memory.workspace import atomic_file

    names = {np.dtype(code): name for name, code in _FORMATS.items()}
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    arrays = [np.ascontiguousarray(tensors[name]) for name in order]
    digest, crc = hashlib.sha256(), 0
    header: dict[str, Any] = {}
    at = 0
    for name, array in zip(order, arrays, strict=True):
        digest.update(array.data)
        crc = zlib.crc32(array.data, crc)
        header[name] = {
            "dtype": names[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    sha256 = digest.hexdigest()
    hashes = {"crc32": f"{crc:08x}", "sha256": sha256}
    text = json.dumps({"__metadata__": {**metadata, **hashes}, **header}, separators=(",", ":"))
    head = text.encode()
    head += b" " * (-(8 + len(head)) % _ALIGN)
    with atomic_file(path) as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for array in arrays:
            file.write(array.data)
    return sha256


def _crc32(file: io.FileIO) -> str:
    """CRC-32 (hex) of the rest of a file; by reading, as mapped pages that were touched stay in memory."""
    buffer, crc = bytearray(1 << 16), 0
    while size := file.readinto(buffer):
        crc = zlib.crc32(memoryview(buffer)[:size], crc)
    return f"{crc:08x}"


def _tensor(data: memoryview, dtype: str, shape: list[int], data_offsets: list[int]) -> memoryview:
    begin, end = data_offsets
    if not 0 <= begin <= end <= len(data):
        raise ValueError("offsets outside the file")
    view: memoryview = data[begin:end].cast(_FORMATS[dtype], shape)  # type: ignore[call-overload]
    return view


def _damaged(path: Path, why: str) -> Damaged:
    return Damaged(f"{path} is damaged: {why}.", "Copy it again, or release the model anew.")
