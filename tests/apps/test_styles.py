"""Portraits in the artist's styles: on the real astronaut, with the real detector and segmentation."""

import numpy as np
import pytest

from ppgen.apps import Photo2CartoonPredictor
from ppgen.apps.styles import STYLES
from ppgen.cli import main
from ppgen.errors import ConfigError
from ppgen.io.image import load_image

data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """style -> drawing of the astronaut at 320 pixels, told that she is a woman."""
    folder = tmp_path_factory.mktemp("styles")
    drawn = {}
    for style in ("artist", "poster", "ink"):
        predictor = Photo2CartoonPredictor(folder / style, style=style, size=320, aligner="mesh")
        result = predictor.run(data.astronaut(), full=True, attributes={"gender": "F"})
        assert (load_image(folder / style / "p2c_cartoon.png") == result.cartoon).all()
        drawn[style] = result
    return drawn


def test_styles_have_the_size_asked_for_and_differ(drawings):
    pictures = [result.cartoon for result in drawings.values()]
    assert all(picture.shape == (320, 320, 3) for picture in pictures)
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert np.abs(one.astype(int) - other).mean() > 10


def test_the_artist_draws_her_on_white_where_the_photo_shows_her(drawings):
    result = drawings["artist"]
    mask = np.kron(result.mask[::4, ::4], np.ones((5, 5)))  # 64 cells of 5: 320 pixels
    outside, inside = mask < 0.02, mask > 0.98
    assert result.cartoon[outside].mean() > 245
    assert result.cartoon[inside].mean() < 220
    assert result.skin is None and result.photo_path.is_file()


def test_ink_is_black_on_paper_and_a_poster_is_not(drawings):
    chroma = {style: np.ptp(drawings[style].cartoon.astype(int), axis=2).mean() for style in ("ink", "poster")}
    assert chroma["ink"] < 8 < 20 < chroma["poster"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"style": "oil"}, "no style is called 'oil'.*there are: photo2cartoon, lite, artist, poster, ink"),
        ({"size": 512}, "the networks draw 256 pixels a side; style='artist' draws any size"),
        ({"style": "ink", "size": 4096}, "give 256 to 1024 pixels a side"),
        ({"style": "ink", "weight_path": "photo2cartoon"}, "leave weight_path and routing out"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(settings, words):
    with pytest.raises(ConfigError, match=words):
        Photo2CartoonPredictor(**settings)


@pytest.mark.parametrize("attributes", [{"gender": "X"}, {"beard": 1}, {"age": 200}])
def test_the_artist_is_told_gender_and_age_only(tmp_path, attributes):
    predictor = Photo2CartoonPredictor(tmp_path, style="artist")
    with pytest.raises(ConfigError, match="attributes"):
        predictor.run(data.astronaut(), attributes=attributes)


def test_the_small_network_draws_what_the_large_one_draws(tmp_path):
    pictures = []
    for style in ("photo2cartoon", "lite"):
        predictor = Photo2CartoonPredictor(tmp_path / style, style=style, aligner="mesh")
        pictures.append(predictor.run(data.astronaut()).astype(float))
    large, lite = pictures
    assert 0 < np.abs(large - lite).mean() < 0.25 * np.abs(large - large.mean(axis=(0, 1))).mean()


def test_the_styles_are_listed(capsys):
    assert main(["list", "styles"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == list(STYLES)
