"""How many images a second the datasets deliver, beside what a training asks for.

    python benchmarks/data_pipeline.py [--need 0.3] [--size 256] [--workers 2] [--batch-size 4] [--out data.json]

Needs `make data`. Every dataset is read through the training's own batch stream, from files ("read", nothing kept
decoded) and a second time over the same pictures ("kept", decoded pictures in memory; `Portraits` keeps none, it
warps the full photo). `--need` is the training's rate in images/s; the last column is how many times over it is
served. Exit code 1 where a dataset does not serve it when reading from files.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.datasets.files import data_root, pictures_under  # noqa: E402
from ppgen.datasets.stream import BatchStream  # noqa: E402
from ppgen.errors import PPGenError  # noqa: E402
from ppgen.io.atomic import write_json  # noqa: E402
from ppgen.io.image import load_image, save_image  # noqa: E402
from ppgen.registry import DATASETS  # noqa: E402

PHOTOS = "portraits/train"


def datasets(size: int, count: int, pairs: Path) -> dict[str, dict[str, Any]]:
    """The configs that are measured, by what the table calls them."""
    photos = str((data_root(PHOTOS) / "photo").resolve())
    load_size = size * 286 // 256
    return {
        "ImageFolder": {"name": "ImageFolder", "dataroot": photos, "size": size, "flip": True, "most": count},
        "PairedImages": {"name": "PairedImages", "dataroot": str(pairs), "size": size, "load_size": load_size},
        "UnpairedImages": {
            "name": "UnpairedImages",
            "dataroot_a": photos,
            "dataroot_b": photos,
            "size": size,
            "max_size": count,
        },
        "PortraitCartoons": {"name": "PortraitCartoons", "size": size, "flip": True, "most": count},
        "Portraits": {"name": "Portraits", "size": size, "augment": 1.0, "flip": True, "most": count},
    }


def side_by_side(folder: Path, count: int) -> Path:
    """`count` JPEG files of two photos each, PaddleGAN's paired layout."""
    photos = pictures_under(data_root(PHOTOS) / "photo")[:count]
    for number, path in enumerate(photos):
        both = np.concatenate([load_image(path), load_image(photos[-1 - number])], axis=1)
        save_image(folder / f"{number:04d}.jpg", both)
    return folder


def rates(config: dict[str, Any], batch_size: int, workers: int) -> tuple[float, float]:
    """Images/s of the first and of the second epoch, an epoch being all whole batches."""
    dataset = DATASETS.build(config)
    stream = BatchStream(dataset, batch_size, seed=0, workers=workers)
    steps = len(dataset) // batch_size
    found = []
    for epoch in range(2):
        start = time.perf_counter()
        for step in range(epoch * steps, (epoch + 1) * steps):
            stream.batch(step)
        found.append(steps * batch_size / (time.perf_counter() - start))
    stream.close()
    return found[0], found[1]


def main() -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=256, help="side of the pictures")
    parser.add_argument("--workers", type=int, default=2, help="reading threads")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--count", type=int, default=256, help="pictures of each dataset")
    parser.add_argument("--need", type=float, default=0.3, help="images/s that the training takes")
    parser.add_argument("--out", help="write the figures as JSON")
    args = parser.parse_args()
    figures: dict[str, Any] = {}
    print(f"{args.size}x{args.size}, {args.workers} threads, {os.cpu_count()} cores; a training takes {args.need:g}/s")
    print(f"{'dataset':<18}{'read':>10}{'kept':>10}{'times what is needed':>24}")
    with tempfile.TemporaryDirectory() as folder:
        configs = datasets(args.size, args.count, side_by_side(Path(folder), args.count))
        for name, config in configs.items():
            keeps = name != "Portraits"
            read, _ = rates({**config, "memory_mb": 0} if keeps else config, args.batch_size, args.workers)
            kept = rates(config, args.batch_size, args.workers)[1] if keeps else None
            figures[name] = {"read": read, "kept": kept, "served": read / args.need}
            print(f"{name:<18}{read:>10.0f}{'-' if kept is None else f'{kept:.0f}':>10}{read / args.need:>24.0f}")
    if args.out:
        write_json(args.out, {"arguments": vars(args), "images_per_second": figures})
    return 0 if all(entry["served"] >= 1 for entry in figures.values()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PPGenError as error:
        sys.exit(f"error: {error}")
