"""`--resume` from the command line, in this process: which run goes on, and with what."""

import shutil

import numpy as np
import pytest

from ppgen import cli, hub
from ppgen.errors import WeightsError
from ppgen.io.arrays import read_arrays
from ppgen.io.image import save_image
from ppgen.io.weights import card_of

CONFIG = """
seed: 3
total_iters: 2
model:
  name: VAE
  network: {name: ConvVAE, latent_dim: 2, image_size: 16, widths: [4, 4]}
dataset:
  train: {name: ImageFolder, dataroot: nothing, size: 16}
loader: {batch_size: 2}
optimizer:
  network: {name: Adam, learning_rate: 0.001}
log: {interval: 1, visual_interval: 100}
"""


@pytest.fixture
def train(tmp_path, monkeypatch, capsys):
    """Run `ppgen train` on a config whose name is hard on patterns; gives (exit code, what was said)."""
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for n in range(3):
        save_image(tmp_path / "data" / "mine" / f"{n}.png", np.full((16, 16, 3), 80 * n, np.uint8))
    (tmp_path / "dc [v2].yaml").write_text(CONFIG)

    def run(*arguments):
        code = cli.main(["train", *arguments])
        return code, "".join(capsys.readouterr())

    return run


def test_a_run_goes_on_with_what_was_said_before(train, tmp_path):
    config = ["-c", "dc [v2].yaml"]
    code, said = train(*config, "--resume", "-o", "dataset.train.dataroot=mine", "--seed", "7")
    assert code == 0 and "no earlier run of dc [v2] with a checkpoint in runs" in said
    (run,) = (tmp_path / "runs").iterdir()
    assert '"step_00000002.png"' in (run / "index.html").read_text()  # the last sample grid of a short run
    code, said = train(*config, "--resume")  # neither -o nor --seed: the run knows them
    assert code == 0 and "is finished, 2 of 2 steps are done; nothing is left to do" in said
    code, said = train(*config, "--resume", "-o", "total_iters=3")
    assert code == 0 and "going on from step 2" in said
    code, said = train("--resume", str(run), "-o", "total_iters=4")  # nor -c
    assert code == 0 and "going on from step 3" in said and len(list((tmp_path / "runs").iterdir())) == 1
    code, said = train(*config, "--resume", "-o", "total_iters=1", "total_iters=4")
    assert code == 0 and "4 of 4 steps" in said


def test_a_run_that_is_not_there_is_said(train):
    for what, arguments in (("run", []), ("checkpoint", ["-c", "dc [v2].yaml"])):
        code, said = train(*arguments, "--resume", "runs/mistyped", "-o", "dataset.train.dataroot=mine")
        assert code == 2 and f"--resume runs/mistyped: no {what} there (expected a run folder" in said
    with pytest.raises(SystemExit):
        train("--resume")


def test_a_run_folder_is_a_model(train, tmp_path, capsys):
    assert train("-c", "dc [v2].yaml", "-o", "dataset.train.dataroot=mine", "ema.networks=[network]")[0] == 0
    (run,) = (tmp_path / "runs").iterdir()
    final = run / "final" / "network.safetensors"
    assert hub.path_of(run) == final
    smooth = {key: value for key, value in read_arrays(final).items()}
    best = final.rename(run / "best.safetensors")
    shutil.copy(best, final)
    assert hub.path_of(run) == best  # before the final ones, which are before a checkpoint's
    best.unlink()
    shutil.rmtree(run / "final")  # as if it had been stopped
    step = run / "checkpoints" / "step_00000002"
    for place in (run, step):
        newest = read_arrays(hub.path_of(place))
        assert smooth.keys() == newest.keys() and all(np.array_equal(smooth[key], newest[key]) for key in smooth)
    assert card_of(hub.path_of(run))["checkpoint"] == "step_00000002"
    assert cli.main(["latent", "plane", "--model", str(run), "-n", "2", "-o", str(tmp_path / "plane.png")]) == 0
    shutil.rmtree(step)
    with pytest.raises(WeightsError, match="no weights yet"):
        hub.path_of(run)
    with pytest.raises(WeightsError, match="is a folder, and no run"):
        hub.path_of(tmp_path)
