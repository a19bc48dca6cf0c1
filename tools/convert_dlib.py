"""Convert dlib's face recognition network into the FaceID that ppgen ships, with its provenance in the card.

python tools/convert_dlib.py [--source FILE.dat] [--target FILE.safetensors]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ppgen.compat import dlib_dat
from ppgen.errors import PPGenError
from ppgen.hub.cards import ASSETS, publish
from ppgen.io.download import digest
from ppgen.io.weights import Facts, load_into
from ppgen.networks.face_id import FaceID

_SCORES = {
    "photos": "100 portraits",
    "landmarks": "dlib's, the same for both",
    "chip, largest difference in grey levels": 0,
    "descriptor, largest absolute difference": "1.8e-4",
    "descriptor, smallest cosine": 0.9999998,
    "command": "python benchmarks/faceid_vs_dlib.py",
}


def _card(source_digest: str) -> Facts:
    return {
        "title": "FaceID: dlib's face descriptor in Paddle",
        "what": "A 29-convolution residual network that turns an aligned face of 150x150 pixels into 128 "
        "numbers; two pictures of one person lie closer than 0.6 in Euclidean distance.",
        "licence": "CC0 1.0 (public domain dedication by the author of dlib's models)",
        "provenance": [
            f"{dlib_dat.MODEL_FILE}, trained and published by Davis King in the project dlib-models, 2017",
            "taken from the Python package face_recognition_models 0.3.0",
            f"SHA-256 of the source file: {source_digest}",
            "changes: every affine layer folded into the convolution before it; matrices and kernels stored "
            "as float16, biases as float32",
        ],
        "data": "About 3 million faces of 7485 people, from the face scrub and VGG datasets and the web, "
        "as its author states. ppgen did not train it and has not seen those pictures.",
        "command": "python tools/convert_dlib.py",
        "scores": _SCORES,
        "limits": "Its author reports 99.38 % on LFW, which holds mostly public figures. Accuracy differs "
        "between groups of people; children and faces far from frontal are recognized less well. "
        "Use it to keep or measure likeness, not to identify people without their consent.",
    }


def publish_face_id(source: str | os.PathLike | None = None, target: str | os.PathLike | None = None) -> Path:
    """Convert dlib's file into `face_id.safetensors` with its card beside it.

    Args:
        source: the `.dat`; None: that of the installed face_recognition_models.
        target: the weights file to write; None: the shipped one.
    Returns:
        the path written.
    Raises:
        WeightsError: no source, or not this network. OutputError: cannot be written.
    """
    source = Path(source) if source is not None else dlib_dat.find_model()
    network = FaceID()
    load_into(network, dlib_dat.face_id_arrays(source))
    return publish(network, target or ASSETS / "face_id.safetensors", _card(digest(source)))


def main() -> int:
    parser = argparse.ArgumentParser(description="dlib's face descriptor -> the FaceID that ppgen ships")
    parser.add_argument("--source", help="the .dat file (default: that of face_recognition_models)")
    parser.add_argument("--target", help="the weights file to write (default: the shipped one)")
    options = parser.parse_args()
    try:
        path = publish_face_id(options.source, options.target)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
