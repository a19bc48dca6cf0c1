"""Adversarial objectives."""

from __future__ import annotations

import paddle


def lsgan_discriminator(real: paddle.Tensor, fake: paddle.Tensor) -> paddle.Tensor:
    """½ E[(D(x) - 1)²] + ½ E[D(G)²], eq. 9 of Mao et al. 2017 (a=0, b=1)."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def lsgan_generator(fake: paddle.Tensor) -> paddle.Tensor:
    """½ E[(D(G) - 1)²], eq. 9 of Mao et al. 2017 (c=1)."""
    return 0.5 * (fake - 1).square().mean()
