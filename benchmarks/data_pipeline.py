"""How many images a second the datasets deliver, beside what a training asks for.

    python benchmarks/data_pipeline.py [--need 0.3] [--size 256] [--workers 2] [--batch-size 4] [--out data.json]

Needs `make data`. Every dataset is read through the training's own batch stream, from files ("read", nothing kept
decoded) and a second time over the same pictures ("kept", decoded pictures in memory; `Portraits` keeps none, it
warps the full photo). `--need` is the training's rate in images/s; the last column is how many times over it is
served. Exit code 1 where a dataset does not serve it when reading from files.
"""

import os
import tempfile
import time
from pathlib import Path

from harness import OUT, Figures, Namespace, Result, argument, benchmark

import numpy as np

from ppgen.datasets.files import data_root, pictures_under
from ppgen.datasets.stream import BatchStream
from ppgen.io.image import load_image, save_image
from ppgen.registry import DATASETS

PHOTOS = "portraits/train"


def datasets(size: int, count: int, pairs: Path) -> dict[str, Figures]:
    """The configs that are measured, by what the table calls them."""
    photos = str((data_root(PHOTOS) / "photo").resolve())
    several = {"size": size, "flip": True, "most": count}
    both = {"dataroot_a": photos, "dataroot_b": photos, "size": size, "max_size": count}
    configs = {
        "ImageFolder": {"dataroot": photos, **several},
        "PairedImages": {"dataroot": str(pairs), "size": size, "load_size": size * 286 // 256},
        "UnpairedImages": both,
        "PortraitCartoons": several,
        "Portraits": {"augment": 1.0, **several},
    }
    return {name: {"name": name, **config} for name, config in configs.items()}


def side_by_side(folder: Path, count: int) -> Path:
    """`count` JPEG files of two photos each, PaddleGAN's paired layout."""
    photos = pictures_under(data_root(PHOTOS) / "photo")[:count]
    for number, path in enumerate(photos):
        both = np.concatenate([load_image(path), load_image(photos[-1 - number])], axis=1)
        save_image(folder / f"{number:04d}.jpg", both)
    return folder


def rates(config: Figures, batch_size: int, workers: int) -> tuple[float, float]:
    """Images/s of the first and of the second epoch, an epoch being all whole batches."""
    dataset = DATASETS.build(config)
    stream = BatchStream(dataset, batch_size, seed=0, workers=workers)
    steps = len(dataset) // batch_size
    speeds = []
    for epoch in range(2):
        start = time.perf_counter()
        for step in range(epoch * steps, (epoch + 1) * steps):
            stream.batch(step)
        speeds.append(steps * batch_size / (time.perf_counter() - start))
    stream.close()
    return speeds[0], speeds[1]


@benchmark(
    __doc__,
    argument("--size", type=int, default=256, help="side of the pictures"),
    argument("--workers", type=int, default=2, help="reading threads"),
    argument("--batch-size", type=int, default=4),
    argument("--count", type=int, default=256, help="pictures of each dataset"),
    argument("--need", type=float, default=0.3, help="images/s that the training takes"),
    OUT,
)
def main(options: Namespace) -> Result:
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        configs = datasets(options.size, options.count, side_by_side(Path(folder), options.count))
        for name, config in configs.items():
            keeps = name != "Portraits"
            read, _ = rates({**config, "memory_mb": 0} if keeps else config, options.batch_size, options.workers)
            kept = rates(config, options.batch_size, options.workers)[1] if keeps else None
            figures[name] = {"read": read, "kept": kept, "served": read / options.need}
    facts = {"arguments": vars(options) | {"cores": os.cpu_count()}, "images_per_second": figures}
    return Result(facts, all(row["served"] >= 1 for row in figures.values()))
