"""Pictures chosen by what they look like."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppgen import cli
from ppgen.apps.choosing import FEWEST_TRIES, choose, looks_of, parse_wanted
from ppgen.apps.latent_model import LatentModel
from ppgen.errors import ConfigError, DataError
from ppgen.io.image import load_image
from ppgen.io.weights import save_network
from ppgen.latent.seeds import latents
from ppgen.networks.vae import ConvVAE


@pytest.fixture
def model() -> LatentModel:
    paddle.seed(5)
    network = ConvVAE(2, 16, 3, [4, 8], batch_norm=False)
    network.eval()
    return LatentModel("small", lambda: network)


def sides(pictures: np.ndarray) -> np.ndarray:
    """(n, 2): how much brighter pictures are at the left, and above."""
    x = pictures.astype(float).mean(axis=3)
    left = x[:, :, :8].mean(axis=(1, 2)) - x[:, :, 8:].mean(axis=(1, 2))
    return np.stack([left, x[:, :8].mean(axis=(1, 2)) - x[:, 8:].mean(axis=(1, 2))], axis=1)


def test_the_first_of_a_seed_that_look_so(model):
    z = latents(3, 300, 2)
    middle = np.median(sides(np.stack(model.draw(z).arrays)), axis=0)

    def looks(pictures):
        return dict(zip(("male", "young"), (sides(pictures) > middle).T))

    said = looks(np.stack(model.draw(z).arrays))
    right = said["young"] & ~said["male"]
    assert 0.05 < right.mean() < 0.95
    found = choose(model, {"male": False, "young": True}, 3, 7, looks=looks)
    np.testing.assert_array_equal(found, z[right][:7])
    np.testing.assert_array_equal(choose(model, {"male": False, "young": True}, 3, 2, looks=looks), found[:2])


def test_what_nobody_looks_like_ends_soon(model):
    drawn = []

    def never(pictures):
        drawn.append(len(pictures))
        return {"male": np.zeros(len(pictures), bool)}

    with pytest.raises(DataError, match=f"of {FEWEST_TRIES} pictures of seed 0 0 look like male=1, where 300"):
        choose(model, {"male": True}, 0, 300, looks=never)
    assert sum(drawn) == FEWEST_TRIES


def test_the_words_of_where():
    assert parse_wanted(["male=0", "Young=1"]) == {"male": False, "young": True}
    for words, told in ((["mal=0"], "did you mean 'male'"), (["male=2"], "male=0 or male=1"), (["male"] * 1, "male=0")):
        with pytest.raises(ConfigError, match=told):
            parse_wanted(words)
    with pytest.raises(ConfigError, match="twice"):
        parse_wanted(["male=0", "male=1"])


def test_grey_pictures_are_no_faces(tmp_path, capsys):
    grey = save_network(ConvVAE(2, 16, 1, [4, 8]), tmp_path / "grey.safetensors")
    assert cli.main(["sample", "--model", str(grey), "--where", "male=0", "-o", str(tmp_path / "x.png")]) == 2
    assert "draws no faces in colour" in capsys.readouterr().err


def test_the_shipped_judge_is_asked_about_faces(tmp_path):
    looks = looks_of("vae_nobody64")(np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8))
    assert {name: (value.dtype, value.shape) for name, value in looks.items()} == {
        "male": (bool, (2,)), "young": (bool, (2,)),
    }  # fmt: skip


def test_where_of_a_command_in_one_or_in_several(tmp_path, capsys):
    both, drawn = ["--where", "male=0", "--where", "young=1"], {}
    for name, words in {
        "one": ["--seed", "7", "-n", "2", "--where", "male=0", "young=1"],
        "several": ["--seed", "7", "-n", "2", *both],
        "seeds": ["--seeds", "7,3", *both],
        "all": ["--seed", "7", "-n", "2"],
    }.items():
        file = tmp_path / f"{name}.png"
        assert cli.main(["sample", "--model", "vae_nobody64", *words, "-o", str(file)]) == 0, capsys.readouterr().err
        drawn[name] = load_image(file)
    np.testing.assert_array_equal(drawn["several"], drawn["one"])  # and twice the same
    assert (drawn["all"] != drawn["one"]).any()
    cells = [(0, 0), (0, 66)]
    of_seed = [drawn["several"][top : top + 64, left : left + 64] for top, left in cells]
    of_seeds = [drawn["seeds"][-128::2, left : left + 128 : 2] for left in (0, 130)]  # larger, below their titles
    assert np.abs(of_seed[0].astype(int) - of_seeds[0]).max() <= 1
    looks = looks_of("vae_nobody64")(np.stack([*of_seed, *of_seeds]))
    assert not looks["male"].any() and looks["young"].all()
