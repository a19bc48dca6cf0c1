"""The artist in five lights: how far apart the skin of one face is drawn when only the light changes.

    python benchmarks/artist_light.py [--count 25] [--out output/artist_light.json]

Needs `make data`, and `tools/nobody_portraits.py` for the second set. Validation faces (`crc32(id) % 10` is 2) of
both sets, evenly chosen, are drawn as they are, one stop darker and brighter, and in warm and cold light (linear light
multiplied, then clipped). `light` is the largest difference in L* of the median skin among the five drawings of a
face, `colour` the largest distance in a*, b*. `follows` is the correlation, over people, of the drawn L* with the
skin's in the photo. Exit code 1 where the mean `light` is above 4 or the mean `colour` above 6.
"""

from itertools import combinations

from harness import OUT, Figures, Namespace, Result, argument, at_least, benchmark, evenly, mean_with_interval

import numpy as np
from tqdm import tqdm

from ppgen.datasets.portraits import Portraits
from ppgen.faces.colour import LINEAR, encoded, rgb_to_lab
from ppgen.faces.daylight import outside_photo
from ppgen.faces.skin import hull_mask
from ppgen.prepare.artist import draw_cartoon
from ppgen.prepare.artist.modelling import LIKENESS

SETS = ("portraits/train", "nobody_portraits")
LIGHTS = {
    "plain": (1.0, 1.0, 1.0), "-1 stop": (0.5, 0.5, 0.5), "+1 stop": (2.0, 2.0, 2.0),
    "warm": (1.25, 1.0, 0.65), "cold": (0.75, 1.0, 1.4),
}  # fmt: skip
MOST_LIGHT, MOST_COLOUR = 4.0, 6.0


def in_light(photo: np.ndarray, gains: tuple[float, float, float]) -> np.ndarray:
    """A photo uint8 (256, 256, 3) as another light would have it; white around it stays white."""
    lit = encoded(LINEAR[photo] * np.array(gains, np.float32))
    lit[outside_photo(photo)] = 255
    return lit


def measure(folder: str, count: int) -> Figures:
    """The figures of one set."""
    dataset = Portraits(folder, "validation", paired=False)
    spread, tones = [], []
    for index in tqdm(evenly(len(dataset.rows), count), desc=folder, disable=None):
        row = dataset.rows[index]
        photo, mask = dataset.files.photo(row), dataset.files.mask(row)[..., 0].astype(np.float32) / 255
        points = dataset.files.landmarks([row])[0]
        hull = hull_mask(mask.shape, points)
        known = (row["gender"] or None, row["age_group"] or None)
        drawings = [
            draw_cartoon(in_light(photo, gains), points, mask, *known, likeness=LIKENESS) for gains in LIGHTS.values()
        ]
        skin = np.array([np.median(rgb_to_lab(drawing)[hull], axis=0) for drawing in drawings])
        apart = max(float(np.linalg.norm(one - other)) for one, other in combinations(skin[:, 1:], 2))
        spread.append((float(np.ptp(skin[:, 0])), apart))
        tones.append((float(np.median(rgb_to_lab(photo)[hull][:, 0])), float(skin[0, 0])))
    light, colour = np.array(spread).T
    return {
        "faces": len(spread),
        **mean_with_interval("light", light), "light_worst_tenth": float(np.percentile(light, 90)),
        **mean_with_interval("colour", colour), "colour_worst_tenth": float(np.percentile(colour, 90)),
        "follows": float(np.corrcoef(np.array(tones).T)[0, 1]), "drawn_deviation": float(np.std(tones, axis=0)[1]),
    }  # fmt: skip


@benchmark(__doc__, argument("--count", type=at_least(2), default=25, help="faces of each set"), OUT)
def main(options: Namespace) -> Result:
    figures = {folder: measure(folder, options.count) for folder in SETS}
    good = all(row["light"] <= MOST_LIGHT and row["colour"] <= MOST_COLOUR for row in figures.values())
    return Result(figures, reached=good)
