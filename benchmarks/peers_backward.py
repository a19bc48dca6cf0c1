"""A network and the gradients of its weights, against peers in turns in one run: what a training spends its time on.

    python benchmarks/peers_backward.py [--torch PYTHON] [--networks NAME ...] [--batch 4] [--repeats N] [--json FILE]

The processor's milliseconds a picture, of one thread: Paddle with its own convolutions, ppgen's trainings (oneDNN's
convolutions), and PyTorch on the same architecture and weights in the better of its two memory formats. The loss is the
mean square of the output. "apart" is the largest difference of PyTorch's output, in units of the largest value.
Medians over the turns, the first left out; ratios are medians within a turn, with their quartiles.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import JSON, Figures, Namespace, Result, argument, at_least, benchmark, single_threaded

os.environ |= single_threaded()  # before Paddle is imported

import numpy as np
import paddle

from peers import FORMATS, Torch, input_of, machine
from ppgen import device
from ppgen.networks.photo2cartoon import Photo2CartoonGenerator
from ppgen.networks.resnet_generator import ResNetGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from ppgen.networks.unet_generator import UNetGenerator
from ppgen.runtime.backend import version
from ppgen.runtime.convolutions import VARIABLE, fast_convolutions

#: how a network is built, its method, and what PyTorch's side calls it
CASES: dict[str, tuple[Callable[[], Any], str, str]] = {
    "Photo2Cartoon light, 128": (lambda: Photo2CartoonGenerator(image_size=128), "translate", "photo2cartoon"),
    "ResNet-9, 256": (ResNetGenerator, "translate", "resnet"),
    "U-Net, 256": (UNetGenerator, "translate", "unet"),
    "StyleGAN2, 64": (lambda: StyleGAN2Generator(64), "synthesize", "stylegan2"),
}


def seconds(network: Any, method: str, given: paddle.Tensor, convolutions: str) -> float:
    """The processor's, of a run and its gradients."""
    with device.environment({VARIABLE: convolutions}), fast_convolutions():
        start = time.process_time()
        found = getattr(network, method)(given)
        (found if isinstance(found, paddle.Tensor) else found[0]).square().mean().backward()
        spent = time.process_time() - start
    network.clear_gradients()
    return spent


def measured(name: str, batch: int, repeats: int, python: str | None) -> Figures:
    """A row."""
    build, method, peer = CASES[name]
    paddle.seed(0)
    network = build()
    network.train()
    given = input_of(network, batch)
    tensor = paddle.to_tensor(given)
    ways = {
        "paddle": lambda: seconds(network, method, tensor, "paddle"),
        "ppgen": lambda: seconds(network, method, tensor, "onednn"),
    }
    row: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        torch = Torch(python, peer, network, given, Path(folder), 1) if python else None
        if torch:
            with paddle.no_grad():
                found = getattr(network, method)(tensor)
            expected = (found if isinstance(found, paddle.Tensor) else found[0]).numpy()
            row["torch version"] = torch.version
            row["apart"] = float(np.abs(torch.output - expected).max() / np.abs(expected).max())
            ways |= {each: lambda each=each: torch.seconds(f"{each} backward") for each in FORMATS}
        turns = [{each: way() for each, way in ways.items()} for _ in range(repeats + 1)][1:]
        if torch:
            torch.close()
    return row | figures_of(turns, batch)


def figures_of(turns: list[dict[str, float]], batch: int) -> Figures:
    """Medians in milliseconds a picture, and ratios of ppgen's time to others'."""
    medians = {name: float(np.median([turn[name] for turn in turns])) for name in turns[0]}
    row: Figures = {"Paddle, ms": medians["paddle"] * 1000 / batch, "ppgen, ms": medians["ppgen"] * 1000 / batch}
    others = {"Paddle": "paddle"}
    if FORMATS[0] in medians:
        others["PyTorch"] = min(FORMATS, key=medians.__getitem__)
        row["PyTorch, ms"] = medians[others["PyTorch"]] * 1000 / batch
    for label, other in others.items():
        ratios = [turn["ppgen"] / turn[other] for turn in turns]
        row[f"over {label}"] = float(np.median(ratios))
        row[f"over {label}_interval"] = tuple(np.quantile(ratios, (0.25, 0.75)).tolist())
    return row


@benchmark(
    __doc__,
    argument("--torch", metavar="PYTHON", help="a Python that has PyTorch (default: this one, where it has it)"),
    argument("--networks", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME"),
    argument("--batch", type=at_least(1), default=4),
    argument("--repeats", type=at_least(1), default=5),
    JSON,
)
def main(options: Namespace) -> Result:
    if device.on_cpu():
        device.keep_memory()  # as launch does
    python = options.torch or (sys.executable if version("torch") else None)
    rows = {name: measured(name, options.batch, options.repeats, python) for name in options.networks}
    return Result({**machine(), "threads": 1, "in turns": rows})
