"""Progressive growing through the engine: a run that stops inside a fade goes on as if it had not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from safetensors.numpy import load_file

from ppgen.engine import checkpoint
from ppgen.engine.log import read_log
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.models.pggan import ProgressiveGAN

WIDTHS = [4, 4, 4]
RATE = {"name": "Adam", "learning_rate": 0.001, "beta1": 0.0, "beta2": 0.99}
CONFIG = {
    "seed": 5,
    "total_iters": 11,  # images: 0-8 at 4 pixels, 8-20 fade, 20-28 at 8 pixels, 28-40 fade, then 16 pixels
    "optimizer": {"generator": RATE, "discriminator": RATE},
    "ema": {"networks": ["generator"], "half_life": 8},
    "loader": {"batch_size": 4},
    "log": {"interval": 1, "visual_interval": 11},
    "checkpoint": {"interval": 100},
}


class Colours:
    """Pictures of one colour each."""

    groups = ["all"] * 9

    def __len__(self) -> int:
        return 9

    def sample(self, index: int, rng: np.random.Generator | None = None) -> dict:
        colour = np.random.default_rng(index).uniform(-1, 1, (3, 1, 1)).astype(np.float32)
        return {"image": np.broadcast_to(colour, (3, 16, 16)).copy(), "id": str(index)}


def trainer(folder: Path, changes: dict | None = None) -> Trainer:
    paddle.seed(5)
    networks = [{"name": "PGGANGenerator", "latent_dim": 3}, {"name": "PGGANDiscriminator"}]
    recipe = ProgressiveGAN(*[{**n, "widths": WIDTHS} for n in networks], stable_images=8, fade_images=12)
    return Trainer(recipe, TrainingConfig.of({**CONFIG, **(changes or {})}), folder, Colours())


def arrays(folder: Path) -> dict:
    place = checkpoint.newest(folder / "checkpoints")
    return {**load_file(place / "weights.safetensors"), **load_file(place / "state.safetensors")}


LEVELS = [0, 0, 0, 1 / 3, 2 / 3, 1, 1, 1, 4 / 3, 5 / 3, 2]  # at the beginning of each step


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    trainer(folder).run()
    return folder


@pytest.mark.parametrize("stop", [1, 2, 4, 6, 9])
def test_resumed_anywhere_equals_undisturbed_through_the_fades_that_follow(whole, tmp_path, stop):
    """Stops before the first fade, where it begins, inside it, between the fades, inside the second."""
    trainer(tmp_path).run(until=stop)
    second = trainer(tmp_path)
    second.snapshot.resume(checkpoint.newest(tmp_path / "checkpoints"))
    assert second.step == stop and second.model.networks["generator"].level.item() == pytest.approx(LEVELS[stop - 1])
    second.run()
    one, two = arrays(whole), arrays(tmp_path)
    assert one.keys() == two.keys() and [k for k in one if not np.array_equal(one[k], two[k])] == []
    levels = [row["level"] for row in read_log(tmp_path / "log.jsonl")]
    np.testing.assert_allclose(levels, LEVELS)
    assert (whole / "samples" / "step_00000011.png").is_file()


def test_a_roll_back_across_a_new_stage(tmp_path):
    """Layers that began after the checkpoint have moments that it does not hold."""
    back = trainer(tmp_path, {"checkpoint": {"interval": 5, "keep": 9}})
    back.run()
    wanted = arrays(tmp_path)
    for network in back.model.networks.values():
        network.clear_gradients(set_to_zero=False)
    early = tmp_path / "checkpoints/step_00000005"
    back.snapshot.take(checkpoint.load(early), early)  # two stages have come since
    back.run()
    found = arrays(tmp_path)
    assert back.step == 11 and all((wanted[key] == found[key]).all() for key in wanted)
