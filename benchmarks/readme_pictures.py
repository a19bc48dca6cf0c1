"""Write pictures of the docs: the astronaut, cartoon and styles, and what the shipped StyleGAN2 and VAE draw.

python benchmarks/readme_pictures.py [--weights W] [--output docs/images]

Two faces that StyleGAN2 draws stand for photos where a command takes photos.
"""

import tempfile
from pathlib import Path

from harness import ROOT, Namespace, Result, argument, benchmark

import numpy as np
from PIL import Image
from skimage import data

from ppgen import cli
from ppgen.apps import Photo2CartoonPredictor, StyleGANv2EditingPredictor, StyleGANv2Predictor
from ppgen.apps.stylegan2_model import TRUNCATION
from ppgen.errors import PPGenError
from ppgen.io.image import save_image
from ppgen.latent.mixing import moved

#: file -> command; A and B are faces of FACES
COMMANDS = {
    "styleganv2_nobody_128.jpg": "sample --seed 7 -n 64",
    "pggan_nobody64.jpg": "sample --model pggan_nobody64 --seed 7 -n 64",
    "stylegan_walk.gif": "interpolate --seeds 8,14,24 --rows 2 --columns 2 --steps 6",
    "stylegan_path.jpg": "explain path",
    "latent_arithmetic.png": "latent arithmetic A --no-align --add Male=2 Smiling=2 --scale 2",
    "latent_morph.png": "latent morph A B --no-align --scale 2 --steps 7",
}
FACES = {"A": 1, "B": 14}  # seeds


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


def by_commands(output: Path) -> list[Path]:
    """What COMMANDS write into the folder; PPGenError where one fails."""
    with tempfile.TemporaryDirectory() as folder:
        style, files = StyleGANv2Predictor(), {}
        for name, seed in FACES.items():
            files[name] = str(style.seeds([seed])[0].save(Path(folder) / f"{name}.png"))
        for name, command in COMMANDS.items():
            words = [files.get(word, word) for word in command.split()]
            if code := cli.main([*words, "-o", str(output / name)]):
                raise PPGenError(f"ppgen {command}: ended with {code}; its message stands above")
    return [output / name for name in COMMANDS]


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
    paths = [save_image(options.output / name, picture) for name, picture in pictures.items()]
    return Result(text="\n".join(str(path) for path in [*paths, *by_commands(options.output)]))
