"""How good a drawing is beside the paired one: closeness, crispness, flatness, skin tone, likeness.

All functions take pictures as a person gets them, uint8 (H, W, 3) RGB, and regions as bool (H, W). Lengths
are given for 256-pixel portraits and scale with the picture. L* is CIE 1976 lightness of sRGB, 0 to 100.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import cv2
import numpy as np

from ppgen.errors import DataError
from ppgen.faces.identify import describe_chips, face_chip
from ppgen.faces.skin import hull_mask
from ppgen.io.image import to_uint8
from ppgen.metrics.base import Metric
from ppgen.metrics.retrieval import judged_chip, rank1_hits
from ppgen.registry import METRICS

MEAN_CARTOON_MAE = 42.9  #: what `masked_mae` is for the mean of the training cartoons, on validation at 256²
TEXTURE_SIGMA = 2.0  # pixels at 256: lines of a drawing are wider, grain and checkerboards are finer
# What is drawn with lines: the first and last landmarks of brows, eyes, nose and mouth, and by how many pixels at 256
# its outline reaches beyond them
_FEATURES = ((17, 21, 7), (22, 26, 7), (36, 41, 8), (42, 47, 8), (27, 35, 8), (48, 59, 8))


class Texture(NamedTuple):
    """Fine texture in L*: lines and grain together, and what lies between the lines."""

    mean: float  #: mean of the absolute high-pass; wrinkles, glasses and the outline of the face count too
    grain: float  #: median of it: near 0 where paint is flat, and blind to lines, which cover less than half


def lightness(picture: np.ndarray) -> np.ndarray:
    """L* of every pixel, float32 (H, W)."""
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 0]


def masked_mae(output: np.ndarray, cartoon: np.ndarray, inside: np.ndarray) -> float:
    """Mean absolute difference over the pixels `inside` and the three channels, in grey levels of 0..255."""
    return float(np.abs(output[inside].astype(np.int16) - cartoon[inside]).mean())


def gradient(picture: np.ndarray, inside: np.ndarray) -> float:
    """Mean magnitude of the gradient of L* `inside`, by Sobel's 3x3 operator, in L* per pixel.

    A blurred drawing has less of it than the paired one, a noisy one more.
    """
    light = lightness(picture)
    across, down = (cv2.Sobel(light, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return float(np.hypot(across, down)[inside].mean())


def fine_texture(picture: np.ndarray, inside: np.ndarray) -> Texture:
    """Fine texture `inside`, by the high-pass |L* - Gaussian of L* with sigma 2 (at 256)|."""
    light = lightness(picture)
    smooth = cv2.GaussianBlur(light, (0, 0), TEXTURE_SIGMA * picture.shape[0] / 256)
    high = np.abs(light - smooth)[inside]
    return Texture(float(high.mean()), float(np.median(high)))


def skin_region(landmarks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The hull of the landmarks without brows, eyes, nose and mouth, bool of `shape`.

    What is left out are the hulls of their landmarks, grown by 7 (brows) or 8 pixels at 256.
    """
    skin = hull_mask(shape, landmarks)
    for first, last, reach in _FEATURES:
        radius = max(1, round(reach * shape[0] / 256))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        skin &= cv2.dilate(hull_mask(shape, landmarks[first : last + 1]).astype(np.uint8), kernel) == 0
    return skin


class PairFigures(NamedTuple):
    """One drawing beside its paired cartoon."""

    mae: float  #: grey levels of 0..255 inside the mask
    gradient: float  #: of the drawing, L* per pixel inside the mask
    cartoon_gradient: float
    texture: float  #: mean fine texture of the drawing's skin, L*
    cartoon_texture: float
    grain: float  #: median fine texture of the drawing's skin, L*
    cartoon_grain: float
    lightness: float  #: median L* in the face hull, drawing minus paired cartoon


def pair_figures(output: np.ndarray, cartoon: np.ndarray, mask: np.ndarray, landmarks: np.ndarray) -> PairFigures:
    """All figures of one pair.

    Args:
        output, cartoon: (H, W, 3) uint8 RGB.
        mask: (H, W) in [0, 1]; inside is above 0.5.
        landmarks: (68, 2) pixels of these pictures.
    Raises:
        DataError: sizes differ, or mask or face lie outside the picture.
    """
    if output.shape != cartoon.shape or mask.shape != output.shape[:2]:
        raise DataError(f"drawing {output.shape}, cartoon {cartoon.shape} and mask {mask.shape} must be of one size")
    inside, hull = mask > 0.5, hull_mask(mask.shape, landmarks)
    skin = skin_region(landmarks, mask.shape)
    if not inside.any() or not skin.any():
        raise DataError("a drawing is measured inside its mask and face, and one of them holds no pixel")
    drawn, paired = fine_texture(output, skin), fine_texture(cartoon, skin)
    return PairFigures(
        mae=masked_mae(output, cartoon, inside),
        gradient=gradient(output, inside),
        cartoon_gradient=gradient(cartoon, inside),
        texture=drawn.mean,
        cartoon_texture=paired.mean,
        grain=drawn.grain,
        cartoon_grain=paired.grain,
        lightness=float(np.median(lightness(output)[hull]) - np.median(lightness(cartoon)[hull])),
    )


