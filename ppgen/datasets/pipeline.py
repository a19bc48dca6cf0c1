"""Datasets that prepare their pictures by a PaddleGAN list of transforms.

For PaddleGAN's YAML; our own configs use `ImageFolder`, `PairedImages`, `UnpairedImages`, `MNIST`, which say
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

import copy
from abc import abstractmethod
from pathlib import Path
from typing import cast

from ppgen.datasets.base import Dataset, Random, Sample, leave_out
from ppgen.datasets.files import data_root, ids_of, pictures_under
from ppgen.datasets.sample_steps import Making, build_steps, finished
from ppgen.datasets.unpaired_images import Most, at_most
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import load_image
from ppgen.registry import DATASETS


class _Preprocessed(Dataset):
    """Files -> steps -> named pictures. `outputs` maps the list's key to the sample's."""

    outputs: dict[str, str]

    def __init__(self, preprocess: list, length: int) -> None:
        self._steps = build_steps(preprocess)
        self.groups = ["all"] * length
        try:  # so that a list that cannot work is refused before a training starts
            self._run(self.sources(0, None), None)
        except DataError:
            pass  # about a file, not about the list: it is named when the sample is read

    @abstractmethod
    def sources(self, index: int, rng: Random) -> dict[str, Path]:
        """The files of one sample: `<key>_path` -> path."""

    def _run(self, sources: dict[str, Path], rng: Random) -> Sample:
        making: Making = dict(sources)
        for step in self._steps:
            step(making, rng)
        absent = [key for key in self.outputs if key not in making]
        if absent:
            raise ConfigError(f"preprocess: no step makes '{absent[0]}' (there are: {', '.join(sorted(making))})")
        return cast(Sample, {ours: finished(making[key], key) for key, ours in self.outputs.items()})


class _OneFile(_Preprocessed):
    """A file a sample."""

    key: str  #: what the list loads

    def __init__(self, dataroot: str, preprocess: list) -> None:
        root = data_root(dataroot)
        self._paths = pictures_under(root)
        self._names = ids_of(self._paths, root)
        super().__init__(preprocess, len(self._paths))

    def sources(self, index: int, rng: Random) -> dict[str, Path]:
        """See the base."""
        return {f"{self.key}_path": self._paths[index]}

    def sample(self, index: int, rng: Random = None) -> Sample:
        """The pictures float32 (C, H, W) and `id`. DataError, naming the file, where one is damaged."""
        return {**self._run(self.sources(index, rng), rng), "id": self._names[index]}


@DATASETS.register()
class PreprocessedImages(_OneFile):
    """Single pictures: PaddleGAN's SingleDataset. The list loads the key `A`; a sample holds `image` and `id`."""

    key, outputs = "A", {"A": "image"}


@DATASETS.register()
class PreprocessedPairs(_OneFile):
    """Pairs side by side: PaddleGAN's PairedDataset.

    The list loads the key `pair` and cuts it into `A` and `B`; a sample holds `a`, `b` and `id`. Which of them is the
    input is said by the model's `direction`.
    """

    key, outputs = "pair", {"A": "a", "B": "b"}


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
        max_size: Most = "inf",
    ) -> None:
        roots = [data_root(root) for root in (dataroot_a, dataroot_b)]
        self._a, self._b = (at_most(pictures_under(root), max_size) for root in roots)
        self._is_train = is_train
        domains = zip((self._a, self._b), roots)
        self._names = {path: name for paths, root in domains for path, name in zip(paths, ids_of(paths, root))}
        self.damaged_b: dict[int, str] = {}
        super().__init__(preprocess, max(len(self._a), len(self._b)))

    @property
    def distinct(self) -> int:
        """Pictures of the smaller domain."""
        return min(len(self._a), len(self._b))

    def sources(self, index: int, rng: Random) -> dict[str, Path]:
        """See the base."""
        wanted = int(rng.integers(len(self._b))) if rng is not None and self._is_train else index
        turns = ((wanted + offset) % len(self._b) for offset in range(len(self._b)))
        second = next((i for i in turns if i not in self.damaged_b), wanted % len(self._b))
        return {"A_path": self._a[index % len(self._a)], "B_path": self._b[second]}

    def sample(self, index: int, rng: Random = None) -> Sample:
        """`a`, `b`, `id`, `id_b`; a damaged B is named once and the next one taken, or A would be blamed for it."""
        draws = rng.spawn(1)[0] if rng is not None else None
        while True:
            again = copy.deepcopy(draws)  # the same wish for B, whose place the next one takes
            sources = self.sources(index, again)
            try:
                pictures = self._run(sources, again)
                return {**pictures, "id": self._names[sources["A_path"]], "id_b": self._names[sources["B_path"]]}
            except DataError:
                second = self._b.index(sources["B_path"])
                reason = _damage(sources["B_path"])
                if reason is None or second in self.damaged_b:
                    raise
                leave_out(self.damaged_b, second, reason)


def _damage(path: Path) -> str | None:
    """What is wrong with a picture's file, or None."""
    try:
        load_image(path)
    except DataError as error:
        return str(error)
    return None
