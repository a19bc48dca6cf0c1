"""The text of `run_exported.py`: at most 30 lines that need NumPy, Pillow and ONNX Runtime (or Paddle) alone."""

from ppgen.export.parts import Use

_HEAD = {
    "onnx": '''"""{what}

Needs NumPy, Pillow and onnxruntime. preprocess.json says what the graphs take and give."""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

onnxruntime.set_default_logger_severity(3)
here = Path(__file__).parent
facts = json.loads((here / "preprocess.json").read_text())


def run(name, **inputs):
    session = onnxruntime.InferenceSession(str(here / facts["graphs"][name]["file"]))
    return session.run(None, inputs)


''',
    "paddle": '''"""{what}

Needs NumPy, Pillow and PaddlePaddle. preprocess.json says what the graphs take and give."""
import json
import sys
from pathlib import Path

import numpy as np
import paddle
from PIL import Image

here = Path(__file__).parent
facts = json.loads((here / "preprocess.json").read_text())


def run(name, **inputs):
    graph = facts["graphs"][name]
    found = paddle.jit.load(str(here / graph["file"]))(*[paddle.to_tensor(inputs[key]) for key in graph["inputs"]])
    return [value.numpy() for value in (found if isinstance(found, (list, tuple)) else [found])]


''',
}
_READ = '''side = facts["picture"]["size"]
picture = Image.open(sys.argv[1]).convert("L" if facts["picture"]["channels"] == "grey" else "RGB").resize((side, side))
pixels = np.asarray(picture, np.float32).reshape(side, side, -1).transpose(2, 0, 1)[None] / 127.5 - 1
'''
_WRITE = '''levels = np.rint((np.clip(image, -1, 1) + 1) * 127.5).astype(np.uint8).transpose(1, 2, 0)
Image.fromarray(levels.squeeze()).save(sys.argv[2])
'''
_BODY: dict[Use, tuple[str, str]] = {
    "cartoon": (
        "An aligned crop becomes a cartoon: python run_exported.py CROP.png CARTOON.png",
        '''crop = Image.open(sys.argv[1]).convert("RGB").resize((256, 256), Image.Resampling.BICUBIC)
Image.fromarray(run("cartoon", crop=np.asarray(crop)[None])[0][0]).save(sys.argv[2])
''',
    ),
    "picture": (
        "A picture is redrawn: python run_exported.py PICTURE.png DRAWN.png",
        _READ
        + '''more = {"skin": np.array([facts["skin"]["default"]], np.float32)} if "skin" in facts else {}
image = run("network", picture=pixels, **more)[0][0]
'''
        + _WRITE,
    ),
    "numbers": (
        "What the network says of a picture: python run_exported.py PICTURE.png ANSWERS.npz",
        _READ + 'np.savez(sys.argv[2], **dict(zip(facts["outputs"], run("network", picture=pixels))))\n',
    ),
    "seed": (
        "A picture out of a seed: python run_exported.py SEED PICTURE.png",
        '''z = np.random.default_rng([int(sys.argv[1])]).standard_normal((1, facts["latent_dim"]), dtype=np.float32)
if "mapping" in facts["graphs"]:
    mean = np.array(facts["mean_w"], np.float32)
    w = mean + facts["truncation"] * (run("mapping", z=z)[0] - mean)
    image = run("synthesis", w_plus=np.repeat(w[:, None], facts["styles"], axis=1).astype(np.float32))[0][0]
else:
    image = run("generator", z=z, **({"label": np.array([0])} if "classes" in facts else {}))[0][0]
'''
        + _WRITE,
    ),
}


def script(use: Use, format: str) -> str:
    """The script for graphs that are used so, in a format."""
    what, body = _BODY[use]
    return _HEAD[format].replace("{what}", what) + body
