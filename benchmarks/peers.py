"""Whole networks against their peers, in turns in one run: eager Paddle, ppgen's runtime, PyTorch.

    python benchmarks/peers.py [--torch PYTHON] [--networks NAME ...] [--batches 1 4] [--repeats N] [--json FILE]
                               [--chart FILE]

The networks have random weights, the same for all. "apart" is the largest difference of PyTorch's output from eager
Paddle's, in units of its largest value, and "graph apart" that of ONNX Runtime's: chains of norms make rounding larger
with random weights than with trained ones, so a graph may be 0.01 away here. PyTorch runs in a process of its own, of
the Python --torch (the extra `benchmark` installs it beside ppgen; another environment is fine too), which waits while
others work; its better memory format of two counts. Figures are medians over the turns, the first left out; ratios are
medians of the ratios within a turn, with their quartiles. Exit code 1 where a reach is missed. For the figures of the
pages a quiet machine is needed.
"""

import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from harness import JSON, Figures, Namespace, Result, argument, at_least, benchmark, judged, new_file

import numpy as np
import paddle

from ppgen.errors import DataError
from ppgen.io.image import save_figure
from ppgen.networks.photo2cartoon import Photo2CartoonGenerator
from ppgen.networks.resnet_generator import ResNetGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from ppgen.networks.unet_generator import UNetGenerator
from ppgen.runtime import threads
from ppgen.runtime.backend import version
from ppgen.runtime.convert import to_graph
from ppgen.runtime.graph import Session, optimized
from ppgen.runtime.trees import flatten

FORMATS = ("contiguous", "channels_last")  #: of PyTorch's memory
_APART = 0.01  # of the largest value: how far a graph may be from eager Paddle
_PEER = Path(__file__).with_name("peer_torch.py")


class Case(NamedTuple):
    """A network, its method, what PyTorch's side calls it, and the largest ratios to PyTorch and to eager Paddle."""

    build: Callable[[], Any]
    method: str
    peer: str
    to_torch: float
    to_eager: float


CASES = {
    "Photo2Cartoon light, 256": Case(Photo2CartoonGenerator, "translate", "photo2cartoon", 0.6, 1 / 12),
    "ResNet-9, 256": Case(ResNetGenerator, "translate", "resnet", 1.0, 1 / 4),
    "U-Net, 256": Case(UNetGenerator, "translate", "unet", 1.0, 1 / 4),
    "StyleGAN2, 256": Case(lambda: StyleGAN2Generator(256), "synthesize", "stylegan2", 1.0, 1 / 4),
    "StyleGAN2, 1024": Case(lambda: StyleGAN2Generator(1024), "synthesize", "stylegan2", 1.0, 1 / 4),
}


