"""Datasets that prepare their pictures by a PaddleGAN list of transforms.

The door for PaddleGAN's YAML; our own configs use `ImageFolder`, `PairedImages`, `UnpairedImages`, `MNIST`, which say
the same with fewer words and keep decoded pictures. Its dataset names and what they become here, arguments unchanged
but for `batch_size` and `num_workers` (which belong to the loader) and a leading `data/` of a root (PaddleGAN's roots
are relative to the working directory, ours to the data folder; see `our_root`):

    SingleDataset(dataroot, preprocess)                 PreprocessedImages   sample key `image`
    PairedDataset(dataroot, preprocess)                 PreprocessedPairs    `a`, `b`
    UnpairedDataset(dataroot_a, dataroot_b, max_size,
                    is_train, preprocess)               PreprocessedDomains  `a`, `b`
    CommonVisionDataset(dataset_name, transforms,
                        return_label, params)           VisionImages         `image`, `label`
"""

from __future__ import annotations

import copy
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ppgen.compat.names import our_root
from ppgen.config.validate import check_named
from ppgen.datasets.digits import LabelledPictures
from ppgen.datasets.files import data_root, ids_of, pictures_under
from ppgen.datasets.mnist import MNIST, FashionMNIST
from ppgen.datasets.transforms import PictureStep, Sample, Transforms
from ppgen.datasets.unpaired_images import at_most
from ppgen.errors import ConfigError, DataError, PPGenError
from ppgen.io.image import load_image
from ppgen.registry import DATASETS, TRANSFORMS

_VISION = {"MNIST": MNIST, "FashionMNIST": FashionMNIST}


def check_steps(steps: Any, where: str = "preprocess", pictures: bool = False) -> list[str]:
    """All faults of a `preprocess` list (or, with `pictures`, of a pipeline), each with its YAML path."""
    if not isinstance(steps, list):
        return [f"{where}: expected a list of transforms, found {steps!r}"]
    faults = []
    for number, config in enumerate(steps):
        place = f"{where}[{number}]"
        found = check_named(TRANSFORMS, config, place)
        if not found:
            is_picture_step = issubclass(TRANSFORMS.get(config["name"]), PictureStep)
            if is_picture_step != pictures:
                right = "the `pipeline` of a Transforms step" if is_picture_step else "`preprocess`"
                found = [f"{place}.name: {config['name']} belongs into {right}"]
            elif config["name"] == Transforms.__name__:
                found = check_steps(config["pipeline"], f"{place}.pipeline", pictures=True)
        if not found:
            found = _refused(config, place)
        faults += found
    return faults


def _refused(config: dict[str, Any], place: str) -> list[str]:
    try:
        TRANSFORMS.build(config)
    except PPGenError as error:
        return [f"{place}: {error}"]
    return []


def build_steps(steps: list, where: str = "preprocess", pictures: bool = False) -> list[Any]:
    """The transforms of a list; one ConfigError holds every fault of it, a line each."""
    faults = check_steps(steps, where, pictures)
    if faults:
        raise ConfigError("\n".join(faults))
    return [TRANSFORMS.build(config) for config in steps]


def finished(picture: Any, name: str) -> np.ndarray:
    """The picture as the networks take it: float32 (C, H, W); ConfigError where the list ends too early."""
    good = isinstance(picture, np.ndarray) and picture.ndim == 3 and picture.shape[0] in (1, 3)
    if not good or picture.dtype == np.uint8:
        found = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
        raise ConfigError(
            f"preprocess: '{name}' comes out as {found}, not as float32 (channels, height, width); "
            "end the pipeline with Transpose and Normalize, with all `keys`"
        )
    return np.ascontiguousarray(picture, np.float32)


class _Preprocessed(ABC):
    """Files -> steps -> named pictures. `outputs` maps the list's key to the sample's."""

    outputs: dict[str, str]

    def __init__(self, preprocess: list, length: int) -> None:
        self._steps = build_steps(preprocess)
        self._length = length
        self.groups = ["all"] * length
        self._check(self.sources(0, None))

    def __len__(self) -> int:
        return self._length

    @abstractmethod
    def sources(self, index: int, rng: np.random.Generator | None) -> Sample:
        """The files of one sample: `<key>_path` -> path."""

    def _check(self, sample: Sample) -> None:
        """Run the first sample, so that a list that cannot work is refused before a training starts."""
        try:
            self._run(sample, None)
        except DataError:
            return  # about a file, not about the list: it is named when the sample is read

    def _run(self, sample: Sample, rng: np.random.Generator | None) -> dict[str, np.ndarray]:
        for step in self._steps:
            step(sample, rng)
        absent = [key for key in self.outputs if key not in sample]
        if absent:
            raise ConfigError(f"preprocess: no step makes '{absent[0]}' (there are: {', '.join(sorted(sample))})")
        return {ours: finished(sample[key], key) for key, ours in self.outputs.items()}

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """The pictures float32 (C, H, W) and `id`, the first file's name.

        Raises:
            DataError: a file is damaged; it is named.
        """
        sources = self.sources(index, rng)
        name = next(iter(sources.values())).stem
        return {**self._run(sources, rng), "id": name}


