"""`ppgen sample` and `ppgen latent`, from the command line to the file, with tiny untrained networks."""

import json
from functools import partial

import numpy as np
import paddle
import pytest
import style_networks
from conftest import write_table
from PIL import Image

from ppgen import cli
from ppgen.apps import GANPredictor, VAEPredictor
from ppgen.apps.drawings import Drawings
from ppgen.apps.stylegan2 import TRUNCATION, StyleGANv2Predictor
from ppgen.errors import ConfigError
from ppgen.io.image import load_image, save_image
from ppgen.io.weights import save_network
from ppgen.latent import optimized
from ppgen.latent.attributes import load_directions
from ppgen.latent.sheet import enlarge
from ppgen.networks.dcgan import DCGANGenerator
from ppgen.networks.vae import ConvVAE


@pytest.fixture
def model(tmp_path) -> str:
    paddle.seed(5)
    return str(save_network(ConvVAE(2, 16, 3, [4, 8]), tmp_path / "vae.safetensors"))


@pytest.fixture
def data(tmp_path, monkeypatch) -> str:
    """Bright pictures of men, dark ones of women; one of unknown gender."""
    rows = []
    for i in range(12):
        gender = "M" if i % 2 else "F"
        save_image(tmp_path / "data" / "faces" / f"f{i}.png", np.full((16, 16, 3), 200 if i % 2 else 40, np.uint8))
        rows.append({"id": f"f{i}", "gender": gender if i else "", "colour": int(i < 10)})
    write_table(tmp_path / "data" / "faces" / "meta.csv", rows)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    return "faces"


def run(capsys, *words: object) -> tuple[int, str]:
    code = cli.main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_sample(model, tmp_path, capsys):
    out = tmp_path / "grid.png"
    assert run(capsys, "sample", "--model", model, "--seed", 7, "-n", 9, "-o", out) == (0, f"{out}\n")
    assert load_image(out).shape == (52, 52, 3)
    run(capsys, "sample", "--weights", model, "--seed", 7, "-n", 1, "-o", tmp_path / "one.png")
    assert (load_image(tmp_path / "one.png") == load_image(out)[:16, :16]).all()
    assert run(capsys, "sample", "--model", model, "--seeds", "0-3", "-o", tmp_path / "seeds.gif")[0] == 0
    with Image.open(tmp_path / "seeds.gif") as film:
        assert film.n_frames == 4


def test_a_seed_of_a_style_generator_is_truncated_as_by_its_own_tools(tmp_path, capsys):
    style, out = save_network(style_networks.tiny(), tmp_path / "style.safetensors"), tmp_path / "s.png"
    predictor = StyleGANv2Predictor(weight_path=style)
    for words, psi in (([], TRUNCATION), (["--truncation", "1"], 1.0)):
        assert run(capsys, "sample", "--model", style, "--seeds", 233, "-o", out, *words)[0] == 0
        wanted = predictor.seeds([233], truncation=psi).arrays[0]
        assert np.abs(load_image(out).astype(int) - wanted).max() <= 1
    assert np.abs(predictor.seeds([233], truncation=TRUNCATION).arrays[0].astype(int) - wanted).max() > 5
    with pytest.raises(SystemExit):
        cli.main(["sample", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert f"(default: {TRUNCATION:g})" in told and f"(default: {GANPredictor.shipped})" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seeds", "5-3"], "runs backwards"),
        (["--label", "3"], "without classes"),
        (["--truncation", "0.5"], "no mean latent"),
        (["-n", "0"], "1 or more"),
        (["-n", "100000000"], "more than the 10000"),
        (["-o", "grid.tiff"], ".tiff"),
    ],
)
def test_sample_says_what_is_wrong(model, capsys, words, told):
    code, said = run(capsys, "sample", "--model", model, *words)
    assert code == 2 and told in said and said.startswith("error: ") and said.count("\n") == 1


