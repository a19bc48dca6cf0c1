"""Several datasets as one."""

from collections.abc import Sequence

import numpy as np

from ppgen.datasets.base import Dataset, Random, Sample, WithClasses, natural
from ppgen.errors import ConfigError
from ppgen.registry import DATASETS


@DATASETS.register()
class Several(Dataset):
    """The samples of several datasets, one dataset after the other.

    Where all have classes, labels are numbered over the classes of all.

    Args:
        datasets: configs of those datasets; their samples need to hold the same things.
        prefixes: of the groups of each, so that `loader.turns` can tell datasets apart; None: groups stay as they are.

    Raises ConfigError where there is no dataset, or another number of prefixes.
    """

    dataroot_optional = True

    def __init__(self, datasets: list[dict], prefixes: list[str] | None = None) -> None:
        if not datasets or (prefixes is not None and len(prefixes) != len(datasets)):
            raise ConfigError(f"Several: {len(datasets)} datasets and prefixes {prefixes}; give one prefix for each")
        self.parts: list[Dataset] = [DATASETS.build(config) for config in datasets]
        named = prefixes or [""] * len(datasets)
        labelled = [part for part in self.parts if isinstance(part, WithClasses) and part.labels is not None]
        self.classes: Sequence[str] = ()
        if len(labelled) == len(self.parts):
            self.relabel(sorted({name for part in labelled for name in part.classes}, key=natural))
        self.groups = [prefix + group for prefix, part in zip(named, self.parts) for group in part.groups]

    @property
    def labels(self) -> np.ndarray | None:
        """int64 (n,), None where a part has none."""
        each = [part.labels for part in self.parts if isinstance(part, WithClasses) and part.labels is not None]
        return np.concatenate(each) if len(each) == len(self.parts) else None

    def relabel(self, classes: Sequence[str]) -> None:
        """See `WithClasses`."""
        for part in self.parts:
            if isinstance(part, WithClasses):
                part.relabel(classes)
        self.classes = list(classes)

    @property
    def distinct(self) -> int:
        """The sum of the parts'."""
        return sum(part.distinct for part in self.parts)

    def sample(self, index: int, rng: Random = None) -> Sample:
        """A sample of the part that the index falls into."""
        for part in self.parts:
            if index < len(part):
                return part.sample(index, rng)
            index -= len(part)
        raise IndexError(f"{index} after the last of {len(self)} samples")