class Torch:
    """PyTorch's process for one network and input.

    Attributes:
        output: what its network makes of the input.
    """

    def __init__(self, python: str, peer: str, network: Any, given: np.ndarray, folder: Path, threads: int) -> None:
        weights, source, target = (folder / name for name in ("weights.npz", "input.npy", "output.npy"))
        np.savez(weights, **{key: value.numpy() for key, value in network.state_dict().items()})
        np.save(source, given)
        command = [python, str(_PEER), peer, str(weights), str(source), str(target), str(threads)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._answer().removeprefix("ready ")
        self.output = np.load(target)

    def seconds(self, how: str) -> float:
        """Of one run in a memory format; `FORMAT backward`: the processor's, with the gradients of all weights."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{how}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise DataError(f"{_PEER.name} ended early (exit code {self._process.wait()}); --torch names its Python")
        return line


def input_of(network: Any, batch: int) -> np.ndarray:
    """A batch of what the method takes: pictures, or W+."""
    rng = np.random.default_rng(0)
    if isinstance(network, StyleGAN2Generator):
        return rng.standard_normal((batch, network.count, network.latent_dim), dtype=np.float32)
    return rng.uniform(-1, 1, (batch, 3, network.image_size, network.image_size)).astype(np.float32)


def session_of(network: Any, method: str, given: np.ndarray) -> Session:
    """A method as ONNX Runtime runs it."""
    arrays, shape = flatten((given,), lambda value: isinstance(value, np.ndarray))
    return Session(optimized(to_graph(network, method, shape, arrays, any_batch=False, tolerance=_APART)))


def clocked(work: Callable[[], Any]) -> float:
    """Seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measured(case: Case, batch: int, repeats: int, python: str | None) -> Figures:
    """One row."""
    paddle.seed(0)
    network = case.build()
    network.eval()
    given = input_of(network, batch)
    fast, tensor = session_of(network, case.method, given), paddle.to_tensor(given)

    def eager() -> Any:
        with paddle.no_grad():
            found = getattr(network, case.method)(tensor)
        return (found if isinstance(found, paddle.Tensor) else found[0]).numpy()

    ways: dict[str, Callable[[], float]] = {
        "eager": lambda: clocked(eager), "runtime": lambda: clocked(lambda: fast.run([given]))
    }  # fmt: skip
    expected = eager()
    largest = np.abs(expected).max()
    row: Figures = {"graph apart": float(np.abs(fast.run([given])[0] - expected).max() / largest)}
    with tempfile.TemporaryDirectory() as folder:
        peer = None
        if python:
            peer = Torch(python, case.peer, network, given, Path(folder), threads())
            row["apart"] = float(np.abs(peer.output - expected).max() / largest)
            row["torch version"] = peer.version
            ways |= {name: lambda name=name: peer.seconds(name) for name in FORMATS}
        turns = [{name: way() for name, way in ways.items()} for _ in range(repeats + 1)][1:]
        if peer:
            peer.close()
    return row | figures_of(turns)


def figures_of(turns: list[dict[str, float]]) -> Figures:
    """Medians in milliseconds, and ratios of the runtime's time to others'."""
    names = list(turns[0])
    medians = {name: float(np.median([turn[name] for turn in turns])) for name in names}
    better = min((name for name in names if name in FORMATS), key=medians.__getitem__, default=None)
    row: Figures = {"eager, ms": medians["eager"] * 1000, "runtime, ms": medians["runtime"] * 1000}
    if better:
        row |= {"torch, ms": medians[better] * 1000, "torch format": better}
    for label, name in (("runtime / eager", "eager"), ("runtime / torch", better)):
        if name:
            ratios = [turn["runtime"] / turn[name] for turn in turns]
            row[label] = float(np.median(ratios))
            row[f"{label}_interval"] = tuple(np.quantile(ratios, (0.25, 0.75)).tolist())
    return row


def chart(path: Path, rows: Figures) -> None:
    """Milliseconds a picture against the batch, a panel a network."""
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(row["network"] for row in rows.values()))
    figure = Figure(figsize=(3 * len(names), 3), layout="constrained")
    for panel, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names):
        chosen = [row for row in rows.values() if row["network"] == name]
        batches = [row["batch"] for row in chosen]
        for way, label in (("eager", "eager Paddle"), ("torch", "PyTorch"), ("runtime", "ppgen's runtime")):
            if f"{way}, ms" in chosen[0]:
                panel.plot(batches, [row[f"{way}, ms"] / row["batch"] for row in chosen], "o-", label=label)
        panel.set(title=name, xlabel="batch", xticks=batches, yscale="log")
    figure.axes[0].set_ylabel("ms a picture")
    figure.axes[0].legend()
    save_figure(path, figure)


def processor() -> str:
    """Its name, where the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def machine() -> Figures:
    """What figures depend on: the processor, threads, versions."""
    versions = {name: version(name) for name in ("paddlepaddle", "onnxruntime")}
    return {"processor": processor(), "threads": threads(), **versions}


@benchmark(
    __doc__,
    argument("--torch", metavar="PYTHON", help="a Python that has PyTorch (default: this one, where it has it)"),
    argument("--networks", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME"),
    argument("--batches", nargs="+", type=at_least(1), default=[1]),
    argument("--repeats", type=at_least(1), default=9),
    argument("--chart", type=new_file(".png", ".svg"), metavar="FILE", help="also draw the figures"),
    JSON,
)
def main(options: Namespace) -> Result:
    python = options.torch or (sys.executable if version("torch") else None)
    figures, rows = machine(), {}
    targets = []
    for name in options.networks:
        for batch in options.batches:
            row = measured(CASES[name], batch, options.repeats, python)
            rows[f"{name}, batch {batch}"] = {"network": name, "batch": batch, **row}
            if batch == 1:
                targets.append(judged(f"{name} / eager", row["runtime / eager"], at_most=CASES[name].to_eager))
            if batch == 1 and python:
                targets.append(judged(f"{name} / PyTorch", row["runtime / torch"], at_most=CASES[name].to_torch))
                targets.append(judged(f"{name}, PyTorch apart", row["apart"], at_most=1e-3))
    figures |= {"in turns": rows, "targets": targets}
    if options.chart:
        chart(options.chart, rows)
    return Result(figures, all(row["pass"] for row in targets))
