"""A schematic face to measure drawings on."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 256


def face_points() -> np.ndarray:
    """68 landmarks of a schematic face in dlib's order, pixels of a 256 picture."""
    angles = np.linspace(np.pi, 0, 17)
    jaw = np.stack([128 + 60 * np.cos(angles), 120 + 80 * np.sin(angles)], axis=1)
    brows = [np.stack([np.linspace(a, a + 36, 5), np.full(5, 100.0)], axis=1) for a in (80, 140)]
    bridge = np.stack([np.full(4, 128.0), np.linspace(112, 138, 4)], axis=1)
    base = np.stack([np.linspace(116, 140, 5), np.full(5, 144.0)], axis=1)
    circle = np.stack([np.cos(np.arange(6) * np.pi / 3), 0.5 * np.sin(np.arange(6) * np.pi / 3)], axis=1)
    eyes = [np.array([x, 114]) + 10 * circle for x in (98, 158)]
    turn = np.arange(20) * np.pi / 10
    mouth = np.stack([128 + 22 * np.cos(turn), 170 + 8 * np.sin(turn)], axis=1)
    return np.concatenate([jaw, *brows, bridge, base, *eyes, mouth]).astype(np.float32)


def drawing(skin: int = 200) -> np.ndarray:
    """A flat face with dark features, uint8 (256, 256, 3)."""
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    points = face_points()
    cv2.fillConvexPoly(picture, cv2.convexHull(np.rint(points).astype(np.int32)), (skin, skin, skin))
    for first, last in ((17, 22), (22, 27), (36, 42), (42, 48), (48, 60)):
        cv2.polylines(picture, [np.rint(points[first:last]).astype(np.int32)], False, (20, 20, 20), 2)
    return picture
