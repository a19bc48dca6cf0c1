"""Convolutions that start as the GAN papers' do, the norm behind them by name, and whether samples stay apart."""

from collections.abc import Callable, Mapping

from paddle import ParamAttr, nn
from paddle.nn.initializer import Normal

from ppgen.errors import ConfigError
from ppgen.networks.blocks.norm import BatchStatisticsNorm


def small_weights() -> ParamAttr:
    """N(0, 0.02) to start from, as in DCGAN (section 4), pix2pix and CycleGAN."""
    return ParamAttr(initializer=Normal(0.0, 0.02))


def convolution(*sizes: int, bias: bool = True) -> nn.Conv2D:
    """One that starts from `small_weights`; sizes: channels in and out, kernel and, if not 1 and 0, stride, padding."""
    return nn.Conv2D(*sizes, weight_attr=small_weights(), bias_attr=None if bias else False)


def transposed_convolution(
    inside: int, outside: int, kernel: int, stride: int = 2, padding: int = 1, extra: int = 0, *, bias: bool = True
) -> nn.Conv2DTranspose:
    """One that starts from `small_weights`; `extra`: rows and columns added to the output.

    Paddle's own kernel: measured 2-10 times as fast on a CPU as its phases by hand (MKL's fast path on).
    """
    bias_attr = None if bias else False
    return nn.Conv2DTranspose(
        inside, outside, kernel, stride, padding, extra, weight_attr=small_weights(), bias_attr=bias_attr
    )


def frozen_instance_norm(channels: int) -> nn.InstanceNorm2D:
    """Instance norm with a scale and a bias that published weights hold and no training changes."""
    return nn.InstanceNorm2D(channels, weight_attr=ParamAttr(trainable=False), bias_attr=ParamAttr(trainable=False))


Norms = Mapping[str, Callable[[int], nn.Layer] | None]  # by name: channels -> the layer; None: no norm
#: "batch" is by the batch at hand, in evaluation too.
NORMS: Norms = {"batch": BatchStatisticsNorm, "instance": frozen_instance_norm, "none": None}


def norm_layers(kind: str, channels: int, owner: str, norms: Norms = NORMS) -> list[nn.Layer]:
    """One layer, or none for "none".

    Args:
        owner: who asks, for the message.

    Raises:
        ConfigError: for another `kind`.
    """
    if kind not in norms:
        raise ConfigError(f"{owner}: norm must be 'batch', 'instance' or 'none', got '{kind}'")
    norm = norms[kind]
    return [norm(channels)] if norm else []


def mixes_samples(network: nn.Layer) -> bool:
    """Whether what the network makes of one sample depends on the others in the batch."""
    kinds = (BatchStatisticsNorm, nn.BatchNorm, nn.BatchNorm2D, nn.BatchNorm1D)
    return any(isinstance(layer, kinds) for layer in network.sublayers(include_self=True))
