"""The figures say what they claim: sums add up, styles come in order, a planted droplet is found."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
import style_networks
from PIL import Image

from ppgen import cli, hub
from ppgen.errors import WeightsError
from ppgen.io.image import to_uint8
from ppgen.io.weights import network_arrays, save_network, write_arrays
from ppgen.latent.figures.droplets import feature_maps
from ppgen.latent.figures.mixing import mixing_sheet, table_rows
from ppgen.latent.figures.noise import noise_sets, noise_sheet
from ppgen.latent.figures.resolutions import contributions
from ppgen.latent.styles import bands, sides_of_w, w_of_seeds
from ppgen.networks.dcgan import DCGANGenerator
from ppgen.networks.protocols import StyleGenerator
from ppgen.networks.stylegan2_generator import StyleGAN2Generator
from ppgen.networks.stylegan_generator import StyleGANGenerator

SMALL = {"image_size": 16, "latent_dim": 8, "mapping_layers": 2, "channel_multiplier": 0.01, "channel_max": 12}


def network(kind: type):
    paddle.seed(4)
    found = kind(**SMALL)
    for layer in found.layers:
        layer.noise_strength.set_value(paddle.full(layer.noise_strength.shape, 0.1))
    found.mapping.layers[0].bias.set_value(paddle.linspace(-50, 50, 8))  # so that the mean of w is not 0
    found.eval()
    return found


BOTH = pytest.mark.parametrize("kind", [StyleGANGenerator, StyleGAN2Generator])


def test_the_colours_of_all_resolutions_add_up_to_the_picture():
    net = network(StyleGAN2Generator)
    w_plus = w_of_seeds(net, [0, 1])
    steps = contributions(net, w_plus)
    assert steps.titles == ["4", "8", "16"] and steps.added.shape == (3, 2, 3, 16, 16)
    np.testing.assert_allclose(steps.added.sum(axis=0), net.synthesize(w_plus).numpy(), atol=1e-5)
    np.testing.assert_allclose(np.cumsum(steps.added, axis=0), steps.so_far, atol=1e-5)


def test_styles_come_in_resolution_by_resolution():
    net = network(StyleGANGenerator)
    w_plus = w_of_seeds(net, [0, 1])
    steps = contributions(net, w_plus)
    assert steps.titles == ["mean w", "to 4", "to 8", "to 16"]
    np.testing.assert_allclose(steps.so_far[-1], net.synthesize(w_plus).numpy(), atol=1e-5)
    mean = net.synthesize(net.spread(net.mean_of_latents().unsqueeze(0))).numpy()
    np.testing.assert_allclose(steps.so_far[0], np.repeat(mean, 2, axis=0), atol=1e-5)
    np.testing.assert_allclose(steps.so_far[0] + steps.added.sum(axis=0), steps.so_far[-1], atol=1e-5)


def test_which_of_w_steers_which_resolution():
    assert sides_of_w(network(StyleGANGenerator)).tolist() == [4, 4, 8, 8, 16, 16]
    assert sides_of_w(network(StyleGAN2Generator)).tolist() == [4, 8, 8, 16, 16, 16]
    assert bands(network(StyleGANGenerator)) == {
        "coarse (4)": [0, 1],
        "middle (8)": [2, 3],
        "fine (16)": [4, 5],
    }
    growing = network(StyleGANGenerator)
    growing.set_level(0.5)
    assert sides_of_w(growing).tolist() == [4, 4, 8, 8]
    assert bands(growing) == {"coarse (4)": [0, 1], "middle (8)": [2, 3]}
    large = StyleGAN2Generator(64, 8, 1, 0.01, 4)
    assert list(bands(large)) == ["coarse (4-8)", "middle (16-32)", "fine (64)"]


@BOTH
def test_feature_maps_are_relative_to_their_mean(kind):
    net = network(kind)
    maps = feature_maps(net, w_of_seeds(net, [0, 1]))
    assert [found.side for found in maps] == [shape[1] for shape in net.noise_shapes()]
    for found in maps:
        np.testing.assert_allclose(found.magnitude.mean(axis=(1, 2)), 1, rtol=1e-4)
        assert found.peak >= 1


@BOTH
def test_a_planted_droplet_is_found_where_it_is(kind):
    net = network(kind)
    before = feature_maps(net, w_of_seeds(net, [0]))[2].peak
    noise = np.zeros((1, 1, 8, 8), np.float32)
    noise[0, 0, 2, 5] = 1000
    net.layers[2].noise.set_value(noise)
    found = feature_maps(net, w_of_seeds(net, [0]))[2]
    assert np.unravel_index(found.magnitude[0].argmax(), (8, 8)) == (2, 5)
    assert found.peak > 30 > 3 * before


@BOTH
def test_the_mixed_pictures_have_the_other_ones_styles(kind):
    """With equal seeds nothing changes; the cell of a band is what copying its part of W+ gives."""
    net = network(kind)
    table = mixing_sheet(net, [3], [3, 5])
    width = table.shape[1]  # the last band: A, A with its own styles, A with the styles of B
    cells = [table[-128:, width - x : width - x + 128] for x in (388, 258, 128)]
    np.testing.assert_array_equal(cells[0], cells[1])
    w_plus, other = w_of_seeds(net, [3], 0.7).numpy(), w_of_seeds(net, [5], 0.7).numpy()
    last = list(bands(net).values())[-1]
    w_plus[:, last] = other[:, last]
    wanted = to_uint8(net.synthesize(paddle.to_tensor(w_plus)).numpy())[0].repeat(8, axis=0).repeat(8, axis=1)
    assert np.abs(cells[2].astype(int) - wanted).max() <= 1 and np.any(cells[2] != cells[1])


def test_every_seed_of_the_rows_is_mixed_once_and_named():
    net, three = network(StyleGAN2Generator), ["coarse", "middle", "fine"]
    one, four, nine = (table_rows(net, count) for count in (1, 4, 9))
    assert [(row.place, row.band.split()[0]) for row in one] == [(0, band) for band in three]
    assert [row.place for row in four] == [0, 1, 2, 3, 0, 1]
    assert [(row.place, row.band.split()[0]) for row in nine] == list(enumerate(np.repeat(three, 3)))
    assert all(row.layers == bands(net)[row.band] for row in nine)
    few, more = mixing_sheet(net, [3], [5]), mixing_sheet(net, [7, 8, 9, 1], [5])
    assert more.shape[0] - few.shape[0] == 3 * 130  # six rows in place of three


@BOTH
def test_the_noise_sheet_shows_with_and_without(kind):
    net = network(kind)
    sets = noise_sets(net)
    assert [name.split(" (")[0] for name in sets] == ["all noise", "no noise", "fine only", "coarse only"]
    fine, coarse = ([part is not None for part in list(sets.values())[i]] for i in (2, 3))
    assert all(a != b for a, b in zip(fine, coarse)) and coarse[0] and fine[-1]
    table = noise_sheet(net, [0], draws=3)
    cells = np.split(table[-128:, -(5 * 130 - 2) :], [128 + 130 * i for i in range(4)], axis=1)
    full, silent = cells[0], cells[1][:, 2:]
    assert np.any(full != silent)


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{kind.__name__}.safetensors" for kind in (StyleGANGenerator, StyleGAN2Generator)]
    for path, kind in zip(paths, (StyleGANGenerator, StyleGAN2Generator)):
        save_network(network(kind), path)
    return [str(path) for path in paths]


@pytest.mark.parametrize("figure", ["resolutions", "noise", "mixing"])
def test_one_command_a_figure(figure, files, tmp_path, capsys):
    for model in files:
        output = tmp_path / f"{figure}.png"
        more = ["--rows", "0", "--columns", "1"] if figure == "mixing" else ["--seeds", "0"]
        assert cli.main(["explain", figure, "--model", model, "-o", str(output), *more]) == 0
        assert capsys.readouterr().out.strip() == str(output)
        with Image.open(output) as picture:
            assert min(picture.size) > 128


def test_figures_that_compare_networks(files, tmp_path, capsys):
    output = tmp_path / "droplet.png"
    assert cli.main(["explain", "droplet", "--model", *files, "--seeds", "0", "-o", str(output)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("StyleGAN ") and lines[1].startswith("StyleGAN2 ") and lines[0].count("16: ") == 2
    arguments = ["-n", "4", "--distance", "pixels", "-o", str(tmp_path / "path.png")]
    assert cli.main(["explain", "path", "--model", *files, *arguments]) == 0
    assert capsys.readouterr().out.count("PPL in ") == 4
    for name in ("droplet", "path"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert min(picture.size) > 200


def test_a_network_without_styles_is_refused(tmp_path, capsys):
    path = tmp_path / "dcgan.safetensors"
    save_network(DCGANGenerator(latent_dim=4, base_channels=4, image_size=32), path)
    with pytest.raises(WeightsError, match="holds a DCGANGenerator"):
        hub.load(path, kind=StyleGenerator)
    assert cli.main(["explain", "noise", "--model", str(path), "-o", str(tmp_path / "n.png")]) == 2
    assert cli.main(["explain", "path", "--model", "nothing", "-n", "1"]) == 2
    assert "at least 2 paths" in capsys.readouterr().err


def test_pdparams_and_a_checkpoints_weights_are_read(tmp_path):
    net = style_networks.tiny()
    theirs = style_networks.write_pdparams(tmp_path / "w.pdparams", style_networks.paddlegan_arrays(net))
    state = {f"generator.{key}": value for key, value in network_arrays(net).items()}
    for path in (theirs, write_arrays(tmp_path / "weights.safetensors", state)):
        np.testing.assert_allclose(
            w_of_seeds(hub.load(path, kind=StyleGenerator), [1]), w_of_seeds(net, [1]), atol=1e-5
        )


def test_without_a_model_the_shipped_faces_are_drawn(files, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("ppgen.apps.stylegan2_model.SHIPPED", files[1])
    output = str(tmp_path / "x.png")
    assert cli.main(["explain", "mixing", "--rows", "0", "--columns", "1", "-o", output]) == 0
    assert cli.main(["explain", "droplet", "--seeds", "0", "-o", output]) == 0
    assert "StyleGAN2 " in capsys.readouterr().out
