"""Where faces lie on average in an aligned crop: a stand-in where they cannot be found."""

import numpy as np

# Means over 934 training portraits, whole pixels of the 256-pixel crop that `align_face` cuts.
_AT_256 = np.array([
    (65, 118), (66, 135), (67, 151), (69, 168), (75, 184), (86, 197), (99, 208), (114, 217), (131, 219),
    (147, 216), (161, 207), (173, 196), (182, 182), (187, 167), (189, 151), (191, 134), (191, 118),
    (79, 108), (86, 101), (98, 98), (109, 99), (120, 103), (141, 103), (152, 99), (163, 98), (174, 101),
    (181, 108), (131, 114), (131, 125), (132, 136), (132, 148), (118, 153), (124, 155), (131, 158),
    (138, 156), (145, 153), (92, 116), (99, 113), (107, 113), (114, 117), (106, 118), (99, 118),
    (147, 117), (154, 113), (161, 113), (168, 116), (162, 118), (154, 118), (102, 171), (113, 169),
    (123, 168), (131, 169), (139, 168), (149, 169), (159, 171), (149, 181), (139, 185), (131, 186),
    (123, 185), (112, 181), (106, 172), (123, 172), (131, 173), (139, 172), (155, 172), (139, 178),
    (131, 179), (123, 179),
], dtype=np.float64)  # fmt: skip

# Left, top, right, bottom as fractions of the side: between the chip of `portraits` (0.21, 0.26, 0.82, 0.86) and that
# of `faces128` (0.16, 0.20, 0.87, 0.90), both from `typical_landmarks`. On 14 portraits its descriptors have cosine
# 0.984 with those at the true landmarks (other people's: 0.850); the whole picture's have 0.870, and half go astray.
FACE_BOX = (0.19, 0.23, 0.84, 0.88)
# The same around the landmarks of data/nobody's pictures, whose median box is (0.21, 0.41, 0.79, 0.98).
NOBODY_BOX = (0.16, 0.27, 0.87, 0.98)


def face_box(crop: str) -> tuple[float, float, float, float]:
    """Where the face lies in pictures that are cut so (`crop` of a card): left, top, right, bottom, in sides."""
    return NOBODY_BOX if crop == "nobody" else FACE_BOX


def typical_landmarks(size: int = 256) -> np.ndarray:
    """The average landmarks of an aligned crop of `size` pixels a side: float64 (68, 2), dlib order."""
    return (_AT_256 + 0.5) * (size / 256) - 0.5
