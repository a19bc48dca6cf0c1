"""A tiny real training for the engine's tests: discs on noise, found by a small U-Net."""

from pathlib import Path

import numpy as np
import paddle

from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.errors import DataError
from ppgen.models.segmentation import PersonSegmentation

CONFIG = {
    "seed": 5,
    "total_iters": 8,
    "model": {"name": "PersonSegmentation", "network": {"name": "SegmentationUNet", "width": 8, "levels": 2}},
    "optimizer": {"network": {"name": "Adam", "learning_rate": 0.01, "beta1": 0.9}},
    "schedule": {"shape": "cosine", "warmup": 2},
    "ema": {"networks": ["network"], "half_life": 8},
    "loader": {"batch_size": 4},
    "log": {"interval": 1, "visual_interval": 4},
    "checkpoint": {"interval": 3, "keep": 2},
    "validate": {"interval": 4, "metric": {"name": "MaskScores"}, "best": "iou", "mode": "max", "network": "network"},
}


class Discs:
    """Bright discs on noise, the mask says where: a task a tiny network learns.

    `damaged` samples cannot be read.
    """

    groups = ["all"] * 16

    def __init__(self, damaged=()):
        self.damaged = set(damaged)

    def __len__(self):
        return 16

    def sample(self, index, rng=None):
        if index in self.damaged:
            raise DataError(f"disc_{index}.png: is damaged")
        rng = rng or np.random.default_rng(index)
        y, x = np.mgrid[0:32, 0:32]
        centre = rng.uniform(8, 24, 2)
        mask = (((x - centre[0]) ** 2 + (y - centre[1]) ** 2) < 64).astype(np.float32)[None]
        photo = mask * 1.2 - 0.6 + rng.normal(0, 0.1, (3, 32, 32))
        return {"photo": photo.astype(np.float32), "mask": mask, "id": str(index)}


def trainer(folder: Path, data=None, recipe=PersonSegmentation, **changes) -> Trainer:
    config = TrainingConfig.of({**CONFIG, **changes})
    paddle.seed(config.seed)
    return Trainer(recipe(config.model["network"]), config, folder, data or Discs(), Discs())


def run(folder: Path, **changes) -> Trainer:
    folder.mkdir(parents=True, exist_ok=True)
    result = trainer(folder, **changes)
    result.run()
    return result
