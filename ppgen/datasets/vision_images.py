"""Paddle's ready-made datasets as PaddleGAN's YAML asks for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from ppgen.compat.names import our_root
from ppgen.datasets.base import Dataset, Random, Sample
from ppgen.datasets.mnist import MNIST, FashionMNIST
from ppgen.datasets.sample_steps import build_steps, finished
from ppgen.errors import ConfigError
from ppgen.registry import DATASETS

_VISION = {"MNIST": MNIST, "FashionMNIST": FashionMNIST}


@DATASETS.register()
class VisionImages(Dataset):
    """Paddle's ready-made datasets by name: PaddleGAN's CommonVisionDataset.

    Args:
        dataset_name: MNIST or FashionMNIST.
        transforms: picture steps; (28, 28) uint8 goes in, float32 (1, H, W) comes out.
        return_label: whether a sample holds `label`.
        params: `mode` ("train" or "test"), or the files by `image_path` and `label_path`, and `download`.
    """

    def __init__(
        self,
        dataset_name: Literal["MNIST", "FashionMNIST"],
        transforms: list | None = None,
        return_label: bool = True,
        params: dict | None = None,
    ) -> None:
        if dataset_name not in _VISION:
            raise ConfigError(f"dataset_name: expected one of {', '.join(_VISION)}, found {dataset_name!r}")
        self._steps = build_steps(transforms or [], "transforms", pictures=True)
        self._return_label = return_label
        self._pictures = _VISION[dataset_name](**_arguments(dataset_name, params or {}))
        self.groups, self.classes = self._pictures.groups, self._pictures.classes
        self.sample(0)

    @property
    def labels(self) -> np.ndarray | None:
        """int64 (n,); None where none are returned."""
        return self._pictures.labels if self._return_label else None

    def relabel(self, classes: Sequence[str]) -> None:
        """See `WithClasses`."""
        self._pictures.relabel(classes)
        self.classes = self._pictures.classes

    def sample(self, index: int, rng: Random = None) -> Sample:
        """`image` float32 (1, H, W), `id`, `group`, and `label` int64 () if wanted."""
        pictures = [self._pictures.picture(index)[..., 0]]
        for step in self._steps:
            pictures = step(pictures, rng)
        sample = self._pictures.sample(index)
        if not self._return_label:
            del sample["label"]
        return {**sample, "image": finished(pictures[0], "image")}


def _arguments(dataset_name: str, params: dict) -> dict:
    """PaddleGAN's `params` as ours: mode -> split, a file's path -> the folder it lies in."""
    known = ("mode", "image_path", "label_path", "download", "backend")
    for key in params:
        if key not in known:
            raise ConfigError(f"params.{key}: unknown key (accepted: {', '.join(known)})")
    mode = params.get("mode", "train")
    if mode not in ("train", "test"):
        raise ConfigError(f"params.mode: expected train or test, found {mode!r}")
    arguments = {"split": mode, "download": params.get("download", True)}
    if dataset_name == "MNIST":  # as our own configs say it
        arguments["fallback"] = "digits"
    folders = {Path(params[key]).parent for key in ("image_path", "label_path") if params.get(key)}
    if len(folders) > 1:
        raise ConfigError("params.label_path: expected in the folder of image_path")
    if folders:
        arguments["dataroot"] = our_root(str(folders.pop()))
    return arguments
