"""Looks of a drawing: few colours, or lines and hatching, at any size."""

import numpy as np
import pytest

from ppgen.errors import ConfigError
from ppgen.prepare.artist.looks import FINE, Ink, Poster, in_look, ink, poster


def drawing(side: int = 256) -> np.ndarray:
    """A "face": a disc in two flat tones with a dark line across, on white."""
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    picture = np.full((side, side, 3), 255, np.uint8)
    disc = np.hypot(x, y) < 0.35
    picture[disc] = (230, 190, 170)
    picture[disc & (x > 0.05)] = (120, 70, 60)
    picture[disc & (np.abs(y) < 0.008)] = (20, 10, 10)
    return picture


def test_a_poster_has_few_colours_and_keeps_its_paper():
    printed = poster(drawing())
    colours, counts = np.unique(printed.reshape(-1, 3), axis=0, return_counts=True)
    common = colours[counts > 0.002 * counts.sum()]
    assert printed.shape == (256, 256, 3) and printed.dtype == np.uint8
    assert 3 <= len(common) <= len(Poster().inks) + 3  # edges are soft
    assert len({tuple(printed[at]) for at in ((2, 2), (2, 250), (250, 2))}) == 1
    assert tuple(printed[100, 90]) != tuple(printed[100, 165])  # two tones of the face, two inks


def test_ink_has_two_colours_and_more_of_it_where_it_is_dark():
    penned = ink(drawing(512)).astype(float).mean(axis=2)
    paper = penned[2, 2]
    light, dark = penned[180:240, 130:240], penned[180:240, 300:380]
    assert paper > 245 and dark.mean() < light.mean() - 60
    assert dark.std() > 40  # strokes, not an even grey
    assert penned[254:258, 140:240].mean() < 80  # the drawn line is a line


def test_a_dark_face_has_light_and_shade_too():
    dark = (drawing(512) * 0.35).astype(np.uint8)
    dark[drawing(512).min(axis=2) == 255] = 255
    penned = ink(dark, Ink()).astype(float).mean(axis=2)
    assert penned[180:240, 130:240].mean() > penned[180:240, 300:380].mean() + 40


@pytest.mark.parametrize("size", [256, 900])
def test_looks_are_made_at_a_fine_size(size):
    asked = []

    def draw(side: int) -> np.ndarray:
        asked.append(side)
        return drawing(side)

    assert in_look("ink", draw, size).shape == (size, size, 3)
    assert asked == [max(size, FINE)]


def test_an_unknown_look_is_one_sentence():
    with pytest.raises(ConfigError, match="no look is called 'oil'"):
        in_look("oil", drawing, 256)
