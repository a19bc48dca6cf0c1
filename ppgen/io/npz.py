"""NumPy's .npy and .npz files of strangers: what a header claims is held against the file before memory is taken."""

import io
import math
import tokenize
import zipfile
from pathlib import Path

import numpy as np

MOST = 2**29  # bytes of all arrays; the features of 60,000 pictures are as large


def load_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a .npz by name, or that of a .npy as ""; nothing is unpickled.

    Raises:
        OSError: it cannot be read. ValueError: it is no such file, damaged, or its arrays make more than `MOST`.
    """
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > MOST:
            raise ValueError(f"it is larger than {MOST} bytes")
        return {"": _array(path.read_bytes())}
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST:
                raise ValueError(f"its arrays make more than {MOST} bytes")
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(str(error)) from error


def _array(data: bytes) -> np.ndarray:
    file = io.BytesIO(data)
    try:
        major, _ = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = header(file)
    except (TypeError, RecursionError, SyntaxError, OverflowError, MemoryError, tokenize.TokenError) as error:
        raise ValueError(f"the header of an array is damaged ({error})") from error
    if dtype.hasobject or any(not isinstance(side, int) or side < 0 for side in shape):
        raise ValueError(f"an array of {dtype} {shape} is not read")
    held, claimed = len(data) - file.tell(), math.prod(shape) * dtype.itemsize
    if held != claimed:
        raise ValueError(f"the header of an array claims {claimed} bytes, and {held} are there")
    flat = np.frombuffer(data, dtype, offset=file.tell()) if claimed else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")
