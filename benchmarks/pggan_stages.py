"""Does progressive growing jump where a stage is faded in? KID before, one checkpoint into, and after every fade.

    python benchmarks/pggan_stages.py RUN [-n 500] [--json FILE] [--sheet FILE]

RUN: a run folder of configs/pggan_faces64.yaml, which keeps its checkpoints: one every 125 steps, a third of the
first fade and an eighth of the last. Some 5 minutes of one core. Drawings and held-back faces are compared as the
critic sees them at that point of growing, enlarged to the full side (`kid`), and drawings with the full-size faces
(`kid_full`), the only one that compares rows of different levels; it falls as detail comes in. A checkpoint stands for
the point of a fade it is nearest to, within half a checkpoint's interval; points without one are named and left out.
Reported, not judged.
"""

import sys

from harness import JSON, SEED, Figures, Namespace, Result, argument, benchmark, kid_to

import numpy as np
import paddle

from gan_faces import FACES128, data_in, faces
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError
from ppgen.io.image import save_image, to_tensor_array, to_uint8
from ppgen.latent.render import draw
from ppgen.latent.seeds import latents
from ppgen.latent.sheet import sheet
from ppgen.metrics.features import DLIB_FACE, extractor
from ppgen.metrics.reference import cached_features
from ppgen.models.pggan import ProgressiveGAN, at_level
from trained import Run, networks_at, read_run

SHOWN = 10  # latents a row of the sheet
Point = tuple[str, int]  # which point of which fade, and its step


def points(stable: list[int], fade: list[int], batch: int, interval: int) -> list[Point]:
    """The steps to look at: where each fade begins, one checkpoint later, where it ends; and the end of training."""
    steps, images, side = [], 0, 4
    for before, lasts in zip(stable, fade):
        images, side = images + before, side * 2
        begins, ends = images // batch, (images + lasts) // batch
        steps += [(f"before {side}", begins), (f"into {side}", begins + interval), (f"{side} is in", ends)]
        images += lasts
    return [*steps, ("end", (images + stable[-1]) // batch)]


def enlarged(images: np.ndarray, side: int) -> np.ndarray:
    """(N, C, S, S) with pixels repeated to `side`."""
    factor = side // images.shape[2]
    return images.repeat(factor, axis=2).repeat(factor, axis=3)


def measure(run: Run, count: int, seed: int) -> tuple[list[Figures], list[np.ndarray]]:
    """A row for every point that has a checkpoint, and the first of its drawings, uint8 (n, S, S, 3)."""
    model, places = run.model(), run.places()
    if not isinstance(model, ProgressiveGAN):
        raise ConfigError(f"{run.folder}: is a run of {type(model).__name__}; progressive growing has stages")
    interval = TrainingConfig.of(run.config).checkpoint.interval
    batch = run.images(1)
    generator = model.networks["generator"]
    side, network, z = generator.image_size, extractor(DLIB_FACE), latents(seed, count, generator.latent_dim)
    held = np.stack(faces(side, "validation", data_in(run.config) or FACES128))
    full, rows, shown = cached_features(network, list(held)), [], []
    for name, wanted in points(model.stable, model.fade, batch, interval):
        step = min(places, key=lambda kept: abs(kept - wanted))
        if abs(step - wanted) > interval / 2:
            print(f"{name}: no checkpoint near step {wanted}, left out", file=sys.stderr)
            continue
        level = float(networks_at(model, places[step])["generator"].level.item())
        made = draw(generator.generate, z)
        made = enlarged(made.transpose(0, 3, 1, 2), side).transpose(0, 2, 3, 1)
        seen = to_uint8(enlarged(at_level(paddle.to_tensor(to_tensor_array(held)), level).numpy(), side))
        shown.append(made[:SHOWN])
        fake = network(made)
        row = {"point": name, "step": step, "images": run.images(step), "level": level}
        row |= kid_to(cached_features(network, list(seen)), fake)
        rows.append(row | kid_to(full, fake, "kid_full"))
    if not rows:
        raise ConfigError(f"{run.folder}: no checkpoint is near a fade; keep more of them (checkpoint.keep)")
    return rows, shown


def stage_sheet(rows: list[Figures], shown: list[np.ndarray]) -> np.ndarray:
    """A row a point, a column a latent: uint8 (H, W, 3)."""
    titles = [f"{row['point']}, {row['images']}" for row in rows]
    return sheet(np.concatenate(shown), SHOWN, row_titles=titles, heading="PGGAN as it grows, images seen")


@benchmark(
    __doc__,
    argument("run", metavar="RUN"),
    argument("-n", type=int, default=500, help="drawings a point (default: 500)"),
    SEED,
    JSON,
    argument("--sheet", metavar="FILE", help="also draw the first latents at every point"),
)
def main(options: Namespace) -> Result:
    rows, shown = measure(read_run(options.run), options.n, options.seed)
    if options.sheet:
        save_image(options.sheet, stage_sheet(rows, shown))
    return Result({"n": options.n, "seed": options.seed, "points": rows})
