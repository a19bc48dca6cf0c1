"""BlazeFace and FaceMesh equal MediaPipe's own interpreter: a recorded golden everywhere, the interpreter where it is.

`python tests/networks/test_mediapipe.py` records the golden again; it needs what tools/convert_mediapipe.py names.
"""

from __future__ import annotations

from pathlib import Path

import goldens
import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.errors import DataError, WeightsError
from tools import convert_mediapipe

GOLDEN = goldens.DATA / "mediapipe.npz"
TOLERANCE = 1e-4  # of the output's largest value
OUTPUTS = {"blazeface": ("boxes", "logits"), "face_mesh": ("points", "presence")}
EVERY = 7  # of 896 anchors' boxes, one in so many is recorded


def pictures(name: str) -> np.ndarray:
    """(2, 3, side, side) in [-1, 1]: the astronaut's face, and noise by the goldens' rule."""
    astronaut = pytest.importorskip("skimage.data").astronaut().astype(np.float32)
    if name == "blazeface":  # the whole of it, halved
        photo = astronaut.reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
    else:
        photo = astronaut[30:222, 128:320]
    photo = photo.transpose(2, 0, 1)[None] / 127.5 - 1
    return np.concatenate([photo, goldens.image(name, photo.shape)]).astype(np.float32)


def interpreted(name: str, x: np.ndarray) -> dict[str, np.ndarray]:
    """What MediaPipe's interpreter makes of (N, 3, side, side) in [-1, 1], with the batch in front."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(convert_mediapipe.model_folder() / convert_mediapipe.FILES[name]))
    interpreter.allocate_tensors()
    wanted, given = interpreter.get_output_details(), interpreter.get_input_details()[0]["index"]
    if name == "face_mesh":
        x = (x + 1) / 2
    outputs = []
    for picture in x.transpose(0, 2, 3, 1):
        interpreter.set_tensor(given, picture[None])
        interpreter.invoke()
        outputs.append([interpreter.get_tensor(output["index"])[0] for output in wanted])
    return {output: np.stack(values) for output, values in zip(OUTPUTS[name], zip(*outputs))}


def ours(name: str, x: np.ndarray) -> dict[str, np.ndarray]:
    with paddle.no_grad():
        return {key: value.numpy() for key, value in hub.load(name)(paddle.to_tensor(x))._asdict().items()}


def relative_error(found: np.ndarray, wanted: np.ndarray) -> float:
    wanted = wanted.reshape(found.shape)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_equal_what_the_interpreter_gave(name):
    golden, found = np.load(GOLDEN), ours(name, pictures(name))
    for output in OUTPUTS[name]:
        values = found[output][:, ::EVERY] if output == "boxes" else found[output]
        for picture in range(2):  # each against its own scale: noise gives far larger logits than a face
            assert relative_error(values[picture], golden[f"{name}.{output}"][picture]) < TOLERANCE


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_equal_the_interpreter(name):
    pytest.importorskip("ai_edge_litert", reason="MediaPipe's interpreter: pip install ai-edge-litert")
    try:
        convert_mediapipe.model_folder()
    except WeightsError as error:
        pytest.skip(str(error))
    noise = np.random.default_rng(3).normal(0, 0.7, pictures(name).shape).astype(np.float32)
    x = np.concatenate([pictures(name), noise])
    wanted, found = interpreted(name, x), ours(name, x)
    for output in OUTPUTS[name]:
        for picture in range(len(x)):
            assert relative_error(found[output][picture], wanted[output][picture]) < TOLERANCE


@pytest.mark.parametrize("name", OUTPUTS)
def test_conversion_gives_the_shipped_file_again(name, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="reads .tflite files: pip install ai-edge-litert")
    try:
        source = convert_mediapipe.model_folder()
    except WeightsError as error:
        pytest.skip(str(error))
    path = convert_mediapipe.convert(name, source, tmp_path)
    assert path.read_bytes() == (hub.ASSETS / path.name).read_bytes()
    card = path.with_suffix(".md").read_text()
    assert card == (hub.ASSETS / path.name).with_suffix(".md").read_text() and "Apache-2.0" in card


@pytest.mark.parametrize("name, side", [("blazeface", 192), ("face_mesh", 256)])
def test_pictures_of_another_size_are_refused(name, side):
    with pytest.raises(DataError, match="takes"):
        hub.load(name)(paddle.zeros([1, 3, side, side]))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(WeightsError, match="face_landmark.tflite"):
        convert_mediapipe.convert("face_mesh", Path(tmp_path), Path(tmp_path))


if __name__ == "__main__":
    recorded = {}
    for network in OUTPUTS:
        for key, array in interpreted(network, pictures(network)).items():
            recorded[f"{network}.{key}"] = array[:, ::EVERY] if key == "boxes" else array
    np.savez_compressed(GOLDEN, **recorded)
