"""Cleaning of masks, and the pictures made with them; a fake network draws what is given to it."""

import cv2
import numpy as np
import paddle
import pytest

from ppgen.errors import DataError
from ppgen.faces import segment
from ppgen.faces.typical import typical_landmarks

CROP = np.zeros((256, 256, 3), np.uint8)


def drawn(share):
    """A network that gives each pixel this share of being the person."""
    inside = np.clip(share, 1e-9, 1 - 1e-9)
    logits = paddle.to_tensor(np.log(inside / (1 - inside)).astype(np.float32))
    return lambda crop: logits.reshape([1, 1, 256, 256])


def test_specks_go_and_the_soft_edge_stays():
    share = np.zeros((256, 256))
    share[50:200, 60:200] = 1
    share[49, 60:200] = 0.4  # soft edge
    share[5:15, 5:15] = 0.9  # a speck
    share[230, 230] = 0.3  # a shadow of doubt far away
    photo = np.repeat((255 * share).astype(np.uint8)[..., None], 3, axis=2)
    mask = segment.person_mask(photo, network=drawn(share))
    assert mask.dtype == np.float32
    assert mask[100, 100] == pytest.approx(1) and mask[49, 100] == pytest.approx(0.4, abs=0.05)
    assert mask[:20, :20].max() == 0 and mask[230, 230] == 0


def test_the_face_is_the_person_even_where_the_network_doubts():
    nobody = drawn(np.zeros((256, 256)))
    assert segment.person_mask(CROP, network=nobody).max() == 0
    mask = segment.person_mask(CROP, typical_landmarks(), nobody)
    assert mask[140, 131] == 1 and mask[20, 20] == 0 and 0.05 < mask.mean() < 0.3
    outside = typical_landmarks() + 1e7
    assert segment.person_mask(CROP, outside, nobody).max() == 0


@pytest.mark.parametrize("crop", [CROP[:250], CROP[..., 0], CROP.astype(np.float32), CROP[:0]])
def test_other_arrays_are_refused(crop):
    with pytest.raises(DataError):
        segment.person_mask(crop)


def test_outline_mask_is_two_pixels_wider_and_soft():
    mask = np.zeros((256, 256), np.float32)
    mask[:, :128] = 1
    row = segment.outline_mask(mask)[128]
    assert row[127] == pytest.approx(1, abs=0.03) and row[128] > 0.9 and row[133] < 0.01
    assert (np.diff(row) <= 1e-6).all()


def test_the_edge_moves_to_the_edge_of_the_photo():
    share = cv2.GaussianBlur(np.repeat([0.0, 1.0], 128)[None].repeat(256, axis=0), (0, 0), 3)  # the edge is at 128
    photo = np.zeros((256, 256, 3), np.uint8)
    photo[:, 130:] = 200
    assert segment.person_mask(CROP, network=drawn(share))[128, 128] > 0.5
    mask = segment.person_mask(photo, network=drawn(share))[128]
    assert mask[129] < 0.5 < mask[130] and mask.min() == 0 and mask[160:].min() > 0.999


def test_a_plain_photo_moves_no_edge():
    share = cv2.GaussianBlur(np.repeat([0.0, 1.0], 128)[None].repeat(256, axis=0), (0, 0), 3).astype(np.float32)
    found = segment.follow_edges(CROP, share)
    assert found.dtype == np.float32 and ((found > 0.5) == (share > 0.5)).all()