def ratio(rows: np.ndarray) -> float:
    """Mean of the first column of (n, 2) over mean of the second.

    Not the mean of ratios: a single face with next to no texture would explode it.
    """
    return float(rows[:, 0].mean() / max(rows[:, 1].mean(), 1e-9))


def figures_summary(figures: list[PairFigures], mean_cartoon_mae: float) -> dict[str, float]:
    """`mae`, `mae_ratio`, `gradient_ratio`, `texture_ratio`, `grain_ratio` of pairs; see `CartoonScores`."""
    table = np.array(figures)
    mae = float(table[:, 0].mean())
    columns = {"gradient": 1, "texture": 3, "grain": 5}
    ratios = {f"{name}_ratio": ratio(table[:, i : i + 2]) for name, i in columns.items()}
    return {"mae": mae, "mae_ratio": mae / mean_cartoon_mae} | ratios


@METRICS.register()
class CartoonScores(Metric):
    """Scores of drawings over a validation set.

    Args:
        mean_cartoon_mae: the error that `mae_ratio` is relative to, in grey levels.
        identity: also judge likeness with the shipped Face ID, about 0.05 s a portrait.

    Scores: `mae`, `mae_ratio`; `gradient_ratio`, `texture_ratio`, `grain_ratio`, where 1 is what the paired
    cartoons have; `lightness_<group>` and `lightness_abs_<group>`, means of the signed and of the absolute
    differences; `lightness_abs_worst` of the groups; `rank1` in [0, 1]; `overall`, lower is better, near and as
    crisp as the cartoon: mae_ratio + |gradient_ratio - 1| (either alone is best served by blur, or by noise).
    """

    def __init__(self, mean_cartoon_mae: float = MEAN_CARTOON_MAE, identity: bool = True) -> None:
        self.mean_cartoon_mae, self.identity = mean_cartoon_mae, identity
        self.reset()

    def reset(self) -> None:
        """Forget what was measured."""
        self._figures: list[PairFigures] = []
        self._groups: list[str] = []
        self._chips: list[tuple[np.ndarray, np.ndarray]] = []

    def update(self, batch: Mapping[str, np.ndarray], predictions: np.ndarray) -> None:
        """Measure drawings (N, 3, H, W) in [-1, 1] of a collated batch of `Portraits`.

        The batch holds `photo`, `cartoon` (N, 3, H, W) in [-1, 1], `mask` (N, 1, H, W) in [0, 1], `landmarks`
        (N, 68, 2), `id` and `group` (lists). Raises DataError, see `pair_figures`.
        """
        pictures = (np.asarray(predictions), batch["cartoon"], batch["photo"])
        drawn, cartoons, photos = (to_uint8(picture) for picture in pictures)
        for i, identifier in enumerate(batch["id"]):
            points = batch["landmarks"][i]
            self._figures.append(pair_figures(drawn[i], cartoons[i], batch["mask"][i, 0], points))
            self._groups.append(str(batch["group"][i]))
            if self.identity:
                self._chips.append(judged_and_true_chip(drawn[i], photos[i], points, identifier))

    def compute(self, describe: Callable[[np.ndarray], np.ndarray] | None = None) -> dict[str, float]:
        """The scores of everything measured since `reset`.

        Args:
            describe: chips (N, 150, 150, 3) uint8 -> descriptors (N, D); None is the shipped Face ID.
        Raises:
            DataError: nothing was measured.
        """
        if not self._figures:
            raise DataError("no drawing was measured: the validation dataset is empty")
        scores = figures_summary(self._figures, self.mean_cartoon_mae)
        tone = np.array([figures.lightness for figures in self._figures])
        groups = np.array(self._groups)
        for group in sorted(set(self._groups)):
            scores[f"lightness_{group}"] = float(tone[groups == group].mean())
            scores[f"lightness_abs_{group}"] = float(np.abs(tone[groups == group]).mean())
        scores["lightness_abs_worst"] = max(v for k, v in scores.items() if k.startswith("lightness_abs_"))
        scores["overall"] = scores["mae_ratio"] + abs(scores["gradient_ratio"] - 1)
        if self.identity:
            scores["rank1"] = self._rank1(describe or describe_chips)
        return scores

    def _rank1(self, describe: Callable[[np.ndarray], np.ndarray]) -> float:
        drawn, photos = (np.stack(chips) for chips in zip(*self._chips))
        return float(rank1_hits(describe(drawn), describe(photos)).mean())


def judged_and_true_chip(
    drawing: np.ndarray, photo: np.ndarray, landmarks: np.ndarray, identifier: str
) -> tuple[np.ndarray, np.ndarray]:
    """The 150-pixel chips that retrieval compares: of the drawing, coarse and displaced, and of the photo."""
    return judged_chip(drawing, landmarks, identifier), face_chip(photo, landmarks)
