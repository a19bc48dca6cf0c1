"""Write the README's picture (the astronaut's crop and her cartoon) and the styles of docs/photo2cartoon.md.

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


def styles(size: int = 384) -> np.ndarray:
    """The astronaut in each of the artist's styles, uint8 (size, 3 * size, 3)."""
    drawn = []
    with tempfile.TemporaryDirectory() as folder:
        for style in ("artist", "poster", "ink"):
            predictor = Photo2CartoonPredictor(folder, style=style, size=size)
            drawn.append(predictor.run(data.astronaut(), attributes={"gender": "F"}))
    return np.hstack(drawn)


@benchmark(
    __doc__,
    argument("--weights", help="a weights file instead of the shipped one"),
    argument("--output", default=ROOT / "docs" / "images", type=Path, help="folder of the pictures"),
)
def main(options: Namespace) -> Result:
    pictures = {"astronaut": side_by_side(options.weights), "styles": styles()}
    return Result(text="\n".join(str(save_image(options.output / f"{name}.png", p)) for name, p in pictures.items()))