def test_plane_and_interpolate(model, tmp_path, capsys):
    out = tmp_path / "plane.png"
    assert run(capsys, "latent", "plane", "--model", model, "-n", 5, "-o", out)[0] == 0
    assert load_image(out).shape == (80, 80, 3)
    gan = save_network(DCGANGenerator(latent_dim=6, base_channels=4, image_size=16), tmp_path / "gan.safetensors")
    code, said = run(capsys, "latent", "plane", "--model", gan, "-o", out)
    assert code == 2 and "take a VAE" in said
    assert run(capsys, "latent", "plane", "--model", gan, "-n", 2, "--dims", 1, 0, "-o", out)[0] == 0
    assert run(capsys, "latent", "plane", "-n", 2, "-o", out)[0] == 0  # of itself the VAE of digits, a plane
    assert run(capsys, "latent", "plane", "--model", "vae_mnist", "-n", 2, "-o", tmp_path / "digits.png")[0] == 0
    np.testing.assert_array_equal(load_image(out), load_image(tmp_path / "digits.png"))
    assert GANPredictor(model="vae_mnist").network.latent_dim == 2
    film = tmp_path / "walk.gif"
    assert run(capsys, "latent", "interpolate", "--model", model, "--seeds", "1,2", "--steps", 3, "-o", film)[0] == 0
    with Image.open(film) as image:
        assert image.n_frames == 6
    code, said = run(capsys, "latent", "interpolate", "--model", model, "--seeds", "1", "-o", film)
    assert code == 2 and "2 latents" in said
    again = tmp_path / "again.gif"
    assert run(capsys, "interpolate", "--model", model, "--seeds", "1,2", "--steps", 3, "-o", again)[0] == 0
    assert again.read_bytes() == film.read_bytes()  # one command under two names
    code, said = run(capsys, "interpolate", "--model", model, "--space", "w")
    assert code == 2 and "a ConvVAE has no W" in said


def test_interpolate_goes_smoothly_in_w_and_in_arcs_under_its_other_name(tmp_path, capsys):
    style = save_network(style_networks.tiny(), tmp_path / "style.safetensors")
    predictor = StyleGANv2Predictor(weight_path=style)
    words = ["--model", style, "--seeds", "1,2,4", "--steps", 2, "--open"]
    sheets = {
        "interpolate": predictor.walk_w([1, 2, 4], 2, "spline", truncation=TRUNCATION),
        "latent": predictor.walk([1, 2, 4], 2, truncation=TRUNCATION),
        "lines": predictor.walk_w([1, 2, 4], 2, "lerp", truncation=TRUNCATION),
    }
    command = {"interpolate": ["interpolate"], "latent": ["latent", "interpolate"]}
    command["lines"] = ["interpolate", "--way", "lerp"]
    for name, wanted in sheets.items():
        out = tmp_path / f"{name}.png"
        assert run(capsys, *command[name], *words, "-o", out)[0] == 0
        assert np.abs(load_image(out).astype(int) - wanted.sheet()).max() <= 1
    drawn = [load_image(tmp_path / f"{name}.png").astype(int) for name in sheets]
    assert all(np.abs(drawn[i] - drawn[i - 1]).max() > 1 for i in range(3))


def test_attributes_are_found_kept_and_used(model, data, tmp_path, capsys):
    given = ["--data", data, "--table", "meta.csv", "--split", "all", "--where", "colour=1"]
    code, said = run(capsys, "latent", "attributes", "--model", model, *given)
    assert code == 0 and "5 with, 4 without" in said  # the unknown and those without colour left out
    assert "Male" in run(capsys, "latent", "attributes", "--model", model)[1]
    crop = tmp_path / "data" / "faces" / "f2.png"
    out = tmp_path / "a.png"
    words = ["latent", "arithmetic", crop, "--model", model, "--no-align", "-o", out, "--add", "Male=1"]
    assert run(capsys, *words)[0] == 0
    assert load_image(out).shape[1] == 2 * 128 + 2
    assert run(capsys, "latent", "arithmetic", "--model", model, "--seed", 3, "-o", out, "--add", "Male=2")[0] == 0
    code, said = run(capsys, *words, "--seed", 3)
    assert code == 2 and "not both" in said
    code, said = run(capsys, "latent", "attributes", "--model", model, *given, "--names", "Shoe")
    assert code == 2 and "Shoe" in said


