"""Pictures out of nothing but a seed, by any network that draws from a latent."""

import os

from ppgen import hub
from ppgen.apps.drawings import Drawings
from ppgen.apps.latent_model import LatentPredictor, latent_model
from ppgen.io.atomic import check_output, say_replaced
from ppgen.networks.protocols import LatentGenerator


class GANPredictor(LatentPredictor[LatentGenerator]):
    """Draws pictures from seeds; the same seed gives the same picture on every device.

    output_path: folder of the pictures that `run` writes.
    weight_path: a generator's weights (or a VAE's), or a shipped network's name; None: what `model` names.
    model: without `weight_path`, a shipped or published network's name, or a weights file; None: the shipped StyleGAN2
        of faces. With it, which network that file fills, where the file does not say so.
    The network is loaded when the first picture is drawn, once.

        gan = GANPredictor()
        gan.grid(seed=7, count=64).save('grid.png')
        gan.seeds([233])[0].save('face.png')

    `draw`, `seeds`, `grid`, `walk` and `loop` are those of `ppgen.apps.latent_model.LatentModel`.
    Raises WeightsError, at the first drawing, where there is no such file or name.
    """

    shipped = hub.FACES

    def __init__(
        self,
        output_path: str | os.PathLike = "output",
        weight_path: str | os.PathLike | None = None,
        model: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(output_path, latent_model(weight_path, model, self.shipped))

    def run(
        self, seed: int = 0, count: int = 1, label: int | str | None = None, truncation: float | None = None
    ) -> Drawings:
        """Draw and write `sample.png` into the output folder: one picture, or a sheet of `count`.

        With classes and no label, one picture of each class.
        Raises OutputError (known before any work), WeightsError, ConfigError.
        """
        check_output(self.output_path)
        if self.classes is not None and label is None:
            count = max(count, self.classes)
        drawings = self.grid(seed, count, label, truncation)
        place = self.output_path / "sample.png"
        say_replaced(place)
        (drawings[0] if len(drawings) == 1 else drawings).save(place)
        return drawings
