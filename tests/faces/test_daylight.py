"""The skin's own colour and the part of a crop that is a photo, on a made-up face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from prepare.artist.test_artist import POINTS, portrait

from ppgen.errors import DataError
from ppgen.faces.colour import LINEAR, encoded, monochrome
from ppgen.faces.daylight import out_of_the_dark, own_skin, seen_skin, shown_part
from ppgen.faces.proportions import Proportions


def test_the_skin_of_a_crop_of_any_size():
    photo, mask = portrait()
    own = own_skin(photo, POINTS, mask)
    assert own.shape == (3,) and 24 <= own[0] <= 84 and 4 <= own[1] <= 26 and 6 <= own[2] <= 30
    large = cv2.resize(photo, (512, 512), interpolation=cv2.INTER_CUBIC)
    again = own_skin(large, (POINTS + 0.5) * 2 - 0.5, cv2.resize(mask, (512, 512)))
    assert np.abs(again - own).max() < 2


def test_lighter_skin_is_told_lighter():
    told = [own_skin(*(made := portrait(skin=(level, 16, 18)))[:1], POINTS, made[1])[0] for level in (34, 52, 70)]
    assert (np.diff(told) > 4).all()


def test_only_a_nearly_black_portrait_is_brightened():
    photo, mask = portrait()
    assert out_of_the_dark(photo, POINTS) is photo
    dim, black = (encoded(LINEAR[photo] / part) for part in (2, 64))
    assert out_of_the_dark(dim, POINTS) is dim
    brightened = out_of_the_dark(black, POINTS)
    assert seen_skin(black, mask, Proportions(POINTS))[0] < 10
    assert seen_skin(brightened, mask, Proportions(POINTS))[0] == pytest.approx(45, abs=4)
    assert np.corrcoef(brightened.ravel(), photo.ravel())[0, 1] > 0.9


def test_bad_input_is_named():
    photo, mask = portrait()
    with pytest.raises(DataError, match="68 landmarks"):
        own_skin(photo, POINTS[:60], mask)


def test_only_padding_counts_as_no_photo():
    photo, mask = portrait()
    turned = cv2.warpAffine(
        photo, cv2.getRotationMatrix2D((128, 128), 6, 0.85), (256, 256), borderValue=(255, 255, 255)
    )
    shown = shown_part(turned)
    assert not shown[2, 2] and not shown[253, 253] and shown[128, 128] and 0.6 < shown.mean() < 0.85
    white = np.where(mask[..., None] > 0.5, photo, 255).astype(np.uint8)
    assert shown_part(white).all()  # a person before white is not cut out of a photo


def test_sepia_has_one_hue():
    photo, _ = portrait()
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None]
    assert monochrome(np.repeat(grey, 3, axis=2))
    assert monochrome(np.clip(grey * np.array([1.0, 0.93, 0.78]), 0, 255).astype(np.uint8))
    assert not monochrome(photo)
