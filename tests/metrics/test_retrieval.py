"""Retrieval by descriptors, and how a drawing is made coarse before it is judged."""

import numpy as np
import pytest

from ppgen.errors import DataError
from ppgen.metrics import retrieval


def test_rank1_counts_own_photo_first():
    gallery = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    queries = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 7.0]])
    assert retrieval.nearest(queries, gallery).tolist() == [0, 0, 2]
    assert retrieval.rank1_hits(queries, gallery).tolist() == [True, False, True]


def test_shapes_that_do_not_belong_together():
    for queries, gallery in ((np.zeros((2, 3)), np.zeros((2, 4))), (np.zeros((2, 3)), np.zeros((0, 3)))):
        with pytest.raises(DataError, match="retrieval"):
            retrieval.rank1_hits(queries, gallery)


def test_fine_texture_does_not_survive():
    picture = np.full((256, 256, 3), 128, np.uint8)
    picture[::2, ::2] = picture[1::2, 1::2] = 168  # a checkerboard of single pixels
    coarse = retrieval.coarse(picture)
    assert coarse.shape == (128, 128, 3) and np.ptp(coarse.astype(int)) <= 2


def test_colours_keep_their_order():
    coarse = retrieval.coarse(np.full((256, 256, 3), (200, 100, 50), np.uint8))
    assert np.abs(coarse.astype(int) - (200, 100, 50)).max() <= 3


def test_jitter_depends_on_the_id_alone():
    moves = np.stack([retrieval.jitter(f"{i:06d}") for i in range(200)])
    assert np.abs(moves).max() <= retrieval.JITTER and moves.std() > 1.4
    assert (retrieval.jitter("000007") == moves[7]).all()


def test_judged_chip_shows_the_face(monkeypatch):
    from metrics.schematic import drawing, face_points

    from ppgen.faces.identify import face_chip

    monkeypatch.setattr(retrieval, "JITTER", 0.0)
    sharp, judged = face_chip(drawing(), face_points()), retrieval.judged_chip(drawing(), face_points(), "a")
    assert judged.shape == sharp.shape == (150, 150, 3)
    assert np.abs(sharp.astype(int) - judged).mean() < 12  # same place, only coarser
