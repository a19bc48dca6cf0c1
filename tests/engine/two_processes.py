"""Started once, or by Paddle's launcher: train a tiny family on batches of 8; FAMILY FOLDER STEPS [UNTIL].

Where the folder holds a checkpoint it goes on from there.
"""

import sys
from pathlib import Path

from engine.families import MODELS_BY_FAMILY, trainer

from ppgen.engine import distributed

# What mixes the samples of a batch sees half of it in each process: left out, as everywhere in data-parallel training.
MODELS = {
    "stylegan2": {
        **MODELS_BY_FAMILY["stylegan2"],
        "discriminator": {**MODELS_BY_FAMILY["stylegan2"]["discriminator"], "stddev_group": 1},
        "path_every": 4,
    },
    "stylegan": {
        **MODELS_BY_FAMILY["stylegan"],
        "discriminator": {**MODELS_BY_FAMILY["stylegan"]["discriminator"], "stddev_group": 1},
    },
    "pix2pix": {
        **MODELS_BY_FAMILY["pix2pix"],
        "generator": {"name": "ResNetGenerator", "base_channels": 4, "blocks": 1},
        "discriminator": {**MODELS_BY_FAMILY["pix2pix"]["discriminator"], "norm": "instance"},
    },
    "segmentation": MODELS_BY_FAMILY["segmentation"],
    "cyclegan": {**MODELS_BY_FAMILY["cyclegan"], "pool_size": 3},  # each process has a pool of its own
}

if __name__ == "__main__":
    family, folder, steps = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    distributed.start()
    # plain descent: Adam makes equal steps of gradients that are nothing but rounding
    optimizer = {"name": "SGD", "learning_rate": 0.002}
    validate = {"interval": 100, "metric": {"name": "MaskScores"}, "network": "network", "batch_size": 5}
    changes = {"validate": validate} if family == "segmentation" else {}
    training = trainer(family, folder, MODELS[family], optimizer, loader={"batch_size": 8}, total_iters=steps,
                       guard={"compare_interval": 5}, **changes)  # fmt: skip
    if (folder / "checkpoints").is_dir():
        training.snapshot.resume_newest()
    training.run(until=int(sys.argv[4]) if sys.argv[4:] else None)
