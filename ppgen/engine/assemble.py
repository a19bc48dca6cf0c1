"""From a config to what trains: datasets, recipe, a look at the first samples before anything runs, trainer."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import paddle

from ppgen.datasets.base import Sample, WithClasses
from ppgen.datasets.stream import Reader, Samples
from ppgen.device import memory
from ppgen.engine.rehearsal import rehearse, understood
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer, Watcher
from ppgen.errors import ConfigError, DataError
from ppgen.io.terminal import say
from ppgen.models.base import Model
from ppgen.networks.protocols import OfPictures
from ppgen.registry import DATASETS, MODELS

_TURNS = 8  # times that a sample may come in one batch


class Parts(NamedTuple):
    """What a config names, built. config: its epochs are steps now. validation: None where it names none."""

    config: TrainingConfig
    model: Model
    train: Samples
    validation: Samples | None


def build_parts(config: TrainingConfig) -> Parts:
    """Datasets and recipe; ConfigError where the first sample is not what the networks read."""
    if config.validate.metric and "validation" not in config.dataset:
        advice = "give dataset.validation, or leave the metric out (-o validate.metric={})"
        raise ConfigError(f"validate.metric: nothing would be scored, as there is no validation dataset; {advice}")
    datasets: dict[str, Samples] = {key: DATASETS.build(value) for key, value in config.dataset.items()}
    paddle.seed(config.seed)
    model: Model = MODELS.build(config.model)
    train = datasets["train"]
    if _draws_classes(model):
        _share_classes(datasets)
    for dataset in datasets.values():
        _check_first(model, dataset)
    _check_batch(config, train)
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


def _check_batch(config: TrainingConfig, dataset: Samples) -> None:
    """ConfigError for a batch that was hardly meant, or that memory cannot hold."""
    size, count = config.loader.batch_size, len(dataset)
    if size > _TURNS * count:
        times = f"so that each comes {size // count} times a step"
        raise ConfigError(f"loader.batch_size: {size}, and dataset.train has {count} samples, {times}; take fewer")
    reader = Reader(dataset)
    sample = dict(next(filter(None, (reader.read(index, None) for index in range(min(count, 16)))), Sample()))
    gigabytes = size * sum(value.nbytes for value in sample.values() if isinstance(value, np.ndarray)) / 1e9
    if gigabytes > memory() / 2:
        given = f"{size} samples take {gigabytes:.0f} GB, and this machine has {memory():.0f} GB of memory"
        raise ConfigError(f"loader.batch_size: {given}; take fewer, with loader.accumulate if you like")


def _check_first(model: Model, dataset: Samples) -> None:
    for index in range(min(len(dataset), 16)):
        try:
            sample = dataset.sample(index, None)
        except DataError:
            continue  # loader.on_corrupt says what becomes of those
        with understood("a sample of the dataset, given to the networks,"):
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
        say(f"{name}: {type(network).__name__}, {count / 1e6:.2f} M parameters")
    say(f"memory for weights, gradients and Adam: about {total * 16 / 2**20:.0f} MiB, activations not counted")
    size = trainer.config.loader.batch_size
    for key, value in trainer.stream.reader.nearest(0, [trainer.config.seed]).items():
        held = f"{value.dtype} {[size, *value.shape]}" if isinstance(value, np.ndarray) else f"{size} values"
        say(f"batch.{key}: {held}")
    say(f"training samples: {len(trainer.stream.dataset)}; steps: {trainer.config.total_iters}")
    for line in rehearse(trainer):
        say(line)
