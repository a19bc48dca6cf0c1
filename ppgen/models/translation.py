"""What the recipes that translate between two domains share: one pass for several batches, one graph for a step."""

from typing import Any, Literal, NamedTuple

import numpy as np
import paddle
from paddle import Tensor, nn

from ppgen.device import on_cpu
from ppgen.errors import DataError
from ppgen.models.base import Batch, Model, Step
from ppgen.networks.blocks.norm_choice import mixes_samples
from ppgen.registry import NETWORKS

Game = Literal["vanilla", "logistic", "lsgan", "hinge"]


Output = Any  # of a network: a tensor, or a named tuple of several, an `image` among them where it draws


def picture(output: Output) -> Tensor:
    """The picture of a generator's output."""
    return output if isinstance(output, Tensor) else output.image


_LARGE = 128  # pixels a side


def together(network: nn.Layer, *batches: Tensor, heavy: bool = False) -> list[Output]:
    """The network's output for each batch, in one pass where that changes nothing and takes less time.

    Batches are joined if they have pictures of one shape and the network looks at every sample by itself. Large
    pictures on a CPU are not: memory takes the time there, and joined ones take more of it.

    Args:
        heavy: the network spends much of a pass on its weights, as spectral normalization does: join large ones too.
    """
    same = len({tuple(batch.shape[1:]) for batch in batches}) == 1
    large = on_cpu() and max(batches[0].shape[2:]) >= _LARGE and not heavy
    if len(batches) == 1 or not same or large or mixes_samples(network):
        return [network(batch) for batch in batches]
    whole = network(paddle.concat(batches))
    sizes = [batch.shape[0] for batch in batches]
    if isinstance(whole, Tensor):
        return paddle.split(whole, sizes)
    parts = [paddle.split(field, sizes) for field in whole]
    return [type(whole)(*fields) for fields in zip(*parts)]


def domain(batch: Batch, name: str) -> Tensor:
    """The pictures of domain 'a' or 'b', (N, 3, H, W); DataError if the dataset gives none."""
    if name not in batch:
        what = f"the dataset gives no domain '{name}' (a sample has {', '.join(sorted(batch))})"
        raise DataError(f"{what}; translation needs pairs or two domains, such as PairedImages or UnpairedImages")
    return paddle.to_tensor(batch[name])


def check_domains(model: Model, sample: Batch) -> None:
    """DataError where a dataset's sample lacks a domain, or its pictures are not of a size the generator takes.

    The generators draw the sample once: each network knows by itself which sizes it takes.
    """
    batch = {name: domain(sample, name).numpy()[None] for name in "ab"}
    for network in model.networks.values():
        network.eval()
    try:
        model.predict(batch, model.networks)
    finally:
        for network in model.networks.values():
            network.train()


class Translations(NamedTuple):
    """What the generators make of a batch, each field a generator's output."""

    a: Tensor
    b: Tensor
    fake_b: Output  # a, translated
    fake_a: Output  # b, translated
    same_a: Output  # a, which the way b -> a should leave alone; None where no loss asks
    same_b: Output

    def judged(self, name: str) -> tuple[Tensor, Tensor]:
        """The true and the made pictures of domain 'a' or 'b'."""
        return (self.a, picture(self.fake_a)) if name == "a" else (self.b, picture(self.fake_b))


class UnpairedTranslation(Model):
    """Base of recipes with a generator for each direction, `generator_ab` and `generator_ba`.

    Batches hold `a` and `b` (N, 3, H, W) in [-1, 1], without correspondence.

    Args:
        generator: config of a network picture -> picture; built twice.
        identity: whether a loss asks what the generators make of pictures that need no translation.
    """

    def __init__(self, generator: dict, identity: bool) -> None:
        self.networks = {name: NETWORKS.build(generator) for name in ("generator_ab", "generator_ba")}
        self._identity = identity

    def check_sample(self, sample: Batch) -> None:
        """Both domains, of a size the generators take."""
        check_domains(self, sample)

    def translations(self, batch: Batch, step: Step) -> Translations:
        """Both directions and both identities: two passes (of large pictures on a CPU four), whose one graph serves
        every phase of the step."""
        return step.once("translations", lambda: self._translate(domain(batch, "a"), domain(batch, "b")))

    def _translate(self, a: Tensor, b: Tensor) -> Translations:
        ab, ba = self.networks["generator_ab"], self.networks["generator_ba"]
        if not self._identity:
            return Translations(a, b, ab(a), ba(b), None, None)
        fake_b, same_b = together(ab, a, b)
        fake_a, same_a = together(ba, b, a)
        return Translations(a, b, fake_b, fake_a, same_a, same_b)

    def cycle(self, made: Translations) -> Tensor:
        """E|G_ba(G_ab(a)) - a| + E|G_ab(G_ba(b)) - b|: eq. 2 of Zhu et al. 2017, the last two passes of a step."""
        again_a = picture(self.networks["generator_ba"](picture(made.fake_b)))
        again_b = picture(self.networks["generator_ab"](picture(made.fake_a)))
        return (again_a - made.a).abs().mean() + (again_b - made.b).abs().mean()

    @staticmethod
    def identity(made: Translations) -> Tensor:
        """E|G_ba(a) - a| + E|G_ab(b) - b|: section 5.2 of Zhu et al. 2017."""
        return (picture(made.same_a) - made.a).abs().mean() + (picture(made.same_b) - made.b).abs().mean()

    @paddle.no_grad()
    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """The pictures of `a` translated to `b`."""
        return picture(networks["generator_ab"](domain(batch, "a"))).numpy()

    @paddle.no_grad()
    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Each domain, its translation, and that translated back."""
        shown: dict[str, np.ndarray] = {}
        for here, there in (("a", "b"), ("b", "a")):
            made = picture(networks[f"generator_{here}{there}"](domain(batch, here)))
            again = picture(networks[f"generator_{there}{here}"](made))
            shown |= {here: batch[here], f"{here} to {there}": made.numpy(), f"{here} again": again.numpy()}
        return shown
