"""Does progressive growing jump where a stage is faded in? KID before, one checkpoint into, and after every fade.

    python benchmarks/pggan_stages.py RUN [-n 500] [--json FILE] [--sheet FILE]

RUN: a run folder of configs/pggan_faces64.yaml, which keeps its checkpoints: one every 125 steps, a third of the
first fade and an eighth of the last. Some 5 minutes of one core. Drawings and held-back faces are compared as the
critic sees them at that point of growing, enlarged to the full side (`kid`), and drawings with the full-size faces
(`kid_full`), the only one that compares rows of different levels; it falls as detail comes in. A checkpoint stands for
the point of a fade it is nearest to, within half a checkpoint's interval; points without one are named and left out.
Reported, not judged.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
from gan_faces import faces
from trained import Run, networks_at, read_run

from ppgen.errors import ConfigError, PPGenError
from ppgen.io.atomic import write_json
from ppgen.io.image import save_image, to_tensor_array, to_uint8
from ppgen.latent.render import draw
from ppgen.latent.seeds import latents
from ppgen.latent.sheet import sheet
from ppgen.metrics.features import DLIB_FACE, extractor
from ppgen.metrics.kid import kid
from ppgen.metrics.reference import cached_features

SHOWN = 10  # latents a row of the sheet
Point = tuple[str, int]  # which point of which fade, and its step


def points(stable: list[int], fade: list[int], batch: int, interval: int) -> list[Point]:
    """The steps to look at: where each fade begins, one checkpoint later, where it ends; and the end of training."""
    found, images, side = [], 0, 4
    for before, lasts in zip(stable, fade):
        images, side = images + before, side * 2
        begins, ends = images // batch, (images + lasts) // batch
        found += [(f"before {side}", begins), (f"into {side}", begins + interval), (f"{side} is in", ends)]
        images += lasts
    return [*found, ("end", (images + stable[-1]) // batch)]


def enlarged(images: np.ndarray, side: int) -> np.ndarray:
    """(N, C, S, S) with pixels repeated to `side`."""
    factor = side // images.shape[2]
    return images.repeat(factor, axis=2).repeat(factor, axis=3)


def measure(run: Run, count: int, seed: int) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """A row for every point that has a checkpoint, and the first of its drawings, uint8 (n, S, S, 3)."""
    import paddle

    from ppgen.models.growing import at_level
    from ppgen.models.pggan import ProgressiveGAN

    model, places = run.model(), run.places()
    if not isinstance(model, ProgressiveGAN):
        raise ConfigError(f"{run.folder}: is a run of {type(model).__name__}; progressive growing has stages")
    interval = run.config.get("checkpoint", {}).get("interval", 200)
    batch = run.images(1)
    generator = model.networks["generator"]
    side, network, z = generator.image_size, extractor(DLIB_FACE), latents(seed, count, generator.latent_dim)
    held = np.stack(faces(side, "validation"))
    full, rows, shown = cached_features(network, list(held)), [], []
    for name, wanted in points(model.stable, model.fade, batch, interval):
        step = min(places, key=lambda found: abs(found - wanted))
        if abs(step - wanted) > interval / 2:
            print(f"{name}: no checkpoint near step {wanted}, left out", file=sys.stderr)
            continue
        level = float(networks_at(model, places[step])["generator"].level.item())
        made = draw(generator.generate, z)
        made = enlarged(made.transpose(0, 3, 1, 2), side).transpose(0, 2, 3, 1)
        seen = to_uint8(enlarged(at_level(paddle.to_tensor(to_tensor_array(held)), level).numpy(), side))
        shown.append(made[:SHOWN])
        fake = network(made)
        near, far = kid(cached_features(network, list(seen)), fake), kid(full, fake)
        rows.append({"point": name, "step": step, "images": run.images(step), "level": level, "kid": near.value,
                     "kid_error": near.error, "kid_full": far.value, "kid_full_error": far.error})  # fmt: skip
    if not rows:
        raise ConfigError(f"{run.folder}: no checkpoint is near a fade; keep more of them (checkpoint.keep)")
    return rows, shown


def stage_sheet(rows: list[dict[str, Any]], shown: list[np.ndarray]) -> np.ndarray:
    """A row a point, a column a latent: uint8 (H, W, 3)."""
    titles = [f"{row['point']}, {row['images']}" for row in rows]
    return sheet(np.concatenate(shown), SHOWN, row_titles=titles, heading="PGGAN as it grows, images seen")


def report(rows: list[dict[str, Any]]) -> str:
    """A line a point."""
    lines = [f"{'point':12} {'images':>7} {'level':>6} {'KID at the level':>20} {'KID to full faces':>20}"]
    for row in rows:
        near, far = (f"{row[key]:.4f} ± {row[key + '_error']:.4f}" for key in ("kid", "kid_full"))
        lines.append(f"{row['point']:12} {row['images']:7} {row['level']:6.3f} {near:>20} {far:>20}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("-n", type=int, default=500, help="drawings a point (default: 500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--sheet", metavar="FILE", help="also draw the first latents at every point")
    options = parser.parse_args(argv)
    try:
        rows, shown = measure(read_run(options.run), options.n, options.seed)
        if options.sheet:
            save_image(options.sheet, stage_sheet(rows, shown))
        if options.json:
            write_json(options.json, {"n": options.n, "seed": options.seed, "points": rows})
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