@DATASETS.register()
class PreprocessedImages(_Preprocessed):
    """Single pictures: PaddleGAN's SingleDataset. The list loads the key `A`; a sample holds `image` and `id`."""

    outputs = {"A": "image"}

    def __init__(self, dataroot: str, preprocess: list) -> None:
        self._paths = pictures_under(data_root(dataroot))
        self._names = ids_of(self._paths, data_root(dataroot))
        super().__init__(preprocess, len(self._paths))

    def sources(self, index: int, rng: np.random.Generator | None) -> Sample:
        """See the base."""
        return {"A_path": self._paths[index]}

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """See the base; an id is a seed, so no two are equal."""
        return {**super().sample(index, rng), "id": self._names[index]}


@DATASETS.register()
class PreprocessedPairs(_Preprocessed):
    """Pairs side by side: PaddleGAN's PairedDataset.

    The list loads the key `pair` and cuts it into `A` and `B`; a sample holds `a`, `b` and `id`. Which of them is the
    input is said by the model's `direction`.
    """

    outputs = {"A": "a", "B": "b"}

    def __init__(self, dataroot: str, preprocess: list) -> None:
        self._paths = pictures_under(data_root(dataroot))
        super().__init__(preprocess, len(self._paths))

    def sources(self, index: int, rng: np.random.Generator | None) -> Sample:
        """See the base."""
        return {"pair_path": self._paths[index]}


@DATASETS.register()
class PreprocessedDomains(_Preprocessed):
    """Two domains: PaddleGAN's UnpairedDataset. A sample holds `a`, `b` and `id`.

    A by index, B at random while training; both by index where `is_train` is false. The length is that of the
    larger domain. `max_size` cuts both domains; PaddleGAN accepts it and ignores it. `damaged_b` holds what was
    wrong with damaged pictures of B (index in B -> sentence).
    """

    outputs = {"A": "a", "B": "b"}

    def __init__(
        self,
        dataroot_a: str,
        dataroot_b: str,
        preprocess: list,
        is_train: bool = True,
        max_size: int | str | float | None = "inf",
    ) -> None:
        roots = [data_root(root) for root in (dataroot_a, dataroot_b)]
        self._a, self._b = (at_most(pictures_under(root), max_size) for root in roots)
        self._is_train = is_train
        self.distinct = min(len(self._a), len(self._b))  # what a metric can learn of
        domains = zip((self._a, self._b), roots)
        self._names = {path: name for paths, root in domains for path, name in zip(paths, ids_of(paths, root))}
        self.damaged_b: dict[int, str] = {}
        super().__init__(preprocess, max(len(self._a), len(self._b)))

    def sources(self, index: int, rng: np.random.Generator | None) -> Sample:
        """See the base."""
        random = rng is not None and self._is_train
        wanted = int(rng.integers(len(self._b))) if random else index
        turns = ((wanted + offset) % len(self._b) for offset in range(len(self._b)))
        second = next((i for i in turns if i not in self.damaged_b), wanted % len(self._b))
        return {"A_path": self._a[index % len(self._a)], "B_path": self._b[second]}

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """See the base; a damaged B is named once and the next one taken, or A would be blamed for it."""
        draws = rng.spawn(1)[0] if rng is not None else None
        while True:
            again = copy.deepcopy(draws)  # the same wish for B, whose place the next one takes
            sources = self.sources(index, again)
            try:
                ids = {"id": self._names[sources["A_path"]], "id_b": self._names[sources["B_path"]]}
                return {**self._run(dict(sources), again), **ids}
            except DataError:
                second = self._b.index(sources["B_path"])
                reason = _damage(sources["B_path"])
                if reason is None or second in self.damaged_b:
                    raise
                self.damaged_b[second] = reason
                print(f"left out: {reason}", file=sys.stderr, flush=True)


def _damage(path: Path) -> str | None:
    """What is wrong with a picture's file, or None."""
    try:
        load_image(path)
    except DataError as error:
        return str(error)
    return None


@DATASETS.register()
class VisionImages:
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
        self._pictures = _vision(dataset_name, **_vision_arguments(params or {}))
        self.groups = self._pictures.groups
        self.classes = self._pictures.classes
        self.sample(0)

    def __len__(self) -> int:
        return len(self._pictures)

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict[str, Any]:
        """`image` float32 (1, H, W), `id`, `group`, and `label` int64 () if wanted."""
        pictures = [self._pictures.pictures[index]]
        for step in self._steps:
            pictures = step(pictures, rng)
        found = {"image": finished(pictures[0], "image"), "id": self._pictures.ids[index], "group": self.groups[index]}
        return {**found, "label": np.array(self._pictures.labels[index])} if self._return_label else found


def _vision_arguments(params: dict[str, Any]) -> dict[str, Any]:
    """PaddleGAN's `params` as ours: mode -> split, a file's path -> the folder it lies in."""
    known = ("mode", "image_path", "label_path", "download", "backend")
    for key in params:
        if key not in known:
            raise ConfigError(f"params.{key}: unknown key (accepted: {', '.join(known)})")
    mode = params.get("mode", "train")
    if mode not in ("train", "test"):
        raise ConfigError(f"params.mode: expected train or test, found {mode!r}")
    arguments = {"split": mode, "download": params.get("download", True)}
    folders = {Path(params[key]).parent for key in ("image_path", "label_path") if params.get(key)}
    if len(folders) > 1:
        raise ConfigError("params.label_path: expected in the folder of image_path")
    if folders:
        arguments["dataroot"] = our_root(str(folders.pop()))
    return arguments


def _vision(name: str, **arguments: Any) -> LabelledPictures:
    return _VISION[name](**arguments)
