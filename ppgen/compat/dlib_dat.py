"""Read dlib's face descriptor network from its `.dat` file in plain Python.

Layout, as found in the file: integers are one byte (low four bits: how many bytes follow; top bit: negative)
and that many little-endian bytes; strings are their length and bytes; a tensor is its version (2), four
sizes and raw little-endian float32. Layers stand in order from input to output, each as its name, its tensor
if it has one, and bookkeeping that inference does not need.
"""

import importlib.util
import os
from pathlib import Path

import numpy as np

from ppgen.errors import WeightsError

MODEL_FILE = "dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
_TENSOR_LAYERS = (b"con_4", b"affine_", b"fc_2")
_BOOKKEEPING = 512  # bytes: more than ever stands between one tensor and the next layer's name
_CONVOLUTIONS = 29


def find_model() -> Path:
    """The `.dat` inside the installed `face_recognition_models`, found without importing that package.

    (Its `__init__` needs pkg_resources, which current Pythons no longer bring.)
    Raises WeightsError where the package is missing.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / "models" / MODEL_FILE
        if path.is_file():
            return path
    raise WeightsError(f"{MODEL_FILE} was not found: pip install face_recognition_models, or give its path")


class _Reader:
    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name, self.at = data, name, 0

    def fail(self, what: str) -> WeightsError:
        return WeightsError(f"{self.name}: {what} at byte {self.at}; this is not dlib's face recognition network")

    def integer(self) -> int:
        head = self.data[self.at] if self.at < len(self.data) else 0
        count = head & 0x0F
        if not 1 <= count <= 8 or self.at + 1 + count > len(self.data):
            raise self.fail("no number")
        value = int.from_bytes(self.data[self.at + 1 : self.at + 1 + count], "little")
        self.at += 1 + count
        return -value if head & 0x80 else value

    def tensor(self) -> np.ndarray:
        version, *shape = [self.integer() for _ in range(5)]
        count = int(np.prod(shape, dtype=np.int64))
        if version != 2 or min(shape) < 0 or self.at + 4 * count > len(self.data):
            raise self.fail("no tensor")
        values = np.frombuffer(self.data, "<f4", count, self.at)
        self.at += 4 * count
        return values.reshape(shape)

    def next_layer(self) -> str:
        """Move behind the name of the next layer that holds a tensor."""
        limit = self.at + _BOOKKEEPING
        places = ((self.data.find(b"\x01" + bytes([len(n)]) + n, self.at, limit), n) for n in _TENSOR_LAYERS)
        at, name = min((place for place in places if place[0] >= 0), default=(-1, b""))
        if at < 0:
            raise self.fail("no layer")
        self.at = at + 2 + len(name)
        return name.decode()


def read_layers(path: str | os.PathLike) -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
    """Walk the file.

    Returns:
        the convolutions in order, each {'weight': (out, in, k, k), 'bias', 'gamma', 'beta': (out,)}, the last
        two from the affine layer behind it; and the final matrix (256, 128), inputs by outputs.
    Raises:
        WeightsError: unreadable, or another layout.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    reader = _Reader(data, str(path))
    convolutions: list[dict[str, np.ndarray]] = []
    while (name := reader.next_layer()) != "fc_2":
        if name == "affine_":
            gamma, beta = reader.tensor().reshape(2, -1)
            convolutions[-1].update(gamma=gamma, beta=beta)
            continue
        values = reader.tensor().ravel()
        filters, rows, columns = (reader.integer() for _ in range(3))
        weight, bias = values[:-filters], values[-filters:]
        convolutions.append({"weight": weight.reshape(filters, -1, rows, columns), "bias": bias})
    outputs, inputs = reader.integer(), reader.integer()
    matrix = reader.tensor().reshape(inputs, outputs)
    if len(convolutions) != _CONVOLUTIONS or any("gamma" not in layer for layer in convolutions):
        raise reader.fail(f"{len(convolutions)} convolutions instead of {_CONVOLUTIONS}")
    return convolutions, matrix


def face_id_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The state of `ppgen.networks.face_id.FaceID`, float32; affine layers folded into convolutions."""
    convolutions, matrix = read_layers(path)
    names = ["stem"]
    for stage, blocks in enumerate((3, 4, 3, 3, 1)):
        names += [f"stages.{stage}.{block}.conv{i}" for block in range(blocks) for i in (1, 2)]
    arrays: dict[str, np.ndarray] = {}
    for name, layer in zip(names, convolutions, strict=True):
        gamma = layer["gamma"].astype(np.float64)
        arrays[f"{name}.weight"] = (layer["weight"] * gamma[:, None, None, None]).astype(np.float32)
        arrays[f"{name}.bias"] = (layer["bias"] * gamma + layer["beta"]).astype(np.float32)
    arrays["fc.weight"] = matrix.astype(np.float32)
    return arrays
