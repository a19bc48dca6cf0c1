"""Write the README's picture: the astronaut's crop and her cartoon, side by side.

python benchmarks/readme_pictures.py [--weights W] [--output docs/images]
"""

import tempfile
from pathlib import Path

from harness import ROOT, Namespace, Result, argument, benchmark

import numpy as np
from skimage import data

from ppgen.apps import Photo2CartoonPredictor
from ppgen.io.image import save_image


def side_by_side(weights: str | None = None) -> np.ndarray:
    """The aligned crop and its cartoon, uint8 (256, 512, 3)."""
    with tempfile.TemporaryDirectory() as folder:
        result = Photo2CartoonPredictor(folder, weights).run(data.astronaut(), full=True)
    return np.hstack([result.crop, result.cartoon])


@benchmark(
    __doc__,
    argument("--weights", help="a weights file instead of the shipped one"),
    argument("--output", default=ROOT / "docs" / "images", type=Path, help="folder of the picture"),
)
def main(options: Namespace) -> Result:
    return Result(text=str(save_image(options.output / "astronaut.png", side_by_side(options.weights))))
