"""The checks of `make gpu`, tried on the CPU: their logic, and that they are of configs that there are."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from ppgen.config import shipped


@pytest.fixture
def gpu(benchmark):
    return benchmark("gpu")


def test_every_family_is_a_shipped_config(gpu):
    assert {family.config for family in gpu.FAMILIES.values()} <= set(shipped.names())
    assert set(gpu.HALF) <= set(gpu.FAMILIES)


def test_losses_are_compared_relative_to_their_size_and_pictures_absolutely(gpu, tmp_path):
    one, other = tmp_path / "gpu.npz", tmp_path / "cpu.npz"
    np.savez(one, loss=np.array(101.0), picture=np.zeros((2, 2)))
    np.savez(other, loss=np.array(100.0), picture=np.full((2, 2), 0.5))
    assert gpu.apart(one, other) == pytest.approx(0.5)
    np.savez(other, loss=np.array(100.0), picture=np.zeros((2, 2)))
    assert gpu.apart(one, other) == pytest.approx(0.01)


def test_without_a_card_it_says_what_to_do(gpu, capsys):
    import paddle

    if paddle.device.is_compiled_with_cuda():
        pytest.skip("this Paddle has CUDA")
    assert gpu.main([]) == 2
    assert "--device cpu" in capsys.readouterr().err


@pytest.mark.slow
def test_the_checks_run_on_a_cpu(tmp_path):
    out = tmp_path / "rows.json"
    names = ["train DCGAN", "AMP O1 DCGAN", "resume", "train Photo2Cartoon, Face ID"]
    command = [sys.executable, "benchmarks/gpu.py", "--device", "cpu", "--only", *names, "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    rows = json.loads(out.read_text())["checks"]
    assert done.returncode == 0 and len(rows) == 4 and all(row["passed"] for row in rows), done.stdout + done.stderr
    assert rows[0]["apart"] == 0


def test_a_name_of_no_check_is_refused(gpu, capsys):
    assert gpu.main(["--device", "cpu", "--only", "segmentation"]) == 2
    assert "--only segmentation: begins no check's name; there are Photo2Cartoon" in capsys.readouterr().err
