"""The gradient penalty: its value where it is known, its gradient against finite differences for every critic."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen.losses.penalties import gradient_penalty
from ppgen.networks.dcgan import DCGANDiscriminator
from ppgen.networks.mlp_gan import MLPDiscriminator
from ppgen.networks.patch_discriminator import PatchDiscriminator
from ppgen.networks.pggan import PGGANDiscriminator


def pictures(side: int, channels: int = 3, count: int = 3, dtype: str = "float64") -> list[paddle.Tensor]:
    rng = np.random.default_rng(5)
    arrays = [rng.uniform(-1, 1, (count, channels, side, side)) for _ in range(2)] + [rng.random((count, 1, 1, 1))]
    return [paddle.to_tensor(array.astype(dtype)) for array in arrays]


def test_linear_critic():
    """D(x) = w.x has the slope |w| everywhere: over all pixels and channels, not over channels only."""
    real, fake, alpha = pictures(4)
    weight = paddle.to_tensor(np.full((1, 3, 4, 4), 0.25))
    length = 0.25 * np.sqrt(48)

    def critic(x):
        return (x * weight).sum(axis=[1, 2, 3])

    assert float(gradient_penalty(critic, real, fake, alpha)) == pytest.approx((length - 1) ** 2)
    assert float(gradient_penalty(critic, real, fake, alpha, center=2.0)) == pytest.approx((length - 2) ** 2)
    assert float(gradient_penalty(critic, real, fake, alpha, center=2.0, one_sided=True)) == 0.0
    assert float(gradient_penalty(critic, real, fake, alpha, one_sided=True)) == pytest.approx((length - 1) ** 2)


def test_slope_is_taken_between_the_pictures():
    """D(x) = ½|x|² has the gradient x."""
    real, fake, alpha = pictures(4)
    between = alpha.numpy() * real.numpy() + (1 - alpha.numpy()) * fake.numpy()
    wanted = ((np.sqrt((between**2).sum(axis=(1, 2, 3))) - 1) ** 2).mean()
    found = gradient_penalty(lambda x: 0.5 * x.square().sum(axis=[1, 2, 3]), real, fake, alpha)
    assert float(found) == pytest.approx(wanted)


def test_a_critic_that_sees_nothing_has_a_finite_gradient():
    weight = paddle.to_tensor(np.zeros((1, 3, 4, 4)), stop_gradient=False)
    gradient_penalty(lambda x: (x * weight).sum(axis=[1, 2, 3]), *pictures(4)).backward()
    assert np.isfinite(weight.grad.numpy()).all()


def growing(level: float) -> PGGANDiscriminator:
    network = PGGANDiscriminator(widths=[6, 5, 4])
    network.set_level(level)
    return network


CRITICS = {  # critic, side of its pictures
    "dcgan instance": (lambda: DCGANDiscriminator(3, 4, 16, norm="instance"), 16),
    "dcgan none": (lambda: DCGANDiscriminator(3, 4, 16, norm="none"), 16),
    "dcgan classes": (lambda: DCGANDiscriminator(3, 4, 16, norm="instance", classes=3), 16),
    "patch": (lambda: PatchDiscriminator(base_channels=4, layers=2), 16),
    "mlp": (lambda: MLPDiscriminator(8, 3, 16, dropout=0.0), 8),
    "pggan stage": (lambda: growing(1.0), 8),
    "pggan fade": (lambda: growing(1.4), 16),
}


@pytest.mark.parametrize("one_sided", [False, True])
@pytest.mark.parametrize("name", CRITICS)
def test_gradient_equals_finite_differences(name, one_sided):
    """Along the gradient itself, so that every weight takes part."""
    paddle.seed(4)
    build, side = CRITICS[name]
    network = build()
    network.to(dtype="float64")
    labels = (paddle.to_tensor([0, 2, 1]),) if getattr(network, "classes", None) else ()
    weights = [p for p in network.parameters() if p.trainable]
    for weight in weights:
        if "instance" not in name and weight.ndim == 4 and "pggan" not in name:
            weight.set_value(weight * 8)  # away from the flat start, where the one-sided penalty is zero

    def penalty():
        def critic(x):
            return 40 * network(x, *labels)

        return gradient_penalty(critic, *pictures(side), one_sided=one_sided)

    gradients = [g for g in paddle.grad(penalty(), weights, allow_unused=True)]
    pairs = [(w, g.numpy()) for w, g in zip(weights, gradients) if g is not None]
    slope = np.sqrt(sum((g**2).sum() for _, g in pairs))
    assert slope > 1e-3
    starts, values, step = [w.numpy() for w, _ in pairs], [], 1e-6
    for sign in (1, -1):
        for (weight, gradient), start in zip(pairs, starts):
            weight.set_value(start + sign * step * gradient / slope)
        values.append(float(penalty()))
    assert (values[0] - values[1]) / (2 * step) == pytest.approx(slope, rel=1e-3)
