"""TensorBoard and VisualDL beside the log: optional, and never a reason for a training to stop.

Both packages write through a thread and a queue of their own: on a full disk tensorboardX's thread dies and the
training then waits for its queue for ever (version 2.6.5). So their record types are used and the files written here,
at once: what goes wrong is seen where it goes wrong.
"""

import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from PIL import Image

from ppgen.io.atomic import write_bytes
from ppgen.io.terminal import say

_PACKAGES = {"tensorboard": "tensorboardX"}  # that bring a writer, where it is called otherwise


class Writer(Protocol):
    """What a program for looking at runs is fed with."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers of one step."""

    def image(self, step: int, name: str, path: Path) -> None:
        """A picture of one step, given as a PNG file."""

    def close(self) -> None:
        """Nothing more will come."""


class TensorBoardWriter:
    """Event files in `tensorboard/` of the run folder; a resume hides what the killed run wrote after `step`."""

    def __init__(self, folder: Path, step: int) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog
        from tensorboardX.proto.summary_pb2 import Summary

        self._event, self._summary = Event, Summary
        target = folder / "tensorboard"
        target.mkdir(parents=True, exist_ok=True)
        self._file = EventsWriter(str(target / "events"), f".{os.getpid()}")
        self._write(step=step + 1, session_log=SessionLog(status=SessionLog.START))

    def _write(self, **content: object) -> None:
        self._file.write_event(self._event(wall_time=time.time(), **content))
        self._file.flush()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One event with all numbers."""
        numbers = [self._summary.Value(tag=name, simple_value=float(value)) for name, value in values.items()]
        self._write(step=step, summary=self._summary(value=numbers))

    def image(self, step: int, name: str, path: Path) -> None:
        """The PNG as it is."""
        with Image.open(path, formats=["PNG"]) as image:
            width, height = image.size
        picture = self._summary.Image(
            encoded_image_string=path.read_bytes(), width=width, height=height, colorspace=3
        )
        self._write(step=step, summary=self._summary(value=[self._summary.Value(tag=name, image=picture)]))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class VisualDLWriter:
    """One file in `visualdl/` of the run folder, the only form in which VisualDL shows a resumed run whole."""

    def __init__(self, folder: Path, step: int) -> None:
        from visualdl.proto.record_pb2 import Record

        self._record = Record
        path = folder / "visualdl" / "vdlrecords.ppgen.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            write_bytes(path, self._up_to(path.read_bytes(), step))
        self._file = path.open("ab")

    def _up_to(self, data: bytes, step: int) -> bytes:
        """The whole records of steps that will not be run again: each is its length (8 bytes) and itself."""
        kept, place = [], 0
        while place + 8 <= len(data):
            end = place + 8 + struct.unpack_from("<Q", data, place)[0]
            if end > len(data):  # cut off by a kill
                break
            record = self._record.FromString(data[place + 8 : end])
            if all(value.id <= step for value in record.values):
                kept.append(data[place:end])
            place = end
        return b"".join(kept)

    def _write(self, step: int, values: list[dict[str, object]]) -> None:
        now = round(1000 * time.time())
        for value in values:
            record = self._record(values=[self._record.Value(id=step, timestamp=now, **value)])
            data = record.SerializeToString()
            self._file.write(struct.pack("<Q", len(data)) + data)
        self._file.flush()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One record a number."""
        self._write(step, [{"tag": name.replace("%", "_"), "value": float(v)} for name, v in values.items()])

    def image(self, step: int, name: str, path: Path) -> None:
        """The PNG as it is."""
        data = path.read_bytes()
        self._write(step, [{"tag": name.replace("%", "_"), "image": self._record.Image(encoded_image_string=data)}])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


WRITERS: dict[str, Callable[[Path, int], Writer]] = {"tensorboard": TensorBoardWriter, "visualdl": VisualDLWriter}


class Writers:
    """Several writers as one. The first failure of each is one line on stderr, and it is left alone from then on.

    Args:
        names: keys of `WRITERS`; a missing package is a warning.
        folder: of the run.
        step: the last step that will not be run again: 0, or where a resume starts.
    """

    def __init__(self, names: Iterable[str], folder: Path, step: int = 0) -> None:
        self._on: dict[str, Writer] = {}
        for name in dict.fromkeys(names):
            with self._guarded(name):
                self._on[name] = WRITERS[name](folder, step)

    @property
    def names(self) -> list[str]:
        """Those that still write."""
        return list(self._on)

    def scalars(self, step: int, values: Mapping[str, object]) -> None:
        """Write the numbers of a log row; what is no number is left out, and so are `step` and `images`."""
        numbers = {
            name: value
            for name, value in values.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in ("step", "images")
        }
        self._each(lambda writer: writer.scalars(step, numbers))

    def image(self, step: int, name: str, path: Path) -> None:
        """Write a picture from a PNG file."""
        self._each(lambda writer: writer.image(step, name, path))

    def close(self) -> None:
        """Close all; a second call does nothing."""
        self._each(lambda writer: writer.close())
        self._on.clear()

    def _each(self, call: Callable[[Writer], None]) -> None:
        for name, writer in list(self._on.items()):
            with self._guarded(name):
                call(writer)

    @contextmanager
    def _guarded(self, name: str) -> Iterator[None]:
        """Another package's code may raise anything; a run of days must not end for a picture of it."""
        try:
            yield
        except Exception as error:
            self._on.pop(name, None)
            missing = isinstance(error, ModuleNotFoundError)
            told = f"pip install {_PACKAGES.get(name, name)}" if missing else "the training goes on without it"
            say(f"warning: {name} is off: {type(error).__name__}: {error}; {told}", aside=True)
