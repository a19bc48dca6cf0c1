"""What this machine does: the runtime beside eager Paddle, in turns in one run."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from tqdm.auto import tqdm

from ppgen import hub
from ppgen.apps.photo2cartoon import Photo2CartoonPredictor
from ppgen.apps.styles import NETWORK, NETWORKS
from ppgen.device import environment
from ppgen.errors import ConfigError
from ppgen.hub.compiled import CompiledNetwork
from ppgen.io.image import save_image
from ppgen.registry import unknown
from ppgen.runtime import backend
from ppgen.runtime.backend import VARIABLE

Subject = Literal["cartoon", "sample", "train"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
_SAMPLED = {"dcgan_faces64": "generate", "vae_nobody64": "generate", hub.FACES: "generate"}
_PICTURES = 16  # of a call, of networks that draw from latents
_TRAINED = ("dcgan_faces64", "vae_faces64", "styleganv2_nobody_64")
_STEPS, _FACES = 4, 64


@dataclass(frozen=True)
class Row:
    """One thing that was measured.

    pictures: that a call makes. before, now: median seconds of a call, by eager Paddle and as ppgen does it here.
    ratio: the median of now / before within a turn.
    """

    what: str
    pictures: int
    before: float
    now: float
    ratio: float

    @property
    def rate(self) -> float:
        """Pictures a second, now."""
        return self.pictures / self.now


def measure(subject: Subject, repeats: int = 5) -> list[Row]:
    """Rows for cartoons, samples or training steps; ConfigError for another subject."""
    if subject not in SUBJECTS:
        raise ConfigError(unknown("subject", subject, SUBJECTS))
    with tempfile.TemporaryDirectory() as folder:
        works = {"cartoon": _cartoon, "sample": _sample, "train": _train}[subject](Path(folder))
        variable, plain = ("PPGEN_CONVOLUTIONS", "paddle") if subject == "train" else (VARIABLE, "eager")
        chosen = "" if subject == "train" else backend()
        return [_compared(what, pictures, work, variable, (plain, chosen), repeats) for what, pictures, work in works]


_Work = tuple[str, int, Callable[[], Any]]


def _compared(
    what: str, pictures: int, work: Callable[[], Any], variable: str, settings: Sequence[str], repeats: int
) -> Row:
    """Both settings in turns, the first turn left out."""
    turns = []
    for _ in tqdm(range(repeats + 1), desc=what, unit="turn", leave=False, disable=None):
        seconds = []
        for value in settings:
            with environment({variable: value}):
                start = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - start)
        turns.append(seconds)
    before, now = np.array(turns[1:]).T
    return Row(what, pictures, float(np.median(before)), float(np.median(now)), float(np.median(now / before)))


def _cartoon(folder: Path) -> list[_Work]:
    from skimage.data import astronaut

    photo = save_image(folder / "photo.jpg", astronaut()[:, 40:424])
    predictor, count = Photo2CartoonPredictor(folder), iter(range(10**6))
    generator, rng = CompiledNetwork(NETWORKS[NETWORK]), np.random.default_rng(0)
    picture = rng.uniform(-1, 1, (1, 3, 256, 256)).astype(np.float32)
    skin = np.zeros((1, 3), np.float32) if generator.traits.takes_skin else None

    def whole() -> None:
        predictor.output_path = folder / str(next(count))  # nothing is replaced
        predictor.run(photo)

    return [
        ("a photo of 384x512 pixels, from file to files", 1, whole),
        ("the cartoon generator alone, 256 pixels", 1, lambda: generator.call("translate", picture, skin)),
    ]


def _sample(folder: Path) -> list[_Work]:
    del folder
    return [(f"{_PICTURES} pictures of {name}", _PICTURES, _drawing(name, method)) for name, method in _SAMPLED.items()]


def _drawing(name: str, method: str) -> Callable[[], Any]:
    network = CompiledNetwork(name)
    dim = network.network.latent_dim
    z = np.random.default_rng(0).standard_normal((_PICTURES, dim), dtype=np.float32)
    return lambda: network.call(method, z)


def _train(folder: Path) -> list[_Work]:
    rng = np.random.default_rng(0)
    for number in range(_FACES):
        small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        save_image(folder / "faces" / f"{number:03d}.png", small.repeat(8, axis=0).repeat(8, axis=1))
    return [_training(name, folder) for name in _TRAINED]


def _training(name: str, folder: Path) -> _Work:
    """Some steps at a time of a training that goes on."""
    from ppgen.engine.assemble import build_trainer
    from ppgen.engine.schema import load_config

    data = f"dataset={{train: {{name: ImageFolder, dataroot: {folder / 'faces'}, size: 64}}}}"
    quiet = ["total_iters=1000000", "loader.workers=1", f"output_dir={folder / name}", "validate.metric={}", data]
    config = load_config(name, quiet)
    trainer = build_trainer(config, folder / name)
    until = iter(range(_STEPS, 10**6, _STEPS))
    pictures = _STEPS * config.loader.batch_size

    def some_steps() -> None:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # lines and bars of a run without an end
            trainer.run(until=next(until))

    return f"{_STEPS} steps of {name}", pictures, some_steps