def test_attributes_through_the_decoder(model, data, capsys, monkeypatch):
    monkeypatch.setattr(optimized, "Optimization", partial(optimized.Optimization, steps=2, batch=2))
    given = ["--data", data, "--table", "meta.csv", "--split", "all", "--method", "optimized"]
    code, said = run(capsys, "latent", "attributes", "--model", model, *given)
    assert code == 0 and "2 steps of 2 samples" in said, said
    vectors = load_directions(model)
    assert list(vectors) == ["Male"] and vectors["Male"].shape == (2,)


def test_pictures_are_shown_larger_and_smooth(model, data, tmp_path, capsys):
    a, b = (tmp_path / "data" / "faces" / f"f{i}.png" for i in (0, 1))
    out, vae = tmp_path / "m.png", VAEPredictor(weight_path=model)
    words = ["latent", "morph", a, b, "--no-align", "--model", model, "--steps", 3, "-o"]
    assert run(capsys, *words, out, "--scale", 2)[0] == 0
    drawn, morphed = load_image(out), vae.morph(a, b, 3, align=False)
    assert drawn.shape == (32, 3 * 32 + 2 * 2, 3)
    np.testing.assert_array_equal(drawn[:, :32], enlarge(morphed.arrays[:1], 2)[0])
    assert run(capsys, *words, tmp_path / "m.gif", "--scale", 2)[0] == 0
    with Image.open(tmp_path / "m.gif") as film:
        assert film.size == (2 * 256, 2 * 256)
    given = ["latent", "traverse", "--model", model, "--dims", 0, "--steps", 3, "-o", out]
    assert run(capsys, *given, "--scale", 2)[0] == 0
    assert load_image(out).shape[1] > 3 * 256
    given = ["latent", "reconstruct", a, "--no-align", "--model", model, "-o", out]
    assert run(capsys, *given, "--scale", 3)[0] == 0 and load_image(out).shape[0] == 2 * 3 * 128 + 2
    for wrong in ("0", "9", "1.5"):
        with pytest.raises(SystemExit):
            run(capsys, *given, "--scale", wrong)
        assert f"expected a whole number from 1 to 8, found {wrong}" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="scale 8: makes 252 megapixels of 60 pictures"):
        Drawings(np.zeros((60, 256, 256, 3), np.uint8)).scaled(8).sheet()
    with pytest.raises(ConfigError, match="from 1, found 0"):
        morphed.scaled(0)


def test_morph_and_traverse(model, data, tmp_path, capsys):
    a, b = (tmp_path / "data" / "faces" / f"f{i}.png" for i in (0, 1))
    out = tmp_path / "m.png"
    assert run(capsys, "latent", "morph", a, b, "--no-align", "--model", model, "--steps", 4, "-o", out)[0] == 0
    assert load_image(out).shape == (16, 4 * 16 + 3 * 2, 3)
    assert run(capsys, "latent", "traverse", "--model", model, "--dims", "0-1", "--steps", 3, "-o", out)[0] == 0
    assert load_image(out).shape[0] > 2 * 128
    code, said = run(capsys, "latent", "traverse", "--model", model, "--attributes", "-o", out)
    assert code == 2 and "hold no attribute vectors" in said
    code, said = run(capsys, "latent", "morph", a, b, "--model", model)
    assert code == 2 and "f0.png" in said  # no face on a plain picture, or too small for one


def test_histogram(model, data, tmp_path, capsys):
    figures, out = tmp_path / "h.json", tmp_path / "h.png"
    code, said = run(capsys, "latent", "histogram", "--model", model, "--data", data, "--json", figures, "-o", out)
    assert code == 0 and "active" in said and out.is_file()
    found = json.loads(figures.read_text())
    assert found["pictures"] == 12 and found["dimensions"] == 2 and len(found["kl"]) == 2


