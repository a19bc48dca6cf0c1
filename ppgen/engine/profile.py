"""`--profiler_options "batch_range=[10,20];state=CPU"`: where the time of a few steps goes.

The flag and its words are PaddleGAN's (ppgan/utils/profiler.py); what it drives is paddle.profiler. It leaves
`summary.txt` (tables) and `trace.json` (for chrome://tracing or Perfetto) in `profile/` of the run folder.
"""

import contextlib
import io
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import paddle
from paddle.profiler import Profiler, ProfilerTarget, SortedKeys
from paddle.profiler.profiler_statistic import StatisticData

from ppgen.errors import ConfigError
from ppgen.io.atomic import atomic_path, write_text
from ppgen.io.terminal import say
from ppgen.registry import nearest, unknown

_FLAG = "--profiler_options"
_CHOICES = {
    "state": ("All", "CPU", "GPU"),
    "sorted_key": ("total", "calls", "max", "min", "ave"),
    "tracer_option": ("Default", "OpDetail", "AllOpDetail"),
}
_WANTED = {
    "batch_range": "two steps, the smaller first, such as [10,20]",
    "exit_on_finished": "true or false",
    "profile_path": "a folder",
}
_TRUTHS = {"true": True, "yes": True, "t": True, "1": True, "false": False, "no": False, "f": False, "0": False}


@dataclass(frozen=True)
class ProfileOptions:
    """PaddleGAN's options and defaults.

    Attributes:
        batch_range: first step and the step after the last, counted from the start of this process.
        state: what is watched; All means the GPU too where there is one.
        sorted_key: order of the operators in the tables: total, longest, shortest or mean time, or calls.
        tracer_option: OpDetail adds what each operator consists of, AllOpDetail also shapes and tables a thread.
        profile_path: folder of the results, inside the run folder unless absolute.
        exit_on_finished: end the run when the last step of the range is done.
    """

    batch_range: tuple[int, int] = (10, 20)
    state: str = "All"
    sorted_key: str = "total"
    tracer_option: str = "Default"
    profile_path: str = "profile"
    exit_on_finished: bool = True


def _value(key: str, text: str) -> object:
    steps = re.fullmatch(r"\[?\s*(\d{1,12})\s*,\s*(\d{1,12})\s*\]?", text)
    if key == "batch_range" and steps and int(steps[1]) < int(steps[2]):
        return int(steps[1]), int(steps[2])
    if key == "exit_on_finished" and text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    choices = _CHOICES.get(key, ())
    if text in choices or (key == "profile_path" and text and "\0" not in text):
        return text
    wanted = _WANTED.get(key) or ", ".join(choices)
    raise ConfigError(f"{_FLAG} {key}: expected {wanted}, found '{text}'{nearest(text, choices)}")


def parse_options(text: str) -> ProfileOptions:
    """Options from "key=value;key=value"; raises ConfigError for an unknown key or a value that is none."""
    options: dict[str, Any] = {}
    known = [field.name for field in fields(ProfileOptions)]
    for part in filter(None, (part.strip() for part in text.split(";"))):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise ConfigError(f"{_FLAG}: expected key=value pairs with ';' between them, found '{part}'")
        if key not in known:
            raise ConfigError(f"{_FLAG}: {unknown('option', key, known)}")
        if key in options:
            raise ConfigError(f"{_FLAG}: '{key}' is given twice")
        options[key] = _value(key, value)
    return ProfileOptions(**options)


class Profile:
    """Watches the steps of a range. Call `step` before each step and `close` at the end of the run.

    Args:
        options_text: of the flag; parsed at once, so that a mistake ends the run before it starts.
        folder: of the run.
        watch: False on the processes that only end together with the one that watches.
    """

    def __init__(self, options_text: str, folder: Path, watch: bool = True) -> None:
        self.options, self.watch = parse_options(options_text), watch
        self.target = Path(folder) / Path(self.options.profile_path).expanduser()
        self._first: int | None = None
        self._profiler: Profiler | None = None
        if self.options.state == "GPU" and not (paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count()):
            raise ConfigError(f"{_FLAG} state: GPU, but there is none that this Paddle can use; say state=CPU")

    def step(self, index: int) -> bool:
        """The step `index` begins; True where the run should end now, the range being done."""
        if self._first is None:
            self._first = index
        place = index - self._first
        start, end = self.options.batch_range
        if self._profiler is not None:
            self._profiler.step() if place < end else self._finish(self._profiler)
        elif self.watch and start <= place < end:
            self._profiler = _start(self.options)
        return place >= end and self.options.exit_on_finished

    def close(self) -> None:
        """Write what was seen of a range that the run did not reach the end of."""
        if self._profiler is not None:
            self._finish(self._profiler)

    def _finish(self, profiler: Profiler) -> None:
        self._profiler = None
        profiler.stop()
        with atomic_path(self.target / "trace.json") as temporary:
            profiler.export(str(temporary), "json")
        write_text(self.target / "summary.txt", _summary(profiler, self.options))
        say(f"profile: {self.target / 'summary.txt'} and trace.json")


def _start(options: ProfileOptions) -> Profiler:
    targets = {"CPU": [ProfilerTarget.CPU], "GPU": [ProfilerTarget.GPU], "All": None}[options.state]
    profiler = Profiler(
        targets=targets,
        on_trace_ready=lambda _: None,  # its default writes a folder profiler_log where the program was started
        record_shapes=options.tracer_option == "AllOpDetail",
    )
    profiler.start()
    return profiler


def _summary(profiler: Profiler, options: ProfileOptions) -> str:
    """Paddle's tables, and before them a list by calls where that was asked for: Paddle 3 has no such order."""
    side = "GPU" if options.state == "GPU" else "CPU"
    order = {"total": "Total", "calls": "Total", "max": "Max", "min": "Min", "ave": "Avg"}[options.sorted_key]
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        profiler.summary(
            sorted_by=SortedKeys[side + order],
            op_detail=options.tracer_option != "Default",
            thread_sep=options.tracer_option == "AllOpDetail",
        )
    return (_by_calls(profiler) if options.sorted_key == "calls" else "") + text.getvalue()


def _by_calls(profiler: Profiler) -> str:
    result = profiler.profiler_result
    items = StatisticData(result.get_data(), result.get_extra_info()).event_summary.items
    rows = sorted(items.items(), key=lambda pair: (-pair[1].call, pair[0]))
    lines = [f"{item.call:>8}  {item.cpu_time / 1e6:>12.3f}  {name}" for name, item in rows]
    return "\n".join(["Operators by calls", "   calls  CPU time, ms  name", *lines, "", ""])
