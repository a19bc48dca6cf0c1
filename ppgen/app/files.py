"""The files of visitors: one temporary folder, emptied of what is an hour old, and removed at the end."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path


class Files:
    """A folder for uploads and results, which `close` removes.

    Gradio puts uploads and the pictures that it shows below `root` too (GRADIO_TEMP_DIR), each into a folder of its
    own, and so does `new`.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="ppgen-app-"))

    def new(self, name: str) -> Path:
        """A place for a file of this name that nobody else has."""
        return Path(tempfile.mkdtemp(dir=self.root)) / name

    def clean(self, seconds: float) -> None:
        """Remove what is older; what another thread removes meanwhile is left to it."""
        oldest = time.time() - seconds
        for place in self.root.iterdir():
            times = [path.stat().st_mtime for path in (place, *place.rglob("*")) if path.exists()]
            if times and max(times) < oldest:
                shutil.rmtree(place, ignore_errors=True)

    def close(self) -> None:
        """Remove all."""
        shutil.rmtree(self.root, ignore_errors=True)
