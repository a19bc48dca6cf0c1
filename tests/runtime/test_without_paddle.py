"""A cartoon imports no Paddle, the first ever neither, and is the cartoon that eager Paddle draws."""

import numpy as np
import pytest
from PIL import Image

from ppgen.io.image import load_image

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("paddle2onnx", reason="paddle2onnx is not installed")

CARTOON = """
import sys
from ppgen.cli import main
assert main(["cartoon", "{photo}", "-o", "{out}"]) == 0
print("PADDLE" if "paddle" in sys.modules else "NO PADDLE")
"""


@pytest.mark.slow
def test_cartoon(run_python, astronaut, tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(astronaut).save(photo)
    loaded = {}
    for name, chosen in (("eager", "eager"), ("first", "onnx"), ("second", "onnx")):
        code = CARTOON.format(photo=photo, out=tmp_path / name)
        result = run_python("-W", "error::UserWarning", "-c", code, PPGEN_RUNTIME=chosen, PPGEN_CACHE=str(tmp_path))
        assert result.returncode == 0, result.stderr
        loaded[name] = result.stdout.split("\n")[-2]
    assert loaded == {"eager": "PADDLE", "first": "NO PADDLE", "second": "NO PADDLE"}
    pictures = [load_image(next((tmp_path / name).glob("*cartoon.png"))).astype(int) for name in loaded]
    assert np.abs(pictures[0] - pictures[1]).max() <= 2
    assert np.array_equal(pictures[1], pictures[2])


def test_nothing_on_the_way_of_a_photo_imports_paddle(run_python):
    code = "import sys; from ppgen.apps import photo2cartoon, translate; print('paddle' in sys.modules)"
    result = run_python("-c", code)
    assert result.returncode == 0 and result.stdout.strip() == "False", result.stderr
