"""What is known about a face after each step: found, aligned, recorded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ppgen.errors import DataError
from ppgen.faces.mesh_table import Pose
from ppgen.io.brief import short

SMALL_INTEROCULAR = 20.0  # pixels of the photo; below, a 256-pixel crop is mostly invention
STRONG_POSE = 2.5  # 1 is frontal; 99 % of ordinary portraits lie below


def check_rgb(image: np.ndarray) -> None:
    """DataError unless it is a uint8 picture (H, W, 3)."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        kind = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise DataError(f"expected a uint8 RGB picture (H, W, 3), got {kind}; read it with load_image")


@short
@dataclass(frozen=True)
class Face:
    """A face in a photo. Coordinates are pixels of the photo as `load_image` gives it, x right, y down.

    box: (left, top, right, bottom) as the detector drew it; it may reach outside the photo.
    score: the detector's confidence; dlib's is above its threshold of 0, and clear above 1; MediaPipe's is 0 to 1.
    rotation: degrees the photo had to be turned counterclockwise for the face to be found: 0, 90, 180 or 270.
    landmarks: float64 (68, 2), dlib order.
    warnings: sentences for the user. notes: those of them that whoever found the face has to say.
    pose: how the head is turned, where it was measured; None with dlib's landmarks.
    """

    box: tuple[float, float, float, float]
    score: float
    rotation: int
    landmarks: np.ndarray
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pose: Pose | None = None

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def interocular(self) -> float:
        """Distance of the eye centres in pixels of the photo."""
        return float(np.linalg.norm(self.landmarks[36:42].mean(axis=0) - self.landmarks[42:48].mean(axis=0)))

    @property
    def pose_ratio(self) -> float:
        """How much farther the nose tip is from one side of the jaw than from the other; 1 is frontal."""
        near, far = np.sort(np.linalg.norm(self.landmarks[[2, 14]] - self.landmarks[30], axis=1)).tolist()
        return far / max(near, 1e-6)

    @property
    def rank(self) -> float:
        """Size, discounted by doubt: a clear face counts by its width, a barely seen one by a tenth of it.

        Size alone would put a fold of cloth before a face; score alone a sharp bystander before the sitter.
        """
        return self.width * min(max(self.score, 0.1), 1.0)

    def with_warnings(self, n_faces: int = 1) -> Face:
        """This face with the warnings its numbers deserve; `n_faces` > 1: it was chosen among several."""
        warnings = list(self.notes)
        if self.interocular < SMALL_INTEROCULAR:
            warnings.append(
                f"small face: the eyes are {self.interocular:.0f} pixels apart, "
                f"at least {SMALL_INTEROCULAR:.0f} are better; use a larger photo"
            )
        turned = "far to one side" if self.pose_ratio > STRONG_POSE and not self.notes else ""
        if turned := self.pose.words if self.pose else turned:
            warnings.append(f"strong pose: the head is turned {turned}; a frontal photo works better")
        if n_faces > 1:
            warnings.append(f"several faces: {n_faces} were found and this one ranks first by score and size")
        return replace(self, warnings=tuple(warnings))

    def as_dict(self) -> dict[str, object]:
        """JSON-able, landmarks included."""
        return {
            "box": [round(float(v), 2) for v in self.box],
            "score": round(float(self.score), 4),
            "rotation": self.rotation,
            "interocular": round(self.interocular, 2),
            "landmarks": np.round(self.landmarks, 2).tolist(),
            "warnings": list(self.warnings),
        }


@short
@dataclass(frozen=True)
class AlignedFace:
    """An upright square crop around a face.

    crop: uint8 (size, size, 3) RGB; outside the photo white, or its edge pixels repeated (see `align.Margins`).
    landmarks: float64 (68, 2) in pixels of the crop.
    matrix: float64 (3, 3), homogeneous, takes pixels of the photo to pixels of the crop.
    pad_frac: share of the crop that lies outside the photo, 0 to 1.
    native_size: side of the crop in pixels of the photo, before it was scaled to `size`.
    """

    crop: np.ndarray
    landmarks: np.ndarray
    matrix: np.ndarray
    pad_frac: float
    native_size: int


@short
@dataclass(frozen=True)
class FaceRecord:
    """What was done to one face of one photo, without pixels: written beside datasets and full results."""

    source: str
    image_size: tuple[int, int]  # width, height
    face: Face
    aligned: AlignedFace | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, object]:
        """JSON-able."""
        record = {"source": self.source, "image_size": list(self.image_size), **self.face.as_dict()}
        if self.aligned is not None:
            record.update(
                matrix=self.aligned.matrix.tolist(),
                pad_frac=round(self.aligned.pad_frac, 4),
                native_size=self.aligned.native_size,
                crop_size=int(self.aligned.crop.shape[0]),
            )
        return record
