"""What becomes of each photo: a predictor by name and arguments, opened in whichever process does the work."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import ppgen
from ppgen.apps.batch import Identities, Item
from ppgen.apps.folders import places
from ppgen.apps.folders.job import Lost
from ppgen.apps.folders.log import Entry
from ppgen.apps.folders.photos import Photo
from ppgen.errors import DataError, OutputError, PPGenError
from ppgen.io.download import digest


class Face(Protocol):
    """One face that was drawn: the files written, what the user should know, and with routing the leaf that drew."""

    @property
    def paths(self) -> tuple[Path, ...]: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...

    @property
    def leaf(self) -> str | None: ...


class Predictor(Protocol):
    """A predictor of portraits: `Photo2CartoonPredictor`, `TranslationPredictor`."""

    @property
    def worker(self) -> Callable[..., Callable[[Item], Sequence[Face]]]: ...

    def facts(self) -> dict[str, object]: ...

    def warm_up(self) -> None: ...


@dataclass(frozen=True)
class Work:
    """Picklable, so that any process can open it.

    predictor: its name in `ppgen.apps`. output: folder or address of the results. arguments: of its constructor, but
    for `output_path`. call: of its `worker`. settings: digest of all that decides how the drawings look.
    protected: files that are read, which results may not overwrite.
    """

    predictor: str
    output: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    call: Mapping[str, object] = field(default_factory=dict)
    settings: str = ""
    protected: Identities = frozenset()

    def predictor_class(self) -> Callable[..., Predictor]:
        """It takes `output_path` and `arguments`."""
        from ppgen import apps

        return getattr(apps, self.predictor)

    def open(self) -> Drawer:
        """Raises ConfigError, WeightsError, OutputError as the predictor does."""
        return Drawer(self)

    def lost(self, photo: Photo, lost: Lost, seconds: float) -> Entry:
        """A photo whose worker was stopped, or ended."""
        advice = "--timeout sets another" if lost.late else "run the command again to retry"
        return Entry.failed(photo, f"{photo.name}: {lost.reason}; {advice}", seconds)


class Drawer:
    """Work, opened: draws photo after photo, and whatever becomes of one is an entry of the log."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._temporary = tempfile.TemporaryDirectory(prefix="ppgen-") if places.is_remote(work.output) else None
        folder = self._temporary.name if self._temporary else work.output
        self.predictor = work.predictor_class()(output_path=folder, **work.arguments)
        self._draw = self.predictor.worker(**work.call)

    def warm_up(self) -> None:
        """Load the networks."""
        self.predictor.warm_up()

    def settings(self) -> str:
        """Digest of all that decides how the drawings look: the version, the weights, what was asked for."""
        asked = {name: value for name, value in self.work.arguments.items() if name not in ("weight_path", "routing")}
        facts = [ppgen.__version__, self.work.predictor, asked, dict(self.work.call), self.predictor.facts()]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def __call__(self, photo: Photo) -> Entry:
        """Draw and write the faces of a photo.

        Raises what concerns every photo: WeightsError, ConfigError, ImportError.
        """
        start, entry = time.perf_counter(), Entry(photo.path, "done", stamp=photo.stamp, stem=photo.stem)
        try:
            with places.local_copy(photo.name) as source:
                with suppress(OSError):  # whoever reads the picture says so
                    entry = replace(entry, input=digest(source) if os.path.isfile(source) else None)
                entry = self._drawn(photo, source, entry)
        except (DataError, OutputError) as error:
            refused = isinstance(error, DataError) and entry.input is not None
            entry = replace(entry, status="refused" if refused else "failed", error=str(error))
        except (PPGenError, ImportError):
            raise
        except MemoryError:
            entry = replace(entry, status="failed", error=f"{photo.name}: there is not enough memory for it")
        except Exception as error:  # one odd photo of a million must not end the run
            text = " ".join(f"{type(error).__name__}: {error}".split())
            entry = replace(entry, status="failed", error=f"{photo.name}: a fault of ppgen, please report it ({text})")
        return replace(
            entry, seconds=round(time.perf_counter() - start, 3), settings=self.work.settings,
            worker=f"{platform.node()}:{os.getpid()}", peak_mib=peak_mib(), finished=round(time.time(), 3),
        )  # fmt: skip

    def _drawn(self, photo: Photo, source: str, entry: Entry) -> Entry:
        if photo.failure is not None:
            raise DataError(photo.failure)
        try:
            faces = self._draw(Item(source, photo.name, photo.stem, None, self.work.protected, photo.again))
        except DataError as error:
            raise DataError(str(error).replace(source, photo.name)) from error  # not by the name of its copy
        files = [path for face in faces for path in face.paths]
        if self._temporary:
            places.upload(files, self.work.output)
        return replace(
            entry, faces=len(faces), files=tuple(path.name for path in files),
            by=tuple(face.leaf for face in faces if face.leaf is not None),
            warnings=tuple(text for face in faces for text in face.warnings),
        )  # fmt: skip


def peak_mib() -> float:
    """The most resident memory that this process has held, in MiB; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
