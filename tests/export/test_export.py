"""One network of each kind leaves ppgen and runs without it, as it does here."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ppgen.apps import GANPredictor
from ppgen.cli import main
from ppgen.errors import ConfigError, WeightsError
from ppgen.export import export
from ppgen.io.image import load_image
from ppgen.runtime.convert import ExportError

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("paddle2onnx", reason="paddle2onnx is not installed")

ALONE = """
import runpy, sys
sys.modules["ppgen"] = None  # an import of it would fail
sys.argv = ["run_exported.py", *{arguments}]
runpy.run_path({script!r}, run_name="__main__")
print("PADDLE" if "paddle" in sys.modules else "NO PADDLE")
"""


def slow(*names: str) -> list:
    """Networks of a kind of which another one stands for all in quick tests."""
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture
def picture(astronaut, tmp_path):
    path = tmp_path / "face.png"
    Image.fromarray(astronaut[:300, 80:380]).save(path)
    return path


@pytest.fixture
def alone(run_python):
    """Runs an exported folder's script without ppgen; whether Paddle was imported."""

    def run(folder: Path, *arguments: object) -> bool:
        script = folder / "run_exported.py"
        assert len(script.read_text().splitlines()) <= 30
        code = ALONE.format(arguments=[str(word) for word in arguments], script=str(script))
        result = run_python("-c", code)
        assert result.returncode == 0, result.stderr
        return result.stdout.split()[-1] == "PADDLE" and "NO PADDLE" not in result.stdout

    return run


@pytest.mark.parametrize("format", ["onnx", pytest.param("paddle", marks=pytest.mark.slow)])
def test_a_generator_draws_the_seed_s_picture(alone, tmp_path, format):
    folder = tmp_path / "exported"
    assert main(["export", "dcgan_faces64", "--format", format, "-o", str(folder), "--dynamic-batch"]) == 0
    assert alone(folder, 7, tmp_path / "face.png") is (format == "paddle")
    wanted = GANPredictor(tmp_path, "dcgan_faces64").grid(seed=7, count=1)[0].array
    assert np.abs(load_image(tmp_path / "face.png").astype(int) - wanted).max() <= 1
    told = json.loads((folder / "preprocess.json").read_text())
    assert told["latent_dim"] == 100 and told["graphs"]["generator"]["batch"] == "any"
    assert "## Licence" in (folder / "card.md").read_text()


@pytest.mark.parametrize("name", ["vae_mnist", "styleganv2-nobody-128", *slow(
    "stylegan-portraits-64", "cond_dcgan_mnist", "vae_nobody64")])  # fmt: skip
def test_others_that_draw_from_seeds(alone, tmp_path, name):
    export(name, tmp_path / "exported")
    assert not alone(tmp_path / "exported", 3, tmp_path / "drawn.png")
    assert np.ptp(load_image(tmp_path / "drawn.png")) > 100


@pytest.mark.parametrize("name", ["segmentation", *slow("face_id", "blazeface", "face_mesh")])
def test_networks_that_say_numbers(alone, picture, tmp_path, name):
    export(name, tmp_path / "exported", any_batch=True)
    assert not alone(tmp_path / "exported", picture, tmp_path / "said.npz")
    with np.load(tmp_path / "said.npz") as said:
        told = json.loads((tmp_path / "exported" / "preprocess.json").read_text())
        assert said.files == told["outputs"] and all(np.isfinite(said[key]).all() for key in said.files)


@pytest.mark.parametrize("name", ["cyclegan_portraits", *slow("photo2cartoon-lite")])
def test_a_translator(alone, picture, tmp_path, name):
    export(name, tmp_path / "exported")
    assert not alone(tmp_path / "exported", picture, tmp_path / "drawn.png")
    assert load_image(tmp_path / "drawn.png").shape == (256, 256, 3)


@pytest.mark.slow
def test_paddlegan_s_script_redraws_the_test_data_of_a_config(run_python, astronaut, tmp_path):
    pairs = np.concatenate([astronaut[:256, 100:356], astronaut[:256, 100:356]], axis=1)
    for split in ("train", "test"):
        (tmp_path / "pairs" / split).mkdir(parents=True)
        Image.fromarray(pairs).save(tmp_path / "pairs" / split / "0.png")
    export("cyclegan_portraits", tmp_path / "exported")
    data = {split: {"name": "PairedImages", "dataroot": str(tmp_path / "pairs" / folder), "size": 64}
            for split, folder in (("train", "train"), ("validation", "test"))}  # fmt: skip
    told = ["-c", "pix2pix_portraits", "-o", f"dataset={json.dumps(data)}", "--output_path", str(tmp_path / "out")]
    done = run_python(
        "tools/inference.py", "--model_path", str(tmp_path / "exported"), "--model_type", "cyclegan", *told
    )
    assert done.returncode == 0, done.stderr
    assert load_image(tmp_path / "out" / "cyclegan" / "0.png").shape == (256, 256, 3)


@pytest.mark.slow
def test_the_cartoon_in_one_file(alone, astronaut, tmp_path):
    from ppgen.apps import Photo2CartoonPredictor

    result = Photo2CartoonPredictor(tmp_path / "ours").run(astronaut, full=True)
    export("photo2cartoon", tmp_path / "exported")
    crop = tmp_path / "crop.png"
    Image.fromarray(result.crop).save(crop)
    assert not alone(tmp_path / "exported", crop, tmp_path / "cartoon.png")
    apart = np.abs(load_image(tmp_path / "cartoon.png").astype(int) - result.cartoon)
    # the face is looked for where it usually is, not at its landmarks: the skin's colour may differ a little
    assert apart.mean() < 6 and np.percentile(apart, 95) < 40
    assert {path.name for path in (tmp_path / "exported").iterdir()} == {
        "cartoon.onnx", "network.onnx", "preprocess.json", "card.md", "run_exported.py"
    }  # fmt: skip


@pytest.mark.slow
def test_a_run_folder_and_paddlegan_s_script(run_python, tmp_path):
    from ppgen import hub

    (tmp_path / "run").mkdir()
    shutil.copy(hub.path_of("dcgan_faces64"), tmp_path / "run" / "best.safetensors")
    (tmp_path / "run" / "config.yaml").write_text("{}")
    export(tmp_path / "run", tmp_path / "exported")
    model = ["--model_path", str(tmp_path / "exported"), "--model_type", "stylegan2"]
    done = run_python("tools/inference.py", *model, "--output_path", str(tmp_path / "out"), "--seed", "5")
    assert done.returncode == 0, done.stderr
    assert load_image(tmp_path / "out" / "stylegan2" / "0.png").shape == (64, 64, 3)


@pytest.mark.slow
def test_what_differs_from_paddle_is_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr("ppgen.export.write.TOLERANCE", 1e-12)
    with pytest.raises(ExportError, match="away from Paddle"):
        export("vae_mnist", tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


def test_what_cannot_be_exported_is_said(tmp_path):
    with pytest.raises(ConfigError, match="no format is called 'onx', did you mean 'onnx'"):
        export("vae_mnist", tmp_path, format="onx")
    with pytest.raises(WeightsError, match="SkinTone, which is not exported"):
        export("skin_tone", tmp_path / "exported")
    (tmp_path / "run" / "final").mkdir(parents=True)
    with pytest.raises(WeightsError, match="no run of a training"):
        export(tmp_path / "run", tmp_path / "exported")
