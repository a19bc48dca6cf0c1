"""dlib's cascade of regression trees (Kazemi and Sullivan, CVPR 2014), without dlib, to the same landmarks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ppgen.io.brief import short

_Rectangle = tuple[int, int, int, int]  # left, top, right, bottom, all within


@short
class LandmarkTrees(NamedTuple):
    """The arrays that `ppgen.compat.dlib_trees.read_trees` gives.

    dlib computes in single precision here and in double there; so does this, in its order, as landmarks are rounded.
    """

    initial: np.ndarray
    splits: np.ndarray
    thresholds: np.ndarray
    leaves: np.ndarray
    anchors: np.ndarray
    deltas: np.ndarray

    def __call__(self, image: np.ndarray, box: _Rectangle) -> np.ndarray:
        """Landmarks of the face in a box of a uint8 (H, W, 3) image: int64 (M, 2) pixels."""
        shape, (trees, leaves, size) = self.initial, self.leaves.shape[1:]
        shifts = np.empty((1 + trees, size), np.float32)
        for level in range(len(self.splits)):
            grey = self._pixels(image, box, shape, level)
            shifts[0] = shape.ravel()
            rows = leaves * np.arange(trees) + self._reached(grey, level)
            self.leaves[level].reshape(-1, size).take(rows, axis=0, out=shifts[1:], mode="clip")
            # along the first axis one after the other: sums of floats depend on the order
            shape = np.add.reduce(shifts, axis=0).reshape(shape.shape)
        return _pixel(shape, box)

    def _pixels(self, image: np.ndarray, box: _Rectangle, shape: np.ndarray, level: int) -> np.ndarray:
        """(P,) the grey values that the trees of a level compare; 0 outside the image."""
        turn = _similarity(self.initial, shape).astype(np.float32)
        x, y = self.deltas[level].T
        offsets = np.stack([turn[0, 0] * x + turn[0, 1] * y, turn[1, 0] * x + turn[1, 1] * y], axis=1)
        x, y = _pixel(offsets + shape[self.anchors[level]], box).T
        height, width = image.shape[:2]
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        red, green, blue = image[y * inside, x * inside].astype(np.int32).T
        return (red + green + blue) // 3 * inside

    def _reached(self, grey: np.ndarray, level: int) -> np.ndarray:
        """(T,) which leaf of each tree is reached."""
        trees, nodes = self.thresholds.shape[1:]
        # of all trees at once what is compared at a node, as few numbers a node are quicker than a search
        one, other = grey[self.splits[level]]
        is_right = one - other <= self.thresholds[level]
        tree, node = np.arange(trees), np.zeros(trees, np.int64)
        while node[0] < nodes:  # all leaves are equally deep
            node = 2 * node + 1 + is_right[tree, node]
        return node - nodes


def _pixel(points: np.ndarray, box: _Rectangle) -> np.ndarray:
    """Points (n, 2) in units of the box -> the pixels that they are in."""
    left, top, right, bottom = box
    return np.floor(points.astype(np.float64) * (right - left, bottom - top) + (left, top) + 0.5).astype(np.int64)


def _similarity(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(2, 2): the turn and scale of the similarity that brings points closest to others (Umeyama, PAMI 1991, (40)).

    For turns in the plane without a reflection.
    """
    start, end = start.astype(np.float64), end.astype(np.float64)
    start, end = start - start.mean(axis=0), end - end.mean(axis=0)
    (xx, xy), (yx, yy) = end.T @ start
    size = np.square(start).sum()
    along, across = (xx + yy) / size, (yx - xy) / size
    return np.array([[along, -across], [across, along]])
