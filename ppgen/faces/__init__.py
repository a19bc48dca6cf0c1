"""A face in a photo becomes an aligned, masked crop with a record of what was done."""

from ppgen.faces.align import align_crop, align_face
from ppgen.faces.detect import find_faces
from ppgen.faces.landmarks import predict_landmarks
from ppgen.faces.record import AlignedFace, Face, FaceRecord

__all__ = ["AlignedFace", "Face", "FaceRecord", "align_crop", "align_face", "find_faces", "predict_landmarks"]
