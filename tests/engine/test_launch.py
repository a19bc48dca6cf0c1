"""The command line of training, in child processes as a user starts it."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import ROOT
from safetensors.numpy import load_file

CONFIG = """
seed: 1
total_iters: 4
model:
  name: PersonSegmentation
  network: {name: SegmentationUNet, width: 8, levels: 2}
dataset:
  train: {name: Portraits, split: train, paired: false, white: false, size: 32, augment: 1.0, backdrop: 0.5, most: 8}
  validation: {name: Portraits, split: validation, paired: false, white: false, size: 32, most: 4}
loader: {batch_size: 2}
optimizer:
  network: {name: Adam, learning_rate: 0.0015}
ema: {networks: [network], half_life: 800}
log: {interval: 1}
checkpoint: {interval: 2}
validate: {interval: 4, metric: {name: MaskScores}, best: iou, mode: max, network: network}
"""


@pytest.fixture
def main(run_python, shared, tmp_path):
    """Run tools/main.py on a tiny training of the segmentation."""
    data = str(shared("portraits").parent)
    (tmp_path / "small.yaml").write_text(CONFIG)

    def run(*arguments: str, config: str = str(tmp_path / "small.yaml"), **variables):
        options = ["-o", f"output_dir={tmp_path / 'runs'}"]
        return run_python("tools/main.py", "-c", config, *options, *arguments, PPGEN_DATA=data, **variables)

    return run


def test_dry_run_prints_sizes_and_writes_nothing(main, tmp_path):
    done = main("--dry-run")
    assert done.returncode == 0, done.stderr
    assert "network: SegmentationUNet" in done.stdout and "batch.photo: float32 [2, 3, 32, 32]" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_train_resume_evaluate(main, tmp_path):
    first = main("--resume")  # nothing to resume yet: it starts and says so
    assert first.returncode == 0, first.stderr
    assert "starting at step 0" in first.stdout
    (run,) = (tmp_path / "runs").iterdir()
    assert {"config.yaml", "history.jsonl", "log.jsonl", "curves.png", "best.safetensors"} <= {
        p.name for p in run.iterdir()
    }
    longer = main("--resume", "-o", "total_iters=6")
    assert "going on from step 4" in longer.stdout, longer.stderr
    assert (run / "checkpoints" / "step_00000006").is_dir()
    judged = main("--evaluate-only", "--load", str(run / "best.safetensors"))
    assert judged.returncode == 0 and '"iou"' in judged.stdout
    again = main(config=str(run / "config.yaml"))
    assert again.returncode == 0, again.stderr


@pytest.mark.slow
def test_two_processes_give_the_weights_of_one(run_python, shared, tmp_path):
    """The same batches, shared by two processes, whose gradients are averaged."""
    generator = "{name: LeanPhoto2CartoonGenerator, ngf: 8, n_blocks: 1, hourglass_depth: 1, detail: 8}"
    options = ["dataset.train.size=64", "dataset.train.most=16", "loader.turns={}", "total_iters=6", "validate={}",
               "dataset.validation.size=64", "model.skin_noise=0.0", f"model.generator={generator}"]  # fmt: skip
    for processes in ("1", "2"):
        done = run_python(
            "tools/main.py", "-c", "configs/photo2cartoon_paired_128.yaml", "--nproc", processes,
            "-o", *options, f"output_dir={tmp_path / processes}", PPGEN_DATA=str(shared("portraits").parent),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        assert not any(word in done.stderr + done.stdout for word in ("FLAGS", "ccache", "LAUNCH"))
    one, two = (
        load_file(next((tmp_path / n).glob("*/checkpoints/step_00000006/weights.safetensors"))) for n in ("1", "2")
    )
    names = [name for name in one if name.startswith("generator.")]
    assert len(names) > 20
    for name in names:
        assert np.allclose(one[name], two[name], atol=2e-4), name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--resume", "nowhere"], "no checkpoint there"),
        (["--nproc", "some"], "--nproc some"),
        (["-o", "model.network.widht=3"], "did you mean 'width'"),
        (["--load", "nothing.safetensors"], "nothing.safetensors"),
    ],
)
def test_faults_are_one_line_and_exit_2(main, arguments, words):
    done = main(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


def test_missing_data_is_one_line(run_python, tmp_path):
    done = run_python("tools/main.py", "-c", "configs/segmentation.yaml", PPGEN_DATA=str(tmp_path))
    assert done.returncode == 2 and "make data" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_sigterm_leaves_a_checkpoint_and_says_how_to_go_on(shared, tmp_path, processes):
    """The signal goes to the command a user started, whatever it started itself."""
    options = ["-o", "total_iters=100000", "checkpoint.interval=100000", "validate={}", "log.interval=5"]
    config = tmp_path / "small.yaml"
    config.write_text(CONFIG)
    log = tmp_path / "log"
    child = subprocess.Popen(
        [sys.executable, "tools/main.py", "-c", config, "--nproc", processes, *options, f"output_dir={tmp_path}"],
        stdout=log.open("w"), stderr=subprocess.STDOUT, cwd=ROOT,
        env={**os.environ, "PPGEN_DATA": str(shared("portraits").parent), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    limit = time.monotonic() + 90
    while "step 5/" not in log.read_text() and time.monotonic() < limit:
        time.sleep(0.2)
    child.terminate()
    assert child.wait(60) == 143, log.read_text()
    (line,) = [line for line in log.read_text().splitlines() if line.startswith("stopped by SIGTERM at step")]
    (place,) = tmp_path.glob("small-*/checkpoints/step_*")
    assert f"--resume {place.parent.parent} goes on" in line and f"step {int(place.name[5:])}," in line
