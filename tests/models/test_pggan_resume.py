"""Progressive growing through the engine: a run that stops inside a fade goes on as if it had not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from ppgen.device import import_paddle

paddle = import_paddle()

from ppgen.engine import checkpoint  # noqa: E402
from ppgen.engine.log import read_log  # noqa: E402
from ppgen.engine.trainer import Trainer  # noqa: E402
from ppgen.models.pggan import ProgressiveGAN  # noqa: E402

WIDTHS = [4, 4]
RATE = {"name": "Adam", "learning_rate": 0.001, "beta1": 0.0, "beta2": 0.99}
CONFIG = {
    "seed": 5,
    "total_iters": 7,  # images: 0-8 stage, 8-20 fade, then the second stage
    "optimizer": {"generator": RATE, "discriminator": RATE},
    "ema": {"networks": ["generator"], "half_life": 8},
    "loader": {"batch_size": 4},
    "log": {"interval": 1, "visual_interval": 7},
    "checkpoint": {"interval": 100},
}


class Colours:
    """Pictures of one colour each."""

    groups = ["all"] * 9

    def __len__(self) -> int:
        return 9

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict:
        colour = np.random.default_rng(index).uniform(-1, 1, (3, 1, 1)).astype(np.float32)
        return {"image": np.broadcast_to(colour, (3, 8, 8)).copy(), "id": str(index)}


def trainer(folder: Path) -> Trainer:
    paddle.seed(5)
    networks = [{"name": "PGGANGenerator", "latent_dim": 3}, {"name": "PGGANDiscriminator"}]
    recipe = ProgressiveGAN(*[{**n, "widths": WIDTHS} for n in networks], stable_images=8, fade_images=12)
    return Trainer(recipe, CONFIG, folder, Colours())


def arrays(folder: Path) -> dict:
    place = checkpoint.newest(folder / "checkpoints")
    return {**load_file(place / "weights.safetensors"), **load_file(place / "state.safetensors")}


def test_resumed_inside_a_fade_equals_undisturbed(tmp_path):
    trainer(tmp_path / "whole").run()
    trainer(tmp_path / "parts").run(until=4)
    second = trainer(tmp_path / "parts")
    second.resume(checkpoint.newest(tmp_path / "parts" / "checkpoints"))
    level = second.model.networks["generator"].level.item()
    assert second.step == 4 and 0 < level < 1
    second.run()
    one, two = arrays(tmp_path / "whole"), arrays(tmp_path / "parts")
    assert one.keys() == two.keys() and [k for k in one if not np.array_equal(one[k], two[k])] == []
    levels = [row["level"] for row in read_log(tmp_path / "parts" / "log.jsonl")]
    np.testing.assert_allclose(levels, [0, 0, 0, 1 / 3, 2 / 3, 1, 1])
    assert (tmp_path / "whole" / "samples" / "step_00000007.png").is_file()
