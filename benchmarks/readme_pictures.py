"""Write pictures of the docs: the astronaut's cartoon and styles, and the directions of the shipped StyleGAN2.

python benchmarks/readme_pictures.py [--weights W] [--output docs/images]
"""

import tempfile
from pathlib import Path

from harness import ROOT, Namespace, Result, argument, benchmark

import numpy as np
from PIL import Image
from skimage import data

from ppgen.apps import Photo2CartoonPredictor, StyleGANv2EditingPredictor
from ppgen.apps.stylegan2_model import TRUNCATION
from ppgen.io.image import save_image
from ppgen.latent.mixing import moved


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


def directions(seeds: int = 8) -> np.ndarray:
    """Seeds 0, 1, 2 … as sampled, and moved by -1 and 1 along each direction that has an attribute's name."""
    editor = StyleGANv2EditingPredictor()
    model, known = editor.model, editor.directions
    rows = {"as sampled": {}} | {
        f"{name} {amount:+d}": {name: float(amount)}
        for name in known if not name.startswith("sefa") for amount in (-1, 1)
    }  # fmt: skip
    faces = model.w_of_seeds(range(seeds), TRUNCATION)
    points = np.concatenate([moved(faces, known, amounts) for amounts in rows.values()])
    sheet = Image.fromarray(model.draw_w(points, None, seeds, row_titles=list(rows)).sheet())
    return np.asarray(sheet.resize((sheet.width * 2 // 3, sheet.height * 2 // 3), Image.Resampling.LANCZOS))


@benchmark(
    __doc__,
    argument("--weights", help="a weights file instead of the shipped one"),
    argument("--output", default=ROOT / "docs" / "images", type=Path, help="folder of the pictures"),
)
def main(options: Namespace) -> Result:
    pictures = {
        "astronaut.png": side_by_side(options.weights),
        "styles.png": styles(),
        "stylegan_directions.jpg": directions(),
    }
    return Result(text="\n".join(str(save_image(options.output / name, p)) for name, p in pictures.items()))
