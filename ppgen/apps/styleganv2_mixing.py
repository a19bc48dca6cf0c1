"""Two latents blended layer by layer: PaddleGAN's mixing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ppgen.apps.batch import check_output
from ppgen.apps.styleganv2 import StyleGANv2Predictor
from ppgen.apps.styleganv2_fitting import read_latent
from ppgen.latent.mixing import blend


class StyleGANv2MixingPredictor(StyleGANv2Predictor):
    """Blends two latents, such as `StyleGANv2FittingPredictor` writes; constructor as `StyleGANv2Predictor`."""

    def run(  # type: ignore[override]  (PaddleGAN's arguments)
        self, latent1: Any, latent2: Any, weights: float | Sequence[float] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw both and their mixture; writes src1.mixing.png, src2.mixing.png and dst.mixing.png.

        Args:
            latent1, latent2: .npy or .npz files, or arrays (count, latent_dim).
            weights: of the first, one for each layer or one for all; None: half of each.
        Returns:
            uint8 (S, S, 3) of the first, the second, the mixture.
        Raises:
            DataError: latents of another network. ConfigError: not one weight a layer.
        """
        check_output(self.output_path)
        first, second = (read_latent(source, self.network).w_plus for source in (latent1, latent2))
        pictures = self.draw_w(np.stack([first, second, blend(first, second, weights)]))
        for picture, name in zip(pictures, ("src1", "src2", "dst")):
            picture.save(self.output_path / f"{name}.mixing.png")
        return tuple(pictures.arrays)
