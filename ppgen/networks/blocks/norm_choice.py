"""The normalization a translation network is built with, by name, and whether samples of a batch stay apart."""

from __future__ import annotations

from paddle import ParamAttr, nn

from ppgen.errors import ConfigError
from ppgen.networks.blocks.norm import BatchStatisticsNorm


def frozen_instance_norm(channels: int) -> nn.InstanceNorm2D:
    """Instance norm with a scale and a bias that published weights hold and no training changes."""
    return nn.InstanceNorm2D(channels, weight_attr=ParamAttr(trainable=False), bias_attr=ParamAttr(trainable=False))


def norm_layers(kind: str, channels: int, owner: str) -> list[nn.Layer]:
    """One layer for "batch" (by the batch at hand, in evaluation too) or "instance", none for "none".

    Args:
        owner: who asks, for the message.

    Raises:
        ConfigError: for another `kind`.
    """
    if kind == "batch":
        return [BatchStatisticsNorm(channels)]
    if kind == "instance":
        return [frozen_instance_norm(channels)]
    if kind == "none":
        return []
    raise ConfigError(f"{owner}: norm must be 'batch', 'instance' or 'none', got '{kind}'")


def mixes_samples(network: nn.Layer) -> bool:
    """Whether what the network makes of one sample depends on the others in the batch."""
    kinds = (BatchStatisticsNorm, nn.BatchNorm, nn.BatchNorm2D, nn.BatchNorm1D)
    return any(isinstance(layer, kinds) for layer in network.sublayers(include_self=True))
