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
        # The slope of L1 jumps where a pixel meets the true one. At the paper's weight of 100 a few such jumps, which
        # rounding alone decides, were 8e-6 in the weights, and a tenth of all that was learnt 15 steps later.
        "l1_weight": 1.0,
    },
    "segmentation": MODELS_BY_FAMILY["segmentation"],
    "cyclegan": {**MODELS_BY_FAMILY["cyclegan"], "pool_size": 3},  # each process has a pool of its own
}

RATES = {"pix2pix": 0.03}  # for as long a way as the others, by gradients of a hundredth

if __name__ == "__main__":
    family, folder, steps = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    distributed.start()
    # plain descent: Adam makes equal steps of gradients that are nothing but rounding
    optimizer = {"name": "SGD", "learning_rate": RATES.get(family, 0.002)}
    validate = {"interval": 100, "metric": {"name": "MaskScores"}, "network": "network", "batch_size": 5}
    changes = {"validate": validate} if family == "segmentation" else {}
    training = trainer(family, folder, MODELS[family], optimizer, loader={"batch_size": 8}, total_iters=steps,
                       guard={"compare_interval": 5}, **changes)  # fmt: skip
    if (folder / "checkpoints").is_dir():
        training.snapshot.resume_newest()
    training.run(until=int(sys.argv[4]) if sys.argv[4:] else None)
