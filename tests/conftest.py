"""What all tests share."""

from __future__ import annotations

import csv
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # `make test` runs two processes, which share the cores
    os.environ.update(OMP_NUM_THREADS="1", FLAGS_paddle_num_threads="1")

# Small networks filled at random are not worth an export; the tests of the runtime choose for themselves.
os.environ.setdefault("PPGEN_RUNTIME", "eager")

import ppgen  # noqa: F401  (before any test imports Paddle)

ROOT = Path(__file__).resolve().parents[1]


def shared_dir(name: str = "") -> Path:
    """The datasets and goldens of development machines, or `name` in them; skips the test if they are absent.

    The environment variable PPGEN_SHARED names the folder; otherwise it is `shared` beside the project.
    """
    path = Path(os.environ.get("PPGEN_SHARED") or ROOT.parent / "shared") / name
    if not path.exists():
        pytest.skip(f"{path} is not here (PPGEN_SHARED names another place)", allow_module_level=True)
    return path


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """`shared('goldens')` is the path of shared data, or skips."""
    return shared_dir


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """scikit-image's portrait, uint8 (512, 512, 3), in the public domain; not to be written into."""
    photo = pytest.importorskip("skimage.data").astronaut()
    photo.flags.writeable = False
    return photo


@pytest.fixture
def benchmark(monkeypatch) -> Callable[[str], ModuleType]:
    """`benchmark('gan_faces')` imports benchmarks/gan_faces.py."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


def mean_colours(pictures: Iterable[np.ndarray]) -> np.ndarray:
    """Features that tell pictures (H, W, 3) apart by their colour: float64 (n, 3) in [0, 1]."""
    return np.stack([np.asarray(picture, np.float64).mean(axis=(0, 1)) / 255 for picture in pictures])


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """A CSV file with a header line, as datasets keep their attributes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def linked(tmp_path) -> Path:
    """A folder of three pictures, linked/deep/b.png in a linked folder; other links lead to the same or in a circle."""
    from ppgen.io.image import save_image

    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for level, path in enumerate((data / "real" / "a.png", elsewhere / "deep" / "b.png")):
        save_image(path, np.full((8, 8, 3), 40 * level, np.uint8))
    (data / "linked").symlink_to(elsewhere)
    (elsewhere / "deep" / "back").symlink_to(data)
    (data / "alias").symlink_to(data / "real")  # counted where it lies
    (data / "c.png").symlink_to(data / "real" / "a.png")
    return data


@pytest.fixture
def run_python() -> Callable[..., subprocess.CompletedProcess]:
    """Run `python <arguments>` as a child in the project folder; keyword arguments change its environment.

    A variable given as None is removed. What ppgen or Paddle set in this process does not reach the child, which is
    ended after `timeout` seconds.
    """
    ours = ("MKL_DEBUG_CPU_TYPE", "FLAGS_paddle_num_threads", "GLOG_minloglevel")

    def run(
        *arguments: str, cwd: Path = ROOT, timeout: float = 120, **variables: str | None
    ) -> subprocess.CompletedProcess:
        environment = {k: v for k, v in os.environ.items() if k not in ours}
        environment["PYTHONPATH"] = str(ROOT)
        for key, value in variables.items():
            if value is None:
                environment.pop(key, None)
            else:
                environment[key] = value
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
