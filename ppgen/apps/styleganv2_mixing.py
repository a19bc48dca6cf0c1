"""Two latents blended layer by layer: PaddleGAN's mixing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ppgen.apps.styleganv2 import StyleGANv2Predictor, check_finite
from ppgen.apps.styleganv2_fitting import read_latent
from ppgen.io.atomic import check_output
from ppgen.io.image import save_image
from ppgen.latent.mixing import blend


class StyleGANv2MixingPredictor(StyleGANv2Predictor):
    """Blends two latents, such as `StyleGANv2FittingPredictor` writes; constructor as `StyleGANv2Predictor`."""

    def run(  # type: ignore[override]  (PaddleGAN's arguments)
        self, latent1: Any, latent2: Any, weights: float | Sequence[float] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw both and their mixture; writes src1.mixing.png, src2.mixing.png and dst.mixing.png.

        Each is drawn with its own noise, the mixture with the first's; without any: with the stored.

        Args:
            latent1, latent2: .npy or .npz files, or arrays (count, latent_dim).
            weights: of the first, one for each layer or one for all; None: half of each.
        Returns:
            uint8 (S, S, 3) of the first, the second, the mixture.
        Raises:
            DataError: latents of another network. ConfigError: not one finite weight a layer.
        """
        check_output(self.output_path)
        if weights is not None:
            check_finite("weights", weights)
        first, second = (read_latent(source, self.network) for source in (latent1, latent2))
        mixed = blend(first.w_plus, second.w_plus, weights)
        before, after = self.draw_w(np.stack([first.w_plus, mixed]), first.noise).arrays
        pictures = (before, self.draw_w(second.w_plus, second.noise).arrays[0], after)
        for picture, name in zip(pictures, ("src1", "src2", "dst")):
            save_image(self.output_path / f"{name}.mixing.png", picture)
        return pictures
