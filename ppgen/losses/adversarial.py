"""Adversarial objectives by name: what a discriminator and a generator minimize, given logits.

`objective("hinge").discriminator(real_logits, fake_logits)` and `.generator(fake_logits)` are scalars. Logits may
have any shape: one verdict an image or one a patch. Half precision is the caller's matter.
"""

from collections.abc import Callable
from dataclasses import dataclass

import paddle
import paddle.nn.functional as F

from ppgen.registry import NamedParts

Term = Callable[[paddle.Tensor], paddle.Tensor]


@dataclass(frozen=True)
class Objective:
    """One game: the discriminator minimizes real + fake term, the generator its own.

    Attributes:
        name: as in `objective`.
        real, fake: the discriminator's terms on logits of real and of made images.
        generator: the generator's loss on logits of made images.
        pairs: each made image is judged beside a real one: `real` gets D(x) - D(G), `generator` D(G) - D(x), and
            `fake` is not used.
        verdict: logits -> D(x), which a good generator brings to ½; None where logits are a critic's unbounded scores.
    """

    name: str
    real: Term
    fake: Term
    generator: Term
    verdict: Term | None = None
    pairs: bool = False

    def discriminator(self, real_logits: paddle.Tensor, fake_logits: paddle.Tensor) -> paddle.Tensor:
        """What the discriminator minimizes, a scalar; the fakes' logits must come from detached images."""
        if self.pairs:
            return self.real(real_logits - fake_logits)
        return self.real(real_logits) + self.fake(fake_logits)


def _bce(logits: paddle.Tensor, target: float) -> paddle.Tensor:
    return F.binary_cross_entropy_with_logits(logits, paddle.full_like(logits, target))


_WASSERSTEIN = (lambda real: -real.mean(), lambda fake: fake.mean(), lambda fake: -fake.mean())

OBJECTIVES: NamedParts[Objective] = NamedParts("objective", "ppgen.losses")
for _objective in (
    # D: -E[log s(D(x))] - E[log(1 - s(D(G)))], G: -E[log s(D(G))] (s the sigmoid): eq. 1 of Goodfellow et
    # al. 2014 and the generator's loss of its section 3, as binary cross-entropy with logits.
    Objective("vanilla", lambda x: _bce(x, 1.0), lambda x: _bce(x, 0.0), lambda x: _bce(x, 1.0), F.sigmoid),
    # The same game as E[softplus(-D(x))] + E[softplus(D(G))]; E[softplus(-D(G))]: the form and the name that
    # StyleGAN and StyleGAN2 use ("non-saturating logistic loss", Karras et al. 2019 and 2020).
    Objective(
        "logistic",
        lambda real: F.softplus(-real).mean(),
        lambda fake: F.softplus(fake).mean(),
        lambda fake: F.softplus(-fake).mean(),
        F.sigmoid,
    ),
    # ½ E[(D(x) - 1)²] + ½ E[D(G)²]; ½ E[(D(G) - 1)²]: eq. 9 of Mao et al. 2017, a=0, b=c=1.
    Objective(
        "lsgan",
        lambda real: 0.5 * (real - 1).square().mean(),
        lambda fake: 0.5 * fake.square().mean(),
        lambda fake: 0.5 * (fake - 1).square().mean(),
        lambda logits: logits,
    ),
    # E[D(G)] - E[D(x)]; -E[D(G)]: eq. 2 and algorithm 1 of Arjovsky et al. 2017. The critic must be kept
    # Lipschitz: by clipping its weights (wgan), or by a penalty (wgangp: Gulrajani et al. 2017, eq. 3).
    Objective("wgan", *_WASSERSTEIN),
    Objective("wgangp", *_WASSERSTEIN),
    # E[max(0, 1 - D(x))] + E[max(0, 1 + D(G))]; -E[D(G)]: eqs. 4-5 of Lim and Ye 2017 (also Miyato et al. 2018).
    Objective(
        "hinge",
        lambda real: F.relu(1 - real).mean(),
        lambda fake: F.relu(1 + fake).mean(),
        lambda fake: -fake.mean(),
    ),
    # E[softplus(-(D(x) - D(G)))]; E[softplus(-(D(G) - D(x)))]: the relativistic pairing of Jolicoeur-Martineau 2018
    # with the function of Huang et al. 2024 (R3GAN, eq. 2), who add penalties on real and on made images.
    Objective(
        "relativistic",
        lambda apart: F.softplus(-apart).mean(),
        lambda fake: paddle.zeros([], fake.dtype),
        lambda apart: F.softplus(-apart).mean(),
        pairs=True,
    ),
):
    OBJECTIVES.add(_objective.name, _objective)


def objective(name: str) -> Objective:
    """The objective called `name`: vanilla, logistic, lsgan, wgan, wgangp, hinge or relativistic.

    Raises:
        ConfigError: for any other name.
    """
    return OBJECTIVES.get(name)
