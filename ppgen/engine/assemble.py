"""From a config to what trains: datasets, recipe, and a look at the first sample before anything runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

from ppgen.engine.trainer import Trainer
from ppgen.errors import DataError
from ppgen.registry import DATASETS, MODELS


def build(config: dict[str, Any]) -> tuple[Any, Any, Any]:
    """(recipe, training dataset, validation dataset or None) of a config; its epochs become steps."""
    datasets = {key: DATASETS.build(value) for key, value in config["dataset"].items()}
    batch = config.get("loader", {}).get("batch_size", 4)
    steps_an_epoch = max(1, len(datasets["train"]) // batch)
    if "epochs" in config:
        config["total_iters"] = config.pop("epochs") * steps_an_epoch
    checkpoint = config.get("checkpoint", {})
    if epochs := checkpoint.pop("interval_epochs", 0):
        checkpoint["interval"] = epochs * steps_an_epoch
    paddle.seed(config["seed"])
    model = MODELS.build(config["model"])
    for dataset in datasets.values():
        _check_first(model, dataset)
    return model, datasets["train"], datasets.get("validation")


def _check_first(model: Any, dataset: Any) -> None:
    """ConfigError unless the first sample that can be read is what the model's networks read."""
    for index in range(min(len(dataset), 16)):
        try:
            sample = dataset.sample(index)
        except DataError:
            continue  # loader.on_corrupt says what becomes of those
        model.check_sample(sample)
        return


def describe(trainer: Trainer) -> None:
    """Print what --dry-run shows: the networks' sizes, a batch, the length of the training."""
    total = 0
    for name, network in trainer.model.networks.items():
        count = sum(int(np.prod(p.shape)) for p in network.parameters())
        total += count
        print(f"{name}: {type(network).__name__}, {count / 1e6:.2f} M parameters")
    print(f"memory for weights, gradients and Adam: about {total * 16 / 2**20:.0f} MiB, activations not counted")
    for key, value in trainer.stream.batch(0, ahead=0).items():
        is_array = isinstance(value, np.ndarray)
        print(f"batch.{key}: {value.dtype} {list(value.shape)}" if is_array else f"batch.{key}: {len(value)} values")
    trainer.stream.close()
    print(f"training samples: {len(trainer.stream.dataset)}; steps: {trainer.total}")
