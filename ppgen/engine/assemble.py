"""From a config to what trains: datasets, recipe, a look at the first samples before anything runs, trainer."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import paddle

from ppgen.datasets.base import WithClasses
from ppgen.datasets.stream import Samples
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer, Watcher
from ppgen.errors import DataError
from ppgen.models.base import Model
from ppgen.networks.protocols import OfPictures
from ppgen.registry import DATASETS, MODELS


class Parts(NamedTuple):
    """What a config names, built. config: its epochs are steps now. validation: None where it names none."""

    config: TrainingConfig
    model: Model
    train: Samples
    validation: Samples | None


def build_parts(config: TrainingConfig) -> Parts:
    """Datasets and recipe; ConfigError where the first sample is not what the networks read."""
    datasets: dict[str, Samples] = {key: DATASETS.build(value) for key, value in config.dataset.items()}
    paddle.seed(config.seed)
    model: Model = MODELS.build(config.model)
    train = datasets["train"]
    if _draws_classes(model):
        _share_classes(datasets)
    for dataset in datasets.values():
        _check_first(model, dataset)
    return Parts(config.in_steps(len(train)), model, train, datasets.get("validation"))


def build_trainer(config: TrainingConfig, folder: Path, watcher: Watcher | None = None) -> Trainer:
    """The training of a config in a run folder, which is not made yet."""
    config, model, train, validation = build_parts(config)
    return Trainer(model, config, folder, train, validation, watcher)


def _draws_classes(model: Model) -> bool:
    return any(isinstance(net, OfPictures) and net.classes is not None for net in model.networks.values())


def _share_classes(datasets: dict[str, Samples]) -> None:
    """Number the labels of all datasets by the classes of the training set; DataError for a class that it has not."""
    train = datasets["train"]
    if not isinstance(train, WithClasses) or train.labels is None:
        return
    for key, dataset in datasets.items():
        if dataset is train or not isinstance(dataset, WithClasses) or dataset.labels is None:
            continue
        try:
            dataset.relabel(train.classes)
        except DataError as error:
            raise DataError(f"dataset.{key}: {error}; dataset.train has no picture of it") from error
        strange = np.setdiff1d(dataset.labels, train.labels)
        if len(strange):
            what = f"has pictures of the class '{train.classes[strange[0]]}', of which dataset.train has none"
            raise DataError(f"dataset.{key}: {what}; add some there, or leave the class out")


def _check_first(model: Model, dataset: Samples) -> None:
    for index in range(min(len(dataset), 16)):
        try:
            sample = dataset.sample(index, None)
        except DataError:
            continue  # loader.on_corrupt says what becomes of those
        model.check_sample(dict(sample))
        if isinstance(dataset, WithClasses) and dataset.labels is not None:  # a rare class would come after hours
            for label in np.unique(dataset.labels):
                model.check_sample({**sample, "label": label})
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
    print(f"training samples: {len(trainer.stream.dataset)}; steps: {trainer.config.total_iters}")