def test_photos_are_not_overwritten(model, data, tmp_path, capsys):
    a, b = (tmp_path / "data" / "faces" / f"f{i}.png" for i in (0, 1))
    before = a.read_bytes()
    given = ["--no-align", "--model", model, "-o", a]
    for words in (["morph", b, a], ["morph", a, b], ["arithmetic", a, "--add", "Male=1"], ["traverse", a]):
        code, said = run(capsys, "latent", *words, *given)
        assert code == 2 and "is the input and would be overwritten" in said
    assert a.read_bytes() == before


def test_a_photo_after_a_list_of_words_is_a_photo(model, data, tmp_path, capsys):
    given = ["--data", data, "--table", "meta.csv", "--split", "all", "--names", "Male"]
    assert run(capsys, "latent", "attributes", "--model", model, *given)[0] == 0
    crop, sheets = tmp_path / "data" / "faces" / "f2.png", []
    shared = ["--model", model, "--no-align", "-o", tmp_path / "a.png"]
    for words in (
        ["arithmetic", *shared, crop, "--add", "Male=1"],
        ["arithmetic", *shared, "--add", "Male=1", crop],
        ["traverse", *shared, crop, "--attributes", "Male"],
        ["traverse", *shared, "--attributes", crop],
    ):
        assert run(capsys, "latent", *words)[0] == 0
        sheets.append(load_image(tmp_path / "a.png"))
    assert (sheets[0] == sheets[1]).all() and (sheets[2] == sheets[3]).all()
    code, said = run(capsys, "latent", "arithmetic", *shared, "--add", "Male=1", tmp_path / "none.png")
    assert code == 2 and "expected an attribute and a number" in said


def test_shipped_weights_are_not_changed(data, capsys):
    code, said = run(capsys, "latent", "attributes", "--data", data, "--table", "meta.csv")
    assert code == 2 and "comes with ppgen" in said and "-o FILE" in said


def test_without_a_table_it_says_so(model, data, capsys):
    code, said = run(capsys, "latent", "attributes", "--model", model, "--data", data)
    assert code == 2 and "--table" in said


@pytest.mark.parametrize(("words", "told"), [
    (["-n", "0"], "1 or more"),
    (["-o", "h.xyz"], "h.xyz: cannot be written"),
    (["--seed", "-1"], "from 0 up"),
])
def test_histogram_says_what_is_wrong_before_the_work(model, capsys, words, told):
    code, said = run(capsys, "latent", "histogram", "--model", model, "--data", "nowhere", *words)
    assert code == 2 and told in said


def test_reconstruct_draws_originals_over_what_the_network_makes_of_them(model, data, tmp_path, capsys):
    out, photos = tmp_path / "r.png", sorted((tmp_path / "data" / "faces").glob("f?.png"))
    code, said = run(capsys, "latent", "reconstruct", *photos[:3], "--model", model, "--no-align", "-o", out)
    vae = VAEPredictor(weight_path=model)
    crops = np.stack([load_image(photo) for photo in photos[:3]])
    error = ((crops.astype(float) - vae.decode(vae.encode(photos[:3], align=False)).arrays) / 255) ** 2
    wanted = f"mean squared error   {error.mean():.4f} of pixels in [0, 1]\n{out}\n"  # as the metric of trainings
    assert (code, said) == (0, wanted)
    pictures = load_image(out)
    assert pictures.shape[0] < pictures.shape[1]  # two rows of three
    upper = pictures[: pictures.shape[0] // 2]
    assert {40, 200} <= set(np.unique(upper))  # the originals are on top, as they are
    code, said = run(capsys, "latent", "reconstruct", "--data", data, "--model", model, "-n", 4, "-o", out)
    assert code == 0 and load_image(out).shape[1] > pictures.shape[1]


@pytest.mark.parametrize("words", [[], ["a.png", "--data", "faces"], ["--data", "faces", "-n", "0"]])
def test_reconstruct_says_what_it_needs(model, capsys, words):
    code, said = run(capsys, "latent", "reconstruct", "--model", model, *words)
    assert code == 2 and said.startswith("error: ") and said.count("\n") == 1
